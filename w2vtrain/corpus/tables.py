"""The texts in one column of a table: CSV, TSV, JSON lines, Parquet.

A row without a text (an empty cell, a null, a key that is not there) gives an empty text.
"""

import csv
import difflib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.byte_streams import ByteStream, InputFacts, check_bomb
from w2vtrain.corpus.decoding import decoded
from w2vtrain.errors import W2VError

_LONGEST_CELL = 1 << 28  # characters; an unclosed quote would else swallow the rest of the file
_SURROGATE = re.compile("[\ud800-\udfff]")


def delimited_texts(
    stream: ByteStream, facts: InputFacts, config: PrepareConfig, delimiter: str
) -> Iterator[str]:
    """Yields the texts of a CSV or TSV file whose first row names the columns.

    Args:
        stream: the file's bytes.
        facts: replaced bytes are counted into it.
        config: encoding and text column are used.
        delimiter: between two cells.
    """
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        rows = csv.reader(_lines(stream, facts, config), delimiter=delimiter, strict=True)
        header = next(rows, None)
        if header is None:
            raise W2VError(f"{stream.label} is empty.", "Give a table with a row of column names.")
        column = header.index(_column(header, config.text_column, stream.label))
        for row in rows:
            if not row:
                continue
            if len(row) > len(header):
                raise W2VError(
                    f"{stream.label}, line {rows.line_num}: {len(row)} cells, but the header "
                    f"names {len(header)} columns.",
                    "Put quotes around texts that hold the delimiter.",
                )
            yield row[column] if column < len(row) else ""
    except csv.Error as error:
        raise W2VError(
            f"{stream.label}, line {rows.line_num}: {error}.",
            'Are the quotes right? A quote inside a quoted text is written twice: "".',
        ) from None
    finally:
        csv.field_size_limit(limit)


def json_line_texts(stream: ByteStream, facts: InputFacts, config: PrepareConfig) -> Iterator[str]:
    """Yields the texts under one key of JSON objects, one object a line.

    Args:
        stream: the file's bytes.
        facts: replaced bytes are counted into it.
        config: encoding and text column are used.
    """
    key: str | None = None
    for number, line in enumerate(_lines(stream, facts, config), start=1):
        if not line.strip():
            continue
        where = f"{stream.label}, line {number}"
        row = _json_object(line, where)
        if key is None:
            key = _column(list(row), config.text_column, stream.label)
        value = row.get(key)
        if value is not None and not isinstance(value, str):
            raise W2VError(
                f"{where}: {key!r} is {json.dumps(value)[:60]}, not a text.",
                "Name a key that holds texts with --text-column.",
            )
        yield _sound(value or "", where, facts, config)


def parquet_texts(path: Path, facts: InputFacts, config: PrepareConfig) -> Iterator[str]:
    """Yields the texts in one column of a Parquet file.

    Args:
        path: of the file.
        facts: the bytes read, as estimated, and replaced characters are counted into it.
        config: the text column is used.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = path.stat().st_size
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            name = _column(schema.names, config.text_column, str(path))
            _check_type(schema.field(name).type, name, path)
            groups = [file.metadata.row_group(n) for n in range(file.metadata.num_row_groups)]
            check_bomb(str(path), sum(group.total_byte_size for group in groups), size)
            rows = 0
            for batch in file.iter_batches(batch_size=4096, columns=[name]):
                for row, value in enumerate(batch.column(0).to_pylist(), start=rows + 1):
                    where = f"{path}, row {row}"
                    yield _sound(value or "", where, facts, config)
                rows += batch.num_rows
                facts.size = int(size * rows / file.metadata.num_rows)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise W2VError(
            f"{path} cannot be read as Parquet: {reason}", "Is the file whole?"
        ) from None


def _check_type(kind: Any, name: str, path: Path) -> None:
    import pyarrow as pa

    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_string(plain) or pa.types.is_large_string(plain)):
        raise W2VError(
            f"Column {name!r} of {path} holds {kind}, not text.",
            "Name a column that holds texts with --text-column.",
        )


def _lines(stream: ByteStream, facts: InputFacts, config: PrepareConfig) -> Iterator[str]:
    """Yields lines with their LF; of a table `facts` counts rows, not lines."""
    of_decoder = InputFacts(facts.path)
    chunks = decoded(stream, of_decoder, config.encoding, config.encoding_errors)
    try:
        yield from _split_lines(chunks)
    finally:
        facts.replaced += of_decoder.replaced


def _split_lines(chunks: Iterable[str]) -> Iterator[str]:
    held: list[str] = []  # a line may be longer than many chunks
    for chunk in chunks:
        *whole, rest = chunk.split("\n")
        for line in whole:
            yield "".join([*held, line, "\n"])
            held = []
        held.append(rest)
    if any(held):
        yield "".join(held)


def _column(columns: Sequence[str], wanted: str | None, label: str) -> str:
    listed = ", ".join(repr(name) for name in columns[:20]) + (", …" if len(columns) > 20 else "")
    if wanted is None:
        raise W2VError(
            f"{label} is a table: which column holds the text?",
            f"Add --text-column with one of: {listed}.",
        )
    if wanted in columns:
        return wanted
    folded = {name.casefold(): name for name in columns}
    near = difflib.get_close_matches(wanted.casefold(), folded, n=1, cutoff=0.5)
    offer = f"Did you mean {folded[near[0]]!r}? " if near else ""
    raise W2VError(f"{label} has no column {wanted!r}.", f"{offer}The columns there are: {listed}.")


def _json_object(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise W2VError(f"{where} is not JSON: {error}", "Write one object on each line.") from None
    if not isinstance(row, dict):
        raise W2VError(
            f"{where} holds no JSON object: {line.strip()[:60]}", "Write one object on each line."
        )
    return row


def _sound(text: str, where: str, facts: InputFacts, config: PrepareConfig) -> str:
    """Returns `text` when it is proper Unicode without NUL, which JSON's escapes do not ensure."""
    if "\0" in text:
        raise W2VError(f"{where} holds a NUL character.", "Take it out of the data.")
    if text.isascii() or not _SURROGATE.search(text):
        return text
    if config.encoding_errors == "replace":
        text, count = _SURROGATE.subn("\ufffd", text)
        facts.replaced += count
        return text
    raise W2VError(
        f"{where} holds half of a surrogate pair, which is no character.",
        "Repair the data, or go on with --encoding-errors replace.",
    )
