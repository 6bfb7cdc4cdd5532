"""Decode bytes into text, and cut text into units that a context window never crosses.

Every line end (LF, CRLF, CR) becomes LF. A byte-order mark at the start is dropped. A unit is a
line, a paragraph or a whole file; a unit longer than a chunk of text is spread over several pieces,
cut at white space, so memory stays bounded and nothing is ever cut short.
"""

import codecs
import io
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from w2vtrain.config import Boundary
from w2vtrain.corpus.sources import ByteStream, Read
from w2vtrain.errors import W2VError

CHUNK = 1 << 20  # bytes decoded at once
# A stretch this long without white space is no text; holding it would cost memory without end.
LONGEST_STRETCH = 1 << 28

SURROGATE = re.compile("[\ud800-\udfff]")
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_REPLACE_AND_COUNT = "w2vtrain-replace-and-count"
_replaced = threading.local()  # how many places the handler below has replaced in this thread


def _replace_and_count(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    _replaced.places = getattr(_replaced, "places", 0) + 1
    return "\ufffd", error.end


codecs.register_error(_REPLACE_AND_COUNT, _replace_and_count)


def decode(
    stream: ByteStream, encoding: str, errors: str, size: int = CHUNK
) -> Iterator[tuple[str, Read]]:
    """Yield the text of `stream`, with LF as line end, and what has been read so far.

    Args:
        stream: the bytes.
        encoding: a Python codec's name.
        errors: `strict` or `replace`.
        size: bytes to decode at once.

    Raises:
        W2VError: bytes do not decode (the message names the line), or the text holds NUL.
    """
    decoder = _Decoder(stream.label, encoding, errors)
    lines = 0  # line ends so far
    final = False
    while not final:
        data = stream.read(size)
        final = not data
        text = decoder.decode(data, final, lines)
        if text:
            lines += text.count("\n")
            unfinished = text[-1] != "\n"
            yield text, Read(stream.packed_bytes(), lines + unfinished, 0, decoder.replaced)


class _Decoder:
    """Decode chunks of bytes, with errors that name the file and the line.

    Args:
        label: what errors call the file.
        encoding: a Python codec's name.
        errors: `strict` or `replace`.
    """

    def __init__(self, label: str, encoding: str, errors: str) -> None:
        self.replaced = 0
        self._label = label
        self._encoding = encoding
        self._errors = errors
        self._at_start = True
        name = codecs.lookup(encoding).name
        # The others can give halves of surrogate pairs, which no text may hold.
        self._sound = name.startswith(("utf-8", "utf-16", "utf-32"))
        codec = codecs.getincrementaldecoder("utf-8-sig" if name == "utf-8" else name)
        handler = _REPLACE_AND_COUNT if errors == "replace" else errors
        self._decoder = io.IncrementalNewlineDecoder(codec(handler), translate=True)

    def decode(self, data: bytes, final: bool, lines: int) -> str:
        """Return the text of the next bytes.

        Args:
            data: the bytes.
            final: whether they are the last.
            lines: lines before them, for messages.
        """
        before = getattr(_replaced, "places", 0)
        try:
            text = self._decoder.decode(data, final)
            if not self._sound:
                text = self._without_surrogates(text, lines)
        except UnicodeDecodeError as error:
            raise self._undecodable(error, lines) from None
        except UnicodeError as error:  # some codecs (UTF-16 without its mark) say no place
            raise W2VError(
                f"{self._label} is not {self._encoding}: {error}",
                "Give its --encoding, or repair it.",
            ) from None
        self.replaced += getattr(_replaced, "places", 0) - before
        if "\0" in text:
            raise self._binary(lines + text.count("\n", 0, text.index("\0")) + 1)
        if text and self._at_start:
            text, self._at_start = text.removeprefix("\ufeff"), False
        return text

    def _without_surrogates(self, text: str, lines: int) -> str:
        found = SURROGATE.search(text)
        if found is not None and self._errors == "strict":
            raise W2VError(
                f"{self._label}, line {lines + text.count(chr(10), 0, found.start()) + 1} holds "
                "half of a surrogate pair, which is no character.",
                "Repair the data, or go on with --encoding-errors replace.",
            )
        text, places = SURROGATE.subn("\ufffd", text)
        self.replaced += places
        return text

    def _undecodable(self, error: UnicodeDecodeError, lines: int) -> W2VError:
        before = error.object[: error.start].decode(self._encoding, "replace")
        line = lines + before.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
        start = error.object[:4]
        if lines == 0 and start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return W2VError(
                f"{self._label} is UTF-16, not {self._encoding}.", "Add --encoding utf-16."
            )
        if b"\0" in error.object:
            return self._binary(line)
        found = " ".join(f"0x{byte:02x}" for byte in error.object[error.start : error.end][:4])
        return W2VError(
            f"{self._label}, line {line}: {found} is not {self._encoding} text.",
            "Give the file's --encoding (latin-1 and cp1252 are common), or go on with "
            "--encoding-errors replace.",
        )

    def _binary(self, line: int) -> W2VError:
        return W2VError(
            f"{self._label} looks binary: it holds a NUL byte (line {line}).",
            "Give text; if it is UTF-16 or UTF-32 text, say so with --encoding.",
        )


def first_lines(chunks: Iterable[tuple[str, Read]], lines: int) -> Iterator[tuple[str, Read]]:
    """Yield the first `lines` lines of a decoded text, and what has been read so far."""
    left = lines
    for text, read in chunks:
        ends = text.count("\n")
        if ends >= left:
            rest = text.split("\n", left)[-1]
            yield text[: len(text) - len(rest)], replace(read, lines=lines)
            return
        left -= ends
        yield text, read


@dataclass(frozen=True, slots=True)
class Piece:
    """Some units of one input, one a line.

    Args:
        text: units, separated by LF; None where what was read holds none.
        ends: False when the last unit goes on in the next piece.
        read: what has been read of the input so far.
    """

    text: str | None
    ends: bool
    read: Read


def text_units(
    chunks: Iterable[tuple[str, Read]], boundary: Boundary, label: str
) -> Iterator[Piece]:
    """Cut a decoded text into units.

    Args:
        chunks: the text, with LF as line end, and what has been read so far.
        boundary: `line`; `paragraph`, where blank lines end a unit; or `file`.
        label: what errors call the file.
    """
    cut = {"line": _cut_lines, "paragraph": _cut_paragraphs, "file": _cut_anywhere}[boundary]
    rest, open_unit, read = "", False, Read()
    for chunk, read in chunks:
        text, ends, rest = cut(rest + chunk)
        check_stretch(len(rest), label)
        if text or ends:
            yield Piece(text, ends, read)
            open_unit = not ends
    if rest or open_unit:
        yield Piece(as_units(rest, boundary), True, read)


def check_stretch(characters: int, label: str) -> None:
    """Raise W2VError when so many characters without white space are held."""
    if characters > LONGEST_STRETCH:
        raise W2VError(
            f"{label} has {characters:,} characters without white space.",
            "That is no text with words; is it the right file?",
        )


def as_units(text: str, boundary: Boundary) -> str:
    """Put each unit of a whole text on a line of its own.

    Args:
        text: of a file or of a table's cell, with LF as line end.
        boundary: what ends a unit.
    """
    if boundary == "line":
        return text.removesuffix("\n")
    if boundary == "file":
        return text.replace("\n", " ")
    return "\n".join(part.replace("\n", " ") for part in _BLANK_LINES.split(text))


def _cut_lines(text: str) -> tuple[str, bool, str]:
    end = text.rfind("\n")
    if end >= 0:
        return text[:end], True, text[end + 1 :]
    return _cut_anywhere(text)


def _cut_paragraphs(text: str) -> tuple[str, bool, str]:
    lines = text.rfind("\n") + 1
    head = text[:lines].rstrip()  # the white space after it may be part of a longer blank stretch
    if head:
        return as_units(head, "paragraph"), False, text[len(head) :]
    if text.count("\n", 0, lines) > 1:
        return "\n", False, text[lines:]
    if text[lines:].strip():  # at most one line end, then a line that is not blank
        return _cut_anywhere(text)
    return "", False, text


def _cut_anywhere(text: str) -> tuple[str, bool, str]:
    end = max(text.rfind(" "), text.rfind("\n"), text.rfind("\t"), 0)
    return text[:end].replace("\n", " "), False, text[end:]
