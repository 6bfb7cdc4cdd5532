"""Is one set of vectors better than another, or is it noise? A paired bootstrap on shared items.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 8; the items are
resampled once for both sets of vectors, so what is hard in an item cancels out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from w2vtrain.analysis.evaluation import intervals
from w2vtrain.analysis.evaluation.analogies import answer_sections
from w2vtrain.analysis.evaluation.intervals import RESAMPLES
from w2vtrain.analysis.evaluation.similarity import cosines_and_unknown
from w2vtrain.analysis.evaluation.test_sets import AnalogySet, SimilaritySet, WordLookup
from w2vtrain.analysis.results import Estimate, Result
from w2vtrain.vectors.embeddings import Embeddings, Method

Verdict = Literal["first is better", "second is better", "no clear difference", "undefined"]


@dataclass(frozen=True)
class Comparison(Result):
    """Two sets of vectors on the items that both know.

    Args:
        name: of the test set or of a part of it.
        measure: `spearman` or `accuracy`.
        items: in the set.
        used: items of which both sets of vectors know every word.
        first, second: the figure of each on these items; None where undefined.
        difference: second minus first, with its 95 % interval over the same resamples for both.
        second_better: share of the resamples in which the second is better, a tie counted half.
    """

    derived: ClassVar[tuple[str, ...]] = ("verdict",)
    name: str
    measure: str
    items: int
    used: int
    first: float | None
    second: float | None
    difference: Estimate | None
    second_better: float | None

    @property
    def verdict(self) -> Verdict:
        """What the interval of the difference says: it excludes zero, or it does not."""
        if self.difference is None:
            return "undefined"
        low, high = self.difference.low, self.difference.high
        if low is None or high is None or low <= 0 <= high:
            return "no clear difference"
        return "second is better" if low > 0 else "first is better"


def compare_similarity(
    first: Embeddings,
    second: Embeddings,
    pairs: SimilaritySet,
    restrict_vocabulary: int | None = None,
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> Comparison:
    """Compare Spearman's correlations on the pairs that both know."""
    cosines = [
        cosines_and_unknown(vectors, pairs, WordLookup(vectors.words, restrict_vocabulary))[0]
        for vectors in (first, second)
    ]
    known = np.isfinite(cosines[0]) & np.isfinite(cosines[1])
    used = int(known.sum())
    scores = pairs.scores[known]
    once = np.ones((1, used))
    values = [intervals.spearman(scores, c[known], once)[0] if used else np.nan for c in cosines]
    blocks = [
        np.stack([intervals.spearman(scores, c[known], weights) for c in cosines])
        for weights in intervals.draws(used, resamples if used else 0, np.random.default_rng(seed))
    ]
    samples = np.concatenate(blocks, axis=1) if blocks else np.empty((2, 0))
    drawn = _difference(samples)
    estimate = intervals.percentile_interval(values[1] - values[0], drawn)
    return _comparison(pairs.name, "spearman", len(pairs.pairs), used, values, estimate, drawn)


def compare_analogies(
    first: Embeddings,
    second: Embeddings,
    questions: AnalogySet,
    restrict_vocabulary: int | None = None,
    method: Method = "3cosadd",
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> list[Comparison]:
    """Compare accuracies on the questions that both know.

    Returns:
        one comparison for the whole set, and before it one for its semantic and one for its
        syntactic sections where it has both.
    """
    sets = [answer_sections(v, questions, restrict_vocabulary, method) for v in (first, second)]
    kinds = np.array([section.syntactic for section in questions.sections])
    sums, counts = [], []  # a section: (resamples, 3) and (5,)
    for number, (one, other) in enumerate(zip(*sets, strict=True)):
        both = one.known & other.known
        columns = [both & one.correct, both & other.correct, both]
        numbers = [column.astype(np.float64) for column in columns]
        asked = one.section.questions
        sums.append(intervals.weighted_counts(asked, numbers, resamples, seed + number))
        free = intervals.independent_questions(asked, both)
        counts.append([*(int(column.sum()) for column in columns), len(both), free])
    parts = {"semantic": ~kinds, "syntactic": kinds} if 0 < kinds.sum() < len(kinds) else {}
    result = []
    for name, chosen in {**parts, "total": np.ones(len(kinds), dtype=bool)}.items():
        right, also, used, items, free = np.array(counts)[chosen].sum(axis=0).tolist()
        drawn = np.array(sums)[chosen].sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            samples = _difference((drawn[:, :2] / drawn[:, 2:]).T)
        values = [right / used, also / used] if used else [np.nan, np.nan]
        estimate = _accuracy_difference(values[1] - values[0], samples, free)
        title = f"{questions.name}: {name}"
        result.append(_comparison(title, "accuracy", items, used, values, estimate, samples))
    return result


def _difference(samples: np.ndarray) -> np.ndarray:
    """Return second minus first where both are defined, from samples `(2, resamples)`."""
    drawn = samples[1] - samples[0]
    return drawn[np.isfinite(drawn)]


def _accuracy_difference(value: float, samples: np.ndarray, independent: int) -> Estimate | None:
    """Return the difference of two accuracies with its interval.

    Where it is the same in every resample, because the two agree on all questions or on none, the
    interval is that of a disagreement (or an agreement) never seen in so many questions.
    """
    estimate = intervals.percentile_interval(value, samples)
    if estimate is None or estimate.low is not None:
        return estimate
    margin = intervals.unseen_share(independent)
    return Estimate(value, max(-1.0, value - margin), min(1.0, value + margin))


def _comparison(
    name: str,
    measure: str,
    items: int,
    used: int,
    values: Sequence[float],
    difference: Estimate | None,
    samples: np.ndarray,
) -> Comparison:
    """Return the comparison of two figures from their resampled differences."""
    better = (samples > 0).mean() + (samples == 0).mean() / 2 if samples.size else None
    first, second = (float(v) if np.isfinite(v) else None for v in values)
    return Comparison(
        name=name,
        measure=measure,
        items=items,
        used=used,
        first=first,
        second=second,
        difference=difference,
        second_better=None if better is None else float(better),
    )
