"""Worker processes: the shards of a training on several processors of one machine.

The process that runs the training carries out some of the shards and starts a worker
(`training.worker`) for each further share of them. All hold the tables. A round has two turns: at
the end of the first each process lays what its shards have done into files, in `/dev/shm` where
there is room, and at the end of the second the rows that it has merged of what all have done. One
byte in a pipe says that it is there, another that all is there. A pipe that closes tells that its
other end has died: a worker without its parent ends, and for a dead worker another one is started,
which makes the round again from the last merge. On a cluster (`training.cluster`) the workers are
actors, Ray's object store takes the place of the files, and each merges all rows.
"""

import collections
import contextlib
import itertools
import logging
import math
import mmap
import os
import pickle
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from w2vtrain.engine.stream import Position
from w2vtrain.errors import W2VError
from w2vtrain.run.files import shared_folder
from w2vtrain.tensorflow_runtime import available_threads, start_process

_LOG = logging.getLogger(__name__)
READY, GO = b"r", b"g"
WORTHWHILE = 50_000_000  # words to train on, over all epochs, from which on workers are started
_ROOM = 2**30  # bytes that must be free in shared memory; the exchange takes less
_MOST_DEATHS = 3  # of one worker in one round: then it is not started again

# Of a shard in a round: rows and moves of each table, loss, position. Or rows of a part, merged.
Done = list[np.ndarray]


