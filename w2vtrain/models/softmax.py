"""Skip-gram with a softmax over the whole vocabulary.

Negative sampling learns to tell the contexts of a word from noise; a softmax learns the probability
of each context, p(c | t). `sampled_softmax` and `hierarchical_softmax` are its relatives for
vocabularies where scoring every word is too much.
"""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.errors import W2VError
from w2vtrain.models.word2vec import embedding_table

BLOCK_SCORES = 2**22  # scores held at a time: 16 MiB


@keras.saving.register_keras_serializable(package="w2vtrain")
class SoftmaxWord2Vec(keras.Model):
    """Skip-gram whose scores go through a softmax over the vocabulary.

    With e_t a row of the target table, w_c of the context table and b_c a bias (or 0),

        p(c | t) = exp(e_t . w_c + b_c) / sum over words v of exp(e_t . w_v + b_v)

    An ordinary Keras classifier of the vocabulary: compile it with
    `SparseCategoricalCrossentropy(from_logits=True)` and fit it on `(targets, contexts)`. Ids below
    `first_id` (padding, and the unknown word where the text holds none) have probability 0.

    Args:
        vocabulary_size: rows of each table.
        embedding_dim: length of a row.
        first_id: the first id that can be predicted.
        seed: of both initial tables: Keras' defaults, uniform in +-0.05 for the target rows as in
            an Embedding, Glorot's rule for the context rows as in a Dense layer.
        bias: give every word a bias.

    Call arguments:
        targets: int tensor, shape `(batch,)`.

    Returns:
        float32 tensor, shape `(batch, vocabulary_size)`: scores; -inf below `first_id`.

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", equation 2.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        first_id: int = 0,
        seed: int = 1,
        bias: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, self.embedding_dim = vocabulary_size, embedding_dim
        self.first_id, self.seed, self.bias = first_id, seed, bias
        uniform = keras.initializers.RandomUniform(seed=seed)
        glorot = keras.initializers.GlorotUniform(seed ^ 1)
        self.target_embedding = embedding_table(vocabulary_size, embedding_dim, uniform, "target")
        self.context_embedding = embedding_table(vocabulary_size, embedding_dim, glorot, "context")
        self.context_bias = self.add_weight(
            shape=(vocabulary_size,), initializer="zeros", trainable=bias, name="context_bias"
        )
        self.built = True

    def call(self, targets: Any) -> Any:
        return self.scores(self.target_embedding(targets))

    def scores(self, vectors: Any) -> Any:
        """Return the scores of all ids for target vectors of shape `(batch, dim)`."""
        table = self.context_embedding.embeddings.value
        scores = tf.matmul(vectors, table, transpose_b=True) + self.context_bias
        return tf.where(tf.range(self.vocabulary_size) < self.first_id, -np.inf, scores)

    def context_probabilities(self, targets: Any) -> np.ndarray:
        """Return p(c | t): float32, shape `(targets, vocabulary_size)`; every row sums to 1."""
        return tf.nn.softmax(self(tf.constant(targets, tf.int32))).numpy()

    def word_vectors(self) -> np.ndarray:
        """Return the vector of each id: float32 array, shape `(vocabulary_size, dim)`."""
        return self.target_embedding.embeddings.numpy()

    def context_vectors(self) -> np.ndarray:
        """Return the context vector of each id, as `word_vectors` does."""
        return self.context_embedding.embeddings.numpy()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make the same model again."""
        names = ("vocabulary_size", "embedding_dim", "first_id", "seed", "bias")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class PairCounts(NamedTuple):
    """The counts of all pairs of a text, as the rows of a CSR matrix that hold any.

    Attributes:
        targets: int32, shape `(rows,)`: the distinct targets.
        offsets: int32, shape `(rows + 1,)`: where the pairs of each target begin.
        contexts: int32, shape `(pairs,)`.
        counts: float32, shape `(pairs,)`: occurrences of each pair.
    """

    targets: Any
    offsets: Any
    contexts: Any
    counts: Any


