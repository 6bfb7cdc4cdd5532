"""Text into units (lines, paragraphs or whole files), which a context window never crosses.

A block is about a megabyte of text with one unit a line: what goes to the tokenizer in one call. A
unit longer than a block is spread over several, cut at white space, so memory stays bounded and
nothing is ever cut short.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from w2vtrain.config import Boundary
from w2vtrain.errors import W2VError

# Characters of a block. Smaller ones cost calls, larger ones fall out of the processor's cache.
BLOCK = 1 << 20
# A stretch this long without white space is no text; holding it would cost memory without end.
LONGEST_STRETCH = 1 << 28

_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")


@dataclass(frozen=True)
class Piece:
    """Some units of one input, one a line.

    Args:
        text: units, separated by LF.
        ends: False when the last unit goes on in the next piece.
        source: the number of the input.
    """

    text: str
    ends: bool
    source: int


@dataclass(frozen=True)
class Block:
    """Pieces put together for one call of the tokenizer.

    Args:
        text: units, separated by LF.
        ends: False when the last unit goes on in the next block.
        units: for each piece in it, the input's number and how many of the lines are its own.
    """

    text: str
    ends: bool
    units: tuple[tuple[int, int], ...]


def text_units(
    chunks: Iterable[str], boundary: Boundary, source: int, label: str
) -> Iterator[Piece]:
    """Yields the units of one text file.

    Args:
        chunks: the text, with LF as line end.
        boundary: `line`; `paragraph`, where blank lines end a unit; or `file`.
        source: the number of the input.
        label: what errors call it.
    """
    cut = {"line": _cut_lines, "paragraph": _cut_paragraphs, "file": _cut_anywhere}[boundary]
    rest = ""
    open_unit = False
    for chunk in chunks:
        text, ends, rest = cut(rest + chunk)
        if len(rest) > LONGEST_STRETCH:
            raise W2VError(
                f"{label} has {len(rest):,} characters without white space.",
                "That is no text with words; is it the right file?",
            )
        if text or ends:
            yield Piece(text, ends, source)
            open_unit = not ends
    if rest or open_unit:
        yield Piece(as_units(rest, boundary), True, source)


def as_units(text: str, boundary: Boundary) -> str:
    """Returns a whole text with one unit a line.

    Args:
        text: of a file or of a table's cell, with LF as line end.
        boundary: what ends a unit.
    """
    if boundary == "line":
        return text.removesuffix("\n")
    if boundary == "file":
        return text.replace("\n", " ")
    return "\n".join(part.replace("\n", " ") for part in _BLANK_LINES.split(text))


def _cut_lines(text: str) -> tuple[str, bool, str]:
    end = text.rfind("\n")
    if end >= 0:
        return text[:end], True, text[end + 1 :]
    return _cut_anywhere(text)


def _cut_paragraphs(text: str) -> tuple[str, bool, str]:
    lines = text.rfind("\n") + 1
    head = text[:lines].rstrip()  # the white space after it may be part of a longer blank stretch
    if head:
        return as_units(head, "paragraph"), False, text[len(head) :]
    if text.count("\n", 0, lines) > 1:
        return "\n", False, text[lines:]
    if text[lines:].strip():  # at most one line end, then a line that is not blank
        return _cut_anywhere(text)
    return "", False, text


def _cut_anywhere(text: str) -> tuple[str, bool, str]:
    end = max(text.rfind(" "), text.rfind("\n"), text.rfind("\t"), 0)
    return text[:end].replace("\n", " "), False, text[end:]


def packed(pieces: Iterable[Piece], size: int = BLOCK) -> Iterator[Block]:
    """Yields the pieces in blocks of about `size` characters; many small files share a block."""
    held: list[Piece] = []
    length = 0
    for piece in pieces:
        held.append(piece)
        length += len(piece.text) + 1
        if length >= size or not piece.ends:
            yield _block(held)
            held, length = [], 0
    if held:
        yield _block(held)


def _block(pieces: list[Piece]) -> Block:
    return Block(
        "\n".join(piece.text for piece in pieces),
        pieces[-1].ends,
        tuple((piece.source, piece.text.count("\n") + 1) for piece in pieces),
    )