def number_of_workers(config: Any, words: int) -> int:
    """Return how many processes carry out the shards, the one that runs the training included.

    By default all shards have one on a cluster. Else there is one for each two processors, since it
    uses two (it makes steps while it trains), if there is enough to do.

    Args:
        config: the settings of the training.
        words: running words of all epochs.
    Raises:
        W2VError: more are asked for than there are shards.
    """
    shards, asked = getattr(config, "shards", 1), getattr(config, "workers", None)
    if asked is not None and asked > shards:
        raise W2VError(
            f"--workers {asked}, but this training has {shards} shard{'s' if shards > 1 else ''}.",
            f"Give --shards {asked} too (which decides the vectors), or fewer workers.",
        )
    if asked is not None or getattr(config, "cluster", None):
        return asked or shards
    processors = config.threads or available_threads()
    return min(shards, max(1, processors // 2)) if words >= WORTHWHILE else 1


class Transport(Protocol):
    """Carries what the shards of a process have done in a turn to the other processes."""

    def write(self, turn: int, own: dict[int, Done]) -> None:
        """Give what the shards of this process have done, by the shards' numbers."""

    def read(self, turn: int, shard: int, like: Done) -> Done:
        """Return what a shard of another process has done: arrays of the forms of `like`."""


class Files:
    """The transport between processes of one machine: files, which processes share.

    There are two sets of them: who writes in a turn has done with the one before, but others may
    still be at it. A worker in the place of a dead one writes the same again into the same files,
    while others read them. What is read is the file itself, mapped into memory: TensorFlow takes an
    array as it is where it begins at a multiple of 64 bytes, and copies it elsewhere.

    Args:
        folder: of the files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Any] = {}
        self._mapped: dict[str, mmap.mmap] = {}

    def write(self, turn: int, own: dict[int, Done]) -> None:
        """Write a file for each shard of this process.

        Raises:
            W2VError: there is no room.
        """
        try:
            for shard, arrays in own.items():
                file = self._file(f"{shard}-{turn % 2}", os.O_RDWR | os.O_CREAT)
                lengths = np.array([len(array) for array in arrays])
                for array, begin in zip((lengths, *arrays), _begins(lengths, arrays), strict=True):
                    file.seek(begin)
                    array.tofile(file)
        except OSError as error:
            raise W2VError(
                f"What the shards exchange cannot be written to {self._folder}: {error}",
                "Free some space there, or give --workers 1.",
            ) from None

    def read(self, turn: int, shard: int, like: Done) -> Done:
        """Read the file of a shard of another process."""
        name = f"{shard}-{turn % 2}"
        file = self._file(name, os.O_RDONLY)
        size = os.fstat(file.fileno()).st_size
        if name not in self._mapped or len(self._mapped[name]) < size:
            self._mapped[name] = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
        mapped = self._mapped[name]
        lengths = np.frombuffer(mapped, np.int64, len(like))
        begins = _begins(lengths, like)[1:]
        return [
            # Where nothing was written the file may already be at its end.
            np.ndarray((length, *form.shape[1:]), form.dtype, mapped if length else None, begin)
            for form, length, begin in zip(like, lengths.tolist(), begins, strict=True)
        ]

    def _file(self, name: str, flags: int) -> Any:
        if name not in self._files:
            number = os.open(self._folder / name, flags, 0o600)
            self._files[name] = os.fdopen(number, "r+b" if flags & os.O_RDWR else "rb", 0)
        return self._files[name]


def _begins(lengths: np.ndarray, like: Done) -> list[int]:
    """Return where the lengths, then arrays of such forms, begin in a file."""
    sizes = [
        lengths.nbytes,
        *(
            length * form.itemsize * math.prod(form.shape[1:])
            for length, form in zip(lengths, like, strict=True)
        ),
    ]
    return [0, *itertools.accumulate(-(-int(size) // 64) * 64 for size in sizes)][:-1]


class Exchange:
    """Gives what the shards of a process have done to the others, and takes theirs.

    Args:
        transport: how.
        own: the shards of this process.
        shards: of the training.
        meet: returns when all processes have written.
        turn: the first one, from 0.
    """

    def __init__(
        self,
        transport: Transport,
        own: Sequence[int],
        shards: int,
        meet: Callable[[], None],
        turn: int = 0,
    ) -> None:
        self._transport, self._own, self._shards, self._meet = transport, own, shards, meet
        self.turn, self.seconds = turn, 0.0

    def __call__(self, done: Sequence[Done]) -> list[Done]:
        """Return what all shards have done in this turn, given that of the own ones."""
        began = time.perf_counter()
        own = dict(zip(self._own, done, strict=True))
        self._transport.write(self.turn, own)
        self._meet()
        found = [
            own.get(shard) or self._transport.read(self.turn, shard, done[0])
            for shard in range(self._shards)
        ]
        self.turn += 1
        self.seconds += time.perf_counter() - began
        return found


class Worker(Protocol):
    """A process for some shards."""

    shards: Sequence[int]

    def start(self, job: dict[str, Any]) -> None:
        """Start the process."""

    def ready(self) -> bool:
        """Wait until the turn is done; return False if the process has died instead."""

    def go(self) -> None:
        """Let the process go on with the next turn."""

    def death(self) -> tuple[bool, str]:
        """Return whether the process was killed, not failed by itself, and how it died."""

    def stop(self) -> None:
        """End the process at once: it holds nothing that is not here too."""


class _Process:
    """A worker on this machine.

    Args:
        shards: that it carries out.
        memory: folder of the exchange.
        log: the file that its messages go to.
    """

    def __init__(self, shards: Sequence[int], memory: Path, log: Path) -> None:
        self.shards, self._memory, self._log = shards, memory, log
        self.process: Any = None

    def start(self, job: dict[str, Any]) -> None:
        with self._log.open("wb") as log:
            self.process = start_process("w2vtrain.training.worker", stderr=log)
        with contextlib.suppress(BrokenPipeError):  # it has died, which `ready` finds
            job = {**job, "memory": self._memory, "parent": os.getpid()}
            pickle.dump(job, self.process.stdin, protocol=5)
            self.process.stdin.flush()

    def ready(self) -> bool:
        return self.process.stdout.read(1) == READY

    def go(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(GO)
            self.process.stdin.flush()

    def death(self) -> tuple[bool, str]:
        code = self.process.wait()
        if code < 0:
            return True, f"signal {-code}"
        said = self._log.read_text(errors="replace").strip().splitlines()
        return False, said[-1] if said else f"exit code {code}"

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Workers:
    """Carries out the shards of a training with several processes, of this machine.

    Args:
        objective: what is trained, its model as it is at the start.
        number: of processes, this one included.
        threads: that they share out among them; None: all that this process may use.
        scratch: an empty folder on the disk.

    Attributes:
        turns: of a round: 2 where each process merges a share of the rows, 1 where it merges all.
    """

    turns = 2

    def __init__(self, objective: Any, number: int, threads: int | None, scratch: Path) -> None:
        self._objective, self._scratch = objective, scratch
        self._threads = max(1, (threads or available_threads()) // number)
        own, *others = np.array_split(np.arange(objective.shards), number)[::-1]
        self._own = objective.own = own.tolist()
        self._others = [shards.tolist() for shards in others]
        self._deaths: collections.Counter[tuple[int, int]] = collections.Counter()
        self._error: W2VError | None = None
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
        try:
            with self._placed() as (transport, self._workers):
                self._exchange = Exchange(transport, self._own, self._objective.shards, self._meet)
                self._objective.model.exchange = self._guarded
                if self.turns == 2:
                    self._objective.model.parts = self._own
                try:
                    self._start(self._workers)
                    yield
                finally:
                    for worker in self._workers:
                        worker.stop()
        except Exception as error:
            raise self._error or error from None
        self._objective.details |= {
            "exchange_seconds": round(self.seconds, 2),
            "start_seconds": round(self.start_seconds, 2),
        }

    @contextlib.contextmanager
    def _placed(self) -> Iterator[tuple[Transport, Sequence[Worker]]]:
        """Yield how the processes exchange, and those beside this one, to be started."""
        memory = shared_folder(self._scratch, _ROOM)
        workers = [
            _Process(shards, memory, self._scratch / f"worker-{shards[0]}.log")
            for shards in self._others
        ]
        try:
            yield Files(memory), workers
        finally:
            shutil.rmtree(memory, ignore_errors=True)

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
        except W2VError as error:
            self._error = error  # TensorFlow makes another one of it
            raise

    def _meet(self) -> None:
        began = time.perf_counter()
        for worker in self._workers:
            self._wait_for(worker)
        for worker in self._workers:
            worker.go()
        if self.start_seconds == 0:
            self.start_seconds = time.perf_counter() - began

    def _wait_for(self, worker: Worker) -> None:
        missing = 0  # turns of the round that another one in its place has still to make
        while True:
            if not worker.ready():
                self._replace(worker)
                missing = self._exchange.turn % self.turns
            elif missing:
                worker.go()
                missing -= 1
            else:
                return

    def _start(self, workers: Sequence[Worker]) -> None:
        """Start processes from the last merge, which is what the model holds during a round."""
        job = self._job(self._exchange.turn // self.turns)
        for worker in workers:
            worker.start({**job, "own": worker.shards})

    def _job(self, made: int) -> dict[str, Any]:
        """Return what a process needs to go on after so many rounds."""
        from w2vtrain.training.checkpoints import variables_of

        objective = self._objective
        return {
            "objective": (objective.corpus, objective.config, objective.epochs),
            "scaled": objective.scaled,
            "shards": objective.shards,
            "state": [variable.numpy() for variable in variables_of(objective.model)],
            "position": Position(self._position.batch + made, self._position.pass_number),
            "turn": made * self.turns,
            "divided": self.turns == 2,
            "threads": self._threads,
        }

    def _replace(self, worker: Worker) -> None:
        killed, how = worker.death()
        if not killed:
            raise W2VError(
                f"A worker process has failed: {how}",
                "The training goes on from its last checkpoint with the same command; "
                "--workers 1 needs no other process.",
            )
        self._deaths[worker.shards[0], self._exchange.turn] += 1
        if self._deaths[worker.shards[0], self._exchange.turn] == _MOST_DEATHS:
            raise W2VError(
                f"A worker process was killed {_MOST_DEATHS} times in one round ({how}).",
                "Is there enough memory? Each process holds the tables: give fewer --workers.",
            )
        _LOG.warning("A worker process was killed (%s): starting another one.", how)
        self._start([worker])
