"""Every test set on one or two sets of vectors, in one result."""

from collections.abc import Sequence
from dataclasses import dataclass

from w2vtrain.analysis.evaluation.analogies import AnalogyResult, evaluate_analogies
from w2vtrain.analysis.evaluation.comparison import (
    Comparison,
    compare_analogies,
    compare_similarity,
)
from w2vtrain.analysis.evaluation.intervals import RESAMPLES
from w2vtrain.analysis.evaluation.similarity import SimilarityResult, evaluate_similarity
from w2vtrain.analysis.evaluation.test_sets import AnalogySet, SimilaritySet
from w2vtrain.analysis.results import Result
from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings, Method


@dataclass(frozen=True)
class VectorsResult(Result):
    """The results of one set of vectors."""

    path: str
    tokens: int
    dim: int
    similarity: tuple[SimilarityResult, ...]
    analogies: tuple[AnalogyResult, ...]


@dataclass(frozen=True)
class EvaluationReport(Result):
    """The results of one or two sets of vectors; with two, their comparison on shared items."""

    vectors: tuple[VectorsResult, ...]
    comparisons: tuple[Comparison, ...]


def evaluate(
    vectors: Sequence[tuple[str, Embeddings]],
    similarity: Sequence[SimilaritySet],
    analogies: Sequence[AnalogySet],
    restrict_vocabulary: int | None = None,
    method: Method = "3cosadd",
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> EvaluationReport:
    """Evaluate one or two named sets of vectors on some test sets.

    Args:
        vectors: names with vectors, one or two.
        similarity: sets of word pairs.
        analogies: sets of questions.
        restrict_vocabulary: in analogies only the first N words are known and can be answers;
            30,000 is word2vec's own habit.
        method: of answering analogies.
        resamples: bootstrap resamples, at least 1.
        seed: of the resampling.
    Raises:
        W2VError: no test set was given, or the vectors know no item of any of them.
    """
    if not similarity and not analogies:
        raise W2VError(
            "No test set was given.",
            "Give --similarity FILE (word, word, score a line) or --analogies FILE "
            "(Google's questions-words layout), each with one file or more.",
        )
    results = []
    for path, one in vectors:
        pairs = [evaluate_similarity(one, s, None, resamples, seed) for s in similarity]
        asked = [
            evaluate_analogies(one, a, restrict_vocabulary, method, resamples, seed)
            for a in analogies
        ]
        if not any(r.used for r in pairs) and not any(r.total.used for r in asked):
            raise W2VError(
                f"{path} knows no whole item of the test sets.",
                "Are they in the language of the vectors? Words are matched as written, "
                "then without regard to case.",
            )
        results.append(VectorsResult(path, len(one), one.dim, tuple(pairs), tuple(asked)))
    comparisons: list[Comparison] = []
    if len(vectors) == 2:
        (_, first), (_, second) = vectors
        for s in similarity:
            comparisons.append(compare_similarity(first, second, s, None, resamples, seed))
        for a in analogies:
            comparisons += compare_analogies(
                first, second, a, restrict_vocabulary, method, resamples, seed
            )
    return EvaluationReport(tuple(results), tuple(comparisons))
