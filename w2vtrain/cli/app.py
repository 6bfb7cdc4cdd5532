"""The `w2v` command with its subcommands, each in a file of its own."""

from typing import Annotated

import typer

from w2vtrain.cli import export, projector
from w2vtrain.version import VERSION

app = typer.Typer(
    help="Raw text into word vectors: prepare, train, evaluate, export.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"w2v {VERSION}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Raw text into word vectors: prepare, train, evaluate, export."""


app.command("export")(export.export)
app.command("projector")(projector.projector)
