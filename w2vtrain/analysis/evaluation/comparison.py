"""Is one set of vectors better than another, or is it noise? A paired bootstrap on shared items."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from w2vtrain.analysis.evaluation import bootstrap
from w2vtrain.analysis.evaluation.analogies import Method, outcomes
from w2vtrain.analysis.evaluation.bootstrap import RESAMPLES, Estimate
from w2vtrain.analysis.evaluation.lookup import Lookup
from w2vtrain.analysis.evaluation.pigeonhole import weighted_counts
from w2vtrain.analysis.evaluation.similarity import similarities
from w2vtrain.analysis.evaluation.test_sets import AnalogySet, SimilaritySet
from w2vtrain.vectors.embeddings import Embeddings

Verdict = Literal["first is better", "second is better", "no clear difference", "undefined"]


@dataclass(frozen=True)
class Comparison:
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
        if self.difference.low > 0:
            return "second is better"
        return "first is better" if self.difference.high < 0 else "no clear difference"

    def as_dict(self) -> dict[str, Any]:
        """Returns the comparison as JSON-ready values."""
        return {
            "name": self.name,
            "measure": self.measure,
            "items": self.items,
            "used": self.used,
            "first": self.first,
            "second": self.second,
            "difference": self.difference and self.difference.as_dict(),
            "second_better": self.second_better,
            "verdict": self.verdict,
        }


def compare_similarity(
    first: Embeddings,
    second: Embeddings,
    pairs: SimilaritySet,
    restrict_vocabulary: int | None = None,
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> Comparison:
    """Returns the difference of Spearman's correlations on the pairs that both know.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 8; the pairs are
    resampled once for both sets of vectors, so what is hard in a pair cancels out.
    """
    cosines = [
        similarities(vectors, pairs, Lookup(vectors.tokens, restrict_vocabulary))
        for vectors in (first, second)
    ]
    known = np.isfinite(cosines[0]) & np.isfinite(cosines[1])
    used = int(known.sum())
    scores = pairs.scores[known]
    once = np.ones((1, used))
    values = [bootstrap.spearman(scores, c[known], once)[0] if used else np.nan for c in cosines]
    blocks = [
        np.stack([bootstrap.spearman(scores, c[known], weights) for c in cosines])
        for weights in bootstrap.draws(used, resamples if used else 0, np.random.default_rng(seed))
    ]
    samples = np.concatenate(blocks, axis=1) if blocks else np.empty((2, 0))
    return _comparison(pairs.name, "spearman", len(pairs.pairs), used, values, samples)


def compare_analogies(
    first: Embeddings,
    second: Embeddings,
    questions: AnalogySet,
    restrict_vocabulary: int | None = None,
    method: Method = "3cosadd",
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> list[Comparison]:
    """Returns the difference of accuracies on the questions that both know.

    Returns:
        one comparison for the whole set, and before it one for its semantic and one for its
        syntactic sections where it has both.
    """
    sets = [outcomes(v, questions, restrict_vocabulary, method) for v in (first, second)]
    kinds = np.array([section.syntactic for section in questions.sections])
    sums, counts = [], []  # a section: (resamples, 3) and (4,)
    for number, (one, other) in enumerate(zip(*sets, strict=True)):
        both = one.known & other.known
        columns = [both & one.correct, both & other.correct, both]
        numbers = [column.astype(np.float64) for column in columns]
        sums.append(weighted_counts(one.section.questions, numbers, resamples, seed + number))
        counts.append([*(int(column.sum()) for column in columns), len(both)])
    parts = {"semantic": ~kinds, "syntactic": kinds} if 0 < kinds.sum() < len(kinds) else {}
    result = []
    for name, chosen in {**parts, "total": np.ones(len(kinds), dtype=bool)}.items():
        right, also, used, items = np.array(counts)[chosen].sum(axis=0).tolist()
        drawn = np.array(sums)[chosen].sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            samples = (drawn[:, :2] / drawn[:, 2:]).T
        values = [right / used, also / used] if used else [np.nan, np.nan]
        title = f"{questions.name}: {name}"
        result.append(_comparison(title, "accuracy", items, used, values, samples))
    return result


def _comparison(
    name: str, measure: str, items: int, used: int, values: list[float], samples: np.ndarray
) -> Comparison:
    """Returns the comparison of two figures from their resamples, shape `(2, resamples)`."""
    drawn = samples[1] - samples[0]
    drawn = drawn[np.isfinite(drawn)]
    better = (drawn > 0).mean() + (drawn == 0).mean() / 2 if drawn.size else None
    first, second = (float(v) if np.isfinite(v) else None for v in values)
    return Comparison(
        name=name,
        measure=measure,
        items=items,
        used=used,
        first=first,
        second=second,
        difference=bootstrap.interval(values[1] - values[0], drawn),
        second_better=None if better is None else float(better),
    )
