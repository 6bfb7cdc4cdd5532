"""Groups of words that point in similar directions, named by their own words.

k-means over vectors of length 1 groups by direction, as the cosine does. The Projector's bundle and
the maps of words color by these groups.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_SAMPLE = 20_000  # the most frequent words, from which the clusters are found
_NAME_WORDS = 3  # words that name a cluster
_ITERATIONS = 20


@dataclass(frozen=True)
class Clusters:
    """A division of words into groups.

    Args:
        of_rows: int array, shape `(words,)`: the cluster of each word.
        names: a name for each cluster: frequent words from the middle of it.
    """

    of_rows: np.ndarray
    names: tuple[str, ...]

    def members(self, cluster: int) -> np.ndarray:
        """Return the rows of a cluster, int array, in ascending order."""
        return np.flatnonzero(self.of_rows == cluster)


def find_clusters(tokens: Sequence[str], units: np.ndarray, number: int, seed: int) -> Clusters:
    """Divide words into clusters by k-means; the largest cluster comes first.

    Args:
        tokens: the words, most frequent first.
        units: float32 array, shape `(words, dim)`: their vectors at length 1.
        number: how many clusters at most; empty ones are left out.
        seed: of the choice of the first centers.
    """
    from scipy.cluster.vq import kmeans2, vq

    sample = units[:_SAMPLE].astype(np.float64)
    random = np.random.default_rng(seed)
    number = min(number, len(units))
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", UserWarning)  # of empty clusters, which are left out
        centers, _ = kmeans2(sample, number, iter=_ITERATIONS, minit="++", rng=random)
    centers = centers.astype(np.float32)
    found = vq(units, centers)[0]
    kept, sizes = np.unique(found, return_counts=True)
    kept = kept[np.argsort(-sizes, kind="stable")]
    place = np.zeros(number, np.int64)
    place[kept] = np.arange(len(kept))
    cosines = units @ centers.T  # (words, clusters); a center's length is the same for all words
    names = tuple(
        _name(tokens, np.flatnonzero(found == cluster), cosines[:, cluster]) for cluster in kept
    )
    return Clusters(place[found], names)


def _name(tokens: Sequence[str], members: np.ndarray, cosines: np.ndarray) -> str:
    """Return the most frequent words among the tenth of a cluster that is nearest to its center."""
    middle = np.argsort(-cosines[members], kind="stable")[: max(10, len(members) // 10)]
    frequent = np.sort(members[middle])[:_NAME_WORDS]  # rows are sorted by frequency
    return " ".join(tokens[row] for row in frequent)
