"""Worker processes: the same bytes as one process, also when one of them is killed."""

import pickle
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_train import write_corpus

from w2vtrain import tensorflow_runtime
from w2vtrain.errors import TrainingStopped, W2VError
from w2vtrain.ray_cluster import _reach
from w2vtrain.run.files import sha256
from w2vtrain.training import cluster, workers
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.negative_sampling import number_of_shards
from w2vtrain.training.train import train
from w2vtrain.training.workers import WORTHWHILE, Files, number_of_workers

SHARDED = TrainConfig(embedding_dim=8, epochs=2, window_size=2, shards=3, threads=2)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    generator = np.random.default_rng(0)
    sentences = (generator.zipf(1.3, (8000, 10)) % 200).tolist()
    return write_corpus(tmp_path_factory.mktemp("workers") / "run", sentences, 200)


@pytest.fixture(scope="module")
def digest(run) -> str:
    """The vectors of one process."""
    summary = train(run, SHARDED.replaced(workers=1), force=True)
    assert summary.facts["workers"] == 1
    return sha256(run / "model/vectors.npy")


def test_a_worker_that_is_killed_is_replaced_and_nothing_changes(run, digest, monkeypatch, caplog):
    begun = []
    start = workers._Process.start
    monkeypatch.setattr(workers._Process, "start", lambda w, job: (start(w, job), begun.append(w)))

    def kill(progress):
        if progress.epoch == 2 and len(begun) == 1:
            begun[0].process.kill()

    summary = train(run, SHARDED.replaced(workers=2), force=True, progress=kill)
    assert sha256(run / "model/vectors.npy") == digest
    assert len(begun) == 2
    assert "A worker process was killed (signal 9)" in caplog.text
    assert summary.facts["workers"] == 2
    assert begun[1].process.returncode is not None  # none is left
    assert not list(run.glob(".scratch-*"))


def test_the_first_process_takes_its_share_of_the_threads(run, monkeypatch):
    asked = []
    monkeypatch.setattr(tensorflow_runtime, "configure", lambda *given: asked.append(given))
    for settings in ({"workers": 1}, {"workers": 2}, {"workers": 3, "threads": None}):
        train(run, SHARDED.replaced(**settings, epochs=1), force=True)
    assert asked == [(2, 1), (2, 2), (None, 3)]


def test_a_worker_that_is_killed_when_others_have_read_what_it_did_makes_it_again(
    run, digest, monkeypatch
):
    told, killed = [], []
    go = workers._Process.go

    def kill_one(worker):
        told.append(worker)
        # The second one of two workers in turn 6, the first turn of round 3: each has done its
        # shards, and this one dies before it merges its part, while the other goes on.
        if len(told) == 2 * 7:
            killed.append(worker.process)
            killed[0].kill()
        else:
            go(worker)

    monkeypatch.setattr(workers._Process, "go", kill_one)
    started = []
    start = workers._Process.start
    monkeypatch.setattr(
        workers._Process, "start", lambda w, job: (start(w, job), started.append(job["turn"]))
    )
    train(run, SHARDED.replaced(workers=3), force=True)
    assert killed[0].returncode == -9
    assert started == [0, 0, 6]
    assert sha256(run / "model/vectors.npy") == digest


def test_a_training_goes_on_with_another_number_of_workers(run, digest):
    shutil.rmtree(run / "model")  # which would be taken as it is
    calls = iter([False] * 3)
    with pytest.raises(TrainingStopped):
        train(run, SHARDED.replaced(workers=1), stop=lambda: next(calls, True))
    assert list(run.glob("checkpoints/*"))
    summary = train(run, SHARDED.replaced(workers=2, threads=1))
    assert summary.facts["workers"] == 2
    assert sha256(run / "model/vectors.npy") == digest


@pytest.mark.slow
@pytest.mark.parametrize("model", [{"subwords": True, "buckets": 500}, {"architecture": "cbow"}])
def test_every_model_has_shards_and_workers(run, model):
    config = SHARDED.replaced(**model)
    digests = set()
    for number in (1, 2):
        summary = train(run, config.replaced(workers=number), force=True)
        assert summary.loss < summary.first_loss
        digests.add(sha256(run / "model/vectors.npy"))
    assert len(digests) == 1


@pytest.mark.slow
def test_a_cluster_makes_the_same_bytes_also_when_an_actor_is_killed(
    run, digest, monkeypatch, caplog, capfd
):
    pytest.importorskip("ray", reason="needs the extra ray", exc_type=ImportError)
    placed = []
    place = cluster._Actor.place
    monkeypatch.setattr(cluster._Actor, "place", lambda a: (place(a), placed.append(a)))

    def kill(progress):
        if progress.epoch == 2 and len(placed) == 2:
            placed[0].stop()

    config = SHARDED.replaced(threads=1, cluster="local")
    summary = train(run, config, force=True, progress=kill)
    assert sha256(run / "model/vectors.npy") == digest
    assert placed == [placed[0], placed[1], placed[0]]  # this one was started again
    assert "A worker process was killed (The actor died" in caplog.text
    assert capfd.readouterr().out == ""
    assert summary.facts["workers"] == 3
    assert "cluster" not in (run / "model/manifest.json").read_text()


