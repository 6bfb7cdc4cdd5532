"""What the Embedding Projector's page makes of a file's bytes, rule by rule.

A replay of its parser, slips included, so that a bundle can be judged without a browser.

Source: TensorBoard 2.21, plugins/projector/vz_projector/data-provider.ts: `streamParse`,
`parseTensors`, `parseMetadata`, `analyzeMetadata`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from w2vtrain.vectors.javascript import number, trim

CHUNK = 1_000_000  # bytes that the page decodes at a time
COLOURS = 50  # distinct values of a column that the page can colour as categories
_PLAIN = re.compile(r"[-+.0-9eE\t]*")  # what float() reads exactly as JavaScript does, if at all


class PageError(Exception):
    """The page would stop, or read forever, with nothing shown."""


@dataclass(frozen=True)
class Column:
    """What the page knows of a metadata column, from which it chooses the label and the colours."""

    name: str
    is_numeric: bool
    too_many_values: bool


@dataclass(frozen=True)
class Metadata:
    """The labels as the page has them.

    Args:
        columns: in the file's order.
        rows: for each point, a column's value by its name: a number where the page made it one,
            None where the cell is empty; a missing cell has no key.
    """

    columns: tuple[Column, ...]
    rows: tuple[dict[str, str | float | None], ...]

    @property
    def label(self) -> str:
        """The column that the page takes for labels and for the search: the first with a text."""
        texts = [column.name for column in self.columns if not column.is_numeric]
        return texts[0] if texts else self.columns[0].name


def chunk_edges(size: int) -> range:
    """Returns the byte offsets at which the page cuts a file of `size` bytes before decoding."""
    return range(CHUNK, size, CHUNK)


def stream_lines(content: bytes) -> Iterator[str]:
    """Yields the lines that the page's reader passes on; the last one may be cut or lost.

    Raises:
        PageError: a piece after the last line end holds none, and the page reads forever.
    """
    offset, last, pending = 0, len(content) - 1, ""
    while True:
        text = _decoded(content[offset : offset + CHUNK])
        offset += CHUNK
        first, *more = text.split("\n")
        if not more:
            pending += first
            if offset >= len(content):
                raise PageError("its last piece holds no line end: the page reads forever")
            continue
        yield pending + first
        *whole, pending = more
        yield from whole
        if offset >= last:
            if pending:
                yield pending
            return


def _decoded(chunk: bytes) -> str:
    """Returns a chunk as a browser's `readAsText` does, which obeys byte-order marks."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if chunk.startswith(mark):
            return chunk[2:].decode(encoding, "replace")
    return chunk.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


def parse_metadata(content: bytes) -> Metadata:
    """Returns the labels that the page reads from a metadata file."""
    names = ["label"]
    rows: list[dict[str, str | float | None]] = []
    first = True
    for line in stream_lines(content):
        if not trim(line):
            continue
        if first and "\t" in line:
            names, first = line.split("\t"), False
            continue
        first = False
        cells = line.split("\t")
        # `__proto__` is no key of a JavaScript object: what is stored there is lost.
        row = {n: c or None for n, c in zip(names, cells, strict=False) if n != "__proto__"}
        rows.append(row)  # type: ignore[arg-type]
    return Metadata(tuple(_analysed(name, rows) for name in names), tuple(rows))


def _analysed(name: str, rows: list[dict[str, str | float | None]]) -> Column:
    """Returns what the page notes of a column; turns its numeric-looking cells into numbers."""
    is_numeric = True
    values: set[str | float] = set()
    for row in rows:
        value = row.get(name)
        if value is None:
            continue
        if len(values) <= COLOURS:
            values.add(value)
        as_number = number(value) if isinstance(value, str) else value
        if np.isnan(as_number):
            is_numeric = False
        else:
            row[name] = as_number
    return Column(name, is_numeric, len(values) > COLOURS)


def parse_tensor_tsv(content: bytes) -> tuple[np.ndarray, list[int], int]:
    """Returns what the page reads from a TSV of numbers.

    Returns:
        float32 array, shape `(points, dim)`; the line (from 1) of each point; how many lines had
        their first cell taken for a label.
    Raises:
        PageError: the page refuses the file.
    """
    points: list[np.ndarray] = []
    lines: list[int] = []
    labelled = 0
    for line_number, raw in enumerate(stream_lines(content), start=1):
        line = trim(raw)
        if not line:
            continue
        cells = line.split("\t")
        values = _numbers(line, cells)
        if np.isnan(values[0]) or (points and len(points[0]) == len(values) - 1):
            labelled += 1
            values = values[1:]
        if points and len(values) != len(points[0]):
            raise PageError(
                f"line {line_number} has {len(values)} numbers, the first has {len(points[0])}: "
                "“Vector dimensions do not match”"
            )
        if len(values) <= 1:
            raise PageError(
                f"line {line_number} has {len(values)} numbers: "
                "“Found a vector with only one dimension?”"
            )
        points.append(values)
        lines.append(line_number)
    if not points:
        raise PageError("it holds no vector")
    return np.array(points), lines, labelled


def _numbers(line: str, cells: list[str]) -> np.ndarray:
    if _PLAIN.fullmatch(line):
        try:
            return np.array(list(map(float, cells)), dtype=np.float32)
        except ValueError:
            pass
    with np.errstate(over="ignore"):
        return np.array([number(cell) for cell in cells], dtype=np.float32)
