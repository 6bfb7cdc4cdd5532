"""word2vec's two forms, text and binary, and fastText's `.vec`: a line `rows dim`, then the rows.

Text: `token number number ...` lines. The C program and fastText end a row with a space, gensim
does not; both are read. Tokens hold no white space: C's scanf ends a word there.

Binary: a row is token, space, little-endian float32 numbers. The C program ends a row with a
newline, gensim does not. A reader strips newlines before a token and so takes both; a token holds
no space and no newline. We write as gensim does.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import most_bytes, open_read, open_write
from w2vtrain.vectors.formats.stream import (
    BLOCK_BYTES,
    SPACE_OR_NEWLINE,
    WHITESPACE,
    Block,
    VectorStream,
    carried,
)
from w2vtrain.vectors.formats.text_rows import read_rows, write_rows

LONGEST_HEADER = 100  # bytes
LONGEST_TOKEN = 1 << 20  # bytes; a longer one means that the place in the file is lost


def parse_header(line: bytes) -> tuple[int, int] | None:
    """Return rows and numbers a row from a line `rows dim`, or None if it is not one."""
    cells = line.removeprefix(b"\xef\xbb\xbf").split()
    if len(cells) == 2 and line.endswith(b"\n") and all(cell.isdigit() for cell in cells):
        return int(cells[0]), int(cells[1])
    return None


def _read_header(path: Path, row_bytes: int, number_bytes: int) -> tuple[int, int]:
    """Return rows and dim from the first line, refusing what the file cannot hold.

    Args:
        row_bytes: the fewest bytes that a row needs beside its numbers.
        number_bytes: the fewest bytes that a number needs.
    """
    with open_read(path) as file:
        line = file.readline(LONGEST_HEADER)
    sizes = parse_header(line)
    if sizes is None:
        raise W2VError(
            f"{path}: the first line {line[:40]!r} is not `rows dim`.",
            "A text file without such a line is GloVe's: try --from glove.",
        )
    rows, dim = sizes
    if rows < 1 or dim < 1:
        raise W2VError(f"{path}: the header says {rows} rows of {dim} numbers.")
    if rows * (row_bytes + number_bytes * dim) > most_bytes(path):
        raise W2VError(
            f"{path}: the header says {rows:,} rows of {dim:,} numbers, more than the file's "
            f"{path.stat().st_size:,} bytes can hold.",
            "The file is cut short, or its header is wrong.",
        )
    return rows, dim


def read_text(path: Path) -> VectorStream:
    """Return the rows of a word2vec text file or a fastText `.vec`, compressed or not."""
    # a row's token and end of line, a number and its space; the last end may be missing
    rows, dim = _read_header(path, 1, 2)

    def generate() -> Iterator[Block]:
        with open_read(path) as file:
            file.readline()
            done = 0
            for block in read_rows(file, path, dim, line=2):
                done += len(block.tokens)
                if done > rows:
                    raise _goes_on(path, rows)
                yield block

    return VectorStream(rows, dim, generate())


def _goes_on(path: Path, rows: int) -> W2VError:
    return W2VError(
        f"{path} goes on after the {rows:,} rows that its header announces.",
        "The header is wrong, or two files were joined.",
    )


def write_text(
    path: Path, stream: VectorStream, row_end: bytes = b"\n", name: str = "word2vec-text"
) -> None:
    """Write the shortest numbers that read back as the same float32, gzipped for `.gz`."""
    stream = carried(stream, name, WHITESPACE)
    with open_write(path) as file:
        file.write(b"%d %d\n" % (stream.rows, stream.dim))
        write_rows(file, stream.blocks, row_end)


def write_vec(path: Path, stream: VectorStream) -> None:
    """Write as fastText does, but every digit that float32 has, where fastText writes five."""
    write_text(path, stream, row_end=b" \n", name="fasttext-vec")


def read_binary(path: Path) -> VectorStream:
    """Return the rows of a word2vec binary file, compressed or not."""
    rows, dim = _read_header(path, 2, 4)  # a row's token of one byte and its space

    def generate() -> Iterator[Block]:
        with open_read(path) as file:
            file.readline()
            yield from _binary_rows(file, path, rows, dim)

    return VectorStream(rows, dim, generate())


def _binary_rows(file: IO[bytes], path: Path, rows: int, dim: int) -> Iterator[Block]:
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
        raise _goes_on(path, rows)


def _whole_rows(data: bytes, size: int, most: int) -> tuple[list[bytes], list[bytes], int]:
    """Return tokens and numbers of the rows that `data` holds whole, and the bytes they take."""
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


def write_binary(path: Path, stream: VectorStream) -> None:
    """Write the rows as gensim does, gzipped for a name that ends in `.gz`."""
    stream = carried(stream, "word2vec-binary", SPACE_OR_NEWLINE)
    with open_write(path) as file:
        file.write(b"%d %d\n" % (stream.rows, stream.dim))
        for tokens, vectors, _ in stream.blocks:
            rows = zip(tokens, np.ascontiguousarray(vectors, "<f4"), strict=True)
            file.write(b"".join(token.encode() + b" " + row.tobytes() for token, row in rows))
