"""Split text by the default rules, as the functions of the saved layer do, in half the time.

The rules look at a stretch between white space at a time (a letter is lowered by its neighbors in
the word, an apostrophe stays by them). So ASCII goes through a table, byte by byte; of the
stretches that hold other characters, TensorFlow sees each different one once in a block.
"""

import functools
from typing import Any

import numpy as np

from w2vtrain.corpus.encoding import UnitTable
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID

_IS_ASCII_WORD = np.array([chr(i).isalnum() and i < 128 for i in range(256)])
_LOWERED = bytes(
    ord(chr(i).lower()) if _IS_ASCII_WORD[i] or chr(i) in "'\n" else ord(" ") for i in range(256)
)
_WHITE = bytes(range(ord(" ") + 1))  # no word holds them, control characters among them

# Different words as UTF-8, in the order of their first places; the row of each word of the text
# among them, int32, shape `(words,)`; words in each line, int64, shape `(lines,)`.
Words = tuple[list[bytes], np.ndarray, np.ndarray]


def stripped_words(text: str) -> Words:
    """Return the words of lines, by `lower_and_strip_punctuation` and a split at white space.

    Args:
        text: lines, separated by LF.
    """
    encoded = text.encode() + b"\n"
    if text.isascii():
        return _split(_stripped(encoded).tobytes())
    stretches, index, lengths = _split(_with_others(encoded))
    others = b"\n".join(stretch for stretch in stretches if not stretch.isascii())
    standard = iter(_standardizer()(others).numpy().split(b"\n"))
    lines = (stretch if stretch.isascii() else next(standard) for stretch in stretches)
    words, units, sizes = _split(b"\n".join(lines) + b"\n")
    table = UnitTable(np.append([1], sizes), np.append([0], units))
    return words, *table.spread(index + FIRST_WORD_ID, lengths)


def _stripped(text: bytes) -> np.ndarray:
    """Lower ASCII letters, and put a space in the place of each other byte that is in no word.

    Args:
        text: lines, each with LF at its end.
    """
    found = np.frombuffer(bytearray(text.translate(_LOWERED)), np.uint8)
    places = np.flatnonzero(found == ord("'"))  # of apostrophes; before the first byte comes LF
    inside = _IS_ASCII_WORD[found[places - 1]] & _IS_ASCII_WORD[found[places + 1]]
    found[places[~inside]] = ord(" ")
    return found


def _with_others(text: bytes) -> bytes:
    """Strip the ASCII of lines, but leave stretches with other characters as they are."""
    codes, found = np.frombuffer(text, np.uint8), _stripped(text)
    ends = np.flatnonzero(codes <= ord(" ")) + 1  # of stretches, white space included
    edges = np.flatnonzero(np.diff(codes >= 128, prepend=False))  # of runs within a stretch
    others = np.zeros(len(ends), bool)
    others[np.searchsorted(ends, edges, side="right")] = True
    sizes = np.diff(ends, prepend=0)[others]
    places = np.repeat(ends[others] - np.cumsum(sizes), sizes) + np.arange(sizes.sum())
    found[places] = codes[places]
    return found.tobytes()


def _split(text: bytes) -> Words:
    """Split lines, each with LF at its end, at white space and control characters."""
    import pyarrow as pa

    codes = np.frombuffer(text, np.uint8)
    inside = codes > ord(" ")
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    if inside[0]:
        edges = np.append([0], edges)
    begins, ends = edges[::2], edges[1::2]
    offsets = np.zeros(len(begins) + 1, np.int64)
    np.cumsum(ends - begins, out=offsets[1:])
    parts = [None, pa.py_buffer(offsets), pa.py_buffer(text.translate(None, _WHITE))]
    words = pa.Array.from_buffers(pa.large_binary(), len(begins), parts).dictionary_encode()
    index = np.frombuffer(words.indices.buffers()[1], np.int32, len(begins))
    lines = np.searchsorted(begins, np.flatnonzero(codes == ord("\n")))
    return words.dictionary.to_pylist(), index, np.diff(lines, prepend=0)


@functools.cache  # a second call need not trace again
def _standardizer() -> Any:
    import tensorflow as tf

    from w2vtrain.corpus.standardization import lower_and_strip_punctuation

    @tf.function(input_signature=[tf.TensorSpec((), tf.string)])
    def standardize(text: Any) -> Any:
        units = lower_and_strip_punctuation(tf.strings.split(text, "\n"))
        return tf.strings.reduce_join(units, separator="\n")

    return standardize
