"""What settings have in common: options with help, checked values, TOML files.

The settings themselves stand in `config.py`, a frozen dataclass a stage.
"""

import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from w2vtrain.errors import W2VError


def option(default: Any, help: str, parser: Callable[[str], Any] | None = None) -> Any:
    """Returns a dataclass field that carries what its command-line option needs."""
    return field(default=default, metadata={"help": help, "parser": parser})


@dataclass(frozen=True)
class Config:
    """What the settings of every stage have in common."""

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], where: str = "settings") -> Self:
        """Returns the settings with `values` (kebab-case or snake_case keys) over the defaults.

        Raises:
            W2VError: an unknown key (the nearest known one is offered), or a value of a wrong type.
        """
        known = {f.name: hint for f, hint in zip(dataclasses.fields(cls), _types(cls), strict=True)}
        settings: dict[str, Any] = {}
        for key, value in values.items():
            name = key.replace("-", "_")
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                raise W2VError(
                    f"Unknown key {key!r} in {where}.",
                    f"Did you mean {near[0].replace('_', '-')!r}?"
                    if near
                    else "Known keys: " + ", ".join(k.replace("_", "-") for k in known) + ".",
                )
            settings[name] = checked(value, known[name], key, where)
        return cls(**settings)

    def replaced(self, **changes: Any) -> Self:
        """Returns a copy with `changes`, which are checked as the defaults are."""
        return dataclasses.replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """Returns the settings as JSON-ready values, tuples as lists."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }

    def _choice(self, name: str, options: Any) -> None:
        value = getattr(self, name)
        if value not in typing.get_args(options):
            raise W2VError(
                f"{flag(name)} is {value!r}, which is not a choice.",
                "Choose one of: " + ", ".join(typing.get_args(options)) + ".",
            )

    def _range(self, name: str, low: float, high: float = float("inf")) -> None:
        value = getattr(self, name)
        if value is not None and not low <= value <= high:
            bounds = f"at least {low:g}" if high == float("inf") else f"from {low:g} to {high:g}"
            raise W2VError(f"{flag(name)} is {value}, out of range.", f"Give a number {bounds}.")


def read_toml(path: Path) -> dict[str, Any]:
    """Returns the content of the TOML file at `path`.

    Raises:
        W2VError: the file cannot be read or is not TOML; the message names the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise W2VError(f"No such file: {path}", "Give the path of a TOML file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise W2VError(f"Cannot read {path}: {error}", "Give the path of a TOML file.") from None
    except tomllib.TOMLDecodeError as error:
        raise W2VError(f"{path} is not valid TOML: {error}", "Mend that line.") from None


def flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _types(config: type) -> list[Any]:
    hints = typing.get_type_hints(config)
    return [hints[f.name] for f in dataclasses.fields(config)]


def checked(value: Any, hint: Any, key: str, where: str) -> Any:
    """Returns `value` as the type `hint` asks for, or raises W2VError naming both."""
    key = key.replace("_", "-")
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        if value is None:
            return None
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    origin = typing.get_origin(hint)
    if origin is Literal:
        hint = str
    if origin is tuple:
        if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise W2VError(f"{key} in {where} is {value!r}.", 'Give a list of texts: ["a", "b"].')
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, hint) and not (hint is not bool and isinstance(value, bool)):
        return value
    names = {int: "a whole number", float: "a number", str: "a text in quotes", bool: "true/false"}
    raise W2VError(f"{key} in {where} is {value!r}.", f"Give {names.get(hint, 'a table')}.")
