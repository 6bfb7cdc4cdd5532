"""Vectors on their way from one file to another: blocks of rows, never all of them at once.

Every reader returns a `VectorStream` and every writer takes one, so any format turns into any other
in bounded memory, and what no table may hold is refused in one place.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.search import blocks, row_norms, scales_of

BLOCK_BYTES = 1 << 23  # of float32 numbers in a block


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
    """

    rows: int
    dim: int
    blocks: Iterator[Block]
    has_counts: bool = False
    matrix: np.ndarray | None = None


def rows_in_block(dim: int) -> int:
    """Returns how many rows of `dim` float32 numbers make a block."""
    return max(1, BLOCK_BYTES // (4 * dim))


def of_matrix(
    tokens: Sequence[str], vectors: np.ndarray, counts: np.ndarray | None = None
) -> VectorStream:
    """Returns a stream over tokens and a matrix, which may be memory-mapped."""
    if vectors.ndim != 2 or len(vectors) != len(tokens):
        raise W2VError(f"{len(tokens):,} tokens do not fit vectors of shape {vectors.shape}.")

    def generate() -> Iterator[Block]:
        for rows in blocks(len(tokens), rows_in_block(dim)):
            part = None if counts is None else counts[rows]
            yield Block(tokens[rows], vectors[rows], part)

    dim = int(vectors.shape[1])
    return VectorStream(len(tokens), dim, generate(), counts is not None, vectors)


def checked(stream: VectorStream, where: str) -> VectorStream:
    """Returns the stream with a guard that raises W2VError before a bad row gets through.

    Bad is: a token that stands twice, a number that is not finite, more or fewer rows than were
    announced, no rows, no columns.
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
                f"{where}, row {row:,}: token {token!r} stands twice.", "Keep one row a token."
            )
        seen.add(token)


def first(stream: VectorStream, rows: int | None) -> VectorStream:
    """Returns the stream's first `rows` rows, all of it for None."""
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

    matrix = None if stream.matrix is None else stream.matrix[:rows]
    return dataclasses.replace(stream, rows=rows, blocks=generate(), matrix=matrix)


def normalized(stream: VectorStream) -> VectorStream:
    """Returns the stream with every vector at length 1; a zero vector stays zero."""

    def generate() -> Iterator[Block]:
        for tokens, vectors, counts in stream.blocks:
            scaled = vectors * scales_of(row_norms(vectors))[:, np.newaxis]
            yield Block(tokens, scaled, counts)

    return dataclasses.replace(stream, blocks=generate(), matrix=None)


def collect(stream: VectorStream) -> tuple[list[str], np.ndarray, np.ndarray | None]:
    """Returns all tokens, vectors and counts; a mapped matrix stays mapped."""
    tokens: list[str] = []
    parts: list[np.ndarray] = []
    counts: list[np.ndarray] = []
    for block in stream.blocks:
        tokens.extend(block.tokens)
        if stream.matrix is None:
            parts.append(block.vectors)
        if block.counts is not None:
            counts.append(block.counts)
    vectors = np.concatenate(parts) if stream.matrix is None else stream.matrix
    return tokens, vectors, np.concatenate(counts) if stream.has_counts else None
