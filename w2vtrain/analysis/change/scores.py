"""How far each word's use differs between trainings: three scores, all 0 for no difference."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from w2vtrain.analysis.alignment import aligned_cosines, centered_rows
from w2vtrain.analysis.neighborhoods.shared_words import SharedWords, share_words
from w2vtrain.vectors import search
from w2vtrain.vectors.embeddings import Embeddings

ChangeMethod = Literal["neighbors", "procrustes", "compass"]
Order = Literal["slices", "groups"]
NEIGHBORS = 1000  # of Gonen et al.
_ROWS = 512  # words whose neighbors are compared at once


@dataclass(frozen=True)
class ScoredWords:
    """The words that all trainings know well enough, and their scores.

    Args:
        shared: the words and their vectors in each.
        counts: int64 array, shape `(trainings, words)`: their counts in each.
        scores: float64 array, shape `(comparisons, words)`: of two trainings one comparison; of
            more, each after the first with the first, or of groups each with all others.
    """

    shared: SharedWords
    counts: np.ndarray
    scores: np.ndarray

    @property
    def evidence(self) -> np.ndarray:
        """Harmonic mean of the counts, which the rarest side dominates: float64, `(words,)`."""
        return len(self.counts) / (1 / self.counts).sum(axis=0)


def score_words(
    sets: Sequence[Embeddings], method: ChangeMethod, min_count: int, order: Order = "slices"
) -> ScoredWords:
    """Score every word that all trainings have seen often enough.

    Args:
        sets: vectors with counts, of two trainings or more.
        method: `procrustes`: 1 - cosine after alignment on all of these words (Hamilton,
            Leskovec and Jurafsky, ACL 2016); `neighbors`: share of the 1,000 nearest of these words
            (at most a tenth of them) that are not the same (Gonen et al., Simple, Interpretable and
            Stable Method for Detecting Words with Usage Change, ACL 2020), which needs no
            alignment; `compass`: 1 - cosine of vectors that were trained against one frozen
            context table and need no alignment either (Di Carlo, Bianchi and Palmonari, Training
            Temporal Word Embeddings with a Compass, AAAI 2019).
        min_count: a word's smallest count.
        order: `slices` follow each other; `groups` do not.
    """
    shared = share_words(sets, min_count)
    counts = [one.counts[one.rows(shared.tokens)] for one in sets if one.counts is not None]
    numbers = range(len(sets))
    if len(sets) == 2 or order == "slices":
        scores = [_score(shared, method, 0, i) for i in numbers[1:]]
    else:
        pairs = {pair: _score(shared, method, *pair) for pair in itertools.combinations(numbers, 2)}
        scores = [np.mean([s for pair, s in pairs.items() if i in pair], axis=0) for i in numbers]
    return ScoredWords(shared, np.array(counts), np.array(scores))


def _score(shared: SharedWords, method: ChangeMethod, i: int, j: int) -> np.ndarray:
    one, other = shared.sets[i], shared.sets[j]
    if method == "procrustes":
        return 1 - aligned_cosines(one.vectors, other.vectors)
    if method == "compass":
        left, right = centered_rows(one.vectors), centered_rows(other.vectors)
        return 1 - np.einsum("id,id->i", left, right)
    return 1 - neighborhood_overlap(one, other, min(NEIGHBORS, max(1, len(shared) // 10)))


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
