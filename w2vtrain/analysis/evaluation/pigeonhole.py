"""Resampling analogy questions by the word pairs they are made of.

Google's questions combine every pair of a section with every other: 506 questions about capitals
are made of 23 pairs. Drawing questions one by one would treat them as 506 independent facts and
give intervals several times too narrow, so the pairs are drawn, and a question counts as often as
its two pairs together: the pigeonhole bootstrap.

Source: Owen, The pigeonhole bootstrap (Annals of Applied Statistics 1(2), 2007), section 2.
"""

from collections.abc import Sequence

import numpy as np

from w2vtrain.analysis.evaluation.bootstrap import draws
from w2vtrain.analysis.evaluation.test_sets import Question


def weighted_counts(
    questions: Sequence[Question], columns: Sequence[np.ndarray], resamples: int, seed: int
) -> np.ndarray:
    """Returns sums over the questions of a section in each resample of its word pairs.

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
