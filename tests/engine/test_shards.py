"""Shards: what a round does to the tables, against the same done by hand; how the text is dealt."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_block_trainer import SHAPE, VOCABULARY, model_with_random_tables

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.engine import sharded_trainer
from w2vtrain.engine.block_trainer import BlockTrainer
from w2vtrain.engine.blocks import cut_into_blocks, filled_up, row_weights
from w2vtrain.engine.sharded_trainer import ShardedTrainer
from w2vtrain.engine.shards import (
    Round,
    by_part,
    merge_factor,
    shard_seed,
    steep_directions,
    sums_of_parts,
)
from w2vtrain.engine.steps import StepMaker, row_order
from w2vtrain.engine.stream import KeptText, TextStream
from w2vtrain.models.word2vec import Word2Vec

RATE, SHARDS = 0.5, 3
SHARE = np.array([0, 0, *range(12, 0, -1)]) / 78


def batches() -> list:
    """Returns a batch of two steps for each shard."""
    made = []
    maker = StepMaker(SHAPE, SHARE, *[np.ones(VOCABULARY, np.float32)] * 2)
    for shard in range(SHARDS):
        generator = np.random.default_rng(shard_seed(1, shard))
        tokens = generator.integers(2, 2 + 4 * (shard + 1), 32, dtype=np.int32)
        blocks = filled_up(cut_into_blocks(KeptText(tokens, np.array([0, 20, 32])), SHAPE), SHAPE)
        made.append(maker.make(blocks, generator))
    return made


def tables(model) -> list[np.ndarray]:
    layers = (model.target_embedding, model.context_embedding)
    return [layer.embeddings.numpy().copy() for layer in layers]


def round_of(dealt: list, places: np.ndarray) -> Round:
    rows = tuple(
        (by_part(np.unique(b.inputs.rows), SHARDS), by_part(np.unique(b.outputs.rows), SHARDS))
        for b in dealt
    )
    return tf.nest.map_structure(tf.constant, Round(tuple(dealt), rows, places))


@pytest.mark.parametrize("few", [5, 16])  # of eight directions
def test_a_round_adds_the_moves_of_all_shards_as_often_as_the_rule_says(few, monkeypatch):
    monkeypatch.setattr(sharded_trainer, "_FEW_DIRECTIONS", few)
    dealt = batches()
    weights = row_weights(SHAPE, SHARE, SHARE)
    base = tables(model_with_random_tables())
    moves, losses = [], []
    for batch in dealt:  # each shard by itself, from the same tables
        alone = model_with_random_tables()
        alone.compile(keras.optimizers.SGD(RATE))
        losses.append(alone.train_step(tf.nest.map_structure(tf.constant, batch))["loss"])
        moves.append([after - before for after, before in zip(tables(alone), base, strict=True)])
    model = ShardedTrainer(model_with_random_tables(), weights, SHARDS)
    model.compile(keras.optimizers.SGD(RATE))
    model.find_directions()
    places = np.array([[0, 8], [0, 16], [1, 24]])
    loss = model.train_step(round_of(dealt, places))
    others = zip(base[::-1], weights[::-1], strict=True)
    held: set[int] = set()  # in how many directions a row is held back
    for table, before, weight, (other, other_weight), *moved in zip(
        tables(model), base, weights, others, *moves, strict=True
    ):
        # how steep each direction is, and of the K = 3 moves' mean 1 + 3 / R, never more than 3
        steepness, axes = np.linalg.eigh(other.T @ (other_weight[:, None] * other))
        steepness = np.maximum(steepness / steepness[-1], 0.01)
        reach = 2 * RATE * np.outer(np.maximum(weight, 1e-30), steepness)  # two steps a round
        factor = np.minimum(1, (1 + 3 / reach) / SHARDS)  # (rows, directions)
        assert 1 / 3 < factor.min() < 0.6
        assert factor.max() == 1
        held |= set((factor < 1).sum(axis=1)[np.any(sum(moved), axis=1)].tolist())
        move = (factor * (sum(moved) @ axes)) @ axes.T
        np.testing.assert_allclose(table, before + move, rtol=1e-5, atol=2e-4)
    assert {4, 6} <= held
    assert float(loss["loss"]) == pytest.approx(np.mean(losses), rel=0.2)
    assert int(model.optimizer.iterations.numpy()) == 2 * SHARDS
    assert model.positions.numpy().tolist() == places.tolist()


def test_no_table_is_read_as_a_whole():
    # At a million words x 300 that is a gigabyte, and TensorFlow rewrites sums to save it.
    trainer = BlockTrainer(Word2Vec(5000, 8), SHAPE)
    model = ShardedTrainer(trainer, [np.ones(5000, np.float32)] * 2, SHARDS)
    model.compile(keras.optimizers.SGD(0.01))
    batch = round_of(batches(), np.zeros((SHARDS, 2), np.int64))
    for function, inputs in ((model.train_step, [batch]), (model.find_directions, [])):
        graph = tf.function(function, autograph=False).get_concrete_function(*inputs).graph
        read = [op.outputs[0].shape for op in graph.get_operations() if op.type == "ReadVariableOp"]
        assert (5000, 8) not in read


def test_tables_that_have_diverged_leave_the_error_to_the_check_of_the_loss():
    table = tf.Variable(np.full((20, 3), np.nan, np.float32))
    vectors, steepness = steep_directions(table, tf.ones(20))
    assert np.isfinite(vectors).all()
    assert np.isfinite(steepness).all()


def test_rows_that_are_rare_take_the_sum_and_frequent_ones_nearly_the_mean():
    factor = merge_factor(tf.constant([0.0, 0.5, 1.0, 3.0, 30.0, 3e6]), shards=4)
    # min(1, (1 + 3 / R) / 4): 7 / 4 is cut, 4 / 4, 2 / 4, 1.1 / 4, 1 / 4
    np.testing.assert_allclose(factor, [1, 1, 1, 0.5, 0.275, 0.25], rtol=1e-6)
    # of 8 shards half as much: min(1, (1 + 1.5 / R) / 8)
    np.testing.assert_allclose(merge_factor(tf.constant([0.1, 1.5]), 8), [1, 0.25], rtol=1e-6)


def test_the_moves_of_all_shards_are_summed_part_by_part():
    generator = np.random.default_rng(0)
    shards, parts = [], 4
    for touched in (50, 0, 7, 90, 1):
        rows = np.sort(generator.choice(100, touched, replace=False)).astype(np.int32)
        rows = by_part(rows, parts)
        assert rows.tolist() == sorted(rows.tolist(), key=lambda row: (row % parts, row))
        shards.append((rows, generator.normal(size=(touched, 3)).astype(np.float32)))
    expected = {}
    for rows, moves in shards:  # in their order: float32 sums depend on it
        for row, move in zip(rows.tolist(), moves, strict=True):
            expected[row] = expected[row] + move if row in expected else move
    for own in (range(4), [0, 1], [2, 3], [3]):
        found = sums_of_parts(own, parts, shards)
        assert len(found) == len(own)
        for part, (rows, total) in zip(own, found, strict=True):
            assert rows.dtype == np.int32
            assert rows.tolist() == sorted(row for row in expected if row % parts == part)
            np.testing.assert_array_equal(total, [expected[row] for row in rows.tolist()])
    [(rows, total)] = sums_of_parts([1], 2, [(np.array([4], np.int32), np.ones((1, 3)))])
    assert (rows.shape, total.shape) == ((0,), (0, 3))


def test_moves_are_sorted_by_row_and_keep_the_order_of_their_shards():
    rows, order, segments = row_order(np.array([2, 5, 9, 0, 5, 5], np.int32))
    assert rows.tolist() == [0, 2, 5, 9]
    assert order.tolist() == [3, 0, 1, 4, 5, 2]
    assert segments.tolist() == [0, 1, 2, 2, 2, 3]


def test_the_shards_parts_are_the_text(tmp_path):
    np.save(tmp_path / "ids.npy", np.arange(2, 80_002, dtype=np.int32))
    np.save(tmp_path / "ends.npy", np.arange(0, 80_001, 10))
    corpus = Corpus(
        tmp_path / "ids.npy",
        tmp_path / "ends.npy",
        Vocabulary(("", "[UNK]", "a"), np.array([0, 0, 1])),
    )
    seen = [
        np.concatenate([kept.tokens for kept, _ in TextStream(corpus, keep, k, (k, 3)).pools(1)])
        for keep in [np.ones(80_002, np.float32)]
        for k in range(3)
    ]
    assert min(map(len, seen)) > 16_000
    assert sorted(np.concatenate(seen).tolist()) == list(range(2, 80_002))
