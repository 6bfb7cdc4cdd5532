"""word2vec's binary form: a line `rows dim`; a row is token, space, little-endian float32 numbers.

The C program ends a row with a newline, gensim does not. A reader strips newlines before a token
and so takes both; a token holds no space and no newline. We write as gensim does.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import open_read, open_write
from w2vtrain.vectors.formats.stream import BLOCK_BYTES, Block, VectorStream
from w2vtrain.vectors.formats.tokens import SPACE_OR_NEWLINE, carried
from w2vtrain.vectors.formats.word2vec_text import LONGEST_HEADER, checked_header

NAME = "word2vec-binary"
LONGEST_TOKEN = 1 << 20  # bytes; a longer one means that the place in the file is lost


def read(path: Path) -> VectorStream:
    """Returns the rows of a word2vec binary file, gzipped or not."""
    with open_read(path) as file:
        # a row's token of one byte and its space, four bytes a number
        rows, dim = checked_header(file.readline(LONGEST_HEADER), path, (2, 4))

    def generate() -> Iterator[Block]:
        with open_read(path) as file:
            file.readline()
            yield from _rows(file, path, rows, dim)

    return VectorStream(rows, dim, generate())


def _rows(file: IO[bytes], path: Path, rows: int, dim: int) -> Iterator[Block]:
    size, done, data = 4 * dim, 0, b""
    while done < rows:
        more = file.read(max(BLOCK_BYTES, 2 * size))
        data += more
        tokens, numbers, used = _whole_rows(data, size, rows - done)
        if not tokens and (not more or data.find(b" ", 0, LONGEST_TOKEN) < 0):
            raise W2VError(
                f"{path} ends, or is garbled, after {done:,} of the {rows:,} rows that its header "
                "announces.",
                "The file is cut short, or it is not word2vec's binary form.",
            )
        if tokens:
            vectors = np.frombuffer(b"".join(numbers), "<f4").reshape(-1, dim)
            yield Block(_decoded(tokens, path, done), vectors.astype(np.float32, copy=False))
        done += len(tokens)
        data = data[used:]
    if (data + file.read(2)).strip(b"\n"):
        raise W2VError(
            f"{path} goes on after the {rows:,} rows that its header announces.",
            "The header is wrong, or two files were joined.",
        )


def _whole_rows(data: bytes, size: int, most: int) -> tuple[list[bytes], list[bytes], int]:
    """Returns tokens and numbers of the rows that `data` holds whole, and the bytes they take."""
    tokens: list[bytes] = []
    numbers: list[bytes] = []
    start = 0
    while len(tokens) < most:
        space = data.find(b" ", start, start + LONGEST_TOKEN)
        end = space + 1 + size
        if space < 0 or end > len(data):
            break
        tokens.append(data[start:space].lstrip(b"\n"))
        numbers.append(data[space + 1 : end])
        start = end
    return tokens, numbers, start


def _decoded(tokens: list[bytes], path: Path, done: int) -> list[str]:
    texts = []
    for row, token in enumerate(tokens, start=done + 1):
        try:
            texts.append(token.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise W2VError(
                f"{path}, row {row:,}: the token {token[:40]!r} is not UTF-8 ({error.reason}).",
                "The file is damaged, is not word2vec's binary form, or its tokens were cut.",
            ) from None
        if not token:
            raise W2VError(f"{path}, row {row:,}: an empty token.", "The file is damaged.")
    return texts


def write(path: Path, stream: VectorStream) -> None:
    """Writes the rows as gensim does, gzipped for a name that ends in `.gz`."""
    stream = carried(stream, NAME, SPACE_OR_NEWLINE)
    with open_write(path) as file:
        file.write(b"%d %d\n" % (stream.rows, stream.dim))
        for tokens, vectors, _ in stream.blocks:
            rows = zip(tokens, np.ascontiguousarray(vectors, "<f4"), strict=True)
            file.write(b"".join(token.encode() + b" " + row.tobytes() for token, row in rows))
