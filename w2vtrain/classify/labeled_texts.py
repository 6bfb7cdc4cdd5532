"""Labeled texts: read them, and divide them into training, validation and test parts.

A text in two parts is remembered, not understood: the accuracy on it says nothing about new texts.
Film reviews are posted twice and headlines are syndicated, so identical texts go to one part.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.classify.settings import ClassifyConfig
from w2vtrain.corpus.documents import read_table
from w2vtrain.corpus.tables import Column
from w2vtrain.errors import W2VError
from w2vtrain.run.files import translated_read_errors

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


@dataclass(frozen=True)
class LabeledTexts:
    """Texts and their classes.

    Args:
        texts: without HTML tags, if these were to be removed.
        labels: int32 array, shape `(texts,)`: indices into `classes`.
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


def read_labeled(source: str | Path, config: ClassifyConfig) -> LabeledTexts:
    """Read a folder with a subfolder for each class, or a CSV, TSV, JSONL or Parquet table.

    Args:
        source: a folder (each `CLASS/**/*.txt` is a text), or a table, compressed or not.
        config: its columns and `strip_html` are used.

    Raises:
        W2VError: nothing to read, a class without a text, one class only, or a missing label.
    """
    path = Path(source)
    if not path.exists():
        raise W2VError(
            f"No such file or folder: {path}", "Give a table, or a folder with a folder a class."
        )
    texts, names = _read_folder(path) if path.is_dir() else _read_table(path, config)
    kept = [row for row, text in enumerate(texts) if text.strip()]
    cleaned = [remove_tags(texts[row]) if config.strip_html else (texts[row], 0) for row in kept]
    classes = tuple(sorted({names[row] for row in kept}))
    _check_classes(classes, set(names), path)
    index = {name: number for number, name in enumerate(classes)}
    return LabeledTexts(
        texts=[text for text, _ in cleaned],
        labels=np.array([index[names[row]] for row in kept], np.int32),
        classes=classes,
        empty=len(texts) - len(kept),
        tags=sum(count for _, count in cleaned),
    )


def remove_tags(text: str) -> tuple[str, int]:
    """Replace the HTML tags in `text` by spaces; return it and the number of tags."""
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


def _read_folder(folder: Path) -> tuple[list[str], list[str]]:
    """Return the texts below each subfolder, in the order of their paths, and its name for each."""
    texts, names = [], []
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not classes:
        raise W2VError(
            f"{folder} holds no folder.",
            "Give a folder with a folder a class: DATA/pos/1.txt, DATA/neg/2.txt.",
        )
    for subfolder in classes:
        files = sorted(subfolder.rglob("*.txt"))
        if not files:
            raise W2VError(
                f"The class folder {subfolder} holds no .txt file.", "Fill it, or take it away."
            )
        for file in files:
            with translated_read_errors(file, "Texts must be UTF-8."):
                texts.append(file.read_text(encoding="utf-8-sig"))
            names.append(subfolder.name)
    return texts, names


def _read_table(path: Path, config: ClassifyConfig) -> tuple[list[str], list[str]]:
    """Return the texts and labels of the rows that have a label; the others have no text."""
    texts, names = [], []
    columns = [
        Column(config.text_column, "--text-column", numbers=True),
        Column(config.label_column, "--label-column", numbers=True),
    ]
    for row in read_table(path, columns):
        text, label = row.cells[0], row.cells[1].strip()
        if label:
            texts.append(text)
            names.append(label)
        elif text.strip():
            raise W2VError(
                f"{row.place}: this text has no label in column {config.label_column!r}.",
                "Give every text a label, or take those rows out.",
            )
    return texts, names


@dataclass(frozen=True)
class Split:
    """The indices of the texts of each part.

    Args:
        train, validation, test: int64 arrays of indices; no index is in two of them.
        repeated: texts that are identical to an earlier one.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    repeated: int


def split_texts(
    texts: Sequence[str],
    labels: np.ndarray,
    classes: Sequence[str],
    validation_share: float,
    test_share: float,
    seed: int,
) -> Split:
    """Split at random, with about the same share of each class in every part.

    Texts that differ in white space or case only count as identical, and go to one part together.

    Args:
        texts: shape `(texts,)`.
        labels: int array, shape `(texts,)`: indices into `classes`.
        classes: names, for messages.
        validation_share, test_share: of the different texts of each class.
        seed: of the random order.

    Raises:
        W2VError: a class has fewer than three different texts.
    """
    group_of, first = _groups(texts)
    generator = np.random.default_rng([seed, 0])
    part_of_group = np.zeros(len(first), np.int8)  # 0 train, 1 validation, 2 test
    for number, name in enumerate(classes):
        groups = np.flatnonzero(labels[first] == number)
        if len(groups) < 3:
            raise W2VError(
                f"Class {name!r} has {len(groups)} different text{'s' * (len(groups) != 1)}: one "
                "each is needed to train, to validate and to test.",
                "Give more texts of this class.",
            )
        generator.shuffle(groups)
        test = min(max(1, round(test_share * len(groups))), len(groups) - 2)
        validation = min(max(1, round(validation_share * len(groups))), len(groups) - test - 1)
        part_of_group[groups[:test]] = 2
        part_of_group[groups[test : test + validation]] = 1
    parts = part_of_group[group_of]
    train, validated, tested = (np.flatnonzero(parts == part) for part in range(3))
    return Split(train, validated, tested, len(texts) - len(first))


def shorten(
    train: np.ndarray, labels: np.ndarray, classes: Sequence[str], size: int, seed: int
) -> np.ndarray:
    """Choose `size` of the training texts, each class by its share; return sorted indices.

    A larger size holds all texts of a smaller one, so that a learning curve adds texts only.

    Raises:
        W2VError: there are fewer, or a class would have none.
    """
    if size > len(train):
        raise W2VError(
            f"--train-size is {size:,}, but the training part holds {len(train):,} texts.",
            "Give a smaller number, or leave it out.",
        )
    generator = np.random.default_rng([seed, 1])
    rank = np.empty(len(train))
    for number, name in enumerate(classes):
        own = np.flatnonzero(labels[train] == number)
        if len(own) * size < len(train):
            raise W2VError(
                f"--train-size {size:,} leaves no text of class {name!r}.", "Give a larger number."
            )
        # The k-th of n texts of a class has the rank (k + 0.5) / n in the common order.
        rank[generator.permutation(own)] = (np.arange(len(own)) + 0.5) / len(own)
    return np.sort(train[np.argsort(rank, kind="stable")[:size]])


def _groups(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of each text's group of identical texts, and each group's first text."""
    numbers: dict[str, int] = {}
    first: list[int] = []
    group_of = np.empty(len(texts), np.int64)
    for index, text in enumerate(texts):
        key = " ".join(text.split()).casefold()
        if key not in numbers:
            numbers[key] = len(first)
            first.append(index)
        group_of[index] = numbers[key]
    return group_of, np.array(first, np.int64)
