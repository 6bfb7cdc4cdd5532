import keras
import numpy as np
import pytest

from w2vtrain.classify.model import build_model, embedding_vectors, load_model
from w2vtrain.classify.settings import ClassifyConfig

IDS, UNITS = 11, 4
TOKENS = np.array([[2, 5, 5, 9, 0, 0], [3, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]], np.int32)


def config(**settings) -> ClassifyConfig:
    return ClassifyConfig(units=UNITS, dropout=0.0, **settings)


def one_hot(tokens: np.ndarray) -> np.ndarray:
    return np.eye(IDS, dtype=np.float32)[tokens]


def encoded(model: keras.Model) -> np.ndarray:
    """What comes out of the encoder: the input of the last dense layer."""
    return np.asarray(keras.Model(model.input, model.get_layer("classes").input)(TOKENS))


def test_one_hot_average_is_a_dense_layer_on_the_mean_of_one_hot_vectors():
    model = build_model(IDS, 0, 2, config(embedding="one-hot"))
    bias = np.linspace(-0.2, 0.3, UNITS)
    model.get_layer("hidden").bias.assign(bias)
    kernel = embedding_vectors(model)
    assert kernel.shape == (IDS, UNITS)
    for tokens, found in zip(TOKENS, encoded(model), strict=True):
        seen = tokens[tokens != 0]
        mean = one_hot(seen).mean(axis=0) if len(seen) else np.zeros(IDS)
        np.testing.assert_allclose(found, np.maximum(mean @ kernel + bias, 0), atol=1e-6)


def test_one_hot_lstm_is_keras_lstm_on_one_hot_vectors():
    model = build_model(IDS, 0, 2, config(encoder="lstm", embedding="one-hot"))
    kernels = np.split(embedding_vectors(model), 2, axis=1)
    assert kernels[0].shape == (IDS, 4 * UNITS)
    both = model.get_layer("lstm")
    outputs = []
    for layer, kernel in zip((both.forward_layer, both.backward_layer), kernels, strict=True):
        plain = keras.layers.LSTM(UNITS, go_backwards=layer.go_backwards)
        plain.build((None, None, IDS))
        plain.set_weights([kernel, *layer.get_weights()[1:]])
        outputs.append(np.asarray(plain(one_hot(TOKENS), mask=TOKENS != 0)))
    np.testing.assert_allclose(encoded(model), np.concatenate(outputs, axis=1), atol=1e-6)


@pytest.mark.parametrize("encoder", ["average", "lstm"])
def test_with_one_hot_input_the_identity_kernel_stays_and_the_embedding_learns(encoder):
    model = build_model(IDS, 0, 2, config(encoder=encoder, embedding="one-hot"))
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(TOKENS, np.array([0, 1, 0]), verbose=0)
    moved = [not np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True)]
    identities = [np.isin(weight, (0, 1)).all() and weight.sum() >= UNITS for weight in before]
    identities = [same and np.ndim(w) == 2 for same, w in zip(identities, before, strict=True)]
    assert sum(identities) == {"average": 1, "lstm": 2}[encoder]
    assert moved == [not fixed for fixed in identities]


