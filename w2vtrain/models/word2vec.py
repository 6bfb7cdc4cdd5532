"""The skip-gram model: two embedding tables and the dot products of their rows."""

from typing import Any, Self

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="w2vtrain")
class Word2Vec(keras.Model):
    """Skip-gram over pairs of a target and its candidate contexts.

    An ordinary Keras model: `compile` takes any optimizer, loss and metrics, and `fit`, `evaluate`
    and `predict` take pairs. The score of a pair is the dot product of the target's row and the
    context's row.

    Args:
        vocabulary_size: rows of each table, padding and out-of-vocabulary included.
        embedding_dim: length of a row.
        seed: of the initial target table, uniform in +-0.5 / embedding_dim; the context table
            starts at zero. Both are as in word2vec.c.

    Call arguments:
        inputs: `(targets, contexts)`: int tensors, shapes `(batch,)` and `(batch, contexts)`.

    Returns:
        float tensor, shape `(batch, contexts)`: a score for each context.

    Example:
        model = Word2Vec(vocabulary_size=10_000, embedding_dim=64)
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit((targets, contexts), labels)  # labels: 1 for true contexts, 0 for noise

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", equation 4.
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
        self.target_embedding = embedding_table(vocabulary_size, embedding_dim, start, "target")
        self.context_embedding = embedding_table(vocabulary_size, embedding_dim, "zeros", "context")
        self.built = True

    def call(self, inputs: Any) -> Any:
        targets, contexts = inputs
        target_rows = self.target_embedding(targets)  # (batch, dim)
        context_rows = self.context_embedding(contexts)  # (batch, contexts, dim)
        return keras.ops.einsum("bd,bcd->bc", target_rows, context_rows)

    def word_vectors(self) -> np.ndarray:
        """Return the vector of each id: float32 array, shape `(vocabulary_size, dim)`."""
        return self.target_embedding.embeddings.numpy()

    def context_vectors(self) -> np.ndarray:
        """Return the context vector of each id, as `word_vectors` does."""
        return self.context_embedding.embeddings.numpy()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make the same model again."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a model from the result of `get_config`."""
        # Models saved by version 0.1 hold the sizes of their training steps besides.
        return cls(**{name: value for name, value in config.items() if name != "shape"})


def embedding_table(rows: int, dim: int, start: Any, name: str) -> Any:
    """Return a built Keras `Embedding` layer named `name`_embedding.

    Args:
        start: a Keras initializer.
    """
    layer = keras.layers.Embedding(
        rows, dim, embeddings_initializer=start, name=f"{name}_embedding"
    )
    layer.build()
    return layer
