"""Vectors apart from the trainer that made them: tokens, a matrix, and questions to them."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.run_directory import RunDirectory, read_manifest
from w2vtrain.vocabulary import Vocabulary


class Embeddings:
    """Tokens and their vectors, row by row, most frequent first where counts are known.

    Args:
        tokens: distinct texts.
        vectors: float32 array, shape `(tokens, dim)`; may be memory-mapped.
        counts: int64 array, shape `(tokens,)`, or None where unknown.
    """

    def __init__(
        self, tokens: Sequence[str], vectors: np.ndarray, counts: np.ndarray | None = None
    ) -> None:
        self.tokens = tuple(tokens)
        self.vectors = vectors
        self.counts = counts

    @classmethod
    def load(cls, path: str | Path) -> "Embeddings":
        """Returns the vectors of a run directory."""
        run = RunDirectory(Path(path))
        read_manifest(run.model, made_by=f"w2v train {path}")
        vocabulary = Vocabulary.load(run.vocabulary)
        return cls(vocabulary.tokens, np.load(run.vectors, mmap_mode="r"), vocabulary.counts)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._rows

    def __getitem__(self, token: str) -> np.ndarray:
        """Returns the vector of `token`: float32, shape `(dim,)`."""
        return self.vectors[self.row(token)]

    def row(self, token: str) -> int:
        """Returns the row of `token`, or raises W2VError."""
        try:
            return self._rows[token]
        except KeyError:
            raise W2VError(f"{token!r} is not in the vocabulary.") from None

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {token: row for row, token in enumerate(self.tokens)}

    @cached_property
    def normalized(self) -> np.ndarray:
        """float32 array, shape `(tokens, dim)`: rows of length 1; a zero row stays zero."""
        norms = np.linalg.norm(self.vectors, axis=1, keepdims=True)
        return self.vectors / np.where(norms == 0, 1, norms)

    def most_similar(self, token: str, k: int = 10) -> list[tuple[str, float]]:
        """Returns the `k` nearest other tokens by cosine, best first."""
        row = self.row(token)
        scores = self.normalized @ self.normalized[row]
        scores[row] = -np.inf
        best = np.argsort(-scores, kind="stable")[:k]
        return [(self.tokens[i], float(scores[i])) for i in best]
