"""`w2v export` as a user meets it."""

import json
from pathlib import Path

import numpy as np
import pytest
from commands import exit_code
from run_fixture import write_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", ["b", "a"], np.float32([[1, 2], [3, 4]]))


def test_says_what_was_written_and_how_to_open_it(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("export", run) == 0
    out, err = capsys.readouterr()
    assert str(run / "export/projector/vectors.tsv") in out
    assert "projector.tensorflow.org" in err
    assert f"tensorboard --logdir {run / 'export/projector'}" in err


def test_json(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = exit_code(
        "export", run, "--format", "word2vec-text", "-o", tmp_path / "x", "--top", 1, "--json"
    )
    assert code == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == {
        "format": "word2vec-text",
        "folder": str(tmp_path / "x"),
        "files": [str(tmp_path / "x" / "vectors.txt")],
        "rows": 1,
        "dim": 2,
    }
    assert (tmp_path / "x" / "vectors.txt").read_text() == "1 2\nb 1 2\n"


def test_settings_from_a_file(run: Path, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[export]\nformat = "npy"\nnormalize = true\n')
    assert exit_code("export", run, "--config", tmp_path / "c.toml", "--no-normalize") == 0
    np.testing.assert_array_equal(np.load(run / "export/npy/vectors.npy"), [[1, 2], [3, 4]])


def test_failures(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("export", tmp_path / "nowhere") == 1
    assert "Hint: Run `w2v train" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()
    assert exit_code("export", run, "--top", 0) == 1
    assert "--top is 0" in capsys.readouterr().err
    assert exit_code("export", run, "--format", "elephant") in (1, 2)
