"""`w2v convert` as a user meets it, and that a large file passes through in little memory."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from commands import exit_code
from run_fixture import write_run

from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.formats import registry, stream, word2vec


@pytest.fixture
def glove(tmp_path: Path) -> Path:
    path = tmp_path / "glove.6B.2d"
    path.write_text("the 3 4\nof 0 2\nking 1 1\n")
    return path


def test_endings_choose_the_format(
    glove: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("convert", glove, tmp_path / "v.txt.gz") == 0
    out = capsys.readouterr().out
    assert out == (
        f"3 vectors of 2 numbers: {glove} (glove) -> {tmp_path / 'v.txt.gz'} (word2vec-text)\n"
    )
    assert Embeddings.load(tmp_path / "v.txt.gz").tokens == ("the", "of", "king")


def test_top_normalize_and_json(
    glove: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code = exit_code(
        "convert", glove, out, "--to", "word2vec-text", "--top", 2, "--normalize", "--json"
    )
    assert code == 0
    assert json.loads(capsys.readouterr().out) == {
        "from": "glove",
        "to": "word2vec-text",
        "output": str(out),
        "rows": 2,
        "dim": 2,
        "counts_lost": False,
    }
    assert out.read_text() == "2 2\nthe 0.6 0.8\nof 0 1\n"


def test_a_run_and_lost_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", ["a", "b"], np.float32([[1, 2], [3, 4]]), counts=[5, 2])
    assert exit_code("convert", run, tmp_path / "v.bin") == 0
    assert "no place for counts" in capsys.readouterr().err
    assert exit_code("convert", run, tmp_path / "v.parquet") == 0
    assert "no place for counts" not in capsys.readouterr().err
    counts = Embeddings.load(tmp_path / "v.parquet").counts
    assert counts is not None
    assert counts.tolist() == [5, 2]


@pytest.mark.parametrize("to", [name for name, f in registry.FORMATS.items() if not f.ngrams])
@pytest.mark.parametrize("source", [name for name, f in registry.FORMATS.items() if not f.ngrams])
def test_between_any_two(tmp_path: Path, source: str, to: str) -> None:
    table = Embeddings(["x", "日本", "007"], np.float32([[1, 2], [0.1, 5e-7], [-3, 0]]))
    table.save(tmp_path / "in", source)
    assert (
        exit_code("convert", tmp_path / "in", tmp_path / "out", "--from", source, "--to", to) == 0
    )
    back = Embeddings.load(tmp_path / "out", to)
    assert back.tokens == table.tokens
    np.testing.assert_array_equal(back.vectors, table.vectors)


def test_a_file_can_be_converted_onto_itself(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("a 3 4\n")
    assert exit_code("convert", tmp_path / "v.txt", tmp_path / "v.txt", "--normalize") == 0
    assert (tmp_path / "v.txt").read_text() == "1 2\na 0.6 0.8\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["nowhere.txt", "o.txt"], "No such file"),
        (["IN", "o"], "stands for no format"),
        (["IN", "o", "--to", "elephant"], "'elephant' is not known"),
        (["IN", "o", "--to", "fasttext-bin"], "holds n-grams, and the source has none"),
        (["IN", "o.txt", "--from", "floret"], "'floret' cannot be read"),
        (["IN", "o.txt", "--from", "elephant"], "'elephant' is not known"),
        (["IN", "o.txt", "--top", "0"], "--top is 0"),
        (["IN", "o.npz.gz"], "npz is not written gzipped"),
        (["IN", "IN/o.txt"], "a file, not a folder"),
        (["BAD", "o.txt"], "line 2: no numbers"),
        (["IN", ".", "--to", "npy"], "holds other files"),
        (["IN", ".", "--to", "glove"], "is a folder, but glove is a file"),
        (["IN", "IN", "--to", "npy"], "is a file, but npy is a folder"),
    ],
)
def test_failures_leave_nothing_behind(
    glove: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    error: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    glove.rename("IN")
    Path("BAD").write_text("a 1 2\nb\n")
    assert exit_code("convert", *arguments) == 1
    shown = capsys.readouterr()
    assert error in shown.err
    assert shown.err.startswith("Error: ")
    assert shown.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["BAD", "IN"]


def test_a_failure_half_way_keeps_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("2 1\na 1\na 2\n")
    (tmp_path / "out.txt").write_text("precious")
    assert exit_code("convert", tmp_path / "in", tmp_path / "out.txt") == 1
    assert (tmp_path / "out.txt").read_text() == "precious"


def test_an_old_file_is_replaced_and_not_written_over(tmp_path: Path) -> None:
    """Whoever has the old file open, or a second name for it, keeps its content."""
    (tmp_path / "in").write_text("1 1\na 2\n")
    (tmp_path / "out.txt").write_text("precious")
    (tmp_path / "second-name").hardlink_to(tmp_path / "out.txt")
    assert exit_code("convert", tmp_path / "in", tmp_path / "out.txt") == 0
    assert (tmp_path / "second-name").read_text() == "precious"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Four times the rows, 96 MB more of vectors: what grows is the set of tokens."""

    def peak(rows: int, dim: int = 200) -> int:
        def blocks() -> Iterator[stream.Block]:
            for start in range(0, rows, 5000):
                names = [f"t{n}" for n in range(start, start + 5000)]
                yield stream.Block(names, np.full((5000, dim), start, np.float32))

        source = tmp_path / f"{rows}.bin"
        word2vec.write_binary(source, stream.VectorStream(rows, dim, blocks()))
        steps = [source, *(tmp_path / f"{rows}.{e}" for e in ("npz", "parquet", "txt", "vec"))]
        code = "import resource\nfrom w2vtrain.vectors.export import convert\n" + "".join(
            f"convert({str(a)!r}, {str(b)!r})\n" for a, b in itertools.pairwise(steps)
        )
        code += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        return int(shown.stdout) * 1024

    small = peak(40_000)
    assert peak(160_000) - small < 60e6
