"""Blocks and steps, against pairs enumerated one by one."""

from collections import Counter

import numpy as np
import pytest

from w2vtrain.engine.blocks import Blocks, BlockShape, cut_into_blocks, filled_up, row_damping
from w2vtrain.engine.sampling import NoiseSampler
from w2vtrain.engine.steps import BatchSizes, StepMaker, endless_steps, sorted_uses
from w2vtrain.engine.stream import KeptText, Position
from w2vtrain.training.pairs import drawn_extents, enumerate_pairs, with_noise

START = Position()
SHAPE = BlockShape(blocks=2, block_size=4, window_size=3, noise_size=2, num_negatives=5)


def text(sizes: list[int], vocabulary: int = 12, seed: int = 0) -> KeptText:
    tokens = np.random.default_rng(seed).integers(2, vocabulary, sum(sizes), dtype=np.int32)
    return KeptText(tokens, np.cumsum([0, *sizes]).astype(np.int64))


def weighted_pairs(kept: KeptText, width: int, weight_of=lambda target, context: 1.0) -> Counter:
    """Every pair of neighbors within a unit with weight (W + 1 - distance) / W, by plain loops.

    Args:
        weight_of: what to multiply the weight of each by, given the two places in the text.
    """
    pairs: Counter = Counter()
    for start, end in zip(kept.unit_ends[:-1], kept.unit_ends[1:], strict=True):
        for t in range(start, end):
            for c in range(max(start, t - width), min(end, t + width + 1)):
                if c != t:
                    weight = weight_of(t, c) * (width + 1 - abs(c - t)) / width
                    pairs[int(kept.tokens[t]), int(kept.tokens[c])] += weight
    return pairs


def pairs_in_blocks(kept: KeptText, shape: BlockShape, shift: int) -> Counter:
    """The weighted pairs that the blocks of a text hold."""
    blocks = filled_up(cut_into_blocks(kept, shape, shift), shape)
    assert len(blocks.tokens) % shape.blocks == 0
    pair_table = shape.weight_table()[:, : shape.contexts]
    found: Counter = Counter()
    for tokens, windows in zip(blocks.tokens, blocks.windows, strict=True):
        for place, window in enumerate(windows):
            weights = pair_table[window].sum(axis=0)
            for column in np.flatnonzero(weights):
                pair = int(tokens[shape.margin + place]), int(tokens[column])
                found[pair] += float(weights[column])
    return found


@pytest.mark.parametrize("sizes", [[1], [2, 1, 5], [30], [4, 4, 4, 4], [0, 7, 0, 9]])
@pytest.mark.parametrize("shift", [0, 3])
def test_blocks_hold_the_pairs_that_no_edge_cuts_apart(sizes, shift):
    # windows of 3 in blocks of 4: one token more on each side
    def weight_of(target: int, context: int) -> float:
        first = (shift + target) // 4 * 4 - shift
        within = first - 1 <= context < first + 5
        return within / {1: 1.0, 2: 0.75, 3: 0.5}[abs(target - context)]

    kept = text(sizes)
    wanted = +weighted_pairs(kept, 3, weight_of)  # without those that weigh nothing
    found = pairs_in_blocks(kept, SHAPE, shift)
    assert found.keys() == wanted.keys()
    for pair, weight in wanted.items():
        assert found[pair] == pytest.approx(weight, rel=1e-5)


@pytest.mark.parametrize(
    ("window", "architecture", "margin"),
    [
        (1, "skip-gram", 0),
        (2, "skip-gram", 0),
        (3, "skip-gram", 1),
        (9, "skip-gram", 7),
        (2, "cbow", 2),
    ],
)
def test_over_all_places_where_blocks_begin_each_pair_has_its_weight(window, architecture, margin):
    shape = BlockShape(2, 4, window, 2, 5, architecture)
    assert shape.margin == margin
    kept = text([2, 1, 5, 14])
    found: Counter = Counter()
    for shift in range(shape.block_size):
        found.update(pairs_in_blocks(kept, shape, shift))
    for pair, weight in weighted_pairs(kept, window).items():
        assert found[pair] / shape.block_size == pytest.approx(weight, rel=1e-5)


def test_weight_tables_by_hand():
    shape = BlockShape(blocks=1, block_size=4, window_size=2, noise_size=3, num_negatives=6)
    table = shape.weight_table()
    # third place of the block, one neighbor on the left, two on the right, the second of them
    # outside: distance 1 weighs (3 - 1) / 2 = 1, and 3 of 4 places see such a context in the block
    window = shape.window_ids(np.array([[0, 0, 1, 0]]), np.array([[0, 0, 2, 0]]))[0, 2]
    # noise: 6 negatives x pair weight 8 / 3 over 3 words
    wanted = [0, 4 / 3, 0, 4 / 3, *[16 / 3] * 3]
    np.testing.assert_allclose(table[window].sum(axis=0), wanted, rtol=1e-6)
    # first place: distance 2 weighs (3 - 2) / 2 = 0.5, and 2 of 4 places see it
    window = shape.window_ids(np.zeros((1, 4), int), np.full((1, 4), 2))[0, 0]
    assert table[window].sum(axis=0)[:4] == pytest.approx([0, 4 / 3, 1, 0])
    assert not table[shape.window_ids(np.zeros((1, 4), int), np.zeros((1, 4), int))].any()


