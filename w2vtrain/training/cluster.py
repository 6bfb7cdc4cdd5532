"""Workers on a Ray cluster: the shards of a training on several machines.

The process that runs the training carries out some of the shards, and an actor of Ray Core each
further share of them. Ray places the actors on the nodes, carries what they have done from one to
the other through its object store, and notices when one is gone; shards and merges are those of
`training.workers`, and so are the bytes.
"""

import contextlib
import functools
import queue
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.ray_cluster import (
    check_node,
    connected,
    first_answer,
    first_line,
    last_line,
    versions,
)
from w2vtrain.run.files import sha256
from w2vtrain.tensorflow_runtime import processor_kind
from w2vtrain.training.worker import carry_out
from w2vtrain.training.workers import Done, Transport, Worker, Workers


def this_node() -> dict[str, str]:
    """Return what must be the same on all nodes for the same bytes, and the kind of processor."""
    return {**versions(), "processor": processor_kind()}


class ShardActor:
    """Carries out some shards on a node, a round at each call; the work is a thread of its own."""

    def __init__(self) -> None:
        self._done: queue.Queue[dict[int, Done] | Exception] = queue.Queue()
        self._others: queue.Queue[dict[int, Done]] = queue.Queue()

    def look(self, text: Path) -> tuple[dict[str, str], str | None]:
        """Return what this node is, and the SHA-256 of the text if it is there."""
        return this_node(), sha256(text) if text.exists() else None

    def begin(self, job: dict[str, Any], state: list[np.ndarray], text: Any) -> dict[int, Done]:
        """Return what the shards do in the first round.

        Args:
            job: as `Workers` makes it.
            state: of the variables.
            text: the bytes of the file of token ids; None where the node has it.
        """
        threading.Thread(target=self._work, args=(job, state, text), daemon=True).start()
        return self._own()

    def go_on(self, *parts: dict[int, Done]) -> dict[int, Done]:
        """Return what the shards do in the next round.

        Args:
            parts: what all processes have done in this one.
        """
        self._others.put({shard: done for part in parts for shard, done in part.items()})
        return self._own()

    def _own(self) -> dict[int, Done]:
        done = self._done.get()
        if isinstance(done, Exception):
            raise done
        return done

    def _work(self, job: dict[str, Any], state: list[np.ndarray], text: Any) -> None:
        try:
            with tempfile.TemporaryFile() as file:  # without a name: it never outlives the process
                if text is not None:
                    file.write(text)
                    file.flush()
                    job["objective"][0].token_ids = Path(f"/dev/fd/{file.fileno()}")
                carry_out({**job, "state": list(state)}, self, self._meet)
        except Exception as error:
            self._done.put(error)

    def _meet(self) -> None:
        self._found = self._others.get()

    def write(self, turn: int, own: dict[int, Done]) -> None:
        """Give what the own shards have done to the call that waits for it."""
        self._done.put(own)

    def read(self, turn: int, shard: int, like: Done) -> Done:
        """Return what a shard of another process has done."""
        return self._found[shard]


class _Objects:
    """The transport of the process that runs the training: references to objects of Ray.

    Attributes:
        references: to what each process has done in the round.
    """

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self.references: list[Any] = []
        self._found: dict[int, Done] = {}

    def write(self, turn: int, own: dict[int, Done]) -> None:
        """Put what the own shards have done into the object store."""
        try:
            self.references = [self._ray.put(own)]
        except self._ray.exceptions.RayError as error:
            raise W2VError(
                f"Ray cannot hold what the shards exchange: {first_line(error)}",
                "Start Ray with a larger --object-store-memory.",
            ) from None

    def take(self, reference: Any) -> None:
        """Wait for what another process has done."""
        self._found |= self._ray.get(reference)
        self.references.append(reference)

    def read(self, turn: int, shard: int, like: Done) -> Done:
        """Return what a shard of another process has done."""
        return self._found[shard]


