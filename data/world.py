"""Reads the two tables that define everything: the world's facts and the grammar."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WORLD: dict[str, Any] = tomllib.loads((HERE / "world.toml").read_text(encoding="utf-8"))
GRAMMAR: dict[str, Any] = tomllib.loads((HERE / "grammar.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Group:
    """A subclass of things: its words and the contexts that all of them share.

    `scene` names a place or occasion that groups of several classes share; words of different
    classes are related when their groups share a scene.
    """

    thing_class: str
    name: str
    scene: str
    words: list[str]
    adjectives: list[str]
    verbs: list[str]
    phrases: list[str]


def fields(text: str) -> list[str]:
    """The phrases of a list set apart by semicolons."""
    return [field.strip() for field in text.split(";")]


def groups() -> list[Group]:
    """All subclasses of things, in the table's order."""
    return [
        Group(
            thing_class=row["class"],
            name=name,
            scene=row["scene"],
            words=row["words"].split(),
            adjectives=row["adjectives"].split(),
            verbs=row["verbs"].split(),
            phrases=fields(row["phrases"]),
        )
        for name, row in WORLD["groups"].items()
    ]
