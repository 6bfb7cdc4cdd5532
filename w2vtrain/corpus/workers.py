"""Tokenize blocks of text in processes of their own: `w2v prepare --workers` and `--cluster`.

A worker is this module, started with blocks coming in through a pipe and tokens going out through
another, so that it works from notebooks and from scripts without a `__main__` guard. The parent
reads the inputs, numbers the tokens and writes, in the order of the text: the bytes are those of
one process. When its pipe closes, because the parent has closed it or is gone, a worker ends.
On a cluster a block is a task of Ray Core, which places it on a node, and does it again on another
one when that node is gone.
"""

import contextlib
import os
import pickle
import queue
import subprocess
import sys
from typing import Any, Self

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.counting import TokenizedBlock, tokenized_block
from w2vtrain.corpus.documents import Block
from w2vtrain.corpus.word_boundaries import icu_version
from w2vtrain.errors import W2VError
from w2vtrain.ray_cluster import check_node, connected, first_answer, versions
from w2vtrain.tensorflow_runtime import (
    available_threads,
    configure,
    leave_out_extras,
    start_process,
)

_WORTHWHILE = 2**30  # bytes of input from which on workers are started
_MOST = 4  # workers that the parent can keep busy
# What glibc gives back to the system is mapped and zeroed anew for each block, in a tenth of a
# worker's time. The largest arrays of a block have some megabytes.
_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_TRIM_THRESHOLD_": str(2**30)}
# Of the time of one process: that of two workers on two processors, and what the parent does alone.
_TWO, _PARENT = 0.83, 0.45


def number_of_workers(config: PrepareConfig, size: int | None) -> int:
    """Return how many processes tokenize; 1 if it is done in this one.

    Args:
        config: the number that the user asks for, if any.
        size: bytes of all inputs; None where unknown.
    """
    if config.workers is not None:
        return config.workers
    several = config.cluster is not None or (size or 0) >= _WORTHWHILE
    return min(available_threads(), _MOST) if several else 1


def share_of_time(number: int) -> float:
    """Return the expected time with `number` workers over that of one process."""
    busy = min(number, available_threads())
    return 1.0 if busy == 1 else max(_PARENT, _TWO * 2 / busy)


class Workers:
    """Processes that tokenize, for as many threads; use it in a `with` statement.

    Args:
        number: how many.
        config: the settings.
    """

    def __init__(self, number: int, config: PrepareConfig) -> None:
        self._number, self._config = number, config
        self._processes: list[subprocess.Popen[bytes]] = []
        self._free: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()

    def __enter__(self) -> "Workers":
        for _ in range(self._number):
            # A session of its own: Ctrl-C is for the parent, which ends the others.
            process = start_process("w2vtrain.corpus.workers", _KEEP_MEMORY, start_new_session=True)
            self._processes.append(process)
            pickle.dump(self._config, process.stdin)  # type: ignore[arg-type]
            self._free.put(process)
        return self

    def tokenize(self, block: Block) -> TokenizedBlock:
        """Tokenize a block in the next process that is free.

        Raises:
            W2VError: the process has died.
        """
        process = self._free.get()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump(block.text, process.stdin)
            process.stdin.flush()
            parts = pickle.load(process.stdout)  # from our own child
        except (EOFError, OSError, pickle.UnpicklingError):
            code = process.wait()
            raise W2VError(
                f"A worker of prepare ended with exit code {code}.",
                "Was the memory used up? --workers 1 needs least of it.",
            ) from None
        finally:
            self._free.put(process)
        return TokenizedBlock(block, *parts)

    def stop(self) -> None:
        """End the processes; a thread that waits for one raises W2VError."""
        for process in self._processes:
            process.kill()  # it holds nothing that could be lost
        for process in self._processes:
            process.wait()

    def __exit__(self, *error: object) -> None:
        self.stop()
        for process in self._processes:
            process.communicate()  # closes the pipes


class ClusterWorkers(contextlib.ExitStack):
    """Tokenize on the nodes of a Ray cluster, for as many threads; use it in a `with` statement.

    Args:
        number: of blocks at a time.
        config: the settings, with the cluster's address.
    """

    def __init__(self, number: int, config: PrepareConfig) -> None:
        super().__init__()
        self._number, self._config = number, config
        self._running: set[Any] = set()
        self._stopped = False

    def __enter__(self) -> Self:
        assert self._config.cluster is not None
        self._ray = self.enter_context(connected(self._config.cluster, self._number))
        self._task = self._ray.remote(_on_node)
        return self

    def tokenize(self, block: Block) -> TokenizedBlock:
        """Tokenize a block on a node.

        Raises:
            W2VError: no node takes it within a minute, or a node has other versions or fails.
        """
        if self._stopped:
            raise W2VError("Stopped.")
        reference = self._task.remote(block.text, self._config)
        self._running.add(reference)
        try:
            there, parts = first_answer(self._ray, reference, "tokenize a block of text")
        finally:
            self._running.discard(reference)
        check_node(there, _versions(self._config))
        return TokenizedBlock(block, *parts)

    def stop(self) -> None:
        """End the tasks; a thread that waits for one raises W2VError."""
        self._stopped = True
        for reference in list(self._running):
            self._ray.cancel(reference, force=True)


def _on_node(text: str, config: PrepareConfig) -> tuple[dict[str, str], tuple[Any, ...]]:
    """Return the versions of this node, and what `TokenizedBlock` says of a text."""
    _start_tensorflow()
    return _versions(config), _parts(text, config)


def _versions(config: PrepareConfig) -> dict[str, str]:
    return versions() | ({"ICU": icu_version()} if config.split == "icu" else {})


def _start_tensorflow() -> None:
    leave_out_extras()
    configure(1)


def _parts(text: str, config: PrepareConfig) -> tuple[Any, ...]:
    found = tokenized_block(Block(text, True, ()), config)
    return found.unique, found.too_long, found.index, found.lengths


def main() -> None:
    """Tokenize the blocks that come through standard input until it is closed."""
    to_parent = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what others print does not get in between
    _start_tensorflow()
    try:
        config = pickle.load(sys.stdin.buffer)  # from our own parent
        while True:
            text = pickle.load(sys.stdin.buffer)
            pickle.dump(_parts(text, config), to_parent, protocol=5)
            to_parent.flush()
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):  # the parent has gone
        os._exit(0)


if __name__ == "__main__":
    main()
