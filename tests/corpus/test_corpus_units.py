import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vtrain.corpus import units
from w2vtrain.corpus.units import Block, Piece, as_units, packed, text_units
from w2vtrain.errors import W2VError


def unit_words(pieces):
    """Puts pieces together again: the words of each unit, units without words left out."""
    found, open_unit = [], []
    for piece in pieces:
        lines = [line.split() for line in piece.text.split("\n")]
        lines[0] = open_unit + lines[0]
        open_unit = [] if piece.ends else lines.pop()
        found += lines
    assert not open_unit
    return [unit for unit in found if unit]


def read(text, boundary, size=None):
    size = size or max(len(text), 1)
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    return unit_words(text_units(chunks, boundary, 0, "file"))


TEXT = "One two\nthree.\n\n  \nFour\n five\n"


def test_lines():
    assert read(TEXT, "line") == [["One", "two"], ["three."], ["Four"], ["five"]]


def test_paragraphs_join_lines_up_to_a_blank_line():
    assert read(TEXT, "paragraph") == [["One", "two", "three."], ["Four", "five"]]


def test_file_is_one_unit():
    assert read(TEXT, "file") == [["One", "two", "three.", "Four", "five"]]


@settings(max_examples=500)
@given(
    st.text("ab \n\t\u00a0\x85", max_size=60),
    st.sampled_from(["line", "paragraph", "file"]),
    st.integers(1, 9),
)
def test_pieces_do_not_depend_on_how_the_text_is_chunked(text, boundary, size):
    whole = [unit.split() for unit in as_units(text, boundary).split("\n")]
    assert read(text, boundary, size) == [unit for unit in whole if unit]


def test_a_line_longer_than_its_chunks_stays_one_unit_in_bounded_pieces():
    chunks = ["word " * 1000] * 50
    pieces = list(text_units(chunks, "line", 0, "file"))
    assert max(len(piece.text) for piece in pieces) < 6000
    assert unit_words(pieces) == [["word"] * 50_000]


def test_many_blank_lines_are_not_held():
    for boundary in ("line", "paragraph", "file"):
        chunks = ["\n" * 1000] * 100
        pieces = list(text_units([*chunks, "end"], boundary, 0, "file"))
        assert max(len(piece.text) for piece in pieces) <= 1000
        assert unit_words(pieces) == [["end"]]


def test_a_stretch_without_white_space_is_held_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(units, "LONGEST_STRETCH", 100)
    assert unit_words(text_units(["x" * 30] * 3, "line", 0, "f")) == [["x" * 90]]
    with pytest.raises(W2VError, match=r"book.txt has 120 characters without white space"):
        list(text_units(["x" * 30] * 4, "line", 0, "book.txt"))


def test_small_pieces_share_a_block_and_an_open_unit_ends_one():
    pieces = [Piece("a b", True, 0), Piece("c\nd", True, 1), Piece("e", False, 2)]
    pieces += [Piece("f", True, 2)]
    assert list(packed(pieces)) == [
        Block("a b\nc\nd\ne", False, ((0, 1), (1, 2), (2, 1))),
        Block("f", True, ((2, 1),)),
    ]
    assert [block.text for block in packed(pieces, size=3)] == ["a b", "c\nd", "e", "f"]
