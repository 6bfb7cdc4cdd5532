"""The networks: token ids into vectors, vectors into one vector a text, and that into classes."""

from typing import Any

import keras
import numpy as np
from keras import ops

from w2vtrain.corpus.vocabulary import PADDING_ID

_WAYS = ("forward", "backward")


def average_encoder(
    ids: int, dim: int, classes: int, units: int, dropout: float, rows: Any, trainable: bool
) -> Any:
    """Returns a model: the mean of a text's vectors, one dense layer, the classes.

    Args:
        ids: rows of the embedding, padding and unknown included.
        dim: numbers in a vector.
        classes: outputs.
        units: of the dense layer.
        dropout: share of the mean and of the dense layer's outputs set to 0 while training.
        rows: float32 array, shape `(ids, dim)`, where the embedding starts; None for random.
        trainable: whether the embedding learns.
    """
    tokens = keras.Input(shape=(None,), dtype="int32", name="token_ids")
    vectors = _embedding(ids, dim, rows, trainable)(tokens)  # (batch, tokens, dim)
    mean = MaskedMean(name="mean")(vectors)
    mean = keras.layers.Dropout(dropout)(mean)
    hidden = keras.layers.Dense(units, activation="relu", name="hidden")(mean)
    return _classified(tokens, hidden, classes, dropout, "average")


def one_hot_average(ids: int, classes: int, units: int, dropout: float) -> Any:
    """Returns a model: the mean of one-hot vectors, one dense layer, the classes.

    A dense layer turns a one-hot vector into one row of its kernel, so the rows are gathered and
    averaged; the one-hot vectors, each as long as the vocabulary, are never made.
    """
    tokens = keras.Input(shape=(None,), dtype="int32", name="token_ids")
    hidden = OneHotDense(ids, units, name="one_hot")(tokens)
    return _classified(tokens, hidden, classes, dropout, "one_hot_average")


def lstm_encoder(
    ids: int, dim: int, classes: int, units: int, dropout: float, rows: Any, trainable: bool
) -> Any:
    """Returns a model: a bidirectional LSTM over a text's vectors, the classes."""
    tokens = keras.Input(shape=(None,), dtype="int32", name="token_ids")
    vectors = _embedding(ids, dim, rows, trainable)(tokens)
    both = keras.layers.Bidirectional(keras.layers.LSTM(units), name="lstm")(vectors)
    return _classified(tokens, both, classes, dropout, "lstm")


def one_hot_lstm(ids: int, classes: int, units: int, dropout: float) -> Any:
    """Returns a model: a bidirectional LSTM over one-hot vectors, the classes.

    The LSTM's product of a one-hot vector and its input kernel is one row of that kernel: the rows
    are gathered, 8 x `units` numbers a token both ways, in place of one number a vocabulary entry.
    """
    tokens = keras.Input(shape=(None,), dtype="int32", name="token_ids")
    ways = []
    for name in _WAYS:
        edge = (6 / (ids + 4 * units)) ** 0.5  # Glorot and Bengio 2010, equation 16
        kernel = keras.layers.Embedding(
            ids,
            4 * units,
            embeddings_initializer=keras.initializers.RandomUniform(-edge, edge),
            mask_zero=True,
            name=f"one_hot_{name}",
        )(tokens)
        cell = OneHotLSTMCell(units)
        ways.append(keras.layers.RNN(cell, go_backwards=name == "backward", name=name)(kernel))
    both = keras.layers.Concatenate()(ways)
    return _classified(tokens, both, classes, dropout, "one_hot_lstm")


def vectors_of(model: Any) -> np.ndarray:
    """Returns the vectors of a classifier: float32, shape `(ids, dim)`.

    With one-hot input these are the rows of the first kernel: what an embedding is.
    """
    names = {layer.name: layer for layer in model.layers}
    if f"one_hot_{_WAYS[0]}" in names:
        tables = [names[f"one_hot_{way}"].embeddings for way in _WAYS]
    else:
        tables = [(names.get("embedding") or names["one_hot"]).embeddings]
    return np.concatenate([ops.convert_to_numpy(table) for table in tables], axis=1)


