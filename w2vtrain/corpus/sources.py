"""Find the inputs that the user names, and open each as streams of plain bytes.

Paths, directories, globs and `-` become a list of inputs in a fixed order. An input is opened as
one stream, or as one stream for each text file of a ZIP archive; compressed data is decompressed,
hashed and guarded against decompression bombs on the way, and nothing is written to the disk.
"""

import bz2
import contextlib
import glob
import gzip
import hashlib
import io
import logging
import lzma
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, BinaryIO, Self

from w2vtrain.corpus.markup import recognize
from w2vtrain.errors import W2VError
from w2vtrain.run.files import sha256

_LOG = logging.getLogger(__name__)

STDIN = "-"
COMPRESSED = {".gz", ".bz2", ".xz"}
ARCHIVES = {".zip"}
TABLES = {".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"}
JSON = ".json"  # read as a table, but never written
_SNIFFED = 8192  # bytes of an unknown file in a directory that are looked at for NUL
_MAGIC = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
OPENERS: dict[str, Callable[..., Any]] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}
_BUFFER = 1 << 20  # bytes read from the disk at once
_ENCRYPTED = 0x1  # bit of a ZIP member's flags

# Text is compressed 3 to 20 times. What grows beyond both limits was made to fill a memory.
BOMB_RATIO = 200
BOMB_BYTES = 1 << 30

# What zipfile raises for damaged archives, found by fuzzing.
_DAMAGED_ZIP = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True)
class Sources:
    """The inputs found.

    Args:
        names: paths, or `-` for standard input, in the order they are read.
        passed_over: files in directories that are not plain text.
        reasons: why, for each of them.
    """

    names: tuple[str, ...]
    passed_over: tuple[str, ...]
    reasons: tuple[str, ...] = ()


def find_sources(
    inputs: Sequence[str], run: Path | None = None, strip_html: bool = False
) -> Sources:
    """Find the files that `inputs` name.

    Directories are searched recursively, in name order; hidden files and folders in them are left
    alone, and so are files that look binary. A file that several inputs name is read once.

    Args:
        inputs: paths, directories, globs or `-`.
        run: the run directory to write; directories and globs leave its own files out.
        strip_html: directories are searched for HTML and XML, too.

    Raises:
        W2VError: nothing is given, or an input names no file.
    """
    if not inputs:
        raise W2VError("No input.", "Give text files, directories, globs, or - for standard input.")
    search = _Search(os.path.realpath(run) if run is not None else None, strip_html)
    names: dict[str, str] = {}
    for given in inputs:
        for name in search.expand(given):
            names.setdefault(name if name == STDIN else os.path.realpath(name), name)
    return Sources(
        tuple(names.values()), tuple(search.passed_over), tuple(search.passed_over.values())
    )


class _Search:
    """Expand inputs to files, and collect the files passed over.

    Args:
        run: real path of the run directory, which is not searched.
        strip_html: take HTML and XML.
    """

    def __init__(self, run: str | None, strip_html: bool) -> None:
        self.passed_over: dict[str, str] = {}
        self._run = run
        self._strip_html = strip_html

    def expand(self, given: str) -> Iterator[str]:
        if given == STDIN:
            yield given
        elif "\0" in given or not given:
            raise W2VError(f"Not a path: {given!r}", "Give text files, directories or globs.")
        elif Path(given).is_dir():
            yield from self._in_directory(Path(given))
        elif Path(given).exists():
            yield given
        else:
            yield from self._matches(given)

    def _matches(self, pattern: str) -> Iterator[str]:
        if not glob.has_magic(pattern):
            raise W2VError(f"No such file: {pattern}", "Check the path, and where you are.")
        found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 (absolute ones too)
        files = [name for name in found if Path(name).is_file() and not self._in_run(name)]
        if not files and not found:
            raise W2VError(f"No file matches {pattern}", "Check the pattern; ** searches folders.")
        for name in files if files else found:
            if Path(name).is_dir():
                yield from self._in_directory(Path(name))
            else:
                yield name

    def _in_directory(self, folder: Path) -> Iterator[str]:
        def failed(error: OSError) -> None:
            raise W2VError(
                f"Cannot read {error.filename}: {error.strerror}", "Check who may read it."
            )

        text = 0
        for parent, folders, files in os.walk(folder, onerror=failed):
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(".") and not self._in_run(os.path.join(parent, name))  # noqa: PTH118
            )
            for name in sorted(files):
                path = Path(parent, name)
                if name.startswith(".") or not path.is_file():
                    continue
                if reason := _why_not_text(path, self._strip_html):
                    self.passed_over[printable_name(str(path))] = reason
                else:
                    text += 1
                    yield str(path)
        if not text:
            raise W2VError(
                f"No text in {folder}.",
                "Give a folder with text files, or name the files themselves.",
            )

    def _in_run(self, name: str) -> bool:
        path = os.path.realpath(name)
        return self._run is not None and (path == self._run or path.startswith(self._run + os.sep))


