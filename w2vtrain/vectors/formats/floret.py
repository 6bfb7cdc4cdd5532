"""floret's table, a text file: a line of settings, then `bucket number number ...` lines.

`spacy init vectors LANG FILE OUT --mode floret` reads it. It holds no words, only rows.

Source: floret's fasttext.cc, `saveFloretVectors`; spaCy's vectors.pyx.
"""

from collections.abc import Iterator
from pathlib import Path

from w2vtrain.vectors.formats.compressed import open_write
from w2vtrain.vectors.formats.fasttext import dense_rows, required_subwords
from w2vtrain.vectors.formats.stream import Block, VectorStream
from w2vtrain.vectors.formats.text_rows import write_rows


def write(path: Path, stream: VectorStream) -> None:
    """Write the n-gram rows of a floret training, gzipped for `.gz`.

    Raises:
        W2VError: the vectors have no n-grams, or not floret's.
    """
    subwords = required_subwords(stream, "floret", "floret")
    rule = subwords.ngrams
    sizes = (rule.buckets, subwords.dim, rule.min_length, rule.max_length)
    settings = (*sizes, rule.hash_count, rule.hash_seed, rule.begin, rule.end)

    def rows() -> Iterator[Block]:
        start = 0
        for part in dense_rows(subwords):
            yield Block([str(bucket) for bucket in range(start, start + len(part))], part)
            start += len(part)

    with open_write(path) as file:
        file.write(" ".join(map(str, settings)).encode() + b"\n")
        write_rows(file, rows())
        for _ in stream.blocks:  # what no table may hold is refused here too
            pass
