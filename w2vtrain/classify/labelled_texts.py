"""Texts with a class each, from a folder a class or from two columns of a table."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.classify.settings import ClassifyConfig
from w2vtrain.errors import W2VError

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_PACKED = {".gz", ".bz2", ".xz", ".zip", ".zst"}
_TABLES = {".csv": ",", ".tsv": "\t", ".jsonl": "", ".ndjson": "", ".parquet": ""}


@dataclass(frozen=True)
class LabelledTexts:
    """Texts and their classes.

    Args:
        texts: without HTML tags, if these were to be stripped.
        labels: int32 array, shape `(texts,)`: places in `classes`.
        classes: names, in alphabetical order.
        empty: rows or files without a text, left out.
        tags: HTML tags replaced by spaces.
    """

    texts: list[str]
    labels: np.ndarray
    classes: tuple[str, ...]
    empty: int
    tags: int

    def __len__(self) -> int:
        return len(self.texts)


def read_labelled(source: str | Path, config: ClassifyConfig) -> LabelledTexts:
    """Returns the texts of a folder with a subfolder a class, or of a CSV, TSV, JSONL or Parquet.

    Args:
        source: a folder (each `CLASS/**/*.txt` is a text), or a table, packed or not.
        config: its columns and `strip_html` are used.
    Raises:
        W2VError: nothing to read, a class without a text, one class only, or a missing label.
    """
    path = Path(source)
    if not path.exists():
        raise W2VError(
            f"No such file or folder: {path}", "Give a table, or a folder with a folder a class."
        )
    texts, names = _from_folder(path) if path.is_dir() else _from_table(path, config)
    kept = [row for row, text in enumerate(texts) if text.strip()]
    tags = 0
    cleaned = []
    for row in kept:
        text, count = without_tags(texts[row]) if config.strip_html else (texts[row], 0)
        cleaned.append(text)
        tags += count
    classes = tuple(sorted({names[row] for row in kept}))
    _check_classes(classes, set(names), path)
    number = {name: place for place, name in enumerate(classes)}
    labels = np.array([number[names[row]] for row in kept], np.int32)
    return LabelledTexts(cleaned, labels, classes, len(texts) - len(kept), tags)


def without_tags(text: str) -> tuple[str, int]:
    """Returns `text` with HTML tags replaced by spaces, and how many there were."""
    return _TAG.subn(" ", text)


def _check_classes(classes: Sequence[str], named: set[str], path: Path) -> None:
    if missing := sorted(named - set(classes)):
        raise W2VError(
            f"Class {missing[0]!r} of {path} holds no text.",
            "Give it texts, or leave the class out.",
        )
    if len(classes) < 2:
        raise W2VError(
            f"{path} holds {'one class only: ' + repr(classes[0]) if classes else 'no text'}.",
            "A classifier needs texts of two classes or more.",
        )


def _from_folder(folder: Path) -> tuple[list[str], list[str]]:
    """Returns the texts below each subfolder, in the order of their paths, and its name."""
    texts, names = [], []
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not classes:
        raise W2VError(
            f"{folder} holds no folder.",
            "Give a folder with a folder a class: DATA/pos/1.txt, DATA/neg/2.txt.",
        )
    for place in classes:
        files = sorted(place.rglob("*.txt"))
        if not files:
            raise W2VError(
                f"The class folder {place} holds no .txt file.",
                "Fill it, or take it away.",
            )
        for file in files:
            try:
                texts.append(file.read_text(encoding="utf-8-sig"))
            except (OSError, UnicodeDecodeError) as error:
                raise W2VError(f"Cannot read {file}: {error}", "Texts must be UTF-8.") from None
            names.append(place.name)
    return texts, names


def _from_table(path: Path, config: ClassifyConfig) -> tuple[list[str], list[str]]:
    table = _table(path)
    text = table[_column(table.columns, config.text_column, "--text-column", path)]
    label = table[_column(table.columns, config.label_column, "--label-column", path)]
    texts = text.fillna("").astype(str)
    named = label.fillna("").astype(str).str.strip()
    wrong = np.flatnonzero((named == "") & (texts.str.strip() != ""))
    if len(wrong):
        raise W2VError(
            f"{path}: {len(wrong):,} of {len(table):,} texts have no label in column "
            f"{config.label_column!r}, the first in row {wrong[0] + 1:,}.",
            "Give every text a label, or take those rows out.",
        )
    kept = named != ""
    return texts[kept].tolist(), named[kept].tolist()


def _table(path: Path) -> Any:
    """Returns a table as a pandas DataFrame; cells of a CSV stay the texts that they are."""
    import pandas as pd

    packed = path.suffix.lower() in _PACKED
    kind = Path(path.stem).suffix.lower() if packed else path.suffix.lower()
    if kind not in _TABLES:
        raise W2VError(
            f"{path} is not a table that can be read.",
            "Give a folder, or a file that ends in .csv, .tsv, .jsonl or .parquet "
            "(.csv.gz and .csv.zip too).",
        )
    try:
        if kind == ".parquet":
            return pd.read_parquet(path)
        if kind in (".jsonl", ".ndjson"):
            return pd.read_json(path, lines=True, dtype=False)
        return pd.read_csv(
            path, sep=_TABLES[kind], dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except (ValueError, OSError, EOFError) as error:  # pandas' own errors are ValueErrors
        reason = " ".join(str(error).split())[:300]
        raise W2VError(f"{path} cannot be read as a table: {reason}", "Is it whole?") from None


def _column(columns: Sequence[str], name: str, flag: str, path: Path) -> str:
    if name in columns:
        return name
    near = difflib.get_close_matches(name, list(map(str, columns)), n=1)
    raise W2VError(
        f"{path} has no column {name!r}; its columns are {', '.join(map(str, columns))}.",
        f"Name one with {flag}" + (f", for example {flag} {near[0]}." if near else "."),
    )
