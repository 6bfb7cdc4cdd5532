"""Neighbors from a graph instead of from every row: faster on large tables, sometimes wrong.

How often it is wrong depends on the vectors, so an index can measure its own recall against exact
search. The graph is usearch's HNSW; `pip install 'w2vtrain[ann]'`.

Source: Malkov and Yashunin 2018, "Efficient and robust approximate nearest neighbor search using
Hierarchical Navigable Small World graphs".
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.run.files import atomic_write, translated_os_errors
from w2vtrain.vectors.embeddings import COSINE_COLUMNS, Embeddings, Neighbors, Query
from w2vtrain.vectors.results import Results
from w2vtrain.vectors.search import blocks

_ADDED_AT_ONCE = 10_000
_MAGIC = b"w2vtrain index 1\n"  # then the SHA-256 of the graph, that of the vectors, and the graph
_DIGEST_BYTES = 32


class ApproximateIndex:
    """A graph over the rows of an `Embeddings`, with the same two questions.

    Args:
        embeddings: the vectors; they stay as they are.
        connectivity: edges of a row in the graph.
        expansion_add: candidates looked at when a row is added: more is slower to build and finds
            more.
        expansion_search: candidates looked at for a question: more is slower and finds more.
        threads: processor threads; 0 for all there are.
    Raises:
        W2VError: usearch is not installed.

    Example:
        index = ApproximateIndex(Embeddings.load("vectors.bin"))
        index.most_similar("whale", k=10)
        index.recall()
    """

    def __init__(
        self,
        embeddings: Embeddings,
        connectivity: int = 32,
        expansion_add: int = 128,
        expansion_search: int = 256,
        threads: int = 0,
    ) -> None:
        self.embeddings = embeddings
        self._threads = threads
        self._index = _usearch().Index(
            ndim=embeddings.dim,
            metric="cos",
            dtype="f32",
            connectivity=connectivity,
            expansion_add=expansion_add,
            expansion_search=expansion_search,
        )
        for rows in blocks(len(embeddings), _ADDED_AT_ONCE):
            keys = np.arange(rows.start, rows.stop, dtype=np.uint64)
            self._index.add(keys, np.ascontiguousarray(embeddings.vectors[rows]), threads=threads)

    def most_similar(
        self,
        positive: Query | Sequence[Query] = (),
        negative: Query | Sequence[Query] = (),
        k: int = 10,
    ) -> Neighbors:
        """Return what `Embeddings.most_similar` does, nearly always."""
        mean, asked = self.embeddings.question(positive, negative)
        return self._answers(mean[np.newaxis], [set(asked)], k)[0]

    def most_similar_batch(self, words: Sequence[str], k: int = 10) -> list[Neighbors]:
        """Return for each word what `Embeddings.most_similar_batch` does, nearly always."""
        rows = self.embeddings.rows(words)
        vectors = np.ascontiguousarray(self.embeddings.vectors[rows])
        return self._answers(vectors, [{row} for row in rows], k)

    def recall(self, queries: int = 1000, k: int = 10, seed: int = 0) -> float:
        """Return the share of the true `k` nearest tokens that the index finds, from 0 to 1.

        Args:
            queries: tokens drawn at random to ask for.
        """
        rows = np.random.default_rng(seed).permutation(len(self.embeddings))[:queries]
        words = [self.embeddings.tokens[row] for row in rows]
        exact = self.embeddings.most_similar_batch(words, k)
        found = self.most_similar_batch(words, k)
        hits = sum(
            len({token for token, _ in a} & {token for token, _ in b})
            for a, b in zip(exact, found, strict=True)
        )
        return hits / max(1, sum(map(len, exact)))

    def save(self, path: str | Path) -> None:
        """Write the graph, with its own copy of the vectors, to a file."""
        graph = bytes(self._index.save())
        header = _MAGIC + _digest(graph) + _digest(self.embeddings.vectors)
        with translated_os_errors(Path(path)):
            atomic_write(Path(path), header + graph)

    @classmethod
    def load(cls, path: str | Path, embeddings: Embeddings) -> Self:
        """Return the index that `save` wrote for these embeddings.

        Raises:
            W2VError: the file cannot be read, is damaged, or is of other vectors.
        """
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise W2VError(f"Cannot read the index {path}: {error.strerror}") from None
        start = len(_MAGIC) + 2 * _DIGEST_BYTES
        graph = content[start:]
        # usearch crashes the process on a damaged graph, so nothing else may reach it.
        if not content.startswith(_MAGIC + _digest(graph)):
            raise W2VError(
                f"The index {path} is damaged, or was not written by this version.",
                "Build it anew from the vectors.",
            )
        if content[start - _DIGEST_BYTES : start] != _digest(embeddings.vectors):
            raise W2VError(
                f"The index {path} is of other vectors than these.",
                "Build it anew from these vectors.",
            )
        index = cls.__new__(cls)
        index.embeddings, index._threads = embeddings, 0
        index._index = _usearch().Index.restore(graph)
        return index

    def _answers(self, queries: np.ndarray, left_out: list[set[int]], k: int) -> list[Neighbors]:
        if k < 1 or len(queries) == 0:
            return [Results((), COSINE_COLUMNS) for _ in queries]
        count = min(k + max(map(len, left_out)), len(self.embeddings))
        found = self._index.search(queries, count, threads=self._threads)
        rows = np.atleast_2d(found.keys).tolist()
        scores = (1 - np.atleast_2d(found.distances)).tolist()
        answers = zip(rows, scores, left_out, strict=True)
        return [self.embeddings.named(*answer, k) for answer in answers]


def _digest(data: bytes | np.ndarray) -> bytes:
    content = np.ascontiguousarray(data).data if isinstance(data, np.ndarray) else data
    return hashlib.sha256(content).digest()


def _usearch() -> Any:
    try:
        import usearch.index
    except ImportError:
        raise W2VError(
            "The approximate index needs usearch, which is not installed.",
            "Run `pip install 'w2vtrain[ann]'`.",
        ) from None
    return usearch.index
