import bz2
import contextlib
import gzip
import hashlib
import lzma

import pytest

from w2vtrain.corpus import sources
from w2vtrain.corpus.sources import InputFile, find_sources
from w2vtrain.errors import W2VError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.txt", "a.txt", "sub/deep/c.md", "sub/table.csv", ".hidden/x.txt", "sub/.y.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    (tmp_path / "sub/picture.png").write_bytes(b"\x89PNG\0\0")
    return tmp_path


def test_directory_is_searched_in_name_order(folder):
    found = find_sources(["."])
    assert found.names == ("a.txt", "b.txt", "sub/table.csv", "sub/deep/c.md")
    assert found.passed_over == ("sub/picture.png",)


def test_globs(folder):
    assert find_sources(["*.txt"]).names == ("a.txt", "b.txt")
    assert find_sources(["**/*.md"]).names == ("sub/deep/c.md",)
    assert find_sources([str(folder / "a*")]).names == (str(folder / "a.txt"),)


def test_what_several_inputs_name_is_read_once_in_the_order_given(folder):
    (folder / "link.txt").symlink_to("a.txt")
    assert find_sources(["b.txt", "link.txt", "*.txt", "-"]).names == ("b.txt", "link.txt", "-")


def test_a_file_with_magic_characters_in_its_name(folder):
    (folder / "x[1].txt").write_text("text")
    assert find_sources(["x[1].txt"]).names == ("x[1].txt",)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "No input"),
        (["nothing.txt"], "No such file: nothing.txt"),
        (["*.foo"], r"No file matches \*.foo"),
        (["empty"], "No text in empty"),
        ([""], "Not a path"),
        (["a\0b"], "Not a path"),
    ],
)
def test_nothing_to_read(folder, inputs, message):
    (folder / "empty").mkdir()
    with pytest.raises(W2VError, match=message):
        find_sources(inputs)


TEXT = b"some words\n" * 1000
PACKED = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def read(path):
    parts = []
    with InputFile(str(path)) as file:
        for stream in file.streams():
            while data := stream.read(500):
                parts.append(data)
        size, sha256 = file.finish()
    return b"".join(parts), size, sha256


@pytest.mark.parametrize("kind", PACKED)
def test_compressed_text_is_read_by_content_and_hashed_as_it_lies(tmp_path, kind):
    for name in (f"a.txt.{kind}", "a.txt"):
        data = PACKED[kind](TEXT)
        (tmp_path / name).write_bytes(data)
        expected = TEXT, len(data), hashlib.sha256(data).hexdigest()
        assert read(tmp_path / name) == expected


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
    with InputFile(str(tmp_path / "a.gz")) as file:
        next(file.streams()).read(10)
        assert file.finish() == (len(data), hashlib.sha256(data).hexdigest())


def test_bomb_is_refused_by_size_and_ratio(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BOMB_BYTES", 10_000_000)
    monkeypatch.setattr(sources, "_BUFFER", 1000)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"\n" * 11_000_000))
    with pytest.raises(W2VError, match=r"bomb.gz grows more than 200 times"):
        read(tmp_path / "bomb.gz")
    (tmp_path / "small.gz").write_bytes(gzip.compress(b"\n" * 9_000_000))
    assert len(read(tmp_path / "small.gz")[0]) == 9_000_000


def test_file_that_changes_while_it_is_read(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT)
    with contextlib.ExitStack() as opened:
        next(opened.enter_context(InputFile(str(path))).streams()).read(100)
        with path.open("ab") as file:
            file.write(b"more")
        with pytest.raises(W2VError, match=r"a.txt changed while it was read"):
            opened.close()


def test_missing_file(tmp_path):
    with pytest.raises(W2VError, match=r"Cannot read .*nothing: No such file"):
        read(tmp_path / "nothing")
