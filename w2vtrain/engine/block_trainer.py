"""The fast engine: trains a `Word2Vec` on blocks of text instead of single pairs."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.engine.blocks import BlockShape
from w2vtrain.engine.steps import RowUses, Step
from w2vtrain.errors import W2VError
from w2vtrain.models.word2vec import Word2Vec

# The loss is measured on one block of a step in 32, a random sample of the text: the logarithms of
# all would cost as much as two of the three matrix products (measured).
LOSS_SAMPLING = 32
_FREE = {"name", "learning_rate"}  # settings of SGD that the trainer takes as they are


class BlockTrainer(keras.Model):
    """Trains a `Word2Vec` by plain SGD on blocks of text.

    `fit` and `evaluate` take batches of `engine.steps.Step`, several steps in each. A step makes
    the same updates as gradient descent on the sum over all pairs of its blocks, without making the
    pairs. With w the weight of a pair (t, c), k the negatives a pair and p_c the noise probability
    of c, it descends

        L = - sum_(t,c) w log sigmoid(s_tc) - sum_(t,n) (k / N) w_t log sigmoid(-s_tn)
            + sum_(t,c) w k p_c log sigmoid(-s_tc)

    where w_t is the summed weight of t's pairs and n runs over the N noise words of its block. The
    last sum takes back, in expectation, the draws of noise that hit the pair's own context, which
    word2vec skips one by one (`if (target == word) continue`). The gradient is the sum over pairs,
    not the mean over a batch, and updates of very frequent rows are damped (`blocks.row_damping`).

    What the trainer saves is the plain `Word2Vec`, which loads and trains on pairs.

    Args:
        word2vec: the model to train.
        shape: the sizes of a step.
        dtype: Keras' policy for the products: "float32", or "mixed_bfloat16", whose tables, errors
            and sums stay float32.

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", equation 4.
    """

    def __init__(self, word2vec: Word2Vec, shape: BlockShape, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.word2vec = word2vec
        self.shape = shape
        self.pair_loss = keras.metrics.Mean(name="loss")
        self._weight_table = tf.constant(shape.weight_table())
        self._is_token = np.arange(shape.columns) < shape.columns - shape.noise_size
        self._is_token = self._is_token.astype(np.float32)
        # One pass over the scores instead of five; as for the products, oneDNN's are faster.
        self._error = tf.function(self._error_of, jit_compile=True)
        self.built = True

    @property
    def target_embedding(self) -> Any:
        """The Keras layer of the word vectors."""
        return self.word2vec.target_embedding

    @property
    def context_embedding(self) -> Any:
        """The Keras layer of the vectors that they are scored against."""
        return self.word2vec.context_embedding

    @property
    def trained_tables(self) -> tuple[Any, ...]:
        """The Keras layers of the tables that training changes, for merging shards."""
        return self.target_embedding, self.context_embedding

    def word_vectors(self) -> np.ndarray:
        """Return the vector of each id: float32 array, shape `(vocabulary_size, dim)`."""
        return self.word2vec.word_vectors()

    def context_vectors(self) -> np.ndarray:
        """Return the context vector of each id, as `word_vectors` does."""
        return self.word2vec.context_vectors()

    def compile(
        self, optimizer: Any = "sgd", loss: Any = None, metrics: Any = None, **kwargs: Any
    ) -> None:
        """Set the learning rate or its schedule, as that of a plain `keras.optimizers.SGD`.

        Args:
            kwargs: `steps_per_execution`, `jit_compile` and `run_eagerly`, as in Keras.
        Raises:
            W2VError: an optimizer other than plain SGD, a loss or a metric: the trainer has its
                own and would ignore them.
        """
        refused = {"loss": loss, "metrics": metrics}
        refused |= {name: kwargs.get(name) for name in ("loss_weights", "weighted_metrics")}
        for name, value in refused.items():
            if value is not None:
                raise W2VError(
                    f"BlockTrainer has its own loss and measures nothing else: {name} is refused.",
                    "Leave it out, or train a Word2Vec on pairs.",
                )
        optimizer = keras.optimizers.get(optimizer)
        if not _is_plain_sgd(optimizer):
            raise W2VError(
                f"BlockTrainer trains by plain SGD. Received: {optimizer.get_config()}",
                "Give keras.optimizers.SGD with a learning rate or a schedule and nothing else, "
                "or train a Word2Vec on pairs.",
            )
        super().compile(optimizer=optimizer, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Return the scores of pairs, as `Word2Vec` does."""
        return self.word2vec(inputs)

    def save(self, filepath: Any, **kwargs: Any) -> None:
        """Save the `Word2Vec` that has been trained."""
        self.word2vec.save(filepath, **kwargs)

    @property
    def metrics(self) -> list[Any]:
        """The metrics that `fit` and `evaluate` reset."""
        return [self.pair_loss]

    def train_step(self, steps: Step) -> dict[str, Any]:
        """Train on the steps of a batch, one after the other; return the mean loss a pair."""

        def train(step: Step) -> tuple[Any, Any]:
            result = self.train_on_step(step, self.optimizer.learning_rate)
            self.optimizer.iterations.assign_add(1)
            return result

        return self._for_each_step(steps, train)

    def test_step(self, steps: Step) -> dict[str, Any]:
        """Return the mean loss a pair of the steps of a batch, measured on all their blocks."""
        return self._for_each_step(steps, self.loss_on_step)

    def _for_each_step(self, steps: Step, function: Any) -> dict[str, Any]:
        def one(number: Any, loss: Any, weight: Any) -> tuple[Any, Any, Any]:
            step = tf.nest.map_structure(lambda array: array[number], steps)
            more, pairs = function(step)
            return number + 1, loss + more, weight + pairs

        count = tf.shape(steps.windows)[0]
        begin = (tf.constant(0), tf.constant(0.0), tf.constant(0.0))
        _, loss, weight = tf.while_loop(lambda number, *_: number < count, one, begin)
        self.pair_loss.update_state(tf.math.divide_no_nan(loss, weight), sample_weight=weight)
        return {"loss": self.pair_loss.result()}

    def train_on_step(
        self, step: Step, learning_rate: Any, loss_sampling: int = LOSS_SAMPLING
    ) -> tuple[Any, Any]:
        """Update both tables by one step of SGD and return the loss before it.

        Args:
            step: one step, without the step axis.
            learning_rate: of the gradient of the summed loss.
            loss_sampling: the loss is measured on one block in so many.
        Returns:
            float32 scalars: the summed loss and the summed weight of the pairs measured.
        """
        input_rows, output_rows, parts = self._parts(step)
        measured = -(-self.shape.blocks // (len(parts) * loss_sampling))
        input_gradients, output_gradients, losses, mixed = [], [], [], []
        for inputs, columns, windows, noise_share in parts:
            shares = self._shares(windows)
            hidden = self._hidden(inputs, shares)
            scores = self._scores(hidden, columns)
            error = self._error(scores, windows, noise_share)
            hidden_gradient, output_gradient = self._gradients(error, hidden, columns)
            output_gradients.append(output_gradient)
            input_gradients.append(self._input_gradient(hidden_gradient, shares))
            mixed.append((hidden_gradient, inputs, shares))
            sample = (scores[:measured], windows[:measured], noise_share[:measured])
            losses.append(self._loss(*sample))
        for layer, uses, rows, gradients in (
            (self.context_embedding, step.outputs, output_rows, output_gradients),
            (self.target_embedding, step.inputs, input_rows, input_gradients),
        ):
            _update(layer, uses, rows, gradients, learning_rate)
        self._update_others(mixed, learning_rate)
        return _summed(losses)

    def loss_on_step(self, step: Step) -> tuple[Any, Any]:
        """Return the loss of a step, measured on all its blocks, and change nothing.

        Returns:
            float32 scalars: the summed loss and the summed weight of the pairs.
        """
        losses = []
        for inputs, columns, windows, noise_share in self._parts(step)[2]:
            hidden = self._hidden(inputs, self._shares(windows))
            scores = self._scores(hidden, columns)
            losses.append(self._loss(scores, windows, noise_share))
        return _summed(losses)

    def _shares(self, windows: Any) -> Any:
        """Return what `_hidden` and `_input_gradient` need of the windows."""
        return None

    def _hidden(self, inputs: Any, shares: Any) -> Any:
        """Return what is scored for each target, shape `(blocks, block_size, dim)`: its row.

        Args:
            inputs: rows of the table of word vectors, shape `(blocks, inputs, dim)`.
        """
        return inputs

    def _scores(self, hidden: Any, columns: Any) -> Any:
        """Return the scores of each target, shape `(blocks, block_size, scores)`: of all columns.

        Args:
            columns: rows of the other table, shape `(blocks, columns, dim)`.
        """
        return tf.matmul(hidden, columns, transpose_b=True)

    def _gradients(self, error: Any, hidden: Any, columns: Any) -> tuple[Any, Any]:
        """Return minus the derivatives of L by `hidden` and by `columns`, given that by scores."""
        return tf.matmul(error, columns), tf.matmul(error, hidden, transpose_a=True)

    def _input_gradient(self, gradient: Any, shares: Any) -> Any:
        """Return minus the derivative of L by the inputs, given that by what is scored."""
        return gradient

    def _update_others(self, mixed: list[tuple[Any, Any, Any]], rate: Any) -> None:
        """Update what is trained besides the tables, if there is anything.

        Args:
            mixed: for each part of the step minus the derivative of L by what is scored, the
                inputs, and their `_shares`.
            rate: the learning rate.
        """

    def _parts(self, step: Step) -> tuple[Any, Any, list[tuple[Any, ...]]]:
        """Read the rows of a step.

        Returns:
            the distinct rows of the table of inputs and of that of outputs, and for each part of
            the step the rows of its inputs `(blocks, inputs, dim)` and of its columns
            `(blocks, columns, dim)`, its `windows` and its `noise_share`.
        """
        # The variable itself, not the layer's call, which would read the whole table.
        input_rows = tf.gather(self.target_embedding.embeddings.value, step.inputs.rows)
        output_rows = tf.gather(self.context_embedding.embeddings.value, step.outputs.rows)
        inputs = tf.cast(input_rows, self.compute_dtype)
        outputs = tf.cast(output_rows, self.compute_dtype)
        parts = [
            (
                tf.gather(inputs, step.inputs.places[part]),
                tf.gather(outputs, step.outputs.places[part]),
                step.windows[part],
                step.noise_share[part],
            )
            for part in range(self.shape.parts)
        ]
        return input_rows, output_rows, parts

    def _weights(self, windows: Any) -> Any:
        """Return the weight of each score, shape `(blocks, block_size, scores)`."""
        return sum_of_sides(self._weight_table, windows)

    def _noise_share(self, noise_share: Any) -> Any:
        """Return the share of each score that counts as noise: broadcasts to the scores."""
        return noise_share[:, None, :]

    def _error_of(self, scores: Any, windows: Any, noise_share: Any) -> Any:
        """Return minus the derivative of L by each score, in the type of the products."""
        weights = self._weights(windows)
        noise = self._noise_share(noise_share) * tf.sigmoid(tf.cast(scores, tf.float32))
        return tf.cast(weights * (self._is_token - noise), self.compute_dtype)

    def _loss(self, scores: Any, windows: Any, noise_share: Any) -> tuple[Any, Any]:
        """Return L of some blocks, and the summed weight of their pairs: float32 scalars."""
        weights, scores = self._weights(windows), tf.cast(scores, tf.float32)
        # -w log sigmoid(s) = w softplus(s) - w s, so all three sums of L are these two terms.
        terms = self._noise_share(noise_share) * tf.nn.softplus(scores) - self._is_token * scores
        return tf.reduce_sum(weights * terms), tf.reduce_sum(weights * self._is_token)


def sum_of_sides(table: Any, windows: Any) -> Any:
    """Return what `table` holds for both sides of each window: `(blocks, block_size, columns)`."""
    return tf.gather(table, windows[..., 0]) + tf.gather(table, windows[..., 1])


def _summed(pairs: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    # Not by `+` or `add_n`: of three such sums in a row TensorFlow's optimizer makes one, which it
    # gives a temporary variable if the tables are large, and that fails in a loop (LOG.md).
    loss, weight = tf.unstack(tf.reduce_sum(tf.stack(pairs), axis=0))
    return loss, weight


def _is_plain_sgd(optimizer: Any) -> bool:
    plain = keras.optimizers.SGD().get_config()
    given = optimizer.get_config()
    return type(optimizer) is keras.optimizers.SGD and all(
        given[name] == value for name, value in plain.items() if name not in _FREE
    )


def _update(layer: Any, uses: RowUses, rows: Any, gradients: list[Any], rate: Any) -> None:
    """Add rate x damping x (summed gradient) to each distinct row, in one write a row.

    Args:
        rows: the distinct rows, shape `(unique, dim)`.
        gradients: for each part of the step the gradient of each use: `(blocks, uses, dim)`.
    """
    distinct, dim = tf.unstack(tf.shape(rows, tf.int64))
    moves = []
    for part, gradient in enumerate(gradients):
        uses_of_part = tf.reshape(tf.cast(gradient, tf.float32), (-1, dim))
        matrix = tf.raw_ops.SparseTensorToCSRSparseMatrix(
            indices=uses.entries[part],
            values=rate * uses.factors[part],
            dense_shape=tf.stack([distinct, uses.entries.shape[1]]),
        )
        moves.append(tf.raw_ops.SparseMatrixMatMul(a=matrix, b=uses_of_part))
    layer.embeddings.value.scatter_update(tf.IndexedSlices(tf.add_n([rows, *moves]), uses.rows))
