"""Training steps: blocks of text with their noise words, sorted so that a step touches a row once.

A step's gradient rows must be summed word by word before they reach the tables. Sorting the step's
ids here, where NumPy does it in some microseconds, lets TensorFlow do that with a sorted segment
sum and one write a row: faster than a scatter with duplicates, and in a fixed order, so the result
has the same bytes on any number of threads.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from w2vtrain.engine.blocks import Blocks, BlockShape, cut_into_blocks, filled_up
from w2vtrain.engine.sampling import NoiseSampler
from w2vtrain.engine.stream import (
    HELD_OUT_PASS,
    Items,
    Position,
    TextStream,
    endless_batches,
)

_NOISE_DRAW = 7  # separates the draws of noise words from those of the text


class RowUses(NamedTuple):
    """Which rows of a table a step uses, and where; arrays in NumPy, tensors in TensorFlow.

    Attributes:
        rows: int32, shape `(unique,)`: the distinct ids, ascending; padded with 0 at the end.
        places: int32: for each use, its row's place in `rows`.
        order: int32, shape `(uses,)`: the uses in the order of their rows.
        segments: int32, shape `(uses,)`: for each use in that order, its row's place in `rows`.
        damping: float32, shape `(unique,)`: factor of each row's update.
    """

    rows: Any
    places: Any
    order: Any
    segments: Any
    damping: Any


class Step(NamedTuple):
    """One step, or several: then the first axis of every array is the step.

    Attributes:
        windows: int32, shape `(blocks, block_size)`: rows of `BlockShape.weight_table`.
        hits: float32, shape `(unique,)`: for each row of `contexts.rows`, how often a pair's noise
            is expected to hit it: num_negatives * (noise probability).
        targets: uses of the target table; `places` has shape `(blocks, block_size)`.
        contexts: uses of the context table; `places` has shape `(blocks, columns)`.
    """

    windows: Any
    hits: Any
    targets: RowUses
    contexts: RowUses


def signature(shape: BlockShape) -> Step:
    """Return the `tf.TensorSpec` of each array of a batch of steps."""
    import tensorflow as tf

    def uses(*form: int) -> RowUses:
        number = int(np.prod(form))
        return RowUses(
            rows=tf.TensorSpec((None, None), tf.int32),
            places=tf.TensorSpec((None, *form), tf.int32),
            order=tf.TensorSpec((None, number), tf.int32),
            segments=tf.TensorSpec((None, number), tf.int32),
            damping=tf.TensorSpec((None, None), tf.float32),
        )

    return Step(
        windows=tf.TensorSpec((None, shape.blocks, shape.block_size), tf.int32),
        hits=tf.TensorSpec((None, None), tf.float32),
        targets=uses(shape.blocks, shape.block_size),
        contexts=uses(shape.blocks, shape.columns),
    )


class StepMaker:
    """Adds noise to blocks and sorts their ids.

    Args:
        shape: the sizes of a step.
        noise: float array, shape `(vocabulary,)`: probability of each id as noise.
        target_damping, context_damping: float32 arrays, shape `(vocabulary,)`.
    """

    def __init__(
        self,
        shape: BlockShape,
        noise: np.ndarray,
        target_damping: np.ndarray,
        context_damping: np.ndarray,
    ) -> None:
        self.shape = shape
        self._sampler = NoiseSampler(noise)
        self._hits = (shape.num_negatives * noise).astype(np.float32)
        self._target_damping = target_damping
        self._context_damping = context_damping
        column = np.arange(shape.columns)
        inside = (column >= shape.window_size) & (column < shape.window_size + shape.block_size)
        self._is_target = np.tile(inside, shape.blocks)
        self._target_place = np.cumsum(self._is_target, dtype=np.int32) - 1

    def make(self, blocks: Blocks, generator: np.random.Generator) -> Step:
        """Return the steps that `blocks` fill, with noise drawn from `generator`."""
        shape = self.shape
        steps = len(blocks.tokens) // shape.blocks
        noise = self._sampler.draw(generator, (len(blocks.tokens), shape.noise_size))
        ids = np.concatenate([blocks.tokens, noise], axis=1).reshape(steps, -1)
        order, sorted_ids = sorted_uses(ids)
        is_target = self._is_target[order]
        target_order = self._target_place[order[is_target]].reshape(steps, shape.tokens)
        target_ids = sorted_ids[is_target].reshape(steps, shape.tokens)
        contexts = _row_uses(
            order, sorted_ids, self._context_damping, (shape.blocks, shape.columns)
        )
        return Step(
            windows=blocks.windows.reshape(steps, shape.blocks, shape.block_size),
            hits=self._hits[contexts.rows],
            targets=_row_uses(
                target_order, target_ids, self._target_damping, (shape.blocks, shape.block_size)
            ),
            contexts=contexts,
        )


def sorted_uses(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the stable sorting order of each row of `ids`, and the sorted ids.

    Args:
        ids: int32 array, shape `(steps, uses)`.
    Returns:
        two int32 arrays of the same shape.
    """
    bits = max(1, int(ids.shape[1] - 1).bit_length())
    # One plain integer holds id and place: several times faster to sort than an argsort, and twice
    # as fast again where 32 bits are enough.
    kind = np.int32 if int(ids.max()).bit_length() + bits < 32 else np.int64
    keys: Any = ids.astype(kind)  # Python's integers below keep this type
    keys <<= bits
    keys |= np.arange(ids.shape[1], dtype=kind)
    keys.sort(axis=1)
    return (keys & ((1 << bits) - 1)).astype(np.int32), (keys >> bits).astype(np.int32)


