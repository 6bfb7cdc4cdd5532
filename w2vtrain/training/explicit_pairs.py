"""Negative sampling on explicit pairs through the model's own `call`, as Keras users know it.

Nothing is shared between pairs and nothing is cut, so this is the reference that the fast engine is
compared with. An ordinary Keras loss and Adam make it slow on large vocabularies: Adam passes over
both whole tables each step.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.engine.sampling import NoiseSampler, keep_probabilities, noise_probabilities
from w2vtrain.engine.stream import HELD_OUT_PASS, Position, TextStream
from w2vtrain.errors import W2VError
from w2vtrain.training.config import NegativeSamplingConfig, PairMaking
from w2vtrain.training.objective import Objective, linear_decay, whole_calls
from w2vtrain.training.pairs import (
    Pairs,
    PairStream,
    batch_generator,
    cut,
    drawn_extents,
    pair_signature,
    with_noise,
)

BATCH_SIZE = 1024
MOST_BATCHES_PER_CALL = 16
_NOISE_DRAW = 2


@dataclass(frozen=True)
class ExplicitPairsConfig(NegativeSamplingConfig):
    """Settings of negative sampling on explicit pairs."""

    objective: str = "negative-sampling"
    pairs: PairMaking = "explicit"

    def initial_learning_rate(self, epochs: int) -> float:
        """Return the learning rate of the first step: of Adam on the mean over pairs."""
        return 0.002 if self.learning_rate is None else self.learning_rate


class ExplicitNegativeSampling(Objective):
    """Negative sampling as an ordinary Keras training of a `Word2Vec`.

    The loss is the binary cross-entropy of a pair's score and of its noise words' scores, summed
    over them: the same number a pair as the fast engine reports.

    Raises:
        W2VError: only one word can be noise.
    """

    config_class = ExplicitPairsConfig

    def __init__(self, corpus: Corpus, config: ExplicitPairsConfig, epochs: int) -> None:
        import keras

        from w2vtrain.models.word2vec import Word2Vec

        super().__init__(corpus, config, epochs)
        self._sampler = _noise_sampler(corpus, config)
        self._pairs = _pair_stream(corpus, corpus, config)
        self.batches_per_epoch, each = whole_calls(
            self._pairs.count() / BATCH_SIZE, MOST_BATCHES_PER_CALL
        )
        self.steps_per_epoch = self.batches_per_epoch
        self.untrained_loss = (1 + config.num_negatives) * math.log(2)
        self.model = Word2Vec(
            len(corpus.counts), config.embedding_dim, config.seed, name="word2vec"
        )
        rate = linear_decay(self.learning_rate, self.steps_per_epoch * epochs)
        self.model.compile(
            optimizer=keras.optimizers.Adam(rate),
            loss=self.loss(),
            loss_weights=[1 + config.num_negatives],  # Keras means over the scores of a pair
            steps_per_execution=each,
            jit_compile=False,
        )
        self.details["pairs_per_step"] = BATCH_SIZE

    def loss(self) -> Any:
        """Return the Keras loss of the scores of a pair's context and noise words."""
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True)

    def batches(self, start: Position) -> Iterator[tuple[Any, Position]]:
        """Yield `((targets, contexts), labels)` without end, each with the position after it."""
        for (targets, contexts), first, after in self._pairs.batches(BATCH_SIZE, start):
            pairs = _with_noise(targets, contexts, self.config, self._sampler, first)
            yield _as_batch(pairs), after

    def signature(self) -> Any:
        """Return the `tf.TensorSpec` of each array of a batch."""
        return pair_signature(1 + self.config.num_negatives)

    def held_out_batches(self, corpus: Corpus) -> Iterator[Any]:
        """Yield the pairs of held-out text, with the same draws at every call."""
        offset = 0
        for items in _pair_stream(corpus, self.corpus, self.config).of_pass(HELD_OUT_PASS):
            for targets, contexts in cut(items, BATCH_SIZE):
                at = Position(0, HELD_OUT_PASS, offset)
                yield _as_batch(_with_noise(targets, contexts, self.config, self._sampler, at))
                offset += len(targets)


def first_pairs(corpus: Corpus, config: NegativeSamplingConfig) -> Pairs:
    """Return all pairs of the first pass with noise words, as a training draws them.

    Raises:
        W2VError: only one word can be noise.
    """
    sampler = _noise_sampler(corpus, config)
    parts = [
        _with_noise(targets, contexts, config, sampler, Position(0, 0, number))
        for number, (targets, contexts) in enumerate(
            _pair_stream(corpus, corpus, config).of_pass(0)
        )
    ]
    return Pairs(
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.contexts for part in parts]),
    )


def _noise_sampler(corpus: Corpus, config: NegativeSamplingConfig) -> NoiseSampler:
    noise = noise_probabilities(corpus.counts, config.noise, config.noise_exponent)
    if np.count_nonzero(noise) < 2:
        raise W2VError(
            "Only one word can be noise: no pair would have a word to be told from.",
            "Lower --noise-exponent.",
        )
    return NoiseSampler(noise)


def _pair_stream(text: Corpus, corpus: Corpus, config: NegativeSamplingConfig) -> PairStream:
    """Return the pairs of `text`, subsampled by the counts of `corpus`."""
    keep = keep_probabilities(corpus.counts, config.subsample_threshold)
    return PairStream(
        TextStream(text, keep, config.seed),
        lambda kept, generator: drawn_extents(kept, config.window_size, generator),
    )


def _with_noise(
    targets: np.ndarray,
    contexts: np.ndarray,
    config: NegativeSamplingConfig,
    sampler: NoiseSampler,
    at: Position,
) -> Pairs:
    generator = batch_generator(config.seed, _NOISE_DRAW, at)
    return with_noise(targets, contexts, config.num_negatives, sampler, generator)


def _as_batch(pairs: Pairs) -> Any:
    return (pairs.targets, pairs.contexts), pairs.labels