def test_full_windows_weigh_what_the_shape_says():
    table = SHAPE.weight_table()
    full = table[SHAPE.window_ids(np.full((1, 4), 3), np.full((1, 4), 3))[0]].sum(axis=1)
    np.testing.assert_allclose(full[:, : SHAPE.contexts].sum(axis=1).mean(), 4)  # W + 1
    np.testing.assert_allclose(full.sum(axis=1).mean(), 4 * (1 + 5), rtol=1e-6)


def test_pairs_drawn_with_widths_have_the_weights_of_the_blocks():
    kept = text([400] * 20)
    generator = np.random.default_rng(3)
    drawn: Counter = Counter()
    for _ in range(60):
        targets, contexts = enumerate_pairs(kept.tokens, drawn_extents(kept, 3, generator))
        drawn.update(zip(targets.tolist(), contexts.tolist(), strict=True))
    wanted = weighted_pairs(kept, 3)
    for pair, weight in wanted.items():
        assert drawn[pair] / 60 == pytest.approx(weight, rel=0.08)


def test_noise_never_hits_the_pairs_own_context():
    contexts = np.tile(np.array([2, 3], np.int32), 500)
    sampler = NoiseSampler(np.array([0, 0, 0.6, 0.4]))
    pairs = with_noise(contexts, contexts, 4, sampler, np.random.default_rng(0))
    assert pairs.contexts.shape == (1000, 5)
    assert (pairs.contexts[:, 1:] != pairs.contexts[:, :1]).all()
    assert pairs.labels.sum() == 1000


def test_steps_say_where_each_row_is_used():
    kept = text([9, 8, 14])
    blocks = filled_up(cut_into_blocks(kept, SHAPE), SHAPE)
    noise = np.full(12, 0.1)
    noise[:2] = 0
    damping = np.linspace(0.5, 1, 12, dtype=np.float32)
    maker = StepMaker(SHAPE, noise, damping, damping)
    steps = maker.make(blocks, np.random.default_rng(5))
    number, parts = steps.windows.shape[:2]
    assert parts == SHAPE.parts == 2
    targets = blocks.tokens[:, 1:5].reshape(number, parts, -1)
    contexts = blocks.tokens.reshape(number, SHAPE.blocks, -1)
    for step in range(number):
        columns = steps.outputs.rows[step][steps.outputs.places[step]]
        ids = columns.reshape(SHAPE.blocks, -1)
        np.testing.assert_array_equal(ids[:, : SHAPE.contexts], contexts[step])
        assert (ids[:, SHAPE.contexts :] >= 2).all()
        # 5 negatives x 0.1; padding is never noise, and a noise word counts whole
        share = np.where(contexts[step] >= 2, 0.5, 1.0)
        found = steps.noise_share[step].reshape(SHAPE.blocks, -1)
        np.testing.assert_allclose(found[:, : SHAPE.contexts], share, rtol=1e-6)
        assert (found[:, SHAPE.contexts :] == 1).all()
        for uses, used in (
            (steps.inputs, targets[step]),
            (steps.outputs, columns.reshape(parts, -1)),
        ):
            rows = uses.rows[step]
            distinct = len(np.unique(used))
            np.testing.assert_array_equal(rows[:distinct], np.unique(used))
            assert not rows[distinct:].any()
            np.testing.assert_array_equal(rows[uses.places[step]].reshape(parts, -1), used)
            for part in range(parts):
                row, use = uses.entries[step, part].T
                np.testing.assert_array_equal(rows[row], used[part][use])
                np.testing.assert_array_equal(np.lexsort((use, row)), np.arange(len(use)))
                assert sorted(use) == list(range(len(use)))
                np.testing.assert_array_equal(uses.factors[step, part], damping[rows[row]])


