import io
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vtrain.corpus import text as text_module
from w2vtrain.corpus.sources import ByteStream, Read
from w2vtrain.corpus.text import as_units, decode, text_units
from w2vtrain.errors import W2VError


def decoded(data, encoding="utf-8", errors="strict", chunk=4):
    """The text, and what was read when it ended."""
    stream = ByteStream(io.BytesIO(data), "book.txt", lambda: len(data))
    chunks = list(decode(stream, encoding, errors, chunk))
    return "".join(text for text, _ in chunks), chunks[-1][1] if chunks else Read()


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_line_ends_become_lf_and_are_counted(chunk):
    text, read = decoded(b"a\r\nb\nc\rd", chunk=chunk)
    assert text == "a\nb\nc\nd"
    assert read.lines == 4


@pytest.mark.parametrize(("data", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"\n\n", 2)])
def test_lines(data, lines):
    assert decoded(data)[1].lines == lines


@pytest.mark.parametrize("chunk", [1, 2, 5])
def test_characters_cut_by_a_chunk_are_whole(chunk):
    assert decoded("日本語é😀".encode(), chunk=chunk)[0] == "日本語é😀"


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "utf-16", "utf-32"])
def test_byte_order_mark_is_dropped(encoding):
    data = "\ufeffhé".encode() if encoding.lower().startswith("utf8") else "hé".encode(encoding)
    if encoding == "utf-8":
        data = b"\xef\xbb\xbf" + "hé".encode()
    assert decoded(data, encoding)[0] == "hé"


def test_other_encodings():
    assert decoded("naïve €".encode("cp1252"), "cp1252")[0] == "naïve €"


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_undecodable_bytes_name_file_and_line(chunk):
    with pytest.raises(W2VError, match=r"book.txt, line 3: 0xe9 is not utf-8 text") as raised:
        decoded(b"one\r\ntwo\nth\xe9e\nfour", chunk=chunk)
    assert "--encoding" in raised.value.hint


def test_bytes_missing_at_the_end_are_undecodable():
    with pytest.raises(W2VError, match="line 2: 0xe6 0x97"):
        decoded("a\n日".encode()[:-1])


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_replace_counts_each_place(chunk):
    text, read = decoded(b"a\xffb\xfe\xfd \xef\xbf\xbd", errors="replace", chunk=chunk)
    assert text == "a\ufffdb\ufffd\ufffd \ufffd"
    assert read.replaced == 3


def test_binary_is_named():
    with pytest.raises(W2VError, match=r"looks binary: it holds a NUL byte \(line 2\)"):
        decoded(b"ab\nc\0d")
    with pytest.raises(W2VError, match="looks binary"):
        decoded(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", chunk=100)


def test_utf16_is_recognized():
    with pytest.raises(W2VError, match="is UTF-16, not utf-8") as raised:
        decoded("hello".encode("utf-16"), chunk=100)
    assert "--encoding utf-16" in raised.value.hint


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
    return unit_words(text_units(tagged(chunks), boundary, "file"))


def tagged(chunks):
    """Chunks as `decode` gives them, with the number of characters for that of bytes."""
    lengths = itertools.accumulate(map(len, chunks))
    return [(chunk, Read(length)) for chunk, length in zip(chunks, lengths, strict=True)]


TEXT = "One two\nthree.\n\n  \nFour\n five\n"


def test_lines_are_units():
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
    pieces = list(text_units(tagged(chunks), "line", "file"))
    assert max(len(piece.text) for piece in pieces) < 6000
    assert unit_words(pieces) == [["word"] * 50_000]


def test_many_blank_lines_are_not_held():
    for boundary in ("line", "paragraph", "file"):
        chunks = ["\n" * 1000] * 100
        pieces = list(text_units(tagged([*chunks, "end"]), boundary, "file"))
        assert max(len(piece.text) for piece in pieces) <= 1000
        assert unit_words(pieces) == [["end"]]


def test_a_stretch_without_white_space_is_held_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(text_module, "LONGEST_STRETCH", 100)
    assert unit_words(text_units(tagged(["x" * 30] * 3), "line", "f")) == [["x" * 90]]
    with pytest.raises(W2VError, match=r"book.txt has 120 characters without white space"):
        list(text_units(tagged(["x" * 30] * 4), "line", "book.txt"))
