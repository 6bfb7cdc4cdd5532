"""What settings have in common: options with help, checked values, TOML files.

The settings themselves are frozen dataclasses, one for each stage.
"""

import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from w2vtrain.errors import W2VError


def option(
    default: Any,
    help: str,
    parser: Callable[[str], Any] | None = None,
    panel: str | None = None,
    compare: bool = True,
) -> Any:
    """Return a dataclass field that carries what its command-line option needs.

    Args:
        parser: makes the value of the typed text; None goes by the type of the field.
        panel: heading of the group of options that it is listed in.
        compare: False for what changes no result: settings that differ in it are equal.
    """
    metadata = {"help": help, "parser": parser, "panel": panel}
    return field(default=default, metadata=metadata, compare=compare)


@dataclass(frozen=True)
class Config:
    """What the settings of every stage have in common."""

    @classmethod
    def variant(cls, values: Mapping[str, Any]) -> type[Self]:
        """Return the class that holds the settings `values`: this one, or a subclass."""
        return cls

    @classmethod
    def option_fields(cls) -> Iterator[tuple[Any, Any]]:
        """Yield the field and the type of each command-line option."""
        yield from fields_and_types(cls)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], where: str = "settings") -> Self:
        """Return the settings with `values` (kebab-case or snake_case keys) over the defaults.

        Raises:
            W2VError: an unknown key (the nearest known one is suggested), or a value of a wrong
                type.
        """
        names = {key: key.replace("-", "_") for key in values}
        chosen = cls.variant({names[key]: value for key, value in values.items()})
        known = {f.name: hint for f, hint in fields_and_types(chosen)}
        settings: dict[str, Any] = {}
        for key, value in values.items():
            if names[key] not in known:
                raise chosen.unknown_key(names[key], key, where)
            settings[names[key]] = checked(value, known[names[key]], key, where)
        return chosen(**settings)

    @classmethod
    def unknown_key(cls, name: str, key: str, where: str) -> W2VError:
        """Return the error for a setting that there is not."""
        known = [f.name.replace("_", "-") for f in dataclasses.fields(cls)]
        return unknown_key(key, known, where)

    def replaced(self, **changes: Any) -> Self:
        """Return a copy with `changes`, which are checked as the defaults are."""
        return dataclasses.replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values, tuples as lists."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }

    def _check_choices(self) -> None:
        """Check the settings whose type names their values."""
        for f, hint in fields_and_types(type(self)):
            kind = without_none(hint)
            left_out = kind is not hint and getattr(self, f.name) is None
            if typing.get_origin(kind) is Literal and not left_out:
                self._choice(f.name, kind)

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


def unknown_key(key: str, known: Sequence[str], where: str) -> W2VError:
    """Return the error for a key that is none of the known ones, in kebab-case; it suggests one."""
    near = difflib.get_close_matches(key.replace("_", "-"), known, n=1, cutoff=0.5)
    return W2VError(
        f"Unknown key {key!r} in {where}.",
        f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(known)}.",
    )


def fields_and_types(config: type[Config]) -> list[tuple[Any, Any]]:
    """Return the fields of a config class with their types."""
    hints = typing.get_type_hints(config)
    return [(f, hints[f.name]) for f in dataclasses.fields(config)]


def without_none(hint: Any) -> Any:
    """Return `T` for the type `T | None`, any other type as it is."""
    if typing.get_origin(hint) not in (types.UnionType, typing.Union):
        return hint
    return next(part for part in typing.get_args(hint) if part is not type(None))


def read_toml(path: Path) -> dict[str, Any]:
    """Read the TOML file at `path`.

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
        raise W2VError(f"{path} is not valid TOML: {error}", "Correct that line.") from None


def flag(name: str) -> str:
    """Return the command-line option of a setting."""
    return "--" + name.replace("_", "-")


def checked(value: Any, hint: Any, key: str, where: str) -> Any:
    """Return `value` as the type `hint` asks for, or raises W2VError naming both."""
    key = key.replace("_", "-")
    kind = without_none(hint)
    if value is None and kind is not hint:
        return None
    hint, origin = kind, typing.get_origin(kind)
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
