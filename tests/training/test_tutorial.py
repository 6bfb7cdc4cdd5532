import itertools

import numpy as np
import pytest

from w2vtrain.engine.stream import KeptText
from w2vtrain.training import tutorial
from w2vtrain.training.tutorial import (
    distinct_noise,
    positive_pairs,
    sampling_table,
    shuffled_by_buffer,
)

IDS = 30


@pytest.fixture
def text():
    generator = np.random.default_rng(5)
    lengths = [0, 1, 7, 10, 11, 25]
    tokens = generator.integers(1, IDS, sum(lengths)).astype(np.int32)
    return tokens, np.cumsum([0, *lengths])


def keras_sequence():
    import tensorflow as tf

    return tf.keras.preprocessing.sequence


@pytest.mark.parametrize("repairs", [frozenset(), frozenset({"truncation"})])
def test_positives_are_those_of_keras_skipgrams(text, repairs, monkeypatch):
    monkeypatch.setattr(tutorial, "sampling_table", lambda ids: np.ones(ids))
    tokens, ends = text
    text = KeptText(tokens, ends)
    targets, contexts = positive_pairs(text, IDS, 2, repairs, np.random.default_rng(0))
    expected = []
    for start, stop in itertools.pairwise(ends.tolist()):
        line = tokens[start:stop].tolist()
        line = line if repairs else line[:10]
        pairs, _ = keras_sequence().skipgrams(
            line, IDS, window_size=2, negative_samples=0.0, shuffle=False
        )
        expected += [tuple(map(int, pair)) for pair in pairs]
    assert sorted(zip(targets.tolist(), contexts.tolist(), strict=True)) == sorted(expected)


def test_the_sampling_table_is_keras_own():
    expected = keras_sequence().make_sampling_table(5000, 1e-5)
    np.testing.assert_allclose(sampling_table(5000), expected, rtol=1e-12)


def test_a_dropped_target_stays_a_context():
    tokens = np.tile(np.array([2, 4000], np.int32), 20_000)
    text = KeptText(tokens, np.array([0, 40_000]))
    generator = np.random.default_rng(0)
    targets, contexts = positive_pairs(text, 4096, 1, frozenset({"truncation"}), generator)
    kept = sampling_table(4096)
    assert (targets == 2).sum() == pytest.approx(2 * 20_000 * kept[2], rel=0.2)
    assert (contexts == 2).sum() == (targets == 4000).sum()
    assert (targets == 4000).sum() == pytest.approx(2 * 20_000 * kept[4000], rel=0.05)


def test_noise_is_log_uniform_and_different_within_a_pair():
    contexts = np.full(40_000, 3, np.int32)
    noise = distinct_noise(contexts, IDS, 4, frozenset(), np.random.default_rng(0))
    assert all(len(set(row)) == 4 for row in noise[:2000].tolist())
    ids = np.arange(IDS)
    expected = np.log((ids + 2) / (ids + 1)) / np.log(IDS + 1)
    found = np.bincount(noise[:, 0], minlength=IDS) / len(noise)
    np.testing.assert_allclose(found, expected, atol=0.008)
    assert (noise == 0).any()
    assert (noise == 1).any()
    assert (noise == 3).any()  # the tutorial's defects


@pytest.mark.parametrize(("repair", "barred"), [("padding", 0), ("unknown", 1), ("positive", 3)])
def test_each_repair_bars_its_own_noise_only(repair, barred):
    contexts = np.full(5000, 3, np.int32)
    noise = distinct_noise(contexts, IDS, 4, frozenset({repair}), np.random.default_rng(0))
    assert {0, 1, 3} - set(noise.ravel().tolist()) == {barred}


def test_a_shuffle_buffer_holds_an_item_back_but_never_brings_it_early():
    order = shuffled_by_buffer(5000, 100, np.random.default_rng(0))
    assert sorted(order.tolist()) == list(range(5000))
    assert (order - np.arange(5000)).max() < 100  # item n leaves at n - 99 at the earliest
    delay = np.arange(5000) - order
    assert 60 < delay[200:4800].std() < 140  # geometric with mean 100
    assert sorted(shuffled_by_buffer(3, 10, np.random.default_rng(0)).tolist()) == [0, 1, 2]
    assert len(shuffled_by_buffer(0, 10, np.random.default_rng(0))) == 0
