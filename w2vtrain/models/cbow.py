"""The CBOW model: the mean of the contexts' rows, scored against target words."""

from typing import Any

import keras
import numpy as np

from w2vtrain.models.word2vec import embedding_table

PADDING = 0  # id that fills up the contexts


@keras.saving.register_keras_serializable(package="w2vtrain")
class Cbow(keras.Model):
    """Continuous bag of words: predicts a target from the mean of the words around it.

    An ordinary Keras model, as `Word2Vec` is. The word vectors are the rows of the contexts.

    Args:
        vocabulary_size: rows of each table, padding and out-of-vocabulary included.
        embedding_dim: length of a row.
        seed: of the initial table of contexts, uniform in +-0.5 / embedding_dim; the table of
            targets starts at zero. Both are as in word2vec.c.

    Call arguments:
        inputs: `(contexts, targets)`: int tensors, shapes `(batch, contexts)`, filled up with 0,
            and `(batch, targets)`.

    Returns:
        float tensor, shape `(batch, targets)`: a score for each target.

    Example:
        model = Cbow(vocabulary_size=10_000, embedding_dim=64)
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit((contexts, targets), labels)  # labels: 1 for true targets, 0 for noise

    Source: Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space",
    section 3.1.
    """

    def __init__(
        self, vocabulary_size: int, embedding_dim: int, seed: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.embedding_dim = embedding_dim
        self.seed = seed
        edge = 0.5 / embedding_dim
        start = keras.initializers.RandomUniform(-edge, edge, seed=seed)
        self.input_embedding = embedding_table(vocabulary_size, embedding_dim, start, "input")
        self.output_embedding = embedding_table(vocabulary_size, embedding_dim, "zeros", "output")
        self.built = True

    def call(self, inputs: Any) -> Any:
        contexts, targets = inputs
        seen = keras.ops.cast(keras.ops.not_equal(contexts, PADDING), self.compute_dtype)
        rows = self.input_embedding(contexts) * seen[..., None]  # (batch, contexts, dim)
        number = keras.ops.maximum(keras.ops.sum(seen, axis=1, keepdims=True), 1)
        mean = keras.ops.sum(rows, axis=1) / number  # (batch, dim)
        return keras.ops.einsum("bd,btd->bt", mean, self.output_embedding(targets))

    def word_vectors(self) -> np.ndarray:
        """Return the vector of each id: float32 array, shape `(vocabulary_size, dim)`."""
        return self.input_embedding.embeddings.numpy()

    def context_vectors(self) -> np.ndarray:
        """Return the vector that each id is scored with, as `word_vectors` does."""
        return self.output_embedding.embeddings.numpy()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make the same model again."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "seed": self.seed,
        }
