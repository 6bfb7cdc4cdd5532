"""How far each word's use differs between two trainings: two scores, both 0 for no difference."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from w2vtrain.analysis.alignment import aligned_cosines
from w2vtrain.analysis.neighborhoods.shared_words import SharedWords, share_words
from w2vtrain.vectors import search
from w2vtrain.vectors.embeddings import Embeddings

ChangeMethod = Literal["procrustes", "neighbors"]
NEIGHBORS = 1000  # of Gonen et al.
_ROWS = 512  # words whose neighbors are compared at once


@dataclass(frozen=True)
class ScoredWords:
    """The words that both trainings know well enough, and their scores.

    Args:
        shared: the words and their vectors in both.
        counts: int64 array, shape `(2, words)`: their counts in each.
        scores: float64 array, shape `(words,)`.
    """

    shared: SharedWords
    counts: np.ndarray
    scores: np.ndarray

    @property
    def evidence(self) -> np.ndarray:
        """Harmonic mean of the two counts, which the rarer side dominates: float64, `(words,)`."""
        return 2 / (1 / self.counts).sum(axis=0)


def score_words(a: Embeddings, b: Embeddings, method: ChangeMethod, min_count: int) -> ScoredWords:
    """Score every word that both trainings have seen often enough.

    Args:
        a, b: vectors with counts.
        method: `procrustes`: 1 - cosine after alignment on all of these words (Hamilton,
            Leskovec and Jurafsky, ACL 2016); `neighbors`: share of the 1,000 nearest of these words
            (at most a tenth of them) that are not the same (Gonen et al., Simple, Interpretable and
            Stable Method for Detecting Words with Usage Change, ACL 2020), which needs no
            alignment.
        min_count: a word's smallest count.
    """
    shared = share_words([a, b], min_count)
    counts = [one.counts[one.rows(shared.tokens)] for one in (a, b) if one.counts is not None]
    one, other = shared.sets
    if method == "procrustes":
        scores = 1 - aligned_cosines(one.vectors, other.vectors)
    else:
        scores = 1 - neighborhood_overlap(one, other, min(NEIGHBORS, max(1, len(shared) // 10)))
    return ScoredWords(shared, np.array(counts), scores)


def neighborhood_overlap(one: Embeddings, other: Embeddings, k: int) -> np.ndarray:
    """Return the share of each word's `k` nearest words that are the same in two sets of vectors.

    Args:
        one, other: vectors of the same tokens, row by row.
        k: neighbors of a word, itself left out.
    Returns:
        float64 array, shape `(words,)`.
    """
    size = len(one)
    k = min(k, size - 1)
    same = np.empty(size)
    for rows in search.blocks(size, _ROWS):
        place = np.arange(rows.stop - rows.start)
        near = []
        for each in (one, other):
            units = each.normalized
            cosines = units[rows] @ units.T  # (block, words)
            cosines[place, place + rows.start] = -np.inf
            mask = np.zeros(cosines.shape, bool)
            np.put_along_axis(mask, np.argpartition(-cosines, k - 1, axis=1)[:, :k], True, axis=1)
            near.append(mask)
        same[rows] = (near[0] & near[1]).sum(axis=1) / k
    return same
