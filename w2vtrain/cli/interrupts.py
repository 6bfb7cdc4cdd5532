"""Ctrl-C and SIGTERM while training: the first asks for a checkpoint, the second ends at once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from w2vtrain.cli.output import note
from w2vtrain.errors import TrainingStopped

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Yields a function that says whether a signal has come; exits with 128 + signal for it.

    130 is Ctrl-C, 143 SIGTERM, as the shell has it.
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
    except TrainingStopped as stopped:
        note(f"{stopped.message} {stopped.hint}")
        raise SystemExit(128 + received[0]) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def terminable() -> Iterator[None]:
    """Lets SIGTERM end the program as Ctrl-C does, with what is half written cleared away: 143."""

    def end(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
