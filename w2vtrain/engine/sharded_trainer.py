"""The trainer of several shards: each learns from the same tables, then they are merged."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.engine.shards import (
    STEPS_OF_DIRECTIONS,
    Round,
    merge_factor,
    most_parallel_weight,
    steep_directions,
    sums_of_parts,
)

_FEW_DIRECTIONS = 16  # of 100: all that holds back 9 in 10 of the rows that any does


class ShardedTrainer(keras.Model):
    """Trains what another trainer trains, in rounds of several shards.

    `fit` takes batches of `engine.shards.Round`, `evaluate` those of the other trainer. The tables
    are written only at the merge: a shard's batch runs on the tables themselves, its moves are
    noted, and the rows are put back. So a process can carry out any of the shards, one after the
    other, with the same operations in the same order. The rows are merged part by part, and so can
    any process merge any of the parts.

    Args:
        trainer: its `train_step` takes a batch of one shard; `trained_tables` are merged.
        weights: for each table, float array, shape `(rows,)`: expected summed weight of the pairs
            of each row in a step.
        shards: of the training.

    Attributes:
        positions: int64 variable, shape `(shards, 2)`: pass and offset of each shard's text.
        exchange: gives what this process' shards have done and returns that of all shards; None
            where this process carries out all of them. Where it does not merge all parts, it is
            called again with the own ones, and returns all.
        parts: that this process merges: all, or those with the numbers of its shards.
    """

    def __init__(
        self, trainer: Any, weights: Sequence[np.ndarray], shards: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.trainer, self.shards = trainer, shards
        self.exchange: Callable[[list[list[np.ndarray]]], list[list[np.ndarray]]] | None = None
        self.parts: Sequence[int] = range(shards)
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
        rate = tf.convert_to_tensor(self.optimizer.learning_rate)
        done: list[Any] = []
        for shard, rows in enumerate(batch.rows):
            moves, loss, steps = self._train_shard(batch.batches[shard], rows)
            done += [*rows, *moves, loss, batch.positions[shard]]
        sums, losses, positions = self._sums_of_all_shards(done)
        reach = rate * tf.cast(steps, tf.float32)
        merged = self._of_all_parts([self._merged(part, reach) for part in sums])
        for part in merged:
            for table, (rows, values) in zip(self._tables, part, strict=True):
                table.scatter_update(tf.IndexedSlices(values, rows))
        # Until all have merged their parts, this is what a checkpoint of the last merge holds.
        with tf.control_dependencies([values for part in merged for _, values in part]):
            self.positions.assign(positions)
            end = tf.convert_to_tensor(
                self.optimizer.iterations.assign(begin + self.shards * steps)
            )
            _add_to(self.trainer.pair_loss, losses)
        due = end // STEPS_OF_DIRECTIONS > begin // STEPS_OF_DIRECTIONS
        tf.cond(due | (end < STEPS_OF_DIRECTIONS), self.find_directions, lambda: tf.constant(0))
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

    def _merged(self, sums: Sequence[tuple[Any, Any]], reach: Any) -> list[tuple[Any, Any]]:
        """Return the rows of a part of each table and what they are after the merge.

        Args:
            sums: for each table the rows, and how far all shards together have moved them.
            reach: the learning rate x the steps of a round.
        """
        merged = []
        for (rows, moves), table, weights, directions in zip(
            sums, self._tables, self._row_weights, self._directions, strict=True
        ):
            weight = reach * tf.gather(weights, rows)
            moved = tf.gather(table, rows) + moves
            # Beyond 1 in a direction the factor is under 1: for few rows, most of them only in the
            # steepest directions, after which the last of the few does no more.
            excess = weight * (self.shards - 1) / most_parallel_weight(self.shards)
            few = min(_FEW_DIRECTIONS, table.shape[1])
            in_more = excess * directions[1][-few] > 1.0
            in_few = (excess > 1.0) & ~in_more
            for some, number in ((in_few, few), (in_more, table.shape[1])):
                some = tf.where(some)
                steepest = [of_each[..., -number:] for of_each in directions]
                held = self._held_back(
                    tf.gather_nd(moves, some), tf.gather_nd(weight, some), *steepest
                )
                moved = tf.tensor_scatter_nd_sub(moved, some, held)
            merged.append((rows, moved))
        return merged

    def _held_back(self, moves: Any, weight: Any, directions: Any, steepness: Any) -> Any:
        """Return how much less far than they were moved rows move, along some directions.

        Args:
            moves: float32, shape `(rows, dim)`: summed.
            weight: float32, shape `(rows,)`: R of each row in the steepest direction.
            directions: float32, shape `(dim, number)`.
            steepness: of each, float32, shape `(number,)`.
        """
        along = tf.matmul(moves, directions)
        along *= 1.0 - merge_factor(weight[:, None] * steepness, self.shards)
        return tf.matmul(along, directions, transpose_b=True)

    def _moves(self, batch: Any, rows: Sequence[Any]) -> tuple[list[Any], Any, Any]:
        """Train one shard on its batch and put everything back.

        Returns:
            how far it moves `rows` of each table; the sums of the loss metric, shape `(2,)`; the
            steps made.
        """
        loss, iterations = self.trainer.pair_loss.variables, self.optimizer.iterations
        kept, begin = [tf.identity(v.value) for v in loss], tf.identity(iterations.value)
        for variable in loss:
            variable.assign(0.0)
        pairs = list(zip(self._tables, rows, strict=True))
        bases = [tf.gather(table, touched) for table, touched in pairs]
        self.trainer.train_step(batch)
        steps = iterations.value - begin
        iterations.assign(begin)
        moves = []
        for (table, touched), base in zip(pairs, bases, strict=True):
            moves.append(tf.gather(table, touched) - base)
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

    def _sums_of_all_shards(self, done: Sequence[Any]) -> tuple[list[Any], Any, Any]:
        """Return what all shards of the training have done in the round.

        Args:
            done: for each shard of this process the rows of each table, their moves, the sums of
                its loss and its position.
        Returns:
            for each part that this process merges, and in it for each table, rows and the sums of
            their moves; the sums of the losses, shape `(2,)`; the positions, shape `(shards, 2)`.
        """
        tables, parts = len(self._tables), self.parts

        def collected(*arrays: np.ndarray) -> list[np.ndarray]:
            shards = _groups(arrays, 2 * tables + 2)
            everyone = self.exchange(shards) if self.exchange else shards
            sums = [
                sums_of_parts(parts, self.shards, [(one[t], one[tables + t]) for one in everyone])
                for t in range(tables)
            ]
            by_part = [array for part in zip(*sums, strict=True) for sum in part for array in sum]
            losses, positions = zip(*(one[2 * tables :] for one in everyone), strict=True)
            return [*by_part, np.sum(losses, axis=0), np.stack(positions)]

        # Everything has been put back before the others are waited for: this is what a checkpoint
        # of the last merge would hold.
        with tf.control_dependencies(self._settled()):
            types = [tf.int32, tf.float32] * tables * len(parts) + [tf.float32, tf.int64]
            *arrays, losses, positions = tf.numpy_function(collected, done, types)
        losses = tf.ensure_shape(losses, (2,))
        return self._by_part(arrays), losses, tf.ensure_shape(positions, (self.shards, 2))

    def _of_all_parts(self, merged: list[list[tuple[Any, Any]]]) -> list[list[tuple[Any, Any]]]:
        """Return the merged rows of each table in all parts, given those of the own parts."""
        if self.exchange is None or len(self.parts) == self.shards:
            return merged
        exchange, tables = self.exchange, len(self._tables)

        def collected(*arrays: np.ndarray) -> list[np.ndarray]:
            return list(itertools.chain(*exchange(_groups(arrays, 2 * tables))))

        types = [tf.int32, tf.float32] * tables * self.shards
        return self._by_part(tf.numpy_function(collected, tf.nest.flatten(merged), types))

    def _by_part(self, arrays: Sequence[Any]) -> list[list[tuple[Any, Any]]]:
        """Return, for each part and in it for each table, rows and what is to be had of each."""
        shapes = [shape for table in self._tables for shape in ((None,), (None, table.shape[1]))]
        shaped = list(map(tf.ensure_shape, arrays, itertools.cycle(shapes)))
        return _groups(_groups(shaped, 2), len(self._tables))


def _groups(items: Sequence[Any], size: int) -> list[Any]:
    return [list(items[begin : begin + size]) for begin in range(0, len(items), size)]


def _add_to(mean: keras.metrics.Mean, sums: Any) -> None:
    for variable, value in zip(mean.variables, tf.unstack(sums, 2), strict=True):
        variable.assign_add(value)
