"""Full disks, read-only places, damaged files, signals, pipes that end: what is left is whole."""

import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from forked import forked
from reliability.corpora import write_text

from w2vtrain.cli import main
from w2vtrain.config import ExportConfig, PrepareConfig
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.stage import read_manifest
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.train import train
from w2vtrain.vectors.export import export

QUICK = TrainConfig(embedding_dim=8, epochs=2, window_size=2, subsample_threshold=0.0)


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A run with all three stages."""
    folder = tmp_path_factory.mktemp("faults")
    text = write_text(folder / "text.txt", lines=200)
    prepare([text], folder / "run", PrepareConfig(min_count=1))
    train(folder / "run", QUICK)
    export(folder / "run", ExportConfig(format="npy"))
    return folder / "run"


@pytest.fixture
def run(finished, tmp_path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 64 kB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True
    )
    if made.returncode:
        pytest.skip("only root may mount a file system for this test")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_full_disk_while_preparing(tiny_disk, tmp_path):
    text = write_text(tmp_path / "text.txt", lines=5000)
    with pytest.raises(W2VError, match=r"Cannot write .*corpus: No space left on device"):
        prepare([text], tiny_disk / "run", PrepareConfig(min_count=1))
    assert list(tiny_disk.iterdir()) == []


def test_full_disk_while_training_keeps_the_old_model(run, tiny_disk):
    shutil.copytree(run / "corpus", tiny_disk / "run" / "corpus")
    with pytest.raises(W2VError, match=r"Cannot write .*: No space left on device"):
        train(tiny_disk / "run", QUICK.replaced(embedding_dim=64))
    assert not (tiny_disk / "run" / "model").exists()
    assert not list((tiny_disk / "run").glob(".*"))
    read_manifest(tiny_disk / "run" / "corpus", "w2v prepare", verify=True)


def test_read_only_place(run, tmp_path):
    place = tmp_path / "read-only"
    place.mkdir()
    bound = subprocess.run(["mount", "--bind", str(run), str(place)], capture_output=True)
    if bound.returncode:
        pytest.skip("only root may mount a file system for this test")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        for work in (
            lambda: train(place, QUICK, force=True),
            lambda: export(place, ExportConfig(format="word2vec-text")),
            lambda: prepare([run.parent / "text.txt"], place, PrepareConfig(), force=True),
        ):
            (run.parent / "text.txt").write_text("a b c\n" * 9)
            with pytest.raises(W2VError, match=r"Cannot write .*: Read-only file system"):
                work()
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_failed_write_leaves_the_old_model(run, monkeypatch, code):
    before = files_of(run / "model")

    def fail(*arguments, **options):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("w2vtrain.training.train.np.save", fail)
    with pytest.raises(W2VError, match=r"Cannot write .*/run/.*: " + os.strerror(code)):
        train(run, QUICK.replaced(seed=2))
    assert files_of(run / "model") == before
    assert not list(run.glob(".model-*"))


STAGE_FILES = [
    ("corpus", "token_ids.npy", lambda run: train(run, QUICK, force=True)),
    ("corpus", "boundaries.npy", lambda run: train(run, QUICK, force=True)),
    ("corpus", "vocabulary.tsv", lambda run: train(run, QUICK, force=True)),
    ("model", "vectors.npy", lambda run: export(run, ExportConfig(format="npy"))),
    ("model", "vocabulary.tsv", lambda run: export(run, ExportConfig(format="npy"))),
]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "swapped", "missing"])
@pytest.mark.parametrize(("stage", "name", "work"), STAGE_FILES)
def test_damaged_file_is_named(run, stage, name, work, damage):
    path = run / stage / name
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :])
    elif damage == "swapped":
        path.write_bytes(next(p for p in path.parent.iterdir() if p != path).read_bytes())
    else:
        path.unlink()
    with pytest.raises(W2VError, match=rf"{stage}/{name} is (damaged|missing)") as info:
        work(run)
    assert "--force" in info.value.hint


def test_a_damaged_model_is_made_again(run):
    vectors = run / "model" / "vectors.npy"
    whole = vectors.read_bytes()
    vectors.write_bytes(whole[:-8] + b"\0" * 8)
    assert not train(run, QUICK).unchanged
    assert vectors.read_bytes() == whole


@pytest.mark.parametrize(
    "manifest",
    [b"", b"{", b"[]", b"null", b'{"format": 1}', b'{"files": 3}', b"\xff\xfe", b"\0" * 9],
)
def test_damaged_manifest(run, manifest):
    (run / "corpus" / "manifest.json").write_bytes(manifest)
    with pytest.raises(W2VError, match=r"manifest.json|run format"):
        train(run, QUICK)


def test_manifest_cannot_name_files_outside(run):
    path = run / "corpus" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"]["../../../etc/passwd"] = {"bytes": 1, "sha256": "0"}
    path.write_text(json.dumps(manifest))
    with pytest.raises(W2VError, match=r"etc/passwd"):
        train(run, QUICK)


def _prepare_and_get(number: int, text: Path, run: Path) -> None:
    """Prepares by the command line; a signal comes when all is read and nothing renamed yet."""
    from w2vtrain.corpus import prepare as stage

    real = stage.write_words

    def signalled(*arguments):
        real(*arguments)
        os.kill(os.getpid(), number)

    stage.write_words = signalled
    # a shell's background jobs ignore it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(["prepare", str(text), "-o", str(run), "--min-count", "1"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals_while_preparing_leave_nothing_half(tmp_path, number, code):
    text = write_text(tmp_path / "text.txt", lines=50)
    assert forked(_prepare_and_get, number, text, tmp_path / "run") == code
    assert not (tmp_path / "run").exists()


def _train_and_get(numbers: list[int], run: Path, errors: Path) -> None:
    """Trains by the command line; signals come in the first execution."""
    from w2vtrain.training import progress

    sys.stderr = errors.open("w")
    real, calls = progress.Recorder.on_train_batch_end, iter(range(10**6))

    def signalled(self, batch, logs=None):
        real(self, batch, logs)
        if next(calls) == 0:
            for number in numbers:
                os.kill(os.getpid(), number)

    progress.Recorder.on_train_batch_end = signalled
    main(["train", str(run), "--epochs", "2", "--embedding-dim", "8", "--force"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_writes_a_checkpoint_says_so_and_exits(run, tmp_path, number, code):
    assert forked(_train_and_get, [number], run, tmp_path / "stderr") == code
    said = (tmp_path / "stderr").read_text()
    assert "Writing a checkpoint" in said
    assert "Stopped in epoch 1 of 2" in said
    assert len(list((run / "checkpoints").iterdir())) == 1
    assert not (run / ".lock").exists()


def test_second_ctrl_c_stops_at_once(run, tmp_path):
    twice = [signal.SIGINT, signal.SIGINT]
    assert forked(_train_and_get, twice, run, tmp_path / "stderr") == 130
    assert not (run / "checkpoints").exists()


def test_reader_of_a_pipe_that_leaves(run):
    script = (
        f"import sys; from w2vtrain.cli import main; main(['vector', {str(run)!r}, 'a0', 'b0'])"
    )
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-c", script], stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


def test_compressed_pipe_that_ends_early(tmp_path, monkeypatch):
    import gzip

    cut = gzip.compress(b"some words to read\n" * 5000)[:-20]

    class Pipe:
        buffer = io.BytesIO(cut)

    monkeypatch.setattr(sys, "stdin", Pipe)
    with pytest.raises(W2VError, match="standard input is damaged or cut short"):
        prepare(["-"], tmp_path / "run", PrepareConfig(min_count=1))
    assert not (tmp_path / "run").exists()


def test_input_that_changes_while_it_is_read(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text(("x" * 100 + "\n") * 300_000)  # several blocks: it is still being read

    def grow(progress):
        with text.open("a") as file:
            file.write("more\n")

    with pytest.raises(W2VError, match=r"text.txt changed while it was read"):
        prepare([text], tmp_path / "run", PrepareConfig(min_count=1), progress=grow)
    assert not (tmp_path / "run").exists()


def test_what_others_made_is_loaded_without_code(run):
    """No pickle, no lambda layers: Keras' safe mode loads both files, NumPy without pickle."""
    import keras

    from w2vtrain.corpus.vectorizer import load_vectorizer
    from w2vtrain.models.word2vec import Word2Vec

    assert load_vectorizer(run / "corpus" / "vectorizer.keras")
    model = keras.models.load_model(run / "model" / "word2vec.keras", safe_mode=True)
    assert isinstance(model, Word2Vec)
    for path in run.rglob("*.npy"):
        np.load(path, allow_pickle=False)


@pytest.mark.parametrize("file", ["token_ids.npy", "boundaries.npy"])
def test_pickled_arrays_are_refused(run, file):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(run / "exploded"),)

    from w2vtrain.corpus.corpus import Corpus

    path = run / "corpus" / file
    np.save(path, np.array([Bomb()], dtype=object), allow_pickle=True)
    words = Vocabulary(("", "[UNK]"), np.zeros(2, np.int64))
    with pytest.raises(W2VError, match="cannot be read"):
        Corpus(run / "corpus" / "token_ids.npy", run / "corpus" / "boundaries.npy", words)
    assert not (run / "exploded").exists()
