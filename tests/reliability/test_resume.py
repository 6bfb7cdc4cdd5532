"""A training that is killed goes on from its checkpoint and ends with the same bytes."""

import csv
import itertools
import json
import random
import re
import shutil
import signal
from pathlib import Path

import pytest
from forked import die, forked

from w2vtrain.config import PrepareConfig
from w2vtrain.errors import TrainingStopped, W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.train import train

STREAM = TrainConfig(
    embedding_dim=8, epochs=3, subsample_threshold=0.01, checkpoint_every="0s", threads=2
)
EXPLICIT = STREAM.replaced(pairs="explicit", epochs=2, window_size=1)
CBOW = STREAM.replaced(architecture="cbow", epochs=2)


def _prepare(inputs: list[str], run: Path) -> None:
    from w2vtrain.corpus.prepare import prepare

    prepare(inputs, run, PrepareConfig(min_count=1))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """A run with 30,000 words in its corpus stage, drawn from 300 by Zipf's law."""
    folder = tmp_path_factory.mktemp("resume")
    draw = random.Random(5)
    words = [f"w{i}" for i in range(300)]
    weights = [1 / (i + 1) for i in range(300)]
    lines = (" ".join(draw.choices(words, weights, k=10)) for _ in range(3000))
    (folder / "text.txt").write_text("\n".join(lines))
    assert forked(_prepare, [str(folder / "text.txt")], folder / "run") == 0
    return folder / "run"


@pytest.fixture
def run(corpus, tmp_path) -> Path:
    return Path(shutil.copytree(corpus, tmp_path / "run"))


def _train(run: Path, config: TrainConfig, kill_after: int | None = None) -> None:
    """Trains; kills itself after so many executions."""
    import keras

    class Killer(keras.callbacks.Callback):
        left = kill_after or 0

        def on_train_batch_end(self, batch, logs=None):
            self.left -= 1
            if self.left == 0:
                die()

    if kill_after is None:
        train(run, config)
    else:
        train(run, config, callbacks=[Killer()])


def _result(run: Path) -> tuple[bytes, bytes, list[list[str]]]:
    files = RunDirectory(run)
    with files.history.open() as file:
        rows = [[r["epoch"], r["step"], r["loss"]] for r in csv.DictReader(file)]
    return files.vectors.read_bytes(), files.context_vectors.read_bytes(), rows


@pytest.fixture(scope="session")
def whole(corpus, tmp_path_factory):
    """The result of trainings that nobody disturbed."""
    results = {}
    for config in (STREAM, EXPLICIT, CBOW):
        copy = shutil.copytree(corpus, tmp_path_factory.mktemp("whole") / "run")
        assert forked(_train, copy, config) == 0
        assert not RunDirectory(copy).checkpoints.exists()
        results[config] = _result(copy)
    return results


@pytest.mark.parametrize(
    ("config", "kills"),
    [(STREAM, [2, 1, 9, 5]), (EXPLICIT, [3, 5]), (CBOW, [5])],
    ids=["stream", "explicit", "cbow"],
)
def test_killed_training_ends_with_the_same_bytes(run, whole, config, kills):
    for executions in kills:
        assert forked(_train, run, config, executions) == -signal.SIGKILL
        assert not RunDirectory(run).model.exists()
        left = len(list(RunDirectory(run).checkpoints.glob("epoch-*")))
        assert 0 <= left <= config.keep_checkpoints
    # threads may change on the way
    assert forked(_train, run, config.replaced(threads=1)) == 0
    vectors, contexts, rows = _result(run)
    assert vectors == whole[config][0]
    assert contexts == whole[config][1]
    assert rows == whole[config][2]
    assert not RunDirectory(run).checkpoints.exists()


