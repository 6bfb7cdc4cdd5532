"""Tokenizing in other processes: the same bytes, and nothing left when one of them dies."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus import workers
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.workers import number_of_workers, share_of_time
from w2vtrain.errors import W2VError
from w2vtrain.ray_cluster import LOCAL, connected

TEXT = "Ein kurzer Satz, wie er im Buche steht.\nStraßen – und Gärten\n\n" * 20_000 + "x" * 200


def written(run: Path) -> dict[str, bytes]:
    """Return the files of a corpus, but for two: the manifest says when they were written, and
    Keras numbers the layers of a process in the vectorizer's file."""
    files = {path.name: path.read_bytes() for path in (run / "corpus").iterdir()}
    del files["manifest.json"], files["vectorizer.keras"]
    return files


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("workers") / "text.txt"
    path.write_text(TEXT + "\nend of the first file" * 3)
    return path


def test_two_workers_write_the_bytes_of_one_process(text, tmp_path):
    found = {}
    for number in (1, 2):
        config = PrepareConfig(boundary="file", phrases=True, workers=number)
        summary = prepare([text, __file__], tmp_path / str(number), config)
        assert summary.workers == number
        found[number] = written(tmp_path / str(number))
    assert found[1] == found[2]
    # it is the same corpus, however many make it
    assert prepare([text, __file__], tmp_path / "1", config).unchanged


def test_a_worker_that_dies(text, tmp_path, monkeypatch):
    prepare([__file__], tmp_path / "run", PrepareConfig(min_count=1))
    before = written(tmp_path / "run")
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(W2VError, match=r"A worker of prepare ended with exit code 1\."):
        prepare([text], tmp_path / "run", PrepareConfig(workers=2))
    assert written(tmp_path / "run") == before
    assert [path.name for path in (tmp_path / "run").iterdir() if "lock" not in path.name] == [
        "corpus"
    ]


def test_small_inputs_start_no_workers(monkeypatch):
    monkeypatch.setattr(workers, "available_threads", lambda: 8)
    assert number_of_workers(PrepareConfig(), 2**20) == 1
    assert number_of_workers(PrepareConfig(), None) == 1  # standard input
    assert number_of_workers(PrepareConfig(), 2**40) > 1
    assert number_of_workers(PrepareConfig(workers=3), 1) == 3
    assert number_of_workers(PrepareConfig(cluster="auto"), 1) == 4
    shares = [share_of_time(number) for number in (1, 2, 3, 4, 100)]
    assert shares[0] == 1
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == pytest.approx(0.45)  # what the parent does alone
    with pytest.raises(W2VError, match="--workers is 0"):
        PrepareConfig(workers=0)


def test_without_ray_nothing_is_lost(text, tmp_path, monkeypatch):
    prepare([__file__], tmp_path, PrepareConfig(min_count=1))
    before = written(tmp_path)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(W2VError, match="--cluster needs Ray, which is not installed"):
        prepare([text], tmp_path, PrepareConfig(cluster="auto"))
    assert written(tmp_path) == before


@pytest.mark.slow
def test_a_cluster_writes_the_bytes_of_one_process(text, tmp_path, monkeypatch):
    pytest.importorskip("ray", reason="needs the extra ray", exc_type=ImportError)
    here, on_node, died = PrepareConfig(), workers._on_node, tmp_path / "died"
    there = here.replaced(cluster=LOCAL, workers=2)

    def dies_once(*block):
        if not died.exists():
            died.touch()
            os._exit(1)
        return on_node(*block)

    with connected(LOCAL, 2):  # one for all that follow
        monkeypatch.setattr(workers, "_on_node", dies_once)
        assert prepare([text, __file__], tmp_path / "cluster", there).workers == 2
        assert died.exists()
        prepare([text, __file__], tmp_path / "one", here)
        assert written(tmp_path / "cluster") == written(tmp_path / "one")
        assert prepare([text, __file__], tmp_path / "cluster", here).unchanged
        assert '"cluster": null' in (tmp_path / "cluster/corpus/manifest.json").read_text()
        monkeypatch.setattr(
            workers, "_on_node", lambda *_: ({**workers.versions(), "numpy": "0"}, ())
        )
        with pytest.raises(W2VError, match=r"A node of the cluster has numpy 0 \(here"):
            prepare([text], tmp_path / "other", there)
        monkeypatch.setattr(workers, "_on_node", lambda *_: 1 / 0)
        with pytest.raises(
            W2VError, match="Ray cannot tokenize a block of text on a node: ZeroDivisionError"
        ):
            prepare([text], tmp_path / "other", there)
        assert not list((tmp_path / "other").glob("corpus*"))


SCRIPT = """
import sys, w2vtrain
w2vtrain.prepare(sys.argv[1:2], sys.argv[2], w2vtrain.PrepareConfig(workers=4))
"""


def children(parent: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True)
    return [int(line) for line in found.stdout.split()]


@pytest.mark.slow
def test_a_script_without_a_main_guard_and_four_workers(text, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py"), str(text), str(tmp_path / "4")]
    subprocess.run(command, check=True)
    prepare([text], tmp_path / "1")
    assert written(tmp_path / "1") == written(tmp_path / "4")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("victim", "number"),
    [("worker", signal.SIGKILL), ("parent", signal.SIGINT), ("parent", signal.SIGKILL)],
)
def test_a_signal_in_the_middle_leaves_nothing_behind(tmp_path, victim, number):
    """The input is a pipe that stays open, so that the command cannot end before the signal."""
    command = [sys.executable, "-m", "w2vtrain", "prepare", "-", "-o", str(tmp_path / "run")]
    process = subprocess.Popen(
        [*command, "--workers", "2"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdin.write(TEXT * 3)
    process.stdin.flush()
    while len(started := children(process.pid)) < 2:
        time.sleep(0.1)
    time.sleep(8)  # they have started and tokenize, or wait for text
    os.kill(started[0] if victim == "worker" else process.pid, number)
    if victim == "worker":
        with contextlib.suppress(BrokenPipeError):  # the parent may have noticed already
            process.stdin.write(TEXT * 5)
            process.stdin.close()
    code = process.wait(60)
    error = process.stderr.read()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{child}").exists() for child in started):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    if victim == "worker":
        assert code == 1
        assert f"A worker of prepare ended with exit code {-number}." in error
    else:
        assert code == (130 if number == signal.SIGINT else -9)
    left = {path.name for path in (tmp_path / "run").glob("*")}
    assert not left or number == signal.SIGKILL  # which the next run sweeps
