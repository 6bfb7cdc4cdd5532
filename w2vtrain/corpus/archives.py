"""The text files in a ZIP archive, one after the other, without anything written to the disk."""

import contextlib
import io
import logging
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from w2vtrain.corpus.byte_streams import ByteStream, InputFacts, check_bomb, decompressed
from w2vtrain.corpus.sources import COMPRESSED, TABLES
from w2vtrain.errors import W2VError

_LOG = logging.getLogger(__name__)
_SNIFFED = 8192
# What zipfile raises for damaged archives, found by fuzzing.
_DAMAGED = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)
_ENCRYPTED = 0x1  # bit of a member's flags


def zip_members(facts: InputFacts) -> Iterator[tuple[str, ByteStream]]:
    """Yields name and bytes of each text file in an archive, in the order of their names.

    A member's name is only a label: nothing is extracted, so no name can lead anywhere.

    Raises:
        W2VError: the archive is damaged, encrypted, a bomb, or holds no text.
    """
    with _errors_named(facts.path), zipfile.ZipFile(facts.path) as archive:
        members = [m for m in archive.infolist() if not _no_file(m.filename)]
        packed = sum(member.compress_size for member in members)
        check_bomb(facts.path, sum(member.file_size for member in members), packed)
        found = 0
        for member in sorted(members, key=lambda m: m.filename):
            label = f"{facts.path}: {_printable(member.filename)}"
            if member.flag_bits & _ENCRYPTED:
                raise W2VError(f"{label} is encrypted.", "Unpack it first and give the text.")
            with _errors_named(label), archive.open(member) as file:
                content: Any = io.BufferedReader(file)
                if not _looks_like_text(member.filename, content):
                    _LOG.warning("Passed over %s: it does not look like text.", label)
                    continue
                found += 1
                plain, _ = decompressed(content, label)
                stream = ByteStream(plain, facts, label, compressed=True)
                facts.size += member.compress_size
                yield member.filename, stream
        if not found:
            raise W2VError(f"No text in {facts.path}.", "Give an archive that holds text files.")


@contextlib.contextmanager
def _errors_named(label: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise W2VError(f"{label} is damaged: {error}", "Get the file again.") from None
    except RuntimeError as error:  # an unknown method, or a password that is asked for
        raise W2VError(
            f"{label} is packed in an unusual way: {error}", "Unpack it first and give the text."
        ) from None


def _no_file(name: str) -> bool:
    if not name or name.endswith("/"):  # a folder
        return True
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(p.startswith(".") and p.strip(".") for p in parts)


def _looks_like_text(name: str, content: Any) -> bool:
    known = COMPRESSED | TABLES | {".txt"}
    return PurePosixPath(name).suffix.lower() in known or b"\0" not in content.peek(_SNIFFED)


def _printable(name: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in name)
