"""Trains a `SubwordWord2Vec`: rows of words are made from n-grams before a batch of steps."""

from typing import Any

import tensorflow as tf

from w2vtrain.engine.block_trainer import BlockTrainer
from w2vtrain.engine.blocks import BlockShape
from w2vtrain.engine.cbow_trainer import CbowTrainer
from w2vtrain.engine.encoded_rows import EncodedRows
from w2vtrain.engine.position_trainer import PositionTrainer
from w2vtrain.models.subword_word2vec import SubwordWord2Vec
from w2vtrain.models.word2vec import embedding_table


class SubwordTrainer(BlockTrainer):
    """Trains a `SubwordWord2Vec` as `BlockTrainer` trains a `Word2Vec`.

    `fit` and `evaluate` take pairs of `Step` and `EncodedRows`. Before the steps of a batch the
    rows of its words are made from the n-gram table, in a table like that of `Word2Vec`, which the
    steps train. Then each word's move, what the steps have added to its row, is added to each of
    its n-gram rows, damped for frequent n-grams.
    """

    def __init__(self, word2vec: SubwordWord2Vec, shape: BlockShape, **kwargs: Any) -> None:
        words, dim = word2vec.context_embedding.embeddings.shape
        super().__init__(word2vec, shape, **kwargs)
        self._made = embedding_table(words, dim, "zeros", "made")

    @property
    def target_embedding(self) -> Any:
        """The Keras layer of the word vectors as the steps of a batch see them."""
        return self._made

    @property
    def trained_tables(self) -> tuple[Any, ...]:
        """The Keras layers of the tables that training changes, for merging shards."""
        return self.word2vec.ngram_embedding, self.context_embedding

    def train_step(self, steps: Any) -> dict[str, Any]:
        """Train on the steps of a batch, one after the other; return the mean loss a pair.

        Args:
            steps: a pair of `Step` and `EncodedRows`.
        """
        steps, encoded = steps
        times = encoded.times * tf.minimum(1.0, encoded.limits / self.optimizer.learning_rate)
        rows, before = self._make(encoded)
        result = super().train_step(steps)
        after = tf.gather(self._made.embeddings.value, encoded.ids)
        self._take_apart(encoded, times, rows, after - before)
        return result

    def test_step(self, steps: Any) -> dict[str, Any]:
        """Return the mean loss a pair of the steps of a batch, as `train_step` takes it."""
        steps, encoded = steps
        self._make(encoded)
        return super().test_step(steps)

    def _make(self, encoded: EncodedRows) -> tuple[tuple[Any, Any], Any]:
        """Write the rows of a batch's words.

        Returns:
            the two halves of the table's rows that they are made from, shape `(rows, dim)`, and the
            words' rows, shape `(words, dim)`.
        """
        row, use = encoded.half[0, 0], encoded.half[0, 1]
        words, number = tf.shape(encoded.ids)[0], tf.shape(encoded.rows)[0]
        table = self.word2vec.ngram_embedding.embeddings.value
        # Gathered first, since reading the table itself would copy it.
        rows = tf.gather(table, encoded.rows[:row]), tf.gather(table, encoded.rows[row:])
        made = _product(
            encoded.making[:use], encoded.shares[:use], (words, row), rows[0]
        ) + _product(encoded.making[use:], encoded.shares[use:], (words, number - row), rows[1])
        self._made.embeddings.value.scatter_update(tf.IndexedSlices(made, encoded.ids))
        return rows, made

    def _take_apart(
        self, encoded: EncodedRows, times: Any, rows: tuple[Any, Any], moves: Any
    ) -> None:
        """Add each word's move, so many times, to each of its rows, in one write a row."""
        row, use = encoded.half[0, 0], encoded.half[0, 1]
        words, number = tf.shape(encoded.ids)[0], tf.shape(encoded.rows)[0]
        table = self.word2vec.ngram_embedding.embeddings.value
        first = rows[0] + _product(encoded.taking[:use], times[:use], (row, words), moves)
        second = rows[1] + _product(encoded.taking[use:], times[use:], (number - row, words), moves)
        # Adding in the table itself (`scatter_add`) takes three times as long (measured).
        table.scatter_update(tf.IndexedSlices(first, encoded.rows[:row]))
        table.scatter_update(tf.IndexedSlices(second, encoded.rows[row:]))


class SubwordCbowTrainer(SubwordTrainer, CbowTrainer):
    """Trains a `SubwordCbow` as `CbowTrainer` trains a `Cbow`; its words are made likewise."""


class SubwordPositionTrainer(SubwordTrainer, PositionTrainer):
    """Trains a `SubwordCbow` with position weights, as `PositionTrainer` trains a `Cbow`."""


def _product(places: Any, values: Any, shape: tuple[Any, Any], dense: Any) -> Any:
    """Return a sparse matrix, given by places and values row by row, times a dense one.

    The sum of a row is one addend after the other, on any number of threads; that of TensorFlow's
    product with a transposed matrix is not.
    """
    matrix = tf.raw_ops.SparseTensorToCSRSparseMatrix(
        indices=places, values=values, dense_shape=tf.cast(tf.stack(shape), tf.int64)
    )
    return tf.raw_ops.SparseMatrixMatMul(a=matrix, b=dense)
