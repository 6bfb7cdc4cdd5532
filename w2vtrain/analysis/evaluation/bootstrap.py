"""How sure a figure is: the same figure on resampled test items, thousands of times, vectorised.

A resample is a row of weights: how often each item was drawn. Correlations and accuracies are
computed from the weights alone, so no resample is ever sorted or copied.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

RESAMPLES = 2000
_BLOCK = 2**19  # weights held at once
Statistic = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % bootstrap interval (percentile method).

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def draws(items: int, resamples: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yields blocks of weights: float64 arrays, shape `(resamples of the block, items)`.

    Each row says how often each item came up in `items` draws with replacement.
    """
    rows = max(1, _BLOCK // max(1, items))
    for start in range(0, resamples, rows):
        block = min(rows, resamples - start)
        drawn = rng.integers(items, size=(block, items))
        drawn += np.arange(block)[:, None] * items
        yield np.bincount(drawn.ravel(), minlength=block * items).reshape(block, items) * 1.0


def interval(value: float, samples: np.ndarray) -> Estimate | None:
    """Returns `value` between the 2.5th and 97.5th percentile of `samples`, or None if undefined.

    Args:
        value: the figure on all items; NaN where it is undefined.
        samples: float64 array, shape `(resamples,)`; NaN where a resample leaves it undefined.
    """
    samples = samples[np.isfinite(samples)]
    if not np.isfinite(value) or samples.size == 0:
        return None
    low, high = np.percentile(samples, [2.5, 97.5])
    return Estimate(float(value), float(low), float(high))


def pearson(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns Pearson's correlation under each row of weights; NaN where x or y is constant.

    Args:
        x, y: float64 arrays, shape `(items,)`, or one row for each resample.
        weights: float64 array, shape `(resamples, items)`.
    Returns:
        float64 array, shape `(resamples,)`.
    """
    total = weights.sum(axis=1, keepdims=True)
    x = x - (weights * x).sum(axis=1, keepdims=True) / total
    y = y - (weights * y).sum(axis=1, keepdims=True) / total
    weighted = weights * x
    spread = np.sqrt((weighted * x).sum(axis=1) * (weights * y * y).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 1e-12, (weighted * y).sum(axis=1) / spread, np.nan)


def spearman(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns Spearman's rank correlation under each row of weights; ties share their mean rank."""
    return pearson(ranks(x, weights), ranks(y, weights), weights)


def ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns the rank of each item in each resample, ties at their mean.

    An item drawn `w` times stands `w` times in the resample, so a group of equal values that fills
    places `before + 1` to `before + size` has the mean rank `before + (size + 1) / 2`.

    Args:
        values: float64 array, shape `(items,)`.
        weights: float64 array, shape `(resamples, items)`.
    Returns:
        float64 array, shape `(resamples, items)`; meaningless where the weight is 0.
    """
    order = np.argsort(values, kind="stable")
    fresh = np.concatenate([[True], np.diff(values[order]) != 0])
    sizes = np.add.reduceat(weights[:, order], np.flatnonzero(fresh), axis=1)
    means = np.cumsum(sizes, axis=1) - sizes + (sizes + 1) / 2  # (resamples, groups)
    group = np.empty(values.size, dtype=np.int64)
    group[order] = np.cumsum(fresh) - 1
    return means[:, group]
