"""Vectors of words that were never seen, from the n-gram rows that a training has left."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2vtrain.vectors.ngrams import Ngrams
from w2vtrain.vectors.search import blocks

_WORDS_AT_ONCE = 4096


@dataclass(frozen=True)
class Subwords:
    """A table of n-gram rows, and which n-gram has which row.

    Args:
        ngrams: the rule.
        vectors: float32 array, shape `(rows, dim)`; may be memory-mapped.
        buckets: int array, shape `(buckets,)`, ascending: those that have a row, where the others
            are left out (they are zeros); None if each bucket has the row of its number.
        places: int array, shape `(buckets,)`: the row of each; several may share one.
    """

    ngrams: Ngrams
    vectors: np.ndarray
    buckets: np.ndarray | None = None
    places: np.ndarray | None = None

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return int(self.vectors.shape[1])

    def rows_of(self, buckets: np.ndarray) -> np.ndarray:
        """Return the rows of some buckets, zeros for those without: float32, `(buckets, dim)`."""
        if self.buckets is None or self.places is None:
            return np.asarray(self.vectors[buckets])
        rows = np.zeros((len(buckets), self.dim), np.float32)
        found = self.has(buckets)
        places = self.places[np.searchsorted(self.buckets, buckets[found])]
        rows[found] = self.vectors[places]
        return rows

    def has(self, buckets: np.ndarray) -> np.ndarray:
        """Return whether each bucket has a row: bool array, shape `(buckets,)`."""
        if self.buckets is None:
            return np.ones(len(buckets), bool)
        near = np.minimum(np.searchsorted(self.buckets, buckets), len(self.buckets) - 1)
        return self.buckets[near] == buckets

    def sums(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the sum of each word's n-gram rows, and how many n-grams it has.

        Returns:
            float32 array, shape `(words, dim)`, and int64 array, shape `(words,)`; an n-gram that
            has no row adds zeros and is counted.
        """
        total = np.zeros((len(words), self.dim), np.float32)
        counts = np.zeros(len(words), np.int64)
        for part in blocks(len(words), _WORDS_AT_ONCE):
            rows, counts[part] = self.ngrams.rows(words[part])
            owner = np.repeat(np.arange(part.start, part.stop), counts[part])
            if len(rows):
                used, first = np.unique(owner, return_index=True)
                total[used] = np.add.reduceat(self.rows_of(rows), first, axis=0)
        return total, counts

    def vectors_of(self, words: Sequence[str]) -> np.ndarray:
        """Return the mean of the n-gram rows of each word: float32 array, shape `(words, dim)`.

        A word of which no n-gram has a row gets zeros.
        """
        total, counts = self.sums(words)
        return total / np.maximum(counts, 1, dtype=np.float32)[:, np.newaxis]

    def with_own_rows(self, words: Sequence[str], own: np.ndarray) -> np.ndarray:
        """Return the vectors of words that have a row of their own besides: the mean of all.

        Args:
            own: float32 array, shape `(words, dim)`.
        """
        total, counts = self.sums(words)
        return (total + own) / (counts + 1).astype(np.float32)[:, np.newaxis]

    def own_rows(self, words: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """Return the rows of their own that words with these vectors have: see `with_own_rows`."""
        total, counts = self.sums(words)
        return vectors * (counts + 1).astype(np.float32)[:, np.newaxis] - total
