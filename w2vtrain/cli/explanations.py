"""Reasons: `w2v explain`, `why-not`, `predict` and `pairs`, each for one run and its text."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from w2vtrain.analysis.context_prediction import predict_contexts
from w2vtrain.analysis.explain import Explanation
from w2vtrain.analysis.explain import explain as explained
from w2vtrain.cli.options import ConfigFile, config_options, merged
from w2vtrain.cli.output import Json, Tsv, note, print_json, print_table, print_tsv, say
from w2vtrain.cli.queries import WORDS_HELP, default_of, one_form, read_queries
from w2vtrain.config import TrainConfig


def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory with its corpus.")],
    a: Annotated[str, typer.Argument(metavar="A", help="A word.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another word.")],
    window_size: Annotated[
        int | None,
        typer.Option(min=1, help="Tokens of context on each side; by default as trained."),
    ] = default_of(explained, "window_size"),
    k: Annotated[
        int, typer.Option("-k", "--k", min=0, help="Shared context words to list.")
    ] = default_of(explained, "k"),
    passages: Annotated[
        int,
        typer.Option(
            min=0, help="Passages to show of both together, and contexts to show in place."
        ),
    ] = default_of(explained, "passages"),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Show the contexts that two words share in the text: passages, context words, PMI.

    --tsv prints the shared context words: token, count, pairs with A, pairs with B, PMI with A,
    PMI with B, contribution to the cosine.
    """
    one_form(json, tsv)
    result = explained(run, a, b, window_size, k, passages)
    if result.stale_model:
        note(
            f"Careful: the vectors of {run} were trained on another corpus than it holds now, so "
            f"their cosine is left out. `w2v train {run}` trains them anew."
        )
    if json:
        print_json(result.as_dict())
    elif tsv:
        print_tsv(
            [
                (c.token, c.count, c.with_a, c.with_b, c.pmi_a, c.pmi_b, c.contribution)
                for c in result.contexts
            ]
        )
    else:
        _print_explanation(result, passages)


def _print_explanation(result: Explanation, passages: int) -> None:
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
    """Say where a word was lost between the text and the vocabulary, and which option keeps it."""
    from w2vtrain.analysis.why_not import why_not as traced

    trace = traced(run, token)
    if json:
        print_json(trace.as_dict())
        return
    width = max(len(step.stage) for step in trace.steps)
    for step in trace.steps:
        say(f"{'ok  ' if step.passed else 'LOST'}  {step.stage.ljust(width)}  {step.happened}")
    say(f"\n{trace.conclusion}")
    if trace.advice:
        say(f"{trace.advice.removesuffix('.')}.")


def predict(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Run trained with a softmax objective.")
    ],
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD...", help=WORDS_HELP)] = None,
    top: Annotated[int, typer.Option("--top", "-k", help="Words to print for each.")] = default_of(
        predict_contexts, "top"
    ),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Rank the vocabulary by its probability in the context of a word."""
    one_form(json, tsv)
    queries = [query.words[0] for query in read_queries(words, "a word")]
    found = predict_contexts(run, queries, top)
    rows = [
        (prediction.word, rank, word, probability)
        for prediction in found
        for rank, (word, probability) in enumerate(prediction.contexts, start=1)
    ]
    if json:
        queries_json = [
            {
                "word": prediction.word,
                "contexts": [{"word": w, "probability": p} for w, p in prediction.contexts],
            }
            for prediction in found
        ]
        print_json({"queries": queries_json})
    elif tsv:
        print_tsv(rows)
    else:
        print_table(["word", "rank", "context", "probability"], rows)


EXAMPLES = 20


@config_options(train=TrainConfig)
def pairs(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run directory made by prepare.")],
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="Pairs to print.")] = EXAMPLES,
    config: ConfigFile = None,
    as_json: Json = False,
    *,
    given: dict[str, dict[str, Any]],
) -> None:
    """Print training pairs with their noise words and labels, and count all of an epoch."""
    from w2vtrain.training.pair_examples import pair_examples

    settings = TrainConfig.from_mapping(merged(TrainConfig, "train", config, given["train"]))
    found = pair_examples(run, settings, count)
    if as_json:
        print_json(dataclasses.asdict(found))
        return
    print_table(
        ["target", "id", "context (label 1)", "noise (label 0)"],
        [
            (
                example.target,
                example.target_id,
                f"{example.contexts[0]} {example.context_ids[0]}",
                ", ".join(
                    f"{word} {number}"
                    for word, number in zip(
                        example.contexts[1:], example.context_ids[1:], strict=True
                    )
                ),
            )
            for example in found.examples
        ],
    )
    say()
    say(f"Positives  {found.positives:,} pairs of a target and a word near it")
    say(f"Negatives  {found.negatives:,} noise words")
    for number, what in (
        (found.noise_padding, "padding, which no text holds"),
        (found.noise_unknown, "[UNK], which stands for no word"),
        (found.noise_positive, "the pair's own context, right and wrong at once"),
    ):
        if number:
            say(f"           {number:,} ({number / found.negatives:.1%}) are {what}")
