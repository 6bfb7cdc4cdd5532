"""The networks: token ids into vectors, these into one vector for a text, and that into classes.

They are made of Keras' own layers and operations, so that the saved file opens in any Keras.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from w2vtrain.classify.settings import ONE_HOT, ClassifyConfig
from w2vtrain.corpus.vocabulary import PADDING_ID


def build_model(
    token_ids: int, dim: int, classes: int, config: ClassifyConfig, rows: np.ndarray | None = None
) -> Any:
    """Build the network that `config` describes; it maps token ids to class probabilities.

    A layer's product of a one-hot vector and its kernel is one row of that kernel. With one-hot
    input the rows are therefore gathered by an embedding as wide as the kernel, and the layer's own
    kernel is a frozen identity: no vector as long as the vocabulary is ever made.

    Args:
        token_ids: rows of the embedding, padding and unknown included.
        dim: numbers in a vector; unused with one-hot input.
        classes: outputs.
        config: encoder, embedding, units and dropout are used.
        rows: float32 array, shape `(token_ids, dim)`, where the embedding starts; None for random.

    Returns:
        a `keras.Model` from int32 `(batch, tokens)`, padded with 0, to float32 `(batch, classes)`.
    """
    tokens = keras.Input(shape=(None,), dtype="int32", name="token_ids")
    one_hot, units = config.embedding == ONE_HOT, config.layer_units
    lstm = config.encoder == "lstm"
    if one_hot:
        dim = 8 * units if lstm else units  # four gates in each direction
    # Glorot and Bengio 2010, equation 16, for the kernel that a one-hot embedding stands for.
    edge = (6 / (token_ids + (4 * units if lstm else units))) ** 0.5
    embedding = keras.layers.Embedding(
        token_ids,
        dim,
        embeddings_initializer=keras.initializers.RandomUniform(-edge, edge)
        if one_hot
        else "uniform",
        mask_zero=lstm,
        trainable=config.fine_tune or not config.pretrained,
        name="embedding",
    )
    if rows is not None:
        embedding.build()
        embedding.set_weights([rows])
    encode = _lstm if lstm else _average
    encoded = encode(tokens, embedding(tokens), units, config.dropout, one_hot)
    encoded = keras.layers.Dropout(config.dropout)(encoded)
    outputs = keras.layers.Dense(classes, activation="softmax", name="classes")(encoded)
    return keras.Model(tokens, outputs, name=config.encoder)


def _average(tokens: Any, vectors: Any, units: int, dropout: float, one_hot: bool) -> Any:
    """Average the vectors of a text, zeros for a text without a token; then one dense layer.

    Keras' `GlobalAveragePooling1D` divides by zero for a text without a token.
    """
    seen = ops.cast(ops.not_equal(tokens, PADDING_ID), "float32")
    summed = ops.einsum("bt,btd->bd", seen, vectors)
    mean = summed / ops.maximum(ops.sum(seen, axis=1, keepdims=True), 1)
    if not one_hot:
        mean = keras.layers.Dropout(dropout)(mean)
    dense = keras.layers.Dense(units, activation="relu", name="hidden")
    hidden = dense(mean)
    if one_hot:
        _freeze(dense.kernel, np.eye(units))
    return hidden


def _lstm(tokens: Any, vectors: Any, units: int, dropout: float, one_hot: bool) -> Any:
    """Read the vectors of a text in both directions; return both last outputs side by side."""
    both = keras.layers.Bidirectional(keras.layers.LSTM(units), name="lstm")
    encoded = both(vectors)
    if one_hot:
        forward, backward = np.split(np.eye(8 * units), 2, axis=1)  # (8 units, 4 units) each
        _freeze(both.forward_layer.cell.kernel, forward)
        _freeze(both.backward_layer.cell.kernel, backward)
    return encoded


def _freeze(kernel: Any, value: np.ndarray) -> None:
    kernel.assign(value)
    kernel.trainable = False


def embedding_vectors(model: Any) -> np.ndarray:
    """Return the vectors of a classifier: float32, shape `(token_ids, dim)`.

    With one-hot input these are the rows of the first kernel: what an embedding is.
    """
    return ops.convert_to_numpy(model.get_layer("embedding").embeddings)


def load_model(path: Path, classes: int, config: ClassifyConfig) -> Any:
    """Load a saved network; those of version 0.1 held layers of our own and are built anew."""
    with zipfile.ZipFile(path) as archive:
        if b"w2vtrain>" not in archive.read("config.json"):
            return keras.models.load_model(path, compile=False)
        content = archive.read("model.weights.h5")
    weights = _version_0_1_weights(content, config)
    token_ids, dim = weights[0].shape
    model = build_model(token_ids, dim, classes, config)
    for variable, value in zip(model.weights, weights, strict=True):
        if value is not None:
            variable.assign(value)
    return model


def _version_0_1_weights(content: bytes, config: ClassifyConfig) -> list[Any]:
    """Return the weights in the order of `build_model`, None for a frozen identity."""
    import h5py

    with h5py.File(io.BytesIO(content)) as file:

        def read(layer: str, number: int) -> np.ndarray:
            return np.asarray(file[f"layers/{layer}/vars/{number}"])

        if config.embedding != ONE_HOT:
            layers = ("dense", "dense_1")
            return [read("embedding", 0), *(read(name, i) for name in layers for i in (0, 1))]
        outputs = [read("dense", 0), read("dense", 1)]
        if config.encoder == "average":
            return [read("one_hot_dense", 0), None, read("one_hot_dense", 1), *outputs]
        tables = np.concatenate([read("embedding", 0), read("embedding_1", 0)], axis=1)
        cells = [(None, read(f"{name}/cell", 0), read(f"{name}/cell", 1)) for name in _RNN]
        return [tables, *cells[0], *cells[1], *outputs]


_RNN = ("rnn", "rnn_1")  # forward, backward
