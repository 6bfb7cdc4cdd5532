"""Blocks on their way: the guard sees across blocks, and cuts and scales act on each row once."""

from collections.abc import Iterator

import numpy as np
import pytest

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats import stream
from w2vtrain.vectors.formats.stream import Block, VectorStream


def table(*blocks: str, rows: int | None = None, counts: bool = False) -> VectorStream:
    """Returns a stream with a block for each text, a row for each letter, numbered from 1."""

    def generate() -> Iterator[Block]:
        row = 0
        for text in blocks:
            numbers = np.arange(row + 1, row + 1 + len(text))
            yield Block(
                list(text), np.float32([[n, 0] for n in numbers]), numbers if counts else None
            )
            row += len(text)

    total = sum(map(len, blocks)) if rows is None else rows
    return VectorStream(total, 2, generate(), counts)


@pytest.mark.parametrize(("blocks", "row"), [(("ab", "ca"), 4), (("aba",), 3), (("ab", "cdd"), 5)])
def test_a_token_twice_is_seen_in_and_across_blocks(blocks: tuple[str, ...], row: int) -> None:
    with pytest.raises(W2VError, match=f"v, row {row}: token '[ad]' has two rows"):
        stream.collect(stream.checked(table(*blocks), "v"))


@pytest.mark.parametrize("rows", [2, 4])
def test_rows_announced_and_rows_found(rows: int) -> None:
    with pytest.raises(W2VError, match=f"ends after 3 rows; {rows} were announced"):
        stream.collect(stream.checked(table("ab", "c", rows=rows), "v"))


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_first_cuts_inside_and_between_blocks(rows: int) -> None:
    cut = stream.first(table("ab", "cd", "e", counts=True), rows)
    tokens, vectors, counts = stream.collect(stream.checked(cut, "v"))
    assert tokens == list("abcde")[:rows]
    assert vectors[:, 0].tolist() == [1, 2, 3, 4, 5][:rows]
    assert counts is not None
    assert counts.tolist() == [1, 2, 3, 4, 5][:rows]
    assert cut.rows == rows


def test_first_of_more_than_there_are() -> None:
    assert stream.first(table("ab"), 10).rows == 2


def test_normalized() -> None:
    vectors = np.float32([[3, 4], [0, 0], [1e-30, 0], [3e38, 3e38]])
    scaled = stream.collect(stream.normalized(stream.of_matrix(list("abcd"), vectors)))[1]
    half = 0.5**0.5
    np.testing.assert_allclose(scaled, [[0.6, 0.8], [0, 0], [1, 0], [half, half]], rtol=1e-6)


def test_blocks_of_a_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BLOCK_BYTES", 3 * 4 * 2)  # three rows of two numbers
    vectors = np.arange(14, dtype=np.float32).reshape(7, 2)
    found = list(stream.of_matrix(list("abcdefg"), vectors, np.arange(7)).blocks)
    assert ["".join(block.tokens) for block in found] == ["abc", "def", "g"]
    np.testing.assert_array_equal(np.concatenate([block.vectors for block in found]), vectors)
