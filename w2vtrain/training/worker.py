"""A worker process of `training.workers`: carries out some shards until its parent is gone."""

import os
import pickle
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from w2vtrain.engine.dataset import BatchStream
from w2vtrain.training.registry import make_objective
from w2vtrain.training.workers import GO, READY, Exchange, Files, Transport

_ENDLESS = 10**9


def main() -> None:
    """Read what to do from stdin and do it; stdout carries a byte a turn, and nothing else."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the parent writes its checkpoint, and ends this
    to_parent = os.dup(1)
    os.dup2(2, 1)
    job = pickle.load(sys.stdin.buffer)  # from our own parent
    if os.getppid() != job["parent"]:
        _end(job)
    threading.Thread(target=_watch, args=(job,), daemon=True).start()

    def meet() -> None:
        os.write(to_parent, READY)
        if sys.stdin.buffer.read(1) != GO:
            _end(job)

    carry_out(job, Files(job["memory"]), meet)


def carry_out(job: dict[str, Any], transport: Transport, meet: Callable[[], None]) -> None:
    """Carry out shards without end.

    Args:
        job: as `Workers` makes it.
        transport: to the other processes.
        meet: returns when all of them have written what their shards have done.
    """
    from w2vtrain.tensorflow_runtime import configure, leave_out_extras

    leave_out_extras()
    configure(job["threads"])
    from w2vtrain.training.checkpoints import variables_of

    objective: Any = make_objective(*job["objective"])
    if job["scaled"] is not None:
        objective.scale_updates(*job["scaled"])
    state = job.pop("state")
    for variable in variables_of(objective.model):
        variable.assign(state.pop(0))  # and let go of it: tables can be large
    objective.own = job["own"]
    objective.model.exchange = Exchange(transport, job["own"], job["shards"], meet, job["turn"])
    if job["divided"]:
        objective.model.parts = job["own"]
    stream = BatchStream(objective.batches, objective.signature(), job["position"])
    objective.model.fit(
        stream.dataset(), epochs=1, steps_per_epoch=_ENDLESS, shuffle=False, verbose=0
    )


def _watch(job: dict[str, Any]) -> None:
    """End this process when its parent is gone, even in the middle of a round."""
    while os.getppid() == job["parent"]:
        time.sleep(0.5)
    _end(job)


def _end(job: dict[str, Any]) -> None:
    shutil.rmtree(job["memory"], ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main()