class PairCountTrainer(keras.Model):
    """Trains a `SoftmaxWord2Vec` on the counts of all pairs of a text at once.

    The probabilities of a target's contexts depend on the target alone, so the pairs of a text,
    however many, tell the softmax no more than their counts. A batch is a `PairCounts`; a step
    descends the mean of -log p(c | t) over all its pairs, with the compiled optimizer.

    What the trainer saves is the `SoftmaxWord2Vec`.

    Args:
        softmax: the model to train.
    """

    def __init__(self, softmax: SoftmaxWord2Vec, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.softmax = softmax
        self.pair_loss = keras.metrics.Mean(name="loss")
        self.pair_accuracy = keras.metrics.Mean(name="accuracy")
        self.built = True

    @property
    def target_embedding(self) -> Any:
        """The Keras layer of the word vectors."""
        return self.softmax.target_embedding

    def word_vectors(self) -> np.ndarray:
        """Return the vector of each id: float32 array, shape `(vocabulary_size, dim)`."""
        return self.softmax.word_vectors()

    def context_vectors(self) -> np.ndarray:
        """Return the context vector of each id, as `word_vectors` does."""
        return self.softmax.context_vectors()

    def call(self, targets: Any) -> Any:
        """Return the scores of all ids, as `SoftmaxWord2Vec` does."""
        return self.softmax(targets)

    def compile(
        self, optimizer: Any = "adam", loss: Any = None, metrics: Any = None, **kwargs: Any
    ) -> None:
        """Set the optimizer.

        Raises:
            W2VError: a loss or metrics; the trainer has its own.
        """
        refuse_own_loss("PairCountTrainer", loss, metrics)
        super().compile(optimizer=optimizer, **kwargs)

    def save(self, filepath: Any, **kwargs: Any) -> None:
        """Save the `SoftmaxWord2Vec` that has been trained."""
        self.softmax.save(filepath, **kwargs)

    @property
    def metrics(self) -> list[Any]:
        """The metrics that `fit` and `evaluate` reset."""
        return [self.pair_loss, self.pair_accuracy]

    def train_step(self, pairs: PairCounts) -> dict[str, Any]:
        """Make one step on all pairs; return the mean loss and the accuracy before it."""
        gradients, loss, accuracy = self.gradients(pairs)
        variables = [self.softmax.target_embedding.embeddings]
        variables += [self.softmax.context_embedding.embeddings, self.softmax.context_bias]
        of = {id(v): gradient for v, gradient in zip(variables, gradients, strict=True)}
        # Keras' order, which is also that of a loaded model.
        trainable = self.trainable_variables
        self.optimizer.apply([of[id(v)] for v in trainable], trainable)
        return self._measured(pairs, loss, accuracy)

    def test_step(self, pairs: PairCounts) -> dict[str, Any]:
        """Return the mean loss and the accuracy over all pairs."""
        _, loss, accuracy = self.gradients(pairs)
        return self._measured(pairs, loss, accuracy)

    def _measured(self, pairs: PairCounts, loss: Any, accuracy: Any) -> dict[str, Any]:
        weight = tf.reduce_sum(pairs.counts)
        self.pair_loss.update_state(loss, weight)
        self.pair_accuracy.update_state(accuracy, weight)
        return {metric.name: metric.result() for metric in self.metrics}

    def gradients(self, pairs: PairCounts) -> tuple[list[Any], Any, Any]:
        """Return the gradients of the mean loss over all pairs, the loss, the accuracy.

        With n_tc the counts, n_t their sum over c and N the sum of all, the gradient in the scores
        is (n_t p(c | t) - n_tc) / N. Targets are taken in blocks, so that never more than
        `BLOCK_SCORES` scores are held.

        Returns:
            gradients of target rows, context rows and biases; two scalars.
        """
        ids, dim = self.softmax.vocabulary_size, self.softmax.embedding_dim
        total = tf.reduce_sum(pairs.counts)
        rows = tf.shape(pairs.targets)[0]
        context = self.softmax.context_embedding.embeddings.value

        def one_block(start: Any, sums: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
            stop = tf.minimum(start + max(1, BLOCK_SCORES // ids), rows)
            targets = pairs.targets[start:stop]
            seen = _dense(pairs, start, stop, ids)  # (block, ids)
            vectors = tf.gather(self.softmax.target_embedding.embeddings.value, targets)
            logs = tf.nn.log_softmax(self.softmax.scores(vectors))
            each = tf.reduce_sum(seen, axis=1, keepdims=True)
            error = (each * tf.exp(logs) - seen) / total
            best = tf.argmax(logs, axis=1)
            return stop, (
                tf.tensor_scatter_nd_add(sums[0], targets[:, None], error @ context),
                sums[1] + tf.matmul(error, vectors, transpose_a=True),
                sums[2] + tf.reduce_sum(error, axis=0),
                sums[3] - tf.reduce_sum(tf.math.multiply_no_nan(logs, seen)),
                sums[4] + tf.reduce_sum(tf.gather(seen, best, batch_dims=1)),
            )

        zero = tf.constant(0.0)
        tables = tf.zeros((ids, dim)), tf.zeros((ids, dim)), tf.zeros(ids)
        _, sums = tf.while_loop(
            lambda start, _: start < rows, one_block, (tf.constant(0), (*tables, zero, zero))
        )
        return list(sums[:3]), sums[3] / total, sums[4] / total


def refuse_own_loss(name: str, loss: Any, metrics: Any) -> None:
    """Refuse what a model with a loss of its own would ignore.

    Raises:
        W2VError: a loss or metrics were given to `compile`.
    """
    for what, value in (("loss", loss), ("metrics", metrics)):
        if value is not None:
            raise W2VError(f"{name} has its own loss: {what} is refused.", "Leave it out.")


def _dense(pairs: PairCounts, start: Any, stop: Any, ids: int) -> Any:
    """Return rows `start` to `stop` as a float32 tensor, shape `(stop - start, ids)`."""
    first, last = pairs.offsets[start], pairs.offsets[stop]
    lengths = pairs.offsets[start + 1 : stop + 1] - pairs.offsets[start:stop]
    rows = tf.repeat(tf.range(stop - start), lengths)
    places = tf.stack([rows, pairs.contexts[first:last]], axis=1)
    return tf.scatter_nd(places, pairs.counts[first:last], (stop - start, ids))
