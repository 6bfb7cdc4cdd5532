"""The objective of TensorFlow's word2vec tutorial, with its defects or without them."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from w2vtrain.config import TrainConfig
from w2vtrain.engine.text_stream import TokenFile
from w2vtrain.errors import W2VError
from w2vtrain.training.pairs import Pairs
from w2vtrain.training.training import HELD_OUT_EPOCH, Place, Training, TrainingText
from w2vtrain.training.tutorial_pairs import TutorialPairs, shuffled_by_buffer

BATCH_SIZE = 1024
SHUFFLE_BUFFER = 10_000
STEPS_PER_EXECUTION = 16


def tutorial_pairs(text: TrainingText, config: TrainConfig, epoch: int) -> Pairs:
    """Returns the pairs of an epoch; unless `frozen` is repaired, each epoch's are the first's.

    Raises:
        W2VError: fewer words than a pair has noise words.
    """
    repairs = config.tutorial_repairs
    maker = TutorialPairs(len(text.counts), config.window_size, config.num_negatives, repairs)
    if maker.possible_noise < config.num_negatives:
        raise W2VError(
            f"--num-negatives is {config.num_negatives}, but only {maker.possible_noise} ids can "
            "be noise, and a pair's are all different.",
            "Give a smaller number.",
        )
    generator = np.random.default_rng([config.seed, 4, epoch if "frozen" in repairs else 0])
    tokens = text.file.read(0, text.file.tokens)
    return maker.make(tokens, np.asarray(text.file.boundaries), generator)


def tutorial_training(text: TrainingText, config: TrainConfig, epochs: int) -> Training:
    """Returns the training of a `Word2Vec` as in the tutorial.

    Categorical cross-entropy over a pair's context and its noise words, Adam, batches from a
    shuffle buffer, the last incomplete batch dropped.

    Raises:
        W2VError: the text makes less than one batch of pairs.
    """
    import keras

    from w2vtrain.models.word2vec import Word2Vec

    size = config.batch_size or BATCH_SIZE
    first = tutorial_pairs(text, config, 0)
    steps = len(first.targets) // size
    if steps == 0:
        raise W2VError(
            f"The text makes {len(first.targets):,} pairs: less than one batch of {size:,}.",
            "Give more text, or a smaller --batch-size.",
        )
    place = Place()
    model = Word2Vec(len(text.counts), config.embedding_dim, config.seed, name="word2vec")
    for number, layer in enumerate((model.target_embedding, model.context_embedding)):
        generator = np.random.default_rng([config.seed, 5, number])  # Keras' default start
        layer.embeddings.assign(generator.uniform(-0.05, 0.05, layer.embeddings.shape))
    model.compile(
        optimizer=keras.optimizers.Adam(config.first_rate(epochs)),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        steps_per_execution=min(STEPS_PER_EXECUTION, max(1, steps // 8)),
        jit_compile=False,
    )
    facts = {
        "pairs_per_step": size,
        "pairs": len(first.targets),
        "repairs": sorted(config.tutorial_repairs),
    }
    dataset = _dataset(text, config, first, size, place)

    def held_out(file: TokenFile) -> Any:
        return _held_out(dataclasses.replace(text, file=file), config)

    return Training(model, dataset, steps, facts, held_out, _loss_on_pairs(model), place)


def _held_out(text: TrainingText, config: TrainConfig) -> Any:
    """Returns a dataset of the pairs of held-out text, always repaired.

    So the held-out losses of trainings with different repairs are measured alike.
    """
    import tensorflow as tf

    whole = config.replaced(corrected=True, repairs="none")
    pairs = tutorial_pairs(text, whole, HELD_OUT_EPOCH)
    return tf.data.Dataset.from_tensor_slices((pairs.targets, pairs.contexts)).batch(BATCH_SIZE)


def _loss_on_pairs(model: Any) -> Callable[[Any], tuple[Any, Any]]:
    import tensorflow as tf

    def loss_on_pairs(batch: Any) -> tuple[Any, Any]:
        """Returns the summed cross-entropy of the true contexts, which come first, and pairs."""
        true = tf.zeros_like(batch[0])
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(true, model(batch))
        return tf.reduce_sum(losses), tf.cast(tf.shape(batch[0])[0], tf.float32)

    return loss_on_pairs


def _dataset(text: TrainingText, config: TrainConfig, first: Pairs, size: int, place: Place) -> Any:
    """Returns a `tf.data.Dataset` of batches from `place` to the end of its epoch."""
    import tensorflow as tf

    width = 1 + config.num_negatives

    def batches() -> Iterator[Any]:
        epoch, start = place.epoch, place.step
        again = epoch == 0 or "frozen" not in config.tutorial_repairs
        pairs = first if again else tutorial_pairs(text, config, epoch)
        generator = np.random.default_rng([config.seed, 6, epoch])
        order = shuffled_by_buffer(len(pairs.targets), SHUFFLE_BUFFER, generator)
        labels = np.zeros((size, width), np.float32)
        labels[:, 0] = 1
        for step in range(start, len(order) // size):
            rows = order[step * size : (step + 1) * size]
            yield (pairs.targets[rows], pairs.contexts[rows]), labels

    return tf.data.Dataset.from_generator(
        batches,
        output_signature=(
            (tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None, width), tf.int32)),
            tf.TensorSpec((None, width), tf.float32),
        ),
    ).prefetch(8)
