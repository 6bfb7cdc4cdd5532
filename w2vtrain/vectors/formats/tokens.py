"""What a format cannot carry is refused with the token's name and a way out, never broken."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.stream import Block, VectorStream

WHITESPACE = re.compile(r"[ \t\n\v\f\r]")  # what C's scanf and Python's bytes.split() cut at
LINE_BREAKING = re.compile(r"[\t\n\v\f\r]")
SPACE_OR_NEWLINE = re.compile(r"[ \n]")
ENDING_IN_NUL = re.compile(r"\x00\Z")  # NumPy's text arrays cut NULs off the end
_ANY = "npy, npz, safetensors, parquet or projector"


def carried(
    stream: VectorStream,
    format: str,
    refused: re.Pattern[str] | None = None,
    empty: bool = False,
    others: str = _ANY,
) -> VectorStream:
    """Returns the stream, which raises W2VError at a token that the format cannot carry.

    Args:
        format: its name, for the message.
        refused: matches what a token may not hold.
        empty: whether the empty token can be carried.
        others: formats that can carry such tokens, for the hint.
    """

    def generate() -> Iterator[Block]:
        row = 0
        for block in stream.blocks:
            for token in block.tokens:
                row += 1
                if not token and not empty:
                    _refuse(format, row, token, "is empty", others)
                if refused is not None and (found := refused.search(token)):
                    _refuse(format, row, token, f"holds {found[0]!r}", others)
            _encodable(block.tokens, format, row - len(block.tokens))
            yield block

    return replace(stream, blocks=generate())


def _encodable(tokens: Sequence[str], format: str, row: int) -> None:
    try:
        "".join(tokens).encode()
    except UnicodeEncodeError:
        for place, token in enumerate(tokens, start=row + 1):
            if any("\ud800" <= character <= "\udfff" for character in token):
                raise W2VError(
                    f"{format} cannot carry the token {token!r} (row {place:,}): "
                    "it holds half a surrogate pair, which is not text.",
                    "No format can: mend the token.",
                ) from None


def _refuse(format: str, row: int, token: str, why: str, others: str) -> None:
    raise W2VError(
        f"{format} cannot carry the token {token!r} (row {row:,}): it {why}.",
        f"Formats that can: {others}.",
    )
