"""fastText's binary model: words with rows of their own, rows of n-grams, and the output matrix.

Source: fastText's fasttext.cc, args.cc, dictionary.cc and densematrix.cc, the `save` functions of
version 12; numbers are little-endian.
"""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import compression, most_bytes, open_read
from w2vtrain.vectors.formats.stream import (
    ENDING_IN_NUL,
    Block,
    VectorStream,
    carried,
    collect,
    rows_in_block,
)
from w2vtrain.vectors.ngrams import Ngrams
from w2vtrain.vectors.search import blocks
from w2vtrain.vectors.subwords import Subwords

MAGIC = (793712314).to_bytes(4, "little")
_VERSION = 12
# dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate, t
_SETTINGS = "<12id"
_SIZES = "<3i2q"  # entries, words, labels, tokens, pruned n-grams (-1: not pruned)
_AFTER_WORD = "<qb"  # count, and kind: 0 is a word
_MATRIX = "<?2q"  # quantized, rows, numbers a row
_NEGATIVE_SAMPLING, _SKIP_GRAM, _SUPERVISED = 2, 2, 3  # of `loss` and `model`
_CHUNK = 1 << 22  # bytes read at once; a longer word means that the place in the file is lost
_BUCKETS_AT_ONCE = 1 << 14


def read(path: Path) -> VectorStream:
    """Return the words of a fastText model with their vectors, counts and n-gram rows.

    The matrices stay on the disk, memory-mapped, unless the file is compressed: then the input
    matrix is read, once, and the output matrix is passed over.

    Raises:
        W2VError: the file is damaged, or it is a quantized or supervised model.
    """
    with open_read(path) as file:
        cursor = _Cursor(file, path)
        if cursor.take(4) != MAGIC:
            raise W2VError(f"{path} is no fastText model.", "Its first bytes say otherwise.")
        (version,) = cursor.unpack("<i")
        settings = cursor.unpack(_SETTINGS)
        dim, loss, model, buckets, shortest, longest = (settings[i] for i in (0, 6, 7, 8, 9, 10))
        entries, words, labels, _, pruned = cursor.unpack(_SIZES)
        if labels > 0 or model == _SUPERVISED:
            raise W2VError(f"{path} is a supervised model, which holds no word vectors alone.")
        if version != _VERSION or min(entries, words, dim) < 1 or entries != words or buckets < 0:
            raise cursor.damaged()
        tokens, counts = _dictionary(cursor, words)
        if pruned > 0:
            raise _quantized(path)
        with_ngrams = longest > 0 and buckets > 0
        matrix = cursor.matrix(words + (buckets if with_ngrams else 0), dim)
        output = None if loss != _NEGATIVE_SAMPLING else cursor.matrix(words, dim, skip=True)
        cursor.read_to_end()
    assert matrix is not None
    own, table = matrix[:words], matrix[words:]
    if not with_ngrams:
        subwords = None
    else:
        subwords = Subwords(Ngrams(buckets, max(1, shortest), longest), table)

    def generate() -> Iterator[Block]:
        for part in blocks(words, min(rows_in_block(dim), 4096)):
            rows = np.asarray(own[part])
            vectors = rows if subwords is None else subwords.with_own_rows(tokens[part], rows)
            yield Block(tokens[part], vectors, counts[part])

    return VectorStream(words, dim, generate(), True, subwords=subwords, context=output)


def write(path: Path, stream: VectorStream) -> None:
    """Write a skip-gram model of fastText, with a row for every bucket.

    A word's own row is what its vector needs beside its n-grams; buckets that no word uses are
    zeros, and so is the output matrix where the source has none.

    Raises:
        W2VError: the vectors have no n-grams of fastText's.
    """
    subwords = required_subwords(stream, "fasttext-bin", "fasttext")
    context = stream.context
    stream = carried(stream, "fasttext-bin", ENDING_IN_NUL)
    tokens, vectors, counts = collect(stream)
    numbers = np.ones(len(tokens), np.int64) if counts is None else counts
    rule, dim = subwords.ngrams, stream.dim
    with path.open("wb") as file:
        file.write(MAGIC + struct.pack("<i", _VERSION))
        kind = (_NEGATIVE_SAMPLING, _SKIP_GRAM)
        lengths = (rule.min_length, rule.max_length)
        file.write(
            struct.pack(_SETTINGS, dim, 5, 5, 1, 5, 1, *kind, rule.buckets, *lengths, 100, 1e-4)
        )
        file.write(struct.pack(_SIZES, len(tokens), len(tokens), 0, int(numbers.sum()), -1))
        for token, count in zip(tokens, numbers.tolist(), strict=True):
            file.write(token.encode() + b"\0" + struct.pack(_AFTER_WORD, count, 0))
        file.write(struct.pack(_MATRIX, False, len(tokens) + rule.buckets, dim))
        for part in blocks(len(tokens), 4096):
            own = subwords.own_rows(tokens[part], np.asarray(vectors[part]))
            file.write(np.ascontiguousarray(own, "<f4").tobytes())
        for rows in dense_rows(subwords):
            file.write(rows.tobytes())
        file.write(struct.pack(_MATRIX, False, len(tokens), dim))
        for part in blocks(len(tokens), 4096):
            rows = np.zeros((part.stop - part.start, dim)) if context is None else context[part]
            file.write(np.ascontiguousarray(rows, "<f4").tobytes())


