"""`w2v projector`: vectors in the Embedding Projector; and the check of `w2v export --check`."""

import contextlib
import logging
import sys
import tempfile
import time
import webbrowser
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from w2vtrain.cli.output import Json, Output, command, note, say
from w2vtrain.run.directory import RunDirectory

if TYPE_CHECKING:
    from w2vtrain.show.projector.check import Report, Shown

_VIEW, _SERVER = "The view", "The server"


def projector(
    source: Annotated[
        Path, typer.Argument(metavar="RUN|FILE", help="Run directory, or a vector file.")
    ],
    layouts: Annotated[
        list[str] | None,
        typer.Option(
            "--layout",
            help="View computed beforehand for every word: umap, tsne, pca, or vectors; may be "
            "repeated. (default: umap if the plot extra is there; vectors if they have 2 numbers)",
            rich_help_panel=_VIEW,
        ),
    ] = None,
    no_layout: Annotated[
        bool, typer.Option("--no-layout", help="Compute no view.", rich_help_panel=_VIEW)
    ] = False,
    top: Annotated[
        int, typer.Option(min=1, help="Only the N most frequent words; TensorBoard shows 100,000.")
    ] = 100_000,
    clusters: Annotated[
        int,
        typer.Option(
            min=0, help="k-means groups to color by, up to 50; 0 for none.", rich_help_panel=_VIEW
        ),
    ] = 10,
    metadata: Annotated[
        Path | None,
        typer.Option(
            help="CSV or TSV file with more columns; its first holds the words.",
            rich_help_panel=_VIEW,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the view and the groups.", rich_help_panel=_VIEW)
    ] = 1,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder of the bundle. (default: RUN/projector; for a file none)"
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Make the bundle anew.")] = False,
    host: Annotated[
        str, typer.Option(help="Address to serve on.", rich_help_panel=_SERVER)
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="Port to serve on. (default: 6006 or the next free)",
            rich_help_panel=_SERVER,
        ),
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Do not open a browser.", rich_help_panel=_SERVER)
    ] = False,
    serve_config: Annotated[
        bool,
        typer.Option(
            "--serve-config",
            help="Serve the files to the page on the web instead.",
            rich_help_panel=_SERVER,
        ),
    ] = False,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Make the bundle and end.", rich_help_panel=_SERVER)
    ] = False,
    json: Json = False,
) -> None:
    """Show vectors in the Embedding Projector, in the browser.

    Makes the bundle, serves it and opens a browser. Nothing leaves this machine,
    unless --host says otherwise. Ctrl-C ends it.
    """
    from w2vtrain.cli.progress import bars
    from w2vtrain.show.projector.bundle import BundleSettings, make_bundle

    out = Output(json)
    settings = BundleSettings(
        top=top,
        layouts=_layouts(layouts, no_layout),  # type: ignore[arg-type]
        clusters=clusters,
        seed=seed,
        metadata=None if metadata is None else str(metadata),
    )
    with tempfile.TemporaryDirectory(prefix="w2v-projector-") as temporary:
        folder = output or _folder(source) or Path(temporary) / "bundle"
        with bars() as progress:
            bundle = make_bundle(source, folder, settings, force, progress)
        if bundle.rows < bundle.rows_in_all:
            note(f"Shown: the first {bundle.rows:,} of {bundle.rows_in_all:,} words (--top).")
        if bundle.joined is not None:
            note(f"{metadata} has a row for {bundle.joined:,} of the {bundle.rows:,} words.")
        note(f"Bundle {'unchanged' if bundle.reused else 'made'}: {folder}")
        address = None if no_serve else _serve(folder, host, port, serve_config)
        record = {
            "folder": folder,
            "rows": bundle.rows,
            "dim": bundle.dim,
            "joined": bundle.joined,
            "reused": bundle.reused,
            "address": address,
        }
        then = None if address else command("projector", source)
        out.result(record, lambda: say(address) if address else None, then=then)
        if address is None:
            return
        sys.stdout.flush()  # a reader of a pipe waits for the address
        _say_how(folder, serve_config)
        if not no_open:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            while True:  # the server answers from a thread of its own
                time.sleep(0.5)  # not one long wait: a Ctrl-C just before it would go unheard
        note(f"\nNext: {command('plot', 'map', source)}")


def _layouts(given: list[str] | None, none: bool) -> tuple[str, ...] | None:
    from w2vtrain.show.pictures.drawing import libraries_installed

    if none:
        return ()
    if given:
        return tuple(given)
    if not libraries_installed():
        note("No view is computed beforehand: that needs pip install 'w2vtrain[plot]'.")
    return None


def _folder(source: Path) -> Path | None:
    """Return where a run keeps its bundle; None for a file, whose bundle is not kept."""
    run = RunDirectory(source)
    return run.projector if run.model.is_dir() else None


def _serve(folder: Path, host: str, port: int | None, config: bool) -> str:
    from w2vtrain.show.projector import server

    if config:
        return server.serve_config(folder, host, port)
    server.spare_tensorflow()
    # It warns of each request for a plugin that is left out.
    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    return server.serve_tensorboard(folder, host, port)


def _say_how(folder: Path, config: bool) -> None:
    if config:
        note("The page on the web reads the vectors from this machine while this runs.")
        note("If the browser asks, allow it to reach devices on your local network.")
    else:
        note("Or in https://projector.tensorflow.org: Load, then step 1 and step 2:")
        note(f"  {folder / 'vectors.tsv'}")
        note(f"  {folder / 'metadata.tsv'}")
    note("Ctrl-C ends it.")


def report_check(folder: Path, json: bool) -> None:
    """Print what the Projector would not show as it is written; exit with 1 if anything."""
    from w2vtrain.show.projector.check import check

    report = check(_bundle_in(folder))
    record = {
        "ok": not report.faults,
        "shown": report.shown,
        "findings": report.findings,
    }
    Output(json).result(record, lambda: _print_report(report))
    if report.faults:
        raise typer.Exit(1)


def _bundle_in(folder: Path) -> Path:
    """Return the bundle of a run, or the folder itself."""
    run = RunDirectory(folder)
    if not run.model.is_dir():
        return folder
    return next((at for at in (run.export / "projector", run.projector) if at.is_dir()), folder)


def _print_report(report: "Report") -> None:
    for finding in report.findings:
        line = f":{finding.line}" if finding.line is not None else ""
        say(f"{finding.file}{line}: {finding.kind}: {finding.message}")
    for shown in report.shown:
        note(_shown_line(shown))
    kinds = Counter(finding.kind for finding in report.faults)
    total = ", ".join(f"{number:,} {kind}" for kind, number in kinds.items())
    note(f"Not shown as written: {total}." if kinds else "All is shown as written.")


def _shown_line(shown: "Shown") -> str:
    viewer = "TensorBoard" if shown.viewer == "tensorboard" else "The page alone"
    via = f" by {shown.config}" if shown.config else ""
    label = f", labeled by {shown.label!r}" if shown.label is not None else ", without labels"
    return f"{viewer}{via}: {shown.points:,} points of {shown.dimensions} numbers{label}."
