"""The fast engine: one step against automatic differentiation over explicit pairs, and `fit`."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import context

from w2vtrain.engine.block_trainer import BlockTrainer
from w2vtrain.engine.blocks import BlockShape, cut_into_blocks, filled_up
from w2vtrain.engine.dataset import as_dataset
from w2vtrain.engine.sampling import noise_probabilities
from w2vtrain.engine.steps import StepMaker, signature
from w2vtrain.engine.stream import KeptText
from w2vtrain.errors import W2VError
from w2vtrain.models.word2vec import Word2Vec

VOCABULARY, DIM = 14, 6
SHAPE = BlockShape(blocks=4, block_size=4, window_size=3, noise_size=3, num_negatives=5)


def model_with_random_tables(seed: int = 0, **settings) -> BlockTrainer:
    model = BlockTrainer(Word2Vec(VOCABULARY, DIM), SHAPE, **settings)
    generator = np.random.default_rng(seed)
    for layer in (model.target_embedding, model.context_embedding):
        layer.embeddings.assign(generator.normal(size=(VOCABULARY, DIM)).astype(np.float32))
    return model


def one_step(damped: bool = False, seed: int = 0):
    """Returns a batch of one step, the kept text, and the arrays it was made from."""
    generator = np.random.default_rng(seed)
    sizes = [5, 1, 7]
    tokens = generator.integers(2, VOCABULARY, sum(sizes), dtype=np.int32)
    kept = KeptText(tokens, np.cumsum([0, *sizes]))
    noise = noise_probabilities(np.array([0, 0, *range(12, 0, -1)]), "log-uniform", 0.75)
    damping = [np.ones(VOCABULARY, np.float32)] * 2
    if damped:
        damping = [generator.uniform(0.2, 1, VOCABULARY).astype(np.float32) for _ in range(2)]
    blocks = filled_up(cut_into_blocks(kept, SHAPE), SHAPE)
    steps = StepMaker(SHAPE, noise, *damping).make(blocks, generator)
    batch = tf.nest.map_structure(lambda array: tf.constant(array[0]), steps)
    columns = steps.outputs.rows[0][steps.outputs.places[0]].reshape(SHAPE.blocks, -1)
    return batch, kept, columns, noise, damping


def explicit_loss(target_table, context_table, kept, columns, noise):
    """The loss of `Word2Vec`'s docstring, pair by pair, with nothing shared but the noise words.

    Contexts are within the target's block and one token on each side of it; pairs of a distance
    that only 3/4 or half of the places of a block see weigh more.
    """
    loss, weight_sum = 0.0, 0.0
    width, size, seen = 3, 4, {1: 1.0, 2: 0.75, 3: 0.5}
    for start, end in zip(kept.unit_ends[:-1], kept.unit_ends[1:], strict=True):
        for t in range(start, end):
            target = target_table[kept.tokens[t]]
            token_weight = 0.0
            for c in range(max(start, t - width), min(end, t + width + 1)):
                if c == t or not t // size * size - 1 <= c < (t // size + 1) * size + 1:
                    continue
                weight = (width + 1 - abs(c - t)) / width / seen[abs(c - t)]
                score = tf.tensordot(target, context_table[kept.tokens[c]], 1)
                hits = SHAPE.num_negatives * noise[kept.tokens[c]]
                loss -= weight * tf.math.log_sigmoid(score)
                loss += weight * hits * tf.math.log_sigmoid(-score)
                token_weight += weight
            for word in columns[t // size][SHAPE.contexts :]:
                score = tf.tensordot(target, context_table[word], 1)
                share = SHAPE.num_negatives / SHAPE.noise_size * token_weight
                loss -= share * tf.math.log_sigmoid(-score)
            weight_sum += token_weight
    return loss, weight_sum


@pytest.mark.parametrize("damped", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_step_is_automatic_differentiation_over_explicit_pairs(damped, seed):
    model = model_with_random_tables(seed)
    batch, kept, columns, noise, damping = one_step(damped, seed)
    before = [tf.Variable(w) for w in model.word2vec.get_weights()]
    with tf.GradientTape() as tape:
        wanted_loss, wanted_weight = explicit_loss(*before, kept, columns, noise)
    gradients = tape.gradient(wanted_loss, before)
    loss, weight = model.train_on_step(batch, tf.constant(0.1), loss_sampling=1)
    assert float(loss) == pytest.approx(float(wanted_loss), rel=1e-5)
    assert float(weight) == pytest.approx(wanted_weight, rel=1e-6)
    after = model.word2vec.get_weights()
    for old, new, gradient, factor in zip(before, after, gradients, damping, strict=True):
        step = 0.1 * factor[:, None] * tf.convert_to_tensor(gradient).numpy()
        np.testing.assert_allclose(new, old.numpy() - step, rtol=1e-4, atol=1e-6)
        assert np.abs(new - old.numpy()).max() > 1e-3


def test_bfloat16_products_are_near_those_of_float32_and_the_tables_stay_float32():
    batch, *_ = one_step()
    moved, losses = [], []
    for dtype in ("float32", "mixed_bfloat16"):
        model = model_with_random_tables(dtype=dtype)
        before = [w.copy() for w in model.word2vec.get_weights()]
        loss, _ = model.train_on_step(batch, tf.constant(0.1), loss_sampling=1)
        losses.append(float(loss))
        moved.append(
            [new - old for new, old in zip(model.word2vec.get_weights(), before, strict=True)]
        )
        assert model.target_embedding.embeddings.dtype == "float32"
    assert losses[1] == pytest.approx(losses[0], rel=0.01)
    assert losses[1] != losses[0]
    for exact, rounded in zip(*moved, strict=True):
        # bfloat16 keeps 8 bits: a product is off by a 256th, a sum of many by less than this
        np.testing.assert_allclose(rounded, exact, atol=0.02 * np.abs(exact).max())


def test_padding_rows_never_move():
    model = model_with_random_tables()
    batch, *_ = one_step()
    before = [w[:2].copy() for w in model.word2vec.get_weights()]
    for _ in range(3):
        model.train_on_step(batch, tf.constant(0.1))
    for old, new in zip(before, model.word2vec.get_weights(), strict=True):
        np.testing.assert_array_equal(new[:2], old)


def test_fit_on_blocks_counts_steps_and_reports_the_mean_loss():
    batch, kept, columns, noise, _ = one_step()
    model = model_with_random_tables()
    model.compile(optimizer=keras.optimizers.SGD(0.0), jit_compile=False)
    three = tf.nest.map_structure(lambda array: tf.stack([array] * 3), batch)
    data = tf.data.Dataset.from_tensors(three).repeat(5)
    history = model.fit(data, epochs=2, shuffle=False, verbose=0)
    _, weight = explicit_loss(*model.word2vec.get_weights(), kept, columns, noise)
    # one block of each part is measured: compare with its own part
    loss, part = model.train_on_step(batch, tf.constant(0.0))
    assert history.history["loss"] == pytest.approx([float(loss / part)] * 2, rel=1e-5)
    assert int(model.optimizer.iterations) == 2 * 5 * 3
    assert weight > part


def test_evaluate_measures_all_blocks_and_changes_nothing():
    batch, kept, columns, noise, _ = one_step()
    model = model_with_random_tables()
    model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    before = [table.copy() for table in model.word2vec.get_weights()]
    two = tf.nest.map_structure(lambda array: tf.stack([array] * 2), batch)
    found = model.evaluate(tf.data.Dataset.from_tensors(two), return_dict=True, verbose=0)
    loss, weight = explicit_loss(*before, kept, columns, noise)
    assert found["loss"] == pytest.approx(float(loss) / weight, rel=1e-5)
    for old, new in zip(before, model.word2vec.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"optimizer": "adam"}, "plain SGD.*adam"),
        ({"optimizer": keras.optimizers.SGD(0.1, momentum=0.9)}, "plain SGD.*momentum': 0.9"),
        ({"optimizer": keras.optimizers.SGD(0.1, clipnorm=1.0)}, "plain SGD.*clipnorm': 1.0"),
        ({"loss": "mse"}, "own loss.*loss is refused"),
        ({"metrics": ["accuracy"]}, "metrics is refused"),
        ({"loss_weights": [2.0]}, "loss_weights is refused"),
    ],
)
def test_compile_refuses_what_it_would_ignore(settings, named):
    with pytest.raises(W2VError, match=named):
        model_with_random_tables().compile(**settings)


def test_what_is_saved_is_the_plain_model(tmp_path):
    model = model_with_random_tables(dtype="mixed_bfloat16")
    model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    model.save(tmp_path / "word2vec.keras")
    loaded = keras.models.load_model(tmp_path / "word2vec.keras", safe_mode=True)
    assert (type(loaded), loaded.compute_dtype) == (Word2Vec, "float32")
    inputs = np.array([2, 3]), np.array([[4], [5]])
    np.testing.assert_array_equal(loaded(inputs), model(inputs))


def test_several_steps_in_a_batch_are_the_same_as_one_by_one():
    kept = KeptText(np.arange(2, 12, dtype=np.int32).repeat(9), np.array([0, 90]))
    noise = np.full(VOCABULARY, 1 / VOCABULARY)
    maker = StepMaker(SHAPE, noise, *[np.ones(VOCABULARY, np.float32)] * 2)
    steps = maker.make(filled_up(cut_into_blocks(kept, SHAPE), SHAPE), np.random.default_rng(0))
    tables = []
    for single in (False, True):
        dataset = as_dataset(lambda: iter([steps]), signature(SHAPE))
        model = model_with_random_tables()
        model.compile(optimizer=keras.optimizers.SGD(0.01), jit_compile=False)
        model.fit(dataset.unbatch().batch(1) if single else dataset, shuffle=False, verbose=0)
        assert int(model.optimizer.iterations) == len(steps.windows) == 6
        tables.append(model.word2vec.get_weights())
    for together, alone in zip(*tables, strict=True):
        np.testing.assert_array_equal(together, alone)
        assert (together != model_with_random_tables().word_vectors()).any()


def test_the_optimizer_of_graphs_makes_no_long_sums_of_losses():
    # It gives those of a known shape temporary variables where the tables are large, and fails.
    batch, *_ = one_step()
    two = tf.nest.map_structure(lambda array: tf.stack([array] * 2), batch)
    model = model_with_random_tables()
    model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    context.context().enable_run_metadata()
    tf.function(model.train_step)(two)
    graphs = context.context().export_run_metadata().partition_graphs
    context.context().disable_run_metadata()
    sums = [node for graph in graphs for node in graph.node if node.op == "AddN"]
    # of both tables' new rows, whose number is not known beforehand
    assert len([node for node in sums if "while/body" in node.name]) == 2
    assert not [node.name for node in sums if "AddOpsRewrite" in node.name]


def test_the_dataset_gives_steps_of_the_right_types():
    kept = KeptText(np.arange(2, 12, dtype=np.int32).repeat(9), np.array([0, 90]))
    noise = np.full(VOCABULARY, 1 / VOCABULARY)
    maker = StepMaker(SHAPE, noise, *[np.ones(VOCABULARY, np.float32)] * 2)
    steps = maker.make(filled_up(cut_into_blocks(kept, SHAPE), SHAPE), np.random.default_rng(0))
    batches = list(as_dataset(lambda: iter([steps]), signature(SHAPE)).unbatch())
    assert len(batches) == len(steps.windows) == 6
    model = model_with_random_tables()
    for batch in batches:
        loss, _ = model.train_on_step(batch, tf.constant(0.01))
        assert np.isfinite(float(loss))
