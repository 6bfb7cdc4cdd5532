"""Do the vectors order word pairs as people do?"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from w2vtrain.analysis.evaluation import bootstrap
from w2vtrain.analysis.evaluation.bootstrap import RESAMPLES, Estimate
from w2vtrain.analysis.evaluation.lookup import UNKNOWN, Lookup
from w2vtrain.analysis.evaluation.test_sets import SimilaritySet
from w2vtrain.vectors.embeddings import Embeddings


@dataclass(frozen=True)
class SimilarityResult:
    """Correlation of cosines with human scores; an estimate is None where it is undefined.

    Args:
        name: of the test set.
        items: pairs in the set.
        used: pairs of which both words are known.
        spearman, pearson: over the used pairs.
        spearman_all, pearson_all: over all pairs, an unknown one counted as similarity 0
            (gensim's `dummy4unknown`).
        unknown: the words that were not found, in the order of the set.
    """

    name: str
    items: int
    used: int
    spearman: Estimate | None
    pearson: Estimate | None
    spearman_all: Estimate | None
    pearson_all: Estimate | None
    unknown: tuple[str, ...]

    @property
    def skipped(self) -> int:
        return self.items - self.used

    def as_dict(self) -> dict[str, Any]:
        """Returns the result as JSON-ready values."""
        figures = ("spearman", "pearson", "spearman_all", "pearson_all")
        return {
            "name": self.name,
            "items": self.items,
            "used": self.used,
            "skipped": self.skipped,
            **{name: _as_dict(getattr(self, name)) for name in figures},
            "unknown": list(self.unknown),
        }


def evaluate_similarity(
    embeddings: Embeddings,
    pairs: SimilaritySet,
    restrict_vocabulary: int | None = None,
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> SimilarityResult:
    """Returns how well cosines follow the human scores, with 95 % bootstrap intervals.

    Args:
        embeddings: the vectors to judge.
        pairs: the test set.
        restrict_vocabulary: take only the first N words as known.
        resamples: bootstrap resamples, at least 1.
        seed: of the resampling.
    """
    lookup = Lookup(embeddings.tokens, restrict_vocabulary)
    cosines = similarities(embeddings, pairs, lookup)
    known = np.isfinite(cosines)
    words = {word: None for pair in pairs.pairs for word in pair if lookup.row(word) == UNKNOWN}
    figures = _correlations(pairs.scores[known], cosines[known], resamples, seed)
    every = _correlations(pairs.scores, np.where(known, cosines, 0.0), resamples, seed)
    return SimilarityResult(
        name=pairs.name,
        items=len(pairs.pairs),
        used=int(known.sum()),
        spearman=figures[0],
        pearson=figures[1],
        spearman_all=every[0],
        pearson_all=every[1],
        unknown=tuple(words),
    )


def similarities(embeddings: Embeddings, pairs: SimilaritySet, lookup: Lookup) -> np.ndarray:
    """Returns the cosine of each pair: float64 array, shape `(items,)`; NaN for unknown words."""
    rows = lookup.rows(pairs.pairs)
    known = (rows != UNKNOWN).all(axis=1)
    left, right = (_unit(embeddings.vectors[rows[known, side]]) for side in (0, 1))
    cosines = np.full(len(rows), np.nan)
    # through float32, so that two words paired with themselves tie at 1 whatever the last digits
    cosines[known] = np.einsum("id,id->i", left, right).astype(np.float32)
    return cosines


def _unit(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, dtype=np.float64)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms == 0, 1, norms)


def _correlations(
    scores: np.ndarray, cosines: np.ndarray, resamples: int, seed: int
) -> tuple[Estimate | None, Estimate | None]:
    """Returns Spearman's and Pearson's correlation with their intervals."""
    from scipy import stats

    if len(scores) < 2 or np.ptp(scores) == 0 or np.ptp(cosines) == 0:
        return None, None
    values = stats.spearmanr(scores, cosines)[0], stats.pearsonr(scores, cosines)[0]
    blocks = [
        (bootstrap.spearman(scores, cosines, w), bootstrap.pearson(scores, cosines, w))
        for w in bootstrap.draws(len(scores), resamples, np.random.default_rng(seed))
    ]
    samples = [np.concatenate(part) for part in zip(*blocks, strict=True)]
    first, second = (
        bootstrap.interval(value, sample) for value, sample in zip(values, samples, strict=True)
    )
    return first, second


def _as_dict(estimate: Estimate | None) -> dict[str, Any] | None:
    return None if estimate is None else estimate.as_dict()
