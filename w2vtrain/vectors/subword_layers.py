"""Two Keras layers for vectors with n-grams: texts to words, words to vectors, unseen ones too."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.errors import W2VError
from w2vtrain.vectors.ngrams import END_OF_SENTENCE, FNV_BASIS, FNV_PRIME, Ngrams
from w2vtrain.vectors.subwords import Subwords

_PACKAGE = "w2vtrain"


@keras.saving.register_keras_serializable(package=_PACKAGE)
class SplitIntoWords(keras.layers.Layer):
    """Texts to words.

    Args:
        standardize, split: functions of texts, as those of `TextVectorization`.
        sequence_length: words a text, cut or padded; None takes as many as the longest text has.

    Call arguments:
        texts: string tensor, shape `(batch,)`.

    Returns:
        string tensor, shape `(batch, words)`; empty where a text has no more words.
    """

    def __init__(
        self, standardize: Any, split: Any, sequence_length: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.standardize, self.split = standardize, split
        self.sequence_length = sequence_length

    def call(self, texts: Any) -> Any:
        words = self.split(self.standardize(tf.convert_to_tensor(texts)))
        shape = None if self.sequence_length is None else (None, self.sequence_length)
        return words.to_tensor("", shape=shape)

    def compute_output_spec(self, texts: Any) -> Any:
        """Return the form of the output: symbolic tensors cannot be split."""
        return keras.KerasTensor((texts.shape[0], self.sequence_length), dtype="string")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make the same layer again."""
        return {
            **super().get_config(),
            "standardize": keras.saving.serialize_keras_object(self.standardize),
            "split": keras.saving.serialize_keras_object(self.split),
            "sequence_length": self.sequence_length,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SplitIntoWords":
        """Make a layer from the result of `get_config`."""
        functions = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("standardize", "split")
        }
        return cls(**{**config, **functions})


