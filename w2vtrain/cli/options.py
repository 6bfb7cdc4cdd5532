"""Make command-line options of the config dataclasses, which alone define the defaults."""

import functools
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from w2vtrain.settings import Config, read_toml, without_none

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="TOML file with settings; options given here override it."),
]


def config_options(
    **stages: type[Config],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that gives a command one option for each field of the config classes.

    The command takes a keyword `given`: for each stage, the options that the user typed. Its other
    parameters stay as they are. Of two stages with a field of one name the last has the plain
    option, and the other one with the name of its stage: `--prepare-normalize`.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [
            p
            for name, p in inspect.signature(command, eval_str=True).parameters.items()
            if name != "given"
        ]
        owner = {
            f.name: stage for stage, config in stages.items() for f, _ in config.option_fields()
        }
        options = [
            (
                stage,
                f,
                _parameter(
                    f.name if owner[f.name] == stage else f"{stage}_{f.name}",
                    f,
                    hint,
                    stage if len(stages) > 1 else None,
                ),
            )
            for stage, config in stages.items()
            for f, hint in config.option_fields()
        ]

        @functools.wraps(command)
        def wrapper(**values: Any) -> None:
            given: dict[str, dict[str, Any]] = {stage: {} for stage in stages}
            for stage, f, parameter in options:
                value = values.pop(parameter.name)
                if value is not None:
                    given[stage][f.name] = value
            command(**values, given=given)

        keyword = inspect.Parameter.KEYWORD_ONLY
        grouped = [p.replace(kind=keyword) for p in own if _has_panel(p)]  # --json comes last
        plain = [p for p in own if not _has_panel(p)]
        parameters = [*plain, *(parameter for _, _, parameter in options), *grouped]
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
        return wrapper

    return decorate


def merged(
    config: type[Config], stage: str, file: Path | None, given: dict[str, Any]
) -> dict[str, Any]:
    """Return the keys of table `[stage]` in a TOML file, with the options given over them."""
    table = read_toml(file).get(stage, {}) if file is not None else {}
    config.from_mapping(table, f"[{stage}] of {file}")
    return {**{key.replace("-", "_"): value for key, value in table.items()}, **given}


def as_flags(given: Mapping[str, Any]) -> list[str]:
    """Return the options as they are typed: `{"corrected": True}` is `--corrected`."""
    words: list[str] = []
    for name, value in given.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [f"--{flag}", str(value)]
    return words


def _has_panel(parameter: inspect.Parameter) -> bool:
    information = typing.get_args(parameter.annotation)[1:]
    return any(getattr(found, "rich_help_panel", None) for found in information)


def _parameter(name: str, f: Any, hint: Any, panel: str | None) -> inspect.Parameter:
    kind = without_none(hint)
    flag = "--" + name.replace("_", "-")
    parser = f.metadata["parser"]
    parsing = {"parser": parser, "metavar": "N"} if parser else {}
    default = "" if f.default is None else f" (default: {f.default})"
    info = typer.Option(
        f"{flag}/--no-{flag[2:]}" if kind is bool else flag,
        help=f"{f.metadata['help']}{default}",
        show_default=False,
        **parsing,
        rich_help_panel=f"Options of {panel}" if panel else f.metadata["panel"],
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, info],
    )


def spread(arguments: Sequence[str], flags: Sequence[str]) -> list[str]:
    """Return the arguments with a flag repeated before each of its words but the first.

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
    """Return a command class whose named options take several words."""

    class SeveralValues(TyperCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            return super().parse_args(ctx, spread(args, flags))

    return SeveralValues
