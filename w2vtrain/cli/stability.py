"""`w2v stability`: which neighbors would come back in another training?"""

from pathlib import Path
from typing import Annotated

import typer

from w2vtrain.analysis.neighborhoods import Stability, WordStability
from w2vtrain.analysis.neighborhoods import stability as measured
from w2vtrain.analysis.provenance import differing_texts
from w2vtrain.cli.output import Json, Tsv, note, print_json, print_table, print_tsv, say
from w2vtrain.cli.queries import default_of, one_form
from w2vtrain.cli.train import train_progress
from w2vtrain.vectors.embeddings import Embeddings


def stability(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN|FILE...",
            help="Trainings on the same text, two or more; or one run with --seeds.",
        ),
    ],
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="K", help="Train K times more with other seeds, into RUN/stability."
        ),
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD...", help="Show which neighbors of these words come back."),
    ] = None,
    k: Annotated[
        int, typer.Option("-k", "--k", min=1, help="Neighbours of a word to compare.")
    ] = default_of(measured, "k"),
    trust: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of neighbors kept that makes a band trustworthy."),
    ] = default_of(measured, "trust"),
    samples: Annotated[
        int, typer.Option(min=1, help="Words of each frequency band to compare.")
    ] = default_of(measured, "samples"),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Compare the neighbors over several trainings and say for which words to trust them.

    --tsv prints a compared word a line: token, count, overlap, Jaccard index.
    """
    one_form(json, tsv)
    if seeds is not None:
        if len(runs) > 1:
            raise typer.BadParameter("--seeds goes with one run.")
        runs = [*runs, *_retrained(runs[0], seeds)]
    if differing_texts(runs):
        note(
            "Careful: these vectors were not all trained on the same text, so what differs is not "
            "the luck of a training alone. `w2v diff` compares vectors of two texts."
        )
    sets = [Embeddings.load(run) for run in runs]
    result = measured(sets, k, tuple(words or ()), samples, trust)
    if json:
        print_json(result.as_dict())
    elif tsv:
        print_tsv([(w.token, w.count, w.overlap, w.jaccard) for w in result.words])
    else:
        _print_human(result, bool(words))


def _retrained(run: Path, seeds: int) -> list[Path]:
    from w2vtrain.analysis.neighborhoods.retraining import retrain

    def started(seed: int, seconds: float) -> None:
        note(f"Training with seed {seed}; the run itself took {seconds:,.0f} s.")

    with train_progress() as progress:
        return retrain(run, seeds, progress, started)


def _print_human(result: Stability, asked: bool) -> None:
    say(f"{result.runs} trainings, {result.shared:,} shared words, {result.k} neighbors each")
    say("overlap: share of neighbors in common, averaged over all pairs of trainings\n")
    headers = ["rank" if result.by_rank else "count", "words", "compared", "overlap", "Jaccard"]
    rows: list[list[object]] = []
    for b in result.bands:
        figures = [b.sampled, b.overlap, b.jaccard, b.low_10]
        rows.append([b.band.removeprefix("rank "), b.words, *figures, "yes" if b.trusted else "no"])
    print_table([*headers, "90 % reach", "trust"], rows)
    say(f"\n{result.verdict}")
    for word in result.words if asked else ():
        _print_word(word, result.runs)


def _print_word(word: WordStability, runs: int) -> None:
    seen = "" if word.count is None else f" ({word.count:,} times)"
    say(f"\n{word.token}{seen}: overlap {word.overlap:.2f}")
    for times in range(runs, 0, -1):
        found = [token for token, n in word.neighbors if n == times]
        if found:
            say(f"  in {times} of {runs}: {', '.join(found)}")
