"""The trainer of several shards: each learns from the same tables, then they are merged."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.engine.shards import Round, merge_factor, steep_directions
from w2vtrain.engine.steps import row_order


class Moved(NamedTuple):
    """What the shards have added to the rows of a table in a round.

    Attributes:
        rows: int32, shape `(moved,)`: the distinct rows, ascending.
        summed: float32, shape `(moved, dim)`: the sum of their moves over the shards.
    """

    rows: Any
    summed: Any


class ShardedTrainer(keras.Model):
    """Trains what another trainer trains, in rounds of several shards.

    `fit` takes batches of `engine.shards.Round`, `evaluate` those of the other trainer. The tables
    are written only at the merge: a shard's batch runs on the tables themselves, its moves are
    noted, and the rows are put back. So a process can carry out any of the shards, one after the
    other, with the same operations in the same order.

    Args:
        trainer: its `train_step` takes a batch of one shard; `trained_tables` are merged.
        weights: for each table, float array, shape `(rows,)`: expected summed weight of the pairs
            of each row in a step.
        shards: of the training.

    Attributes:
        positions: int64 variable, shape `(shards, 2)`: pass and offset of each shard's text.
        exchange: gives what this process' shards have done and returns that of all shards; None
            where this process carries out all of them.
    """

    def __init__(
        self, trainer: Any, weights: Sequence[np.ndarray], shards: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.trainer, self.shards = trainer, shards
        self.exchange: Callable[[list[list[np.ndarray]]], list[list[np.ndarray]]] | None = None
        self._tables = [layer.embeddings.value for layer in trainer.trained_tables]
        self._row_weights = [tf.constant(weight, tf.float32) for weight in weights]
        self._train_shard = tf.function(self._moves, autograph=False)
        self.positions = self.add_weight(
            name="positions", shape=(shards, 2), dtype="int64", initializer="zeros", trainable=False
        )
        self.built = True

    def compile(self, optimizer: Any = "sgd", **kwargs: Any) -> None:
        """Set the learning rate or its schedule, as the trainer of one shard does."""
        self.trainer.compile(optimizer, **kwargs)
        super().compile(optimizer=self.trainer.optimizer, **kwargs)

    @property
    def word2vec(self) -> Any:
        """The model that is trained."""
        return self.trainer.word2vec

    @property
    def target_embedding(self) -> Any:
        """The Keras layer of the word vectors."""
        return self.trainer.target_embedding

    @property
    def context_embedding(self) -> Any:
        """The Keras layer of the context vectors."""
        return self.trainer.context_embedding

    def word_vectors(self) -> np.ndarray:
        """Return the vector of each id: float32 array, shape `(vocabulary_size, dim)`."""
        return self.trainer.word_vectors()

    def context_vectors(self) -> np.ndarray:
        """Return the context vector of each id, as `word_vectors` does."""
        return self.trainer.context_vectors()

    def call(self, inputs: Any) -> Any:
        """Return the scores of pairs."""
        return self.trainer(inputs)

    def save(self, filepath: Any, **kwargs: Any) -> None:
        """Save the model that has been trained."""
        self.trainer.save(filepath, **kwargs)

    @property
    def metrics(self) -> list[Any]:
        """The metrics that `fit` and `evaluate` reset."""
        return self.trainer.metrics

    def test_step(self, batch: Any) -> dict[str, Any]:
        """Return the mean loss a pair of a batch of the other trainer."""
        return self.trainer.test_step(batch)

    def train_step(self, batch: Round) -> dict[str, Any]:
        """Train each shard on its batch from the same tables, and merge them."""
        begin = tf.identity(self.optimizer.iterations.value)
        rate = tf.convert_to_tensor(self.optimizer.learning_rate)
        done = []
        for shard, rows in enumerate(batch.rows):
            moves, loss, steps = self._train_shard(batch.batches[shard], rows)
            done += [*rows, *moves, loss, batch.positions[shard]]
        moved, losses, positions = self._of_all_shards(done)
        steps_made = tf.cast(steps, tf.float32)
        directions = [self._directions(number) for number in range(len(moved))]
        for number, (rows, summed) in enumerate(moved):
            weights = tf.gather(self._row_weights[number], rows)
            move = self._merged(summed, rate * steps_made * weights, *directions[number])
            table = self._tables[number]
            table.scatter_update(tf.IndexedSlices(tf.gather(table, rows) + move, rows))
        self.positions.assign(positions)
        with tf.control_dependencies([positions]):  # not before the others have been waited for
            self.optimizer.iterations.assign(begin + self.shards * steps)
        for loss in tf.unstack(losses, self.shards):
            _add_to(self.trainer.pair_loss, loss)
        return {"loss": self.trainer.pair_loss.result()}

    def _directions(self, number: int) -> tuple[Any, Any]:
        """Return the steep directions of a table's rows, which the other table decides."""
        other = 1 - number
        return steep_directions(self._tables[other].read_value(), self._row_weights[other])

    def _merged(self, summed: Any, weight: Any, directions: Any, steepness: Any) -> Any:
        """Return how far rows move at a merge: their summed moves, direction by direction."""
        factor = merge_factor(weight[:, None] * steepness, self.shards)  # (rows, dim)
        along = tf.matmul(summed, directions)
        return tf.matmul(factor * along, directions, transpose_b=True)

    def _moves(self, batch: Any, rows: Sequence[Any]) -> tuple[list[Any], Any, Any]:
        """Train one shard on its batch and put everything back.

        Returns:
            what was added to `rows` of each table; the sums of the loss metric, shape `(2,)`; the
            steps made.
        """
        loss, iterations = self.trainer.pair_loss.variables, self.optimizer.iterations
        kept, begin = [tf.identity(v.value) for v in loss], tf.identity(iterations.value)
        for variable in loss:
            variable.assign(0.0)
        pairs = list(zip(self._tables, rows, strict=True))
        bases = [tf.gather(table, touched) for table, touched in pairs]
        self.trainer.train_step(batch)
        moves = []
        for (table, touched), base in zip(pairs, bases, strict=True):
            moves.append(tf.gather(table, touched) - base)
            table.scatter_update(tf.IndexedSlices(base, touched))
        sums = tf.stack([tf.identity(variable.value) for variable in loss])
        steps = iterations.value - begin
        iterations.assign(begin)
        for variable, value in zip(loss, kept, strict=True):
            variable.assign(value)
        return moves, sums, steps

    def _settled(self) -> list[Any]:
        """Return tensors that are there when all earlier writes are done."""
        variables = [*self.trainer.pair_loss.variables, self.optimizer.iterations, self.positions]
        return [
            *(tf.gather(table, [0]) for table in self._tables),
            *(tf.identity(variable.value) for variable in variables),
        ]

    def _of_all_shards(self, done: Sequence[Any]) -> tuple[list[Moved], Any, Any]:
        """Return what all shards have done in the round, row by row.

        Args:
            done: for each shard of this process the rows of each table, their moves, the sums of
                its loss and its position.
        Returns:
            the moves of each table; float32, shape `(shards, 2)`; int64, shape `(shards, 2)`.
        """
        tables = len(self._tables)

        def collected(*arrays: np.ndarray) -> list[np.ndarray]:
            each = 2 * tables + 2
            shards = [list(arrays[i : i + each]) for i in range(0, len(arrays), each)]
            columns = list(zip(*(self.exchange(shards) if self.exchange else shards), strict=True))
            out: list[np.ndarray] = []
            for ids, moves in zip(columns[:tables], columns[tables:-2], strict=True):
                out += [*row_order(np.concatenate(ids)), np.concatenate(moves)]
            return [*out, np.stack(columns[-2]), np.stack(columns[-1])]

        types = [tf.int32, tf.int32, tf.int32, tf.float32] * tables
        # Everything has been put back before the others are waited for: this is what a checkpoint
        # of the last merge would hold.
        with tf.control_dependencies(self._settled()):
            out = tf.numpy_function(collected, done, [*types, tf.float32, tf.int64])
        *out, losses, positions = out
        moved = []
        for table, i in zip(self._tables, range(0, 4 * tables, 4), strict=True):
            rows, order, segments = (tf.ensure_shape(array, (None,)) for array in out[i : i + 3])
            moves = tf.ensure_shape(out[i + 3], (None, table.shape[1]))
            # One addend after the other, in the order of the shards.
            moved.append(Moved(rows, tf.math.segment_sum(tf.gather(moves, order), segments)))
        losses, positions = (
            tf.ensure_shape(array, (self.shards, 2)) for array in (losses, positions)
        )
        return moved, losses, positions


def _add_to(mean: keras.metrics.Mean, sums: Any) -> None:
    for variable, value in zip(mean.variables, tf.unstack(sums, 2), strict=True):
        variable.assign_add(value)
