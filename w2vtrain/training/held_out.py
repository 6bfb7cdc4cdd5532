"""Ranks of true contexts among all words, on held-out text."""

from typing import Any

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.engine.sampling import noise_probabilities
from w2vtrain.engine.stream import HELD_OUT_PASS, TextStream
from w2vtrain.training.objective import Objective

RECALL_AT = 10
_SCORES = 2**24  # held at once: 64 MiB


class ContextRanks:
    """Ranks the true contexts of some held-out pairs among all words.

    Args:
        objective: negative sampling; gives the noise distribution and the subsampling.
        corpus: the held-out units.
        number: of pairs to rank.
    """

    def __init__(self, objective: Objective, corpus: Corpus, number: int) -> None:
        config, counts = objective.config, objective.corpus.counts
        self._noise = noise_probabilities(counts, config.noise, config.noise_exponent)
        stream = objective.text_stream(corpus)
        self._pairs = sampled_pairs(stream, config.window_size, number)

    def measure(self, model: Any) -> tuple[float | None, float | None]:
        """Return the mean of 1 / rank and the share of ranks up to 10; None without a pair."""
        if not len(self._pairs[0]):
            return None, None
        ranks = self._ranks(model)
        return float(np.mean(1 / ranks)), float(np.mean(ranks <= RECALL_AT))

    def _ranks(self, model: Any) -> np.ndarray:
        """Return the rank of each sampled pair's context, from 1; ties share their mean rank.

        Words are ordered by score + log noise probability: trained to its optimum, that is the log
        of the probability of the context given the target, up to a constant.

        Source: Levy & Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization",
        section 3.1, solved for P(c | w).
        """
        targets, contexts = self._pairs
        with np.errstate(divide="ignore"):
            prior = np.log(self._noise).astype(np.float32)
        columns, rows = model.context_vectors(), model.word_vectors()[targets]
        ranks = np.empty(len(targets))
        few = max(1, _SCORES // len(columns))
        for start in range(0, len(targets), few):
            part = slice(start, start + few)
            scores = rows[part] @ columns.T + prior
            own = np.take_along_axis(scores, contexts[part, None], axis=1)
            ranks[part] = ((scores > own).sum(1) + (scores >= own).sum(1) + 1) / 2
        return ranks


def sampled_pairs(stream: TextStream, width: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return `number` random pairs of neighbors, or all there are in some million words.

    Args:
        stream: the held-out text; its subsampling applies.
        width: largest distance of a pair.
    Returns:
        two int32 arrays, shape `(pairs,)`: targets and contexts.
    """
    kept, generator = next(iter(stream.pools(HELD_OUT_PASS)))
    left, right = kept.window_extents(width)
    places = generator.permutation(np.flatnonzero(left + right))[:number]
    drawn = generator.integers(left[places] + right[places])
    offset = np.where(drawn < left[places], -1 - drawn, drawn - left[places] + 1)
    return kept.tokens[places], kept.tokens[places + offset]
