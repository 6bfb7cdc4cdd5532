"""A stage of a run: a folder that comes into being whole, and its manifest that says so.

A stage is written into a hidden folder beside its own, forced to the disk and renamed, with a
`manifest.json` in it: settings, versions, what it was made from, size and SHA-256 of every file.
So a stage's folder that has a manifest is whole, wherever the process was killed.
"""

import contextlib
import functools
import json
import platform
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import (
    aside,
    atomic_write,
    replace_folder,
    sha256,
    sync_file,
    temporary_name,
    translated_os_errors,
)
from w2vtrain.run.lock import folder_lock
from w2vtrain.version import RUN_FORMAT, VERSION

MANIFEST = "manifest.json"
P = ParamSpec("P")
R = TypeVar("R")


@contextlib.contextmanager
def workspace(path: Path) -> Iterator[Path]:
    """Yield a new hidden folder beside `path`, which this process holds, to write what replaces it.

    The folder is removed at the end, with whatever has not been moved out of it.

    Args:
        path: the folder or file to be replaced.
    Raises:
        W2VError: another process is writing it, the disk is full, or the place cannot be written.
    """
    with folder_lock(path), translated_os_errors(path):
        temporary = temporary_name(path)
        try:
            temporary.mkdir()
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def atomic_stage(folder: Path, record: dict[str, Any]) -> Iterator[Path]:
    """Yield a hidden folder to write into; it becomes `folder` when the body ends without error.

    Args:
        folder: the stage's folder; the one that is there is replaced.
        record: goes into the manifest (`config`, `inputs`, `summary` …); the body may add to it.
    Raises:
        W2VError: another process is writing it, the disk is full, or the place cannot be written.
            What was in `folder` stays.
    """
    with workspace(folder) as temporary:
        yield temporary
        write_manifest(temporary, record)
        replace_folder(temporary, folder)


def write_manifest(folder: Path, record: Mapping[str, Any]) -> None:
    """Write `manifest.json` with `record` and the size and SHA-256 of every file in `folder`.

    The files are on the disk, not only in its cache, when this returns.
    """
    files = {
        path.relative_to(folder).as_posix(): _file_record(path)
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


def _file_record(path: Path) -> dict[str, Any]:
    sync_file(path)
    return {"bytes": path.stat().st_size, "sha256": sha256(path)}


def read_manifest(folder: Path, made_by: str, verify: bool = False) -> dict[str, Any]:
    """Return the manifest of a stage's folder.

    A folder that another process replaces meanwhile is read again.

    Args:
        folder: the stage's folder.
        made_by: the command that makes it, for the hint.
        verify: compare size and SHA-256 of every file too.
    Raises:
        W2VError: the stage has not been run, was made in another format, or a file differs.
    """
    while True:
        before = _identity(folder)
        try:
            return _checked_manifest(folder, made_by, verify)
        except W2VError:
            if not _await_rename(folder) and _identity(folder) == before:
                raise


@contextlib.contextmanager
def reading(*folders: Path) -> Iterator[None]:
    """Read files of stages in the body, all of one time.

    Raises:
        W2VError: another process replaced a folder meanwhile, so that the body may have read files
            of the old one and of the new.
    """
    for folder in folders:
        _await_rename(folder)
    before = [_identity(folder) for folder in folders]
    failure: Exception | None = None
    try:
        yield
    except (OSError, W2VError) as error:
        failure = error
    for folder, identity in zip(folders, before, strict=True):
        if _identity(folder) != identity:
            raise W2VError(
                f"{folder} was replaced while it was read.", "Run the command again."
            ) from failure
    if failure is not None:
        raise failure


def reads(*stages: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function that reads these stages of the run that is its first argument."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def read(*arguments: P.args, **options: P.kwargs) -> R:
            run = Path(str(arguments[0] if arguments else options["run"]))
            with reading(*(run / stage for stage in stages)):
                return function(*arguments, **options)

        return read

    return decorate


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells the folder from one that replaces it; None if there is no manifest."""
    try:
        manifest = (folder / MANIFEST).stat()
    except OSError:
        return None
    return manifest.st_ino, manifest.st_mtime_ns


def _await_rename(folder: Path) -> bool:
    """Wait until a folder that is set aside is back or replaced; return whether that was so.

    Raises:
        W2VError: the process that replaced it was killed, and this one may not put it back.
    """
    waited, error = False, None
    for _ in range(500):
        if folder.exists() or not aside(folder).exists():
            return waited
        waited = True
        try:
            with folder_lock(folder):  # its owner is dead, and this puts the folder back
                return True
        except W2VError as refused:
            error = refused
            time.sleep(0.01)
    raise W2VError(
        f"{folder} was set aside as {aside(folder)} by a process that was killed.",
        f"Rename it, or let a command do it that may write there. ({error})",
    )


def _checked_manifest(folder: Path, made_by: str, verify: bool) -> dict[str, Any]:
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
    """Return the manifest of a run's prepared corpus.

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
