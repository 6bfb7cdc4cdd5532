"""What a score is worth: the scores that words of like frequency get when nothing has changed.

The noise floor comes from the same text cut in two at random, several times. It says which score a
word of this frequency gets by chance, how far such scores spread, and which words get high scores
in any cut. A word's residual is its score less what is expected of it; residuals of all words and
cuts, scaled by the spread at their frequency, make one null distribution, so that p-values get
small enough for a correction over thousands of words.

Source: Dubossarsky, Weinshall and Grossman, Outta Control: Laws of Semantic Change and Inherent
Biases in Word Representation Models (EMNLP 2017), for the control by random cuts; Benjamini and
Hochberg, Controlling the False Discovery Rate (J. R. Stat. Soc. B 57, 1995); Knijnenburg et al.,
Fewer Permutations, More Accurate P-values (Bioinformatics 25, 2009), for the tail beyond them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

_BINS = 40  # of frequency, each with as many scores as the others
_FEWEST_IN_BIN = 50
_TAIL = 0.01  # of the null values, beyond which their distribution is fitted
_FEWEST_IN_TAIL = 50
UPPER_95 = 1.959964  # standard deviations
_TO_SIGMA = 1.4826  # median absolute deviation into a standard deviation


@dataclass(frozen=True)
class NullScores:
    """The scores of one random cut.

    Args:
        rows: int64 array, shape `(words,)`: which words.
        evidence: float64 array: their counts, as `ScoredWords.evidence` has it.
        scores: float64 array.
    """

    rows: np.ndarray
    evidence: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class Curve:
    """A function of frequency: a statistic in bins of log frequency, linear in between."""

    positions: np.ndarray
    values: np.ndarray

    def __call__(self, evidence: np.ndarray) -> np.ndarray:
        return np.interp(np.log(evidence), self.positions, self.values)

    @classmethod
    def fit(
        cls, evidence: np.ndarray, values: np.ndarray, statistic: Callable[[np.ndarray], float]
    ) -> "Curve":
        """Fit a statistic of `values`, such as their median, to log frequency."""
        order = np.argsort(evidence, kind="stable")
        bins = max(1, min(_BINS, len(order) // _FEWEST_IN_BIN))
        parts = np.array_split(order, bins)
        positions = np.array([np.log(evidence[part]).mean() for part in parts])
        return cls(positions, np.array([statistic(values[part]) for part in parts]))


class NoiseFloor:
    """What is expected of a word's score when nothing has changed, from two cuts or more.

    Args:
        cuts: the scores of random cuts.
        words: size of the vocabulary that their `rows` point into.
    """

    def __init__(self, cuts: Sequence[NullScores], words: int) -> None:
        evidence = np.concatenate([cut.evidence for cut in cuts])
        scores = np.concatenate([cut.scores for cut in cuts])
        self.cuts = len(cuts)
        self.expected = Curve.fit(evidence, scores, np.median)
        table = np.full((len(cuts), words), np.nan)  # deviations of each word in each cut
        for deviations, cut in zip(table, cuts, strict=True):
            deviations[cut.rows] = cut.scores - self.expected(cut.evidence)
        self._table = table
        self._shrinkage = _between_share(table)
        offsets = self._offsets()
        residuals = [
            table[i, cut.rows] - self._offsets(without=i)[cut.rows] for i, cut in enumerate(cuts)
        ]
        self.spread = Curve.fit(evidence, np.concatenate(residuals), _robust_spread)
        self.null = [
            residual / self.spread(cut.evidence)
            for residual, cut in zip(residuals, cuts, strict=True)
        ]
        self._own = offsets

    def standardized(self, scores: NullScores) -> np.ndarray:
        """Return how many spreads each score lies above what is expected: float64, `(words,)`."""
        expected = self.expected(scores.evidence) + self._own[scores.rows]
        return (scores.scores - expected) / self.spread(scores.evidence)

    def margin(self, evidence: np.ndarray) -> np.ndarray:
        """Return the half-width of a 95 % interval of a score at each frequency."""
        # A residual holds the noise of its own cut and that of the word's mean over the others.
        correction = np.sqrt((self.cuts - 1) / self.cuts)
        return UPPER_95 * correction * self.spread(evidence)

    def _offsets(self, without: int | None = None) -> np.ndarray:
        """Return what each word is expected to exceed the curve by, shrunken: `(words,)`."""
        table = self._table if without is None else np.delete(self._table, without, axis=0)
        seen = np.isfinite(table).sum(axis=0)
        means = np.where(seen, np.nansum(table, axis=0) / np.maximum(seen, 1), 0.0)
        within, between = self._shrinkage
        return means * between / (between + within / np.maximum(seen, 1))


def reported_by_chance(null: Sequence[np.ndarray], level: float) -> list[int]:
    """Count for each cut the words that it would report, held against the other cuts.

    Args:
        null: the standardized scores of each cut.
    """
    result = []
    for i, values in enumerate(null):
        others = np.concatenate([each for j, each in enumerate(null) if j != i])
        p = benjamini_hochberg(upper_share(values, others))
        result.append(int((p <= level).sum()))
    return result


def _robust_spread(values: np.ndarray) -> float:
    """Return a standard deviation that outliers move little; above 0 also for coarse scores."""
    robust = _TO_SIGMA * float(np.median(np.abs(values)))
    return max(robust, 0.5 * float(values.std()), 1e-9)


def _between_share(table: np.ndarray) -> tuple[float, float]:
    """Return the variance of deviations within words and between them, robust to outliers.

    Args:
        table: float64 array, shape `(cuts, words)`; NaN where a word was too rare in a cut.
    """
    full = table[:, np.isfinite(table).all(axis=0)]
    if full.shape[1] < 2 or len(table) < 2:
        return 1.0, 0.0
    within = np.median(full.var(axis=0, ddof=1))
    means = full.mean(axis=0)
    total = (_TO_SIGMA * np.median(np.abs(means - np.median(means)))) ** 2
    return float(within) or 1.0, float(max(0.0, total - within / len(table)))


def upper_share(values: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Return the share of a null distribution that reaches each value.

    Up to the largest hundredth of the null values it is `(1 + number of null values that reach it)
    / (1 + null values)`. Beyond, where few of them are left to count, a generalized Pareto
    distribution is fitted to the excesses; its shape is not let below 0, so that no value is taken
    for impossible.
    """
    order = np.sort(null)
    reached = len(null) - np.searchsorted(order, values, side="left")
    shares = (1 + reached) / (1 + len(null))
    tail = order[len(order) - max(_FEWEST_IN_TAIL, round(_TAIL * len(order))) :]
    if len(tail) < _FEWEST_IN_TAIL or len(tail) == len(order):
        return shares
    from scipy.stats import genpareto

    threshold = tail[0]
    excess = tail[1:] - threshold
    shape, _, scale = genpareto.fit(excess, floc=0)
    if shape < 0:
        shape, scale = 0.0, excess.mean()  # exponential
    beyond = values > threshold
    survival = genpareto.sf(values[beyond] - threshold, shape, scale=scale)
    shares[beyond] = len(tail) / (1 + len(null)) * survival
    return shares


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Correct p-values for the number of tests by the false discovery rate.

    Source: Benjamini and Hochberg (1995): the smallest level at which each would be reported.
    """
    from scipy.stats import false_discovery_control

    return false_discovery_control(p)