@pytest.mark.slow
def test_three_nodes_make_the_same_bytes_also_when_one_is_killed(run, digest, monkeypatch, caplog):
    pytest.importorskip("ray", reason="needs the extra ray", exc_type=ImportError)
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    others = [nodes.add_node(num_cpus=1) for _ in range(2)]  # one for each actor

    def kill(progress):
        if progress.epoch == 2 and others:
            nodes.remove_node(others.pop(), allow_graceful=False)
            others.clear()
            nodes.add_node(num_cpus=1)

    config = SHARDED.replaced(threads=1, cluster=nodes.address)
    try:
        summary = train(run, config, force=True, progress=kill)
    finally:
        nodes.shutdown()
    assert "A worker process was killed" in caplog.text
    assert summary.facts["workers"] == 3
    assert sha256(run / "model/vectors.npy") == digest


@pytest.mark.slow
def test_the_text_comes_through_the_object_store_where_a_node_has_none(run, digest, monkeypatch):
    pytest.importorskip("ray", reason="needs the extra ray", exc_type=ImportError)
    monkeypatch.setattr(cluster._Text, "reference_for", lambda text, digest: text._in_store)
    train(run, SHARDED.replaced(threads=1, cluster="local", workers=2), force=True)
    assert sha256(run / "model/vectors.npy") == digest


def test_what_keeps_a_training_off_a_cluster_is_said(run, monkeypatch):
    with pytest.raises(W2VError, match="this one has a single shard"):
        TrainConfig(cluster="local")
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(W2VError, match="No Ray cluster answers at"):
            _reach(f"127.0.0.1:{taken.getsockname()[1]}")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(W2VError, match="needs Ray, which is not installed"):
        train(run, SHARDED.replaced(cluster="auto"), force=True)


def test_nodes_with_other_versions_or_another_text_are_refused(tmp_path, caplog):
    here = cluster.this_node()
    cluster.check_node(here, here)
    assert not caplog.records
    cluster.check_node({**here, "processor": "abacus"}, here)
    assert "A node has another processor (abacus, here " in caplog.text
    with pytest.raises(W2VError, match=r"has numpy 0 \(here .*\)\."):
        cluster.check_node({**here, "processor": "abacus", "numpy": "0"}, here)
    (tmp_path / "text").write_bytes(b"abc")
    text = cluster._Text(None, tmp_path / "text")
    assert text.reference_for(sha256(tmp_path / "text")) is None
    with pytest.raises(W2VError, match="has another text at"):
        text.reference_for("00")


def test_no_room_for_the_exchange_is_said(run, monkeypatch):
    monkeypatch.setattr(Files, "_file", lambda *_: Path("/dev/full").open("wb"))  # noqa: SIM115
    with pytest.raises(W2VError, match=r"exchange cannot be written to .*and 0 written"):
        train(run, SHARDED.replaced(workers=2), force=True)


def test_a_worker_ends_with_its_parent(tmp_path):
    memory = tmp_path / "memory"
    memory.mkdir()
    job = pickle.dumps({"parent": 1, "memory": memory, "threads": 1})  # its parent is not 1
    command = [sys.executable, "-m", "w2vtrain.training.worker"]
    ended = subprocess.run(command, input=job, capture_output=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, b"")
    assert not memory.exists()


def test_workers_are_started_where_they_pay():
    def number(words, **settings):
        return number_of_workers(TrainConfig(**settings), words)

    assert number(WORTHWHILE, shards=4, threads=2) == 1
    assert number(WORTHWHILE, shards=4, threads=5) == 2
    assert number(WORTHWHILE, shards=4, threads=16) == 4
    assert number(WORTHWHILE - 1, shards=4, threads=16) == 1
    assert number(1000, shards=4, workers=3, threads=1) == 3
    assert number(1000, shards=4, threads=1, cluster="auto") == 4
    assert number(1000, shards=4, workers=2, cluster="auto") == 2
    assert number(WORTHWHILE, objective="full-softmax") == 1
    with pytest.raises(W2VError, match="--workers 2, but this training has 1 shard"):
        number(WORTHWHILE, workers=2, threads=2)


def test_auto_is_the_number_that_is_recorded():
    assert TrainConfig(shards=number_of_shards("auto")).as_dict() == TrainConfig().as_dict()
    assert (TrainConfig().shards, number_of_shards("4")) == (1, 4)
    with pytest.raises(ValueError, match="'x' is neither a number nor auto"):
        number_of_shards("x")


def test_more_shards_than_the_text_has_slices_are_refused(run):
    with pytest.raises(W2VError, match="--shards 8, but the text has only 5 slices"):
        train(run, SHARDED.replaced(shards=8))


def test_what_shards_exchange_is_read_as_written_and_where_tensorflow_takes_it(tmp_path):
    writer, reader = Files(tmp_path), Files(tmp_path)
    generator = np.random.default_rng(0)
    for turn, rows in ((0, 5), (1, 0), (2, 900), (3, 3), (4, 2)):  # longer, and shorter, and none
        ids = np.sort(generator.choice(1000, rows, replace=False)).astype(np.int32)
        moves = generator.normal(size=(rows, 3)).astype(np.float32)
        done = [np.ones(2, np.float32), np.array([1, 2]), ids, moves]
        writer.write(turn, {1: done})
        found = reader.read(turn, 1, done[:2] + [array[: turn % 2] for array in done[2:]])
        for array, given in zip(found, done, strict=True):
            np.testing.assert_array_equal(array, given)
            assert array.dtype == given.dtype
            assert array.ctypes.data % 64 == 0 or not len(array)
    again = Files(tmp_path)  # in the place of a dead one, while others read
    again.write(2, {1: [np.full(2, 7, np.float32)]})
    assert len(reader._mapped["1-0"]) == (tmp_path / "1-0").stat().st_size
