"""Training steps: blocks of text with their noise words, sorted so that a step touches a row once.

A step's gradient rows must be summed word by word before they reach the tables. The sums are the
product of a sparse matrix and the gradient: one row for each distinct word, one entry for each use
of it. Sorting the step's ids here, where NumPy does it in some microseconds, lets TensorFlow make
that matrix, and write each row once: faster than a scatter with duplicates, and in a fixed order,
so the result has the same bytes on any number of threads.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from w2vtrain.corpus.vocabulary import PADDING_ID
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
        rows: int32, shape `(unique,)`: the distinct ids, ascending; filled up with padding, whose
            row never moves.
        places: int32, shape `(parts, blocks of a part, …)`: for each use, its row's place in
            `rows`.
        entries: int64, shape `(parts, uses of a part, 2)`: for each use, its row's place in `rows`
            and its own number in its part, in ascending order: the entries of the matrix that sums
            a part's gradient by rows.
        factors: float32, shape `(parts, uses of a part)`: the damping of each entry's row.
    """

    rows: Any
    places: Any
    entries: Any
    factors: Any


class Step(NamedTuple):
    """One step, or several: then the first axis of every array is the step.

    Attributes:
        windows: int32, shape `(parts, blocks of a part, block_size, 2)`: `BlockShape.window_ids`.
        noise_share: float32, shape `(parts, blocks of a part, columns)`: the share of a column's
            score that counts as noise. 1, but for a token 1 - k p, with k the negatives a pair and
            p its noise probability: the word that a pair predicts is not its noise.
        inputs: uses of the table of word vectors: by the targets, or by CBOW's contexts; `places`
            has shape `(parts, blocks of a part, inputs)`.
        outputs: uses of the other table, by what the block scores; `places` is like `noise_share`.
    """

    windows: Any
    noise_share: Any
    inputs: RowUses
    outputs: RowUses


def signature(shape: BlockShape) -> Step:
    """Return the `tf.TensorSpec` of each array of a batch of steps."""
    import tensorflow as tf

    blocks = (None, shape.parts, shape.blocks // shape.parts)

    def uses(width: int) -> RowUses:
        entries = (None, shape.parts, shape.blocks // shape.parts * width)
        return RowUses(
            rows=tf.TensorSpec((None, None), tf.int32),
            places=tf.TensorSpec((*blocks, width), tf.int32),
            entries=tf.TensorSpec((*entries, 2), tf.int64),
            factors=tf.TensorSpec(entries, tf.float32),
        )

    return Step(
        windows=tf.TensorSpec((*blocks, shape.block_size, 2), tf.int32),
        noise_share=tf.TensorSpec((*blocks, shape.columns), tf.float32),
        inputs=uses(shape.inputs),
        outputs=uses(shape.columns),
    )


class StepMaker:
    """Adds noise to blocks and sorts their ids.

    Args:
        shape: the sizes of a step.
        noise: float array, shape `(vocabulary,)`: probability of each id as noise.
        input_damping, output_damping: float32 arrays, shape `(vocabulary,)`.
    """

    def __init__(
        self,
        shape: BlockShape,
        noise: np.ndarray,
        input_damping: np.ndarray,
        output_damping: np.ndarray,
    ) -> None:
        self.shape = shape
        self._sampler = NoiseSampler(noise)
        self._noise_share = (1 - shape.num_negatives * noise).astype(np.float32)
        self._input_damping = input_damping
        self._output_damping = output_damping

    def make(self, blocks: Blocks, generator: np.random.Generator) -> Step:
        """Return the steps that `blocks` fill, with noise drawn from `generator`."""
        shape = self.shape
        form = len(blocks.tokens) // shape.blocks, shape.parts, shape.blocks // shape.parts
        contexts = blocks.tokens
        targets = contexts[:, shape.margin : shape.margin + shape.block_size]
        inputs, scored = targets, contexts
        if shape.architecture == "cbow":
            inputs, scored = contexts, targets
        noise = self._sampler.draw(generator, (len(contexts), shape.noise_size))
        columns = np.concatenate([scored, noise], axis=1)
        noise_share = np.ones(columns.shape, np.float32)
        noise_share[:, : -shape.noise_size] = self._noise_share[scored]
        return Step(
            windows=blocks.windows.reshape(*form, shape.block_size, 2),
            noise_share=noise_share.reshape(*form, -1),
            inputs=row_uses(inputs.reshape(*form, -1), self._input_damping),
            outputs=row_uses(columns.reshape(*form, -1), self._output_damping),
        )


def row_uses(ids: np.ndarray, damping: np.ndarray) -> RowUses:
    """Return where some steps use which rows of a table.

    Args:
        ids: int32 array, shape `(steps, parts, …)`: the row of each use.
        damping: float32 array, shape `(rows of the table,)`.
    """
    steps, parts = ids.shape[:2]
    order, sorted_ids = sorted_uses(ids.reshape(steps, -1))
    first = np.ones(order.shape, bool)  # of its row's uses
    np.not_equal(sorted_ids[:, 1:], sorted_ids[:, :-1], out=first[:, 1:])
    sorted_places = np.cumsum(first, axis=1, dtype=np.int32) - 1
    rows = np.full((steps, int(sorted_places[:, -1].max()) + 1), PADDING_ID, np.int32)
    rows.reshape(-1)[sorted_places + _starts(rows)] = sorted_ids
    places = np.empty(order.shape, np.int32)
    places.reshape(-1)[order + _starts(places)] = sorted_places
    use, row = sorted_uses(places.reshape(steps * parts, -1))
    entries = np.empty((*use.shape, 2), np.int64)
    entries[..., 0], entries[..., 1] = row, use
    factors = damping[rows].reshape(-1)[row.reshape(steps, -1) + _starts(rows)]
    return RowUses(
        rows=rows,
        places=places.reshape(ids.shape),
        entries=entries.reshape(steps, parts, -1, 2),
        factors=factors.reshape(steps, parts, -1),
    )


def row_order(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how uses of rows are put together, row by row, those of a row in their order.

    Args:
        ids: int32 array, shape `(uses,)`: the row of each use.
    Returns:
        int32 arrays: the distinct rows, ascending; the uses sorted by row; for each of them in
        that order, its row's place among the distinct rows.
    """
    order, in_order = (array[0] for array in sorted_uses(ids[None]))
    first = np.ones(len(ids), bool)  # of its row's uses
    np.not_equal(in_order[1:], in_order[:-1], out=first[1:])
    return in_order[first], order, np.cumsum(first, dtype=np.int32) - 1


def _starts(array: np.ndarray) -> np.ndarray:
    """Return where each row of `array` starts in it, made flat: several times faster to index."""
    return np.arange(0, array.size, array.shape[1], dtype=np.int32)[:, None]


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
            cut = cut_into_blocks(kept, shape, int(generator.integers(shape.block_size)))
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
