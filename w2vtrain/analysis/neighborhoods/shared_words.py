"""The words that several sets of vectors share, in bands of frequency, and their neighbors.

Frequent words and rare ones are looked at apart, for what holds of the one need not hold of the
other.

Source: Wendlandt, Kummerfeld and Mihalcea, Factors Influencing the Surprising Instability of Word
Embeddings (NAACL 2018), section 3, for the overlap of the ten nearest neighbors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2vtrain.analysis.alignment import require_counts
from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings

Neighbors = list[tuple[str, ...]]
SMALLEST_BAND = 20  # words that make a band of their own


@dataclass(frozen=True)
class SharedWords:
    """Sets of vectors whose rows belong to the same words.

    Args:
        sets: the vectors, row i of each for token i; in the order of the first set.
        counts: int64 array, shape `(tokens,)`: a word's smallest count; None where no set has any.
    """

    sets: tuple[Embeddings, ...]
    counts: np.ndarray | None

    @property
    def tokens(self) -> tuple[str, ...]:
        return self.sets[0].tokens

    def __len__(self) -> int:
        return len(self.tokens)


def share_words(sets: Sequence[Embeddings], min_count: int | None = None) -> SharedWords:
    """Cut sets of vectors down to the words that all know and that are frequent enough.

    Args:
        sets: two or more.
        min_count: leave out words that are rarer in a set with counts.
    Raises:
        W2VError: fewer than three words are shared, or `min_count` was given without any counts.
    """
    require_counts(sets, min_count)
    tokens = [t for t in sets[0].tokens if all(t in other for other in sets[1:])]
    known = [one.counts[one.rows(tokens)] for one in sets if one.counts is not None]
    counts = np.min(known, axis=0) if known else None
    if counts is not None and min_count is not None:
        kept = np.flatnonzero(counts >= min_count)
        tokens, counts = [tokens[i] for i in kept.tolist()], counts[kept]
    if len(tokens) < 3:
        raise W2VError(
            f"The sets of vectors share {len(tokens)} words"
            + (f" with a count of {min_count} or more." if min_count else "."),
            "Compare vectors of one language and letter case, or lower --min-count.",
        )
    cut = tuple(Embeddings(tokens, one.vectors[one.rows(tokens)], counts) for one in sets)
    return SharedWords(cut, counts)


@dataclass(frozen=True)
class FrequencyBand:
    """Words of similar frequency.

    Args:
        low, high: smallest and largest count in it, or ranks from 1 where counts are unknown.
        by_rank: whether `low` and `high` are ranks.
        rows: int64 array: the words.
    """

    low: int
    high: int
    by_rank: bool
    rows: np.ndarray

    def __str__(self) -> str:
        span = f"{self.low:,}" if self.low == self.high else f"{self.low:,} to {self.high:,}"
        return f"rank {span}" if self.by_rank else span


def frequency_bands(counts: np.ndarray | None, size: int) -> list[FrequencyBand]:
    """Group words by powers of ten of their counts, rarest first.

    A power of ten with fewer than 20 words joins the next rarer one, so that no band's figure
    hangs on a few words; the rarest joins the next more frequent one.

    Args:
        counts: int64 array, shape `(size,)`, or None: then by rank, the rows being sorted by
            falling frequency as vector files are; the last rows come first.
        size: number of words.
    """
    values = np.arange(1, size + 1) if counts is None else counts
    decades = np.floor(np.log10(np.maximum(values, 1)) + 1e-9).astype(int)
    groups: list[np.ndarray] = []
    for decade in sorted(set(decades.tolist()), reverse=counts is None):
        rows = np.flatnonzero(decades == decade)
        if groups and min(len(rows), len(groups[-1])) < SMALLEST_BAND:
            groups[-1] = np.sort(np.concatenate([groups[-1], rows]))
        else:
            groups.append(rows)
    return [
        FrequencyBand(int(values[rows].min()), int(values[rows].max()), counts is None, rows)
        for rows in groups
    ]


def sample_rows(rows: np.ndarray, limit: int, rng: np.random.Generator) -> np.ndarray:
    """Draw at most `limit` of the rows without replacement, in ascending order."""
    return rows if len(rows) <= limit else np.sort(rng.choice(rows, limit, replace=False))


def nearest_tokens(embeddings: Embeddings, rows: np.ndarray, k: int) -> Neighbors:
    """Return the `k` nearest tokens of each row, best first."""
    tokens = [embeddings.tokens[row] for row in rows.tolist()]
    found = embeddings.most_similar_batch(tokens, k)
    return [tuple(token for token, _ in pairs) for pairs in found]


def neighbor_overlap(one: Neighbors, other: Neighbors) -> np.ndarray:
    """Return the share of neighbors in common: float64 array, shape `(words,)`."""
    pairs = zip(one, other, strict=True)
    return np.array([len(set(a) & set(b)) / len(a) for a, b in pairs], dtype=np.float64)
