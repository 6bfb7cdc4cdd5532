"""Files that may be compressed: read by their first bytes, written by the ending of their name."""

import contextlib
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from w2vtrain.corpus.sources import BOMB_BYTES, BOMB_RATIO, OPENERS, compression_of
from w2vtrain.errors import W2VError

_BUFFER = 1 << 20


class _GuardedReader(io.RawIOBase):
    """Decompressed bytes, which raise W2VError as soon as they are a decompression bomb's."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._size += len(data)
        check_expansion(self._path, self._size)
        return len(data)


def compression(path: Path) -> str:
    """Return which compression the file begins as: `gz`, `bz2`, `xz`, or nothing."""
    with reading_errors(path), path.open("rb") as file:
        return compression_of(file.read(6))


@contextlib.contextmanager
def open_read(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, decompressed where it is gzip, bzip2 or xz.

    Raises:
        W2VError: the file cannot be read, is damaged or cut short, or is a decompression bomb.
    """
    kind = compression(path)
    with reading_errors(path), path.open("rb") as plain:
        if not kind:
            yield plain
            return
        with OPENERS[kind](plain) as file:
            yield cast(IO[bytes], io.BufferedReader(_GuardedReader(file, path), _BUFFER))


@contextlib.contextmanager
def open_write(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing, gzipped where its name ends in .gz; same content, same bytes."""
    with path.open("wb") as file:
        if path.suffix == ".gz":
            with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
                yield cast(IO[bytes], packed)
        else:
            yield file


def most_bytes(path: Path) -> int:
    """Return how many bytes the file can hold at most, or may hold where it is compressed."""
    size = path.stat().st_size
    return max(BOMB_BYTES, BOMB_RATIO * size) if compression(path) else size


def check_expansion(path: Path, size: int) -> None:
    """Raise W2VError if a file that grows to `size` bytes in memory is a decompression bomb."""
    if size > BOMB_BYTES and size > BOMB_RATIO * max(path.stat().st_size, 1):
        raise W2VError(
            f"{path} grows more than {BOMB_RATIO} times and over 1 GiB when it is decompressed.",
            "No table of vectors does so. If it is yours, save it without compression.",
        )


def read_text(path: Path) -> str:
    """Return the content of a UTF-8 file.

    Raises:
        W2VError: the file cannot be read, or is not UTF-8.
    """
    with reading_errors(path):
        raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise W2VError(f"{path} is not UTF-8: {error}", "Convert it to UTF-8 first.") from None


@contextlib.contextmanager
def reading_errors(path: Path) -> Iterator[None]:
    """Turn what can go wrong when a file is read into a W2VError that names it."""
    try:
        yield
    except FileNotFoundError:
        raise W2VError(f"No such file: {path}", "Check the path.") from None
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise W2VError(f"{path} is damaged or cut short: {error}", "Fetch it again.") from None
    except OSError as error:
        raise W2VError(f"Cannot read {path}: {error.strerror or error}") from None
