import numpy as np
import pytest

from w2vtrain.engine.text_stream import TextStream, TokenFile
from w2vtrain.training.pair_counts import all_pairs, pair_batches, pair_counts

UNITS = [[2, 3, 4, 3], [5], [], [3, 2]]
IDS = 6


def stream(tmp_path) -> TextStream:
    tokens = np.array([token for unit in UNITS for token in unit], np.int32)
    np.save(tmp_path / "ids.npy", tokens)
    np.save(tmp_path / "ends.npy", np.cumsum([0, *map(len, UNITS)]).astype(np.int64))
    return TextStream(
        TokenFile(tmp_path / "ids.npy", tmp_path / "ends.npy"), np.ones(IDS, np.float32), 1
    )


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
    [(kept, _)] = stream(tmp_path).pools(0)
    found = [
        pair
        for targets, contexts in all_pairs(kept, window, context)
        for pair in zip(targets.tolist(), contexts.tolist(), strict=True)
    ]
    assert sorted(found) == expected
    [(targets, contexts)] = pair_batches(stream(tmp_path), 0, window, context)
    assert sorted(zip(targets.tolist(), contexts.tolist(), strict=True)) == expected
    counts = pair_counts(stream(tmp_path), 0, window, context, IDS).toarray()
    table = np.zeros((IDS, IDS))
    for pair in expected:
        table[pair] += 1
    np.testing.assert_array_equal(counts, table)
