"""Files that may be gzipped: what was read is told by its first bytes, what is written by name."""

import contextlib
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from w2vtrain.errors import W2VError

GZIP = b"\x1f\x8b"
_MOST_EXPANSION = 1032  # times that deflate can shrink what it is given


def is_gzip(path: Path) -> bool:
    """Returns whether the file begins as gzip does."""
    with reading_errors(path), path.open("rb") as file:
        return file.read(2) == GZIP


@contextlib.contextmanager
def open_read(path: Path) -> Iterator[IO[bytes]]:
    """Opens a file for reading, unpacked where it is gzip.

    Raises:
        W2VError: the file cannot be read, or its gzip is damaged or cut short.
    """
    with reading_errors(path):
        if is_gzip(path):
            with gzip.open(path, "rb") as file:
                yield cast(IO[bytes], file)
        else:
            with path.open("rb") as plain:
                yield plain


@contextlib.contextmanager
def open_write(path: Path) -> Iterator[IO[bytes]]:
    """Opens a file for writing, packed where its name ends in .gz; same content, same bytes."""
    with path.open("wb") as file:
        if path.suffix == ".gz":
            with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
                yield cast(IO[bytes], packed)
        else:
            yield file


def most_bytes(path: Path) -> int:
    """Returns how many bytes the file can hold at most once unpacked."""
    return path.stat().st_size * (_MOST_EXPANSION if is_gzip(path) else 1)


@contextlib.contextmanager
def reading_errors(path: Path) -> Iterator[None]:
    """Turns what can go wrong when a file is read into a W2VError that names it."""
    try:
        yield
    except FileNotFoundError:
        raise W2VError(f"No such file: {path}", "Check the path.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise W2VError(f"{path} is damaged or cut short: {error}", "Fetch it again.") from None
    except OSError as error:
        raise W2VError(f"Cannot read {path}: {error.strerror or error}") from None
