"""What TensorBoard shows of a training: curves, the embedding, and the neighbours of some words.

Keras' own TensorBoard callback saves the embedding as `.weights.h5`, which the Embedding Projector
cannot read; here it is written as the raw tensor that the Projector does read. TensorBoard reads
the tensor once: restart it, or call `w2v projector RUN`, to see a later epoch.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.run.stage import atomic_write, translated_os_errors
from w2vtrain.show.projector.tensor import tensorboard_reads_bytes, write_bytes
from w2vtrain.training.training import Place
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.formats.projector import token_cell

_START = Place()
EMBEDDING_ROWS = 10_000  # the most frequent words; the page loads these in a second or two
NEIGHBORS = 10


class TrainingLogs:
    """Writes one training's TensorBoard logs; a context manager that closes the event file.

    Args:
        folder: the run's `logs` folder.
        tokens: the row's texts, most frequent first.
        counts: int64 array, shape `(tokens,)`.
        watch: tokens whose nearest neighbours are written with every embedding.
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
        import tensorflow as tf

        rows = {token: row for row, token in enumerate(tokens)}
        for token in watch:
            if token not in rows:
                raise W2VError(
                    f"--watch {token!r} is not in the vocabulary of {len(tokens):,} words.",
                    "Words are standardised as the text was: try it in lower case.",
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
        self._text = tf.summary.text
        self._scalar = tf.summary.scalar

    def __enter__(self) -> "TrainingLogs":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the event file; TensorBoard shows all that was written."""
        self._writer.close()

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Writes one point of each curve, such as `loss`, at `step` (batches since the start)."""
        with self._writer.as_default():
            for name, value in values.items():
                self._scalar(name, float(value), step=step)

    def embedding(self, epoch: int, vectors: np.ndarray) -> None:
        """Writes the tensor for the Projector, and the neighbour lists of the watched words.

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
                    self._text(f"neighbors/{token}", _markdown(near), step=epoch)
        self._writer.flush()


def keras_callback(
    to: TrainingLogs,
    vectors: Callable[[], np.ndarray],
    words_per_epoch: int,
    steps_per_epoch: int,
    place: Place = _START,
    points_per_epoch: int = 100,
) -> Any:
    """Returns a `keras.callbacks.Callback` that writes TensorBoard's logs while `Model.fit` runs.

    Args:
        to: the open logs; the callback closes them when the training ends.
        vectors: returns the current table, float32, shape `(tokens, dim)`.
        words_per_epoch: running words of the text, for the speed.
        steps_per_epoch: expected; how many there are depends on the draws.
        place: the training's; says where the running epoch began.
        points_per_epoch: points of each curve in an epoch.
    """
    import time

    import keras

    class LogsCallback(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.first = True

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if self.first and (epoch, place.step) == (0, 0):
                to.embedding(0, vectors())
            self.first = False
            self.epoch = epoch
            self.began, self.began_at = place.step, time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps = steps_per_epoch
            done = place.step + batch + 1
            if done - self.began < steps / points_per_epoch and done != steps:
                return
            seconds = time.perf_counter() - self.began_at
            words = words_per_epoch * (done - self.began) / steps
            rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
            point = {**(logs or {}), "learning_rate": rate, "words_per_second": words / seconds}
            to.scalars(self.epoch * steps + done, point)
            self.began, self.began_at = done, time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            held_out = {k: v for k, v in (logs or {}).items() if k.startswith("val_")}
            to.scalars((epoch + 1) * steps_per_epoch, held_out)
            to.embedding(epoch + 1, vectors())

        def on_train_end(self, logs: Any = None) -> None:
            to.close()

    return LogsCallback()


def _write_metadata(path: Path, tokens: Sequence[str], counts: np.ndarray) -> None:
    rows = zip(tokens[:EMBEDDING_ROWS], counts[:EMBEDDING_ROWS].tolist(), strict=True)
    lines = ["token\tcount\n", *(f"{token_cell(token)}\t{count}\n" for token, count in rows)]
    atomic_write(path, "".join(lines).encode())


def _write_tensor(folder: Path, vectors: np.ndarray) -> None:
    """Writes the tensor beside the old one and renames it: TensorBoard may be reading."""
    new = folder / ".new.bytes"
    write_bytes(new, vectors)
    name = "embedding.bytes"
    if not tensorboard_reads_bytes(new):
        name = "embedding.tsv"
        np.savetxt(new, vectors, fmt="%.9g", delimiter="\t")
    new.replace(folder / name)
    config = (
        'embeddings {\n  tensor_name: "words"\n'
        f'  tensor_path: "{name}"\n'
        f"  tensor_shape: {vectors.shape[0]}\n  tensor_shape: {vectors.shape[1]}\n"
        '  metadata_path: "metadata.tsv"\n}\n'
    )
    atomic_write(folder / "projector_config.pbtxt", config.encode())


def _markdown(neighbors: Sequence[tuple[str, float]]) -> str:
    """Returns a Markdown table for TensorBoard's text page; signs with a meaning are escaped."""
    special = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]()#+-.!|<>&"})
    rows = (f"| {token.translate(special)} | {score:.3f} |" for token, score in neighbors)
    return "\n".join(["| token | cosine |", "|:--|--:|", *rows])
