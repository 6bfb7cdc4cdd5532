"""The Embedding Projector's TSV files: `vectors.tsv`, `metadata.tsv` and two configs.

The Projector's parser quotes nothing and guesses a lot, so what it would misread is written in a
visible form: a backslash, tab or line end in a token as `\\\\`, `\\t`, `\\n`, `\\r`, and a token
that JavaScript takes for a number or for blank (`007` becomes 7, `1e5` 100000, a blank 0) in double
quotes. `read` undoes both in files that `write` made.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from w2vtrain.corpus.vocabulary import escaped, unescaped
from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import open_read, read_text
from w2vtrain.vectors.formats.stream import Block, VectorStream, carried
from w2vtrain.vectors.formats.text_rows import numbers, read_numbers

VECTORS = "vectors.tsv"
METADATA = "metadata.tsv"
CONFIG_JSON = "projector_config.json"
CONFIG_PBTXT = "projector_config.pbtxt"
BYTES_FILE = "vectors.bytes"
COLUMNS = ("token", "rank")  # what `write` always has; with counts it has these:
COLUMNS_WITH_COUNTS = ("token", "count", "rank", "band", "log10_count")
TENSOR_NAME = "word_vectors"  # goes into URLs as it is
CHUNK = 1_000_000  # bytes that the Projector decodes at a time

# What JavaScript's trim() and Number() take off both ends: ECMA-262's WhiteSpace and
# LineTerminator. U+0085 is not among them, nor U+200B; Python's str.strip() differs.
WHITE_SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_DECIMAL = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_WITH_BASE = re.compile(r"0(?:[xX]([0-9a-fA-F]+)|[oO]([0-7]+)|[bB]([01]+))")


def trim(text: str) -> str:
    """Return `text` without white space at both ends, as JavaScript's `trim()` does."""
    return text.strip(WHITE_SPACE)


def number(text: str) -> float:
    """Return what JavaScript's `Number(text)` returns; NaN where it is no number.

    Source: ECMA-262, section 7.1.4.1, StringToNumber: white space alone is 0, `0x`, `0o` and `0b`
    take no sign, and there are no digit separators.
    """
    text = trim(text)
    if not text:
        return 0.0
    based = _WITH_BASE.fullmatch(text)
    if based:
        hexadecimal, octal, binary = based.groups()
        digits, base = (hexadecimal, 16) if hexadecimal else (octal, 8) if octal else (binary, 2)
        try:
            return float(int(digits, base))
        except OverflowError:
            return math.inf
    return float(text) if _DECIMAL.fullmatch(text) else math.nan


def reads_as_number(cell: str) -> bool:
    """Return whether JavaScript turns the text into a number, as it does a blank one into 0.

    The Projector does so with every cell of the metadata.
    """
    return not math.isnan(number(cell))


def token_cell(token: str) -> str:
    """Return the token in the form that the Projector shows as it is."""
    cell = escaped(token)
    return f'"{cell}"' if reads_as_number(cell.strip('"')) else cell


def token_of_cell(cell: str) -> str:
    """Return the token that `token_cell` wrote."""
    if len(cell) > 1 and cell[0] == cell[-1] == '"' and reads_as_number(cell.strip('"')):
        cell = cell[1:-1]
    return unescaped(cell)


def band(count: int) -> str:
    """Return the decade of a count as text, `100-999`: a category to color by."""
    if count < 1:
        return "none"
    low = 10 ** (len(str(count)) - 1)
    return f"{low}-{10 * low - 1}"


