"""Read chosen columns of a table: CSV, TSV, JSON lines, Parquet.

A cell that is not there (an empty cell, a null, a key that is not there) is an empty text.

A TSV has no rule for quotes that everybody follows: some programs quote as in CSV, others write
each cell as it is. Here a line that has as many cells as the header is a row, and a cell in it
counts as quoted when it begins and ends with a quote. A line that is no row by itself may begin a
quoted cell that goes on in the next lines.
"""

import contextlib
import csv
import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from w2vtrain.corpus.sources import Read, check_bomb
from w2vtrain.corpus.text import LONGEST_STRETCH, SURROGATE
from w2vtrain.errors import W2VError

DELIMITERS = {".csv": ",", ".tsv": "\t"}
JSON_LINES = {".jsonl", ".ndjson"}
_LONGEST_ITEM = 1 << 24  # characters of an object in a JSON array
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_OPENED = re.compile(r'(?:^|\t)"(?:[^"]|"")*$')  # a cell whose quote the line does not close


class Column(NamedTuple):
    """A column to read.

    Args:
        name: as the table has it; None asks the user to name one.
        option: the command-line option that names it, for messages.
        numbers: take numbers and truth values of JSON and Parquet, too, as they are written.
        lists: take lists of tokens (texts or whole numbers) of JSON and Parquet, too.
    """

    name: str | None
    option: str = "--text-column"
    numbers: bool = False
    lists: bool = False


class Row(NamedTuple):
    """The chosen cells of a row.

    Args:
        cells: a text for each column asked for; empty where the row has none.
        place: where the row is, for messages: `reviews.csv, line 7`.
        read: what has been read of the input so far; its `lines` and `missing` are not counted.
    """

    cells: tuple[str, ...]
    place: str
    read: Read


Chunks = Iterable[tuple[str, Read]]


def delimited_rows(
    chunks: Chunks, delimiter: str, columns: Sequence[Column], label: str
) -> Iterator[Row]:
    """Yield the rows of a CSV or TSV file whose first row names the columns.

    Args:
        chunks: the decoded file, with LF as line end, and what has been read so far.
        delimiter: between two cells; a tab takes the rules for TSV.
        columns: which cells to take.
        label: what errors call the file.

    Raises:
        W2VError: a column is missing or there twice, or a row is broken; the line is named.
    """
    lines = _Lines(chunks, label)
    header, rows = _header_and_rows(lines, delimiter)
    places = find_columns(header, columns, label)
    for row in rows:
        if not row:
            continue
        where = f"{label}, line {lines.number}"
        if len(row) > len(header):
            raise W2VError(
                f"{where}: {len(row)} cells, but the header names {len(header)} columns.",
                "Put quotes around texts that hold the delimiter.",
            )
        cells = tuple(row[place] if place < len(row) else "" for place in places)
        yield Row(cells, where, lines.read)


def delimited_header(chunks: Chunks, delimiter: str, label: str) -> list[str]:
    """Return the names in the first row of a CSV or TSV file; arguments as in `delimited_rows`."""
    return _header_and_rows(_Lines(chunks, label), delimiter)[0]


def _header_and_rows(lines: "_Lines", delimiter: str) -> tuple[list[str], Iterator[list[str]]]:
    rows = _tsv_rows(lines) if delimiter == "\t" else _csv_rows(lines, delimiter)
    header = next((row for row in rows if row), None)
    if header is None:
        raise W2VError(f"{lines.label} is empty.", "Give a table with a row of column names.")
    return header, rows


class _Lines:
    """Iterate over lines, each with its LF.

    Attributes:
        number: of the last line given, from 1.
        read: what has been read of the input up to it.
    """

    def __init__(self, chunks: Chunks, label: str) -> None:
        self.label = label
        self.number = 0
        self.read = Read()
        self._lines = self._split(chunks)
        self._ahead: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead.pop() if self._ahead else next(self._lines)
        self.number += 1
        return line

    def peek(self) -> str:
        """Return the next line without passing it; empty at the end."""
        if not self._ahead:
            self._ahead.extend(islice(self._lines, 1))
        return self._ahead[0] if self._ahead else ""

    def _split(self, chunks: Chunks) -> Iterator[str]:
        held: list[str] = []  # a line may be longer than many chunks
        length = 0
        for chunk, read in chunks:
            self.read = read
            *whole, rest = chunk.split("\n")
            for line in whole:
                yield "".join([*held, line, "\n"])
                held, length = [], 0
            held.append(rest)
            length += len(rest)
            if length > LONGEST_STRETCH:
                raise W2VError(
                    f"{self.label}, line {self.number + 1} has more than {LONGEST_STRETCH:,} "
                    "characters.",
                    "A table has a row a line; is it the right file?",
                )
        if any(held):
            yield "".join(held)


