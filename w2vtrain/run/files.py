"""Files and folders on the disk: replaced whole, forced to the disk, and failures named."""

import contextlib
import csv
import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from w2vtrain.errors import W2VError

# The end of a temporary name: as `temporary_name` makes it, and `tempfile` before it.
TEMPORARY = re.compile(r"\.(?P<name>.+)-[a-z0-9_]{8}")


def temporary_name(path: Path) -> Path:
    """Return a hidden name beside `path` that nothing has yet: `.NAME-1a2b3c4d`."""
    return path.with_name(f".{path.name}-{secrets.token_hex(4)}")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Force a file's content to the disk."""
    # Windows flushes only what is open for writing.
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Force the names in `folder` to the disk, where a folder can be opened."""
    if os.name != "nt":
        sync_file(folder)


def atomic_write(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that another process sees the old file or the new, whole."""
    temporary = temporary_name(path)
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def replace_folder(new: Path, folder: Path) -> None:
    """Rename `new` to `folder`, holding its lock; the old one is kept aside until that is done."""
    try:
        if folder.exists():
            folder.rename(aside(folder))
        new.rename(folder)
    except BaseException:
        recover(folder)
        raise
    sync_folder(folder.parent)
    shutil.rmtree(aside(folder), ignore_errors=True)


def recover(folder: Path) -> None:
    """Put back what `replace_folder` had set aside when it was stopped between its two renames.

    Only who holds the lock of `folder` may do this: it would undo the first rename of a process
    that is about to do the second.
    """
    old = aside(folder)
    if old.exists():
        if folder.exists():
            shutil.rmtree(old)
        else:
            old.rename(folder)


def aside(folder: Path) -> Path:
    """Return where `replace_folder` keeps the old folder meanwhile."""
    return folder.with_name(f".{folder.name}.old")


def in_memory(scratch: Path) -> Path:
    """Return the folder in shared memory that belongs to a scratch folder on the disk."""
    return Path("/dev/shm") / f"w2v{scratch.name}"


def shared_folder(scratch: Path, room: int) -> Path:
    """Make a folder for files that processes share: in memory, where `room` bytes are free there.

    Args:
        scratch: an empty folder on the disk, for where there is no such memory.
    """
    folder = in_memory(scratch)
    if folder.parent.is_dir() and shutil.disk_usage(folder.parent).free >= room:
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700)
            return folder
    folder = scratch / "exchange"
    folder.mkdir()
    return folder


@contextlib.contextmanager
def translated_read_errors(path: Path, hint: str) -> Iterator[None]:
    """Turn what goes wrong when a small file is read and parsed into a W2VError that names it."""
    try:
        yield
    except (OSError, ValueError, csv.Error) as error:
        raise W2VError(f"Cannot read {path}: {error}", hint) from None


@contextlib.contextmanager
def translated_os_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a place that cannot be written into a W2VError that names it."""
    try:
        yield
    except W2VError:
        raise
    except Exception as error:
        code = _error_number(error)
        hint = _HINTS.get(code)
        if hint is None:
            raise
        raise W2VError(f"Cannot write {path}: {os.strerror(code)}.", hint) from error


_HINTS = {
    errno.ENOSPC: "Free some space, or choose another place; nothing that was there is lost.",
    errno.EDQUOT: "Free some of your quota; nothing that was there is lost.",
    errno.EROFS: "Choose a place that can be written.",
    errno.EACCES: "Choose a place that you may write to.",
    errno.EPERM: "Choose a place that you may write to.",
    errno.ENOTDIR: "A part of this path is a file, not a folder.",
    errno.EEXIST: "A part of this path is a file, not a folder.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.ENOLCK: "Choose a file system that has locks.",
    errno.ENOSYS: "Choose a file system that has locks.",
    errno.EOPNOTSUPP: "Choose a file system that has locks.",
}


def _error_number(error: Exception) -> int:
    """Return the system's number of what went wrong; 0 if it was something else.

    NumPy, HDF5 and TensorFlow, which write some files, tell it in their texts only.
    """
    if isinstance(error, OSError) and error.errno:
        return error.errno
    if found := re.search(r"errno = (\d+)", str(error)):
        return int(found[1])
    if re.fullmatch(r"\d+ requested and \d+ written", str(error)):  # NumPy's tofile
        return errno.ENOSPC
    from_tensorflow = type(error).__module__.startswith("tensorflow")
    if from_tensorflow and "No space left on device" in str(error):
        return errno.ENOSPC
    return 0
