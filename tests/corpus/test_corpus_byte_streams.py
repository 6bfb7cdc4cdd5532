import bz2
import contextlib
import gzip
import hashlib
import lzma

import pytest

from w2vtrain.corpus import byte_streams
from w2vtrain.corpus.byte_streams import InputFacts, open_input
from w2vtrain.errors import W2VError

TEXT = b"some words\n" * 1000
PACKED = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def read(path):
    facts = InputFacts(str(path))
    parts = []
    with open_input(facts) as stream:
        while data := stream.read(500):
            parts.append(data)
    return b"".join(parts), facts


@pytest.mark.parametrize("kind", PACKED)
def test_compressed_text_is_read_by_content_and_hashed_as_it_lies(tmp_path, kind):
    for name in (f"a.txt.{kind}", "a.txt"):
        data = PACKED[kind](TEXT)
        (tmp_path / name).write_bytes(data)
        text, facts = read(tmp_path / name)
        assert text == TEXT
        assert facts.size == len(data)
        assert facts.sha256 == hashlib.sha256(data).hexdigest()


def test_gzip_of_several_members(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"one ") + gzip.compress(b"two"))
    assert read(tmp_path / "a.gz")[0] == b"one two"


@pytest.mark.parametrize("kind", PACKED)
def test_cut_or_damaged_data_names_the_file(tmp_path, kind):
    data = PACKED[kind](bytes(range(256)) * 100)
    (tmp_path / "cut").write_bytes(data[: len(data) // 2])
    with pytest.raises(
        W2VError, match=r"cut.*(damaged or cut short|Cannot read)|Cannot read .*cut"
    ):
        read(tmp_path / "cut")
    broken = bytearray(data)
    broken[len(data) // 2] ^= 0xFF
    broken[len(data) // 2 + 1] ^= 0xFF
    (tmp_path / "broken").write_bytes(broken)
    with pytest.raises(W2VError, match="broken"):
        read(tmp_path / "broken")


def test_a_name_that_promises_another_compression(tmp_path):
    (tmp_path / "a.gz").write_bytes(b"plain text")
    with pytest.raises(W2VError, match="is not gz data"):
        read(tmp_path / "a.gz")


def test_reading_only_the_start_still_hashes_the_whole_file(tmp_path):
    data = gzip.compress(TEXT)
    (tmp_path / "a.gz").write_bytes(data)
    facts = InputFacts(str(tmp_path / "a.gz"))
    with open_input(facts) as stream:
        stream.read(10)
    assert facts.sha256 == hashlib.sha256(data).hexdigest()


def test_bomb_is_refused_by_size_and_ratio(tmp_path, monkeypatch):
    monkeypatch.setattr(byte_streams, "BOMB_BYTES", 10_000_000)
    monkeypatch.setattr(byte_streams, "_BUFFER", 1000)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"\n" * 11_000_000))
    with pytest.raises(W2VError, match=r"bomb.gz grows more than 200 times"):
        read(tmp_path / "bomb.gz")
    (tmp_path / "small.gz").write_bytes(gzip.compress(b"\n" * 9_000_000))
    assert len(read(tmp_path / "small.gz")[0]) == 9_000_000


def test_file_that_changes_while_it_is_read(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT)
    with contextlib.ExitStack() as opened:
        opened.enter_context(open_input(InputFacts(str(path)))).read(100)
        with path.open("ab") as file:
            file.write(b"more")
        with pytest.raises(W2VError, match=r"a.txt changed while it was read"):
            opened.close()


def test_missing_file(tmp_path):
    with pytest.raises(W2VError, match=r"Cannot read .*nothing: No such file"):
        read(tmp_path / "nothing")
