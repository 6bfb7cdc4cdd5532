"""Which files the user means: paths, directories, globs and `-`, in a fixed order."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from w2vtrain.errors import W2VError

STDIN = "-"
COMPRESSED = {".gz", ".bz2", ".xz"}
ARCHIVES = {".zip"}
TABLES = {".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"}
_SNIFFED = 8192  # bytes of an unknown file in a directory that are looked at for NUL


@dataclass(frozen=True)
class Sources:
    """The inputs found.

    Args:
        names: paths, or `-` for standard input, in the order they are read.
        passed_over: files in directories that do not look like text.
    """

    names: tuple[str, ...]
    passed_over: tuple[str, ...]


def find_sources(inputs: Sequence[str]) -> Sources:
    """Returns the files that `inputs` stand for.

    Directories are searched recursively, in name order; hidden files and folders in them are left
    alone, and so are files that look binary. A file that several inputs name is read once.

    Raises:
        W2VError: nothing is given, or an input stands for no file.
    """
    if not inputs:
        raise W2VError("No input.", "Give text files, directories, globs, or - for standard input.")
    names: dict[str, str] = {}
    passed_over: list[str] = []
    for given in inputs:
        for name in _expand(given, passed_over):
            names.setdefault(name if name == STDIN else os.path.realpath(name), name)
    return Sources(tuple(names.values()), tuple(passed_over))


def _expand(given: str, passed_over: list[str]) -> Iterator[str]:
    if given == STDIN:
        yield given
    elif "\0" in given or not given:
        raise W2VError(f"Not a path: {given!r}", "Give text files, directories or globs.")
    elif Path(given).is_dir():
        yield from _in_directory(Path(given), passed_over)
    elif Path(given).exists():
        yield given
    else:
        yield from _matches(given, passed_over)


def _matches(pattern: str, passed_over: list[str]) -> Iterator[str]:
    if not glob.has_magic(pattern):
        raise W2VError(f"No such file: {pattern}", "Check the path, and where you are.")
    found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 (absolute ones too)
    files = [name for name in found if Path(name).is_file()]
    if not files and not found:
        raise W2VError(f"No file matches {pattern}", "Check the pattern; ** searches folders.")
    for name in files if files else found:
        if Path(name).is_dir():
            yield from _in_directory(Path(name), passed_over)
        else:
            yield name


def _in_directory(folder: Path, passed_over: list[str]) -> Iterator[str]:
    def failed(error: OSError) -> None:
        raise W2VError(f"Cannot read {error.filename}: {error.strerror}", "Check who may read it.")

    text = 0
    for parent, folders, files in os.walk(folder, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            if name.startswith(".") or not path.is_file():
                continue
            if looks_like_text(path):
                text += 1
                yield str(path)
            else:
                passed_over.append(str(path))
    if not text:
        raise W2VError(
            f"No text in {folder}.", "Give a folder with text files, or name the files themselves."
        )


def looks_like_text(path: Path) -> bool:
    """Returns whether a file has a known name, or no NUL byte where it starts."""
    if path.suffix.lower() in COMPRESSED | ARCHIVES | TABLES | {".txt"}:
        return True
    try:
        with path.open("rb") as file:
            return b"\0" not in file.read(_SNIFFED)
    except OSError as error:
        raise W2VError(f"Cannot read {path}: {error.strerror}", "Check who may read it.") from None
