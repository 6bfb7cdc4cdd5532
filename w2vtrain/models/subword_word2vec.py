"""The skip-gram and CBOW models whose word vectors are made from character n-grams."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.models.cbow import add_position_weights, mean_of_contexts, positions_of
from w2vtrain.models.word2vec import embedding_table

_WORDS_AT_ONCE = 16_384  # when all vectors are made: bounds the memory


@keras.saving.register_keras_serializable(package="w2vtrain")
class SubwordWord2Vec(keras.Model):
    """Skip-gram over pairs, as `Word2Vec`, with word vectors that are means of n-gram rows.

    An ordinary Keras model: `compile` takes any optimizer, loss and metrics, and `fit`, `evaluate`
    and `predict` take pairs. Which rows belong to which word is part of the model's weights.

    Args:
        vocabulary_size: words, padding and out-of-vocabulary included.
        embedding_dim: length of a row.
        rows: of the n-gram table, words' own rows included.
        uses: rows of all words together.
        seed: of the initial n-gram table, uniform in +-1 / embedding_dim as in fastText; the
            context table starts at zero.

    Call arguments:
        inputs: `(targets, contexts)`: int tensors, shapes `(batch,)` and `(batch, contexts)`.

    Returns:
        float tensor, shape `(batch, contexts)`: a score for each context.

    Source: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information", section 3.2,
    with the mean in place of the sum, as in fastText's code.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        rows: int,
        uses: int,
        seed: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._sizes = {
            "vocabulary_size": vocabulary_size,
            "embedding_dim": embedding_dim,
            "rows": rows,
            "uses": uses,
            "seed": seed,
        }
        edge = 1 / embedding_dim
        start = keras.initializers.RandomUniform(-edge, edge, seed=seed)
        self.ngram_embedding = embedding_table(rows, embedding_dim, start, "ngram")
        self.context_embedding = embedding_table(vocabulary_size, embedding_dim, "zeros", "context")
        self.word_rows = self._constant("word_rows", uses, "int32")
        self.word_shares = self._constant("word_shares", uses, "float32")
        self.word_ends = self._constant("word_ends", vocabulary_size, "int32")
        self.built = True

    def _constant(self, name: str, size: int, dtype: str) -> Any:
        return self.add_weight(
            name=name, shape=(size,), dtype=dtype, initializer="zeros", trainable=False
        )

    def set_words(self, rows: np.ndarray, shares: np.ndarray, sizes: np.ndarray) -> None:
        """Set which rows each word's vector is the weighted mean of.

        Args:
            rows: int array, shape `(uses,)`: those of id 0, of id 1, …
            shares: float array, shape `(uses,)`: what each counts for; 1 in all for a word.
            sizes: int array, shape `(vocabulary_size,)`: how many of them are whose; 1 or more.
        """
        self.word_rows.assign(rows.astype(np.int32))
        self.word_shares.assign(shares.astype(np.float32))
        self.word_ends.assign(np.cumsum(sizes).astype(np.int32))

    def call(self, inputs: Any) -> Any:
        targets, contexts = inputs
        target_rows = self.vectors_of(targets)  # (batch, dim)
        context_rows = self.context_embedding(contexts)  # (batch, contexts, dim)
        return keras.ops.einsum("bd,bcd->bc", target_rows, context_rows)

    def vectors_of(self, ids: Any) -> Any:
        """Return the vectors of word ids, shape `(ids,)`: float tensor, shape `(ids, dim)`."""
        ends = tf.concat([[0], self.word_ends.value], axis=0)
        uses = tf.ragged.range(tf.gather(ends, ids), tf.gather(ends, ids + 1))
        rows = tf.gather(self.word_rows.value, uses.values)
        vectors = tf.gather(self.ngram_embedding.embeddings.value, rows)  # (uses, dim)
        weighted = vectors * tf.gather(self.word_shares.value, uses.values)[:, None]
        return tf.math.segment_sum(weighted, uses.value_rowids())

    def word_vectors(self) -> np.ndarray:
        """Return the vector of each id: float32 array, shape `(vocabulary_size, dim)`."""
        size = self._sizes["vocabulary_size"]
        parts = [
            self.vectors_of(tf.range(start, min(start + _WORDS_AT_ONCE, size))).numpy()
            for start in range(0, size, _WORDS_AT_ONCE)
        ]
        return np.concatenate(parts)

    def context_vectors(self) -> np.ndarray:
        """Return the context vector of each id, as `word_vectors` does."""
        return self.context_embedding.embeddings.numpy()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make the same model again."""
        return {**super().get_config(), **self._sizes}


@keras.saving.register_keras_serializable(package="w2vtrain")
class SubwordCbow(SubwordWord2Vec):
    """CBOW, as `Cbow`, with context rows that are means of n-gram rows.

    Args:
        positions: as for `Cbow`.

    Call arguments:
        inputs: `(contexts, targets)`: int tensors, as for `Cbow`.

    Returns:
        float tensor, shape `(batch, targets)`: a score for each target.
    """

    def __init__(self, *args: Any, positions: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.position_weights = add_position_weights(self, positions, self._sizes["embedding_dim"])

    def call(self, inputs: Any) -> Any:
        contexts, targets = inputs
        flat = self.vectors_of(tf.reshape(contexts, [-1]))
        rows = tf.reshape(flat, tf.concat([tf.shape(contexts), [flat.shape[1]]], axis=0))
        mean = mean_of_contexts(rows, contexts, self.position_weights)
        return tf.einsum("bd,btd->bt", mean, self.context_embedding(targets))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make the same model again."""
        return {**super().get_config(), **positions_of(self)}