@keras.saving.register_keras_serializable(package=_PACKAGE)
class SubwordEmbedding(keras.layers.Layer):
    """Words to vectors: those of the vocabulary, and the means of n-gram rows for all others.

    Args:
        tokens: the vocabulary.
        dim: numbers in a vector.
        rows, buckets: of the n-gram table, and how many n-grams have one.
        ngrams: settings of `Ngrams`, with fastText's hash.

    Call arguments:
        words: string tensor, shape `(batch, words)`; the empty word is padding: zeros, masked.

    Returns:
        float tensor, shape `(batch, words, dim)`.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        dim: int,
        rows: int,
        buckets: int,
        ngrams: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tokens, self.dim, self.sizes = list(tokens), dim, (rows, buckets)
        self.ngrams = Ngrams(**ngrams)
        self._settings = dict(ngrams)
        self._lookup = keras.layers.StringLookup(
            vocabulary=np.array(self.tokens, object), num_oov_indices=1, oov_token="\0"
        )
        self.supports_masking = True

    def build(self, shape: Any = None) -> None:
        """Make the tables; `load` fills them."""
        rows, buckets = self.sizes
        self.word_vectors = self.add_weight(name="words", shape=(len(self.tokens), self.dim))
        self.ngram_vectors = self.add_weight(name="ngrams", shape=(rows, self.dim))
        form = {"dtype": "int32", "initializer": "zeros", "trainable": False}
        self.buckets = self.add_weight(name="buckets", shape=(buckets,), **form)
        self.places = self.add_weight(name="places", shape=(buckets,), **form)
        self.built = True

    def load(self, vectors: np.ndarray, subwords: Subwords) -> None:
        """Set the tables."""
        every = np.arange(len(subwords.vectors))
        buckets = every if subwords.buckets is None else subwords.buckets
        places = every if subwords.places is None else subwords.places
        self.word_vectors.assign(vectors)
        self.ngram_vectors.assign(np.asarray(subwords.vectors))
        self.buckets.assign(buckets.astype(np.int32))
        self.places.assign(places.astype(np.int32))

    def call(self, words: Any) -> Any:
        words = tf.convert_to_tensor(words)
        flat = tf.reshape(words, [-1])
        ids = self._lookup(flat)
        known = ids > 0
        vectors = tf.gather(tf.convert_to_tensor(self.word_vectors), tf.maximum(ids - 1, 0))
        unseen = self._made(tf.boolean_mask(flat, ~known))
        vectors = tf.tensor_scatter_nd_update(vectors, tf.where(~known), unseen)
        return tf.reshape(vectors, tf.concat([tf.shape(words), [self.dim]], axis=0))

    def _made(self, words: Any) -> Any:
        """Return the means of the n-gram rows of words: shape `(words, dim)`."""
        plain = (words != "") & (words != END_OF_SENTENCE)
        marked = tf.where(plain, tf.strings.join([self.ngrams.begin, words, self.ngrams.end]), "")
        characters = tf.strings.unicode_split(marked, "UTF-8")  # (words, characters), ragged
        total, count = tf.zeros((tf.size(words), self.dim)), tf.zeros(tf.size(words), tf.int64)
        table = tf.convert_to_tensor(self.ngram_vectors)
        for length in range(self.ngrams.min_length, self.ngrams.max_length + 1):
            some = characters[:, 1:-1] if length == 1 else characters
            found = tf.strings.ngrams(some, length, separator="")
            buckets = tf.cast(self._hashed(found.values, length) % self.ngrams.buckets, tf.int32)
            near = tf.minimum(tf.searchsorted(self.buckets.value, buckets), self.sizes[1] - 1)
            present = tf.gather(self.buckets.value, near) == buckets
            rows = tf.gather(table, tf.gather(self.places.value, near))
            rows = tf.where(present[:, None], rows, 0)
            total += tf.math.unsorted_segment_sum(rows, found.value_rowids(), tf.size(words))
            count += found.row_lengths()
        return total / tf.maximum(tf.cast(count, tf.float32), 1)[:, None]

    def _hashed(self, ngrams: Any, length: int) -> Any:
        """Return FNV-1a of texts of so many characters: int64, from 0 to 2**32 - 1."""
        most = 4 * length  # bytes
        bytes_ = tf.cast(tf.io.decode_raw(ngrams, tf.uint8, fixed_length=most), tf.int64)
        bytes_ += tf.where(bytes_ > 127, 0xFFFFFF00, tf.constant(0, tf.int64))  # a signed char
        sizes = tf.strings.length(ngrams)
        value = tf.fill(tf.shape(ngrams), tf.constant(int(FNV_BASIS), tf.int64))
        for place in range(most):
            mixed = tf.bitwise.bitwise_xor(value, bytes_[:, place]) * int(FNV_PRIME)
            value = tf.where(sizes > place, mixed & 0xFFFFFFFF, value)
        return value

    def compute_mask(self, words: Any, mask: Any = None) -> Any:
        """Return which words are no padding."""
        if isinstance(words, keras.KerasTensor):
            return keras.KerasTensor(words.shape, dtype="bool")
        return tf.convert_to_tensor(words) != ""

    def compute_output_spec(self, words: Any) -> Any:
        """Return the form of the output."""
        return keras.KerasTensor((*words.shape, self.dim), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make the same layer again."""
        rows, buckets = self.sizes
        return {
            **super().get_config(),
            "tokens": self.tokens,
            "dim": self.dim,
            "rows": rows,
            "buckets": buckets,
            "ngrams": self._settings,
        }


def embedding_layer(
    tokens: Sequence[str], vectors: np.ndarray, subwords: Subwords, trainable: bool
) -> SubwordEmbedding:
    """Return a layer with these vectors and n-grams.

    Raises:
        W2VError: the n-grams go by floret's hash, which TensorFlow does not compute.
    """
    rule = subwords.ngrams
    if rule.hash != "fasttext":
        raise W2VError(
            "The Keras layer computes fastText's hash alone, and these n-grams go by floret's.",
            "Load the vectors with vocabulary_only=True.",
        )
    settings: dict[str, Any] = {"buckets": rule.buckets, "min_length": rule.min_length}
    settings |= {"max_length": rule.max_length, "begin": rule.begin, "end": rule.end}
    rows = len(subwords.vectors)
    buckets = rows if subwords.buckets is None else len(subwords.buckets)
    layer = SubwordEmbedding(
        tokens, int(vectors.shape[1]), rows, buckets, settings, trainable=trainable
    )
    layer.build()
    layer.load(np.asarray(vectors), subwords)
    return layer
