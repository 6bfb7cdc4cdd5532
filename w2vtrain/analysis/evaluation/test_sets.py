"""Test sets: word pairs scored by people, analogy questions, and their words in a vocabulary.

The files come in many layouts. What can be recognized is read; what cannot is refused with its
line, for a line dropped in silence would change the figures.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from w2vtrain.errors import W2VError

_COMMENTS = ("#", "//")
_SEPARATORS = ("\t", ";", ",", None)  # None: any run of spaces
UNKNOWN = -1  # the row of a word that a vocabulary lacks
Question = tuple[str, str, str, str]


@dataclass(frozen=True)
class SimilaritySet:
    """Pairs of words with the similarity that people gave them.

    Args:
        name: the file's name.
        pairs: the two words of each item.
        scores: float64 array, shape `(items,)`; only their order and spacing matter.
    """

    name: str
    pairs: tuple[tuple[str, str], ...]
    scores: np.ndarray

    @classmethod
    def read(cls, path: str | Path) -> "SimilaritySet":
        """Read word pairs from a text file: two words and a score a line.

        Columns may be set apart by tabs, semicolons, commas or spaces; a header line, comment
        lines (`#`, `//`), a byte-order mark, CRLF and further columns are allowed. The score is the
        first column after the two words that holds a number in the first row of data.

        Raises:
            W2VError: the file cannot be read, or a line is not two words and a number.
        """
        path = Path(path)
        lines = list(_lines(path))
        if not lines:
            raise W2VError(f"{path} holds no word pairs.", "Each line: word, word, score.")
        separator, column, start = _layout(path, lines)
        pairs: list[tuple[str, str]] = []
        scores: list[float] = []
        for number, line in lines[start:]:
            cells = _cells(line, separator)
            score = _number(cells[column]) if len(cells) > column else None
            if score is None or not cells[0] or not cells[1]:
                raise W2VError(
                    f"{path}, line {number}: not two words and a score: {line[:80]!r}",
                    f"The score is in column {column + 1} of the lines before; "
                    "correct the line, or start it with # to leave it out.",
                )
            pairs.append((cells[0], cells[1]))
            scores.append(score)
        return cls(path.name, tuple(pairs), np.array(scores))


@dataclass(frozen=True)
class Section:
    """Questions of one kind: `a` is to `b` as `c` is to what?, with the answer."""

    name: str
    questions: tuple[Question, ...]

    @property
    def syntactic(self) -> bool:
        """Whether Google's rule counts it as syntactic: its name starts with `gram`."""
        return self.name.startswith("gram")


@dataclass(frozen=True)
class AnalogySet:
    """Analogy questions in sections, as in Google's `questions-words.txt`."""

    name: str
    sections: tuple[Section, ...]

    @classmethod
    def read(cls, path: str | Path) -> "AnalogySet":
        """Read questions from a text file: four words a line under `: section` lines.

        Comment lines (`#`, `//`), a byte-order mark and CRLF are allowed; questions before the
        first section line make a section named after the file.

        Raises:
            W2VError: the file cannot be read, or a line is not four words.
        """
        path = Path(path)
        sections: dict[str, list[Question]] = {}
        current = path.stem
        for number, line in _lines(path):
            if line.startswith(":"):
                current = line[1:].strip() or current
                continue
            words = line.split()
            if len(words) != 4:
                raise W2VError(
                    f"{path}, line {number}: {len(words)} words, not four: {line[:80]!r}",
                    "Each line: a b c d, for `a is to b as c is to d`; sections as `: name`.",
                )
            sections.setdefault(current, []).append((words[0], words[1], words[2], words[3]))
        if not sections:
            raise W2VError(f"{path} holds no questions.", "Each line: four words.")
        return cls(path.name, tuple(Section(name, tuple(q)) for name, q in sections.items()))


class WordLookup:
    """Rows of words: the word as it is written, else its most frequent variant in another case.

    gensim upper-cases both sides instead and so always takes the first variant; on a vocabulary
    in one case the two rules find the same rows.

    Args:
        tokens: the vocabulary, most frequent first.
        limit: only the first `limit` tokens count as known; None for all.
    """

    def __init__(self, tokens: Sequence[str], limit: int | None = None) -> None:
        self._tokens = tokens[:limit]
        self._exact = {token: row for row, token in enumerate(self._tokens)}

    @cached_property
    def _folded(self) -> dict[str, int]:
        folded: dict[str, int] = {}
        for row, token in enumerate(self._tokens):
            folded.setdefault(token.casefold(), row)
        return folded

    @cached_property
    def in_lower_case(self) -> bool:
        """Whether no token has a capital letter."""
        return all(token == token.lower() for token in self._tokens)

    @cached_property
    def case_groups(self) -> np.ndarray:
        """int64 array, shape `(tokens,)`: for each row, the first row that differs only in case."""
        folded = self._folded
        return np.array([folded[token.casefold()] for token in self._tokens], dtype=np.int64)

    def row(self, word: str) -> int:
        """Return the row of `word`, or `UNKNOWN`."""
        row = self._exact.get(word, UNKNOWN)
        return row if row != UNKNOWN else self._folded.get(word.casefold(), UNKNOWN)

    def rows(self, items: Iterable[Sequence[str]]) -> np.ndarray:
        """Return the rows of the words of each item: int64 array, shape `(items, words)`."""
        return np.array([[self.row(word) for word in item] for item in items], dtype=np.int64)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that hold data, stripped, with their numbers from 1."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise W2VError(f"No such file: {path}", "Give the path of a test set.") from None
    except UnicodeDecodeError as error:
        raise W2VError(
            f"{path} is not UTF-8 text (byte {error.start:,}).", "Save it as UTF-8."
        ) from None
    except OSError as error:
        raise W2VError(f"Cannot read {path}: {error.strerror}.") from None
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line.strip() and not line.lstrip().startswith(_COMMENTS):
            yield number, line.strip()


def _layout(path: Path, lines: list[tuple[int, str]]) -> tuple[str | None, int, int]:
    """Return the separator, the score's column, and how many header lines come first."""
    for start, (_, line) in enumerate(lines[:2]):
        for separator in _SEPARATORS:
            cells = _cells(line, separator)
            for column, cell in enumerate(cells[2:], start=2):
                if _number(cell) is not None:
                    return separator, column, start
    number, line = lines[0]
    raise W2VError(
        f"{path}, line {number}: no score after two words: {line[:80]!r}",
        "Each line: word, word, score; set apart by tabs, semicolons, commas or spaces.",
    )


def _cells(line: str, separator: str | None) -> list[str]:
    if separator in (",", ";"):
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
    return [cell.strip() for cell in line.split(separator)]


def _number(cell: str) -> float | None:
    """Return the finite number in a cell, with a decimal point or comma, or None."""
    try:
        value = float(cell.replace(",", ".", 1))
    except ValueError:
        return None
    return value if np.isfinite(value) else None
