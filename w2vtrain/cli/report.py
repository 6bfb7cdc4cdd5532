"""`w2v report`: a page and a model card about a run, for a colleague or beside a paper."""

from pathlib import Path
from typing import Annotated

import typer

from w2vtrain.cli.judge import AnalogySets, SimilaritySets
from w2vtrain.cli.output import Json, Output, command, note, say


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory of a trained run.")],
    similarity: SimilaritySets = None,
    analogies: AnalogySets = None,
    words: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD...",
            help="Words whose neighbors are shown (by default a frequent one of each cluster).",
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=2, help="Words on the map, the most frequent.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the map and the resampling.")] = 1,
    json: Json = False,
) -> None:
    """Write RUN/report: a page for the browser and a model card.

    Both hold the corpus, settings, versions, hashes, curves, a map, sample neighbors, what is
    missing from the vocabulary and why, and how to load the vectors; evaluation where test sets are
    given, stability where `w2v stability RUN --seeds` was run. The page works without a network.
    """
    from w2vtrain.cli.progress import bars
    from w2vtrain.show.report.report import CARD, PAGE, ReportSettings, write_report

    out = Output(json)
    settings = ReportSettings(
        similarity=tuple(similarity or ()),
        analogies=tuple(analogies or ()),
        words=tuple(words or ()),
        top=top,
        seed=seed,
    )
    with bars() as progress:
        folder = write_report(run, settings, progress)
    paths = [folder / PAGE, folder / CARD]

    def text() -> None:
        for path in paths:
            say(f"{path}  ({path.stat().st_size:,} bytes)")
        if not settings.similarity and not settings.analogies:
            note("Without an evaluation: give --similarity and --analogies test sets.")

    record = {"folder": folder, "files": paths}
    out.result(record, text, then=command("stability", run, "--seeds", 2))