def write(
    path: Path, stream: VectorStream, extra: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Write the folder's four files, row by row.

    Args:
        path: the folder.
        stream: tokens and vectors.
        extra: more columns of the metadata, a cell a row; they come before the last column.
    Raises:
        W2VError: vectors of one number, which the Projector rejects.
    """
    if stream.dim < 2:
        raise W2VError(
            "The Projector rejects vectors of one number.", "Give vectors of two numbers or more."
        )
    path.mkdir(parents=True, exist_ok=True)
    columns = list(COLUMNS_WITH_COUNTS if stream.has_counts else COLUMNS)
    columns[-1:-1] = map(escaped, extra or {})
    added = list((extra or {}).values())
    with (path / VECTORS).open("wb") as vectors, (path / METADATA).open("wb") as metadata:
        lines = _Metadata(metadata, "\t".join(columns))
        row = 0
        for block in carried(stream, "projector", empty=True).blocks:
            vectors.write(b"".join(line + b"\n" for line in numbers(block.vectors, "\t")))
            end = row + len(block.tokens)
            for line in _lines(block, row, [cells[row:end] for cells in added]):
                lines.add(line)
            row = end
        lines.close()
    write_configs(path, (stream.rows, stream.dim))


def _lines(block: Block, row: int, added: Sequence[Sequence[str]]) -> Iterator[str]:
    between = [
        "".join(f"\t{escaped(cell)}" for cell in cells) for cells in zip(*added, strict=True)
    ]
    between = between or [""] * len(block.tokens)
    if block.counts is None:
        for rank, (token, more) in enumerate(zip(block.tokens, between, strict=True), row + 1):
            yield f"{token_cell(token)}{more}\t{rank}"
        return
    rows = zip(block.tokens, block.counts.tolist(), between, strict=True)
    for rank, (token, count, more) in enumerate(rows, start=row + 1):
        logarithm = math.log10(max(count, 1))
        yield f"{token_cell(token)}\t{count}\t{rank}\t{band(count)}{more}\t{logarithm:.3f}"


class _Metadata:
    """Lines on their way into a file in which no character lies across a chunk's edge.

    The line before such a character is padded with spaces, which its last cell, a number, ignores.
    """

    def __init__(self, file: IO[bytes], header: str) -> None:
        self._file = file
        self._held = header.encode()
        self._start = len(self._held) + 1  # where the line to come will begin
        self._padded = False  # a header cannot be padded

    def add(self, line: str) -> None:
        data = line.encode()
        padding = next((n for n in range(64) if not self._cut(data, n)), 0) if self._padded else 0
        self._file.write(self._held + b" " * padding + b"\n")
        self._start += padding + len(data) + 1
        self._held = data
        self._padded = True

    def close(self) -> None:
        self._file.write(self._held + b"\n")

    def _cut(self, data: bytes, padding: int) -> bool:
        start = self._start + padding
        edges = range(-start % CHUNK, len(data), CHUNK)
        return any(data[edge] & 0xC0 == 0x80 for edge in edges)


def write_configs(
    path: Path,
    shape: tuple[int, int],
    page_tensor: str = VECTORS,
    board_tensor: str = VECTORS,
    bookmarks: str | None = None,
) -> None:
    """Write the config of the standalone page and that of TensorBoard: see `config_pbtxt`."""
    for_page = config_json(shape, page_tensor, bookmarks_path=bookmarks)
    (path / CONFIG_JSON).write_text(for_page, encoding="utf-8")
    for_board = config_pbtxt(shape, board_tensor, bookmarks_path=bookmarks)
    (path / CONFIG_PBTXT).write_text(for_board, encoding="utf-8")


def config_json(
    shape: tuple[int, int],
    tensor_path: str,
    metadata_path: str = METADATA,
    bookmarks_path: str | None = None,
    tensor_name: str = TENSOR_NAME,
) -> str:
    """Return the config of the standalone Projector, for `?config=URL`; see `config_pbtxt`."""
    entry: dict[str, object] = {
        "tensorName": tensor_name,
        "tensorShape": list(shape),
        "tensorPath": tensor_path,
        "metadataPath": metadata_path,
    }
    if bookmarks_path is not None:
        entry["bookmarksPath"] = bookmarks_path
    return json.dumps({"embeddings": [entry]}, indent=2) + "\n"


def config_pbtxt(
    shape: tuple[int, int],
    tensor_path: str,
    metadata_path: str = METADATA,
    bookmarks_path: str | None = None,
    tensor_name: str = TENSOR_NAME,
) -> str:
    """Return TensorBoard's config, the text of a `projector_config.pbtxt`.

    Args:
        shape: rows and numbers in a row of the tensor.
        tensor_path, metadata_path, bookmarks_path: files, relative to the config's folder.
        tensor_name: goes into URLs as it is, so it must not hold `&`, `#`, `%` or `+`.
    """
    bookmarks = "" if bookmarks_path is None else f'  bookmarks_path: "{bookmarks_path}"\n'
    return (
        "embeddings {\n"
        f'  tensor_name: "{tensor_name}"\n'
        f'  metadata_path: "{metadata_path}"\n'
        f"  tensor_shape: {shape[0]}\n"
        f"  tensor_shape: {shape[1]}\n"
        f'  tensor_path: "{tensor_path}"\n'
        f"{bookmarks}"
        "}\n"
    )


def write_bytes(path: Path, vectors: np.ndarray) -> None:
    """Write a tensor as raw little-endian float32, row by row, without a header.

    A fifth of the TSV's size, and read at once.

    Args:
        path: the file; the page recognizes this form by the ending `.bytes`.
        vectors: float array, shape `(tokens, dim)`; may be memory-mapped.
    """
    np.ascontiguousarray(vectors, dtype="<f4").tofile(path)


def tensorboard_reads_bytes(path: Path) -> bool:
    """Return whether TensorBoard takes a `.bytes` file for raw float32, as it is meant.

    TensorBoard reads every `tensor_path` as TSV, line by line, and takes the file for raw float32
    only when a line is not UTF-8. About one tensor in a hundred begins with bytes that are text up
    to a line end, and fails there. The page outside TensorBoard goes by the file's ending.

    Source: TensorBoard 2.21, plugins/projector/projector_plugin.py, `_get_tensor`.
    """
    with path.open("rb") as file:
        for line in file:
            try:
                text = line.decode("utf-8").rstrip("\n")
                [float(cell) for cell in text.split("\t") if text]
            except UnicodeDecodeError:
                return True
            except ValueError:
                return False
    return False


def read(path: Path) -> VectorStream:
    """Return the rows of a folder, or of a TSV of vectors with its metadata beside it.

    The metadata's first column is the token, a column named `count` the count; it has a header if
    and only if its first line holds a tab, and blank lines do not count, as in the Projector.
    """
    vectors = path / VECTORS if path.is_dir() else path
    metadata = _metadata_of(vectors)
    tokens, counts = _read_metadata(metadata)
    with open_read(vectors) as file:
        dim = file.readline().count(b"\t") + 1

    def generate() -> Iterator[Block]:
        row = 0
        with open_read(vectors) as file:
            for matrix in read_numbers(file, vectors, dim, "\t"):
                end = row + len(matrix)
                if end > len(tokens):
                    raise W2VError(
                        f"{vectors} has more rows than {metadata} has tokens ({len(tokens):,}).",
                        "A header belongs in metadata of two or more columns, and only there.",
                    )
                part = None if counts is None else counts[row:end]
                yield Block(tokens[row:end], matrix, part)
                row = end

    return VectorStream(len(tokens), dim, generate(), counts is not None)


def _metadata_of(vectors: Path) -> Path:
    names = [vectors.name.replace(part, "metadata") for part in ("vectors", "tensor")]
    for name in [*names, METADATA]:
        if name != vectors.name and (vectors.parent / name).is_file():
            return vectors.parent / name
    raise W2VError(
        f"{vectors} holds vectors without tokens, and no {METADATA} lies beside it.",
        "Put the file with the labels there.",
    )


def _read_metadata(path: Path) -> tuple[list[str], np.ndarray | None]:
    text = read_text(path).removeprefix("\ufeff")  # a byte order mark, which the Projector skips
    lines = [line for line in text.split("\n") if trim(line)]
    header = lines.pop(0).rstrip("\r").split("\t") if lines and "\t" in lines[0] else [""]
    rows = [line.removesuffix("\r").split("\t") for line in lines]
    for place, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise W2VError(f"{path}, row {place:,}: {len(row)} columns, not {len(header)}.")
    ours = header[0] == COLUMNS[0] and COLUMNS[1] in header
    tokens = [token_of_cell(row[0]) if ours else row[0] for row in rows]
    if "count" not in header[1:]:
        return tokens, None
    cells = [row[header.index("count")].strip() for row in rows]
    if not all(cell.isascii() and cell.isdigit() and len(cell) < 19 for cell in cells):
        return tokens, None
    return tokens, np.array([int(cell) for cell in cells], np.int64)
