"""Nothing of the environment changes a result, and nothing leaves the machine."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import w2vtrain
from w2vtrain.cli import main

ROOT = Path(__file__).parents[2]
TEXT = "".join(
    f"İstanbul India café naïve ΣΊΣΥΦΟΣ straße {word} {word}{n % 5} It's 日本\n"
    for n in range(40)
    for word in ("apple", "Pear", "plum")
)
CONFIG = """
inputs = ["texts/*.txt"]
run = "run"
[prepare]
min-count = 1
[train]
embedding-dim = 8
epochs = 2
window-size = 2
subsample-threshold = 1e-2
[export]
format = "projector"
"""
FILES = [
    *(f"corpus/{name}" for name in ("vocabulary.tsv", "left_out.tsv", "token_ids.npy")),
    *(f"corpus/{name}" for name in ("boundaries.npy", "vectorizer.keras")),
    *(f"model/{name}" for name in ("vocabulary.tsv", "vectors.npy", "context_vectors.npy")),
    *(f"export/projector/{name}" for name in ("vectors.tsv", "metadata.tsv")),
]


def _results(place: Path, processors: set[int], **environment: str) -> dict[str, bytes]:
    """Do `w2v run` in a process with this environment alone; return the bytes of its files."""
    (place / "texts").mkdir(parents=True)
    for name in ("b", "a", "ä"):
        (place / "texts" / f"{name}.txt").write_text(name + " " + TEXT, encoding="utf-8")
    (place / "run.toml").write_text(CONFIG, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "w2vtrain", "run", "run.toml"],
        cwd=place,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        preexec_fn=lambda: os.sched_setaffinity(0, processors),
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    for chatter in (b"oneDNN", b"cuda", b"CUDA", b"absl", b"WARNING", b"Warning"):
        assert chatter not in done.stderr
    return {name: (place / "run" / name).read_bytes() for name in FILES}


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity of processes here")
def test_locale_time_zone_hash_seed_home_and_processors_change_no_byte(tmp_path):
    available = os.sched_getaffinity(0)
    plain = _results(
        tmp_path / "plain",
        available,
        LC_ALL="C",
        PYTHONCOERCECLOCALE="0",
        PYTHONUTF8="0",
        TZ="UTC",
        PYTHONHASHSEED="1",
        HOME=str(tmp_path),
    )
    other = _results(
        tmp_path / "other",
        {min(available)},
        LC_ALL="tr_TR.UTF-8",
        LANG="lt_LT.UTF-8",
        TZ="Asia/Kathmandu",
        PYTHONHASHSEED="2",
        HOME="/nonexistent",
    )
    assert [name for name in FILES if plain[name] != other[name]] == []
    assert b"\xc4\xb1" not in plain["corpus/vocabulary.tsv"]  # no dotless i


def test_no_command_reaches_for_the_network(tmp_path, monkeypatch, capsys):
    def refused(*arguments: object, **options: object) -> None:
        raise AssertionError(f"a connection to {arguments}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    run = tmp_path / "run"
    w2vtrain.prepare([tmp_path / "text.txt"], run, w2vtrain.PrepareConfig(min_count=1))
    w2vtrain.train(run, w2vtrain.TrainConfig(embedding_dim=8, epochs=1, window_size=2))
    for words in (
        ["export", run],
        ["convert", run, tmp_path / "vectors.txt"],
        ["neighbors", run, "apple"],
        ["explain", run, "apple", "pear"],
        ["why-not", run, "Apple"],
        ["projector", run, "--no-serve", "--no-layout", "--clusters", "2"],
        ["plot", "history", run],
    ):
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in words])
        assert not stop.value.code, (words, capsys.readouterr().err)
