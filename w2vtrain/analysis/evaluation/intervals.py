"""How sure a figure is: the same figure on thousands of resamples of the test items, vectorized.

A resample is a row of weights: how often each item was drawn. Correlations and accuracies are
computed from the weights alone, so no resample is ever sorted or copied.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13, for percentile
intervals; Owen, The pigeonhole bootstrap (Annals of Applied Statistics 1(2), 2007), section 2, for
resampling analogy questions by the word pairs that they are made of.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from w2vtrain.analysis.evaluation.test_sets import Question
from w2vtrain.analysis.results import Estimate

RESAMPLES = 2000
_BLOCK = 2**19  # weights held at once
_LEVELS = (2.5, 97.5)  # percentiles of a 95 % interval


def draws(items: int, resamples: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield blocks of weights: how often each item came up in `items` draws with replacement.

    Yields:
        float64 arrays, shape `(resamples of the block, items)`.
    """
    rows = max(1, _BLOCK // max(1, items))
    for start in range(0, resamples, rows):
        block = min(rows, resamples - start)
        drawn = rng.integers(items, size=(block, items))
        drawn += np.arange(block)[:, None] * items
        yield np.bincount(drawn.ravel(), minlength=block * items).reshape(block, items) * 1.0


def percentile_interval(value: float, samples: np.ndarray) -> Estimate | None:
    """Return `value` with the 2.5th and 97.5th percentile of `samples`, or None if undefined.

    Args:
        value: the figure on all items; NaN where it is undefined.
        samples: float64 array, shape `(resamples,)`; NaN where a resample leaves it undefined.
    Returns:
        the estimate; without ends where all resamples agree, for then they tell nothing.
    """
    samples = samples[np.isfinite(samples)]
    if not np.isfinite(value) or samples.size == 0:
        return None
    low, high = np.percentile(samples, _LEVELS)
    if high - low < 1e-12:
        return Estimate(float(value), None, None)
    return Estimate(float(value), float(low), float(high))


def accuracy_interval(
    correct: int, total: int, samples: np.ndarray, independent: int
) -> Estimate | None:
    """Return a share of right answers with its interval, exact where resampling cannot tell.

    Where every answer is right, or none is, each resample says the same. The interval is then that
    of Clopper and Pearson for so many independent questions.

    Source: Clopper and Pearson, The Use of Confidence or Fiducial Limits (Biometrika 26, 1934).

    Args:
        correct, total: right answers, and questions asked; no estimate if none was asked.
        samples: float64 array, shape `(resamples,)`: the share in each resample.
        independent: how many of the questions count as independent of each other.
    """
    if not total:
        return None
    if 0 < correct < total:
        return percentile_interval(correct / total, samples)
    margin = unseen_share(independent)
    return Estimate(1.0, 1 - margin, 1.0) if correct else Estimate(0.0, 0.0, margin)


def unseen_share(trials: int) -> float:
    """Return the largest share, at 95 %, of something that `trials` independent trials never met.

    Source: Clopper and Pearson (1934) for 0 of n: 1 - 0.025^(1 / n).
    """
    return 1 - 0.025 ** (1 / trials)


def weighted_counts(
    questions: Sequence[Question], columns: Sequence[np.ndarray], resamples: int, seed: int
) -> np.ndarray:
    """Return sums over the questions of a section in each resample of its word pairs.

    Google's questions combine every pair of a section with every other: 506 questions about
    capitals are made of 23 pairs. Drawing questions one by one would treat them as 506 independent
    facts, so the pairs are drawn, and a question counts as often as its two pairs together.

    Args:
        questions: of one section.
        columns: float64 arrays, shape `(questions,)`: what to sum, such as 1 for a right answer.
        resamples: number of resamples.
        seed: of the resampling; the same seed gives the same pairs, so results can be compared.
    Returns:
        float64 array, shape `(resamples, len(columns))`.
    """
    from scipy import sparse

    numbers: dict[tuple[str, str], int] = {}
    left = [numbers.setdefault((a, b), len(numbers)) for a, b, _, _ in questions]
    right = [numbers.setdefault((c, d), len(numbers)) for _, _, c, d in questions]
    size = len(numbers)
    tables = [sparse.csr_array((column, (left, right)), shape=(size, size)) for column in columns]
    blocks = []
    for weights in draws(size, resamples, np.random.default_rng(seed)):  # (resamples, pairs)
        sums = [((table.T @ weights.T) * weights.T).sum(axis=0) for table in tables]
        blocks.append(np.stack(sums, axis=1))
    return np.concatenate(blocks)


def independent_questions(questions: Sequence[Question], asked: np.ndarray) -> int:
    """Return how many of the asked questions count as independent: at most one a word pair.

    Args:
        questions: of one section.
        asked: bool array, shape `(questions,)`.
    """
    used = [question for question, known in zip(questions, asked.tolist(), strict=True) if known]
    pairs = {pair for a, b, c, d in used for pair in ((a, b), (c, d))}
    return min(len(used), len(pairs))


def pearson(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation under each row of weights; NaN where x or y is constant.

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
    """Return Spearman's rank correlation under each row of weights; ties share their mean rank."""
    return pearson(ranks(x, weights), ranks(y, weights), weights)


def ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the rank of each item in each resample, ties at their mean.

    An item drawn `w` times is `w` items of the resample, so a group of equal values that fills
    ranks `before + 1` to `before + size` has the mean rank `before + (size + 1) / 2`.

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