@pytest.mark.parametrize("largest", [100, 2**20, 2**31 - 1])
def test_sorted_uses_is_a_stable_argsort(largest):
    ids = np.random.default_rng(0).integers(0, 90, (3, 1000)).astype(np.int32) * (largest // 90)
    order, ordered = sorted_uses(ids)
    np.testing.assert_array_equal(order, np.argsort(ids, axis=1, kind="stable"))
    np.testing.assert_array_equal(ordered, np.sort(ids, axis=1))


def test_damping_by_hand():
    shape = BlockShape(blocks=1, block_size=100, window_size=4, noise_size=8, num_negatives=1)
    # 100 tokens x pair weight 5 = 500 pairs a step; rate 0.05 allows a weight of 5 / 0.05 = 100
    share = np.array([0.5, 0.1, 0.0])
    noise = np.array([0.0, 0.1, 0.9])
    target, context = row_damping(shape, 0.05, share, noise)
    # target: 500 x share x 2 = 500, 100, 0; context: 500 x (share + noise) = 250, 100, 450
    np.testing.assert_allclose(target, [0.2, 1.0, 1.0])
    np.testing.assert_allclose(context, [0.4, 1.0, 100 / 450], rtol=1e-6)


@pytest.mark.parametrize(
    ("dim", "kept", "tokens"),
    [
        (100, 1e8, 4096),
        (300, 1e8, 1024),
        (1000, 1e8, 512),
        (8192, 1e8, 64),
        (100, 50_000, 512),
        (100, 1000, 64),
    ],
)
def test_a_step_fits_the_cache_and_the_text(dim, kept, tokens):
    assert BlockShape.fitting(dim, 5, 5, 0.05, kept).tokens == tokens


def test_more_noise_weight_gets_more_noise_words():
    # a block's noise weighs 32 tokens x 6 x 5 = 960; at rate 0.05 that is 48: 1.5 a word
    assert BlockShape.fitting(100, 5, 5, 0.05, 1e8).noise_size == 32
    assert BlockShape.fitting(100, 5, 5, 0.025, 1e8).noise_size == 16
    assert BlockShape.fitting(100, 5, 20, 0.05, 1e8).noise_size == 128


@pytest.mark.parametrize(("steps", "batches"), [(77, 10), (8, 8), (600, 72), (1, 1), (65, 9)])
def test_the_steps_of_an_epoch_are_spread_evenly_over_its_batches(steps, batches):
    sizes = BatchSizes(steps, batches)
    each = [sizes.of(batch) for batch in range(3 * batches)]
    assert each == each[:batches] * 3
    assert sum(each[:batches]) == steps
    assert max(each) - min(each) <= 1


class FourLines:
    """Two pools of text a pass; a pass drops the first line of each pool in turn."""

    def pools(self, pass_number):
        for pool in range(2):
            yield text([11, 30, 9], seed=10 * pass_number + pool), np.random.default_rng(pool)


def test_steps_entered_at_any_batch_are_the_same():
    maker = StepMaker(SHAPE, np.full(12, 1 / 12), *[np.ones(12, np.float32)] * 2)
    sizes = BatchSizes(5, 2)

    def steps(number, start=START):
        made = endless_steps(FourLines(), maker, sizes, seed=4, start=start)
        return [next(made) for _ in range(number)]

    whole = steps(9)
    for skip in range(1, 9):
        rest = steps(9 - skip, whole[skip - 1][1])
        for (step, after), (again, after_again) in zip(whole[skip:], rest, strict=True):
            assert after == after_again
            np.testing.assert_array_equal(step.windows, again.windows)
            np.testing.assert_array_equal(step.outputs.rows, again.outputs.rows)
            np.testing.assert_array_equal(step.outputs.places, again.outputs.places)


class OneLine:
    """A pool of one line of 30 different words, the same in every pass."""

    def pools(self, pass_number):
        kept = KeptText(np.arange(2, 32, dtype=np.int32), np.array([0, 30]))
        yield kept, np.random.default_rng(pass_number)


def test_over_the_passes_each_pair_has_its_weight_since_blocks_begin_elsewhere():
    shape = BlockShape(blocks=2, block_size=4, window_size=2, noise_size=2, num_negatives=5)
    weights = shape.weight_table()[:, : shape.contexts]
    maker = StepMaker(shape, np.full(32, 1 / 32), *[np.ones(32, np.float32)] * 2)
    found: Counter = Counter()
    passes = 0
    for steps, after in endless_steps(OneLine(), maker, BatchSizes(4, 1), 1, START):
        passes = after.pass_number
        for rows, places, windows in zip(
            steps.outputs.rows, steps.outputs.places, steps.windows, strict=True
        ):
            ids = rows[places].reshape(shape.blocks, -1)[:, : shape.contexts]
            seen = weights[windows.reshape(shape.blocks, -1, 2)].sum(axis=2)
            for block, place, column in np.argwhere(seen):
                found[int(ids[block, place]), int(ids[block, column])] += seen[block, place, column]
        if passes >= 400:
            break
    for pair, weight in weighted_pairs(next(OneLine().pools(0))[0], 2).items():
        # the mean of 400 draws of a pair that 3/4 or half of the places see, within 5 deviations
        assert found[pair] / passes == pytest.approx(weight, rel=0.25)


def test_half_of_the_blocks_makes_half_of_the_steps():
    blocks = cut_into_blocks(text([100]), SHAPE)
    maker = StepMaker(SHAPE, np.full(12, 1 / 12), *[np.ones(12, np.float32)] * 2)
    half = Blocks(blocks.tokens[:4], blocks.windows[:4])
    assert maker.make(half, np.random.default_rng(0)).windows.shape == (2, 2, 1, 4, 2)
