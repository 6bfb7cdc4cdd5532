"""How many of a word's nearest neighbours are the same in two sets of vectors.

Source: Wendlandt, Kummerfeld and Mihalcea, Factors Influencing the Surprising Instability of Word
Embeddings (NAACL 2018), section 3: the overlap of the ten nearest neighbours.
"""

from collections.abc import Sequence

import numpy as np

from w2vtrain.embeddings import Embeddings

Neighbors = list[tuple[str, ...]]


def nearest(embeddings: Embeddings, rows: np.ndarray, k: int) -> Neighbors:
    """Returns the `k` nearest tokens of each row, best first."""
    tokens = [embeddings.tokens[row] for row in rows.tolist()]
    found = embeddings.most_similar_batch(tokens, k)
    return [tuple(token for token, _ in pairs) for pairs in found]


def overlaps(one: Neighbors, other: Neighbors) -> np.ndarray:
    """Returns the share of neighbours in common: float64 array, shape `(words,)`."""
    pairs = zip(one, other, strict=True)
    return np.array([len(set(a) & set(b)) / len(a) for a, b in pairs], dtype=np.float64)


def mean_pairwise(runs: Sequence[Neighbors]) -> np.ndarray:
    """Returns each word's overlap, averaged over all pairs of runs: float64, shape `(words,)`."""
    pairs = [overlaps(runs[i], runs[j]) for i in range(len(runs)) for j in range(i + 1, len(runs))]
    return np.mean(pairs, axis=0)


def mean_jaccard(runs: Sequence[Neighbors]) -> np.ndarray:
    """Returns each word's Jaccard index, intersection over union, averaged over pairs of runs.

    For two lists of k neighbours with an overlap o it is `o / (2 - o)`.
    """
    pairs = [overlaps(runs[i], runs[j]) for i in range(len(runs)) for j in range(i + 1, len(runs))]
    return np.mean([o / (2 - o) for o in pairs], axis=0)
