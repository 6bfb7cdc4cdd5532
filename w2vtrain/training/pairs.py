"""Skip-gram pairs made one by one, as word2vec.c sees them; vectorised.

For each token a width is drawn from 1 to the window size; the tokens within it are its contexts.
Each pair gets its own noise words; one that hits the pair's context is drawn again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2vtrain.engine.sampling import NoiseSampler
from w2vtrain.engine.text_stream import KeptText, TextStream

PAIRS_AT_ONCE = 2**18


@dataclass(frozen=True)
class Pairs:
    """Positive pairs with their noise.

    Args:
        targets: int32 array, shape `(pairs,)`.
        contexts: int32 array, shape `(pairs, 1 + num_negatives)`: the true context, then noise.
    """

    targets: np.ndarray
    contexts: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """float32 array, shape `(pairs, 1 + num_negatives)`: 1 for the true context, else 0."""
        labels = np.zeros(self.contexts.shape, np.float32)
        labels[:, 0] = 1
        return labels


def positive_pairs(
    kept: KeptText, window_size: int, generator: np.random.Generator | None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the targets and contexts of all pairs of a text, in the order of the distance.

    Args:
        window_size: most tokens on each side.
        generator: draws each token's width from 1 to `window_size`; None takes `window_size`.
    Returns:
        two int32 arrays, shape `(pairs,)`.

    Source: word2vec.c, `b = next_random % window`; the paper's section 4.1 describes the draw.
    """
    widths: Any = window_size
    if generator is not None:
        widths = generator.integers(1, window_size + 1, size=len(kept.tokens), dtype=np.int32)
    left, right = (np.minimum(reach, widths) for reach in kept.reaches(window_size))
    targets, contexts = [], []
    for distance in range(1, window_size + 1):
        for reach, offset in ((left, -distance), (right, distance)):
            place = np.flatnonzero(reach >= distance)
            targets.append(kept.tokens[place])
            contexts.append(kept.tokens[place + offset])
    return np.concatenate(targets), np.concatenate(contexts)


def with_noise(
    targets: np.ndarray,
    contexts: np.ndarray,
    num_negatives: int,
    sampler: NoiseSampler,
    generator: np.random.Generator,
) -> Pairs:
    """Returns pairs with `num_negatives` noise words each, none of them the pair's own context."""
    noise = sampler.draw(generator, (len(targets), num_negatives))
    while len(hits := np.flatnonzero((noise == contexts[:, None]).ravel())):
        noise.ravel()[hits] = sampler.draw(generator, (len(hits),))
    return Pairs(targets, np.concatenate([contexts[:, None], noise], axis=1))


def epoch_pairs(
    stream: TextStream,
    window_size: int,
    num_negatives: int,
    sampler: NoiseSampler,
    epoch: int,
    skip: int = 0,
) -> Iterator[Pairs]:
    """Yields the pairs of an epoch, shuffled within pools of a million running words.

    Args:
        epoch: from 0.
        skip: leave out so many pairs at the start; the others are the same as without.
    """
    for kept, generator in stream.pools(epoch):
        targets, contexts = positive_pairs(kept, window_size, generator)
        if skip >= len(targets):
            skip -= len(targets)
            continue
        order = generator.permutation(len(targets))
        for start in range(0, len(order), PAIRS_AT_ONCE):
            part = order[start : start + PAIRS_AT_ONCE]
            pairs = with_noise(targets[part], contexts[part], num_negatives, sampler, generator)
            if skip < len(part):
                yield Pairs(pairs.targets[skip:], pairs.contexts[skip:])
            skip = max(0, skip - len(part))


def as_dataset(epochs: Callable[[], Iterator[Pairs]], num_negatives: int, batch_size: int) -> Any:
    """Returns a `tf.data.Dataset` of batches `((targets, contexts), labels)`."""
    import tensorflow as tf

    width = 1 + num_negatives
    signature = (
        (tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None, width), tf.int32)),
        tf.TensorSpec((None, width), tf.float32),
    )

    def arrays() -> Iterator[Any]:
        for pairs in epochs():
            yield (pairs.targets, pairs.contexts), pairs.labels

    dataset = tf.data.Dataset.from_generator(arrays, output_signature=signature)
    return dataset.prefetch(1).unbatch().batch(batch_size).prefetch(4)
