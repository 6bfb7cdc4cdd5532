"""The trainings of a comparison: all texts, and all parts of every random cut.

What is trained already is not trained again, so a comparison that was stopped goes on.
"""

import multiprocessing
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.analysis.change.slices import SlicedText
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import MANIFEST
from w2vtrain.tensorflow_runtime import available_threads
from w2vtrain.training.config import TrainConfig
from w2vtrain.vectors.embeddings import Embeddings


@dataclass(frozen=True)
class ChangeProgress:
    """How far the trainings are.

    Args:
        name: of the training that begins, or of several at once the one that has ended.
        done, total: trainings.
        seconds_left: expected; None before the first has ended.
    """

    name: str
    done: int
    total: int
    seconds_left: float | None


Job = tuple[RunDirectory, np.ndarray, TrainConfig]


class Trainings:
    """Trainings on parts of one text, in run directories under one folder.

    Args:
        text: the texts.
        folder: where the run directories lie.
        config: the settings of each training; its seed is that of the first.
        compass: train on all text first, and each part against the context vectors found there.
        progress: called before each training.
        workers: processes that train, each on another part with its share of the
            threads that this process may use; the vectors are the same for any number.
    """

    def __init__(
        self,
        text: SlicedText,
        folder: Path,
        config: TrainConfig,
        compass: bool = False,
        progress: Callable[[ChangeProgress], None] | None = None,
        workers: int = 1,
    ) -> None:
        self._text, self._config, self._progress = text, config, progress
        self._workers = workers
        self._folder = folder / ("compass" if compass else "trainings")
        self._compass = self._folder / "all" if compass else None

    def vectors(self, name: str, parts: int) -> list[Embeddings]:
        """Return the vectors of each part of a cut that is trained."""
        return [Embeddings.load(folder) for folder in self.folders(name, parts)]

    def folders(self, name: str, parts: int) -> list[Path]:
        """Return the run directory of each part of a cut."""
        return [self._run(name, i).root for i in range(parts)]

    def train(self, cuts: Mapping[str, list[np.ndarray]]) -> None:
        """Train on each part of each cut, whose names the run directories get.

        Args:
            cuts: for each, the units of its parts: bool arrays, shape `(units,)`.
        """
        jobs = [
            (self._run(name, i), units, self._config)
            for name, parts in cuts.items()
            for i, units in enumerate(parts)
        ]
        if self._compass is None:
            self._train(jobs, 0)
            return
        everything = np.ones(self._text.units, bool)
        self._train([(RunDirectory(self._compass), everything, self._config)], 0)
        against = self._config.replaced(start_from=str(self._compass), freeze_contexts=True)
        self._train([(run, units, against) for run, units, _ in jobs], 1)

    def _train(self, jobs: Sequence[Job], first: int) -> None:
        """Train what is not trained yet; each has another seed, by its number from `first` on."""
        todo = {}
        for number, (run, units, config) in enumerate(jobs, first):
            if not (run.model / MANIFEST).exists():
                todo[run.root] = (units, config.replaced(seed=self._config.seed + number))
        done, total = len(jobs) - len(todo), len(jobs)
        started = time.monotonic()
        ways = self._at_once(todo) if self._workers > 1 else self._one_by_one(todo)
        for number, name in enumerate(ways):
            if self._progress is not None:
                each = (time.monotonic() - started) / number if number else None
                left = None if each is None else each * (len(todo) - number)
                self._progress(ChangeProgress(name, done + number, total, left))

    def _one_by_one(self, todo: Mapping[Path, tuple[np.ndarray, TrainConfig]]) -> Iterator[str]:
        for root, (units, config) in todo.items():
            yield root.name
            self._write(root, units)
            _train_run(root, config.as_dict())

    def _at_once(self, todo: Mapping[Path, tuple[np.ndarray, TrainConfig]]) -> Iterator[str]:
        threads = max(1, available_threads() // self._workers)
        fresh = multiprocessing.get_context("spawn")  # a fork of a process with TensorFlow hangs
        with ProcessPoolExecutor(self._workers, fresh, _die_silently) as pool:
            running = {}
            for root, (units, config) in todo.items():
                self._write(root, units)
                settings = {**config.as_dict(), "threads": config.threads or threads}
                running[pool.submit(_train_run, root, settings)] = root.name
            try:
                for future in as_completed(running):
                    future.result()
                    yield running[future]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _write(self, root: Path, units: np.ndarray) -> None:
        run = RunDirectory(root)
        if not (run.corpus / MANIFEST).exists():
            self._text.write_corpus(units, run)

    def _run(self, name: str, part: int) -> RunDirectory:
        return RunDirectory(self._folder / f"{name}-{chr(ord('a') + part)}")


def _train_run(root: Path, settings: Mapping[str, Any]) -> None:
    from w2vtrain.training.train import train

    train(root, TrainConfig(**settings))
    shutil.rmtree(RunDirectory(root).corpus)  # it can be cut from the text again


def _die_silently() -> None:
    """Let Ctrl-C, which all processes of a terminal get, end a worker without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
