"""The atomic stage: a stage's folder comes into being whole or not at all."""

import contextlib
import errno
import hashlib
import json
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.version import RUN_FORMAT, VERSION

MANIFEST = "manifest.json"


@contextlib.contextmanager
def atomic_stage(folder: Path, record: dict[str, Any]) -> Iterator[Path]:
    """Yields a hidden folder to write into; it becomes `folder` when the body ends without error.

    Args:
        folder: the stage's folder; one that stands there is replaced.
        record: goes into the manifest (`config`, `inputs`, `summary` …); the body may add to it.
    Raises:
        W2VError: the disk is full or the place is not writable. What stood in `folder` stays.
    """
    created = _missing_ancestors(folder)
    temporary: Path | None = None
    try:
        with translated_os_errors(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            recover(folder)
            temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
            temporary.chmod(0o755)
            yield temporary
            write_manifest(temporary, record)
            replace_folder(temporary, folder)
    except BaseException:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        for path in created:  # a run directory that this call made holds nothing: take it back
            with contextlib.suppress(OSError):
                path.rmdir()
        raise


def _missing_ancestors(folder: Path) -> list[Path]:
    return [path for path in folder.absolute().parents if not path.exists()]


def replace_folder(new: Path, folder: Path) -> None:
    """Renames `new` to `folder`; what stood there is kept aside until the new one is in place."""
    old = _aside(folder)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    _sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def recover(folder: Path) -> None:
    """Puts back what `replace_folder` had set aside when it was killed between its two renames."""
    old = _aside(folder)
    if old.exists():
        if folder.exists():
            shutil.rmtree(old)
        else:
            old.rename(folder)


def _aside(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.old"


def write_manifest(folder: Path, record: Mapping[str, Any]) -> None:
    """Writes `manifest.json` with `record` and the size and SHA-256 of every file in `folder`.

    The files are on the disk, not only in its cache, when this returns.
    """
    files = {
        str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": synced(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    manifest = {
        "format": RUN_FORMAT,
        "w2vtrain": VERSION,
        "python": platform.python_version(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        **record,
        "files": files,
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    atomic_write(folder / MANIFEST, text.encode())


def read_manifest(folder: Path, made_by: str, verify: bool = False) -> dict[str, Any]:
    """Returns the manifest of a stage's folder.

    Args:
        folder: the stage's folder.
        made_by: the command that makes it, for the hint.
        verify: compare size and SHA-256 of every file too.
    Raises:
        W2VError: the stage has not been run, was made in another format, or a file differs.
    """
    with contextlib.suppress(OSError):
        recover(folder)
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
        made_in = manifest["format"]
        files = {str(k): (int(v["bytes"]), str(v["sha256"])) for k, v in manifest["files"].items()}
    except FileNotFoundError:
        raise W2VError(
            f"{folder.parent} holds no {folder.name}/ stage.", f"Run `{made_by}` first."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise W2VError(
            f"{path} cannot be read: {error!r}", f"Run `{made_by}` again with --force."
        ) from None
    if made_in != RUN_FORMAT:
        raise W2VError(
            f"{folder} was made in run format {made_in}; this version reads {RUN_FORMAT}.",
            f"Run `{made_by}` again with --force, or use w2vtrain {manifest.get('w2vtrain')}.",
        )
    for name, (size, digest) in files.items():
        _check_file(folder / name, size, digest if verify else None, made_by)
    return dict(manifest)


def read_corpus_manifest(run: RunDirectory) -> dict[str, Any]:
    """Returns the manifest of a run's prepared corpus.

    Raises:
        W2VError: `run` is a file, or holds no whole corpus.
    """
    if run.root.is_file():
        raise W2VError(
            f"{run.root} is a file; this needs the text that vectors were made from.",
            "Give a run directory made by `w2v prepare`.",
        )
    return read_manifest(run.corpus, made_by=f"w2v prepare INPUT... -o {run.root}")


def _check_file(path: Path, size: int, digest: str | None, made_by: str) -> None:
    hint = f"Run `{made_by}` again with --force."
    if not path.is_file():
        raise W2VError(f"{path} is missing.", hint)
    if path.stat().st_size != size:
        raise W2VError(f"{path} is damaged: {path.stat().st_size:,} bytes, not {size:,}.", hint)
    if digest is not None and sha256(path) != digest:
        raise W2VError(f"{path} is damaged: its SHA-256 is not the manifest's.", hint)


def sha256(path: Path) -> str:
    """Returns the SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def synced(path: Path) -> str:
    """Forces a file's content to the disk and returns its SHA-256."""
    _sync(path)
    return sha256(path)


def atomic_write(path: Path, content: bytes) -> None:
    """Writes `content` to `path` so that another process sees the old file or the new, whole."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def translated_os_errors(path: Path) -> Iterator[None]:
    """Turns a full disk or a place that cannot be written into a W2VError that names it."""
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
}


def _error_number(error: Exception) -> int:
    """Returns the system's number of what went wrong; 0 if it was something else.

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
