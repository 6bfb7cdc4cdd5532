"""Ctrl-C and SIGTERM: a training writes a checkpoint first, all else clears its files away."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from w2vtrain.cli.output import note
from w2vtrain.errors import TrainingStopped

SIGNALS = (signal.SIGINT, signal.SIGTERM)  # Windows has both; there, Ctrl-C sends the first


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether a signal has come, which ends the program after the body.

    The first signal asks the body to stop, the second ends the program at once. The exit code is
    128 + the signal's number, as the shell has it: 130 for Ctrl-C, 143 for SIGTERM. A signal that
    comes when the training has ended lets its model be written, but nothing follows.
    """
    received: list[int] = []

    def take(number: int, frame: Any) -> None:
        if received:
            os._exit(128 + number)  # at once: what is half written is swept by the next run
        received.append(number)
        note("\nWriting a checkpoint … (once more stops at once, without one)")

    before = {number: signal.signal(number, take) for number in SIGNALS}
    try:
        yield lambda: bool(received)
        if received:
            note("The training had ended, and its model is written.")
            raise SystemExit(128 + received[0])
    except TrainingStopped as stopped:
        note(f"{stopped.message} {stopped.hint}")
        raise SystemExit(128 + received[0]) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end the program as Ctrl-C does, with what is half written cleared away: 143."""

    def end(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
