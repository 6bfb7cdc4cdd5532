"""Processes that can be killed: forked from a server that has imported TensorFlow already.

Starting TensorFlow takes seconds, a fork milliseconds; the server has not started its runtime, so
each child starts its own, as a fresh process does.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

if "forkserver" not in multiprocessing.get_all_start_methods():  # as on Windows
    pytest.skip("processes are not forked here", allow_module_level=True)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["keras", "tensorflow", "w2vtrain.models.word2vec"])


def forked(function: Callable[..., Any], *arguments: Any) -> int:
    """Calls `function` in a process of its own and returns its exit code; -9 if it was killed."""
    process = CONTEXT.Process(target=function, args=arguments)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def die() -> None:
    """Ends this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)
