"""Logs of a training for TensorBoard: curves, the embedding, and the neighbors of some words.

Keras' own TensorBoard callback saves the embedding as `.weights.h5`, which the Embedding Projector
cannot read; here it is written as the raw tensor that the Projector does read. TensorBoard reads
the tensor once: restart it, or call `w2v projector RUN`, to see a later epoch.
"""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.errors import W2VError
from w2vtrain.run.files import atomic_write, translated_os_errors
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.formats.projector import (
    config_pbtxt,
    tensorboard_reads_bytes,
    token_cell,
    write_bytes,
)

EMBEDDING_ROWS = 10_000  # the most frequent words; the page loads these in a second or two
NEIGHBORS = 10


class TrainingLogs:
    """Writes one training's TensorBoard logs; a context manager that closes the event file.

    Args:
        folder: the run's `logs` folder.
        tokens: the row's texts, most frequent first.
        counts: int64 array, shape `(tokens,)`.
        watch: tokens whose nearest neighbors are written with every embedding.
        resume: keep the events of the training that this one goes on with; else they are removed.
    Raises:
        W2VError: a watched token is not in the vocabulary, or the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        tokens: Sequence[str],
        counts: np.ndarray,
        watch: Sequence[str] = (),
        resume: bool = False,
    ) -> None:
        rows = {token: row for row, token in enumerate(tokens)}
        for token in watch:
            if token not in rows:
                raise W2VError(
                    f"--watch {token!r} is not in the vocabulary of {len(tokens):,} words.",
                    "Words are standardized as the text was: try it in lower case.",
                )
        self._folder = folder
        self._tokens = tuple(tokens)
        self._watch = tuple(dict.fromkeys(watch))
        with translated_os_errors(folder):
            if not resume:
                shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            _write_metadata(folder / "metadata.tsv", tokens, counts)
        self._writer = tf.summary.create_file_writer(str(folder))

    def __enter__(self) -> "TrainingLogs":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the event file; TensorBoard shows all that was written."""
        self._writer.close()

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Write one point of each curve, such as `loss`, at `step` (batches since the start)."""
        with self._writer.as_default():
            for name, value in values.items():
                tf.summary.scalar(name, float(value), step=step)

    def embedding(self, epoch: int, vectors: np.ndarray) -> None:
        """Write the tensor for the Projector, and the neighbor lists of the watched words.

        Args:
            epoch: epochs that have ended; 0 before the training.
            vectors: float32 array, shape `(tokens, dim)`.
        """
        with translated_os_errors(self._folder):
            _write_tensor(self._folder, vectors[:EMBEDDING_ROWS])
        if self._watch:
            found = Embeddings(self._tokens, vectors)
            with self._writer.as_default():
                for token in self._watch:
                    near = found.most_similar(token, k=NEIGHBORS)
                    tf.summary.text(f"neighbors/{token}", _markdown(near), step=epoch)
        self._writer.flush()


class LogsCallback(keras.callbacks.Callback):
    """Writes TensorBoard's logs while `Model.fit` runs.

    Args:
        logs: the open logs.
        vectors: returns the current table, float32, shape `(tokens, dim)`.
        words_per_epoch: running words of the text, for the speed.
        steps_per_epoch: steps of the optimizer in an epoch.
        first: whether the training begins from nothing: the initial embedding is written too.
        points_per_epoch: points of each curve in an epoch.
    """

    def __init__(
        self,
        logs: TrainingLogs,
        vectors: Callable[[], np.ndarray],
        words_per_epoch: int,
        steps_per_epoch: int,
        first: bool = True,
        points_per_epoch: int = 100,
    ) -> None:
        super().__init__()
        self._logs, self._vectors, self._first = logs, vectors, first
        self._words, self._steps = words_per_epoch, steps_per_epoch
        self._apart = steps_per_epoch / points_per_epoch

    def on_train_begin(self, logs: Any = None) -> None:
        """Write the initial embedding, and start the clock."""
        if self._first:
            self._logs.embedding(0, self._vectors())
            self._first = False
        self._mark()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Write a point of each curve when it is time."""
        step = int(self.model.optimizer.iterations.numpy())
        if step - self._step < self._apart and step % self._steps:
            return
        speed = self._words * (step - self._step) / self._steps / (time.perf_counter() - self._time)
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        values = {**(logs or {}), "learning_rate": rate, "words_per_second": speed}
        self._logs.scalars(step, values)
        self._mark()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write the held-out figures and the embedding."""
        held_out = {k: v for k, v in (logs or {}).items() if k.startswith("val_")}
        self._logs.scalars(int(self.model.optimizer.iterations.numpy()), held_out)
        self._logs.embedding(epoch + 1, self._vectors())
        self._mark()

    def _mark(self) -> None:
        self._step = int(self.model.optimizer.iterations.numpy())
        self._time = time.perf_counter()


class Snapshots(keras.callbacks.Callback):
    """Writes the vectors before the first step, `epoch-0000.npy`, and after each epoch.

    The files gather in `folder` while training goes on, where a resumed training finds them, and
    move into the model's folder when it is written.

    Args:
        folder: where they gather.
        vectors: returns the float32 table, shape `(tokens, dim)`.
        first: whether the training begins from nothing: earlier snapshots are removed.
    """

    def __init__(self, folder: Path, vectors: Callable[[], np.ndarray], first: bool) -> None:
        super().__init__()
        self._folder, self._vectors, self._first = folder, vectors, first

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Write the initial table."""
        if self._first:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._write(epoch)
            self._first = False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write the table after the epoch."""
        self._write(epoch + 1)

    def move_to(self, folder: Path) -> None:
        """Move what has gathered to `folder`."""
        shutil.move(self._folder, folder)

    def _write(self, epochs: int) -> None:
        with translated_os_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            np.save(self._folder / f"epoch-{epochs:04d}.npy", self._vectors())


def _write_metadata(path: Path, tokens: Sequence[str], counts: np.ndarray) -> None:
    rows = zip(tokens[:EMBEDDING_ROWS], counts[:EMBEDDING_ROWS].tolist(), strict=True)
    lines = ["token\tcount\n", *(f"{token_cell(token)}\t{count}\n" for token, count in rows)]
    atomic_write(path, "".join(lines).encode())


def _write_tensor(folder: Path, vectors: np.ndarray) -> None:
    """Write the tensor beside the old one and renames it: TensorBoard may be reading."""
    new = folder / ".new.bytes"
    write_bytes(new, vectors)
    name = "embedding.bytes"
    if not tensorboard_reads_bytes(new):
        name = "embedding.tsv"
        np.savetxt(new, vectors, fmt="%.9g", delimiter="\t")
    new.replace(folder / name)
    config = config_pbtxt(vectors.shape, name, "metadata.tsv")
    atomic_write(folder / "projector_config.pbtxt", config.encode())


def _markdown(neighbors: Sequence[tuple[str, float]]) -> str:
    """Return a Markdown table for TensorBoard's text page, with Markdown's characters escaped."""
    special = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]()#+-.!|<>&"})
    rows = (f"| {token.translate(special)} | {score:.3f} |" for token, score in neighbors)
    return "\n".join(["| token | cosine |", "|:--|--:|", *rows])