def _csv_rows(lines: _Lines, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows as lists of cells; an empty line gives an empty list."""
    hint = 'Are the quotes right? A quote inside a quoted text is written twice: "".'
    with _csv_errors(lines, hint):
        yield from csv.reader(lines, delimiter=delimiter, strict=True)


@contextlib.contextmanager
def _csv_errors(lines: _Lines, hint: str) -> Iterator[None]:
    """Name the line of an error, one for an unclosed quote before it swallows the whole file."""
    limit = csv.field_size_limit(LONGEST_STRETCH)
    try:
        yield
    except csv.Error as error:
        raise W2VError(f"{lines.label}, line {lines.number}: {error}.", hint) from None
    finally:
        csv.field_size_limit(limit)


def _tsv_rows(lines: _Lines) -> Iterator[list[str]]:
    """Yield the rows as lists of cells; an empty line gives an empty list.

    A quote that the line leaves open is an ordinary character when the line is a whole row and the
    next line is one, too.
    """
    width = 0
    for line in lines:
        plain = line.removesuffix("\n")
        cells = plain.split("\t")
        width = width or len(cells)
        is_row = len(cells) == width
        if is_row and '"' in plain and _OPENED.search(plain):
            is_row = not lines.peek() or _has_width(lines.peek(), width)
        if is_row or '"' not in plain:
            yield [_unquoted(cell) for cell in cells] if plain else []
        else:
            yield _quoted_row(line, width, lines)


def _has_width(line: str, width: int) -> bool:
    return line.count("\t") == width - 1 and line != "\n"


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if _QUOTED.fullmatch(cell) else cell


def _quoted_row(line: str, width: int, lines: _Lines) -> list[str]:
    """Return the row that begins with `line` and holds a quoted cell with tabs or line ends.

    Raises:
        W2VError: the quote is not closed, or a line that it takes in is a whole row by itself.
    """
    first = lines.number

    def taken() -> Iterator[str]:
        yield line
        before = ""  # the line before, once the quote turned out to be open after it
        for more in lines:
            if width > 1 and _has_width(before, width):
                raise W2VError(
                    f"{lines.label}: a quote that is open in line {first} would take in line "
                    f"{lines.number - 1}, which is a row by itself.",
                    'Close the quote, write it twice inside quotes (""), or give a CSV file.',
                )
            before = more
            yield more

    hint = f"The row begins in line {first}. Are the quotes right, and has it {width} cells?"
    with _csv_errors(lines, hint):
        return next(csv.reader(taken(), delimiter="\t", strict=True))


def json_rows(chunks: Chunks, columns: Sequence[Column], label: str, errors: str) -> Iterator[Row]:
    """Yield the rows of a JSON file: one object a line, or an array of objects.

    Args:
        chunks: the decoded file, with LF as line end, and what has been read so far.
        columns: the keys to take.
        label: what errors call the file.
        errors: `replace` to replace halves of surrogate pairs, which JSON can spell; or `strict`.

    Raises:
        W2VError: a line is no object, or a value is no text; the message names the line.
    """
    lines = _Lines(chunks, label)
    keys: list[str] = []
    sound = _Soundness(errors)
    for row, spelled, where in _json_objects(lines):
        if not keys:
            names = list(row)
            keys = [names[place] for place in find_columns(names, columns, label)]
        _check_unique(keys, spelled, where)
        cells = tuple(
            sound.check(_json_cell(row.get(key), key, column, where), where)
            for key, column in zip(keys, columns, strict=True)
        )
        yield Row(cells, where, sound.counted(lines.read))


def json_text_keys(chunks: Chunks, label: str) -> list[str]:
    """Return the keys of the first object of a JSON file whose values are texts."""
    row = next((row for row, _, _ in _json_objects(_Lines(chunks, label))), {})
    return [key for key, value in row.items() if isinstance(value, str)]


def _json_objects(lines: _Lines) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield the objects of JSON lines or of one array, as they are spelled, and their places."""
    while lines.peek() and not lines.peek().strip():
        next(lines)
    if lines.peek().lstrip().startswith("["):
        yield from _json_array(lines)
        return
    for line in lines:
        if line.strip():
            where = f"{lines.label}, line {lines.number}"
            yield _json_object(line, where), line, where


def _json_array(lines: _Lines) -> Iterator[tuple[dict[str, Any], str, str]]:
    decoder = json.JSONDecoder()
    held, number, marks = "", 1, "["
    for line in lines:
        held += line
        while held := held.lstrip(" \t\r\n" + marks):
            where = f"{lines.label}, item {number}"
            if held[0] == "]" and "".join([held[1:], *lines]).strip() == "":
                return
            if held[0] != "{":
                raise W2VError(
                    f"{where} is no JSON object: {held[:60].strip()}", "Give an array of objects."
                )
            try:
                row, end = decoder.raw_decode(held)
            except (ValueError, RecursionError):
                if len(held) > _LONGEST_ITEM:
                    raise W2VError(f"{where} is not JSON.", "Is the file whole?") from None
                break  # it goes on in the next line
            yield row, held[:end], where
            held, number, marks = held[end:], number + 1, ","
    raise W2VError(f"{lines.label}, item {number} is not JSON.", "Is the file whole?")


def _json_object(line: str, where: str) -> dict[str, Any]:
    hint = "Write one object on each line."
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise W2VError(f"{where} is not JSON: {error}", hint) from None
    if not isinstance(row, dict):
        raise W2VError(f"{where} holds no JSON object: {line.strip()[:60]}", hint)
    return row


def _check_unique(keys: Sequence[str], line: str, where: str) -> None:
    """Raise W2VError when the object in `line` has one of `keys` twice: `json` keeps the last."""
    for key in keys:
        if line.count(f'"{key}"') < 2:
            continue
        pairs = json.loads(line, object_pairs_hook=lambda pairs: pairs)
        if sum(other == key for other, _ in pairs) > 1:
            raise W2VError(f"{where} has the key {key!r} twice.", "Take one of them out.")


def _json_cell(value: Any, key: str, column: Column, where: str) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if column.numbers and isinstance(value, (bool, int, float)):
        return str(value)
    if isinstance(value, list):
        return _tokens(value, f"{where}: {key!r}", column)
    raise W2VError(
        f"{where}: {key!r} is {json.dumps(value)[:60]}, not a text.",
        f"Name a key that holds texts with {column.option}.",
    )


def _tokens(values: list[Any], where: str, column: Column) -> str:
    """Return the tokens of a list with spaces between them.

    Raises:
        W2VError: an entry is no token: empty, null, nested, or with white space in it.
    """
    if not column.lists:
        raise W2VError(
            f"{where} is a list.",
            "Lists are read as tokens, as they are, with --standardize none (and --split "
            "whitespace); else name a column that holds texts.",
        )
    tokens = [str(value) if type(value) is int else value for value in values]
    for token in tokens:
        if not isinstance(token, str) or token.split() != [token]:
            raise W2VError(
                f"{where} holds {token!r}, which is no token.",
                "Tokens are texts without white space, or whole numbers; none may be empty.",
            )
    return " ".join(tokens)


class _Soundness:
    """Make sure that texts are proper Unicode without NUL, which JSON's escapes do not ensure.

    Args:
        errors: `replace` to replace halves of surrogate pairs and count them, or `strict`.
    """

    def __init__(self, errors: str) -> None:
        self._replace = errors == "replace"
        self._replaced = 0

    def check(self, text: str, where: str) -> str:
        if "\0" in text:
            raise W2VError(f"{where} holds a NUL character.", "Take it out of the data.")
        if text.isascii() or not SURROGATE.search(text):
            return text
        if not self._replace:
            raise W2VError(
                f"{where} holds half of a surrogate pair, which is no character.",
                "Repair the data, or go on with --encoding-errors replace.",
            )
        text, count = SURROGATE.subn("\ufffd", text)
        self._replaced += count
        return text

    def counted(self, read: Read) -> Read:
        """Return `read` with the places replaced here."""
        if not self._replaced:
            return read
        return replace(read, replaced=read.replaced + self._replaced)


def parquet_rows(path: Path, columns: Sequence[Column], errors: str) -> Iterator[Row]:
    """Yield the rows of a Parquet file.

    Args:
        path: of the file.
        columns: which cells to take.
        errors: as in `json_rows`.

    Raises:
        W2VError: the file is damaged, a column is missing, or holds no text.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = path.stat().st_size
    sound = _Soundness(errors)
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            places = find_columns(schema.names, columns, str(path))
            for place, column in zip(places, columns, strict=True):
                _check_type(schema.field(place), column, path)
            groups = [file.metadata.row_group(n) for n in range(file.metadata.num_row_groups)]
            check_bomb(str(path), sum(group.total_byte_size for group in groups), size)
            names = [schema.names[place] for place in places]
            number, rows = 0, file.metadata.num_rows
            for batch in file.iter_batches(batch_size=4096, columns=list(dict.fromkeys(names))):
                found = [batch.column(name).to_pylist() for name in names]
                if number + batch.num_rows > rows:
                    raise pa.ArrowInvalid(f"it holds more rows than it says ({rows}).")
                read = Read(int(size * (number + batch.num_rows) / rows))
                for values in zip(*found, strict=True):
                    number += 1
                    where = f"{path}, row {number}"
                    cells = tuple(
                        sound.check(_parquet_cell(value, column, where), where)
                        for value, column in zip(values, columns, strict=True)
                    )
                    yield Row(cells, where, sound.counted(read))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise W2VError(
            f"{path} cannot be read as Parquet: {reason}", "Is the file whole?"
        ) from None


def _parquet_cell(value: Any, column: Column, where: str) -> str:
    if isinstance(value, list):
        return _tokens(value, f"{where}: {column.name!r}", column)
    return "" if value is None else str(value)


def _check_type(field: Any, column: Column, path: Path) -> None:
    import pyarrow as pa

    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    fits: list[Callable[[Any], bool]] = [pa.types.is_string, pa.types.is_large_string]
    if column.numbers:
        fits += [pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        _tokens([], f"Column {field.name!r} of {path}", column)  # refuses lists if it must
        fits += [pa.types.is_integer]
        kind = kind.value_type
    if not any(fit(kind) for fit in fits):
        raise W2VError(
            f"Column {field.name!r} of {path} holds {field.type}, not text.",
            f"Name a column that holds texts with {column.option}.",
        )


def find_columns(header: Sequence[str], columns: Sequence[Column], label: str) -> list[int]:
    """Find the columns asked for in a table's header.

    Args:
        header: the names that the table has.
        columns: those to find.
        label: what errors call the table.

    Returns:
        the place of each of `columns` in `header`.

    Raises:
        W2VError: a column is not named, is not there (the nearest is offered), or is there twice.
    """
    listed = ", ".join(repr(name) for name in header[:20]) + (", …" if len(header) > 20 else "")
    for column in columns:
        name, what = column.name, column.option.removeprefix("--").removesuffix("-column")
        if name is None:
            raise W2VError(
                f"{label} is a table: which column holds the {what}?",
                f"Add {column.option} with one of: {listed}.",
            )
        if header.count(name) > 1:
            raise W2VError(
                f"{label} has {header.count(name)} columns named {name!r}.",
                "Rename all but one of them: which one is meant cannot be told.",
            )
        if name not in header:
            folded = {other.casefold(): other for other in header}
            near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
            offer = f"Did you mean {folded[near[0]]!r}? " if near else ""
            raise W2VError(
                f"{label} has no column {name!r}.", f"{offer}The columns there are: {listed}."
            )
    return [header.index(column.name) for column in columns if column.name is not None]
