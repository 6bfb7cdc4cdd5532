"""Skip-gram with a true probability for every word of the vocabulary.

Negative sampling learns to tell a word's contexts from noise; these models learn the probability of
each context, p(c | t). The full softmax scores the whole vocabulary; the sampled and the
hierarchical softmax are its relatives for vocabularies where that is too much.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

BLOCK_SCORES = 2**22  # scores held at a time: 16 MiB


@keras.saving.register_keras_serializable(package="w2vtrain")
class SoftmaxWord2Vec(keras.Model):
    """Skip-gram whose scores go through a softmax over the vocabulary.

    With e_t a row of the target table, w_c of the context table and b_c a bias (or 0),

        p(c | t) = exp(e_t . w_c + b_c) / sum over words v of exp(e_t . w_v + b_v)

    and `fit` descends the mean of -log p(c | t) over pairs. Ids below `first_id` (padding, and the
    unknown word where the text holds none) take no part.

    Called with targets, shape `(batch,)`, it returns the scores of all ids, `(batch, ids)`. `fit`
    takes batches `(targets, contexts)`, or, as a dict, the counts of all pairs (`train_on_counts`),
    or, with `num_sampled`, triples whose third part are noise words that the step's pairs share.

    Args:
        vocabulary_size: rows of each table.
        embedding_dim: numbers in a row.
        first_id: the first id that can be predicted.
        seed: of both tables' start: Keras' defaults, uniform in +-0.05 for the target rows as in
            an Embedding, Glorot's rule for the context rows as in a Dense layer.
        bias: give every word a bias.

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", equation 2.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        first_id: int,
        seed: int = 1,
        bias: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, self.embedding_dim = vocabulary_size, embedding_dim
        self.first_id, self.seed, self.bias = first_id, seed, bias
        self.noise_log_counts: Any = None  # set for the sampled softmax only
        self.target_embedding = _table(
            vocabulary_size, embedding_dim, keras.initializers.RandomUniform(seed=seed), "target"
        )
        self.context_embedding = _table(
            vocabulary_size, embedding_dim, keras.initializers.GlorotUniform(seed + 1), "context"
        )
        self.context_bias = self.add_weight(
            shape=(vocabulary_size,), initializer="zeros", trainable=bias, name="context_bias"
        )
        self.pair_loss = keras.metrics.Mean(name="loss")
        self.pair_accuracy = keras.metrics.Mean(name="accuracy")
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs to make the model again."""
        names = ("vocabulary_size", "embedding_dim", "first_id", "seed", "bias")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def call(self, targets: Any) -> Any:
        """Returns the scores of all ids: float32, shape `(batch, ids)`; -inf below `first_id`."""
        return self._scores(tf.gather(self.target_embedding.embeddings.value, targets))

    def context_probabilities(self, targets: Any) -> np.ndarray:
        """Returns p(c | t): float32, shape `(targets, ids)`; every row sums to 1."""
        return tf.nn.softmax(self(tf.constant(targets, tf.int32))).numpy()

    @property
    def metrics(self) -> list[Any]:
        """The metrics that `fit` resets at the start of an epoch."""
        sampled = self.noise_log_counts is not None
        return [self.pair_loss] if sampled else [self.pair_loss, self.pair_accuracy]

    def train_step(self, data: Any) -> dict[str, Any]:
        """Returns the metrics after one step."""
        if isinstance(data, Mapping):
            self._train_on_counts(data)
        elif self.noise_log_counts is not None:
            self._train_on_sample(*data)
        else:
            self._train_on_pairs(*data)
        return {metric.name: metric.result() for metric in self.metrics}

    def _train_on_pairs(self, targets: Any, contexts: Any) -> None:
        with tf.GradientTape() as tape:
            scores = self(targets)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(contexts, scores)
            loss = tf.reduce_mean(losses)
        self._descend(tape, loss)
        weight = tf.cast(tf.shape(targets)[0], tf.float32)
        hits = tf.equal(tf.argmax(scores, axis=1, output_type=tf.int32), contexts)
        self.pair_loss.update_state(loss, weight)
        self.pair_accuracy.update_state(tf.reduce_mean(tf.cast(hits, tf.float32)), weight)

    def _train_on_sample(self, targets: Any, contexts: Any, noise: Any) -> None:
        """One step of the sampled softmax.

        Source: Jean et al. 2015, "On Using Very Large Target Vocabulary"; `tf.nn` computes it.
        """
        log_counts = self.noise_log_counts + tf.math.log(tf.cast(tf.shape(noise)[0], tf.float32))
        with tf.GradientTape() as tape:
            rows = tf.gather(self.target_embedding.embeddings.value, targets)
            losses = tf.nn.sampled_softmax_loss(
                self.context_embedding.embeddings.value,
                self.context_bias.value,
                labels=tf.cast(contexts, tf.int64)[:, None],
                inputs=rows,
                num_sampled=tf.shape(noise)[0],
                num_classes=self.vocabulary_size,
                sampled_values=(
                    tf.cast(noise, tf.int64),
                    tf.exp(tf.gather(log_counts, contexts))[:, None],
                    tf.exp(tf.gather(log_counts, noise)),
                ),
            )
            loss = tf.reduce_mean(losses)
        self._descend(tape, loss)
        self.pair_loss.update_state(loss, tf.cast(tf.shape(targets)[0], tf.float32))

    def _train_on_counts(self, counts: Mapping[str, Any]) -> None:
        gradients, loss, accuracy = self.count_gradients(counts)
        self._apply(gradients)
        self.pair_loss.update_state(loss, counts["total"])
        self.pair_accuracy.update_state(accuracy, counts["total"])

    def loss_on_pairs(self, batch: Any) -> tuple[Any, Any]:
        """Returns the summed -log p(c | t) of a batch `(targets, contexts)`, and its pairs."""
        targets, contexts = batch
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(contexts, self(targets))
        return tf.reduce_sum(losses), tf.cast(tf.shape(targets)[0], tf.float32)

    def count_gradients(self, counts: Mapping[str, Any]) -> tuple[list[Any], Any, Any]:
        """Returns the gradients of the mean loss over all pairs of a text, the loss, the accuracy.

        With n_tc the counts, n_t their sum over c and N the sum of all, the gradient in the scores
        is (n_t p(c | t) - n_tc) / N. Targets are taken in blocks, so that never more than
        `BLOCK_SCORES` scores are held.

        Args:
            counts: `targets` int32 `(rows,)`, the distinct ones; `offsets` int32 `(rows + 1,)`,
                `contexts` int32 and `values` float32 `(pairs,)`, as in a CSR matrix; `total` float.
        Returns:
            a gradient for each of `learned`; two scalars.
        """
        ids, dim = self.vocabulary_size, self.embedding_dim
        block = max(1, BLOCK_SCORES // ids)
        rows = tf.shape(counts["targets"])[0]
        context = self.context_embedding.embeddings.value

        def one_block(start: Any, sums: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
            stop = tf.minimum(start + block, rows)
            targets = counts["targets"][start:stop]
            seen = _dense(counts, start, stop, ids)  # (block, ids)
            vectors = tf.gather(self.target_embedding.embeddings.value, targets)
            logs = tf.nn.log_softmax(self._scores(vectors))
            each = tf.reduce_sum(seen, axis=1, keepdims=True)
            error = (each * tf.exp(logs) - seen) / counts["total"]
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
        gradients = [sums[0], sums[1], *([sums[2]] if self.bias else [])]
        return gradients, sums[3] / counts["total"], sums[4] / counts["total"]

    def _scores(self, vectors: Any) -> Any:
        table = self.context_embedding.embeddings.value
        scores = tf.matmul(vectors, table, transpose_b=True) + self.context_bias
        barred = tf.range(self.vocabulary_size) < self.first_id
        return tf.where(barred, -np.inf, scores)

    @property
    def learned(self) -> list[Any]:
        """The Keras variables that training changes: target rows, context rows, biases if any."""
        tables = [self.target_embedding.embeddings, self.context_embedding.embeddings]
        return [*tables, self.context_bias] if self.bias else tables

    def _descend(self, tape: Any, loss: Any) -> None:
        values = [variable.value for variable in self.learned]
        self._apply(tape.gradient(loss, values))

    def _apply(self, gradients: list[Any]) -> None:
        """Gives the optimizer its variables in the order in which a loaded model has them."""
        of = {id(v): gradient for v, gradient in zip(self.learned, gradients, strict=True)}
        variables = self.trainable_variables
        self.optimizer.apply([of[id(v)] for v in variables], variables)


@keras.saving.register_keras_serializable(package="w2vtrain")
class HierarchicalWord2Vec(keras.Model):
    """Skip-gram whose probabilities are products along the paths of a Huffman tree.

    With the inner nodes n of word c's path and its turns s = 1 (left) or -1 (right),

        p(c | t) = product of sigmoid(s x e_t . node row n)

    so a pair costs about log2(vocabulary) scores, and the probabilities still sum to 1.

    Args:
        vocabulary_size: rows of the target table.
        embedding_dim: numbers in a row.
        nodes: paths: inner nodes of each id's path, filled up with 0; one list an id.
        turns: 1, -1, or 0 where the path is over; one list an id.
        seed: of the target table's start; the nodes start at zero, as in word2vec.c.

    Source: Morin and Bengio 2005; Mikolov et al. 2013, section 2.1, equation 3; Huffman codes as
    in word2vec.c.
    """

    context_embedding = None  # inner nodes of the tree are no words

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        nodes: Any,
        turns: Any,
        seed: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, self.embedding_dim, self.seed = vocabulary_size, embedding_dim, seed
        self._nodes = np.asarray(nodes, np.int32)
        self._turns = np.asarray(turns, np.float32)
        edge = 0.5 / embedding_dim
        self.target_embedding = _table(
            vocabulary_size, embedding_dim,
            keras.initializers.RandomUniform(-edge, edge, seed=seed), "target",
        )  # fmt: skip
        self.node_embedding = _table(int(self._nodes.max()) + 1, embedding_dim, "zeros", "node")
        self.pair_loss = keras.metrics.Mean(name="loss")
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs to make the model again."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "nodes": self._nodes.tolist(),
            "turns": self._turns.astype(int).tolist(),
            "seed": self.seed,
        }

    def call(self, inputs: Any) -> Any:
        """Returns log p(context | target): float32, shape `(batch,)`.

        Args:
            inputs: `(targets, contexts)`: int tensors, shape `(batch,)` each.
        """
        targets, contexts = inputs
        vectors = tf.gather(self.target_embedding.embeddings.value, targets)
        nodes, turns = tf.gather(self._nodes, contexts), tf.gather(self._turns, contexts)
        rows = tf.gather(self.node_embedding.embeddings.value, nodes)  # (batch, path, dim)
        scores = tf.einsum("bd,bpd->bp", vectors, rows)
        steps = -tf.nn.softplus(-turns * scores)  # log sigmoid
        return tf.reduce_sum(tf.where(turns == 0, 0.0, steps), axis=1)

    def context_probabilities(self, targets: Any) -> np.ndarray:
        """Returns p(c | t): float32, shape `(targets, ids)`; 0 for ids without a path."""
        words = tf.range(self.vocabulary_size)
        rows = [tf.exp(self((tf.fill([len(words)], target), words))) for target in targets]
        return np.stack(rows) * (self._turns != 0).any(axis=1)

    @property
    def metrics(self) -> list[Any]:
        """The metrics that `fit` resets at the start of an epoch."""
        return [self.pair_loss]

    def loss_on_pairs(self, batch: Any) -> tuple[Any, Any]:
        """Returns the summed -log p(c | t) of a batch `(targets, contexts)`, and its pairs."""
        return -tf.reduce_sum(self(batch)), tf.cast(tf.shape(batch[0])[0], tf.float32)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Returns the loss after one step on `(targets, contexts)`."""
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(self(data))
        tables = [self.target_embedding.embeddings, self.node_embedding.embeddings]
        self.optimizer.apply(tape.gradient(loss, [table.value for table in tables]), tables)
        self.pair_loss.update_state(loss, tf.cast(tf.shape(data[0])[0], tf.float32))
        return {"loss": self.pair_loss.result()}


def _table(rows: int, dim: int, start: Any, name: str) -> Any:
    layer = keras.layers.Embedding(
        rows, dim, embeddings_initializer=start, name=f"{name}_embedding"
    )
    layer.build()
    return layer


def _dense(counts: Mapping[str, Any], start: Any, stop: Any, ids: int) -> Any:
    """Returns rows `start` to `stop` of a CSR matrix as a float32 tensor, `(stop - start, ids)`."""
    first, last = counts["offsets"][start], counts["offsets"][stop]
    lengths = counts["offsets"][start + 1 : stop + 1] - counts["offsets"][start:stop]
    rows = tf.repeat(tf.range(stop - start), lengths)
    places = tf.stack([rows, counts["contexts"][first:last]], axis=1)
    return tf.scatter_nd(places, counts["values"][first:last], (stop - start, ids))