def _why_not_text(path: Path, strip_html: bool) -> str:
    """Return why a file in a directory is passed over; empty for text and for known names."""
    if path.suffix.lower() in COMPRESSED | ARCHIVES | TABLES | {JSON, ".txt"}:
        return ""
    try:
        with path.open("rb") as file:
            start = file.read(_SNIFFED)
    except OSError as error:
        raise W2VError(f"Cannot read {path}: {error.strerror}", "Check who may read it.") from None
    content = recognize(start, path.name)
    if content.kind == "document" or (content.kind == "markup" and not strip_html):
        return f"it is {content.what}. {content.hint}"
    return "it does not look like text." if b"\0" in start else ""


def printable_name(name: str) -> str:
    """Return a path as proper Unicode; bytes in it that are not UTF-8 are written as escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def kind_of(name: str) -> str:
    """Return the lower-case ending of a name, without that of a compression: `.csv`."""
    path = PurePath(name)
    if path.suffix.lower() in COMPRESSED:
        path = PurePath(path.stem)
    return path.suffix.lower()


@dataclass(frozen=True, slots=True)
class Read:
    """What has been read of an input so far.

    Args:
        bytes: bytes of the file as it lies on the disk, compressed where it is.
        lines: lines of text (one without its end counts), or rows of a table.
        missing: rows without a text.
        replaced: places where bytes did not decode and were replaced.
        sha256: of the file, in hex; empty until it has been read to its end.
    """

    bytes: int = 0
    lines: int = 0
    missing: int = 0
    replaced: int = 0
    sha256: str = ""

    def after(self, before: "Read") -> "Read":
        """Return both counts together, as those of one input."""
        return replace(
            self,
            bytes=before.bytes + self.bytes,
            lines=before.lines + self.lines,
            missing=before.missing + self.missing,
            replaced=before.replaced + self.replaced,
        )


class ByteStream:
    """Plain bytes, with errors that name the file.

    Args:
        file: an object whose `read(size)` gives the decompressed bytes.
        label: what errors call it.
        packed_bytes: returns the number of bytes read so far as they lie on the disk.
        compressed: whether `file` decompresses, so that a bomb is possible.
        name: the file's own name, whose ending tells the format.
    """

    def __init__(
        self,
        file: Any,
        label: str,
        packed_bytes: Callable[[], int],
        compressed: bool = False,
        name: str = "",
    ) -> None:
        self.label = label
        self.name = name or label
        self.packed_bytes = packed_bytes
        self._file = file
        self._compressed = compressed
        self._total = 0
        self._ahead = b""

    def start(self) -> bytes:
        """Return the first bytes without passing them."""
        if not self._total:
            self._ahead = self.read(_SNIFFED)
        return self._ahead

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; none at the end.

        Raises:
            W2VError: the data is damaged, cannot be read, or is a decompression bomb.
        """
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        try:
            data = self._file.read(size)
        except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile) as bad:
            raise W2VError(
                f"{self.label} is damaged or cut short: {bad}", "Get the file again."
            ) from None
        except OSError as error:
            reason = error.strerror or error
            raise W2VError(f"Cannot read {self.label}: {reason}", "Is the file whole?") from None
        self._total += len(data)
        if self._compressed and self._total > BOMB_BYTES:
            check_bomb(self.label, self._total, self.packed_bytes() + _BUFFER)
        return data


def check_bomb(label: str, size: int, compressed: int) -> None:
    """Raise W2VError when `size` bytes from `compressed` bytes are no honest text."""
    if size > BOMB_BYTES and size > BOMB_RATIO * max(compressed, 1):
        raise W2VError(
            f"{label} grows more than {BOMB_RATIO} times and over 1 GiB when it is decompressed.",
            "That is no ordinary text. If it is yours, decompress it first and give the text.",
        )


class InputFile:
    """One input, open for reading; use it in a `with` statement.

    Args:
        name: a path, or `-` for standard input.

    Attributes:
        path: of a regular file that must be opened as a whole (ZIP, Parquet); else None.
        label: what errors call it.

    Raises:
        W2VError: the file cannot be opened, or changes while it is read.
    """

    def __init__(self, name: str) -> None:
        self.label = "standard input" if name == STDIN else name
        whole = name != STDIN and PurePath(name).suffix.lower() in ARCHIVES | {".parquet"}
        self.path = Path(name) if whole else None
        self._on_disk = None if name == STDIN else Path(name)
        self._hashed: _HashedFile | None = None

    def __enter__(self) -> Self:
        try:
            if self.path is not None:
                self.path.open("rb").close()
            else:
                self._open()
        except OSError as error:
            raise W2VError(
                f"Cannot read {self.label}: {error.strerror}", "Check the path."
            ) from None
        if self.path is not None and not self.path.is_file():
            raise W2VError(f"{self.path} is not a regular file.", "Save it to the disk first.")
        self._before = _state(self._on_disk)
        return self

    def _open(self) -> None:
        file = sys.stdin.buffer if self._on_disk is None else self._on_disk.open("rb", buffering=0)
        self._hashed = _HashedFile(file)
        self._buffered = io.BufferedReader(self._hashed, _BUFFER)

    def __exit__(self, kind: Any, *rest: object) -> None:
        if self._hashed is not None and self._on_disk is not None:
            self._hashed.file.close()
        if kind is None and self._before != _state(self._on_disk):
            raise W2VError(
                f"{self._on_disk} changed while it was read.",
                "Run the command again when it is complete.",
            )

    def streams(self) -> Iterator[ByteStream]:
        """Yield the streams of plain bytes: one, or one for each text file of a ZIP archive.

        Compression is recognized by content, so a compressed file is never read as text.

        Raises:
            W2VError: the content is not what the name says, or an archive cannot be read.
        """
        if self._hashed is None:
            yield from _zip_members(self.label)
            return
        plain, compressed = _decompressed(self._buffered, self.label)
        yield ByteStream(plain, self.label, lambda: self._hashed.bytes, compressed)  # type: ignore[union-attr]

    def finish(self) -> tuple[int, str]:
        """Read what is left of the file; return its size in bytes and its SHA-256."""
        if self._hashed is None:
            assert self.path is not None
            return self.path.stat().st_size, sha256(self.path)
        while self._buffered.read(_BUFFER):  # a limit on rows may end the reading before the file
            pass
        return self._hashed.bytes, self._hashed.digest.hexdigest()


