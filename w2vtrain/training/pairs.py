"""Pairs made one by one: the one place where the pairs of a text are enumerated."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from w2vtrain.engine.sampling import NoiseSampler
from w2vtrain.engine.stream import Items, KeptText, Position, TextStream, endless_batches

Context = Literal["both", "next"]
Extents = tuple[np.ndarray, np.ndarray]  # contexts of each token on its left, on its right


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


def enumerate_pairs(tokens: np.ndarray, extents: Extents) -> tuple[np.ndarray, np.ndarray]:
    """Return the targets and contexts of all pairs of a text, in the order of their distance.

    Args:
        tokens: int32 array, shape `(tokens,)`.
        extents: two int arrays of that shape: how many contexts each token has on its left and on
            its right; a token with none is no target.
    Returns:
        two int32 arrays, shape `(pairs,)`.
    """
    targets, contexts = [], []
    for distance in range(1, max(int(side.max(initial=0)) for side in extents) + 1):
        for extent, offset in zip(extents, (-distance, distance), strict=True):
            place = np.flatnonzero(extent >= distance)
            targets.append(tokens[place])
            contexts.append(tokens[place + offset])
    nothing = np.zeros(0, np.int32)
    return np.concatenate([nothing, *targets]), np.concatenate([nothing, *contexts])


def drawn_extents(kept: KeptText, window_size: int, generator: np.random.Generator) -> Extents:
    """Draw the width of each token's window from 1 to `window_size`.

    Source: word2vec.c, `b = next_random % window`; Mikolov et al. 2013, "Efficient Estimation of
    Word Representations", section 3.2, describes the draw.
    """
    widths = generator.integers(1, window_size + 1, size=len(kept.tokens), dtype=np.int32)
    left, right = kept.window_extents(window_size)
    return np.minimum(left, widths), np.minimum(right, widths)


def full_extents(kept: KeptText, window_size: int, context: Context) -> Extents:
    """Return whole windows: on both sides, or only the tokens that come next."""
    left, right = kept.window_extents(window_size)
    return (left if context == "both" else np.zeros_like(left)), right


def with_noise(
    targets: np.ndarray,
    contexts: np.ndarray,
    num_negatives: int,
    sampler: NoiseSampler,
    generator: np.random.Generator,
) -> Pairs:
    """Return pairs with `num_negatives` noise words each, none of them the pair's own context."""
    noise = sampler.draw(generator, (len(targets), num_negatives))
    while len(hits := np.flatnonzero((noise == contexts[:, None]).ravel())):
        noise.ravel()[hits] = sampler.draw(generator, (len(hits),))
    return Pairs(targets, np.concatenate([contexts[:, None], noise], axis=1))


@dataclass(frozen=True)
class PairStream:
    """The pairs of the passes over a text.

    Args:
        stream: the text.
        extents: returns the extents of some kept text, drawing from the generator if it must.
    """

    stream: TextStream
    extents: Callable[[KeptText, np.random.Generator], Extents]

    def of_pass(self, pass_number: int) -> Iterator[Items]:
        """Yield targets and contexts, shuffled within pools of a million running words."""
        for kept, generator in self.stream.pools(pass_number):
            targets, contexts = enumerate_pairs(kept.tokens, self.extents(kept, generator))
            order = generator.permutation(len(targets))
            yield targets[order], contexts[order]

    def count(self, pass_number: int = 0) -> int:
        """Return the number of pairs of a pass."""
        return sum(
            int(side.sum())
            for kept, generator in self.stream.pools(pass_number)
            for side in self.extents(kept, generator)
        )

    def batches(self, size: int, start: Position) -> Iterator[tuple[Items, Position, Position]]:
        """Yield batches of `size` pairs without end, as `endless_batches` does."""
        return endless_batches(self.of_pass, lambda _: size, start)


def batch_generator(seed: int, draw: int, position: Position) -> np.random.Generator:
    """Return the generator for the noise of the batch that begins at `position`."""
    draws = [seed, draw, position.pass_number, position.offset]
    return np.random.Generator(np.random.SFC64(draws))


def cut(items: Items, size: int) -> Iterator[Items]:
    """Cut arrays of one length into parts of `size` rows and a shorter last one."""
    for start in range(0, len(items[0]), size):
        yield tuple(array[start : start + size] for array in items)


def pair_signature(columns: int) -> Any:
    """Return the `tf.TensorSpec`s of `((targets, contexts), labels)` with so many contexts."""
    import tensorflow as tf

    return (
        (tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None, columns), tf.int32)),
        tf.TensorSpec((None, columns), tf.float32),
    )
