"""A worker process of `training.workers`: carries out some shards until its parent is gone."""

import os
import pickle
import shutil
import signal
import sys
import threading
import time
from typing import Any

from w2vtrain.engine.dataset import BatchStream
from w2vtrain.training.registry import make_objective
from w2vtrain.training.workers import GO, READY

_ENDLESS = 10**9


def main() -> None:
    """Read what to do from stdin and do it; stdout carries a byte a round, and nothing else."""
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

    _work(job, meet)


def _work(job: dict[str, Any], meet: Any) -> None:
    from w2vtrain.tensorflow_runtime import configure, leave_out_extras

    leave_out_extras()
    configure(job["threads"])
    from w2vtrain.training.checkpoints import Checkpoint
    from w2vtrain.training.workers import Exchange

    objective: Any = make_objective(*job["objective"])
    if job["scaled"] is not None:
        objective.scale_updates(*job["scaled"])
    state = Checkpoint.load(next(job["state"].iterdir()))
    state.restore(objective.model)
    objective.own = job["own"]
    exchange = Exchange(job["memory"], job["own"], job["shards"], meet)
    exchange.round = job["round"]
    objective.model.exchange = exchange
    stream = BatchStream(objective.batches, objective.signature(), state.position)
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
