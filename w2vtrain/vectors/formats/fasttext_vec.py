"""fastText's .vec: word2vec's text form with a space at the end of each row."""

from pathlib import Path

from w2vtrain.vectors.formats import word2vec_text
from w2vtrain.vectors.formats.stream import VectorStream
from w2vtrain.vectors.formats.word2vec_text import read

__all__ = ["read", "write"]


def write(path: Path, stream: VectorStream) -> None:
    """Writes as fastText does, but every digit that float32 has, where fastText writes five."""
    word2vec_text.write(path, stream, row_end=b" \n", name="fasttext-vec")
