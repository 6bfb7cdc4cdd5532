"""Bytes into text: byte-order marks, line ends, and bytes that do not decode.

Every line end (LF, CRLF, CR) becomes LF. A byte-order mark at the start is dropped.
"""

import codecs
import io
from collections.abc import Iterator

from w2vtrain.corpus.byte_streams import ByteStream, InputFacts
from w2vtrain.errors import W2VError

CHUNK = 1 << 20  # bytes decoded at once
_REPLACE_AND_COUNT = "w2vtrain-replace-and-count"


def decoded(
    stream: ByteStream, facts: InputFacts, encoding: str, errors: str, chunk: int = CHUNK
) -> Iterator[str]:
    """Yields the text of `stream` in pieces of about `chunk` bytes; counts into `facts`.

    Args:
        stream: the bytes.
        facts: `lines` and `replaced` are counted up.
        encoding: a Python codec's name.
        errors: `strict` or `replace`.
    Raises:
        W2VError: bytes do not decode (the message names the line), or the text holds NUL.
    """
    decoder = _decoder(facts, encoding, errors)
    lines = 0  # of this stream; `facts` may cover several, as the members of a ZIP
    last = "\n"
    final = False
    while not final:
        data = stream.read(chunk)
        final = not data
        text = _decode(decoder, data, stream.label, lines, encoding, final)
        if text:
            new = text.count("\n")
            lines += new
            facts.lines += new
            last = text[-1]
            yield text
    facts.lines += last != "\n"


def _decoder(facts: InputFacts, encoding: str, errors: str) -> io.IncrementalNewlineDecoder:
    name = codecs.lookup(encoding).name
    if errors == "replace":
        codecs.register_error(_REPLACE_AND_COUNT, _counting_handler(facts))
        errors = _REPLACE_AND_COUNT
    codec = codecs.getincrementaldecoder("utf-8-sig" if name == "utf-8" else name)(errors)
    return io.IncrementalNewlineDecoder(codec, translate=True)


def _counting_handler(facts: InputFacts):  # type: ignore[no-untyped-def]
    def replace(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        facts.replaced += 1
        return "\ufffd", error.end

    return replace


def _decode(
    decoder: io.IncrementalNewlineDecoder,
    data: bytes,
    label: str,
    lines: int,
    encoding: str,
    final: bool,
) -> str:
    try:
        text = decoder.decode(data, final)
    except UnicodeDecodeError as error:
        raise _undecodable(error, label, lines, encoding) from None
    except UnicodeError as error:  # some codecs (UTF-16 without its mark) say no place
        raise W2VError(
            f"{label} is not {encoding}: {error}", "Give its --encoding, or repair it."
        ) from None
    if "\0" in text:
        raise _binary(label, lines + text.count("\n", 0, text.index("\0")) + 1)
    return text


def _undecodable(error: UnicodeDecodeError, label: str, lines: int, encoding: str) -> W2VError:
    before = error.object[: error.start].decode(encoding, "replace")
    line = lines + before.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    start = error.object[:4]
    if lines == 0 and start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return W2VError(f"{label} is UTF-16, not {encoding}.", "Add --encoding utf-16.")
    if b"\0" in error.object:
        return _binary(label, line)
    found = " ".join(f"0x{byte:02x}" for byte in error.object[error.start : error.end][:4])
    return W2VError(
        f"{label}, line {line}: {found} is not {encoding} text.",
        "Give the file's --encoding (latin-1 and cp1252 are common), or go on with "
        "--encoding-errors replace.",
    )


def _binary(label: str, line: int) -> W2VError:
    return W2VError(
        f"{label} looks binary: it holds a NUL byte (line {line}).",
        "Give text; if it is UTF-16 or UTF-32 text, say so with --encoding.",
    )
