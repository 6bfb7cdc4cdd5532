"""Read inputs of any form as pieces of text or as rows; this is where a reader is chosen.

The data walks one way: the bytes of an input (`sources`) are decoded and cut into units (`text`),
or parsed as rows (`tables`); pieces of both are packed into blocks for the tokenizer. What has been
read so far travels with each piece.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.markup import recognize, without_markup, without_tags
from w2vtrain.corpus.mediawiki import wiki_rows
from w2vtrain.corpus.sources import JSON, TABLES, ByteStream, InputFile, Read, kind_of
from w2vtrain.corpus.tables import (
    DELIMITERS,
    JSON_LINES,
    Column,
    Row,
    delimited_header,
    delimited_rows,
    json_rows,
    parquet_rows,
)
from w2vtrain.corpus.text import Piece, as_units, decode, first_lines, text_units
from w2vtrain.errors import W2VError

# Characters of a block. Each different word of a block is looked up once, so that larger ones have
# less to look up; from here on that is made up for by what falls out of the processor's cache.
BLOCK = 4_000_000
_ROWS_TOGETHER = 1 << 16  # characters of table cells that make up a piece


@dataclass(frozen=True)
class Block:
    """Pieces put together for one call of the tokenizer: some four megabytes, one unit a line.

    Args:
        text: units, separated by LF.
        ends: False when the last unit goes on in the next block.
        units: for each piece in it, the input's number and how many of the lines are its own.
    """

    text: str
    ends: bool
    units: tuple[tuple[int, int], ...]


def read_inputs(names: Sequence[str], config: PrepareConfig) -> Iterator[tuple[int, Piece]]:
    """Yield the pieces of all inputs, each with its input's number.

    Args:
        names: paths, or `-` for standard input.
        config: encoding, text column, boundary and the limit on rows are used.
    """
    left = config.max_rows
    for number, name in enumerate(names):
        read = Read()
        for piece in read_input(name, config, left):
            read = piece.read
            yield number, piece
        if left is not None:
            left -= read.lines


def read_input(name: str, config: PrepareConfig, max_rows: int | None) -> Iterator[Piece]:
    """Yield the text of one input in units; the last piece has no text, but the file's SHA-256.

    Args:
        name: a path, or `-` for standard input.
        config: encoding, text column and boundary are used.
        max_rows: lines or rows to read; None reads all.

    Raises:
        W2VError: the input cannot be read as what it is; the message names it and the line.
    """
    read = Read()
    with InputFile(name) as file:
        for source in _tables_and_streams(file):
            before = read
            left = None if max_rows is None else max_rows - before.lines
            if left == 0:
                break
            for piece in _pieces(source, config, left):
                read = piece.read.after(before)
                yield Piece(piece.text, piece.ends, read)
        size, digest = file.finish()
        read = replace(read, bytes=size, sha256=digest)
    yield Piece(None, True, read)


def read_table(
    name: str | Path,
    columns: Sequence[Column],
    encoding: str = "utf-8",
    encoding_errors: str = "strict",
) -> Iterator[Row]:
    """Yield the rows of a table: CSV, TSV, JSON lines (compressed or in a ZIP, too) or Parquet.

    Args:
        name: a path.
        columns: the cells to take of each row.
        encoding: a Python codec's name.
        encoding_errors: `strict` or `replace`.

    Raises:
        W2VError: the file is no table or cannot be read, or a column is missing.
    """
    with InputFile(str(name)) as file:
        for source in _tables_and_streams(file):
            kind = ".parquet" if isinstance(source, Path) else kind_of(source.name)
            if kind not in TABLES | {JSON}:
                raise W2VError(
                    f"{name} is not a table that can be read.",
                    "Give a .csv, .tsv, .jsonl or .parquet file (.csv.gz and .zip, too).",
                )
            yield from _rows(source, columns, encoding, encoding_errors)


def table_header(name: str | Path) -> list[str]:
    """Return the names of the columns of a CSV or TSV file, in UTF-8, compressed or not."""
    with InputFile(str(name)) as file:
        for source in file.streams():
            chunks = decode(source, "utf-8", "strict")
            return delimited_header(chunks, DELIMITERS[kind_of(source.name)], source.label)
    return []


def read_lines(name: str | Path) -> list[str]:
    """Return the lines of a text file in UTF-8, compressed or not, without their ends."""
    with InputFile(str(name)) as file:
        texts = [text for source in file.streams() for text, _ in decode(source, "utf-8", "strict")]
    return "".join(texts).removesuffix("\n").split("\n") if texts else []


def _tables_and_streams(file: InputFile) -> Iterator[Path | ByteStream]:
    """Yield what an input holds: the path of a Parquet file, or streams of bytes."""
    if file.path is not None and file.path.suffix.lower() == ".parquet":
        yield file.path
    else:
        yield from file.streams()


def _pieces(source: Path | ByteStream, config: PrepareConfig, left: int | None) -> Iterator[Piece]:
    if isinstance(source, Path) or kind_of(source.name) in TABLES | {JSON}:
        as_they_are = (config.standardize, config.split) == ("none", "whitespace")
        columns = [Column(config.text_column, lists=as_they_are)]
        rows = _rows(source, columns, config.encoding, config.encoding_errors)
        return _row_pieces(islice(rows, left), config)
    content = recognize(source.start(), source.name)
    content.require_readable(source.label, config.strip_html)
    chunks = decode(source, config.encoding, config.encoding_errors)
    if content.kind == "wiki":
        return _row_pieces(islice(wiki_rows(chunks, source.label), left), config)
    limited = chunks if left is None else first_lines(chunks, left)
    if content.kind == "markup":
        limited = without_markup(limited, source.label)
    return text_units(limited, config.boundary, source.label)


def _rows(
    source: Path | ByteStream, columns: Sequence[Column], encoding: str, errors: str
) -> Iterator[Row]:
    if isinstance(source, Path):
        return parquet_rows(source, columns, errors)
    kind = kind_of(source.name)
    if kind == ".parquet":
        raise W2VError(f"{source.label}: Parquet cannot be read packed.", "Unpack it first.")
    chunks = decode(source, encoding, errors)
    recognize(source.start(), source.name).require_readable(source.label, strip_html=True)
    if kind in JSON_LINES | {JSON}:
        return json_rows(chunks, columns, source.label, errors)
    return delimited_rows(chunks, DELIMITERS[kind], columns, source.label)


def _row_pieces(rows: Iterable[Row], config: PrepareConfig) -> Iterator[Piece]:
    """Yield the texts of rows; each is a text of its own, so no unit goes on in the next row."""
    units: list[str] = []
    held = lines = missing = 0
    read = Read()
    for row in rows:
        lines += 1
        read = row.read
        text = without_tags(row.cells[0]) if config.strip_html else row.cells[0]
        if text.strip():
            plain = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
            units.append(as_units(plain, config.boundary))
            held += len(plain) + 1
        else:
            missing += 1
        if held >= _ROWS_TOGETHER:
            yield Piece("\n".join(units), True, replace(read, lines=lines, missing=missing))
            units, held = [], 0
    if lines:
        last = "\n".join(units) if units else None
        yield Piece(last, True, replace(read, lines=lines, missing=missing))


def packed(pieces: Iterable[tuple[int, Piece]], size: int = BLOCK) -> Iterator[Block]:
    """Pack pieces into blocks of about `size` characters; many small files share a block.

    Args:
        pieces: each with its input's number.
        size: characters of a block.
    """
    held: list[tuple[int, str]] = []
    length = 0
    for source, piece in pieces:
        if piece.text is None:
            continue
        held.append((source, piece.text))
        length += len(piece.text) + 1
        if length >= size or not piece.ends:
            yield _block(held, piece.ends)
            held, length = [], 0
    if held:
        yield _block(held, True)


def _block(pieces: Sequence[tuple[int, str]], ends: bool) -> Block:
    return Block(
        "\n".join(text for _, text in pieces),
        ends,
        tuple((source, text.count("\n") + 1) for source, text in pieces),
    )