def _row_uses(
    order: np.ndarray, sorted_ids: np.ndarray, damping: np.ndarray, form: tuple[int, int]
) -> RowUses:
    steps, uses = order.shape
    first = np.ones(order.shape, bool)  # of its row's uses
    np.not_equal(sorted_ids[:, 1:], sorted_ids[:, :-1], out=first[:, 1:])
    segments = np.cumsum(first, axis=1, dtype=np.int32) - 1
    distinct = segments[:, -1] + 1
    rows = np.zeros((steps, int(distinct.max())), np.int32)
    rows[np.arange(rows.shape[1]) < distinct[:, None]] = sorted_ids[first]
    places = np.empty(steps * uses, np.int32)
    places[order + np.arange(0, steps * uses, uses)[:, None]] = segments
    return RowUses(
        rows=rows,
        places=places.reshape(steps, *form),
        order=order,
        segments=segments,
        damping=damping[rows],
    )


class BatchSizes(NamedTuple):
    """How the steps of an epoch are spread over its batches, as evenly as whole steps allow.

    Attributes:
        steps: steps of an epoch.
        batches: batches of an epoch.
    """

    steps: int
    batches: int

    def of(self, batch: int) -> int:
        """Return the number of steps in a batch, counted since the training began."""
        place = batch % self.batches
        return (place + 1) * self.steps // self.batches - place * self.steps // self.batches


def endless_steps(
    stream: TextStream, maker: StepMaker, sizes: BatchSizes, seed: int, start: Position
) -> Iterator[tuple[Step, Position]]:
    """Yield batches of steps without end, from `start` on, with the position after each."""
    shape = maker.shape

    def blocks(pass_number: int) -> Iterator[Items]:
        for kept, generator in stream.pools(pass_number):
            cut = cut_into_blocks(kept, shape)
            order = generator.permutation(len(cut.tokens))
            yield cut.tokens[order], cut.windows[order]

    batches = endless_batches(blocks, lambda batch: sizes.of(batch) * shape.blocks, start)
    for (tokens, windows), first, after in batches:
        draws = [seed, first.pass_number, first.offset, _NOISE_DRAW]
        generator = np.random.Generator(np.random.SFC64(draws))
        yield maker.make(Blocks(tokens, windows), generator), after


def held_out_steps(stream: TextStream, maker: StepMaker) -> Iterator[Step]:
    """Yield the steps of held-out text, with the same draws at every call."""
    for kept, generator in stream.pools(HELD_OUT_PASS):
        cut = filled_up(cut_into_blocks(kept, maker.shape), maker.shape)
        at_once = 8 * maker.shape.blocks
        for start in range(0, len(cut.tokens), at_once):
            part = slice(start, start + at_once)
            yield maker.make(Blocks(cut.tokens[part], cut.windows[part]), generator)
