"""`w2v export --check`: a lint of a bundle for the Embedding Projector."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from w2vtrain.cli.output import note, print_json, say

if TYPE_CHECKING:
    from w2vtrain.show.projector.check import Report, Shown


def report_check(folder: Path, json: bool) -> None:
    """Print what the Projector would not show as it is written; exit with 1 if anything."""
    from w2vtrain.show.projector.check import check

    report = check(_bundle_in(folder))
    if json:
        print_json(
            {
                "ok": not report.faults,
                "shown": [asdict(shown) for shown in report.shown],
                "findings": [asdict(finding) for finding in report.findings],
            }
        )
    else:
        _print(report)
    if report.faults:
        raise typer.Exit(1)


def _bundle_in(folder: Path) -> Path:
    """Return the bundle of a run, or the folder itself."""
    from w2vtrain.run.directory import RunDirectory

    run = RunDirectory(folder)
    if not run.model.is_dir():
        return folder
    return next((at for at in (run.export / "projector", run.projector) if at.is_dir()), folder)


def _print(report: "Report") -> None:
    for finding in report.findings:
        line = f":{finding.line}" if finding.line is not None else ""
        say(f"{finding.file}{line}: {finding.kind}: {finding.message}")
    for shown in report.shown:
        note(_summary(shown))
    kinds = Counter(finding.kind for finding in report.faults)
    total = ", ".join(f"{number:,} {kind}" for kind, number in kinds.items())
    note(f"Not shown as written: {total}." if kinds else "All is shown as written.")


def _summary(shown: "Shown") -> str:
    viewer = "TensorBoard" if shown.viewer == "tensorboard" else "The page alone"
    via = f" by {shown.config}" if shown.config else ""
    label = f", labeled by {shown.label!r}" if shown.label is not None else ", without labels"
    return f"{viewer}{via}: {shown.points:,} points of {shown.dimensions} numbers{label}."
