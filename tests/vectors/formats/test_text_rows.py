"""The two ways through a block of text lines agree, and the fast one is really taken."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats import text_rows

HERE = Path("v.txt")


@pytest.mark.parametrize("end", [b"\n", b" \n", b"\r\n", b" \r\n"])
def test_regular_lines_go_the_fast_way(end: bytes) -> None:
    text = b"the 1 -2.5e-3" + end + b"na\xc3\xafve .5 +7" + end
    fast = text_rows._fast(text, 2)
    assert fast is not None
    slow = text_rows._slow(text, HERE, 2, 1)
    assert fast[0] == slow[0] == [b"the", b"na\xc3\xafve"]
    np.testing.assert_array_equal(fast[1], slow[1])
    np.testing.assert_array_equal(fast[1], np.float32([[1, -0.0025], [0.5, 7]]))


@given(st.text('ab 1.\r-"', max_size=40), st.integers(1, 3))
def test_what_the_fast_way_takes_the_slow_way_takes_alike(text: str, dim: int) -> None:
    data = text.replace("  ", "\n").encode() + b"\n"
    fast = text_rows._fast(data, dim)
    if fast is not None:
        slow = text_rows._slow(data, HERE, dim, 1)
        assert fast[0] == slow[0]
        np.testing.assert_array_equal(fast[1], slow[1])


def test_a_lone_carriage_return_ends_no_row() -> None:
    assert text_rows._fast(b"x 0\na 1\rb 2\n", 1) is None
    assert text_rows._slow(b"a 1\rb 2\n", HERE, 1, 1)[0] == [b"a 1\rb"]


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_blocks_of_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chunk: int) -> None:
    monkeypatch.setattr(text_rows, "CHUNK", chunk)
    (tmp_path / "v").write_bytes(b"aa 1\nb 22\n\nc 3")
    with (tmp_path / "v").open("rb") as file:
        found = list(text_rows.blocks_of_lines(file, HERE))
    assert b"".join(found) == b"aa 1\nb 22\n\nc 3\n"
    assert all(block.endswith(b"\n") for block in found)
    assert text_rows.count_lines(tmp_path / "v") == 4


def test_line_numbers_go_on_from_block_to_block(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(text_rows, "CHUNK", 10)
    (tmp_path / "v").write_bytes(b"a 1\n" * 50 + b"b x\n")
    with (
        (tmp_path / "v").open("rb") as file,
        pytest.raises(W2VError, match="line 51: 'x' is not a number"),
    ):
        list(text_rows.read_rows(file, HERE, 1, line=1))


def test_a_line_without_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(text_rows, "LONGEST_LINE", 100)
    monkeypatch.setattr(text_rows, "CHUNK", 50)
    (tmp_path / "v").write_bytes(b"x" * 200)
    with (tmp_path / "v").open("rb") as file, pytest.raises(W2VError, match="more than 100 bytes"):
        list(text_rows.read_rows(file, HERE, 1, line=1))
