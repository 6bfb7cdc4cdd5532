"""The trainer of several shards: each learns from the same tables, then they are merged."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.engine.shards import (
    MOST_PARALLEL_WEIGHT,
    STEPS_OF_DIRECTIONS,
    Round,
    merge_factor,
    steep_directions,
)


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
        self._directions = [
            (
                self.add_weight(shape=(dim, dim), initializer="identity", trainable=False),
                self.add_weight(shape=(dim,), initializer="ones", trainable=False),
            )
            for dim in (table.shape[1] for table in self._tables)
        ]
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
        done: list[Any] = []
        for shard, rows in enumerate(batch.rows):
            moves, loss, steps = self._train_shard(batch.batches[shard], rows)
            done += [*rows, *moves, loss, batch.positions[shard]]
        shards = self._of_all_shards(done)
        tables = len(self._tables)
        for *moved, _, _ in shards:  # one after the other, in their order
            for table, rows, moves in zip(
                self._tables, moved[:tables], moved[tables:], strict=True
            ):
                # A third of the time that adding in the table itself takes (measured).
                table.scatter_update(tf.IndexedSlices(tf.gather(table, rows) + moves, rows))
        positions = tf.stack([position for *_, position in shards])
        self.positions.assign(positions)
        with tf.control_dependencies([positions]):  # not before the others have been waited for
            end = self.optimizer.iterations.assign(begin + self.shards * steps)
        end = tf.convert_to_tensor(end)
        due = end // STEPS_OF_DIRECTIONS > begin // STEPS_OF_DIRECTIONS
        tf.cond(due | (end < STEPS_OF_DIRECTIONS), self.find_directions, lambda: tf.constant(0))
        for *_, loss, _ in shards:
            _add_to(self.trainer.pair_loss, loss)
        return {"loss": self.trainer.pair_loss.result()}

    def find_directions(self) -> Any:
        """Find the steep directions of each table's rows, which the other decides.

        Returns:
            nothing that counts: `tf.cond` asks for a tensor.
        """
        others = list(zip(self._tables, self._row_weights, strict=True))[::-1]
        for variables, other in zip(self._directions, others, strict=True):
            for variable, found in zip(variables, steep_directions(*other), strict=True):
                variable.assign(found)
        return tf.constant(0)

    def _merged(self, moves: Any, weight: Any, directions: Any, steepness: Any) -> Any:
        """Return how far the moves of a shard move rows at the merge, direction by direction.

        Args:
            moves: float32, shape `(rows, dim)`.
            weight: float32, shape `(rows,)`: R of each row in the steepest direction.
        """
        # Of all others the factor is 1 in every direction.
        frequent = tf.where(weight * (self.shards - 1) > MOST_PARALLEL_WEIGHT)
        reach = tf.gather_nd(weight, frequent)[:, None] * steepness
        along = tf.matmul(tf.gather_nd(moves, frequent), directions)
        along *= merge_factor(reach, self.shards)
        turned = tf.matmul(along, directions, transpose_b=True)
        return tf.tensor_scatter_nd_update(moves, frequent, turned)

    def _moves(self, batch: Any, rows: Sequence[Any]) -> tuple[list[Any], Any, Any]:
        """Train one shard on its batch and put everything back.

        Returns:
            what the merge is to add to `rows` of each table; the sums of the loss metric, shape
            `(2,)`; the steps made.
        """
        loss, iterations = self.trainer.pair_loss.variables, self.optimizer.iterations
        kept, begin = [tf.identity(v.value) for v in loss], tf.identity(iterations.value)
        rate = tf.convert_to_tensor(self.optimizer.learning_rate)
        for variable in loss:
            variable.assign(0.0)
        pairs = list(zip(self._tables, rows, strict=True))
        bases = [tf.gather(table, touched) for table, touched in pairs]
        self.trainer.train_step(batch)
        steps = iterations.value - begin
        iterations.assign(begin)
        made = tf.cast(steps, tf.float32)
        moves = []
        for number, ((table, touched), base) in enumerate(zip(pairs, bases, strict=True)):
            weight = rate * made * tf.gather(self._row_weights[number], touched)
            moved = tf.gather(table, touched) - base
            moves.append(self._merged(moved, weight, *self._directions[number]))
            table.scatter_update(tf.IndexedSlices(base, touched))
        sums = tf.stack([tf.identity(variable.value) for variable in loss])
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

    def _of_all_shards(self, done: Sequence[Any]) -> list[list[Any]]:
        """Return what each shard of the training has done in the round.

        Args:
            done: for each shard of this process the rows of each table, their moves, the sums of
                its loss and its position.
        Returns:
            the same for each shard of the training.
        """
        tables = len(self._tables)
        each = 2 * tables + 2

        def collected(*arrays: np.ndarray) -> list[np.ndarray]:
            shards = [list(arrays[i : i + each]) for i in range(0, len(arrays), each)]
            return [a for s in (self.exchange(shards) if self.exchange else shards) for a in s]

        types = [tf.int32] * tables + [tf.float32] * (tables + 1) + [tf.int64]
        # Everything has been put back before the others are waited for: this is what a checkpoint
        # of the last merge would hold.
        with tf.control_dependencies(self._settled()):
            arrays = tf.numpy_function(collected, done, types * self.shards)
        shapes = [(None,)] * tables + [(None, t.shape[1]) for t in self._tables] + [(2,), (2,)]
        arrays = list(map(tf.ensure_shape, arrays, shapes * self.shards))
        return [arrays[i : i + each] for i in range(0, len(arrays), each)]


def _add_to(mean: keras.metrics.Mean, sums: Any) -> None:
    for variable, value in zip(mean.variables, tf.unstack(sums, 2), strict=True):
        variable.assign_add(value)
