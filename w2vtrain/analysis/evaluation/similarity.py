"""Do the vectors order word pairs as people do? And which of two sets of vectors does it better?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from w2vtrain.analysis.alignment import unit_rows
from w2vtrain.analysis.evaluation import intervals
from w2vtrain.analysis.evaluation.intervals import RESAMPLES
from w2vtrain.analysis.evaluation.test_sets import UNKNOWN, SimilaritySet, WordLookup
from w2vtrain.analysis.results import Estimate, Result
from w2vtrain.vectors.embeddings import Embeddings


@dataclass(frozen=True)
class SimilarityResult(Result):
    """Correlation of cosines with human scores; an estimate is None where it is undefined.

    Args:
        name: of the test set.
        items: pairs in the set.
        used: pairs of which both words are known.
        spearman, pearson: over the used pairs.
        spearman_all, pearson_all: over all pairs, an unknown one counted as similarity 0
            (gensim's `dummy4unknown`).
        unknown: the words that have no vector, in the order of the set.
        from_ngrams: used pairs with a word that is not in the vocabulary and was made from n-grams
            or subword units.
    """

    derived: ClassVar[tuple[str, ...]] = ("skipped",)
    name: str
    items: int
    used: int
    spearman: Estimate | None
    pearson: Estimate | None
    spearman_all: Estimate | None
    pearson_all: Estimate | None
    unknown: tuple[str, ...]
    from_ngrams: int = 0

    @property
    def skipped(self) -> int:
        return self.items - self.used


def evaluate_similarity(
    embeddings: Embeddings,
    pairs: SimilaritySet,
    restrict_vocabulary: int | None = None,
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> SimilarityResult:
    """Correlate cosines with human scores, with 95 % bootstrap intervals.

    Args:
        embeddings: the vectors to evaluate.
        pairs: the test set.
        restrict_vocabulary: take only the first N words as known.
        resamples: bootstrap resamples, at least 1.
        seed: of the resampling.
    """
    lookup = WordLookup(embeddings.words, restrict_vocabulary)
    cosines, unknown = cosines_and_unknown(embeddings, pairs, lookup)
    known = np.isfinite(cosines)
    made = known & (lookup.rows(pairs.pairs) == UNKNOWN).any(axis=1)
    used = _correlations(pairs.scores[known], cosines[known], resamples, seed)
    every = _correlations(pairs.scores, np.where(known, cosines, 0.0), resamples, seed)
    return SimilarityResult(
        name=pairs.name,
        items=len(pairs.pairs),
        used=int(known.sum()),
        spearman=used[0],
        pearson=used[1],
        spearman_all=every[0],
        pearson_all=every[1],
        unknown=unknown,
        from_ngrams=int(made.sum()),
    )


def cosines_and_unknown(
    embeddings: Embeddings, pairs: SimilaritySet, lookup: WordLookup
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the cosine of each pair, float64 `(items,)`, NaN for unknown words, and these words.

    With n-grams a word that is not in the vocabulary is made from its own; in lower case where the
    vocabulary has no capital letters, as it is looked up there.
    """
    words = list(dict.fromkeys(word for pair in pairs.pairs for word in pair))
    places = {word: place for place, word in enumerate(words)}
    rows = np.array([lookup.row(word) for word in words])
    units = np.zeros((len(words), embeddings.dim))
    found = rows != UNKNOWN
    units[found] = unit_rows(embeddings.vectors[rows[found]])
    if embeddings.makes_words and not found.all():
        missing = np.flatnonzero(~found)
        absent = [words[place] for place in missing]
        made = embeddings.make([w.lower() for w in absent] if lookup.in_lower_case else absent)
        units[missing] = unit_rows(made)
        found[missing] = made.any(axis=1)
    sides = np.array([[places[word] for word in pair] for pair in pairs.pairs])
    known = found[sides].all(axis=1)
    cosines = np.full(len(sides), np.nan)
    left, right = units[sides[known, 0]], units[sides[known, 1]]
    # through float32, so that two words paired with themselves tie at 1 whatever the last digits
    cosines[known] = np.einsum("id,id->i", left, right).astype(np.float32)
    return cosines, tuple(words[place] for place in np.flatnonzero(~found))


def _correlations(
    scores: np.ndarray, cosines: np.ndarray, resamples: int, seed: int
) -> tuple[Estimate | None, Estimate | None]:
    """Return Spearman's and Pearson's correlation with their intervals."""
    from scipy import stats

    if len(scores) < 2 or np.ptp(scores) == 0 or np.ptp(cosines) == 0:
        return None, None
    values = stats.spearmanr(scores, cosines)[0], stats.pearsonr(scores, cosines)[0]
    blocks = [
        (intervals.spearman(scores, cosines, w), intervals.pearson(scores, cosines, w))
        for w in intervals.draws(len(scores), resamples, np.random.default_rng(seed))
    ]
    samples = [np.concatenate(part) for part in zip(*blocks, strict=True)]
    first, second = map(intervals.percentile_interval, values, samples)
    return first, second
