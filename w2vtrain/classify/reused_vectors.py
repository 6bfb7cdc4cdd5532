"""Vectors of a run or a file as the first layer of a classifier, and how far they reach."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2vtrain.classify.settings import EMBEDDING_DIM, VOCABULARY_SIZE, ClassifyConfig
from w2vtrain.classify.text_tokens import Subwords, TextTokens, Words
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_ID, OOV_TOKEN, PADDING_TOKEN, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings


@dataclass(frozen=True)
class Coverage:
    """How far reused vectors reach.

    Args:
        found: distinct tokens of the training texts that have a vector.
        distinct: distinct tokens of the training texts.
        found_share: share of the running tokens that have a vector.
    """

    found: int
    distinct: int
    found_share: float


@dataclass(frozen=True)
class FirstLayer:
    """How tokens become vectors.

    Args:
        tokens: what turns texts into ids.
        rows: float32 array, shape `(ids, dim)`, or None where they are learned from scratch.
        coverage: of reused vectors.
    """

    tokens: TextTokens
    rows: np.ndarray | None
    coverage: Coverage | None


def first_layer(texts: Sequence[str], config: ClassifyConfig) -> FirstLayer:
    """Returns the vocabulary, learned from the training `texts` or taken from reused vectors.

    Raises:
        W2VError: no word has a vector, or the vectors are not as long as asked.
    """
    if not config.pretrained:
        return FirstLayer(_learned_tokens(texts, config), None, None)
    vectors = Embeddings.load(config.embedding)
    if config.embedding_dim not in (None, vectors.dim):
        raise W2VError(
            f"The vectors of {config.embedding} have {vectors.dim} numbers, but --embedding-dim "
            f"is {config.embedding_dim}.",
            "Leave --embedding-dim out: a reused file decides it.",
        )
    if config.token_kind == "words":
        return _words_of(vectors, texts, config)
    tokens = _learned_tokens(texts, config)
    known, counts = tokens.vocabulary.tokens, tokens.vocabulary.counts
    found = [token in vectors for token in known]
    rows = _table(vectors, known, found)
    return FirstLayer(tokens, rows, _coverage(np.array(found), counts, config))


def _learned_tokens(texts: Sequence[str], config: ClassifyConfig) -> TextTokens:
    size = config.vocabulary_size or VOCABULARY_SIZE
    if config.token_kind == "words":
        return Words.learn(texts, size, config.standardize)
    return Subwords.learn(texts, size)


def _words_of(vectors: Embeddings, texts: Sequence[str], config: ClassifyConfig) -> FirstLayer:
    """Returns the words of `vectors` as the vocabulary: they reach beyond the training texts."""
    seen = Words.learn(texts, None, config.standardize, min_count=1).vocabulary
    kept = [token for token in vectors.tokens if token not in (PADDING_TOKEN, OOV_TOKEN)]
    kept = kept[: config.vocabulary_size]
    known = set(kept)
    found = np.array([word in known for word in seen.tokens])
    coverage = _coverage(found, seen.counts, config)
    of_text = dict(zip(seen.tokens, seen.counts.tolist(), strict=True))
    counts = np.array([of_text.get(token, 0) for token in kept], np.int64)
    words = Words(Vocabulary(tuple(kept), counts), config.standardize)
    return FirstLayer(words, _table(vectors, kept, [True] * len(kept)), coverage)


def _table(vectors: Embeddings, tokens: Sequence[str], found: Sequence[bool]) -> np.ndarray:
    """Returns one row an id; zeros for padding and for tokens without a vector."""
    table = np.zeros((FIRST_WORD_ID + len(tokens), vectors.dim), np.float32)
    if OOV_TOKEN in vectors:
        table[OOV_ID] = vectors[OOV_TOKEN]
    place = [FIRST_WORD_ID + row for row, has in enumerate(found) if has]
    table[place] = vectors[[token for token, has in zip(tokens, found, strict=True) if has]]
    return table


def _coverage(found: np.ndarray, counts: np.ndarray, config: ClassifyConfig) -> Coverage:
    if not found.any():
        raise W2VError(
            f"None of the {len(found):,} words of the training texts has a vector in "
            f"{config.embedding}.",
            "Is it of the same language? Vectors of cased words need --standardize none.",
        )
    share = float(counts[found].sum() / max(1, counts.sum()))
    return Coverage(int(found.sum()), len(found), share)


def dim_of(layer: FirstLayer, config: ClassifyConfig) -> int:
    """Returns how many numbers a vector of the first layer has."""
    return layer.rows.shape[1] if layer.rows is not None else config.embedding_dim or EMBEDDING_DIM
