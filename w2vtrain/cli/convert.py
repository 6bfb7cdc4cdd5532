"""`w2v convert`: vectors from one format into another."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from w2vtrain.cli.output import Json, note, print_json, say
from w2vtrain.config import VectorFormat

_FORMAT_HELP = ", ".join(get_args(VectorFormat))


def convert(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="Run directory, vector file or folder.")
    ],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="File or folder to write.")],
    source_format: Annotated[
        str | None,
        typer.Option(
            "--from", help=f"Format of IN: {_FORMAT_HELP}, fasttext-bin. (default: by content)"
        ),
    ] = None,
    target_format: Annotated[
        str | None,
        typer.Option("--to", help=f"Format of OUT: {_FORMAT_HELP}. (default: by OUT's ending)"),
    ] = None,
    top: Annotated[
        int | None, typer.Option("--top", help="Only the first N rows. (default: all)")
    ] = None,
    normalize: Annotated[
        bool, typer.Option("--normalize", help="Scale every vector to length 1.")
    ] = False,
    json: Json = False,
) -> None:
    """Write vectors in another format; a name that ends in .gz is gzipped."""
    from w2vtrain.vectors.export import convert as run

    result = run(source, target, source_format, target_format, top, normalize)
    if json:
        print_json(
            {
                "from": result.source_format,
                "to": result.format,
                "output": str(target),
                "rows": result.rows,
                "dim": result.dim,
                "counts_lost": result.counts_lost,
            }
        )
        return
    say(
        f"{result.rows:,} vectors of {result.dim} numbers: {source} ({result.source_format}) "
        f"-> {target} ({result.format})"
    )
    if result.counts_lost:
        note(f"{result.format} has no place for counts; they were left out.")
