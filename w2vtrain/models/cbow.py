"""The CBOW model: the mean of the contexts' rows, scored against target words."""

from typing import Any

import keras

from w2vtrain.models.word2vec import Word2Vec

PADDING = 0  # id that fills up the contexts


@keras.saving.register_keras_serializable(package="w2vtrain")
class Cbow(Word2Vec):
    """Continuous bag of words: predicts a target from the mean of the words around it.

    An ordinary Keras model with the arguments and tables of `Word2Vec`, turned around: the table
    of word vectors holds the contexts' rows, and the other one those that targets are scored with.

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

    def call(self, inputs: Any) -> Any:
        contexts, targets = inputs
        seen = keras.ops.cast(keras.ops.not_equal(contexts, PADDING), self.compute_dtype)
        rows = self.target_embedding(contexts) * seen[..., None]  # (batch, contexts, dim)
        number = keras.ops.maximum(keras.ops.sum(seen, axis=1, keepdims=True), 1)
        mean = keras.ops.sum(rows, axis=1) / number  # (batch, dim)
        return keras.ops.einsum("bd,btd->bt", mean, self.context_embedding(targets))
