"""One process at a time writes to a run directory; a second one is told who holds it.

The lock is the kernel's (`flock` on RUN/.lock), so it ends with the process that holds it, however
that ends. Who holds it stands in the file, for the message only.
"""

import contextlib
import fcntl
import json
import os
import re
import shlex
import shutil
import socket
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from w2vtrain.errors import W2VError
from w2vtrain.run.stage import translated_os_errors

LOCK = ".lock"
# What killed stages leave behind, with the eight random signs of `mkdtemp`: in the run directory,
# which may hold hidden folders of the user's, and in two that hold only ours.
_LEFTOVERS = (
    ("", re.compile(r"\.(corpus|model|split)-[a-z0-9_]{8}")),
    ("checkpoints", re.compile(r"\..+-[a-z0-9_]{8}")),
    ("export", re.compile(r"\..+-[a-z0-9_]{8}")),
)


@contextlib.contextmanager
def run_lock(root: Path) -> Iterator[None]:
    """Holds the run directory for this process, and first sweeps out what a killed one left half.

    Args:
        root: the run directory; made if missing, and removed again if nothing came into it.
    Raises:
        W2VError: another process holds it, or the place cannot be written.
    """
    made = [path for path in (root.absolute(), *root.absolute().parents) if not path.exists()]
    with translated_os_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        handle = _locked(root / LOCK)
    try:
        _sweep(root)
        yield
    finally:
        # Before the lock ends: whoever opens the file afterwards makes a new one.
        with contextlib.suppress(OSError):
            (root / LOCK).unlink()
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()
        os.close(handle)


def _locked(path: Path) -> int:
    """Returns a handle of the lock file at `path`, locked."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(handle)
            os.close(handle)
            raise W2VError(
                f"{path.parent} is in use by {holder}.",
                "Wait until it has ended, or stop it; or take another run directory.",
            ) from None
        except BaseException:
            os.close(handle)
            raise
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(handle).st_ino:
                _write_holder(handle)
                return handle
        os.close(handle)  # its holder has just removed it: take the new file


def _write_holder(handle: int) -> None:
    who = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(who).encode(), 0)


def _holder(handle: int) -> str:
    try:
        who = json.loads(os.pread(handle, 1 << 16, 0))
        return f"process {who['pid']} on {who['host']}, `{who['command']}`, since {who['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process"


def _sweep(root: Path) -> None:
    for parent, pattern in _LEFTOVERS:
        for folder in (root / parent).glob(".*"):
            if pattern.fullmatch(folder.name) and folder.is_dir():
                shutil.rmtree(folder, ignore_errors=True)