def _train_until_the_end_of_epoch_two(run: Path, config: TrainConfig) -> None:
    """Trains; kills itself when the second epoch has ended and before that is written down."""
    import keras

    class Killer(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                die()

    train(run, config, callbacks=[Killer()])


def test_a_training_killed_at_the_end_of_an_epoch_misses_nothing_of_it(run, corpus, tmp_path):
    config = STREAM.replaced(validation_fraction=0.1, keep_best=True, snapshots=True)
    undisturbed = Path(shutil.copytree(corpus, tmp_path / "undisturbed"))
    assert forked(_train, undisturbed, config) == 0
    assert forked(_train_until_the_end_of_epoch_two, run, config) == -signal.SIGKILL
    assert forked(_train, run, config) == 0
    results = []
    for folder in (undisturbed, run):
        files = RunDirectory(folder)
        with files.history.open() as file:
            held_out = [(row["epoch"], row["val_loss"]) for row in csv.DictReader(file)]
        measured = [row for row in held_out if row[1]]
        assert [epoch for epoch, _ in measured] == ["1", "2", "3"]
        results.append((measured, sorted(path.name for path in files.snapshots.iterdir())))
    assert results[0] == results[1]
    assert RunDirectory(run).vectors.read_bytes() == RunDirectory(undisturbed).vectors.read_bytes()


@pytest.fixture(scope="session")
def stopped(corpus, tmp_path_factory) -> Path:
    """A run whose training was stopped after some checkpoints."""
    run = Path(shutil.copytree(corpus, tmp_path_factory.mktemp("stopped") / "run"))
    with pytest.raises(TrainingStopped):
        train(run, STREAM, stop=_stopping_after(6))
    return run


def _stopping_after(executions: int):
    """Returns a function that says stop when it is asked for that many times."""
    calls = itertools.count(1)
    return lambda: next(calls) >= executions


def test_stopped_training_says_where_and_goes_on(run, whole):
    place = r"Stopped in epoch (\d) of 3, after .*% of the words; a checkpoint is written"
    with pytest.raises(TrainingStopped, match=place) as info:
        train(run, STREAM.replaced(checkpoint_every="1h"), stop=_stopping_after(8))
    epoch = re.search(place, info.value.message)[1]
    checkpoint = max(RunDirectory(run).checkpoints.iterdir())
    assert checkpoint.name.startswith(f"epoch-00000{epoch}-step-")
    assert not RunDirectory(run).model.exists()
    train(run, STREAM)
    assert _result(run) == whole[STREAM]


def test_checkpoint_of_other_settings_is_refused_with_the_difference(stopped, tmp_path):
    run = Path(shutil.copytree(stopped, tmp_path / "run"))
    with pytest.raises(W2VError, match=r"--epochs 3 there, 4 here; --seed 1 there, 2 here") as info:
        train(run, STREAM.replaced(epochs=4, seed=2))
    assert "--force" in info.value.hint
    train(run, STREAM.replaced(epochs=4, seed=2), force=True)
    assert not RunDirectory(run).checkpoints.exists()
    assert (
        json.loads((RunDirectory(run).model / "manifest.json").read_text())["config"]["seed"] == 2
    )


def test_checkpoint_of_another_corpus_is_refused(stopped, tmp_path):
    run = Path(shutil.copytree(stopped, tmp_path / "run"))
    (tmp_path / "other.txt").write_text("w1 w2 w3 w4 w5\n" * 2000)
    _prepare([str(tmp_path / "other.txt")], run)
    with pytest.raises(W2VError, match=r"another corpus \(boundaries.npy, token_ids.npy, .*\)"):
        train(run, STREAM)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "swapped", "no manifest"])
def test_damaged_checkpoint_is_passed_over_for_the_one_before(
    stopped, tmp_path, whole, damage, caplog
):
    run = Path(shutil.copytree(stopped, tmp_path / "run"))
    folder = sorted(RunDirectory(run).checkpoints.iterdir())[-1]
    table, other = folder / "variable-00.npy", folder / "variable-01.npy"
    content = table.read_bytes()
    if damage == "truncated":
        table.write_bytes(content[:-4])
    elif damage == "flipped":
        table.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "swapped":
        table.write_bytes(other.read_bytes())
        other.write_bytes(content)
    else:
        (folder / "manifest.json").unlink()
    train(run, STREAM)
    assert "Passed over a checkpoint" in caplog.text
    if damage != "no manifest":
        assert "variable-00.npy is damaged" in caplog.text
    assert _result(run) == whole[STREAM]


def test_full_disk_at_a_checkpoint_keeps_the_one_before(run, whole, monkeypatch):
    import errno

    import numpy as np

    from w2vtrain.training import checkpoints

    real, calls = np.save, itertools.count(1)

    def save(*arguments, **options):
        if next(calls) > 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(*arguments, **options)

    monkeypatch.setattr(checkpoints.np, "save", save)
    with pytest.raises(W2VError, match=r"Cannot write .*checkpoints/epoch.*No space left"):
        train(run, STREAM)
    monkeypatch.undo()
    left = list(RunDirectory(run).checkpoints.iterdir())
    assert 1 <= len(left) <= 2
    assert all((folder / "manifest.json").is_file() for folder in left)
    train(run, STREAM)
    assert _result(run) == whole[STREAM]


def test_leftover_checkpoints_of_a_finished_training_go(run):
    train(run, STREAM)
    RunDirectory(run).checkpoints.mkdir()
    assert train(run, STREAM).unchanged
    assert not RunDirectory(run).checkpoints.exists()


@pytest.mark.parametrize("text", ["", "5 m", "-3s", "1d", "m", "1e3", "٣s"])
def test_checkpoint_every_refuses_what_is_no_time(text):
    with pytest.raises(W2VError, match="--checkpoint-every is"):
        TrainConfig(checkpoint_every=text)
