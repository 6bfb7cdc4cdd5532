"""The `w2v` command with its subcommands, each in a file of its own."""

from typing import Annotated

import typer

from w2vtrain.cli import (
    analogy,
    classify,
    convert,
    diff,
    evaluate,
    explain,
    export,
    groups,
    neighbors,
    odd_one_out,
    pairs,
    plan,
    plot,
    predict,
    prepare,
    projector,
    run,
    similarity,
    stability,
    train,
    vector,
    why_not,
)
from w2vtrain.cli.several_values import several_values
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


app.command("prepare")(prepare.prepare)
app.command("train")(train.train)
app.command("run")(run.run)
app.command("plan")(plan.plan)
app.command("export")(export.export)
app.command("convert")(convert.convert)
app.command("projector")(projector.projector)
app.add_typer(plot.plot, name="plot")
app.command("neighbors")(neighbors.neighbors)
app.command("analogy")(analogy.analogy)
app.command("similarity")(similarity.similarity)
app.command("odd-one-out")(odd_one_out.odd_one_out)
app.command("vector")(vector.vector)
app.command("evaluate", cls=several_values("--similarity", "--analogies"))(evaluate.evaluate)
app.command("explain")(explain.explain)
app.command("why-not")(why_not.why_not)
app.command("diff")(diff.diff)
app.command("stability", cls=several_values("--words"))(stability.stability)
app.command("predict")(predict.predict)
app.command("groups")(groups.groups)
app.command("pairs")(pairs.pairs)
app.add_typer(classify.app, name="classify")
