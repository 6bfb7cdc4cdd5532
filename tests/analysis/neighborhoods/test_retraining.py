"""Trainings with other seeds beside a run."""

import shutil

import numpy as np
import pytest

from w2vtrain.analysis.neighborhoods.retraining import retrain
from w2vtrain.cli import main
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.prepare import prepare
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.train import train
from w2vtrain.vectors.embeddings import Embeddings


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("retraining")
    rng = np.random.default_rng(0)
    lines = [" ".join(f"w{i}" for i in rng.integers(0, 30, size=20)) for _ in range(100)]
    (folder / "text.txt").write_text("\n".join(lines))
    prepare([str(folder / "text.txt")], folder / "run", PrepareConfig(min_count=1))
    train(folder / "run", TrainConfig(embedding_dim=8, epochs=1, window_size=2, seed=5))
    return folder / "run"


def test_trainings_differ_in_the_seed_alone(run, capsys, tmp_path):
    seeds = []
    made = retrain(run, 2, started=lambda seed, _: seeds.append(seed))
    assert seeds == [6, 7]
    assert made == [run / "stability" / "seed-6", run / "stability" / "seed-7"]
    own = read_manifest(run / "model", "w2v train")["config"]
    for seed, folder in zip(seeds, made, strict=True):
        config = read_manifest(folder / "model", "w2v train")["config"]
        assert config == {**own, "seed": seed}
        assert Embeddings.load(folder).tokens == Embeddings.load(run).tokens
        assert not np.array_equal(Embeddings.load(folder).vectors, Embeddings.load(run).vectors)
    # a second time nothing is trained, and the run can be moved
    before = [(folder / "model/vectors.npy").stat().st_mtime_ns for folder in made]
    retrain(run, 2)
    assert before == [(folder / "model/vectors.npy").stat().st_mtime_ns for folder in made]
    moved = shutil.copytree(run, tmp_path / "moved", symlinks=True)
    assert (moved / "stability/seed-6/corpus/vocabulary.tsv").is_file()
    with pytest.raises(SystemExit) as stop:
        main(["stability", str(run), "--seeds", "2", "-k", "3"])
    assert not stop.value.code
    out, err = capsys.readouterr()
    assert "3 trainings, 30 shared words" in out
    assert "Training with seed 6" in err


def test_failures_say_what_to_do(run, tmp_path, capsys):
    with pytest.raises(W2VError, match="w2v train"):
        retrain(tmp_path, 1)
    corpus = RunDirectory(run / "stability" / "seed-8").corpus
    corpus.mkdir(parents=True)
    with pytest.raises(W2VError, match="not the link"):
        retrain(run, 3)
    with pytest.raises(SystemExit) as stop:
        main(["stability", str(run), str(run), "--seeds", "2"])
    assert stop.value.code == 2
