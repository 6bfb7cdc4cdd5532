import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vtrain.corpus.encoding import TokenSpool


def encode(folder, frames, final_ids, keep_oov):
    spool = TokenSpool(folder)
    for units, ends in frames:
        ids = np.array([token for unit in units for token in unit], dtype=np.int32)
        spool.append(ids, np.array([len(unit) for unit in units], dtype=np.int64), ends)
    table = np.array(final_ids, dtype=np.int32)
    encoded = spool.encode(table, keep_oov, folder / "ids.npy", folder / "ends.npy")
    spool.close()
    ids, ends = np.load(folder / "ids.npy"), np.load(folder / "ends.npy")
    assert (encoded.tokens, encoded.units) == (len(ids), len(ends) - 1)
    assert (ids.dtype, ends.dtype) == (np.int32, np.int64)
    assert sorted(path.name for path in folder.iterdir()) == ["ends.npy", "ids.npy"]
    return [ids[a:b].tolist() for a, b in itertools.pairwise(ends)]


FRAMES = [([[1, 2], [], [3]], False), ([[1, 3]], False), ([[], [2, 2], [3]], True)]


def test_words_left_out_are_dropped_and_units_joined_over_frames(tmp_path):
    # Provisional 3 is left out: the unit that starts with [3] in the first frame keeps only 1.
    assert encode(tmp_path, FRAMES, [1, 5, 7, 1], False) == [[5, 7], [5], [7, 7]]


def test_keep_oov_writes_one(tmp_path):
    assert encode(tmp_path, FRAMES, [1, 5, 7, 1], True) == [[5, 7], [1, 5, 1], [7, 7], [1]]


def test_an_open_last_unit_is_closed(tmp_path):
    assert encode(tmp_path, [([[1], [2]], False)], [1, 2, 3], False) == [[2], [3]]


def test_files_are_memory_mappable(tmp_path):
    encode(tmp_path, FRAMES, [1, 5, 7, 1], False)
    mapped = np.load(tmp_path / "ids.npy", mmap_mode="r")
    assert mapped.tolist() == [5, 7, 5, 7, 7]


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.lists(st.lists(st.integers(0, 4), max_size=4), min_size=1, max_size=4),
            st.booleans(),
        ),
        max_size=6,
    ),
    st.booleans(),
)
def test_equals_the_plain_way(tmp_path_factory, frames, keep_oov):
    final_ids = [1, 2, 3, 1, 4]
    units, is_open = [], False
    for frame, ends in frames:
        for place, unit in enumerate(frame):
            kept = [final_ids[t] for t in unit if keep_oov or final_ids[t] != 1]
            if place == 0 and is_open:
                units[-1] += kept
            else:
                units.append(kept)
        is_open = not ends
    folder = tmp_path_factory.mktemp("spool")
    assert encode(folder, frames, final_ids, keep_oov) == [unit for unit in units if unit]
