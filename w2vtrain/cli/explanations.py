"""Reasons: `w2v explain`, `why-not`, `predict` and `pairs`, each for one run and its text."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vtrain.cli.options import ConfigFile, as_flags, config_options, merged
from w2vtrain.cli.output import Json, Output, Tsv, command, note, print_table, say
from w2vtrain.cli.queries import WORDS_HELP, default_of, read_queries
from w2vtrain.training.config import TrainConfig

if TYPE_CHECKING:
    from w2vtrain.analysis.explain import Explanation
    from w2vtrain.training.pair_examples import PairExamples

_EXAMPLES = 20
_EXPLAIN = "w2vtrain.analysis.explain:explain"


def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory with its corpus.")],
    a: Annotated[str, typer.Argument(metavar="A", help="A word.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another word.")],
    window_size: Annotated[
        int | None,
        typer.Option(min=1, help="Tokens of context on each side; by default as trained."),
    ] = None,
    k: Annotated[
        int, typer.Option("-k", "--k", min=0, help="Shared context words to list.")
    ] = default_of(_EXPLAIN, "k"),
    passages: Annotated[
        int,
        typer.Option(
            min=0, help="Passages to show of both together, and contexts to show in place."
        ),
    ] = default_of(_EXPLAIN, "passages"),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Show what two words share in the text.

    Passages with both, the context words that make them similar, and their PMI. --tsv prints the
    shared context words: token, count, pairs with A, pairs with B, PMI with A, PMI with B,
    contribution to the cosine.
    """
    from w2vtrain.analysis.explain import explain as explained

    out = Output(json, tsv)
    result = explained(run, a, b, window_size, k, passages)
    if result.stale_model:
        note(
            f"Careful: the vectors of {run} were trained on another corpus than it holds now, so "
            f"their cosine is left out. `w2v train {run}` trains them anew."
        )
    out.result(
        result,
        lambda: _print_explanation(result, passages),
        [
            (c.token, c.count, c.with_a, c.with_b, c.pmi_a, c.pmi_b, c.contribution)
            for c in result.contexts
        ],
        command("stability", run, "--seeds", 2, "--words", a, b),
    )


def _print_explanation(result: "Explanation", passages: int) -> None:
    a, b = result.a, result.b
    say(f"{a} ({result.count_a:,} times) and {b} ({result.count_b:,} times)")
    if result.vector_cosine is not None:
        say(f"cosine of their vectors: {result.vector_cosine:.4f}")
    say(
        f"cosine of their contexts ({result.window_size} words each side): "
        f"{result.ppmi_cosine:.4f}, from {result.shared_contexts:,} shared context words"
    )
    if result.pmi is None:
        say("they never occur in one window")
    else:
        times = "once" if result.together == 1 else f"{result.together:,} times"
        say(f"in one window: {times}, PMI {result.pmi:.2f} bits")
    for passage in result.passages:
        say(f"  {passage}")
    if not result.contexts:
        return
    say("\nshared context words, by what each adds to the cosine")
    headers = [
        "context",
        "count",
        f"with {a}",
        f"with {b}",
        f"PMI {a}",
        f"PMI {b}",
        "adds",
        "share",
    ]
    rows = []
    for c in result.contexts:
        row = [c.token, c.count, c.with_a, c.with_b, c.pmi_a, c.pmi_b, c.contribution]
        rows.append([*row, f"{c.contribution / result.ppmi_cosine:.1%}"])
    print_table(headers, rows)
    for c in result.contexts[:passages]:
        say(f"\n{c.token}, near {a} and near {b}")
        say(f"  {c.passage_a}\n  {c.passage_b}")


def why_not(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory with its corpus.")],
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The word as the text has it.")],
    json: Json = False,
) -> None:
    """Say where a word was lost, and which option keeps it.

    The word is followed through every stage between the text and the vocabulary.
    """
    from w2vtrain.analysis.why_not import why_not as traced

    trace = traced(run, token)

    def text() -> None:
        width = max(len(step.stage) for step in trace.steps)
        for step in trace.steps:
            say(f"{'ok  ' if step.passed else 'LOST'}  {step.stage.ljust(width)}  {step.happened}")
        say(f"\n{trace.conclusion}")
        if trace.advice:
            say(f"{trace.advice.removesuffix('.')}.")

    kept = all(step.passed for step in trace.steps)
    Output(json).result(trace, text, then=command("neighbors", run, token) if kept else None)


def predict(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Run trained with a softmax objective.")
    ],
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD...", help=WORDS_HELP)] = None,
    top: Annotated[int, typer.Option("--top", "-k", help="Words to print for each.")] = default_of(
        "w2vtrain.analysis.context_prediction:predict_contexts", "top"
    ),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Print the words that a softmax model expects near a word."""
    from w2vtrain.analysis.context_prediction import predict_contexts

    out = Output(json, tsv)
    queries = [query.words[0] for query in read_queries(words, "a word")]
    found = predict_contexts(run, queries, top)
    rows = [
        (prediction.word, rank, word, probability)
        for prediction in found
        for rank, (word, probability) in enumerate(prediction.contexts, start=1)
    ]
    records = [
        {
            "word": prediction.word,
            "contexts": [{"word": w, "probability": p} for w, p in prediction.contexts],
        }
        for prediction in found
    ]
    out.result(
        {"queries": records},
        lambda: print_table(["word", "rank", "context", "probability"], rows),
        rows,
        command("neighbors", run, *queries[:3]),
    )


@config_options(train=TrainConfig)
def pairs(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run directory made by prepare.")],
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="Pairs to print.")] = _EXAMPLES,
    config: ConfigFile = None,
    as_json: Json = False,
    *,
    given: dict[str, dict[str, Any]],
) -> None:
    """Print training pairs with their noise words and labels."""
    from w2vtrain.training.pair_examples import pair_examples

    out = Output(as_json)
    settings = TrainConfig.from_mapping(merged(TrainConfig, "train", config, given["train"]))
    found = pair_examples(run, settings, count)
    options = [*(("--config", config) if config else ()), *as_flags(given["train"])]
    out.result(found, lambda: _print_pairs(found), then=command("train", run, *options))


def _print_pairs(found: "PairExamples") -> None:
    rows = []
    for example in found.examples:
        contexts = [
            f"{word} {number}"
            for word, number in zip(example.contexts, example.context_ids, strict=True)
        ]
        rows.append((example.target, example.target_id, contexts[0], ", ".join(contexts[1:])))
    print_table(["target", "id", "context (label 1)", "noise (label 0)"], rows)
    say()
    say(f"Positives  {found.positives:,} pairs of a target and a word near it")
    say(f"Negatives  {found.negatives:,} noise words")
    for number, what in (
        (found.noise_padding, "padding, which no text holds"),
        (found.noise_unknown, "[UNK], which is no word"),
        (found.noise_positive, "the pair's own context, right and wrong at once"),
    ):
        if number:
            say(f"           {number:,} ({number / found.negatives:.1%}) are {what}")
