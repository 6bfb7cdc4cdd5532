"""Training steps: blocks of text with their noise words, sorted so that a step touches a row once.

A step's gradient rows must be summed a word at a time before they reach the tables. Sorting the
step's ids here, where NumPy does it in some microseconds, lets TensorFlow do that with a sorted
segment sum and one write a row: faster than a scatter with duplicates, and in a fixed order, so the
result has the same bytes on any number of threads.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2vtrain.engine.blocks import Blocks, pools_of_blocks
from w2vtrain.engine.sampling import NoiseSampler
from w2vtrain.engine.step_shape import StepShape
from w2vtrain.engine.text_stream import TextStream

CHUNK_STEPS = 8  # made at a time: enough to amortise the calls, few enough to stay in the cache


@dataclass(frozen=True)
class RowUses:
    """Which rows of a table a step uses, and where.

    Args:
        rows: int32, shape `(unique,)`: the distinct ids, ascending; padded with 0 at the end.
        places: int32: for each use, its row's place in `rows`.
        order: int32, shape `(uses,)`: the uses in the order of their rows.
        segments: int32, shape `(uses,)`: for each use in that order, its row's place in `rows`.
        damping: float32, shape `(unique,)`: factor of each row's update.
    """

    rows: np.ndarray
    places: np.ndarray
    order: np.ndarray
    segments: np.ndarray
    damping: np.ndarray


@dataclass(frozen=True)
class Steps:
    """Some steps; the first axis of every array is the step.

    Args:
        windows: int32, shape `(steps, blocks, block_size)`: rows of `StepShape.weight_table`.
        hits: float32, shape `(steps, unique)`: for each row of `contexts.rows`, how often a pair's
            noise is expected to hit it: num_negatives * (noise probability).
        targets: uses of the target table; `places` has shape `(steps, blocks, block_size)`.
        contexts: uses of the context table; `places` has shape `(steps, blocks, columns)`.
    """

    windows: np.ndarray
    hits: np.ndarray
    targets: RowUses
    contexts: RowUses

    def rest(self, skip: int) -> "Steps":
        """Returns the steps after the first `skip`."""
        if skip == 0:
            return self
        return Steps(
            windows=self.windows[skip:],
            hits=self.hits[skip:],
            targets=RowUses(**{k: v[skip:] for k, v in _arrays(self.targets)}),
            contexts=RowUses(**{k: v[skip:] for k, v in _arrays(self.contexts)}),
        )

    def as_batch(self) -> dict[str, np.ndarray]:
        """Returns the arrays under flat names, as `Word2Vec.train_step` takes them."""
        return {
            "windows": self.windows,
            "hits": self.hits,
            **{f"target_{k}": v for k, v in _arrays(self.targets)},
            **{f"context_{k}": v for k, v in _arrays(self.contexts)},
        }


def _arrays(uses: RowUses) -> list[tuple[str, np.ndarray]]:
    return [(f.name, getattr(uses, f.name)) for f in dataclasses.fields(uses)]


class StepMaker:
    """Adds noise to blocks and sorts their ids.

    Args:
        shape: the sizes of a step.
        noise: float array, shape `(vocabulary,)`: probability of each id as noise.
        target_damping, context_damping: float32 arrays, shape `(vocabulary,)`.
    """

    def __init__(
        self,
        shape: StepShape,
        noise: np.ndarray,
        target_damping: np.ndarray,
        context_damping: np.ndarray,
    ) -> None:
        self._shape = shape
        self._sampler = NoiseSampler(noise)
        self._hits = (shape.num_negatives * noise).astype(np.float32)
        self._target_damping = target_damping
        self._context_damping = context_damping
        column = np.arange(shape.columns)
        inside = (column >= shape.window_size) & (column < shape.window_size + shape.block_size)
        self._is_target = np.tile(inside, shape.blocks)
        self._target_place = np.cumsum(self._is_target, dtype=np.int32) - 1

    def make(self, blocks: Blocks, generator: np.random.Generator) -> Steps:
        """Returns the steps that `blocks` fill, with noise drawn from `generator`."""
        shape = self._shape
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
        return Steps(
            windows=blocks.windows.reshape(steps, shape.blocks, shape.block_size),
            hits=self._hits[contexts.rows],
            targets=_row_uses(
                target_order, target_ids, self._target_damping, (shape.blocks, shape.block_size)
            ),
            contexts=contexts,
        )


def sorted_uses(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the stable sorting order of each row of `ids`, and the sorted ids.

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


def epoch_steps(
    stream: TextStream, maker: StepMaker, shape: StepShape, epoch: int, skip: int = 0
) -> Iterator[Steps]:
    """Yields the steps of an epoch, up to `CHUNK_STEPS` at a time.

    Args:
        epoch: from 0.
        skip: leave out so many steps at the start; the others are the same as without.
    """
    size = CHUNK_STEPS * shape.blocks
    for blocks, generator in pools_of_blocks(stream, shape, epoch):
        if skip >= len(blocks.tokens) // shape.blocks:
            skip -= len(blocks.tokens) // shape.blocks
            continue
        for start in range(0, len(blocks.tokens), size):
            part = slice(start, start + size)
            steps = maker.make(Blocks(blocks.tokens[part], blocks.windows[part]), generator)
            if skip < len(steps.windows):
                yield steps.rest(skip)
            skip = max(0, skip - len(steps.windows))


def as_dataset(epochs: Callable[[], Iterator[Steps]], shape: StepShape) -> Any:
    """Returns a `tf.data.Dataset` of batches of steps; each iteration of it calls `epochs` once."""
    import tensorflow as tf

    ragged = {"hits", "target_rows", "target_damping", "context_rows", "context_damping"}
    sizes: dict[str, tuple[int | None, ...]] = {
        "windows": (shape.blocks, shape.block_size),
        "target_places": (shape.blocks, shape.block_size),
        "target_order": (shape.tokens,),
        "target_segments": (shape.tokens,),
        "context_places": (shape.blocks, shape.columns),
        "context_order": (shape.blocks * shape.columns,),
        "context_segments": (shape.blocks * shape.columns,),
        **dict.fromkeys(ragged, (None,)),
    }
    signature = {
        name: tf.TensorSpec(
            (None, *size), tf.float32 if name == "hits" or "damping" in name else tf.int32
        )
        for name, size in sizes.items()
    }

    options = tf.data.Options()
    options.autotune.enabled = False  # its thread would compete with the training
    options.deterministic = True
    return generated(lambda: (s.as_batch() for s in epochs()), signature).with_options(options)


def generated(generators: Callable[[], Iterator[dict[str, np.ndarray]]], signature: Any) -> Any:
    """Returns what `tf.data.Dataset.from_generator` does, with two elements prefetched.

    That one makes the C library give freed memory back to the system at once
    (`mallopt(M_TRIM_THRESHOLD)`), for the whole process: a training took about 8 % longer with it.

    Args:
        generators: each iteration of the dataset calls it once.
        signature: a `tf.TensorSpec` for each name; the first axis of all is unknown.
    """
    import tensorflow as tf

    names = list(signature)
    types = [signature[name].dtype for name in names]
    nothing = [
        np.zeros([0, *(size or 0 for size in spec.shape[1:])], spec.dtype.as_numpy_dtype)
        for spec in signature.values()
    ]
    running: dict[int, Iterator[dict[str, np.ndarray]]] = {}
    numbers = itertools.count()

    def begin() -> np.int64:
        number = next(numbers)
        running[number] = generators()
        return np.int64(number)

    def element(iteration: np.ndarray) -> list[np.ndarray]:
        arrays = next(running[int(iteration)], None)
        if arrays is None:
            del running[int(iteration)]
            return nothing
        return [arrays[name] for name in names]

    def shaped(iteration: Any) -> dict[str, Any]:
        arrays = tf.numpy_function(element, [iteration], types)
        return {
            name: tf.ensure_shape(array, signature[name].shape)
            for name, array in zip(names, arrays, strict=True)
        }

    def elements(_: Any) -> Any:
        iteration = tf.numpy_function(begin, [], tf.int64)
        dataset = tf.data.Dataset.from_tensors(iteration).repeat().map(shaped)
        return dataset.take_while(lambda arrays: tf.shape(arrays[names[0]])[0] > 0).prefetch(2)

    return tf.data.Dataset.from_tensors(0).flat_map(elements)
