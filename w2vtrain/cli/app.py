"""The `w2v` command with its subcommands: a file is a group of commands that share options."""

from typing import Annotated

import typer

from w2vtrain.cli import ask, classify, explanations, judge, pipeline, plot, projector, train
from w2vtrain.cli.options import several_values
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


app.command("prepare")(pipeline.prepare)
app.command("train")(train.train)
app.command("run")(pipeline.run)
app.command("plan")(pipeline.plan)
app.command("export")(pipeline.export)
app.command("convert")(pipeline.convert)
app.command("projector")(projector.projector)
app.add_typer(plot.plot, name="plot")
app.command("neighbors")(ask.neighbors)
app.command("analogy")(ask.analogy)
app.command("similarity")(ask.similarity)
app.command("odd-one-out")(ask.odd_one_out)
app.command("vector")(ask.vector)
app.command("evaluate", cls=several_values("--similarity", "--analogies"))(judge.evaluate)
app.command("explain")(explanations.explain)
app.command("why-not")(explanations.why_not)
app.command("diff")(judge.diff)
app.command("stability", cls=several_values("--words"))(judge.stability)
app.command("predict")(explanations.predict)
app.command("groups")(judge.groups)
app.command("pairs")(explanations.pairs)
app.add_typer(classify.app, name="classify")
