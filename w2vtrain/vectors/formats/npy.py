"""A folder with `vectors.npy` and `vocabulary.tsv`, row by row: the form that can be mapped.

`vocabulary.tsv` has a line `token TAB count` a row, or `token` alone where counts are unknown; a
backslash, tab or line end inside a token is written `\\\\`, `\\t`, `\\n`, `\\r`.
"""

import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from w2vtrain.corpus.vocabulary import escaped, unescaped
from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import reading_errors
from w2vtrain.vectors.formats.stream import VectorStream, of_matrix
from w2vtrain.vectors.formats.tokens import carried

NAME = "npy"
VECTORS = "vectors.npy"
VOCABULARY = "vocabulary.tsv"
FILES = (VECTORS, VOCABULARY)
# NumPy reads a header as Python's own syntax, and lets whatever goes wrong there through.
HEADER_ERRORS = (
    *(ValueError, TypeError, EOFError, OverflowError, MemoryError, RecursionError),
    *(SyntaxError, tokenize.TokenError),
)


def read(path: Path) -> VectorStream:
    """Returns the rows of a folder, or of its `vectors.npy`; the matrix is memory-mapped."""
    folder = path if path.is_dir() else path.parent
    tokens, counts = _read_vocabulary(folder / VOCABULARY)
    vectors = mapped(folder / VECTORS if path.is_dir() else path)
    if len(tokens) != len(vectors):
        raise W2VError(
            f"{folder / VOCABULARY} has {len(tokens):,} tokens, but {VECTORS} has "
            f"{len(vectors):,} rows.",
            "The two files do not belong together.",
        )
    return of_matrix(tokens, vectors, counts)


def mapped(path: Path) -> np.ndarray:
    """Returns a float32 .npy file of two axes as a memory-mapped array."""
    with reading_errors(path):
        try:
            vectors = np.load(path, mmap_mode="r", allow_pickle=False)
        except HEADER_ERRORS as error:
            raise W2VError(f"{path} is damaged, or is no .npy file: {error}") from None
    if not isinstance(vectors, np.ndarray) or vectors.ndim != 2:
        raise W2VError(f"{path} holds {_what(vectors)}, not a table of two axes.")
    if vectors.dtype.kind != "f":
        raise W2VError(f"{path} holds numbers of type {vectors.dtype}.", "Save it as float32.")
    if vectors.dtype == np.float32 and vectors.flags.c_contiguous:
        return vectors
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(vectors, np.float32)


def _what(value: object) -> str:
    return f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else "no array"


def _read_vocabulary(path: Path) -> tuple[list[str], np.ndarray | None]:
    with reading_errors(path):
        raw = path.read_bytes()
    try:
        lines = raw.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise W2VError(f"{path} is not UTF-8: {error}") from None
    if lines.pop():
        raise W2VError(f"{path} is cut short: its last line has no end.")
    cells = [line.split("\t") for line in lines]
    with_counts = bool(cells) and len(cells[0]) == 2
    for number, row in enumerate(cells, start=1):
        count = row[-1]
        if len(row) != 1 + with_counts or (with_counts and not _is_count(count)):
            raise W2VError(f"{path}, line {number}: not `token TAB count`: {lines[number - 1]!r}")
    tokens = [unescaped(row[0]) for row in cells]
    counts = np.array([int(row[1]) for row in cells], np.int64) if with_counts else None
    return tokens, counts


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def write(path: Path, stream: VectorStream) -> None:
    """Writes the folder's two files, row by row."""
    path.mkdir(parents=True, exist_ok=True)
    stream = carried(stream, NAME, empty=True)
    with (
        (path / VECTORS).open("wb") as file,
        (path / VOCABULARY).open("w", encoding="utf-8", newline="\n") as words,
    ):
        for matrix, lines in _pieces(file, stream):
            file.write(matrix)
            words.writelines(lines)


def write_header(file: IO[bytes], rows: int, dim: int) -> None:
    """Writes the header of a float32 .npy file."""
    header = {"descr": "<f4", "fortran_order": False, "shape": (rows, dim)}
    np.lib.format.write_array_header_1_0(file, header)


def _pieces(file: IO[bytes], stream: VectorStream) -> Iterator[tuple[bytes, list[str]]]:
    write_header(file, stream.rows, stream.dim)
    for tokens, vectors, counts in stream.blocks:
        if counts is None:
            lines = [f"{escaped(token)}\n" for token in tokens]
        else:
            pairs = zip(tokens, counts.tolist(), strict=True)
            lines = [f"{escaped(token)}\t{count}\n" for token, count in pairs]
        yield np.ascontiguousarray(vectors, "<f4").tobytes(), lines