class _Text:
    """The token ids: read where a node has them at the same path, else from the object store."""

    def __init__(self, ray: Any, path: Path) -> None:
        self._ray, self.path, self._digest = ray, path, sha256(path)

    def reference_for(self, digest: str | None) -> Any:
        """Return a reference to the bytes of the file, or None for a node that has it.

        Args:
            digest: SHA-256 of the node's file at this path; None: it has none.
        Raises:
            W2VError: another text is there.
        """
        if digest is None:
            return self._in_store
        if digest != self._digest:
            raise W2VError(
                f"A node of the cluster has another text at {self.path}.",
                "Remove it there, or copy the run to it.",
            )
        return None

    @functools.cached_property
    def _in_store(self) -> Any:
        return self._ray.put(np.fromfile(self.path, np.uint8))


class _Actor:
    """A worker on a node that Ray chooses.

    Args:
        ray: the package, connected.
        shards: that it carries out.
        threads: processors that Ray keeps for it.
        text: the token ids, for the node.
        transport: of this process.
    """

    def __init__(
        self, ray: Any, shards: Sequence[int], threads: int, text: _Text, transport: _Objects
    ) -> None:
        self._ray, self.shards, self._text, self._transport = ray, shards, text, transport
        self._class = ray.remote(ShardActor).options(num_cpus=threads)
        self._handle: Any = None

    def place(self) -> None:
        """Let Ray start the actor, in place of an earlier one; does not wait for it."""
        self.stop()
        self._handle = self._class.remote()
        self._looked = self._handle.look.remote(self._text.path)

    def start(self, job: dict[str, Any]) -> None:
        found, digest = first_answer(self._ray, self._looked, "start a process of this training")
        check_node(found, this_node())
        text = self._text.reference_for(digest)
        self._begun = self._handle.begin.remote({**job, "state": None}, job["state"], text)

    def ready(self) -> bool:
        try:
            self._transport.take(self._begun)
        except self._ray.exceptions.RayError as error:
            self._error = error
            return False
        return True

    def go(self) -> None:
        self._begun = self._handle.go_on.remote(*self._transport.references)

    def death(self) -> tuple[bool, str]:
        failed = isinstance(self._error, self._ray.exceptions.RayTaskError)
        return not failed, last_line(self._error) if failed else first_line(self._error)

    def stop(self) -> None:
        if self._handle is not None:
            self._ray.kill(self._handle)


class ClusterWorkers(Workers):
    """Carries out the shards of a training with this process and actors of a Ray cluster.

    Every process merges all rows: over a network that is cheaper than to send them once more.

    Args:
        address: of the cluster; `auto`: the one that this machine is in; `local`: one that is
            started here, and ends with the training.
        objective: what is trained, its model as it is at the start.
        number: of processes, this one included.
        threads: of each actor, as many processors as Ray keeps for it; None: one.
        scratch: an empty folder on the disk.
    """

    turns = 1

    def __init__(
        self, address: str, objective: Any, number: int, threads: int | None, scratch: Path
    ) -> None:
        super().__init__(objective, number, threads, scratch)
        self._address, self._threads = address, threads or 1

    @contextlib.contextmanager
    def _placed(self) -> Iterator[tuple[Transport, Sequence[Worker]]]:
        processors = self._threads * len(self._others)
        with connected(self._address, processors) as self._ray:
            text = _Text(self._ray, self._objective.corpus.token_ids)
            transport = _Objects(self._ray)
            yield (
                transport,
                [
                    _Actor(self._ray, shards, self._threads, text, transport)
                    for shards in self._others
                ],
            )

    def _start(self, workers: Sequence[Any]) -> None:
        for worker in workers:
            worker.place()
        super()._start(workers)

    def _job(self, made: int) -> dict[str, Any]:
        job = super()._job(made)
        return {**job, "state": self._ray.put(job["state"])}  # once, for all
