"""Vectors of sentences and documents, made from the vectors of their words.

Every way of pooling is a table of word vectors, computed once from the vectors and counts of the
vocabulary; the vector of a text is the mean of the table's rows of its words. So a text has the
same vector whatever texts are beside it, and programs that average word vectors, such as
sentence-transformers, can be given the table.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.config import DEFAULT_POOLING, Pooling, PrepareConfig
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_TOKEN, PADDING_TOKEN, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import reading
from w2vtrain.vectors.search import blocks

SIF_A = 1e-3  # of the weights a / (a + p)
_TEXTS_AT_ONCE = 1024
_NO_ROW = -1


def pooled_vectors(vectors: np.ndarray, counts: np.ndarray | None, pooling: Pooling) -> np.ndarray:
    """Return the word vectors whose mean over a text's words is the vector of the text.

    With p the share of a word in the text that the vectors were trained on:

    - `mean`: the vectors as they are.
    - `sif`: each vector times a / (a + p), a = 0.001, less its part along the first principal
      component. Source: Arora, Liang and Ma 2017, "A Simple but Tough-to-Beat Baseline for Sentence
      Embeddings", algorithm 1; but the component is that of the vocabulary, each word weighted by
      p, where the paper takes it from the sentences at hand.
    - `zipfian-whitening`: vectors less their mean, then rotated and scaled so that all directions
      have variance 1, mean and variance with the weights p. Source: Yokoi, Bao, Kurita and
      Shimodaira 2024, "Zipfian Whitening", algorithm 1.

    Args:
        vectors: float32 array, shape `(tokens, dim)`.
        counts: int64 array, shape `(tokens,)`; not needed for `mean`.
        pooling: how.
    Returns:
        float32 array, shape `(tokens, dim)`.
    Raises:
        W2VError: there are no counts.
    """
    if pooling == "mean":
        return vectors
    if counts is None or not counts.any():
        raise W2VError(
            f"--pooling {pooling} needs counts of the words, and these vectors have none.",
            "Give --pooling mean, or a run or a format that keeps counts, such as npy or parquet.",
        )
    shares = counts / counts.sum()  # (tokens,)
    if pooling == "sif":
        return _sif(vectors, shares)
    if pooling == "zipfian-whitening":
        return _whitened(vectors, shares)
    raise W2VError(f"Unknown pooling {pooling!r}.", "Choose mean, sif or zipfian-whitening.")


def _sif(vectors: np.ndarray, shares: np.ndarray) -> np.ndarray:
    weighted = vectors * (SIF_A / (SIF_A + shares))[:, np.newaxis]  # (tokens, dim), float64
    moments = weighted.T @ (weighted * shares[:, np.newaxis])  # (dim, dim), not centered
    first = np.linalg.eigh(moments)[1][:, -1]
    return (weighted - np.outer(weighted @ first, first)).astype(np.float32)


def _whitened(vectors: np.ndarray, shares: np.ndarray) -> np.ndarray:
    centered = vectors - shares @ vectors.astype(np.float64)
    covariance = centered.T @ (centered * shares[:, np.newaxis])  # (dim, dim)
    variances, directions = np.linalg.eigh(covariance)
    # Directions in which no vector differs hold nothing but rounding: they are left out.
    kept = variances > variances[-1] * len(variances) * np.finfo(np.float32).eps
    scales = np.where(kept, 1 / np.sqrt(np.where(kept, variances, 1)), 0)
    return (centered @ (directions * scales)).astype(np.float32)


class TextEncoder:
    """Texts into vectors: tokenized as the text of a run was, then pooled.

    Args:
        tokens: distinct texts, one a row.
        vectors: float32 array, shape `(tokens, dim)`.
        counts: int64 array, shape `(tokens,)`, or None.
        pooling: see `pooled_vectors`.
        run: the run whose tokenizer is used. None: texts are split at white space, after the words
            were lowered and stripped of punctuation, unless a token has capital letters.
    Raises:
        W2VError: no counts for a pooling that needs them, or a run without its corpus.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        vectors: np.ndarray,
        counts: np.ndarray | None = None,
        pooling: Pooling = DEFAULT_POOLING,
        run: Path | None = None,
    ) -> None:
        self.pooling = pooling
        self.dim = int(vectors.shape[1])
        self._table = pooled_vectors(vectors, counts, pooling)
        self._vectorizer, words = _tokenizer(tokens, run)
        rows = {token: row for row, token in enumerate(tokens)}
        self._rows = np.array([rows.get(word, _NO_ROW) for word in words])  # of each token id

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return a vector for each text; zeros for a text without a word of the vocabulary.

        Returns:
            float32 array, shape `(texts, dim)`.
        """
        out = np.zeros((len(texts), self.dim), np.float32)
        for part in blocks(len(texts), _TEXTS_AT_ONCE):
            out[part] = self._encoded(texts[part])
        return out

    def _encoded(self, texts: Sequence[str]) -> np.ndarray:
        from scipy.sparse import csr_array

        ids = self._vectorizer(_as_tensor(texts))
        rows = self._rows[ids.values.numpy()]  # (words of all texts,)
        texts_of = np.repeat(np.arange(len(texts)), ids.row_lengths().numpy())
        known = rows != _NO_ROW
        places = (texts_of[known], rows[known])
        shape = (len(texts), len(self._table))
        occurrences = csr_array((np.ones(known.sum(), np.float32), places), shape)
        words = np.bincount(texts_of[known], minlength=len(texts))
        return (occurrences @ self._table) / np.maximum(words, 1)[:, np.newaxis]


def _tokenizer(tokens: Sequence[str], run: Path | None) -> tuple[Any, Sequence[str]]:
    """Return a layer that turns texts into ragged ids, and the word of each id."""
    from w2vtrain.tensorflow_runtime import configure

    configure()  # before anything else of TensorFlow, which it keeps quiet
    from w2vtrain.corpus.vectorizer import load_vectorizer, make_vectorizer

    if run is not None:
        paths = RunDirectory(run)
        with reading(paths.corpus):
            vectorizer = load_vectorizer(paths.vectorizer)
            return vectorizer, Vocabulary.load(paths.corpus_vocabulary).tokens
    words = [token for token in tokens if token not in (PADDING_TOKEN, OOV_TOKEN)]
    vectorizer = make_vectorizer(words, settings_by_spelling(words))
    return vectorizer, [PADDING_TOKEN, OOV_TOKEN, *words][: FIRST_WORD_ID + len(words)]


def settings_by_spelling(words: Sequence[str]) -> PrepareConfig:
    """Return how text is split for words of no run: lowered, unless a word has capital letters."""
    lower = all(word == word.lower() for word in words)
    return PrepareConfig(standardize="lower-and-strip-punctuation" if lower else "none")


def _as_tensor(texts: Sequence[str]) -> Any:
    import tensorflow as tf

    try:
        return tf.constant([text.encode() for text in texts])
    except UnicodeEncodeError as error:
        raise W2VError(f"A text holds half a surrogate pair: {error}", "Repair it.") from None
