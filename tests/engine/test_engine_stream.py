"""The stream gives back the text: every token once, units intact, the same on every run."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from w2vtrain.corpus import corpus as corpus_module
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.engine import stream as stream_module
from w2vtrain.engine.stream import KeptText, Position, TextStream, endless_batches
from w2vtrain.errors import W2VError


def write(folder: Path, sizes: list[int]) -> Corpus:
    tokens = np.arange(2, 2 + sum(sizes), dtype=np.int32)  # each token names its place
    np.save(folder / "ids.npy", tokens)
    np.save(folder / "ends.npy", np.cumsum([0, *sizes]).astype(np.int64))
    return Corpus(folder / "ids.npy", folder / "ends.npy", Vocabulary((), np.zeros(0, np.int64)))


def units_of(kept: KeptText) -> list[tuple[int, ...]]:
    ends = kept.unit_ends
    return [tuple(kept.tokens[a:b]) for a, b in itertools.pairwise(ends) if b > a]


def epoch_units(stream: TextStream, epoch: int) -> list[tuple[int, ...]]:
    return [unit for kept, _ in stream.pools(epoch) for unit in units_of(kept)]


@pytest.mark.parametrize("sizes", [[3], [1, 2, 3, 4], [5] * 40, [1, 500, 1, 1]])
def test_every_unit_comes_once_and_whole(tmp_path, sizes, monkeypatch):
    monkeypatch.setattr(stream_module, "POOL_TOKENS", 64)
    monkeypatch.setattr(Corpus.slice_offsets, "__defaults__", (16,))
    corpus = write(tmp_path, sizes)
    keep = np.ones(2 + sum(sizes), np.float32)
    units = epoch_units(TextStream(corpus, keep, 1), 0)
    starts = np.cumsum([0, *sizes])
    whole = [tuple(range(2 + a, 2 + b)) for a, b in itertools.pairwise(starts)]
    assert sorted(units) == sorted(whole)


def test_a_unit_over_the_limit_is_cut_and_loses_no_token(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus_module, "LONGEST_UNIT", 100)
    corpus = write(tmp_path, [10, 250, 10])
    units = epoch_units(TextStream(corpus, np.ones(300, np.float32), 1), 0)
    assert sorted(len(unit) for unit in units)[-1] <= 100
    assert sorted(token for unit in units for token in unit) == list(range(2, 272))


def test_epochs_and_seeds_differ_and_repeat(tmp_path, monkeypatch):
    monkeypatch.setattr(Corpus.slice_offsets, "__defaults__", (16,))
    corpus = write(tmp_path, [5] * 40)
    keep = np.full(300, 0.5, np.float32)
    first = epoch_units(TextStream(corpus, keep, 1), 0)
    assert first == epoch_units(TextStream(corpus, keep, 1), 0)
    assert first != epoch_units(TextStream(corpus, keep, 1), 1)
    assert first != epoch_units(TextStream(corpus, keep, 2), 0)


def test_subsampling_keeps_its_share(tmp_path):
    corpus = write(tmp_path, [100] * 300)
    keep = np.full(30_002, 0.3, np.float32)
    kept = sum(len(unit) for unit in epoch_units(TextStream(corpus, keep, 1), 0))
    assert abs(kept / 30_000 - 0.3) < 0.02  # 7 standard deviations


def test_window_extents_stop_at_units_and_at_the_window():
    kept = KeptText(np.arange(7, dtype=np.int32), np.array([0, 4, 4, 5, 7]))
    left, right = kept.window_extents(2)
    assert left.tolist() == [0, 1, 2, 2, 0, 0, 1]
    assert right.tolist() == [2, 2, 1, 0, 0, 1, 0]


def test_files_that_do_not_belong_together(tmp_path):
    np.save(tmp_path / "ids.npy", np.arange(5, dtype=np.int32))
    np.save(tmp_path / "ends.npy", np.array([0, 4]))
    nothing = Vocabulary((), np.zeros(0, np.int64))
    with pytest.raises(W2VError, match="do not belong together"):
        Corpus(tmp_path / "ids.npy", tmp_path / "ends.npy", nothing)


def items(pass_number: int):
    """Passes of 7, 8, 9, ... items in parts of up to 3; an item is (pass, place in it)."""
    places = np.arange(7 + pass_number)
    for part in np.split(places, range(3, len(places), 3)):
        yield np.full(len(part), pass_number), part


def sizes(batch: int) -> int:
    return 4 + batch % 2


START = Position()


def first(number: int, start: Position = START):
    return list(itertools.islice(endless_batches(items, sizes, start), number))


def test_endless_batches_lose_nothing_and_know_where_they_are():
    found = [
        pair
        for batch, _, _ in first(12)
        for pair in zip(*(array.tolist() for array in batch), strict=True)
    ]
    wanted = [(p, i) for p in range(7) for i in range(7 + p)]
    assert found == wanted[: len(found)]
    for number, (batch, at, after) in enumerate(first(12)):
        assert len(batch[0]) == sizes(number)
        assert (at.batch, after.batch) == (number, number + 1)
        # the item after the batch is the one at the position, or the first of the next pass
        index = wanted.index((batch[0][-1], batch[1][-1])) + 1
        end_of_pass = after.offset == 7 + after.pass_number
        assert wanted[index] == (
            (after.pass_number + 1, 0) if end_of_pass else (after.pass_number, after.offset)
        )


@pytest.mark.parametrize("skip", range(1, 11))
def test_a_stream_entered_anywhere_goes_on_as_if_it_had_run_from_the_start(skip):
    whole = first(14)
    rest = first(14 - skip, whole[skip - 1][2])
    for (arrays, *positions), (again, *entered) in zip(whole[skip:], rest, strict=True):
        assert positions == entered
        np.testing.assert_array_equal(arrays, again)


def test_passes_without_an_item_end_with_an_error():
    def empty(pass_number):
        yield (np.zeros(0, np.int32),)

    with pytest.raises(W2VError, match="Subsampling leaves nothing"):
        next(endless_batches(empty, lambda _: 1, Position()))
