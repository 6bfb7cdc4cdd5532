"""How many of a word's nearest neighbours are the same in two sets of vectors.

Source: Wendlandt, Kummerfeld and Mihalcea, Factors Influencing the Surprising Instability of Word
Embeddings (NAACL 2018), section 3: the overlap of the ten nearest neighbours.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from w2vtrain.vectors.embeddings import Embeddings

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


def pairwise(runs: Sequence[Neighbors]) -> np.ndarray:
    """Returns each word's overlap in every pair of runs: float64, shape `(pairs, words)`."""
    pairs = combinations(runs, 2)
    return np.array([overlaps(one, other) for one, other in pairs])


def jaccard(overlap: np.ndarray) -> np.ndarray:
    """Returns intersection over union, `o / (2 - o)`, for lists of one length and overlap o."""
    return overlap / (2 - overlap)
