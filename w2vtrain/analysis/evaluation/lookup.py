"""Finding a test set's words in a vocabulary whose letter case may differ."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

UNKNOWN = -1


class Lookup:
    """Rows of words: the word as it is written, else its most frequent variant in another case.

    gensim upper-cases both sides instead and so always takes the first variant; on a vocabulary
    in one case the two rules find the same rows.

    Args:
        tokens: the vocabulary, most frequent first.
        limit: only the first `limit` tokens count as known; None for all.
    """

    def __init__(self, tokens: Sequence[str], limit: int | None = None) -> None:
        self.tokens = tokens[:limit]

    @cached_property
    def _exact(self) -> dict[str, int]:
        return {token: row for row, token in enumerate(self.tokens)}

    @cached_property
    def _folded(self) -> dict[str, int]:
        folded: dict[str, int] = {}
        for row, token in enumerate(self.tokens):
            folded.setdefault(token.casefold(), row)
        return folded

    @cached_property
    def group(self) -> np.ndarray:
        """int64 array, shape `(tokens,)`: for each row, the first row that differs only in case."""
        folded = self._folded
        return np.array([folded[token.casefold()] for token in self.tokens], dtype=np.int64)

    def row(self, word: str) -> int:
        """Returns the row of `word`, or `UNKNOWN`."""
        row = self._exact.get(word, UNKNOWN)
        return row if row != UNKNOWN else self._folded.get(word.casefold(), UNKNOWN)

    def rows(self, items: Iterable[Sequence[str]]) -> np.ndarray:
        """Returns the rows of the words of each item: int64 array, shape `(items, words)`."""
        return np.array([[self.row(word) for word in item] for item in items], dtype=np.int64)
