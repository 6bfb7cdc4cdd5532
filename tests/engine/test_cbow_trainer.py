"""CBOW on the fast engine: one step against automatic differentiation over explicit windows."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from w2vtrain.engine.blocks import BlockShape, cut_into_blocks, filled_up, row_damping
from w2vtrain.engine.cbow_trainer import CbowTrainer
from w2vtrain.engine.position_trainer import PositionTrainer
from w2vtrain.engine.sampling import noise_probabilities
from w2vtrain.engine.steps import StepMaker
from w2vtrain.engine.stream import KeptText
from w2vtrain.models.cbow import Cbow

VOCABULARY, DIM = 14, 6
SHAPE = BlockShape(
    blocks=4, block_size=4, window_size=3, noise_size=3, num_negatives=5, architecture="cbow"
)


def model_with_random_tables(seed: int = 0) -> CbowTrainer:
    model = CbowTrainer(Cbow(VOCABULARY, DIM), SHAPE)
    generator = np.random.default_rng(seed)
    for layer in (model.target_embedding, model.context_embedding):
        layer.embeddings.assign(generator.normal(size=(VOCABULARY, DIM)).astype(np.float32))
    return model


def model_with_position_weights(seed: int = 0) -> PositionTrainer:
    model = PositionTrainer(Cbow(VOCABULARY, DIM, positions=2 * SHAPE.window_size), SHAPE)
    generator = np.random.default_rng(seed)
    for weight in model.word2vec.weights:
        weight.assign(generator.normal(size=weight.shape).astype(np.float32))
    return model


def one_step(seed: int = 0):
    generator = np.random.default_rng(seed)
    sizes = [5, 1, 7]  # the line of one word has no context: it is not trained on
    tokens = generator.integers(2, VOCABULARY, sum(sizes), dtype=np.int32)
    kept = KeptText(tokens, np.cumsum([0, *sizes]))
    noise = noise_probabilities(np.array([0, 0, *range(12, 0, -1)]), "log-uniform", 0.75)
    damping = [generator.uniform(0.2, 1, VOCABULARY).astype(np.float32) for _ in range(2)]
    blocks = filled_up(cut_into_blocks(kept, SHAPE), SHAPE)
    steps = StepMaker(SHAPE, noise, *damping).make(blocks, generator)
    batch = tf.nest.map_structure(lambda array: tf.constant(array[0]), steps)
    columns = steps.outputs.rows[0][steps.outputs.places[0]].reshape(SHAPE.blocks, -1)
    return batch, kept, columns, noise, damping


def explicit_loss(
    input_table, output_table, kept, columns, noise, positions=None, by_derivative=False
):
    """The loss of `CbowTrainer`'s docstring, token by token.

    Its value is that of the weighted mean of the contexts. Its derivative by a context's row is
    divided by the sum of the squared shares, so that the mean moves by its own derivative.
    """
    loss, number = 0.0, 0
    width, size, negatives = SHAPE.window_size, SHAPE.block_size, SHAPE.num_negatives
    for start, end in zip(kept.unit_ends[:-1], kept.unit_ends[1:], strict=True):
        for t in range(start, end):
            seen = [c for c in range(max(start, t - width), min(end, t + width + 1)) if c != t]
            if not seen:
                continue
            weights = np.array([(width + 1 - abs(c - t)) / width for c in seen], np.float32)
            rows = tf.gather(input_table, kept.tokens[seen])
            if positions is not None:
                places = [c - t + width - (c > t) for c in seen]
                rows *= tf.gather(positions, places)
            shares = weights / weights.sum()
            mean = tf.reduce_sum(rows * shares[:, None], axis=0)
            moved = mean / (1.0 if by_derivative else np.sum(shares**2))
            hidden = moved + tf.stop_gradient(mean - moved)
            own = kept.tokens[t]
            score = tf.tensordot(hidden, output_table[own], 1)
            loss -= tf.math.log_sigmoid(score)
            loss += negatives * noise[own] * tf.math.log_sigmoid(-score)
            pair = t // size // 2 * 2  # a part has two blocks, which share their noise
            shared = columns[pair : pair + 2, size:].ravel()
            for word in shared:
                score = tf.tensordot(hidden, output_table[word], 1)
                loss -= negatives / len(shared) * tf.math.log_sigmoid(-score)
            number += 1
    return loss, number


@pytest.mark.parametrize("seed", [0, 1])
def test_one_step_is_automatic_differentiation_over_explicit_windows(seed):
    model = model_with_random_tables(seed)
    batch, kept, columns, noise, damping = one_step(seed)
    before = [tf.Variable(w) for w in model.word2vec.get_weights()]
    with tf.GradientTape() as tape:
        wanted_loss, number = explicit_loss(*before, kept, columns, noise)
    gradients = tape.gradient(wanted_loss, before)
    loss, weight = model.train_on_step(batch, tf.constant(0.1), loss_sampling=1)
    assert float(loss) == pytest.approx(float(wanted_loss), rel=1e-5)
    assert float(weight) == number == 12
    after = model.word2vec.get_weights()
    for old, new, gradient, factor in zip(before, after, gradients, damping, strict=True):
        step = 0.1 * factor[:, None] * tf.convert_to_tensor(gradient).numpy()
        np.testing.assert_allclose(new, old.numpy() - step, rtol=1e-4, atol=1e-6)
        assert np.abs(new - old.numpy()).max() > 1e-3


@pytest.mark.parametrize("seed", [0, 1])
def test_position_weights_move_by_the_derivative(seed):
    model = model_with_position_weights(seed)
    batch, kept, columns, noise, damping = one_step(seed)
    positions, *tables = before = [tf.Variable(w) for w in model.word2vec.get_weights()]
    given = (*tables, kept, columns, noise, positions)
    with tf.GradientTape(persistent=True) as tape:
        wanted_loss, _ = explicit_loss(*given)
        plain_loss, _ = explicit_loss(*given, by_derivative=True)
    loss, _ = model.train_on_step(batch, tf.constant(0.1), loss_sampling=1)
    assert float(loss) == pytest.approx(float(wanted_loss), rel=1e-5)
    after = model.word2vec.get_weights()
    for old, new, factor in zip(tables, after[1:], damping, strict=True):
        gradient = tf.convert_to_tensor(tape.gradient(wanted_loss, old)).numpy()
        wanted = old - 0.1 * factor[:, None] * gradient
        np.testing.assert_allclose(new, wanted, rtol=1e-4, atol=1e-6)
    # 16 tokens x (1 + 5 negatives) = 96 allow a rate of 5 / 96
    wanted = before[0] - 5 / 96 * tf.convert_to_tensor(tape.gradient(plain_loss, positions))
    np.testing.assert_allclose(after[0], wanted, rtol=1e-4, atol=1e-6)
    assert np.abs(after[0] - before[0]).min() > 1e-6


def test_position_weights_are_saved_with_the_model(tmp_path):
    model = model_with_position_weights()
    model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    model.save(tmp_path / "word2vec.keras")
    loaded = keras.models.load_model(tmp_path / "word2vec.keras", safe_mode=True)
    positions, inputs, outputs = loaded.get_weights()
    assert positions.shape == (6, DIM)
    scores = loaded((np.array([[0, 2, 3, 0, 0, 4]]), np.array([[5]])))
    mean = (inputs[2] * positions[1] + inputs[3] * positions[2] + inputs[4] * positions[5]) / 3
    np.testing.assert_allclose(scores[0, 0], mean @ outputs[5], rtol=1e-5)


def test_what_is_saved_is_the_plain_model_which_predicts_and_goes_on(tmp_path):
    model = model_with_random_tables()
    model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    model.save(tmp_path / "word2vec.keras")
    loaded = keras.models.load_model(tmp_path / "word2vec.keras", safe_mode=True)
    assert type(loaded) is Cbow
    inputs, outputs = loaded.get_weights()
    contexts, targets = np.array([[2, 3, 0], [4, 0, 0]]), np.array([[5, 6], [7, 8]])
    scores = keras.ops.convert_to_numpy(loaded((contexts, targets)))
    # the mean leaves out the 0 that fills up
    np.testing.assert_allclose(
        scores[0], (inputs[2] + inputs[3]) / 2 @ outputs[[5, 6]].T, rtol=1e-5
    )
    np.testing.assert_allclose(scores[1], inputs[4] @ outputs[[7, 8]].T, rtol=1e-5)
    loaded.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    loaded.fit((contexts, targets), np.array([[1, 0], [1, 0]]), verbose=0)
    assert (loaded.word_vectors()[[2, 3, 4]] != inputs[[2, 3, 4]]).all()


def test_equal_contexts_move_by_the_whole_gradient_as_in_word2vec():
    # a line of two words: each is the only context of the other, so all of it reaches that row
    kept = KeptText(np.array([3, 4], np.int32), np.array([0, 2]))
    blocks = filled_up(cut_into_blocks(kept, SHAPE), SHAPE)
    gradient = np.zeros((SHAPE.blocks, SHAPE.block_size, DIM), np.float32)
    gradient[0, 0], gradient[0, 1] = 1.0, 2.0  # of the means of 3 and of 4
    model = model_with_random_tables()
    moved = model._input_gradient(gradient, model._shares(tf.constant(blocks.windows)))
    places = SHAPE.window_size + np.arange(2)
    np.testing.assert_allclose(moved[0].numpy()[places, 0], [2.0, 1.0], rtol=1e-6)
    assert np.abs(moved[0].numpy()).sum() == pytest.approx(3.0 * DIM)


def test_a_block_of_cbow_needs_less_noise():
    # its noise weighs 32 tokens x 1 x 5 = 160; at rate 0.5 that is 80: 1.5 a word
    shape = BlockShape.fitting(100, 5, 5, 0.5, 1e8, "cbow")
    assert (shape.noise_size, shape.inputs, shape.columns) == (56, 42, 32 + 56)
    assert dataclasses.replace(shape, architecture="skip-gram").columns == 32 + 56


def test_damping_by_hand():
    shape = BlockShape(1, 100, 4, 8, 1, "cbow")
    # 100 tokens; rate 0.05 allows a weight of 5 / 0.05 = 100
    found = row_damping(shape, 0.05, np.array([0.5, 0.1, 0.0]), np.array([0.0, 0.1, 0.9]))
    # a window weighs 5, its squares 2 x (16 + 9 + 4 + 1) / 16 = 3.75: contexts move by 4 / 3
    # inputs: 100 x window weight 5 x 4 / 3 x share x (1 + 1 negative) = 667, 133, 0
    np.testing.assert_allclose(found[0], [0.15, 0.75, 1.0], rtol=1e-6)
    # outputs: 100 x (share + noise) = 50, 20, 90
    np.testing.assert_allclose(found[1], [1.0, 1.0, 1.0])
