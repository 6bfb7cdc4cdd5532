"""Pairs of a text and their counts, against plain loops."""

import numpy as np
import pytest

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.engine.stream import TextStream
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.pairs import PairStream, enumerate_pairs, full_extents
from w2vtrain.training.registry import make_objective

UNITS = [[2, 3, 4, 3], [5], [], [3, 2]]
IDS = 6


def corpus(tmp_path) -> Corpus:
    tokens = np.array([token for unit in UNITS for token in unit], np.int32)
    np.save(tmp_path / "ids.npy", tokens)
    np.save(tmp_path / "ends.npy", np.cumsum([0, *map(len, UNITS)]).astype(np.int64))
    words = Vocabulary(("", "[UNK]", "a", "b", "c", "d"), np.bincount(tokens, minlength=IDS))
    return Corpus(tmp_path / "ids.npy", tmp_path / "ends.npy", words)


def by_loops(window: int, context: str) -> list[tuple[int, int]]:
    pairs = []
    for unit in UNITS:
        for i, target in enumerate(unit):
            for j, other in enumerate(unit):
                if 0 < j - i <= window or (context == "both" and 0 < i - j <= window):
                    pairs.append((target, other))
    return sorted(pairs)


@pytest.mark.parametrize("context", ["both", "next"])
@pytest.mark.parametrize("window", [1, 2, 3])
def test_pairs_and_counts_are_those_of_plain_loops(tmp_path, window, context):
    expected = by_loops(window, context)
    stream = TextStream(corpus(tmp_path), np.ones(IDS, np.float32), 1)
    [(kept, _)] = stream.pools(0)
    found = enumerate_pairs(kept.tokens, full_extents(kept, window, context))
    assert sorted(zip(*(array.tolist() for array in found), strict=True)) == expected
    pairs = PairStream(stream, lambda kept, _: full_extents(kept, window, context))
    [items] = pairs.of_pass(0)
    assert sorted(zip(*(array.tolist() for array in items), strict=True)) == expected
    assert pairs.count() == len(expected)


@pytest.mark.parametrize("context", ["both", "next"])
def test_the_counts_of_a_full_softmax_are_those_of_plain_loops(tmp_path, context):
    config = TrainConfig(
        objective="full-softmax", context=context, window_size=2, subsample_threshold=0.0
    )
    counts = make_objective(corpus(tmp_path), config, 1).pair_counts(7)
    table = np.zeros((IDS, IDS))
    for pair in by_loops(2, context):
        table[pair] += 1
    found = np.zeros((IDS, IDS))
    for row, target in enumerate(counts.targets):
        part = slice(counts.offsets[row], counts.offsets[row + 1])
        found[target, counts.contexts[part]] = counts.counts[part]
    np.testing.assert_array_equal(found, table)


def test_a_full_softmax_draws_its_subsample_anew_for_each_epoch(tmp_path):
    config = TrainConfig(objective="full-softmax", window_size=2, subsample_threshold=0.01)
    objective = make_objective(corpus(tmp_path), config, 1)
    seen = {tuple(objective.pair_counts(number).contexts.tolist()) for number in range(8)}
    assert len(seen) > 1
    again = make_objective(corpus(tmp_path), config, 1).pair_counts(3)
    np.testing.assert_array_equal(again.contexts, objective.pair_counts(3).contexts)


def test_pairs_of_the_whole_window_by_hand():
    tokens = np.array([7, 8, 9, 5], np.int32)
    extents = np.array([0, 1, 2, 0]), np.array([2, 1, 0, 0])
    targets, contexts = enumerate_pairs(tokens, extents)
    assert sorted(zip(targets.tolist(), contexts.tolist(), strict=True)) == [
        (7, 8), (7, 9), (8, 7), (8, 9), (9, 7), (9, 8),
    ]  # fmt: skip
