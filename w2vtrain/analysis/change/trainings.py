"""The trainings of a comparison: both texts, and both parts of every random cut, one by one.

What is trained already is not trained again, so a comparison that was stopped goes on.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.analysis.change.slices import SlicedText
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import MANIFEST
from w2vtrain.training.config import TrainConfig
from w2vtrain.vectors.embeddings import Embeddings


@dataclass(frozen=True)
class ChangeProgress:
    """How far the trainings are.

    Args:
        name: of the training that begins.
        done, total: trainings.
        seconds_left: expected; None before the first has ended.
    """

    name: str
    done: int
    total: int
    seconds_left: float | None


class Trainings:
    """Trainings on parts of one text, in run directories under one folder.

    Args:
        text: the two texts.
        folder: where the run directories lie.
        config: the settings of each training; its seed is that of the first.
        total: how many trainings there will be.
        progress: called before each training.
    """

    def __init__(
        self,
        text: SlicedText,
        folder: Path,
        config: TrainConfig,
        total: int,
        progress: Callable[[ChangeProgress], None] | None = None,
    ) -> None:
        self._text, self._folder, self._config = text, folder, config
        self._total, self._progress = total, progress
        self._begun, self._trained, self._seconds = 0, 0, 0.0

    def pair(self, name: str, parts: tuple[np.ndarray, np.ndarray]) -> tuple[Embeddings, ...]:
        """Train on two parts of the text; return the vectors of both."""
        return tuple(
            self._vectors(f"{name}-{letter}", units)
            for letter, units in zip("ab", parts, strict=True)
        )

    def _vectors(self, name: str, units: np.ndarray) -> Embeddings:
        run = RunDirectory(self._folder / name)
        seed = self._config.seed + self._begun
        if self._progress is not None:
            self._progress(ChangeProgress(name, self._begun, self._total, self._left()))
        self._begun += 1
        if not (run.model / MANIFEST).exists():
            started = time.monotonic()
            self._train(run, units, seed)
            self._trained += 1
            self._seconds += time.monotonic() - started
        return Embeddings.load(run.root)

    def _train(self, run: RunDirectory, units: np.ndarray, seed: int) -> None:
        from w2vtrain.training.train import train

        if not (run.corpus / MANIFEST).exists():
            self._text.write_corpus(units, run)
        train(run.root, self._config.replaced(seed=seed))
        shutil.rmtree(run.corpus)  # it can be cut from the text again

    def _left(self) -> float | None:
        if not self._trained:
            return None
        return self._seconds / self._trained * (self._total - self._begun)
