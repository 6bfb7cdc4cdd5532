"""word2vec's text form: a line `rows dim`, then `token number number ...` lines.

The C program and fastText end a row with a space, gensim does not; both are read. Tokens hold no
white space: C's scanf ends a word there.
"""

from collections.abc import Iterator
from pathlib import Path

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import most_bytes, open_read, open_write
from w2vtrain.vectors.formats.stream import Block, VectorStream
from w2vtrain.vectors.formats.text_rows import read_rows, write_rows
from w2vtrain.vectors.formats.tokens import WHITESPACE, carried

NAME = "word2vec-text"
LONGEST_HEADER = 100


def read_header(line: bytes) -> tuple[int, int] | None:
    """Returns rows and numbers a row from a line `rows dim`, or None if it is not one."""
    cells = line.removeprefix(b"\xef\xbb\xbf").split()
    if len(cells) == 2 and line.endswith(b"\n") and all(cell.isdigit() for cell in cells):
        return int(cells[0]), int(cells[1])
    return None


def checked_header(line: bytes, path: Path, least_bytes: tuple[int, int]) -> tuple[int, int]:
    """Returns rows and dim from the first line, refusing what the file cannot hold.

    Args:
        least_bytes: the fewest bytes that a row needs beside its numbers, and for each number.
    """
    sizes = read_header(line)
    if sizes is None:
        raise W2VError(
            f"{path}: the first line {line[:40]!r} is not `rows dim`.",
            "A text file without such a line is GloVe's: try --from glove.",
        )
    rows, dim = sizes
    if rows < 1 or dim < 1:
        raise W2VError(f"{path}: the header says {rows} rows of {dim} numbers.")
    if rows * (least_bytes[0] + least_bytes[1] * dim) > most_bytes(path):
        raise W2VError(
            f"{path}: the header says {rows:,} rows of {dim:,} numbers, more than the file's "
            f"{path.stat().st_size:,} bytes can hold.",
            "The file is cut short, or its header is wrong.",
        )
    return rows, dim


def read(path: Path) -> VectorStream:
    """Returns the rows of a word2vec text file, gzipped or not."""
    with open_read(path) as file:
        # a row's token and end of line, a number and its space; the last end may be missing
        rows, dim = checked_header(file.readline(LONGEST_HEADER), path, (1, 2))

    def generate() -> Iterator[Block]:
        with open_read(path) as file:
            file.readline()
            done = 0
            for block in read_rows(file, path, dim, line=2):
                done += len(block.tokens)
                if done > rows:
                    raise W2VError(
                        f"{path} goes on after the {rows:,} rows that its header announces.",
                        "The header is wrong, or two files were joined.",
                    )
                yield block

    return VectorStream(rows, dim, generate())


def write(path: Path, stream: VectorStream, row_end: bytes = b"\n", name: str = NAME) -> None:
    """Writes the shortest numbers that read back as the same float32, gzipped for `.gz`."""
    stream = carried(stream, name, WHITESPACE)
    with open_write(path) as file:
        file.write(b"%d %d\n" % (stream.rows, stream.dim))
        write_rows(file, stream.blocks, row_end)
