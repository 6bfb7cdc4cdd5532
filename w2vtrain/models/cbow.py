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

    Args:
        positions: places around a target, each of which learns how much each number of a context's
            row counts there ("position weights"); 0: none.

    Call arguments:
        inputs: `(contexts, targets)`: int tensors, shapes `(batch, contexts)`, filled up with 0,
            and `(batch, targets)`. With position weights the contexts are `positions` in number,
            from the leftmost place to the rightmost.

    Returns:
        float tensor, shape `(batch, targets)`: a score for each target.

    Example:
        model = Cbow(vocabulary_size=10_000, embedding_dim=64)
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit((contexts, targets), labels)  # labels: 1 for true targets, 0 for noise

    Source: Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space",
    section 3.1; position weights: Mikolov et al. 2018, "Advances in Pre-Training Distributed Word
    Representations", section 2.2.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        seed: int = 1,
        positions: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(vocabulary_size, embedding_dim, seed, **kwargs)
        self.position_weights = add_position_weights(self, positions, embedding_dim)

    def call(self, inputs: Any) -> Any:
        contexts, targets = inputs
        rows = self.target_embedding(contexts)  # (batch, contexts, dim)
        mean = mean_of_contexts(rows, contexts, self.position_weights)
        return keras.ops.einsum("bd,btd->bt", mean, self.context_embedding(targets))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make the same model again."""
        return {**super().get_config(), **positions_of(self)}


def add_position_weights(model: Any, positions: int, dim: int) -> Any:
    """Return a variable of ones, shape `(positions, dim)`, that `model` trains; None for 0."""
    if positions == 0:
        return None
    return model.add_weight(name="position_weights", shape=(positions, dim), initializer="ones")


def positions_of(model: Any) -> dict[str, int]:
    """Return the argument of `model` that says whether it has position weights."""
    weights = model.position_weights
    return {"positions": 0 if weights is None else weights.shape[0]}


def mean_of_contexts(rows: Any, contexts: Any, position_weights: Any) -> Any:
    """Return the mean of the rows of each window: float tensor, shape `(batch, dim)`.

    Args:
        rows: float, shape `(batch, contexts, dim)`.
        contexts: int, shape `(batch, contexts)`: the ids of the rows; padding is left out.
        position_weights: float, shape `(contexts, dim)`, or None.
    """
    seen = keras.ops.cast(keras.ops.not_equal(contexts, PADDING), rows.dtype)[..., None]
    number = keras.ops.maximum(keras.ops.sum(seen, axis=1), 1)
    weighted = rows * seen if position_weights is None else rows * seen * position_weights
    return keras.ops.sum(weighted, axis=1) / number
