"""Batches made in Python as a `tf.data.Dataset`, with the position that training has reached."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from w2vtrain.engine.stream import Position


class BatchStream:
    """An endless stream of training batches that knows which of them have been trained on.

    Batches are made some steps ahead of the training, so the stream notes the position after each
    of them. `position_after` answers for the batch that the training has really reached.

    Args:
        batches: yields batches, each with the position after it, from a given position on.
        signature: a nest of `tf.TensorSpec` of the form of a batch.
        start: where the first iteration of `dataset` begins.
    """

    def __init__(
        self,
        batches: Callable[[Position], Iterator[tuple[Any, Position]]],
        signature: Any,
        start: Position,
    ) -> None:
        self._batches, self._signature = batches, signature
        self.start = start
        self._after: dict[int, Position] = {}

    def dataset(self) -> Any:
        """Return a `tf.data.Dataset` whose iterations begin at `start`, as it is then."""
        return as_dataset(self._noting_positions, self._signature)

    def position_after(self, batch: int) -> Position:
        """Return the position after the first `batch` batches of the training."""
        if batch == self.start.batch:
            return self.start
        for earlier in [number for number in self._after if number < batch]:
            del self._after[earlier]
        return self._after[batch]

    def _noting_positions(self) -> Iterator[Any]:
        for batch, after in self._batches(self.start):
            self._after[after.batch] = after
            yield batch


def as_dataset(batches: Callable[[], Iterator[Any]], signature: Any) -> Any:
    """Return a `tf.data.Dataset` of what `batches()` yields, two batches ahead of its reader.

    Does what `tf.data.Dataset.from_generator` does, which makes the C library give freed memory
    back to the system at once (`mallopt(M_TRIM_THRESHOLD)`), for the whole process: a training took
    about 8 % longer with it.

    Args:
        batches: called once by each iteration of the dataset; yields nests of arrays.
        signature: a nest of `tf.TensorSpec` of the same form; the first axis of each is unknown,
            and no batch is empty.
    """
    import tensorflow as tf

    specs = tf.nest.flatten(signature)
    nothing = [
        np.zeros([0, *(size or 0 for size in spec.shape[1:])], spec.dtype.as_numpy_dtype)
        for spec in specs
    ]
    running: dict[int, Iterator[Any]] = {}
    numbers = itertools.count()

    def begin() -> np.int64:
        number = next(numbers)
        running[number] = batches()
        return np.int64(number)

    def element(iteration: np.ndarray) -> list[np.ndarray]:
        batch = next(running[int(iteration)], None)
        if batch is None:
            del running[int(iteration)]
            return nothing
        return tf.nest.flatten(batch)

    def with_shapes(iteration: Any) -> Any:
        arrays = tf.numpy_function(element, [iteration], [spec.dtype for spec in specs])
        shaped = [tf.ensure_shape(a, s.shape) for a, s in zip(arrays, specs, strict=True)]
        return tf.nest.pack_sequence_as(signature, shaped)

    def elements(_: Any) -> Any:
        iteration = tf.numpy_function(begin, [], tf.int64)
        dataset = tf.data.Dataset.from_tensors(iteration).repeat().map(with_shapes)
        return dataset.take_while(
            lambda *batch: tf.shape(tf.nest.flatten(batch)[0])[0] > 0
        ).prefetch(2)

    options = tf.data.Options()
    options.autotune.enabled = False  # its thread would compete with the training
    options.deterministic = True
    return tf.data.Dataset.from_tensors(0).flat_map(elements).with_options(options)
