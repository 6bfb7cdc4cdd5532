import gzip
import random
import struct
import zipfile

import pytest

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus import sources
from w2vtrain.corpus.documents import Block, packed, read_input, read_inputs
from w2vtrain.corpus.sources import Read
from w2vtrain.corpus.text import Piece
from w2vtrain.errors import W2VError


def read(path, **settings):
    """The pieces of text, and what was read when the input ended."""
    config = PrepareConfig(**settings)
    pieces = list(read_input(str(path), config, config.max_rows))
    texts = [piece.text for piece in pieces if piece.text is not None]
    return texts, pieces[-1].read


def make_zip(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_zip_reads_text_members_in_name_order_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    members = {
        "b.txt": "b\n",
        "../../a.txt": "escaped\n",
        "/etc/passwd": "absolute\n",
        "c.csv": "text,n\nfrom a table,1\n",
        "d.txt.gz": gzip.compress(b"packed twice\n"),
        "picture.png": b"\x89PNG\0\0",
        "__MACOSX/._b.txt": b"\0\0",
        "dir/.hidden": "hidden",
    }
    path = make_zip(tmp_path / "a.zip", **members)
    texts, read_ = read(path, text_column="text")
    assert texts == ["escaped", "absolute", "b", "from a table", "packed twice"]
    assert read_.bytes == path.stat().st_size
    assert list(tmp_path.iterdir()) == [path]


def test_zip_without_text(tmp_path):
    with pytest.raises(W2VError, match="No text in"):
        read(make_zip(tmp_path / "a.zip", x=b"\0"))


def test_damaged_zip(tmp_path):
    noise = random.Random(0).randbytes(3000).hex()
    path = make_zip(tmp_path / "a.zip", **{"a.txt": noise})
    data = bytearray(path.read_bytes())
    path.write_bytes(data[:-30])
    with pytest.raises(W2VError, match="is damaged"):
        read(path)
    for place in (40, 200, 1500, 2500):  # in the packed text; the header before it is 35 bytes long
        broken = bytearray(data)
        broken[place] ^= 0xFF
        path.write_bytes(broken)
        with pytest.raises(W2VError, match=r"a.zip: a.txt is damaged"):
            read(path)


def test_encrypted_zip(tmp_path):
    path = make_zip(tmp_path / "a.zip", **{"a.txt": "secret"})
    data = path.read_bytes()
    entry = data.index(b"PK\x01\x02")
    flags = struct.pack("<H", 1)  # the bit that says encrypted, in the central directory
    path.write_bytes(data[: entry + 8] + flags + data[entry + 10 :])
    with pytest.raises(W2VError, match=r"a.txt is encrypted"):
        read(path)


def test_zip_bomb_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BOMB_BYTES", 1_000_000)
    bomb = make_zip(tmp_path / "a.zip", **{"a.txt": b" " * 600_000, "b.txt": b" " * 600_000})
    with pytest.raises(W2VError, match="grows more than 200 times"):
        read(bomb)


def test_nested_bomb_is_refused_while_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BOMB_BYTES", 10_000_000)
    monkeypatch.setattr(sources, "_BUFFER", 1000)
    inner = gzip.compress(b"\n" * 11_000_000)
    with pytest.raises(W2VError, match="grows more than 200 times"):
        read(make_zip(tmp_path / "a.zip", **{"a.txt.gz": inner}))


@pytest.mark.parametrize(
    ("boundary", "texts"),
    [
        ("line", "a\nb\n\nc\nd"),
        ("paragraph", "a b\nc\nd"),
        ("file", "a b  c\nd"),
    ],
)
def test_a_row_is_a_text_of_its_own(tmp_path, boundary, texts):
    (tmp_path / "t.csv").write_bytes(b'text,n\r\n"a\r\nb\r\n\r\nc",1\r\n,2\r\nd,3\r\n')
    found, read_ = read(tmp_path / "t.csv", text_column="text", boundary=boundary)
    assert found == [texts]
    assert (read_.lines, read_.missing) == (3, 1)


def test_max_rows_counts_rows_of_tables_with_those_that_are_missing(tmp_path):
    (tmp_path / "t.csv").write_text("text,n\na,1\n,2\nb,3\nc,4\n")
    found, read_ = read(tmp_path / "t.csv", text_column="text", max_rows=3)
    assert found == ["a\nb"]
    assert (read_.lines, read_.missing) == (3, 1)


@pytest.mark.parametrize("rows", range(1, 6))
def test_max_rows_counts_lines_of_text_over_all_inputs(tmp_path, rows):
    (tmp_path / "a.txt").write_text("1\n2\n3")
    (tmp_path / "b.txt").write_text("4\n5\n6")
    names = [str(tmp_path / name) for name in ("a.txt", "b.txt")]
    pieces = list(read_inputs(names, PrepareConfig(max_rows=rows)))
    found = [piece.text for _, piece in pieces if piece.text is not None]
    assert "\n".join(found).split("\n") == list("123456")[:rows]
    last = dict(pieces).values()  # the last piece of each input
    assert [piece.read.lines for piece in last] == [min(rows, 3), max(rows - 3, 0)]
    assert all(piece.read.sha256 for piece in last)


def test_small_pieces_share_a_block_and_an_open_unit_ends_one():
    texts = [(0, "a b", True), (1, "c\nd", True), (1, None, True), (2, "e", False), (2, "f", True)]
    pieces = [(source, Piece(text, ends, Read())) for source, text, ends in texts]
    assert list(packed(pieces)) == [
        Block("a b\nc\nd\ne", False, ((0, 1), (1, 2), (2, 1))),
        Block("f", True, ((2, 1),)),
    ]
    assert [block.text for block in packed(pieces, size=3)] == ["a b", "c\nd", "e", "f"]
