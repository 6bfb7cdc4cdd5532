"""Locks: one process at a time writes to a run, and one to a folder or file.

The lock is the system's, on a file beside what it guards, so it ends with the process that holds
it, however that ends. The file also says who holds it, for the message only; it is removed at the
end. A thread that holds a run may lock it again: `w2v run` holds it over all its stages.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from filelock import lock_descriptor

from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import TEMPORARY, in_memory, recover, translated_os_errors

LOCK = ".lock"


class _Held(threading.local):
    """The run directories that this thread holds."""

    def __init__(self) -> None:
        self.roots: set[Path] = set()


_HELD = _Held()


def lock_of(path: Path) -> Path:
    """Return the name of the lock file of a folder or file: `.NAME.lock` beside it."""
    return path.with_name(f".{path.name}.lock")


@contextlib.contextmanager
def run_lock(root: Path) -> Iterator[None]:
    """Hold the run directory for this process, and first clear away what a killed one left.

    Args:
        root: the run directory; made if missing, and removed again if nothing came into it.
    Raises:
        W2VError: another process holds it, or the place cannot be written.
    """
    real = root.resolve()
    if real in _HELD.roots:
        yield
        return
    with file_lock(root / LOCK, root):
        _HELD.roots.add(real)
        try:
            _clear_run(root)
            yield
        finally:
            _HELD.roots.discard(real)


@contextlib.contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Hold a folder or file that is to be replaced, and clear away what a killed process left.

    Raises:
        W2VError: another process holds it, or the place cannot be written.
    """
    with file_lock(lock_of(path), path):
        with translated_os_errors(path):
            recover(path)
        for left in path.parent.glob(".*"):
            found = TEMPORARY.fullmatch(left.name)
            if found and found["name"] == path.name:
                _remove(left)
        yield


@contextlib.contextmanager
def file_lock(path: Path, guarded: Path) -> Iterator[None]:
    """Hold the lock file at `path`; make it and its folders, and remove them when done if empty.

    Args:
        path: the lock file.
        guarded: what it guards, for the message.
    Raises:
        W2VError: another process holds it, or the place cannot be written.
    """
    made = [folder for folder in path.absolute().parents if not folder.exists()]
    with translated_os_errors(guarded):
        handle = _locked(path, guarded)
    try:
        yield
    finally:
        _release(path, handle)
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _locked(path: Path, guarded: Path) -> int:
    """Return a handle of the lock file at `path`, locked."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        except FileNotFoundError:  # its last holder has just removed the folder
            continue
        try:
            if not lock_descriptor(handle, blocking=False):
                raise W2VError(
                    f"{guarded} is in use by {_holder(handle)}.",
                    "Wait until it has ended, or stop it; or take another place.",
                )
            # The last holder may have removed the file after it was opened here. Then another
            # process can have made and locked a new one.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(path.stat(), os.fstat(handle)):
                    _write_holder(handle)
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _release(path: Path, handle: int) -> None:
    """End the lock and remove its file."""
    # Before the lock ends: whoever opens the file afterwards makes a new one.
    with contextlib.suppress(OSError):
        path.unlink()
    os.close(handle)
    if os.name == "nt":  # which removes no file that is open
        with contextlib.suppress(OSError):
            path.unlink()


def _write_holder(handle: int) -> None:
    who = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, b" " + json.dumps(who).encode())


def _holder(handle: int) -> str:
    try:
        # On Windows others cannot read the first byte, which is the locked one.
        os.lseek(handle, 1 if os.name == "nt" else 0, os.SEEK_SET)
        who = json.loads(os.read(handle, 1 << 16))
        return f"process {who['pid']} on {who['host']}, `{who['command']}`, since {who['since']}"
    except (ValueError, KeyError, TypeError, OSError):
        return "another process"


_OURS = re.compile(r"\.(?P<name>.+?)(-[a-z0-9_]{8}|\.old|\.lock)")


def _clear_run(root: Path) -> None:
    """Remove what killed processes left in a run directory whose lock is held."""
    run = RunDirectory(root)
    for folder in (run.checkpoints, run.export):  # they hold only our hidden names
        _clear_stages(folder, None)
    _clear_stages(root, {run.corpus.name, run.model.name, run.projector.name})
    for left in root.glob(".scratch-????????"):
        _remove(in_memory(left))
        _remove(left)
    for left in run.logs.rglob(".*"):
        if TEMPORARY.fullmatch(left.name):
            _remove(left)
    for child in run.stability.glob("seed-*"):
        if any(child.glob(".*")):
            with contextlib.suppress(W2VError), run_lock(child):
                pass


def _clear_stages(parent: Path, names: set[str] | None) -> None:
    """Clear the stages in `parent`, those called `names` if given, that no process holds."""
    found = {match["name"] for p in parent.glob(".*") if (match := _OURS.fullmatch(p.name))}
    for name in found if names is None else found & names:
        with contextlib.suppress(W2VError), folder_lock(parent / name):
            pass


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
