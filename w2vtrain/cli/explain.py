"""`w2v explain`: why are two words neighbours?"""

from pathlib import Path
from typing import Annotated

import typer

from w2vtrain.analysis.explain import Explanation
from w2vtrain.analysis.explain import explain as explained
from w2vtrain.cli.output import Json, Tsv, note, print_json, print_table, print_tsv, say
from w2vtrain.cli.queries import default_of, one_form


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
        _print_human(result, passages)


def _print_human(result: Explanation, passages: int) -> None:
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
