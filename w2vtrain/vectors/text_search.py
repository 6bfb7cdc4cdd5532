"""Texts with their vectors: read from files, searched by a question, written for other programs."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from w2vtrain.corpus.documents import read_table
from w2vtrain.corpus.sources import TABLES, InputFile, kind_of
from w2vtrain.corpus.tables import Column
from w2vtrain.corpus.text import decode
from w2vtrain.corpus.vocabulary import escaped
from w2vtrain.errors import W2VError
from w2vtrain.vectors.approximate import ApproximateIndex
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.formats import npy
from w2vtrain.vectors.formats.registry import placed
from w2vtrain.vectors.formats.text_rows import numbers
from w2vtrain.vectors.results import Results
from w2vtrain.vectors.search import best, unit_rows
from w2vtrain.vectors.sentences import TextEncoder

TEXTS_AT_ONCE = 4096
ENDINGS = (".npy", ".parquet", ".tsv")


class Match(NamedTuple):
    """A text that was found: its place among the texts, from 0, its cosine, and the text."""

    place: int
    cosine: float
    text: str


class TextIndex:
    """Texts that can be searched by their vectors.

    Args:
        encoder: makes the vectors, of the texts and of the queries.
        texts: what is searched; a text without a word of the vocabulary is never found.
        approximate: search by a graph, which is faster for very many texts and may miss some;
            needs the extra `w2vtrain[ann]`.
    Raises:
        W2VError: no text has a word of the vocabulary, or the extra is not installed.

    Example:
        index = TextIndex(Embeddings.load("runs/wiki").text_encoder(), texts)
        index.search("a film about the sea", k=3)
    """

    def __init__(
        self, encoder: TextEncoder, texts: Sequence[str], approximate: bool = False
    ) -> None:
        self.texts = texts
        self._encoder = encoder
        vectors = encoder.encode(texts)
        self._places = np.flatnonzero(vectors.any(axis=1))  # of the texts that can be found
        if not len(self._places):
            raise W2VError(
                f"None of the {len(texts):,} texts has a word of the vocabulary.",
                "Are the texts in the language of the vectors?",
            )
        self._units = unit_rows(vectors[self._places])
        self._graph: ApproximateIndex | None = None
        if approximate:
            rows = map(str, range(len(self._places)))
            self._graph = ApproximateIndex(Embeddings(tuple(rows), self._units))

    def __len__(self) -> int:
        return len(self._places)

    def search(self, query: str, k: int = 10) -> Results[Match]:
        """Return the `k` nearest texts, best first.

        Raises:
            W2VError: the query has no word of the vocabulary.
        """
        vector = self._encoder.encode([query])[0]
        if not vector.any():
            raise W2VError(
                f"No word of the query {query!r} is in the vocabulary.", "Ask with other words."
            )
        if self._graph is not None:
            found = [(int(row), cosine) for row, cosine in self._graph.most_similar(vector, k=k)]
        else:
            scores = self._units @ unit_rows(vector[np.newaxis])[0]
            found = [(row, float(scores[row])) for row in best(scores, k).tolist()]
        places = [(int(self._places[row]), cosine) for row, cosine in found]
        found_texts = (Match(place, cosine, self.texts[place]) for place, cosine in places)
        return Results(found_texts, Match._fields)


def read_texts(
    name: str | Path,
    text_column: str | None = None,
    encoding: str = "utf-8",
    whole_file: bool = False,
) -> Iterator[str]:
    """Yield the texts of an input: each line, each row of a table, or all of a file.

    Empty lines and rows without a text are texts too, so that the n-th text is that of the n-th
    line or row.

    Args:
        name: a text file or a table (CSV, TSV, JSON lines, Parquet), compressed or not, or `-` for
            standard input.
        text_column: the column of a table that holds the text.
        encoding: of the file.
        whole_file: yield one text, the whole file; not for tables.
    Raises:
        W2VError: the input cannot be read as what it is, or a table's column is not named.
    """
    name = str(name)
    if text_column is not None or kind_of(name) in TABLES:
        if whole_file:
            raise W2VError(f"{name} is a table; its rows are texts.", "Leave --whole-files out.")
        for row in read_table(name, [Column(text_column)], encoding):
            yield row.cells[0]
        return
    with InputFile(name) as file:
        for stream in file.streams():
            if kind_of(stream.name) in TABLES:
                raise W2VError(f"{name} holds a table.", "Name its column with --text-column.")
            chunks = (text for text, _ in decode(stream, encoding, "strict"))
            if whole_file:
                yield "".join(chunks)
            else:
                yield from _lines(chunks)


def _lines(chunks: Iterable[str]) -> Iterator[str]:
    held = ""
    for chunk in chunks:
        *whole, held = (held + chunk).split("\n")
        yield from whole
    if held:
        yield held


class Written(NamedTuple):
    """What `write_text_vectors` wrote: texts, and how many of them have no known word."""

    texts: int
    without_words: int


def text_vectors(
    encoder: TextEncoder, texts: Iterable[str]
) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield some thousand texts at a time with their vectors, shape `(texts, dim)`."""
    iterator = iter(texts)
    while part := list(islice(iterator, TEXTS_AT_ONCE)):
        yield part, encoder.encode(part)


