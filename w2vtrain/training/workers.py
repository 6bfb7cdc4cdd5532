"""Worker processes: the shards of a training on several processors of one machine.

The process that runs the training carries out some of the shards and starts a worker
(`training.worker`) for each further share of them. All hold the tables and make the same merges. At
the end of a round each lays what its shards have done into files, in `/dev/shm` where there is
room; one byte in a pipe says that it is there, another that all is there. A pipe that closes tells
that its other end has died: a worker without its parent ends, and for a dead worker another one is
started, which makes the round again from the last merge.
"""

import contextlib
import logging
import os
import pickle
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.engine.stream import Position
from w2vtrain.errors import W2VError
from w2vtrain.run.files import shared_folder
from w2vtrain.tensorflow_runtime import available_threads, start_process
from w2vtrain.training.checkpoints import CheckpointFolder

_LOG = logging.getLogger(__name__)
READY, GO = b"r", b"g"
WORTHWHILE = 50_000_000  # words to train on, over all epochs, from which on workers are started
_ROOM = 2**30  # bytes that must be free in shared memory; the exchange takes less
_MOST_DEATHS = 3  # of one worker in one round, after which it is not started again

Done = list[np.ndarray]  # of a shard in a round: rows and moves of each table, loss, position


def number_of_workers(asked: int | None, shards: int, words: int, threads: int | None) -> int:
    """Return how many processes carry out the shards, this one included.

    Args:
        asked: by the user; None: one for each two processors, since it uses two (it makes steps
            while it trains), if there is enough to do.
        words: running words of all epochs.
        threads: that the training may use; None: all that this process may.
    Raises:
        W2VError: more are asked for than there are shards.
    """
    if asked is None:
        processors = threads or available_threads()
        return min(shards, max(1, processors // 2)) if words >= WORTHWHILE else 1
    if asked > shards:
        raise W2VError(
            f"--workers {asked}, but this training has {shards} shard{'s' if shards > 1 else ''}.",
            f"Give --shards {asked} too (which decides the vectors), or fewer workers.",
        )
    return asked


class Exchange:
    """Gives what the shards of a process have done to the others, and reads theirs.

    Two sets of files take turns: who writes a round has read the one before, but others may still
    be reading it.

    Args:
        folder: of the files.
        own: the shards of this process.
        shards: of the training.
        meet: returns when the files of all shards are written.
    """

    def __init__(
        self, folder: Path, own: Sequence[int], shards: int, meet: Callable[[], None]
    ) -> None:
        self._folder, self._own, self._shards, self._meet = folder, own, shards, meet
        self._files: dict[str, Any] = {}
        self.round, self.seconds = 0, 0.0

    def __call__(self, done: Sequence[Done]) -> list[Done]:
        """Return what all shards have done in this round, given that of the own ones."""
        began = time.perf_counter()
        own = dict(zip(self._own, done, strict=True))
        for shard, arrays in own.items():
            file = self._file(shard, "w+b")
            np.array([len(array) for array in arrays]).tofile(file)
            for array in arrays:
                array.tofile(file)
        self._meet()
        found = [own.get(shard) or self._read(shard, done[0]) for shard in range(self._shards)]
        self.round += 1
        self.seconds += time.perf_counter() - began
        return found

    def _read(self, shard: int, like: Done) -> Done:
        file = self._file(shard, "rb")
        lengths = np.fromfile(file, np.int64, len(like))
        return [
            np.fromfile(file, form.dtype, length * form[0].size).reshape(-1, *form.shape[1:])
            for form, length in zip(like, lengths.tolist(), strict=True)
        ]

    def _file(self, shard: int, mode: str) -> Any:
        name = f"{shard}-{self.round % 2}"
        if name not in self._files:
            self._files[name] = (self._folder / name).open(mode, buffering=0)
        self._files[name].seek(0)
        return self._files[name]


class _Worker:
    """A process for some shards.

    Args:
        shards: that it carries out.
        log: the file that its messages go to.
    """

    def __init__(self, shards: Sequence[int], log: Path) -> None:
        self.shards, self.log = shards, log
        self.process: Any = None
        self.deaths: list[int] = []  # the rounds in which it has died

    def start(self, job: Mapping[str, Any]) -> None:
        """Start the process."""
        with self.log.open("wb") as log:
            self.process = start_process("w2vtrain.training.worker", stderr=log)
        self._send(pickle.dumps({**job, "own": self.shards}))

    def ready(self) -> bool:
        """Wait until the round is done; return False if the process has died instead."""
        return self.process.stdout.read(1) == READY

    def go(self) -> None:
        """Let the process go on."""
        self._send(GO)

    def _send(self, message: bytes) -> None:
        try:
            self.process.stdin.write(message)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has died, which the next `ready` finds

    def stop(self) -> None:
        """End the process at once: it holds nothing that is not here too."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Workers:
    """Carries out the shards of a training with several processes.

    Args:
        objective: what is trained, its model as it is at the start.
        number: of processes, this one included.
        threads: that they share out among them; None: all that this process may use.
        scratch: an empty folder on the disk.
    """

    def __init__(self, objective: Any, number: int, threads: int | None, scratch: Path) -> None:
        self._objective, self._scratch = objective, scratch
        self._threads = max(1, (threads or available_threads()) // number)
        own, *others = np.array_split(np.arange(objective.shards), number)[::-1]
        self._own = objective.own = own.tolist()
        self._workers = [
            _Worker(shards.tolist(), scratch / f"worker-{i}.log") for i, shards in enumerate(others)
        ]
        self._error: Exception | None = None
        self.start_seconds = 0.0

    @contextlib.contextmanager
    def started(self, position: Position) -> Iterator[None]:
        """Start the processes; end them after the body.

        Args:
            position: where the training begins; the model is as it is there.
        Raises:
            W2VError: a worker fails, or there is no room for the exchange.
        """
        self._position = position
        self._memory = shared_folder(self._scratch, _ROOM)
        self._exchange = Exchange(self._memory, self._own, self._objective.shards, self._meet)
        self._objective.model.exchange = self._guarded
        try:
            self._start(self._workers)
            yield
        except Exception as error:
            raise self._error or error from None
        finally:
            for worker in self._workers:
                worker.stop()
            shutil.rmtree(self._memory, ignore_errors=True)
            self._objective.details |= {
                "exchange_seconds": round(self.seconds, 2),
                "start_seconds": round(self.start_seconds, 2),
            }

    @property
    def seconds(self) -> float:
        """Seconds of the exchange so far: waiting for the others, writing and reading."""
        return self._exchange.seconds - self.start_seconds

    def callback(self) -> Any:
        """Return a Keras callback that adds the seconds of the exchange to the logs."""
        import keras

        return keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: logs.update(exchange_seconds=self.seconds)
        )

    def _guarded(self, done: Sequence[Done]) -> list[Done]:
        try:
            return self._exchange(done)
        except OSError as error:
            self._error = W2VError(
                f"What the shards exchange cannot be written to {self._memory}: {error}",
                "Free some space there, or give --workers 1.",
            )
            raise
        except W2VError as error:
            self._error = error  # TensorFlow makes another one of it
            raise

    def _meet(self) -> None:
        began = time.perf_counter()
        for worker in self._workers:
            while not worker.ready():
                self._replace(worker)
        for worker in self._workers:
            worker.go()
        if self._exchange.round == 0:
            self.start_seconds = time.perf_counter() - began
        shutil.rmtree(self._scratch / "state", ignore_errors=True)

    def _start(self, workers: Sequence[_Worker]) -> None:
        """Start processes from the last merge, which is what the model holds during a round."""
        state = CheckpointFolder(self._scratch / "state", {"config": {}, "corpus": {}}, 1)
        made = self._exchange.round
        position = Position(self._position.batch + made, self._position.pass_number)
        state.save(self._objective.model, 0, position, [])
        objective = self._objective
        job = {
            "objective": (objective.corpus, objective.config, objective.epochs),
            "scaled": objective.scaled,
            "shards": objective.shards,
            "state": self._scratch / "state",
            "memory": self._memory,
            "round": made,
            "threads": self._threads,
            "parent": os.getpid(),
        }
        for worker in workers:
            worker.start(job)

    def _replace(self, worker: _Worker) -> None:
        code = worker.process.wait()
        worker.deaths.append(self._exchange.round)
        said = worker.log.read_text(errors="replace").strip().splitlines()
        if code >= 0:
            raise W2VError(
                f"A worker process has failed: {said[-1] if said else f'exit code {code}'}",
                "The training goes on from its last checkpoint with the same command; "
                "--workers 1 needs no other process.",
            )
        if worker.deaths.count(self._exchange.round) == _MOST_DEATHS:
            raise W2VError(
                f"A worker process was killed {_MOST_DEATHS} times in one round (signal {-code}).",
                "Is there enough memory? Each process holds the tables: give fewer --workers.",
            )
        _LOG.warning("A worker process was killed (signal %d): starting another one.", -code)
        self._start([worker])
