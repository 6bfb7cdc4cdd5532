"""`w2v demo` and the package it comes in."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from w2vtrain.cli import main

ROOT = Path(__file__).parents[2]


def test_a_file_of_the_users_own_is_not_overwritten(tmp_path, capsys):
    mine = tmp_path / "data" / "corpus.txt"
    mine.parent.mkdir()
    mine.write_text("my own text\n")
    with pytest.raises(SystemExit) as ended:
        main(["demo", str(tmp_path)])
    assert ended.value.code == 1
    assert "Hint: Give an empty folder" in capsys.readouterr().err
    assert mine.read_text() == "my own text\n"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [mine]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from the source archive as for a release."""
    pytest.importorskip("build", reason="build is not installed")
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "-o", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_alone_makes_what_the_repository_makes(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
        names = set(archive.namelist())
    assert {"w2vtrain/py.typed", "w2vtrain/show/pictures/map_page.html"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "data/", "docs/")) for name in names)

    def run(home: Path, folder: Path, *arguments: str) -> str:
        folder.mkdir(exist_ok=True)
        environment = {**os.environ, "PYTHONPATH": str(home)}
        command = [sys.executable, "-m", "w2vtrain", *arguments]
        done = subprocess.run(
            command, cwd=folder, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout

    printed = run(tmp_path / "installed", tmp_path / "empty", "demo")
    assert "queen" in printed
    assert "w2v projector runs/demo" in printed
    config = ROOT / "configs" / "demo.toml"
    run(ROOT, ROOT, "run", str(config), "-o", str(tmp_path / "repository"))
    made, expected = (
        np.load(run / "model" / "vectors.npy")
        for run in (tmp_path / "empty/runs/demo", tmp_path / "repository")
    )
    np.testing.assert_array_equal(made, expected)
    next_command = "evaluate runs/demo --similarity data/similarity.tsv --analogies"
    assert f"w2v {next_command} data/analogies.txt" in printed
    found = run(
        tmp_path / "installed", tmp_path / "empty", *next_command.split(), "data/analogies.txt"
    )
    assert "similarity.tsv" in found
