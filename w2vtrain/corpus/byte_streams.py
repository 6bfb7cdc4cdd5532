"""Bytes out of files, compressed or not: hashed, counted, and guarded against bombs."""

import bz2
import gzip
import hashlib
import io
import lzma
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from w2vtrain.corpus.sources import STDIN
from w2vtrain.errors import W2VError

_MAGIC = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
_BUFFER = 1 << 20  # bytes read from the disk at once

# Text is compressed 3 to 20 times. What grows beyond both limits was made to fill a memory.
BOMB_RATIO = 200
BOMB_BYTES = 1 << 30


@dataclass
class InputFacts:
    """What is known of one input while and after it is read; goes into the manifest.

    Args:
        path: as the user gave it.
        size: bytes read so far, compressed where the file is; `bytes` in the manifest.
        sha256: of the file's bytes, when it has been read to its end.
        lines: lines of text, or rows of a table.
        words: tokens read, before the cut-off.
        missing: rows without a text.
        replaced: places where bytes did not decode.
    """

    path: str
    size: int = 0
    sha256: str = ""
    lines: int = 0
    words: int = 0
    missing: int = 0
    replaced: int = 0
    _digest: Any = field(default_factory=hashlib.sha256, repr=False)

    def saw(self, data: bytes) -> None:
        """Counts and hashes bytes of the file."""
        self.size += len(data)
        self._digest.update(data)

    def finish(self) -> None:
        """Fixes the SHA-256."""
        self.sha256 = self._digest.hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """Returns the public fields as JSON-ready values."""
        public = {k: v for k, v in vars(self).items() if not k.startswith("_")}
        return {"path": public.pop("path"), "bytes": public.pop("size"), **public}


class _Watched(io.RawIOBase):
    """A binary file whose bytes are counted and hashed as they pass."""

    def __init__(self, file: BinaryIO, facts: InputFacts) -> None:
        self._file = file
        self._facts = facts

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._facts.saw(data)
        return len(data)


class ByteStream:
    """Decompressed bytes with errors that name the file.

    Args:
        file: gives the decompressed bytes.
        facts: of the input; its `size` is the compressed bytes read so far.
        label: what errors call it.
        start: `facts.size` before this stream.
    """

    def __init__(self, file: Any, facts: InputFacts, label: str, compressed: bool) -> None:
        self._file = file
        self._facts = facts
        self._start = facts.size
        self._compressed = compressed
        self._total = 0
        self.label = label

    def read(self, size: int) -> bytes:
        """Returns the next bytes, at most `size`; none at the end.

        Raises:
            W2VError: the data is damaged, cannot be read, or is a decompression bomb.
        """
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
            check_bomb(self.label, self._total, self._facts.size - self._start + _BUFFER)
        return data


def check_bomb(label: str, size: int, compressed: int) -> None:
    """Raises W2VError when `size` bytes from `compressed` bytes are no honest text."""
    if size > BOMB_BYTES and size > BOMB_RATIO * max(compressed, 1):
        raise W2VError(
            f"{label} grows more than {BOMB_RATIO} times and over 1 GiB when it is decompressed.",
            "That is no ordinary text. If it is yours, decompress it first and give the text.",
        )


@contextmanager
def open_input(facts: InputFacts) -> Iterator[ByteStream]:
    """Yields the decompressed bytes of the input that `facts` names.

    Compression is recognised by content, so a compressed file is never read as text.

    Raises:
        W2VError: the file cannot be opened, is not what its name says, or changes while it is read.
    """
    path = None if facts.path == STDIN else Path(facts.path)
    try:
        file: BinaryIO = sys.stdin.buffer if path is None else path.open("rb", buffering=0)
    except OSError as error:
        raise W2VError(f"Cannot read {facts.path}: {error.strerror}", "Check the path.") from None
    label = "standard input" if path is None else facts.path
    try:
        with unchanged(path):
            watched = io.BufferedReader(_Watched(file, facts), _BUFFER)
            opened, compressed = decompressed(watched, label)
            yield ByteStream(opened, facts, label, compressed)
            while watched.read(_BUFFER):  # a limit on rows may end the reading before the file
                pass
            facts.finish()
    finally:
        if path is not None:
            file.close()


def decompressed(watched: Any, label: str) -> tuple[Any, bool]:
    """Returns a reader of the plain bytes, and whether they were compressed.

    Args:
        watched: a reader with `peek`.
        label: the file's name, whose ending is compared with the content.
    Raises:
        W2VError: the name promises a compression that the content does not have.
    """
    try:
        start = watched.peek(6)[:6]
    except zipfile.BadZipFile as error:
        raise W2VError(f"{label} is damaged: {error}", "Get the file again.") from None
    except OSError as error:
        raise W2VError(f"Cannot read {label}: {error.strerror}", "Check the path.") from None
    kind = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "")
    named = Path(label).suffix.lower().lstrip(".")
    if named in _MAGIC.values() and kind != named and start:
        raise W2VError(
            f"{label} is not {named} data, though its name says so.",
            "Give it the name that fits, or get the file again.",
        )
    if kind == "gz":
        return gzip.GzipFile(fileobj=watched, mode="rb"), True
    if kind == "bz2":
        return bz2.BZ2File(watched), True
    if kind == "xz":
        return lzma.LZMAFile(watched), True
    return watched, False


@contextmanager
def unchanged(path: Path | None) -> Iterator[None]:
    """Raises W2VError when the regular file at `path` is another one after the body than before."""
    before = _state(path)
    yield
    if before != _state(path):
        raise W2VError(
            f"{path} changed while it was read.", "Run the command again when it is complete."
        )


def _state(path: Path | None) -> tuple[int, int, int] | None:
    if path is None or not path.is_file():
        return None
    state = path.stat()
    return state.st_size, state.st_mtime_ns, state.st_ino
