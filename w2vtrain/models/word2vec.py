"""The skip-gram model: two embedding tables and the dot products of their rows."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.engine.step_shape import StepShape

# The loss is measured on one block of a step in 32, a random sample of the text: the logarithms of
# all would cost as much as two of the three matrix products (measured).
LOSS_SAMPLING = 32
# A step's products are made in two halves that do not wait for each other: two threads share them.
HALVES = 2


@keras.saving.register_keras_serializable(package="w2vtrain")
class Word2Vec(keras.Model):
    """Skip-gram with negative sampling.

    Called with `(targets, contexts)` it is an ordinary Keras model that returns the scores
    s = target row . context row, and `fit` trains it on such pairs with any loss and optimizer.
    Made with a `shape`, `fit` takes the batches of `skipgram.steps` instead, several steps each,
    and trains by `train_on_blocks`: the same updates as plain SGD on the sum over all pairs,
    without making them.

    With w the weight of a pair (t, c), k the negatives a pair and p_c the noise probability of c,
    a step descends

        L = - sum_(t,c) w log sigmoid(s_tc) - sum_(t,n) (k / N) w_t log sigmoid(-s_tn)
            + sum_(t,c) w k p_c log sigmoid(-s_tc)

    where w_t is the summed weight of t's pairs and n runs over the N noise words of its block. The
    last sum takes back, in expectation, the draws of noise that hit the pair's own context, which
    word2vec skips one by one (`if (target == word) continue`). The gradient is the sum over pairs,
    not the mean over a batch, and updates of very frequent rows are damped (`row_damping`).

    Args:
        vocabulary_size: rows of each table, padding and out-of-vocabulary included.
        embedding_dim: numbers in a row.
        seed: of the target table's start, uniform in +-0.5 / embedding_dim; the context table
            starts at zero, both as in word2vec.c.
        shape: the sizes of a step, as a mapping, to train on blocks.
        dtype: Keras' policy for the products of blocks: "float32", or "mixed_bfloat16", whose
            tables, errors and sums stay float32.

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", equation 4.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        seed: int = 1,
        shape: Mapping[str, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.embedding_dim = embedding_dim
        self.seed = seed
        self.shape = StepShape(**shape) if shape is not None else None
        edge = 0.5 / embedding_dim
        self.target_embedding = keras.layers.Embedding(
            vocabulary_size,
            embedding_dim,
            embeddings_initializer=keras.initializers.RandomUniform(-edge, edge, seed=seed),
            name="target_embedding",
        )
        self.context_embedding = keras.layers.Embedding(
            vocabulary_size, embedding_dim, embeddings_initializer="zeros", name="context_embedding"
        )
        if self.shape is not None:
            self.pair_loss = keras.metrics.Mean(name="loss")
        self.target_embedding.build()
        self.context_embedding.build()
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs to make the model again."""
        shape = None if self.shape is None else vars(self.shape)
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "seed": self.seed,
            "shape": shape,
        }

    def call(self, inputs: Any) -> Any:
        """Returns the scores of contexts for their targets.

        Args:
            inputs: `(targets, contexts)`: int tensors, shapes `(batch,)` and `(batch, contexts)`.
        Returns:
            float32 tensor, shape `(batch, contexts)`.
        """
        targets, contexts = inputs
        target_rows = self.target_embedding(targets)  # (batch, dim)
        context_rows = self.context_embedding(contexts)  # (batch, contexts, dim)
        return keras.ops.einsum("bd,bcd->bc", target_rows, context_rows)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Returns the metrics after a batch: several steps on blocks, or one on pairs."""
        if self.shape is None:
            return super().train_step(data)
        loss, weight = self._train_on_steps(data)
        self.pair_loss.update_state(tf.math.divide_no_nan(loss, weight), sample_weight=weight)
        return {"loss": self.pair_loss.result()}

    def _train_on_steps(self, steps: Mapping[str, Any]) -> tuple[Any, Any]:
        """Makes the steps of `Steps.as_batch` and returns their summed loss and weight."""

        def make(step: Any, loss: Any, weight: Any) -> tuple[Any, Any, Any]:
            batch = {name: array[step] for name, array in steps.items()}
            more, pairs = self.train_on_blocks(batch, self.optimizer.learning_rate)
            self.optimizer.iterations.assign_add(1)
            return step + 1, loss + more, weight + pairs

        number = tf.shape(steps["windows"])[0]
        begin = (tf.constant(0), tf.constant(0.0), tf.constant(0.0))
        _, loss, weight = tf.while_loop(lambda step, *_: step < number, make, begin)
        return loss, weight

    @property
    def metrics(self) -> list[Any]:
        """The metrics that `fit` resets at the start of an epoch."""
        return super().metrics if self.shape is None else [self.pair_loss]

    def train_on_blocks(
        self, batch: Mapping[str, Any], learning_rate: Any, loss_sampling: int = LOSS_SAMPLING
    ) -> tuple[Any, Any]:
        """Updates both tables by one step of SGD and returns the loss before it.

        Args:
            batch: one step of `skipgram.steps.Steps.as_batch`, without the step axis.
            learning_rate: of the gradient of the summed loss.
            loss_sampling: the loss is measured on one block in so many.
        Returns:
            float32 scalars: the summed loss and the summed weight of the pairs measured.
        """
        assert self.shape is not None
        target_rows = self._distinct_rows(self.target_embedding, batch, "target")
        context_rows = self._distinct_rows(self.context_embedding, batch, "context")
        halves = self._halves(batch, target_rows, context_rows)
        measured = -(-self.shape.blocks // (len(halves) * loss_sampling))
        target_gradients, context_gradients, losses, weights = [], [], [], []
        for targets, columns, blocks in halves:
            scored = self._scored(targets, columns, blocks)
            error = tf.cast(self._error(*scored), self.compute_dtype)
            target_gradients.append(tf.einsum("bsc,bcd->bsd", error, columns))
            context_gradients.append(tf.einsum("bsc,bsd->bcd", error, targets))
            loss, weight = self._loss(*(array[:measured] for array in scored))
            losses.append(loss)
            weights.append(weight)
        for layer, name, rows, gradients in (
            (self.target_embedding, "target", target_rows, target_gradients),
            (self.context_embedding, "context", context_rows, context_gradients),
        ):
            gradient = tf.concat(gradients, axis=0)
            self._update(layer, rows, gradient, batch, name, learning_rate)
        return tf.add_n(losses), tf.add_n(weights)

    def loss_on_blocks(self, batch: Mapping[str, Any]) -> tuple[Any, Any]:
        """Returns the loss of a batch, measured on all its blocks, and changes nothing.

        Args:
            batch: as in `train_on_blocks`.
        Returns:
            float32 scalars: the summed loss and the summed weight of the pairs.
        """
        target_rows = self._distinct_rows(self.target_embedding, batch, "target")
        context_rows = self._distinct_rows(self.context_embedding, batch, "context")
        halves = self._halves(batch, target_rows, context_rows)
        losses, weights = zip(*(self._loss(*self._scored(*half)) for half in halves), strict=True)
        return tf.add_n(losses), tf.add_n(weights)

    def loss_on_pairs(self, batch: Any) -> tuple[Any, Any]:
        """Returns the loss of a batch of explicit pairs, and changes nothing.

        Args:
            batch: `((targets, contexts), labels)`, as `pairs.as_dataset` gives it.
        Returns:
            float32 scalars: the loss, summed over pairs and their noise, and the number of pairs.
        """
        inputs, labels = batch
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, self(inputs))
        return tf.reduce_sum(losses), tf.cast(tf.shape(labels)[0], tf.float32)

    def _halves(
        self, batch: Mapping[str, Any], target_rows: Any, context_rows: Any
    ) -> list[tuple[Any, Any, dict[str, Any]]]:
        """Returns equal parts of a step: targets, columns and blocks, as `_scored` takes them."""
        assert self.shape is not None
        parts = HALVES if self.shape.blocks % HALVES == 0 else 1

        def halved(name: str) -> Any:
            # A further axis, since a slice of a step's blocks would be copied, and an item is not.
            return tf.reshape(batch[name], (parts, -1, *batch[name].shape[1:]))

        windows, places = halved("windows"), halved("context_places")
        targets = tf.gather(tf.cast(target_rows, self.compute_dtype), halved("target_places"))
        columns = tf.gather(tf.cast(context_rows, self.compute_dtype), places)
        hits = tf.gather(batch["hits"], places)
        return [
            (targets[i], columns[i], {"windows": windows[i], "hits": hits[i]}) for i in range(parts)
        ]

    def _scored(
        self, targets: Any, columns: Any, blocks: Mapping[str, Any]
    ) -> tuple[Any, Any, Any]:
        """Returns what a block's error and loss are made of.

        Args:
            targets: shape `(blocks, block_size, dim)`: a row for each target.
            columns: shape `(blocks, columns, dim)`: for each context and noise word.
            blocks: `windows`, and `hits` for each column.
        Returns:
            weights, shape `(blocks, block_size, columns)`; the share of a column's score that
            counts as noise of other pairs, shape `(blocks, 1, columns)`; the scores.
        """
        assert self.shape is not None
        weights = tf.gather(self.shape.weight_table(), blocks["windows"])
        # A pair's own context is not its noise: the share of its noise that hits it is taken back.
        unhit = 1 - self._is_context() * blocks["hits"]
        scores = tf.einsum("bsd,bcd->bsc", targets, columns)
        return weights, unhit[:, None, :], tf.cast(scores, tf.float32)

    def _is_context(self) -> np.ndarray:
        """Returns 1 for the context columns of a block, 0 for its noise: float32, `(columns,)`."""
        assert self.shape is not None
        return (np.arange(self.shape.columns) < self.shape.contexts).astype(np.float32)

    def _error(self, weights: Any, unhit: Any, scores: Any) -> Any:
        """Returns minus the derivative of L by each score: float32, like `scores`."""
        return weights * (self._is_context() - unhit * tf.sigmoid(scores))

    def _loss(self, weights: Any, unhit: Any, scores: Any) -> tuple[Any, Any]:
        """Returns L of some blocks, and the summed weight of their pairs: float32 scalars."""
        # -w log sigmoid(s) = w softplus(s) - w s, so all three sums of L are these two terms.
        terms = unhit * tf.nn.softplus(scores) - self._is_context() * scores
        return tf.reduce_sum(weights * terms), tf.reduce_sum(weights * self._is_context())

    @staticmethod
    def _distinct_rows(layer: Any, batch: Mapping[str, Any], name: str) -> Any:
        """Returns the rows of a table that a step uses, each once."""
        distinct = batch[f"{name}_segments"][-1] + 1  # what follows in `rows` is padding
        # The variable itself, not the layer's call, which would read the whole table.
        return tf.gather(layer.embeddings.value, batch[f"{name}_rows"][:distinct])

    @staticmethod
    def _update(
        layer: Any, rows: Any, gradient: Any, batch: Mapping[str, Any], name: str, rate: Any
    ) -> None:
        """Adds rate x damping x (summed gradient) to each distinct row, in one write a row."""
        dim = tf.shape(rows)[1]
        uses = tf.gather(tf.reshape(gradient, (-1, dim)), batch[f"{name}_order"])
        summed = tf.math.segment_sum(tf.cast(uses, tf.float32), batch[f"{name}_segments"])
        distinct = tf.shape(rows)[0]
        factors = rate * batch[f"{name}_damping"][:distinct]
        layer.embeddings.value.scatter_update(
            tf.IndexedSlices(rows + summed * factors[:, None], batch[f"{name}_rows"][:distinct])
        )
