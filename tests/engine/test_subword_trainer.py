"""Words made from rows, steps, and moves that go back to the rows: against NumPy."""

import numpy as np
import pytest
import tensorflow as tf
from test_block_trainer import DIM, SHAPE, VOCABULARY, model_with_random_tables, one_step

from w2vtrain.engine.encoded_rows import RowEncoder, WordRows
from w2vtrain.engine.subword_trainer import SubwordTrainer
from w2vtrain.models.subword_word2vec import SubwordWord2Vec

ROWS = 20


def words_of_rows(seed: int = 0) -> WordRows:
    generator = np.random.default_rng(seed)
    rows = [
        np.sort(generator.permutation(ROWS)[:size]) for size in generator.integers(1, 6, VOCABULARY)
    ]
    sizes = np.array([len(part) for part in rows])
    shares = np.concatenate([generator.dirichlet(np.ones(size)) for size in sizes])
    times = generator.integers(1, 3, sizes.sum())
    joined = np.concatenate(rows).astype(np.int32)
    return WordRows(ROWS, sizes, joined, shares.astype(np.float32), times.astype(np.float32))


def dense(words: WordRows, values: np.ndarray) -> np.ndarray:
    matrix = np.zeros((len(words.sizes), words.number))
    matrix[np.repeat(np.arange(len(words.sizes)), words.sizes), words.rows] = values
    return matrix


def test_a_batch_moves_the_rows_of_its_words():
    words, generator = words_of_rows(), np.random.default_rng(1)
    damping = np.append(generator.uniform(0.2, 1, ROWS - 3), [1, 1, 1])
    limits = np.append(0.1 * damping[:-3], [0.1, 0.2, np.inf]).astype(np.float32)  # rate 0.1
    model = SubwordWord2Vec(VOCABULARY, DIM, ROWS, len(words.rows))
    model.set_words(words.rows, words.shares, words.sizes)
    before = generator.normal(size=(ROWS, DIM)).astype(np.float32)
    model.ngram_embedding.embeddings.assign(before)
    made = dense(words, words.shares) @ before
    np.testing.assert_allclose(model.word_vectors(), made, rtol=1e-5, atol=1e-6)

    plain = model_with_random_tables()
    plain.target_embedding.embeddings.assign(made)
    model.context_embedding.embeddings.assign(plain.context_vectors())
    trainer = SubwordTrainer(model, SHAPE)
    for one in (plain, trainer):
        one.compile(tf.keras.optimizers.SGD(0.1), jit_compile=False)
    step = tf.nest.map_structure(lambda array: array[None], one_step()[0])
    encoded = RowEncoder(words, limits).encode(step.inputs.rows.numpy())
    loss = plain.train_step(step)["loss"]
    encoded = tf.nest.map_structure(tf.constant, encoded)
    np.testing.assert_allclose(trainer.train_step((step, encoded))["loss"], loss, rtol=1e-5)
    np.testing.assert_allclose(trainer.context_vectors(), plain.context_vectors(), atol=1e-6)

    moves = plain.word_vectors() - made
    assert np.abs(moves).max() > 0.01
    after = before + (dense(words, words.times).T @ moves) * damping[:, None]
    np.testing.assert_allclose(model.ngram_embedding.embeddings, after, atol=1e-5)


def test_evaluation_sees_the_present_rows():
    words = words_of_rows()
    model = SubwordWord2Vec(VOCABULARY, DIM, ROWS, len(words.rows))
    model.set_words(words.rows, words.shares, words.sizes)
    plain = model_with_random_tables()
    model.context_embedding.embeddings.assign(plain.context_vectors())
    plain.target_embedding.embeddings.assign(model.word_vectors())
    trainer = SubwordTrainer(model, SHAPE)
    step = tf.nest.map_structure(lambda array: array[None], one_step()[0])
    encoded = RowEncoder(words, np.full(ROWS, np.inf, np.float32)).encode(step.inputs.rows.numpy())
    encoded = tf.nest.map_structure(tf.constant, encoded)
    expected = float(plain.test_step(step)["loss"])
    assert float(trainer.test_step((step, encoded))["loss"]) == pytest.approx(expected, rel=1e-5)


def test_frequent_rows_are_damped():
    words = WordRows(3, np.array([1, 2]), np.int32([0, 0, 1]), np.ones(3), np.float32([1, 2, 1]))
    # row 0: 100 + 2 * 400 = 900, row 1: 400; rate x weight is held to 12
    limits = words.limits(np.array([100.0, 400.0]))
    np.testing.assert_allclose(limits, [12 / 900, 12 / 400, np.finfo("f4").max])
