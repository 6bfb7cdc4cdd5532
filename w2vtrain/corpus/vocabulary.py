"""Tokens with their counts and ids, as a file.

Id 0 is padding, id 1 is that of every word left out, and the words follow from id 2 by falling
count; equal counts are ordered by the token's code points, so the same text gives the same ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.run.files import translated_read_errors

PADDING_ID = 0
OOV_ID = 1
FIRST_WORD_ID = 2
PADDING_TOKEN = ""
LEFT_OUT = "left_out.tsv"  # of a corpus: the words that are not in its vocabulary
OOV_TOKEN = "[UNK]"  # Keras' own name for it in TextVectorization

# One line is one token: what would break the line is written as an escape.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_UNESCAPES = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}


@dataclass(frozen=True)
class Vocabulary:
    """Tokens with their counts; a token's row is its place in both.

    Args:
        tokens: distinct texts.
        counts: int64 array, shape `(tokens,)`: occurrences in the corpus.
    """

    tokens: tuple[str, ...]
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each token."""
        return {token: row for row, token in enumerate(self.tokens)}

    def save(self, path: Path) -> None:
        """Write one `token TAB count` line a row; backslash, tab and line ends are escaped."""
        lines = (
            f"{escaped(token)}\t{count}\n"
            for token, count in zip(self.tokens, self.counts.tolist(), strict=True)
        )
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Load the vocabulary that `save` wrote.

        Raises:
            W2VError: the file cannot be read, or a line is not `token TAB count`.
        """
        with translated_read_errors(path, "Is this a run's vocabulary?"):
            lines = path.read_bytes().decode("utf-8").split("\n")
        tokens: list[str] = []
        counts: list[int] = []
        for number, line in enumerate(lines[:-1], start=1):
            token, tab, count = line.partition("\t")
            if not tab or not count.isascii() or not count.isdigit():
                raise W2VError(f"{path}, line {number}: not `token TAB count`: {line[:80]!r}")
            tokens.append(unescaped(token))
            counts.append(int(count))
        return cls(tuple(tokens), np.array(counts, dtype=np.int64))


def escaped(token: str) -> str:
    """Escape what would break a line or a column; `unescaped` gives the token back."""
    return token.translate(_ESCAPES)


def unescaped(text: str) -> str:
    """Return the token that `escaped` wrote."""
    if "\\" not in text:
        return text
    parts: Sequence[str] = text.split("\\\\")
    for escape, character in list(_UNESCAPES.items())[1:]:
        parts = [part.replace(escape, character) for part in parts]
    return "\\".join(parts)
