"""The two Keras layers: ids, rows, mask, training, and a saved model in Keras' safe mode."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.ngrams import Ngrams
from w2vtrain.vectors.subwords import Subwords

WORDS = Embeddings(["good", "bad", "don't", "straße"], np.float32([[1, 0], [0, 1], [2, 2], [5, 5]]))


def test_ids_and_rows() -> None:
    vectorize, embed = WORDS.to_keras()
    ids = np.array(vectorize(["Good, BAD!", "don’t zzz STRASSE straße good"]))
    assert ids.tolist() == [[2, 3, 0, 0, 0], [4, 1, 1, 5, 2]]
    table = embed.get_weights()[0]
    # row 1 is the mean: (1+0+2+5)/4 = 2, (0+1+2+5)/4 = 2
    assert table.tolist() == [[0, 0], [2, 2], [1, 0], [0, 1], [2, 2], [5, 5]]
    vectors = np.array(embed(ids))
    np.testing.assert_array_equal(vectors[0, :2], WORDS[["good", "bad"]])
    assert np.array(embed.compute_mask(ids)).tolist()[0] == [True, True, False, False, False]


def test_vector_of_unk_is_the_out_of_vocabulary_row() -> None:
    words = Embeddings(["a", "[UNK]", "b"], np.float32([[1, 1], [7, 8], [2, 2]]))
    vectorize, embed = words.to_keras()
    assert embed.get_weights()[0].tolist() == [[0, 0], [7, 8], [1, 1], [2, 2]]
    assert np.array(vectorize(["a b nowhere"])).tolist() == [[2, 3, 1]]


def test_capitals_are_kept_where_tokens_have_them() -> None:
    vectorize, _ = Embeddings(["Paris", "paris"], np.eye(2, dtype="f4")).to_keras()
    assert np.array(vectorize(["Paris paris PARIS"])).tolist() == [[2, 3, 1]]


def test_tokens_that_no_text_leads_to_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    Embeddings(["york", "new_york", ","], np.ones((3, 2))).to_keras()
    assert "2 of 3 tokens cannot be reached" in caplog.text
    assert "'new_york'" in caplog.text
    caplog.clear()
    Embeddings(["york", "new_york", ","], np.ones((3, 2))).to_keras(standardize="none")
    assert caplog.text == ""


def test_sequence_length() -> None:
    vectorize, _ = WORDS.to_keras(sequence_length=2)
    assert np.array(vectorize(["good bad bad", "bad"])).tolist() == [[2, 3], [3, 0]]


def test_the_empty_token_is_refused() -> None:
    with pytest.raises(W2VError, match="empty token"):
        Embeddings(["", "a"], np.ones((2, 2))).to_keras()


def classifier(trainable: bool) -> Any:
    import keras

    vectorize, embed = WORDS.to_keras(trainable=trainable)
    return keras.Sequential(
        [
            keras.Input(shape=(), dtype="string"),
            vectorize,
            embed,
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


@pytest.mark.parametrize("trainable", [False, True])
def test_classifier_learns_is_saved_and_reloaded_in_safe_mode(
    tmp_path: Path, trainable: bool
) -> None:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    model = classifier(trainable)
    before = model.layers[1].get_weights()[0]
    texts = tf.constant(["good", "bad", "good good nothing", "bad bad nothing"])
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    model.fit(texts, np.array([1, 0, 1, 0]), epochs=30, verbose=0)
    assert model.predict(texts, verbose=0).ravel().round().tolist() == [1, 0, 1, 0]
    assert np.array_equal(before, model.layers[1].get_weights()[0]) is not trainable
    model.save(tmp_path / "model.keras")
    back = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(back.predict(texts, verbose=0), model.predict(texts, verbose=0))
    assert back.layers[1].trainable is trainable
    assert back.layers[1].mask_zero


@pytest.mark.slow
def test_saved_model_loads_in_another_process(tmp_path: Path) -> None:
    classifier(trainable=False).save(tmp_path / "model.keras")
    code = (
        "import keras, w2vtrain.corpus.standardization, tensorflow as tf\n"
        f"model = keras.models.load_model({str(tmp_path / 'model.keras')!r})\n"
        "assert model.predict(tf.constant(['good']), verbose=0).shape == (1, 1)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_padding_does_not_weigh() -> None:
    """The mean of a short text is the same beside a long one: the mask reaches the pooling."""
    import keras
    import tensorflow as tf

    vectorize, embed = WORDS.to_keras()
    model = keras.Sequential(
        [
            keras.Input(shape=(), dtype="string"),
            vectorize,
            embed,
            keras.layers.GlobalAveragePooling1D(),
        ]
    )
    means = model.predict(tf.constant(["good bad", "bad " * 9]), verbose=0)
    np.testing.assert_allclose(means, [[0.5, 0.5], [0, 1]])


def test_unseen_words_have_vectors_in_a_saved_model(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    words = ["king", "queen", "naïve", "東京都"]
    rows = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    ngrams = Ngrams(400, 1, 4)
    buckets = np.unique(ngrams.rows([*words, "kingly"]).rows)[:50]
    subwords = Subwords(ngrams, rows[: len(buckets)], buckets, np.arange(len(buckets))[::-1])
    vectors = Embeddings(words, rows[:4], None, subwords)
    split, embed = vectors.to_keras(sequence_length=4)
    model = keras.Sequential([keras.Input(shape=(), dtype="string"), split, embed])
    texts = ["King, kingly 東京x!", "queens naïveté </s> x extra"]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        found = np.array(one(tf.constant(texts)))
        assert found.shape == (2, 4, 6)
        np.testing.assert_array_equal(found[0, 0], vectors["king"])
        for place, word in [((0, 1), "kingly"), ((0, 2), "東京x"), ((1, 1), "naïveté")]:
            np.testing.assert_allclose(found[place], subwords.vectors_of([word])[0], atol=1e-6)
        np.testing.assert_array_equal(found[0, 3], 0)  # padding
    mask = np.array(embed.compute_mask(split(tf.constant(texts))))
    assert mask.tolist() == [[True, True, True, False], [True] * 4]


def test_a_layer_needs_fasttexts_hash() -> None:
    subwords = Subwords(Ngrams(4, hash="floret"), np.ones((4, 2), np.float32))
    with pytest.raises(W2VError, match="go by floret's"):
        Embeddings(["a"], np.ones((1, 2)), None, subwords).to_keras()
