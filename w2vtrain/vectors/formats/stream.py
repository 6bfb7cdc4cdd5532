"""Vectors on their way from one file to another: blocks of rows, never all of them at once.

Every reader returns a `VectorStream` and every writer takes one, so any format turns into any other
in bounded memory. What no table may hold (`checked`) and what one format cannot carry (`carried`)
is refused here, with the row and the token.
"""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.search import blocks, row_norms, unit_rows
from w2vtrain.vectors.subwords import Subwords

BLOCK_BYTES = 1 << 23  # of float32 numbers in a block

# What a token may not hold, for `carried`.
WHITESPACE = re.compile(r"[ \t\n\v\f\r]")  # what C's scanf and Python's bytes.split() cut at
LINE_BREAKING = re.compile(r"[\t\n\v\f\r]")
SPACE_OR_NEWLINE = re.compile(r"[ \n]")
ENDING_IN_NUL = re.compile(r"\x00\Z")  # NumPy's text arrays cut NULs off the end
_ANY = "npy, npz, safetensors, parquet or projector"


class Block(NamedTuple):
    """Some rows: tokens, float32 vectors of shape `(rows, dim)`, int64 counts or None."""

    tokens: Sequence[str]
    vectors: np.ndarray
    counts: np.ndarray | None = None


@dataclass(frozen=True)
class VectorStream:
    """A table of vectors that can be read once, from the first row to the last.

    Args:
        rows: how many rows `blocks` will yield.
        dim: numbers in a row.
        blocks: the rows, in order.
        has_counts: whether the blocks carry counts.
        matrix: all vectors at once, float32 of shape `(rows, dim)`, where the file can be mapped.
        subwords: the n-gram rows that the vectors are made from, if they are.
        context: context vectors of the rows, like `matrix`, where the source has them.
    """

    rows: int
    dim: int
    blocks: Iterator[Block]
    has_counts: bool = False
    matrix: np.ndarray | None = None
    subwords: Subwords | None = None
    context: np.ndarray | None = None


