import gzip
import random
import struct
import zipfile

import pytest

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus import byte_streams
from w2vtrain.corpus.byte_streams import InputFacts
from w2vtrain.corpus.documents import DocumentReader
from w2vtrain.errors import W2VError


def read(path, **settings):
    facts = InputFacts(str(path))
    reader = DocumentReader(PrepareConfig(**settings))
    return [piece.text for piece in reader.pieces(facts, 0)], facts


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
    texts, facts = read(path, text_column="text")
    assert texts == ["escaped", "absolute", "b", "from a table", "packed twice"]
    assert facts.size == path.stat().st_size
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
    monkeypatch.setattr(byte_streams, "BOMB_BYTES", 1_000_000)
    bomb = make_zip(tmp_path / "a.zip", **{"a.txt": b" " * 600_000, "b.txt": b" " * 600_000})
    with pytest.raises(W2VError, match="grows more than 200 times"):
        read(bomb)


def test_nested_bomb_is_refused_while_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(byte_streams, "BOMB_BYTES", 10_000_000)
    monkeypatch.setattr(byte_streams, "_BUFFER", 1000)
    inner = gzip.compress(b"\n" * 11_000_000)
    with pytest.raises(W2VError, match="grows more than 200 times"):
        read(make_zip(tmp_path / "a.zip", **{"a.txt.gz": inner}))


@pytest.mark.parametrize(
    ("boundary", "texts"),
    [
        ("line", ["a\nb\n\nc", "d"]),
        ("paragraph", ["a b\nc", "d"]),
        ("file", ["a b  c", "d"]),
    ],
)
def test_a_row_is_a_text_of_its_own(tmp_path, boundary, texts):
    (tmp_path / "t.csv").write_bytes(b'text,n\r\n"a\r\nb\r\n\r\nc",1\r\n,2\r\nd,3\r\n')
    found, facts = read(tmp_path / "t.csv", text_column="text", boundary=boundary)
    assert found == texts
    assert (facts.lines, facts.missing) == (3, 1)


def test_max_rows_counts_rows_of_tables_with_those_that_are_missing(tmp_path):
    (tmp_path / "t.csv").write_text("text,n\na,1\n,2\nb,3\nc,4\n")
    found, facts = read(tmp_path / "t.csv", text_column="text", max_rows=3)
    assert found == ["a", "b"]
    assert (facts.lines, facts.missing) == (3, 1)


@pytest.mark.parametrize("rows", range(1, 6))
def test_max_rows_counts_lines_of_text_over_all_inputs(tmp_path, rows):
    (tmp_path / "a.txt").write_text("1\n2\n3\n")
    (tmp_path / "b.txt").write_text("4\n5\n6")
    reader = DocumentReader(PrepareConfig(max_rows=rows))
    all_facts = [InputFacts(str(tmp_path / name)) for name in ("a.txt", "b.txt")]
    found = [piece.text for facts in all_facts for piece in reader.pieces(facts, 0)]
    assert "\n".join(found).split("\n") == list("123456")[:rows]
    assert [facts.lines for facts in all_facts] == [min(rows, 3), max(rows - 3, 0)]
    assert all(facts.sha256 for facts in all_facts)
