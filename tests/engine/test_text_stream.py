"""The stream gives back the text: every token once, units intact, the same on every run."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from w2vtrain.engine import text_stream
from w2vtrain.engine.text_stream import KeptText, TextStream, TokenFile
from w2vtrain.errors import W2VError


def write(folder: Path, sizes: list[int]) -> TokenFile:
    tokens = np.arange(2, 2 + sum(sizes), dtype=np.int32)  # each token names its place
    np.save(folder / "ids.npy", tokens)
    np.save(folder / "ends.npy", np.cumsum([0, *sizes]).astype(np.int64))
    return TokenFile(folder / "ids.npy", folder / "ends.npy")


def units_of(kept: KeptText) -> list[tuple[int, ...]]:
    ends = kept.unit_ends
    return [tuple(kept.tokens[a:b]) for a, b in itertools.pairwise(ends) if b > a]


def epoch_units(stream: TextStream, epoch: int) -> list[tuple[int, ...]]:
    return [unit for kept, _ in stream.pools(epoch) for unit in units_of(kept)]


@pytest.mark.parametrize("sizes", [[3], [1, 2, 3, 4], [5] * 40, [1, 500, 1, 1]])
def test_every_unit_comes_once_and_whole(tmp_path, sizes, monkeypatch):
    monkeypatch.setattr(text_stream, "POOL_TOKENS", 64)
    monkeypatch.setattr(TokenFile.slices, "__defaults__", (16,))
    file = write(tmp_path, sizes)
    keep = np.ones(2 + sum(sizes), np.float32)
    units = epoch_units(TextStream(file, keep, 1), 0)
    starts = np.cumsum([0, *sizes])
    whole = [tuple(range(2 + a, 2 + b)) for a, b in itertools.pairwise(starts)]
    assert sorted(units) == sorted(whole)


def test_a_unit_over_the_limit_is_cut_and_loses_no_token(tmp_path, monkeypatch):
    monkeypatch.setattr(text_stream, "LONGEST_UNIT", 100)
    file = write(tmp_path, [10, 250, 10])
    units = epoch_units(TextStream(file, np.ones(300, np.float32), 1), 0)
    assert sorted(len(unit) for unit in units)[-1] <= 100
    assert sorted(token for unit in units for token in unit) == list(range(2, 272))


def test_epochs_and_seeds_differ_and_repeat(tmp_path, monkeypatch):
    monkeypatch.setattr(TokenFile.slices, "__defaults__", (16,))
    file = write(tmp_path, [5] * 40)
    keep = np.full(300, 0.5, np.float32)
    first = epoch_units(TextStream(file, keep, 1), 0)
    assert first == epoch_units(TextStream(file, keep, 1), 0)
    assert first != epoch_units(TextStream(file, keep, 1), 1)
    assert first != epoch_units(TextStream(file, keep, 2), 0)


def test_subsampling_keeps_its_share(tmp_path):
    file = write(tmp_path, [100] * 300)
    keep = np.full(30_002, 0.3, np.float32)
    kept = sum(len(unit) for unit in epoch_units(TextStream(file, keep, 1), 0))
    assert abs(kept / 30_000 - 0.3) < 0.02  # 7 standard deviations


def test_reaches_stop_at_units_and_at_the_window():
    kept = KeptText(np.arange(7, dtype=np.int32), np.array([0, 4, 4, 5, 7]))
    left, right = kept.reaches(2)
    assert left.tolist() == [0, 1, 2, 2, 0, 0, 1]
    assert right.tolist() == [2, 2, 1, 0, 0, 1, 0]


def test_files_that_do_not_belong_together(tmp_path):
    np.save(tmp_path / "ids.npy", np.arange(5, dtype=np.int32))
    np.save(tmp_path / "ends.npy", np.array([0, 4]))
    with pytest.raises(W2VError, match="do not belong together"):
        TokenFile(tmp_path / "ids.npy", tmp_path / "ends.npy")