class _HashedFile(io.RawIOBase):
    """A binary file whose bytes are counted and hashed as they are read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.bytes = 0
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.file.read(len(buffer))
        buffer[: len(data)] = data
        self.bytes += len(data)
        self.digest.update(data)
        return len(data)


def compression_of(start: bytes) -> str:
    """Return the ending, such as `gz`, of the compression that a file begins as; or nothing."""
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "")


def _decompressed(buffered: Any, label: str) -> tuple[Any, bool]:
    """Return a reader of the plain bytes, and whether they were compressed.

    Args:
        buffered: a reader with `peek`.
        label: the file's name, whose ending is compared with the content.

    Raises:
        W2VError: the name promises a compression that the content does not have.
    """
    try:
        start = buffered.peek(6)[:6]
    except zipfile.BadZipFile as error:
        raise W2VError(f"{label} is damaged: {error}", "Get the file again.") from None
    except OSError as error:
        raise W2VError(f"Cannot read {label}: {error.strerror}", "Check the path.") from None
    kind = compression_of(start)
    named = Path(label).suffix.lower().lstrip(".")
    if named in OPENERS and kind != named and start:
        raise W2VError(
            f"{label} is not {named} data, though its name says so.",
            "Give it the name that fits, or get the file again.",
        )
    return (OPENERS[kind](buffered), True) if kind else (buffered, False)


def _zip_members(path: str) -> Iterator[ByteStream]:
    """Yield the bytes of each text file in an archive, in the order of their names.

    A member's name is only a label: nothing is extracted, so no name can lead anywhere.

    Raises:
        W2VError: the archive is damaged, encrypted, a bomb, or holds no text.
    """
    with _zip_errors_named(path), zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if _is_visible(member.filename)]
        packed = sum(member.compress_size for member in members)
        check_bomb(path, sum(member.file_size for member in members), packed)
        found = 0
        for member in sorted(members, key=lambda m: m.filename):
            label = f"{path}: {_printable(member.filename)}"
            if member.flag_bits & _ENCRYPTED:
                raise W2VError(f"{label} is encrypted.", "Unpack it first and give the text.")
            with _zip_errors_named(label), archive.open(member) as file:
                content: Any = io.BufferedReader(file)
                if not _member_looks_like_text(member.filename, content):
                    _LOG.warning("Passed over %s: it does not look like text.", label)
                    continue
                found += 1
                plain, _ = _decompressed(content, label)
                packed_bytes = _constant(member.compress_size)
                yield ByteStream(plain, label, packed_bytes, True, member.filename)
        if not found:
            raise W2VError(f"No text in {path}.", "Give an archive that holds text files.")


def _constant(number: int) -> Callable[[], int]:
    return lambda: number


@contextlib.contextmanager
def _zip_errors_named(label: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGED_ZIP as error:
        raise W2VError(f"{label} is damaged: {error}", "Get the file again.") from None
    except RuntimeError as error:  # an unknown method, or a password that is asked for
        raise W2VError(
            f"{label} is packed in an unusual way: {error}", "Unpack it first and give the text."
        ) from None


def _is_visible(name: str) -> bool:
    """Tell whether a ZIP member is a file, and not a hidden one."""
    if not name or name.endswith("/"):
        return False
    parts = PurePosixPath(name).parts
    return "__MACOSX" not in parts and not any(p.startswith(".") and p.strip(".") for p in parts)


def _member_looks_like_text(name: str, content: Any) -> bool:
    known = COMPRESSED | TABLES | {JSON, ".txt"}
    return PurePosixPath(name).suffix.lower() in known or b"\0" not in content.peek(_SNIFFED)


def _printable(name: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in name)


def _state(path: Path | None) -> tuple[int, int, int] | None:
    """Return what changes when another file is written to `path`; None if it is no regular file."""
    if path is None or not path.is_file():
        return None
    state = path.stat()
    return state.st_size, state.st_mtime_ns, state.st_ino