def rows_in_block(dim: int) -> int:
    """Return how many rows of `dim` float32 numbers make a block."""
    return max(1, BLOCK_BYTES // (4 * dim))


def of_matrix(
    tokens: Sequence[str], vectors: np.ndarray, counts: np.ndarray | None = None
) -> VectorStream:
    """Return a stream over tokens and a matrix, which may be memory-mapped."""
    if vectors.ndim != 2 or len(vectors) != len(tokens):
        raise W2VError(f"{len(tokens):,} tokens do not fit vectors of shape {vectors.shape}.")

    def generate() -> Iterator[Block]:
        for rows in blocks(len(tokens), rows_in_block(dim)):
            part = None if counts is None else counts[rows]
            yield Block(tokens[rows], vectors[rows], part)

    dim = int(vectors.shape[1])
    return VectorStream(len(tokens), dim, generate(), counts is not None, vectors)


def checked(stream: VectorStream, where: str) -> VectorStream:
    """Return the stream with a guard that raises W2VError before a bad row gets through.

    Bad is: a token with two rows, a number that is not finite, a count below 0, more or fewer rows
    than were announced, no rows, no columns.
    """
    if stream.rows < 1 or stream.dim < 1:
        raise W2VError(f"{where} holds no vectors: {stream.rows} rows of {stream.dim} numbers.")

    def generate() -> Iterator[Block]:
        seen: set[str] = set()
        count = 0
        for block in stream.blocks:
            new = set(block.tokens)
            if len(new) != len(block.tokens) or not seen.isdisjoint(new):
                _raise_duplicate(block.tokens, seen, count, where)
            seen |= new
            finite = np.isfinite(row_norms(block.vectors))
            if not finite.all():
                row = int(np.argmin(finite))
                raise W2VError(
                    f"{where}, row {count + row + 1}: the vector of {block.tokens[row]!r} "
                    "holds NaN, infinity, or a number too large for float32."
                )
            if block.counts is not None and (block.counts < 0).any():
                row = int(np.argmax(block.counts < 0))  # from 2**63 on, a cast to int64 is negative
                raise W2VError(
                    f"{where}, row {count + row + 1}: the count of {block.tokens[row]!r} is "
                    "negative or too large for int64."
                )
            count += len(block.tokens)
            yield block
        if count != stream.rows:
            raise W2VError(f"{where} ends after {count:,} rows; {stream.rows:,} were announced.")

    return dataclasses.replace(stream, blocks=generate())


def _raise_duplicate(tokens: Sequence[str], before: set[str], count: int, where: str) -> None:
    seen: set[str] = set()
    for row, token in enumerate(tokens, start=count + 1):
        if token in before or token in seen:
            raise W2VError(
                f"{where}, row {row:,}: token {token!r} has two rows.", "Keep one row a token."
            )
        seen.add(token)


def carried(
    stream: VectorStream,
    format: str,
    refused: re.Pattern[str] | None = None,
    empty: bool = False,
    others: str = _ANY,
) -> VectorStream:
    """Return the stream, which raises W2VError at a token that the format cannot carry.

    Args:
        format: its name, for the message.
        refused: matches what a token may not hold.
        empty: whether the empty token can be carried.
        others: formats that can carry such tokens, for the hint.
    """

    def generate() -> Iterator[Block]:
        row = 0
        for block in stream.blocks:
            for token in block.tokens:
                row += 1
                if not token and not empty:
                    _refuse(format, row, token, "is empty", others)
                if refused is not None and (found := refused.search(token)):
                    _refuse(format, row, token, f"holds {found[0]!r}", others)
            _encodable(block.tokens, format, row - len(block.tokens))
            yield block

    return dataclasses.replace(stream, blocks=generate())


def _encodable(tokens: Sequence[str], format: str, row: int) -> None:
    try:
        "".join(tokens).encode()
    except UnicodeEncodeError:
        for place, token in enumerate(tokens, start=row + 1):
            if any("\ud800" <= character <= "\udfff" for character in token):
                raise W2VError(
                    f"{format} cannot carry the token {token!r} (row {place:,}): "
                    "it holds half a surrogate pair, which is not text.",
                    "No format can: mend the token.",
                ) from None


def _refuse(format: str, row: int, token: str, why: str, others: str) -> None:
    raise W2VError(
        f"{format} cannot carry the token {token!r} (row {row:,}): it {why}.",
        f"Formats that can: {others}.",
    )


def first(stream: VectorStream, rows: int | None) -> VectorStream:
    """Return the stream's first `rows` rows, all of it for None."""
    if rows is None or rows >= stream.rows:
        return stream

    def generate() -> Iterator[Block]:
        left = rows
        for tokens, vectors, counts in stream.blocks:
            part = None if counts is None else counts[:left]
            yield Block(tokens[:left], vectors[:left], part)
            left -= len(tokens)
            if left <= 0:
                return

    matrix, context = (
        None if table is None else table[:rows] for table in (stream.matrix, stream.context)
    )
    return dataclasses.replace(stream, rows=rows, blocks=generate(), matrix=matrix, context=context)


def normalized(stream: VectorStream) -> VectorStream:
    """Return the stream with every vector at length 1; a zero vector stays zero."""

    def generate() -> Iterator[Block]:
        for tokens, vectors, counts in stream.blocks:
            yield Block(tokens, unit_rows(vectors), counts)

    return dataclasses.replace(stream, blocks=generate(), matrix=None, subwords=None)


def collect(stream: VectorStream) -> tuple[list[str], np.ndarray, np.ndarray | None]:
    """Return all tokens, vectors and counts; a mapped matrix stays mapped."""
    tokens: list[str] = []
    counts: list[np.ndarray] = []
    vectors = stream.matrix
    if vectors is None:
        vectors = np.empty((stream.rows, stream.dim), np.float32)
    for block in stream.blocks:
        if stream.matrix is None:  # in place: a table is never held twice
            vectors[len(tokens) : len(tokens) + len(block.tokens)] = block.vectors
        tokens.extend(block.tokens)
        if block.counts is not None:
            counts.append(block.counts)
    return tokens, vectors, np.concatenate(counts) if stream.has_counts else None
