"""The vectors before training and after each epoch: what pictures of a training are made from."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from w2vtrain.run.stage import translated_os_errors
from w2vtrain.training.training import Place


class Snapshots(keras.callbacks.Callback):
    """Writes `epoch-0000.npy` before the first step, then one file an epoch.

    The files gather in `folder` while training goes on, which a resumed training finds again, and
    move into the model's folder when it is written.

    Args:
        folder: where they gather.
        vectors: returns the float32 table, shape `(tokens, dim)`.
        start: where the training starts; what gathered before it is removed.
        place: where the training is; a resumed one begins later.
    """

    def __init__(
        self, folder: Path, vectors: Callable[[], np.ndarray], start: Place, place: Place
    ) -> None:
        super().__init__()
        self._folder, self._vectors = folder, vectors
        self._start, self._place = start, place

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Writes the start; snapshots of an earlier training are removed."""
        if self._place == self._start:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._write(epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes the table after the epoch."""
        self._write(epoch + 1)

    def move_to(self, folder: Path) -> None:
        """Moves what has gathered to `folder`."""
        shutil.move(self._folder, folder)

    def _write(self, epochs: int) -> None:
        with translated_os_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            np.save(self._folder / f"epoch-{epochs:04d}.npy", self._vectors())
