"""`w2v embed` and `w2v search` as a user meets them."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import exit_code

from w2vtrain.vectors.embeddings import Embeddings


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    table = Embeddings(["a", "b", "c"], np.float32([[2, 0], [0, 4], [1, 1]]), np.array([6, 3, 1]))
    table.save(tmp_path / "v.parquet")
    return tmp_path / "v.parquet"


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    (tmp_path / "t.txt").write_text("a b\n\nc\nb\n")
    return tmp_path / "t.txt"


def test_embed_prints_tsv(vectors: Path, texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("embed", vectors, texts, "--pooling", "mean") == 0
    shown = capsys.readouterr()
    assert shown.out == "a b\t1\t2\n\t0\t0\nc\t1\t1\nb\t0\t4\n"
    assert "whose vectors are zeros: 1." in shown.err


def test_embed_from_standard_input_as_json(
    vectors: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a b\nzzz\n"), "utf-8"))
    assert exit_code("embed", vectors, "--pooling", "mean", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "texts": 2,
        "dim": 2,
        "pooling": "mean",
        "without_words": 1,
        "vectors": [{"text": "a b", "vector": [1, 2]}, {"text": "zzz", "vector": [0, 0]}],
    }


def test_embed_writes_files(
    vectors: Path, texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.npy"
    assert exit_code("embed", vectors, texts, "-o", out, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "texts": 4,
        "dim": 2,
        "pooling": "sif",
        "without_words": 1,
        "output": str(out),
    }
    expected = Embeddings.load(vectors).embed(["a b", "", "c", "b"])
    np.testing.assert_array_equal(np.load(out), expected)


def test_embed_whole_files(
    vectors: Path, texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "u.txt"
    other.write_text("c\nc\n")
    assert exit_code("embed", vectors, texts, other, "--whole-files", "--pooling", "mean") == 0
    # a, b, c, b: (2 + 0 + 1 + 0) / 4, (0 + 4 + 1 + 4) / 4
    assert capsys.readouterr().out == f"{texts}\t0.75\t2.25\n{other}\t1\t1\n"


def test_search(vectors: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "t.csv"
    table.write_text('n,text\n1,"a\nb"\n2,zzz\n3,c\n')
    command = ("search", vectors, table, "--text-column", "text", "--pooling", "mean")
    assert exit_code(*command, "--query", "c a", "-k", 2, "--json") == 0
    # c a is (1.5, 0.5); its cosine with c: 2 / (sqrt 2.5 * sqrt 2), with a b: 2.5 / sqrt 12.5
    assert json.loads(capsys.readouterr().out) == {
        "texts": 3,
        "searchable": 2,
        "pooling": "mean",
        "queries": [
            {
                "query": "c a",
                "matches": [
                    {"row": 3, "cosine": pytest.approx(2 / 5**0.5), "text": "c"},
                    {"row": 1, "cosine": pytest.approx(2.5 / 12.5**0.5), "text": "a\nb"},
                ],
            }
        ],
    }
    assert exit_code(*command, "-q", "b", "-q", "a", "--tsv", "-k", 1) == 0
    assert capsys.readouterr().out == "b\t1\t0.8944\ta b\na\t3\t0.7071\tc\n"
    assert exit_code(*command, "-q", "b", "-k", 1, "--approximate") == 0
    assert capsys.readouterr().out.split() == ["cosine", "row", "text", "0.8944", "1", "a", "b"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["search", "V", "T", "-q", "zzz"], "No word of the query 'zzz'"),
        (["search", "V", "nowhere.txt", "-q", "a"], "Cannot read nowhere.txt"),
        (["search", "V", "T", "-q", "a", "--text-column", "x"], "not a table"),
        (["embed", "V", "T", "-o", "out.doc"], "stands for no form"),
        (["embed", "V", "nowhere.txt"], "No such file"),
        (["embed", "V", "empty.txt"], "no text to embed"),
        (["embed", "V", "empty.txt", "-o", "out.npy"], "no text to embed"),
        (["embed", "PLAIN", "T"], "needs counts"),
    ],
)
def test_failures_leave_nothing_behind(
    vectors: Path,
    texts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    error: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.txt").write_text("")
    Embeddings(["a"], np.ones((1, 2))).save("plain.txt")
    before = sorted(path.name for path in tmp_path.iterdir())
    names = {"V": vectors, "T": texts, "PLAIN": "plain.txt"}
    assert exit_code(*[names.get(argument, argument) for argument in arguments]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert error in shown.err
    assert "Traceback" not in shown.err
    assert sorted(path.name for path in tmp_path.iterdir()) == before
