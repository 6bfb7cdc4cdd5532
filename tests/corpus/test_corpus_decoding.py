import io

import pytest

from w2vtrain.corpus.byte_streams import ByteStream, InputFacts
from w2vtrain.corpus.decoding import decoded
from w2vtrain.errors import W2VError


def decode(data, encoding="utf-8", errors="strict", chunk=4):
    facts = InputFacts("book.txt")
    stream = ByteStream(io.BytesIO(data), facts, "book.txt", compressed=False)
    return "".join(decoded(stream, facts, encoding, errors, chunk)), facts


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_line_ends_become_lf_and_are_counted(chunk):
    text, facts = decode(b"a\r\nb\nc\rd", chunk=chunk)
    assert text == "a\nb\nc\nd"
    assert facts.lines == 4


@pytest.mark.parametrize(("data", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"\n\n", 2)])
def test_lines(data, lines):
    assert decode(data)[1].lines == lines


@pytest.mark.parametrize("chunk", [1, 2, 5])
def test_characters_cut_by_a_chunk_are_whole(chunk):
    assert decode("日本語é😀".encode(), chunk=chunk)[0] == "日本語é😀"


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "utf-16", "utf-32"])
def test_byte_order_mark_is_dropped(encoding):
    data = "\ufeffhé".encode() if encoding.lower().startswith("utf8") else "hé".encode(encoding)
    if encoding == "utf-8":
        data = b"\xef\xbb\xbf" + "hé".encode()
    assert decode(data, encoding)[0] == "hé"


def test_other_encodings():
    assert decode("naïve €".encode("cp1252"), "cp1252")[0] == "naïve €"


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_undecodable_bytes_name_file_and_line(chunk):
    with pytest.raises(W2VError, match=r"book.txt, line 3: 0xe9 is not utf-8 text") as raised:
        decode(b"one\r\ntwo\nth\xe9e\nfour", chunk=chunk)
    assert "--encoding" in raised.value.hint


def test_bytes_missing_at_the_end_are_undecodable():
    with pytest.raises(W2VError, match="line 2: 0xe6 0x97"):
        decode("a\n日".encode()[:-1])


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_replace_counts_each_place(chunk):
    text, facts = decode(b"a\xffb\xfe\xfd \xef\xbf\xbd", errors="replace", chunk=chunk)
    assert text == "a\ufffdb\ufffd\ufffd \ufffd"
    assert facts.replaced == 3


def test_binary_is_named():
    with pytest.raises(W2VError, match=r"looks binary: it holds a NUL byte \(line 2\)"):
        decode(b"ab\nc\0d")
    with pytest.raises(W2VError, match="looks binary"):
        decode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", chunk=100)


def test_utf16_is_recognised():
    with pytest.raises(W2VError, match="is UTF-16, not utf-8") as raised:
        decode("hello".encode("utf-16"), chunk=100)
    assert "--encoding utf-16" in raised.value.hint
