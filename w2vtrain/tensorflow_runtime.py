"""TensorFlow, imported quietly and with its threads set: the one door that every stage uses.

TensorFlow prints some lines while it starts (oneDNN, CUDA, absl) that no log level stops, and its
thread counts are fixed by the first operation. So the import, the threads and the start of its
runtime belong together, before anything else of TensorFlow is touched.
"""

import contextlib
import logging
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from w2vtrain.errors import W2VError

_LOG = logging.getLogger(__name__)
_EXTRAS_OF_KERAS = ("IPython", "PIL", "huggingface_hub", "matplotlib", "pandas", "sklearn")
_left_out: set[str] = set()


def leave_out_extras() -> None:
    """Let Keras start without the packages that it imports for functions we never call.

    Keras imports pandas, matplotlib, scikit-learn and others where they are installed, which takes
    a third of its start. For a process of our own, before Keras is imported: in it, Keras takes no
    data frames, and its pictures and its wrappers for scikit-learn say that the packages are
    missing. The packages themselves can be imported as ever once Keras has been.
    """
    _left_out.update(_EXTRAS_OF_KERAS)


def configure(threads: int | None = None, processes: int = 1) -> Any:
    """Return the `tensorflow` module, started with one intra-op and `threads` inter-op threads.

    The operations here are too small to be worth splitting, but independent ones run side by side.
    A second call with the same number changes nothing. With another number, or after the caller
    has used TensorFlow already, the threads stay as they are and a warning is logged.

    Args:
        threads: processor threads; None takes what is set, or else all that the process may use.
        processes: that share these threads out; with more threads than its share, one is in the way
            of the others (measured: docs/shards.md).
    Raises:
        W2VError: Keras has been imported with a backend other than TensorFlow.
    """
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors pass, information does not
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    with quiet_stderr():
        with _hidden(_left_out):
            import keras
        import tensorflow as tf

        changed = _set_threads(tf.config.threading, threads, processes)
        tf.config.list_logical_devices()  # starts the runtime, with its chatter
    now = tf.config.threading.get_inter_op_parallelism_threads()
    if not changed and threads not in (None, now):
        _LOG.warning(
            "TensorFlow has started already: its threads stay as they are (asked: %d).", threads
        )
    if keras.backend.backend() != "tensorflow":
        raise W2VError(
            f"Keras runs on {keras.backend.backend()} in this process, not on TensorFlow.",
            "Set KERAS_BACKEND=tensorflow before Keras is first imported.",
        )
    return tf


def start_process(
    module: str, environment: Mapping[str, str] = {}, **options: Any
) -> "subprocess.Popen[bytes]":
    """Start a module of ours as a process that talks through pipes.

    It finds what this process finds, and works from notebooks and from scripts without a `__main__`
    guard.

    Args:
        module: its full name.
        environment: variables beside those of this process.
        options: of `subprocess.Popen`.
    """
    path = os.pathsep.join([entry or str(Path.cwd()) for entry in sys.path])
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path, **environment},
        **options,
    )


def available_threads() -> int:
    """Return how many processor threads this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_PROCESSOR = Path("/proc/cpuinfo")


def computes_bfloat16() -> bool:
    """Return whether the processor multiplies bfloat16 itself; True where it does not say."""
    return not _PROCESSOR.exists() or "bf16" in _PROCESSOR.read_text(errors="replace")


def processor_kind() -> str:
    """Return the kind of the processor: its model where Linux tells it."""
    facts = _PROCESSOR.read_text(errors="replace") if _PROCESSOR.exists() else ""
    model = re.search(r"^model name\s*:\s*(.+)", facts, re.MULTILINE)
    return model[1] if model else platform.processor() or platform.machine()


def _set_threads(threading: Any, threads: int | None, processes: int) -> bool:
    """Sets the thread counts; returns whether they are now as asked."""
    inter_op = threading.get_inter_op_parallelism_threads()  # 0: not set
    wanted = threads or inter_op or available_threads()
    if processes > 1:
        wanted = max(1, (threads or available_threads()) // processes)
    if (inter_op, threading.get_intra_op_parallelism_threads()) == (wanted, 1):
        return True
    try:
        threading.set_inter_op_parallelism_threads(wanted)
        threading.set_intra_op_parallelism_threads(1)
    except RuntimeError:  # they cannot change once TensorFlow has started
        return False
    return True


@contextlib.contextmanager
def _hidden(packages: Iterable[str]) -> Iterator[None]:
    """Make an import of `packages` fail, as if they were not installed."""
    names = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]  # None: no such module
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keep what is written to file descriptor 2 from the terminal, unless the body fails."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # the process has no stderr
        yield
        return
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            captured.seek(0)
            os.write(2, captured.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
