"""Classify the texts of a file, and write the file back with what was predicted."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2vtrain.classify.prediction import Classifier, Prediction
from w2vtrain.corpus.documents import read_lines, read_table, table_header
from w2vtrain.corpus.sources import ARCHIVES, JSON, TABLES, kind_of
from w2vtrain.corpus.tables import DELIMITERS, JSON_LINES, Column
from w2vtrain.errors import W2VError
from w2vtrain.run.files import atomic_write, translated_os_errors

ADDED = ("predicted_class", "predicted_probability", "known_tokens", "read_tokens")
TEXT = "text"  # the column of a text file's lines


@dataclass(frozen=True)
class FilePrediction:
    """What was written.

    Args:
        output: the file.
        rows: in it.
        empty: rows without a text, which have no prediction.
        classes: texts predicted to be of each class, in the classifier's order.
    """

    output: str
    rows: int
    empty: int
    classes: dict[str, int]


def file_texts(path: Path, text_column: str | None, classifier: Classifier) -> list[str]:
    """Read the texts of a table, or the lines of a text file.

    Args:
        path: CSV, TSV, JSON or Parquet; any other file is a text a line.
        text_column: of a table; None for the column that the classifier was trained on.
        classifier: names that column.

    Raises:
        W2VError: the file cannot be read, or has no such column.
    """
    if kind_of(str(path)) in TABLES | {JSON}:
        column = Column(text_column or classifier.config.text_column, numbers=True)
        return [row.cells[0] for row in read_table(path, [column])]
    if text_column is not None:
        raise W2VError(
            f"{path} is no table: --text-column does not apply.",
            "Leave it out; each line of a text file is a text.",
        )
    return read_lines(path)


def predict_file(
    classifier: Classifier, path: Path, output: Path, text_column: str | None = None
) -> FilePrediction:
    """Classify the texts of a file and write it, with four columns more, to another file.

    The columns are `predicted_class`, `predicted_probability`, `known_tokens` and `read_tokens`;
    they are empty in a row without a text. The others stay as they are.

    Args:
        classifier: what predicts.
        path: the table or text file.
        output: the file to write: of the same kind as a table, JSON lines for JSON; any kind of
            table for a text file.
        text_column: as in `file_texts`.

    Raises:
        W2VError: the file cannot be read, has one of the added columns already, or cannot be
            written as what `output` says.
    """
    given, wanted = kind_of(str(path)), output.suffix.lower()
    _check_output(path, output, given, wanted)
    texts = file_texts(path, text_column, classifier)
    found = iter(classifier.predict([text for text in texts if text.strip()]))
    predictions = [next(found) if text.strip() else None for text in texts]
    content = _content(path, given, wanted, texts, predictions)
    with translated_os_errors(output):
        atomic_write(output, content)
    counts = Counter(prediction.label for prediction in predictions if prediction)
    return FilePrediction(
        output=str(output),
        rows=len(texts),
        empty=predictions.count(None),
        classes={name: counts[name] for name in classifier.classes},
    )


def _check_output(path: Path, output: Path, given: str, wanted: str) -> None:
    if given in ARCHIVES:
        raise W2VError(f"{path} is an archive.", "Unpack it, and give the file that was in it.")
    if given == JSON and wanted not in JSON_LINES:
        raise W2VError(
            f"{path} is JSON, but {output} does not end in .jsonl.",
            "Give an output file that ends in .jsonl: an object a line.",
        )
    if given in TABLES and wanted != given:
        raise W2VError(
            f"{path} is a {given} table, but {output} does not end in {given}.",
            f"Give an output file that ends in {given}.",
        )
    if wanted not in TABLES:
        raise W2VError(
            f"{output} is no table, which the predictions need.",
            f"Give a file that ends in {', '.join(sorted(TABLES))}.",
        )
    if output.exists() and path.exists() and output.samefile(path):
        raise W2VError(f"{output} is the input itself.", "Give another output file.")


def _content(
    path: Path,
    given: str,
    wanted: str,
    texts: Sequence[str],
    predictions: Sequence[Prediction | None],
) -> bytes:
    """Return the new file: the columns of the old one, and those of the predictions."""
    added = [_values(prediction) for prediction in predictions]
    if wanted in DELIMITERS:
        header = table_header(path) if given in TABLES else [TEXT]
        _check_free(header, path)
        rows: Iterable[Sequence[Any]]
        if given in TABLES:
            columns = [Column(name, "--text-column") for name in header]
            rows = (row.cells for row in read_table(path, columns))
        else:
            rows = ((text,) for text in texts)
        return _delimited(header, rows, added, DELIMITERS[wanted])
    if wanted in JSON_LINES:
        is_table = given in TABLES | {JSON}
        objects = _objects(path) if is_table else [{TEXT: text} for text in texts]
        _check_free([key for old in objects for key in old], path)
        return "".join(
            json.dumps({**old, **dict(zip(ADDED, new, strict=True))}, ensure_ascii=False) + "\n"
            for old, new in zip(objects, added, strict=True)
        ).encode()
    return _parquet(path, given, texts, added)


def _values(prediction: Prediction | None) -> tuple[Any, ...]:
    if prediction is None:
        return (None,) * len(ADDED)
    probability = round(prediction.probabilities[prediction.label], 6)
    return prediction.label, probability, prediction.known, prediction.tokens


def _check_free(columns: Sequence[str], path: Path) -> None:
    if taken := [name for name in ADDED if name in columns]:
        raise W2VError(
            f"{path} has a column {taken[0]!r} already.", "Rename it, or take it out of the table."
        )


def _delimited(
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    added: Sequence[Sequence[Any]],
    delimiter: str,
) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    writer.writerow([*header, *ADDED])
    for old, new in zip(rows, added, strict=True):
        writer.writerow([*old, *new])
    return file.getvalue().encode()


def _objects(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON file, an array or an object a line; its texts were read."""
    lines = [line for line in read_lines(path) if line.strip()]
    if lines and lines[0].lstrip().startswith("["):
        return json.loads("\n".join(lines))
    return [json.loads(line) for line in lines]


def _parquet(path: Path, given: str, texts: Sequence[str], added: Sequence[Sequence[Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path) if given in TABLES else pa.table({TEXT: pa.array(texts)})
    _check_free(table.column_names, path)
    types = (pa.string(), pa.float64(), pa.int64(), pa.int64())
    columns = list(zip(*added, strict=True)) or [()] * len(ADDED)
    for name, values, kind in zip(ADDED, columns, types, strict=True):
        table = table.append_column(name, pa.array(values, kind))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())
