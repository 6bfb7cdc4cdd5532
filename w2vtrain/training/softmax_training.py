"""The objectives with a probability for every word: full, sampled and hierarchical softmax."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from w2vtrain.config import TrainConfig
from w2vtrain.engine.sampling import NoiseSampler
from w2vtrain.engine.text_stream import TextStream, TokenFile
from w2vtrain.errors import W2VError
from w2vtrain.training.pair_counts import pair_batches, pair_counts
from w2vtrain.training.training import HELD_OUT_EPOCH, Place, Training, TrainingText

BATCH_SIZE = 1024
MOST_WORDS = 2**16  # of a full softmax: 2**32 scores for every look at all pairs
STEPS_PER_EXECUTION = 64


def full_softmax_training(text: TrainingText, config: TrainConfig, epochs: int) -> Training:
    """Returns the training of a `SoftmaxWord2Vec` on all of the vocabulary.

    With `--pairs stream` a step takes the exact gradient over all pairs of the text, from their
    counts; an epoch has as many steps as batches of pairs would make. With `--pairs explicit` a
    step is a batch of pairs.

    Raises:
        W2VError: the vocabulary is too large.
    """
    from w2vtrain.models.softmax_models import SoftmaxWord2Vec

    ids = len(text.counts)
    if ids > MOST_WORDS:
        raise W2VError(
            f"A full softmax over {ids:,} words scores every word against every word: "
            f"{ids * ids * 4 / 2**30:,.0f} GiB of scores for each look at the text.",
            f"Prepare with --vocabulary-size {MOST_WORDS:,} or less, or train with --objective "
            "sampled-softmax or hierarchical-softmax.",
        )
    stream = TextStream(text.file, text.keep(config), config.seed)
    counts = pair_counts(stream, 0, config.window_size, config.context, ids)
    size = config.batch_size or BATCH_SIZE
    steps = max(1, -(-int(counts.sum()) // size))
    model = SoftmaxWord2Vec(
        ids, config.embedding_dim, text.first_id, config.seed, config.bias, name="word2vec"
    )
    place = Place()
    facts = {
        "distinct_pairs": int(counts.nnz),
        "pairs": int(counts.sum()),
        "steps_per_epoch": steps,
    }
    if config.pairs == "stream":
        dataset = _count_dataset(_csr(counts), steps, place)
    else:
        facts["pairs_per_step"] = size
        dataset = _pair_dataset(text, config, size, place)
    _compile(model, config.first_rate(epochs), steps)
    return Training(
        model, dataset, steps, facts, _held_out(text, config), model.loss_on_pairs, place
    )


def sampled_softmax_training(text: TrainingText, config: TrainConfig, epochs: int) -> Training:
    """Returns the training of a `SoftmaxWord2Vec` that scores a step's pairs against some noise."""
    from w2vtrain.models.softmax_models import SoftmaxWord2Vec

    noise = text.noise(config)
    sampler = NoiseSampler(noise)
    size = config.batch_size or BATCH_SIZE
    model = SoftmaxWord2Vec(
        len(noise), config.embedding_dim, text.first_id, config.seed, config.bias, name="word2vec"
    )
    with np.errstate(divide="ignore"):
        model.noise_log_counts = np.log(noise).astype(np.float32)
    steps = _expected_steps(text, config, size)
    _compile(model, config.first_rate(epochs), steps)
    facts = {"pairs_per_step": size, "noise_words_per_step": config.num_negatives}
    place = Place()
    dataset = _pair_dataset(text, config, size, place, sampler)
    return Training(
        model, dataset, steps, facts, _held_out(text, config), model.loss_on_pairs, place
    )


