import keras
import numpy as np
import pytest

from w2vtrain.classify import encoders

IDS, UNITS = 11, 4
TOKENS = np.array([[2, 5, 5, 9, 0, 0], [3, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]], np.int32)


def one_hot(tokens: np.ndarray) -> np.ndarray:
    return np.eye(IDS, dtype=np.float32)[tokens]


def test_one_hot_average_is_a_dense_layer_on_the_mean_of_one_hot_vectors():
    layer = encoders.OneHotDense(IDS, UNITS)
    layer.bias.assign(np.linspace(-0.2, 0.3, UNITS))
    kernel, bias = layer.embeddings.numpy(), layer.bias.numpy()
    for tokens, found in zip(TOKENS, np.asarray(layer(TOKENS)), strict=True):
        seen = tokens[tokens != 0]
        mean = one_hot(seen).mean(axis=0) if len(seen) else np.zeros(IDS)
        np.testing.assert_allclose(found, np.maximum(mean @ kernel + bias, 0), atol=1e-6)


def test_one_hot_lstm_is_keras_lstm_on_one_hot_vectors():
    model = encoders.one_hot_lstm(IDS, 2, UNITS, dropout=0.0)
    layers = {layer.name: layer for layer in model.layers}
    assert encoders.vectors_of(model).shape == (IDS, 8 * UNITS)
    outputs = []
    for way in ("forward", "backward"):
        plain = keras.layers.LSTM(UNITS, go_backwards=way == "backward")
        plain.build((None, None, IDS))
        cell = layers[way].cell
        plain.set_weights(
            [
                layers[f"one_hot_{way}"].embeddings.numpy(),
                cell.recurrent_kernel.numpy(),
                cell.bias.numpy(),
            ]
        )
        outputs.append(np.asarray(plain(one_hot(TOKENS), mask=TOKENS != 0)))
    encoded = keras.Model(
        model.input,
        layers["concatenate"].output
        if "concatenate" in layers
        else next(layer for name, layer in layers.items() if "concat" in name).output,
    )
    np.testing.assert_allclose(
        np.asarray(encoded(TOKENS)), np.concatenate(outputs, axis=1), atol=1e-6
    )


@pytest.mark.parametrize("make", ["average_encoder", "lstm_encoder"])
def test_padding_changes_nothing(make):
    model = getattr(encoders, make)(IDS, 5, 3, UNITS, 0.3, None, True)
    short = TOKENS[1:2, :2]
    np.testing.assert_allclose(np.asarray(model(TOKENS))[1], np.asarray(model(short))[0], atol=1e-6)
    np.testing.assert_allclose(np.asarray(model(TOKENS)).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("trainable", [True, False])
def test_reused_rows_learn_only_when_asked(trainable):
    rows = np.random.default_rng(0).normal(size=(IDS, 5)).astype(np.float32)
    model = encoders.average_encoder(IDS, 5, 2, UNITS, 0.0, rows, trainable)
    np.testing.assert_array_equal(encoders.vectors_of(model), rows)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(TOKENS, np.array([0, 1, 0]), verbose=0)
    assert np.array_equal(encoders.vectors_of(model), rows) is not trainable
