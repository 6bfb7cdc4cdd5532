"""Looking for a word in the inputs themselves, decoded as the run decoded them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.documents import read_input
from w2vtrain.corpus.sources import STDIN
from w2vtrain.errors import W2VError

_AROUND = 40  # characters shown on each side


@dataclass(frozen=True)
class Found:
    """Where a text stands in the inputs.

    Args:
        times: as it is written; `any_case`: in any letter case.
        example: the first place with some text around it; empty where there is none.
        unread: inputs that could not be read again, each with the reason.
    """

    times: int
    any_case: int
    example: str
    unread: tuple[str, ...]


def look_for(
    texts: Sequence[str], inputs: Sequence[dict[str, Any]], config: PrepareConfig
) -> list[Found]:
    """Returns where each of some texts stands in the inputs of a run, reading them once.

    Args:
        texts: what to look for, inside words too.
        inputs: of the run's manifest.
        config: that the run was prepared with.
    """
    times, folded = [0] * len(texts), [0] * len(texts)
    examples = [""] * len(texts)
    unread: list[str] = []
    left = config.max_rows
    for known in inputs:
        path = known["path"]
        if path == STDIN:
            unread.append("standard input (gone)")
            continue
        if not Path(path).is_file():
            unread.append(f"{path} (no longer there)")
            continue
        digest = ""
        try:
            for piece in read_input(path, config, left):
                content = piece.text or ""
                lower = content.casefold()
                for i, text in enumerate(texts):
                    times[i] += content.count(text)
                    folded[i] += lower.count(text.casefold())
                    examples[i] = examples[i] or _example(content, lower, text)
                digest, lines = piece.read.sha256, piece.read.lines
        except W2VError as error:
            unread.append(f"{path} ({error.message})")
            continue
        left = None if left is None else left - lines
        if digest != known["sha256"]:
            unread.append(f"{path} (changed since)")
    parts = zip(times, folded, examples, strict=True)
    return [Found(*part, tuple(unread)) for part in parts]


def _example(text: str, lower: str, wanted: str) -> str:
    """Returns the first place of `wanted`, cut at white space, or an empty text."""
    place = text.find(wanted)
    if place < 0 and len(lower) == len(text):
        place = lower.find(wanted.casefold())
    if place < 0:
        return ""
    start = text.rfind("\n", 0, place) + 1
    if place - start > _AROUND:
        start = max(start, text.find(" ", place - _AROUND, place) + 1)
    end = text.find("\n", place)
    end = len(text) if end < 0 else end
    after = text.find(" ", min(place + len(wanted) + _AROUND, end), end)
    return text[start : end if after < 0 else after].strip()
