"""The prepared corpus as one long array of token ids, and the windows around a word in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from w2vtrain.corpus.vocabulary import PADDING_ID, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_corpus_manifest

BLOCK = 2**20  # tokens held at once


@dataclass(frozen=True)
class TokenStream:
    """Token ids in text order, cut into units that no window crosses.

    Args:
        ids: int32 array, shape `(tokens,)`; may be memory-mapped.
        boundaries: int64 array, shape `(units + 1,)`: where units start, and where the last ends.
        vocabulary: an id's token and count.
        root: the run's path, for messages.
    """

    ids: np.ndarray
    boundaries: np.ndarray
    vocabulary: Vocabulary
    root: str

    @classmethod
    def load(cls, run: RunDirectory) -> "TokenStream":
        """Returns the corpus of a run, memory-mapped.

        Raises:
            W2VError: the run holds no prepared corpus, or a file of it is missing or damaged.
        """
        read_corpus_manifest(run)
        ids = np.load(run.token_ids, mmap_mode="r")
        boundaries = np.load(run.boundaries)
        return cls(ids, boundaries, Vocabulary.load(run.corpus_vocabulary), str(run.root))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {t: i for i, t in enumerate(self.vocabulary.tokens) if i != PADDING_ID}

    def id_of(self, token: str) -> int:
        """Returns the id of a token.

        Raises:
            W2VError: the token is not in the corpus' vocabulary.
        """
        if token not in self._ids:
            raise W2VError(
                f"{token!r} is not in the vocabulary of {self.root}.",
                f"`w2v why-not {self.root} {token}` says where it was lost.",
            )
        return self._ids[token]

    def occurrences(self, token_id: int) -> np.ndarray:
        """Returns the places of a token in `ids`: int64 array, ascending."""
        found = [
            np.flatnonzero(self.ids[start : start + BLOCK] == token_id) + start
            for start in range(0, len(self.ids), BLOCK)
        ]
        return np.concatenate(found) if found else np.empty(0, dtype=np.int64)

    def unit_of(self, places: np.ndarray) -> np.ndarray:
        """Returns the unit that each place lies in: int64 array, the shape of `places`."""
        return np.searchsorted(self.boundaries, places, side="right") - 1

    def windows(
        self, places: np.ndarray, window_size: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yields the pairs of a place and a context place, an offset of a block at a time.

        Args:
            places: int64 array, ascending.
            window_size: tokens of context on each side.
        Yields:
            places, context places and context ids: arrays of one shape.
        """
        for start in range(0, len(places), BLOCK):
            block = places[start : start + BLOCK]
            unit = self.unit_of(block)
            low, high = self.boundaries[unit], self.boundaries[unit + 1]
            for offset in [*range(-window_size, 0), *range(1, window_size + 1)]:
                inside = (block + offset >= low) & (block + offset < high)
                contexts = block[inside] + offset
                yield block[inside], contexts, self.ids[contexts]

    def pair_counts(self, window_size: int) -> np.ndarray:
        """Returns in how many (token, context) pairs each token stands: int64 array, `(ids,)`.

        A token with `l` tokens of its unit before it and `r` after it stands in
        `min(l, window_size) + min(r, window_size)` pairs.
        """
        counts = np.zeros(len(self.vocabulary), dtype=np.float64)
        for start in range(0, len(self.ids), BLOCK):
            stop = min(start + BLOCK, len(self.ids))
            place = np.arange(start, stop)
            first, last = self.unit_of(np.array([start, stop - 1]))
            edges = self.boundaries[first : last + 2]
            lengths = np.diff(np.clip(edges, start, stop))  # of each unit within the block
            before = place - np.repeat(edges[:-1], lengths)
            after = np.repeat(edges[1:], lengths) - 1 - place
            pairs = np.minimum(before, window_size) + np.minimum(after, window_size)
            counts += np.bincount(self.ids[start:stop], weights=pairs, minlength=len(counts))
        return counts.astype(np.int64)
