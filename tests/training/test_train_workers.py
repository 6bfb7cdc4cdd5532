"""Worker processes: the same bytes as one process, also when one of them is killed."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_train import write_corpus

from w2vtrain.errors import TrainingStopped, W2VError
from w2vtrain.run.files import sha256
from w2vtrain.training import workers
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.negative_sampling import number_of_shards
from w2vtrain.training.train import train
from w2vtrain.training.workers import WORTHWHILE, Exchange, number_of_workers

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
    start = workers._Worker.start
    monkeypatch.setattr(workers._Worker, "start", lambda w, job: (start(w, job), begun.append(w)))

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


def test_a_training_goes_on_with_another_number_of_workers(run, digest):
    calls = iter([False] * 3)
    with pytest.raises(TrainingStopped):
        train(run, SHARDED.replaced(workers=1), force=True, stop=lambda: next(calls, True))
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


def test_no_room_for_the_exchange_is_said(run, monkeypatch):
    monkeypatch.setattr(Exchange, "_file", lambda *_: Path("/dev/full").open("wb"))  # noqa: SIM115
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
    assert number_of_workers(None, 4, WORTHWHILE, threads=2) == 1
    assert number_of_workers(None, 4, WORTHWHILE, threads=5) == 2
    assert number_of_workers(None, 4, WORTHWHILE, threads=16) == 4
    assert number_of_workers(None, 4, WORTHWHILE - 1, threads=16) == 1
    assert number_of_workers(3, 4, 1000, threads=1) == 3
    with pytest.raises(W2VError, match="--workers 2, but this training has 1 shard"):
        number_of_workers(2, 1, WORTHWHILE, threads=2)


def test_auto_is_the_number_that_is_recorded():
    assert TrainConfig(shards=number_of_shards("auto")).as_dict() == TrainConfig().as_dict()
    assert (TrainConfig().shards, number_of_shards("4")) == (1, 4)
    with pytest.raises(ValueError, match="'x' is neither a number nor auto"):
        number_of_shards("x")


def test_more_shards_than_the_text_has_slices_are_refused(run):
    with pytest.raises(W2VError, match="--shards 9, but the text has only 5 slices"):
        train(run, SHARDED.replaced(shards=9))