def write_text_vectors(
    encoder: TextEncoder, texts: Iterable[str], path: Path, labels: Sequence[str] | None = None
) -> Written:
    """Write the vector of each text, in order, whole or not at all.

    `.npy`: a float32 array, shape `(texts, dim)`, alone. `.parquet`: columns `text` and `vector`.
    `.tsv`: the text, a tab, and the numbers with tabs between them; a backslash, tab or line end in
    a text is written `\\\\`, `\\t`, `\\n`, `\\r`.

    Args:
        encoder: makes the vectors.
        texts: may be more than fit in memory.
        path: the file to write; its ending tells the form.
        labels: what is written in the place of each text, such as the name of its file.
    Raises:
        W2VError: another ending, no texts, or a place that cannot be written.
    """
    writers = {".npy": _write_npy, ".parquet": _write_parquet, ".tsv": _write_tsv}
    if path.suffix not in writers:
        raise W2VError(
            f"The ending of {path} stands for no form of vectors.",
            f"Name a file that ends in {', '.join(ENDINGS)}.",
        )
    seen = [0, 0]

    def counted() -> Iterator[tuple[list[str], np.ndarray]]:
        for part, vectors in text_vectors(encoder, texts):
            shown = part if labels is None else list(labels[seen[0] : seen[0] + len(part)])
            seen[0] += len(part)
            seen[1] += int((~vectors.any(axis=1)).sum())
            yield shown, vectors

    with placed(path, folder=False) as temporary:
        writers[path.suffix](temporary, counted(), encoder.dim)
        if not seen[0]:
            raise W2VError("There is no text to embed.", "Is the file empty?")
    return Written(*seen)


Blocks = Iterable[tuple[list[str], np.ndarray]]


def _write_npy(path: Path, blocks: Blocks, dim: int) -> None:
    rows = 0
    with path.open("wb") as file:
        npy.write_header(file, 0, dim)
        for _, vectors in blocks:
            file.write(np.ascontiguousarray(vectors, "<f4").tobytes())
            rows += len(vectors)
        file.seek(0)
        npy.write_header(file, rows, dim)  # as long as before: NumPy leaves room for the number


def _write_parquet(path: Path, blocks: Blocks, dim: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    schema = pa.schema([("text", pa.string()), ("vector", pa.list_(pa.float32(), dim))])
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for texts, vectors in blocks:
            flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim)
            writer.write_batch(pa.record_batch([pa.array(texts, pa.string()), flat], schema=schema))


def _write_tsv(path: Path, blocks: Blocks, dim: int) -> None:
    with path.open("wb") as file:
        for texts, vectors in blocks:
            file.writelines(tsv_lines(texts, vectors))


def tsv_lines(texts: Sequence[str], vectors: np.ndarray) -> Iterator[bytes]:
    """Yield a line for each text: the text, a tab, and its numbers with tabs between them."""
    for text, line in zip(texts, numbers(vectors, "\t"), strict=True):
        yield escaped(text).encode() + b"\t" + line + b"\n"
