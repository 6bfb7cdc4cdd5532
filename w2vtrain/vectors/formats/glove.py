"""GloVe's text form: `token number number ...` lines without a header.

A token may hold spaces (glove.840B has such), so a row is split from the right; the dimension is
the least number of numbers at the end of the first rows.
"""

import dataclasses
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import open_read, open_write
from w2vtrain.vectors.formats.stream import LINE_BREAKING, Block, VectorStream, carried
from w2vtrain.vectors.formats.text_rows import (
    LONGEST_LINE,
    count_lines,
    is_number,
    read_rows,
    write_rows,
)

SAMPLE = 1000  # rows that tell the dimension
_BYTE_ORDER_MARK = "\ufeff"  # some editors put it before the first token


def read(path: Path) -> VectorStream:
    """Return the rows of a GloVe file, compressed or not."""
    dim = _dim(path)

    def generate() -> Iterator[Block]:
        with open_read(path) as file:
            for place, block in enumerate(read_rows(file, path, dim, line=1)):
                if place == 0 and block.tokens[0].startswith(_BYTE_ORDER_MARK):
                    first = block.tokens[0].removeprefix(_BYTE_ORDER_MARK)
                    block = block._replace(tokens=[first, *block.tokens[1:]])
                yield block

    return VectorStream(count_lines(path), dim, generate())


def _dim(path: Path) -> int:
    with open_read(path) as file:
        lines = islice(iter(lambda: file.readline(LONGEST_LINE), b""), SAMPLE)
        found = [numbers_at_end(line) for line in lines] or [0]
    if min(found) < 1:
        raise W2VError(
            f"{path}, line {found.index(0) + 1}: no numbers after a token.",
            "GloVe's text form has a token and its numbers on each line.",
        )
    return min(found)


def numbers_at_end(line: bytes) -> int:
    """Return how many cells at the end of a line are numbers, its first cell left out."""
    cells = line.rstrip(b"\r\n").removesuffix(b" ").split(b" ")[1:]
    count = 0
    for cell in reversed(cells):
        if not is_number(cell):
            break
        count += 1
    return count


def write(path: Path, stream: VectorStream) -> None:
    """Write the shortest numbers that read back as the same float32, gzipped for `.gz`.

    Raises:
        W2VError: also where every one of the first tokens ends in a space and a number, so that no
            reader could tell where its numbers begin.
    """
    rows = carried(stream, "glove", LINE_BREAKING)
    with open_write(path) as file:
        write_rows(file, _telling(rows).blocks)


def _telling(stream: VectorStream) -> VectorStream:
    def generate() -> Iterator[Block]:
        for place, block in enumerate(stream.blocks):
            sample = block.tokens[:SAMPLE]
            if place == 0 and sample[0].startswith(_BYTE_ORDER_MARK):
                raise W2VError(
                    f"glove cannot carry {sample[0]!r} as its first token: readers take its first "
                    "character for a byte order mark.",
                    "Formats that can: npy, npz, safetensors, parquet or projector.",
                )
            if place == 0 and not any(map(_tells, sample)):
                raise W2VError(
                    f"glove cannot carry these tokens: {sample[0]!r} and all after it end in a "
                    "number, so that no reader could tell where the vector begins.",
                    "Formats that can: npy, npz, safetensors, parquet or projector.",
                )
            yield block

    return dataclasses.replace(stream, blocks=generate())


def _tells(token: str) -> bool:
    _, space, last = token.rpartition(" ")
    return not space or not is_number(last.encode())
