"""`w2v diff`: what changed between two sets of vectors?"""

from pathlib import Path
from typing import Annotated

import typer

from w2vtrain.analysis.neighborhoods import Difference
from w2vtrain.analysis.neighborhoods import diff as difference
from w2vtrain.analysis.neighborhoods.difference import MIN_COUNT
from w2vtrain.cli.output import Json, Tsv, print_json, print_table, print_tsv, say
from w2vtrain.cli.queries import Vectors, default_of, one_form
from w2vtrain.vectors.embeddings import Embeddings

_SHOWN = 4  # neighbors of a moved word in the table for people


def diff(
    a: Vectors,
    b: Annotated[Path, typer.Argument(metavar="RUN|FILE", help="What to compare it with.")],
    k: Annotated[
        int, typer.Option("-k", "--k", min=1, help="Neighbors of a word to compare.")
    ] = default_of(difference, "k"),
    words: Annotated[int, typer.Option(min=0, help="How many moved words to list.")] = default_of(
        difference, "words"
    ),
    min_count: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Leave out words that are rarer in either; rare words move by chance. "
            f"Where counts are known, {MIN_COUNT} by default.",
        ),
    ] = default_of(difference, "min_count"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sampling.")] = default_of(
        difference, "seed"
    ),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Align two sets of vectors and list the words that moved most.

    --tsv prints the moved words: token, count in A, count in B, moved, share of neighbors kept,
    neighbors in A, neighbors in B.
    """
    one_form(json, tsv)
    first, second = Embeddings.load(a), Embeddings.load(b)
    result = difference(first, second, k, min_count, words, seed=seed)
    if json:
        print_json(result.as_dict())
    elif tsv:
        rows = []
        for w in result.words:
            near = " ".join(w.neighbors_a), " ".join(w.neighbors_b)
            rows.append((w.token, w.count_a, w.count_b, w.moved, w.overlap, *near))
        print_tsv(rows)
    else:
        say(f"A: {a} ({len(first):,} words)\nB: {b} ({len(second):,} words)")
        _print_human(result)


def _print_human(result: Difference) -> None:
    limit = f", seen {result.min_count:,} times or more" if result.min_count else ""
    say(f"compared: {result.shared:,} words that both know{limit}")
    if not result.determined:
        say("careful: too few words for so many dimensions; the rotation may hide real change")
    say(
        f"drift: half of the words moved by more than {result.moved:.3f}, "
        f"one in ten by more than {result.moved_90:.3f} (0: not at all, 1: unrelated)"
    )
    say(f"of the {result.k} nearest neighbors of a word, {result.overlap:.0%} are the same\n")
    rows = [[band.band, band.words, band.moved, f"{band.overlap:.0%}"] for band in result.bands]
    unit = "rank" if result.bands[0].band.startswith("rank") else "count"
    print_table([unit, "words", "moved (median)", "same neighbors"], rows)
    if result.words:
        say("\nwords that moved most")
        headers = ["word", "count A", "count B", "moved", "same", "near it in A", "near it in B"]
        print_table(headers, [_row(result, i) for i in range(len(result.words))])


def _row(result: Difference, i: int) -> list[object]:
    word = result.words[i]
    near = [", ".join(found[:_SHOWN]) for found in (word.neighbors_a, word.neighbors_b)]
    return [word.token, word.count_a, word.count_b, word.moved, f"{word.overlap:.0%}", *near]