@pytest.mark.parametrize("encoder", ["average", "lstm"])
def test_padding_changes_nothing(encoder):
    model = build_model(IDS, 5, 3, ClassifyConfig(encoder=encoder, units=UNITS))
    short = TOKENS[1:2, :2]
    np.testing.assert_allclose(np.asarray(model(TOKENS))[1], np.asarray(model(short))[0], atol=1e-6)
    np.testing.assert_allclose(np.asarray(model(TOKENS)).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("fine_tune", [True, False])
def test_reused_rows_learn_only_when_asked(fine_tune):
    rows = np.random.default_rng(0).normal(size=(IDS, 5)).astype(np.float32)
    model = build_model(IDS, 5, 2, config(embedding="a.txt", fine_tune=fine_tune), rows)
    np.testing.assert_array_equal(embedding_vectors(model), rows)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(TOKENS, np.array([0, 1, 0]), verbose=0)
    assert np.array_equal(embedding_vectors(model), rows) is not fine_tune


# The layers of version 0.1, whose saved classifiers must go on predicting.
@keras.saving.register_keras_serializable(package="w2vtrain")
class OneHotDense(keras.layers.Layer):
    def __init__(self, ids: int, units: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.embeddings = self.add_weight(shape=(ids, units), name="kernel")
        self.bias = self.add_weight(shape=(units,), initializer="normal", name="bias")
        self.built = True

    def call(self, tokens):
        seen = keras.ops.cast(keras.ops.not_equal(tokens, 0), "float32")
        summed = keras.ops.einsum("bt,btu->bu", seen, keras.ops.take(self.embeddings, tokens, 0))
        lengths = keras.ops.maximum(keras.ops.sum(seen, axis=1, keepdims=True), 1)
        return keras.ops.relu(summed / lengths + self.bias)


@keras.saving.register_keras_serializable(package="w2vtrain")
class OneHotLSTMCell(keras.layers.Layer):
    def __init__(self, units: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.units = self.output_size = units
        self.state_size = [units, units]
        self.recurrent_kernel = self.add_weight(
            shape=(units, 4 * units), initializer="orthogonal", name="recurrent_kernel"
        )
        self.bias = self.add_weight(shape=(4 * units,), initializer="normal", name="bias")
        self.built = True

    def call(self, inputs, states, training=False):
        ops = keras.ops
        gates = inputs + ops.matmul(states[0], self.recurrent_kernel) + self.bias
        entry, forget, candidate, exit_ = ops.split(gates, 4, axis=1)
        carry = ops.sigmoid(forget) * states[1] + ops.sigmoid(entry) * ops.tanh(candidate)
        hidden = ops.sigmoid(exit_) * ops.tanh(carry)
        return hidden, [hidden, carry]

    def get_initial_state(self, batch_size=None):
        return [keras.ops.zeros((batch_size, self.units))] * 2


@keras.saving.register_keras_serializable(package="w2vtrain")
class MaskedMean(keras.layers.Layer):
    supports_masking = True

    def call(self, vectors, mask=None):
        seen = keras.ops.cast(mask, "float32")
        summed = keras.ops.einsum("bt,btd->bd", seen, vectors)
        return summed / keras.ops.maximum(keras.ops.sum(seen, axis=1, keepdims=True), 1)

    def compute_mask(self, inputs, mask=None):
        return None


def version_0_1(encoder: str, embedding: str) -> keras.Model:
    layers = keras.layers
    tokens = keras.Input(shape=(None,), dtype="int32", name="token_ids")
    if (encoder, embedding) == ("average", "learned"):
        vectors = layers.Embedding(IDS, 5, mask_zero=True, name="embedding")(tokens)
        mean = layers.Dropout(0.1)(MaskedMean(name="mean")(vectors))
        hidden = layers.Dense(UNITS, activation="relu", name="hidden")(mean)
    elif encoder == "average":
        hidden = OneHotDense(IDS, UNITS, name="one_hot")(tokens)
    else:
        ways = []
        for way in ("forward", "backward"):
            table = layers.Embedding(IDS, 4 * UNITS, mask_zero=True, name=f"one_hot_{way}")
            cell = OneHotLSTMCell(UNITS)
            ways.append(layers.RNN(cell, go_backwards=way == "backward", name=way)(table(tokens)))
        hidden = layers.Concatenate()(ways)
    hidden = layers.Dropout(0.1)(hidden)
    outputs = layers.Dense(3, activation="softmax", name="classes", bias_initializer="normal")
    return keras.Model(tokens, outputs(hidden), name="old")


@pytest.mark.parametrize(
    ("encoder", "embedding"), [("average", "learned"), ("average", "one-hot"), ("lstm", "one-hot")]
)
def test_a_network_saved_by_version_0_1_predicts_the_same(tmp_path, encoder, embedding):
    old = version_0_1(encoder, embedding)
    old.compile("adam", "sparse_categorical_crossentropy")
    old.save(tmp_path / "classifier.keras")
    settings = config(encoder=encoder, embedding=embedding)
    new = load_model(tmp_path / "classifier.keras", 3, settings)
    np.testing.assert_allclose(np.asarray(new(TOKENS)), np.asarray(old(TOKENS)), atol=1e-6)
