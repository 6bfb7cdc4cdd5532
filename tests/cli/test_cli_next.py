"""What a command names as the next useful one."""

import shlex

import numpy as np
import pytest
from commands import w2v
from run_fixture import write_run

WORDS = ["king", "queen", "man", "woman", "rain"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "run", WORDS, np.random.default_rng(0).normal(size=(5, 3)))


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("plot map run --method pca --clusters 0 -o map.svg", "w2v report run"),
        ("plot similarity run king queen -o s.svg", None),  # explain needs the text
        ("plot analogy run king:queen man:woman -o a.svg", "w2v analogy run king queen man"),
        ("vector run rain king", "w2v neighbors run rain"),
        ("convert run 'the vectors.txt'", "w2v projector 'the vectors.txt'"),
        ("export run", "w2v projector run"),
        ("export run --format npy", None),
        ("projector run --no-serve --no-layout --clusters 0", "w2v projector run"),
    ],
)
def test_the_last_line_names_the_next_command(run, capsys, command, named):
    code, _, err = w2v(capsys, *shlex.split(command))
    assert code == 0, err
    last = err.splitlines()[-1] if err else ""
    assert last == f"Next: {named}" if named else "Next:" not in err
    code, out, _ = w2v(capsys, *shlex.split(command), "--json")
    assert code == 0
    assert "Next:" not in out


@pytest.mark.parametrize("command", ["analogy run king queen man", "neighbors run rain"])
def test_named_questions_are_answered(run, capsys, command):
    assert w2v(capsys, *command.split())[0] == 0
