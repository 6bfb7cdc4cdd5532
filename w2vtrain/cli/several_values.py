"""Options that take all words up to the next option, as `--similarity a.tsv b.tsv` does."""

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand


def spread(arguments: Sequence[str], flags: Sequence[str]) -> list[str]:
    """Returns the arguments with a flag repeated before each of its words but the first.

    That is the form that the parser knows: `--words a b` becomes `--words a --words b`.
    """
    result: list[str] = []
    flag, words = "", 0
    for argument in arguments:
        if argument.startswith("-") and argument != "-":
            name, equals, _ = argument.partition("=")
            flag, words = (name if name in flags else ""), len(equals)
        elif flag:
            result += [flag] if words else []
            words += 1
        result.append(argument)
    return result


def several_values(*flags: str) -> type[TyperCommand]:
    """Returns a command class whose named options take several words."""

    class SeveralValues(TyperCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            return super().parse_args(ctx, spread(args, flags))

    return SeveralValues
