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
# A step's products are made in two halves that do not wait for each other: two threads share them.
HALVES = 2
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
        self._is_context = (np.arange(shape.columns) < shape.contexts).astype(np.float32)
        self.built = True

    @property
    def target_embedding(self) -> Any:
        """The Keras layer of the word vectors."""
        return self.word2vec.target_embedding

    @property
    def context_embedding(self) -> Any:
        """The Keras layer of the context vectors."""
        return self.word2vec.context_embedding

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
        target_rows = _distinct_rows(self.target_embedding, step.targets)
        context_rows = _distinct_rows(self.context_embedding, step.contexts)
        halves = self._halves(step, target_rows, context_rows)
        measured = -(-self.shape.blocks // (len(halves) * loss_sampling))
        target_gradients, context_gradients, losses, weights = [], [], [], []
        for half in halves:
            scored = self._scored(*half)
            targets, columns = half[:2]
            error = tf.cast(self._error(*scored), self.compute_dtype)
            target_gradients.append(tf.einsum("bsc,bcd->bsd", error, columns))
            context_gradients.append(tf.einsum("bsc,bsd->bcd", error, targets))
            loss, weight = self._loss(*(array[:measured] for array in scored))
            losses.append(loss)
            weights.append(weight)
        for layer, uses, rows, gradients in (
            (self.target_embedding, step.targets, target_rows, target_gradients),
            (self.context_embedding, step.contexts, context_rows, context_gradients),
        ):
            _update(layer, uses, rows, tf.concat(gradients, axis=0), learning_rate)
        return tf.add_n(losses), tf.add_n(weights)

    def loss_on_step(self, step: Step) -> tuple[Any, Any]:
        """Return the loss of a step, measured on all its blocks, and change nothing.

        Returns:
            float32 scalars: the summed loss and the summed weight of the pairs.
        """
        target_rows = _distinct_rows(self.target_embedding, step.targets)
        context_rows = _distinct_rows(self.context_embedding, step.contexts)
        halves = self._halves(step, target_rows, context_rows)
        losses, weights = zip(*(self._loss(*self._scored(*half)) for half in halves), strict=True)
        return tf.add_n(losses), tf.add_n(weights)

    def _halves(self, step: Step, target_rows: Any, context_rows: Any) -> list[tuple[Any, ...]]:
        """Cut a step into equal parts.

        Returns:
            for each part what `_scored` takes: rows of the targets `(blocks, block_size, dim)` and
            of the columns `(blocks, columns, dim)`, `windows` and the `hits` of each column.
        """
        parts = HALVES if self.shape.blocks % HALVES == 0 else 1

        def cut(array: Any) -> Any:
            # A further axis, since a slice of a step's blocks would be copied, and an item is not.
            return tf.reshape(array, (parts, -1, *array.shape[1:]))

        places = cut(step.contexts.places)
        targets = tf.gather(tf.cast(target_rows, self.compute_dtype), cut(step.targets.places))
        columns = tf.gather(tf.cast(context_rows, self.compute_dtype), places)
        windows, hits = cut(step.windows), tf.gather(step.hits, places)
        return [(targets[i], columns[i], windows[i], hits[i]) for i in range(parts)]

    def _scored(self, targets: Any, columns: Any, windows: Any, hits: Any) -> tuple[Any, Any, Any]:
        """Return what the error and the loss of some blocks are made of.

        Returns:
            weights, shape `(blocks, block_size, columns)`; the share of a column's score that
            counts as noise of other pairs, shape `(blocks, 1, columns)`; the scores, like weights.
        """
        weights = tf.gather(self._weight_table, windows)
        # A pair's own context is not its noise: the share of its noise that hits it is taken back.
        unhit = 1 - self._is_context * hits
        scores = tf.einsum("bsd,bcd->bsc", targets, columns)
        return weights, unhit[:, None, :], tf.cast(scores, tf.float32)

    def _error(self, weights: Any, unhit: Any, scores: Any) -> Any:
        """Return minus the derivative of L by each score: float32, like `scores`."""
        return weights * (self._is_context - unhit * tf.sigmoid(scores))

    def _loss(self, weights: Any, unhit: Any, scores: Any) -> tuple[Any, Any]:
        """Return L of some blocks, and the summed weight of their pairs: float32 scalars."""
        # -w log sigmoid(s) = w softplus(s) - w s, so all three sums of L are these two terms.
        terms = unhit * tf.nn.softplus(scores) - self._is_context * scores
        return tf.reduce_sum(weights * terms), tf.reduce_sum(weights * self._is_context)


def _is_plain_sgd(optimizer: Any) -> bool:
    plain = keras.optimizers.SGD().get_config()
    given = optimizer.get_config()
    return type(optimizer) is keras.optimizers.SGD and all(
        given[name] == value for name, value in plain.items() if name not in _FREE
    )


def _distinct_rows(layer: Any, uses: RowUses) -> Any:
    """Return the rows of a table that a step uses, each once: shape `(unique, dim)`."""
    distinct = uses.segments[-1] + 1  # what follows in `rows` is padding
    # The variable itself, not the layer's call, which would read the whole table.
    return tf.gather(layer.embeddings.value, uses.rows[:distinct])


def _update(layer: Any, uses: RowUses, rows: Any, gradient: Any, learning_rate: Any) -> None:
    """Add rate x damping x (summed gradient) to each distinct row, in one write a row."""
    dim = tf.shape(rows)[1]
    sorted_gradient = tf.gather(tf.reshape(gradient, (-1, dim)), uses.order)
    summed = tf.math.segment_sum(tf.cast(sorted_gradient, tf.float32), uses.segments)
    distinct = tf.shape(rows)[0]
    factors = learning_rate * uses.damping[:distinct]
    layer.embeddings.value.scatter_update(
        tf.IndexedSlices(rows + summed * factors[:, None], uses.rows[:distinct])
    )
