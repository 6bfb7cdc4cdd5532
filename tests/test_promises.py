"""The tests that the pages name exist; and some promises of the pages that belong to no room."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

import w2vtrain
from w2vtrain.cli import main
from w2vtrain.run.stage import atomic_stage

ROOT = Path(__file__).parents[1]


def test_every_test_that_a_page_names_exists():
    tests = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))
    defined = set(re.findall(r"def (test_\w+)", tests))
    pages = [ROOT / "README.md", ROOT / "SECURITY.md", *ROOT.glob("docs/*.md")]
    named = {
        name: page.name
        for page in pages
        for name in re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8"))
    }
    assert len(named) > 60
    assert {name: page for name, page in named.items() if name not in defined} == {}


@pytest.fixture
def vectors(tmp_path) -> Path:
    """A file as another tool writes it, without counts."""
    path = tmp_path / "vectors.txt"
    rows = np.random.default_rng(1).normal(size=(12, 4))
    lines = [f"w{n} " + " ".join(f"{x:.4f}" for x in row) for n, row in enumerate(rows)]
    path.write_text("\n".join(["12 4", *lines, ""]))
    (tmp_path / "pairs.tsv").write_text("w0\tw1\t1\nw2\tw3\t2\nw4\tw5\t3\n")
    (tmp_path / "groups.tsv").write_text("w0\tx\nw1\tx\nw2\ty\nw3\ty\n")
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["neighbors", "FILE", "w0"],
        ["analogy", "FILE", "w0", "w1", "w2"],
        ["similarity", "FILE", "w0", "w1"],
        ["odd-one-out", "FILE", "w0", "w1", "w2"],
        ["vector", "FILE", "w0"],
        ["evaluate", "FILE", "--similarity", "PLACE/pairs.tsv"],
        ["diff", "FILE", "FILE"],
        ["stability", "FILE", "FILE", "-k", "3"],
        ["groups", "FILE", "PLACE/groups.tsv"],
        ["convert", "FILE", "PLACE/vectors.bin"],
        ["projector", "FILE", "--no-serve", "--no-layout", "--clusters", "2", "-o", "PLACE/bundle"],
    ],
)
def test_every_question_takes_a_file_of_another_tool(vectors, capsys, arguments):
    place = str(vectors.parent)
    filled = [word.replace("FILE", str(vectors)).replace("PLACE", place) for word in arguments]
    with pytest.raises(SystemExit) as stop:
        main(filled)
    out, err = capsys.readouterr()
    assert not stop.value.code, err
    assert out + err


def test_the_projector_is_served_on_this_machine_alone(vectors, monkeypatch, capsys):
    """Unless --host says otherwise."""
    from w2vtrain.show.projector import server

    hosts: list[str] = []

    def served(folder: Path, host: str, port: int | None) -> str:
        hosts.append(host)
        raise w2vtrain.W2VError("Served.")

    monkeypatch.setattr(server, "serve_tensorboard", served)
    monkeypatch.setattr(server, "serve_config", served)
    words = ["projector", str(vectors), "--no-layout", "--clusters", "0", "--no-open"]
    for options in ([], ["--serve-config"]):
        with pytest.raises(SystemExit):
            main([*words, *options])
    assert hosts == ["127.0.0.1", "127.0.0.1"], capsys.readouterr().err


def test_a_stage_is_forced_to_the_disk_before_it_is_renamed(tmp_path, monkeypatch):
    """Each file of it and its manifest; the names in the run directory after that."""
    synced: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def noted(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        fsync(handle)

    def renamed(source: Path, target: Path) -> Path:
        synced.append(f"-> {Path(target).name}")
        return rename(source, target)

    if not Path("/proc/self/fd").exists():
        pytest.skip("the names of open files are not told here")
    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(Path, "rename", renamed)
    with atomic_stage(tmp_path / "run" / "model", {}) as folder:
        (folder / "sub").mkdir()
        for name in ("vectors.npy", "sub/big.bin"):
            (folder / name).write_bytes(b"x")
    manifest = synced.pop(2)
    assert manifest.startswith(".manifest.json-")
    assert synced == ["big.bin", "vectors.npy", "-> model", "run"]