def _embedding(ids: int, dim: int, rows: Any, trainable: bool) -> Any:
    layer = keras.layers.Embedding(ids, dim, mask_zero=True, trainable=trainable, name="embedding")
    if rows is not None:
        layer.build()
        layer.set_weights([rows])
    return layer


def _classified(tokens: Any, encoded: Any, classes: int, dropout: float, name: str) -> Any:
    encoded = keras.layers.Dropout(dropout)(encoded)
    outputs = keras.layers.Dense(classes, activation="softmax", name="classes")(encoded)
    return keras.Model(tokens, outputs, name=name)


@keras.saving.register_keras_serializable(package="w2vtrain")
class MaskedMean(keras.layers.Layer):
    """The mean of a text's vectors, padding left out; zeros for a text without a token.

    Keras' `GlobalAveragePooling1D` divides by zero there.
    """

    supports_masking = True

    def call(self, vectors: Any, mask: Any = None) -> Any:
        """Returns float32 `(batch, dim)` for float32 `(batch, tokens, dim)`."""
        seen = ops.cast(mask, vectors.dtype)
        summed = ops.einsum("bt,btd->bd", seen, vectors)
        return summed / ops.maximum(ops.sum(seen, axis=1, keepdims=True), 1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Returns None: nothing is padded any more."""

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, Any]:
        """Returns the shape of the means."""
        return (input_shape[0], input_shape[-1])


@keras.saving.register_keras_serializable(package="w2vtrain")
class OneHotDense(keras.layers.Layer):
    """A dense layer with ReLU on the mean of one-hot vectors, without making these.

    Args:
        ids: length of the one-hot vectors.
        units: outputs.
    """

    def __init__(self, ids: int, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ids, self.units = ids, units
        self.embeddings = self.add_weight(
            shape=(ids, units), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(units,), initializer="zeros", name="bias")
        self.built = True

    def call(self, tokens: Any) -> Any:
        """Returns float32 `(batch, units)` for int32 `(batch, tokens)`; padding is left out."""
        seen = ops.cast(ops.not_equal(tokens, PADDING_ID), self.compute_dtype)  # (batch, tokens)
        rows = ops.take(self.embeddings, tokens, axis=0)  # (batch, tokens, units)
        summed = ops.einsum("bt,btu->bu", seen, rows)
        lengths = ops.maximum(ops.sum(seen, axis=1, keepdims=True), 1)
        return ops.relu(summed / lengths + self.bias)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, int]:
        """Returns the shape of the outputs."""
        return (input_shape[0], self.units)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs to make the layer again."""
        return {**super().get_config(), "ids": self.ids, "units": self.units}


@keras.saving.register_keras_serializable(package="w2vtrain")
class OneHotLSTMCell(keras.layers.Layer):
    """An LSTM's cell whose input is the gathered row of its input kernel.

    Args:
        units: of the cell; the input has 4 * units numbers: input, forget, candidate, output.

    Source: Hochreiter and Schmidhuber 1997, with Keras' gates and starts (forget bias 1).
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.state_size = [units, units]
        self.output_size = units
        self.recurrent_kernel = self.add_weight(
            shape=(units, 4 * units), initializer="orthogonal", name="recurrent_kernel"
        )
        self.bias = self.add_weight(shape=(4 * units,), initializer=self._bias, name="bias")
        self.built = True

    @staticmethod
    def _bias(shape: Any, dtype: Any = None) -> Any:
        units = shape[0] // 4
        return ops.cast(ops.concatenate([ops.zeros(units), ops.ones(units), ops.zeros(2 * units)]),
                        dtype)  # fmt: skip

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, list[Any]]:
        """Returns the output and the new states of one step."""
        hidden, carry = states
        gates = inputs + ops.matmul(hidden, self.recurrent_kernel) + self.bias
        entry, forget, candidate, exit_ = ops.split(gates, 4, axis=1)
        carry = ops.sigmoid(forget) * carry + ops.sigmoid(entry) * ops.tanh(candidate)
        hidden = ops.sigmoid(exit_) * ops.tanh(carry)
        return hidden, [hidden, carry]

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Returns zeros, shape `(batch, units)`, twice."""
        return [ops.zeros((batch_size, self.units), dtype=self.compute_dtype)] * 2

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs to make the cell again."""
        return {**super().get_config(), "units": self.units}