def hierarchical_softmax_training(text: TrainingText, config: TrainConfig, epochs: int) -> Training:
    """Returns the training of a `HierarchicalWord2Vec` over the Huffman tree of the vocabulary."""
    from w2vtrain.models.huffman import huffman_paths
    from w2vtrain.models.softmax_models import HierarchicalWord2Vec

    nodes, turns = huffman_paths(text.counts)
    size = config.batch_size or BATCH_SIZE
    model = HierarchicalWord2Vec(
        len(text.counts), config.embedding_dim, nodes, turns, config.seed, name="word2vec"
    )
    steps = _expected_steps(text, config, size)
    _compile(model, config.first_rate(epochs), steps)
    lengths = (turns != 0).sum(axis=1)
    mean = float((lengths * text.counts).sum() / text.counts.sum())
    facts = {
        "pairs_per_step": size,
        "longest_path": int(lengths.max()),
        "mean_path": round(mean, 2),
    }
    place = Place()
    dataset = _pair_dataset(text, config, size, place)
    return Training(
        model, dataset, steps, facts, _held_out(text, config), model.loss_on_pairs, place
    )


def _compile(model: Any, rate: float, steps: int) -> None:
    import keras

    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        steps_per_execution=min(STEPS_PER_EXECUTION, max(1, steps // 8)),
        jit_compile=False,
    )


def _expected_steps(text: TrainingText, config: TrainConfig, size: int) -> int:
    sides = 2 if config.context == "both" else 1
    pairs = text.file.tokens * text.kept_share(config) * config.window_size * sides
    return max(1, round(pairs / size))


def _pair_dataset(
    text: TrainingText,
    config: TrainConfig,
    size: int,
    place: Place,
    sampler: NoiseSampler | None = None,
) -> Any:
    """Returns a `tf.data.Dataset` of batches `(targets, contexts)`, or with noise words besides.

    An iteration gives the batches from `place` to the end of its epoch.
    """
    import tensorflow as tf

    stream = TextStream(text.file, text.keep(config), config.seed)

    def batches() -> Iterator[tuple[np.ndarray, ...]]:
        step, epoch = 0, place.epoch
        first = place.step
        for targets, contexts in pair_batches(stream, epoch, config.window_size, config.context):
            for start in range(0, len(targets), size):
                step += 1
                if step <= first:
                    continue
                batch = targets[start : start + size], contexts[start : start + size]
                if sampler is None:
                    yield batch
                else:
                    generator = np.random.default_rng([config.seed, 3, epoch, step])
                    yield (*batch, sampler.draw(generator, (config.num_negatives,)))

    signature = (tf.TensorSpec((None,), tf.int32),) * (2 if sampler is None else 3)
    return tf.data.Dataset.from_generator(batches, output_signature=signature).prefetch(8)


def _held_out(text: TrainingText, config: TrainConfig) -> Callable[[TokenFile], Any]:
    """Returns a function that makes a dataset of all pairs of held-out text."""
    size = max(1, min(BATCH_SIZE, 2**22 // len(text.counts)))  # scores of the whole vocabulary

    def held_out(file: TokenFile) -> Any:
        apart = dataclasses.replace(text, file=file)
        return _pair_dataset(apart, config, size, Place(HELD_OUT_EPOCH, 0))

    return held_out


def _csr(counts: Any) -> dict[str, np.ndarray]:
    """Returns the rows that hold a count, as `SoftmaxWord2Vec.count_gradients` takes them."""
    targets = np.flatnonzero(np.diff(counts.indptr))
    return {
        "targets": targets.astype(np.int32),
        "offsets": np.append(counts.indptr[targets], counts.nnz).astype(np.int32),
        "contexts": counts.indices.astype(np.int32),
        "values": counts.data.astype(np.float32),
        "total": np.float32(counts.sum()),
    }


def _count_dataset(counts: dict[str, np.ndarray], steps: int, place: Place) -> Any:
    """Returns a `tf.data.Dataset` that gives the same counts for each step left of an epoch."""
    import tensorflow as tf

    tensors = {name: tf.constant(value) for name, value in counts.items()}
    left = tf.data.Dataset.from_generator(
        lambda: iter(range(place.step, steps)), output_signature=tf.TensorSpec((), tf.int32)
    )
    return left.map(lambda _: tensors).prefetch(8)
