"""Evaluating vectors: similarity sets, analogy questions, and how sure the figures are.

from w2vtrain.analysis.evaluation import SimilaritySet, evaluate_similarity
result = evaluate_similarity(vectors, SimilaritySet.read("wordsim353.tsv"))
result.spearman.value, result.spearman.low, result.spearman.high
"""

from w2vtrain.analysis.evaluation.analogies import AnalogyResult, SectionScore, evaluate_analogies
from w2vtrain.analysis.evaluation.comparison import (
    Comparison,
    compare_analogies,
    compare_similarity,
)
from w2vtrain.analysis.evaluation.similarity import SimilarityResult, evaluate_similarity
from w2vtrain.analysis.evaluation.test_sets import AnalogySet, Section, SimilaritySet
from w2vtrain.analysis.results import Estimate

__all__ = [
    "AnalogyResult",
    "AnalogySet",
    "Comparison",
    "Estimate",
    "Section",
    "SectionScore",
    "SimilarityResult",
    "SimilaritySet",
    "compare_analogies",
    "compare_similarity",
    "evaluate_analogies",
    "evaluate_similarity",
]
