import pytest

from w2vtrain.corpus.sources import find_sources
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
