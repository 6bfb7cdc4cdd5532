"""The `w2v` command with its subcommands: a file is a group of commands that share options."""

from collections.abc import Callable
from typing import Annotated

import typer

from w2vtrain.cli import (
    ask,
    classify,
    compare,
    demo,
    explanations,
    judge,
    pipeline,
    plot,
    projector,
    report,
    texts,
    train,
)
from w2vtrain.cli.options import several_values
from w2vtrain.version import VERSION

app = typer.Typer(
    help="Raw text into word vectors: prepare, train, evaluate, export.",
    no_args_is_help=True,
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


def _group(panel: str, commands: dict[str, Callable[..., None] | typer.Typer]) -> None:
    """Add commands under a heading of `w2v --help`."""
    for name, command in commands.items():
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, rich_help_panel=panel)
        else:
            words = several_values(*_SEVERAL_WORDS.get(name, ()))
            app.command(name, cls=words, rich_help_panel=panel)(command)


_SEVERAL_WORDS = {
    "evaluate": ("--similarity", "--analogies"),
    "convert": ("--similarity", "--analogies"),
    "stability": ("--words",),
    "report": ("--similarity", "--analogies", "--words"),
    "change": ("--words",),
}
_group(
    "Make: text into vectors",
    {
        "demo": demo.demo,
        "init": pipeline.init,
        "run": pipeline.run,
        "prepare": pipeline.prepare,
        "train": train.train,
        "plan": pipeline.plan,
        "pairs": explanations.pairs,
        "classify": classify.app,
    },
)
_group(
    "Ask: what the vectors know",
    {
        "neighbors": ask.neighbors,
        "analogy": ask.analogy,
        "similarity": ask.similarity,
        "odd-one-out": ask.odd_one_out,
        "vector": ask.vector,
        "search": texts.search,
        "predict": explanations.predict,
        "explain": explanations.explain,
        "why-not": explanations.why_not,
    },
)
_group(
    "Judge: how good, how sure, what changed",
    {
        "evaluate": judge.evaluate,
        "diff": judge.diff,
        "stability": judge.stability,
        "groups": judge.groups,
        "change": compare.change,
        "align": compare.align,
        "bias": compare.bias,
    },
)
_group(
    "Show: pictures and the browser",
    {"projector": projector.projector, "plot": plot.plot, "report": report.report},
)
_group(
    "Take along: files for other programs",
    {"export": pipeline.export, "convert": pipeline.convert, "embed": texts.embed},
)
