"""The plain objective: explicit pairs through the model's own `call`, as Keras users know it.

Nothing is shared between pairs and nothing is cut, so this is the reference that the fast engine is
compared with. An ordinary Keras loss and Adam make it slow on large vocabularies: Adam passes over
both whole tables each step.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from w2vtrain.config import TrainConfig
from w2vtrain.engine.sampling import NoiseSampler
from w2vtrain.engine.text_stream import TextStream, TokenFile
from w2vtrain.errors import W2VError
from w2vtrain.training.pairs import Pairs, as_dataset, epoch_pairs
from w2vtrain.training.training import (
    HELD_OUT_EPOCH,
    Place,
    Training,
    TrainingText,
    linear_decay,
)

BATCH_SIZE = 1024
STEPS_PER_EXECUTION = 16


def pair_training(text: TrainingText, config: TrainConfig, epochs: int) -> Training:
    """Returns the training of a `Word2Vec` on explicit pairs of `text` for `epochs` epochs.

    The loss is the binary cross-entropy of a pair's score and of its noise words' scores, summed
    over them: the same number a pair as the fast engine reports.
    """
    import keras

    from w2vtrain.models.word2vec import Word2Vec

    stream = TextStream(text.file, text.keep(config), config.seed)
    noise = text.noise(config)
    if np.count_nonzero(noise) < 2:
        raise W2VError(
            "Only one word can be noise: no pair would have a word to be told from.",
            "Lower --noise-exponent.",
        )
    sampler = NoiseSampler(noise)
    place = Place()

    def rest_of_epoch() -> Iterator[Pairs]:
        yield from epoch_pairs(
            stream,
            config.window_size,
            config.num_negatives,
            sampler,
            place.epoch,
            place.step * BATCH_SIZE,
        )

    def held_out(file: TokenFile) -> Any:
        apart = TextStream(file, text.keep(config), config.seed)
        return as_dataset(
            lambda: epoch_pairs(
                apart, config.window_size, config.num_negatives, sampler, HELD_OUT_EPOCH
            ),
            config.num_negatives,
            BATCH_SIZE,
        )

    pairs = text.file.tokens * text.kept_share(config) * (config.window_size + 1)
    steps = max(1, round(pairs / BATCH_SIZE))
    model = Word2Vec(len(text.counts), config.embedding_dim, config.seed, name="word2vec")
    model.compile(
        optimizer=keras.optimizers.Adam(linear_decay(config.first_rate(epochs), steps * epochs)),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        loss_weights=[1 + config.num_negatives],  # Keras means over the scores of a pair
        steps_per_execution=min(STEPS_PER_EXECUTION, max(1, steps // 8)),
        jit_compile=False,
    )
    dataset = as_dataset(rest_of_epoch, config.num_negatives, BATCH_SIZE)
    facts = {"pairs_per_step": BATCH_SIZE}
    return Training(model, dataset, steps, facts, held_out, model.loss_on_pairs, place)
