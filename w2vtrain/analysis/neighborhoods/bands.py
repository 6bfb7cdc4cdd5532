"""Frequent words and rare ones apart, for what holds of the one need not hold of the other."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Band:
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


FEWEST = 20  # words that make a band of their own


def frequency_bands(counts: np.ndarray | None, size: int) -> list[Band]:
    """Returns the words in powers of ten of their counts, rarest first.

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
        if groups and min(len(rows), len(groups[-1])) < FEWEST:
            groups[-1] = np.sort(np.concatenate([groups[-1], rows]))
        else:
            groups.append(rows)
    return [
        Band(int(values[rows].min()), int(values[rows].max()), counts is None, rows)
        for rows in groups
    ]


def sample(rows: np.ndarray, limit: int, rng: np.random.Generator) -> np.ndarray:
    """Returns at most `limit` of the rows, drawn without replacement, in ascending order."""
    return rows if len(rows) <= limit else np.sort(rng.choice(rows, limit, replace=False))