def required_subwords(stream: VectorStream, format: str, hash: str | None = None) -> Subwords:
    """Return the n-gram rows of a stream.

    Args:
        format: its name, for the message.
        hash: which it must go by; None takes any.
    Raises:
        W2VError: it has none, or they go by another hash.
    """
    if stream.subwords is None:
        raise W2VError(
            f"{format} holds n-grams, and the source has none.",
            "Give a run of `w2v train --subwords`, or a .bin of fastText; --normalize, --vectors "
            "and --pooling leave words only.",
        )
    if hash not in (None, stream.subwords.ngrams.hash):
        other = "floret" if hash == "fasttext" else "fasttext-bin"
        raise W2VError(
            f"{format} goes by another hash than the source's n-grams.", f"Try --to {other}."
        )
    return stream.subwords


def dense_rows(subwords: Subwords) -> Iterator[np.ndarray]:
    """Yield a row for every bucket, zeros for those that no word uses: float32, some at a time."""
    for part in blocks(subwords.ngrams.buckets, _BUCKETS_AT_ONCE):
        yield np.ascontiguousarray(subwords.rows_of(np.arange(part.start, part.stop)), "<f4")


class _Cursor:
    """A place in a file that may be compressed, from which pieces are taken."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self.path = file, path
        self._data, self._at, self._before = b"", 0, 0
        self._mapped = not compression(path)

    def damaged(self) -> W2VError:
        """Return the error for a file that is not as it should be."""
        return W2VError(
            f"{self.path} is damaged or cut short: no fastText model.", "Fetch it again."
        )

    def _more(self) -> None:
        piece = self._file.read(_CHUNK)
        if not piece or len(self._data) - self._at > _CHUNK:
            raise self.damaged()
        self._before += self._at
        self._data, self._at = self._data[self._at :] + piece, 0

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        while len(self._data) - self._at < size:
            self._more()
        self._at += size
        return self._data[self._at - size : self._at]

    def unpack(self, form: str) -> tuple:
        """Return the next numbers, of a form of `struct`."""
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def text(self) -> bytes:
        """Return the bytes up to the next NUL, which is passed over."""
        while (end := self._data.find(b"\0", self._at)) < 0:
            self._more()
        start, self._at = self._at, end + 1
        return self._data[start:end]

    def matrix(self, rows: int, dim: int, skip: bool = False) -> np.ndarray | None:
        """Return the matrix that begins here: float32, memory-mapped where it can be.

        Args:
            rows, dim: the shape that it must have.
            skip: return None where it cannot be mapped.
        """
        quantized, *sizes = self.unpack(_MATRIX)
        if quantized:
            raise _quantized(self.path)
        start, size = self._before + self._at, 4 * rows * dim
        if sizes != [rows, dim] or start + size > most_bytes(self.path):
            raise self.damaged()
        if self._mapped:
            self._file.seek(start + size)
            self._before, self._data, self._at = start + size, b"", 0
            return np.memmap(self.path, "<f4", "r", start, (rows, dim))
        if skip:
            return None
        matrix = np.empty((rows, dim), "<f4")
        view, done = memoryview(matrix.data).cast("B"), 0
        while done < size:
            piece = self.take(min(len(self._data) - self._at, size - done) or 1)
            view[done : done + len(piece)] = piece
            done += len(piece)
        return matrix

    def read_to_end(self) -> None:
        """Read what is left of a compressed file, past the guard against bombs."""
        while not self._mapped and self._file.read(_CHUNK):
            pass


def _dictionary(cursor: _Cursor, words: int) -> tuple[Sequence[str], np.ndarray]:
    tokens, counts = [], []
    for _ in range(words):
        text = cursor.text()
        count, kind = cursor.unpack(_AFTER_WORD)
        if kind != 0:
            raise cursor.damaged()
        try:
            tokens.append(text.decode())
        except UnicodeDecodeError as error:
            raise W2VError(
                f"{cursor.path}: word {len(tokens) + 1:,}, {text[:40]!r}, is not UTF-8 "
                f"({error.reason})."
            ) from None
        counts.append(count)
    return tokens, np.array(counts, np.int64)


def _quantized(path: Path) -> W2VError:
    return W2VError(f"{path} is a quantized model.", "Convert the unquantized .bin instead.")
