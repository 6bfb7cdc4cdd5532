"""Any vectors as two Keras layers that fit each other: texts to ids, ids to vectors."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.config import Normalize, Split, Standardize
from w2vtrain.corpus.phrases import phrases_of
from w2vtrain.corpus.subword_units import splitting_of
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_ID, OOV_TOKEN, PADDING_TOKEN
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.vectors.sentences import settings_by_spelling
from w2vtrain.vectors.subwords import Subwords

_LOG = logging.getLogger(__name__)


def to_keras(
    tokens: Sequence[str],
    vectors: np.ndarray,
    trainable: bool = False,
    sequence_length: int | None = None,
    standardize: Standardize | None = None,
    split: Split | None = None,
    normalize: Normalize | None = None,
    run: Path | None = None,
    subwords: Subwords | None = None,
) -> tuple[Any, Any]:
    """Return a `TextVectorization` and an `Embedding` layer that begin a text model.

    Id 0 is padding: a row of zeros, masked. Id 1 is every word without a vector: it gets the
    vector of `[UNK]` if there is one, else the mean of all. The tokens follow from id 2.

    With n-grams every word has a vector, and there are no ids: the layers are `SplitIntoWords` and
    `SubwordEmbedding` of `subword_layers`, texts to words and words to vectors.

    Args:
        tokens: distinct texts.
        vectors: float32 array, shape `(tokens, dim)`.
        trainable: whether training may change the vectors.
        sequence_length: ids a text, cut or padded; by default as many as the longest text has.
        standardize: as in `PrepareConfig`; by default as in the run, or without one
            `lower-and-strip-punctuation`, or `none` where a token has capital letters, which
            lower-case text could never reach.
        split, normalize: as in `PrepareConfig`; by default as in the run.
        run: the run that the vectors are from, if it is known.
        subwords: the n-gram rows that the vectors were made from, if they were.
    Raises:
        W2VError: the empty token has a vector; Keras takes it for padding.

    Example:
        vectorize, embed = Embeddings.load("runs/novels").to_keras()
        model = keras.Sequential([
            keras.Input(shape=(), dtype="string"), vectorize, embed,
            keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1, activation="sigmoid"),
        ])
    """
    import keras

    from w2vtrain.corpus.standardization import splitter, standardizer

    if PADDING_TOKEN in tokens:
        raise W2VError(
            "The empty token has a vector, but Keras takes it for padding.",
            "Leave that row out.",
        )
    rows = [row for row, token in enumerate(tokens) if token != OOV_TOKEN]
    words = [tokens[row] for row in rows]
    if run is not None and RunDirectory(run).corpus.is_dir():
        config, units = splitting_of(RunDirectory(run))
    else:
        config, units = settings_by_spelling(words), None
    given = {"standardize": standardize, "split": split, "normalize": normalize}
    config = config.replaced(**{key: value for key, value in given.items() if value is not None})
    units = units if config.split == "subwords" else None
    split_text = splitter(config, units, phrases_of(run))
    if subwords is not None:
        from w2vtrain.vectors.subword_layers import SplitIntoWords, embedding_layer

        words_of = SplitIntoWords(standardizer(config), split_text, sequence_length)
        return words_of, embedding_layer(tokens, vectors, subwords, trainable)
    vectorize = keras.layers.TextVectorization(
        standardize=standardizer(config),
        split=split_text,
        output_mode="int",
        output_sequence_length=sequence_length,
        vocabulary=np.array(words, dtype=object),
    )
    if units is None:  # which are reached inside words
        _warn_of_unreachable(vectorize, words, config.standardize)
    embed = keras.layers.Embedding(
        FIRST_WORD_ID + len(words), vectors.shape[1], mask_zero=True, trainable=trainable
    )
    embed.build()
    embed.set_weights([_table(tokens, vectors, rows)])
    return vectorize, embed


def _warn_of_unreachable(vectorize: Any, words: list[str], standardize: str) -> None:
    """Log how many tokens no text can lead to, as `new_york` where punctuation is stripped."""
    ids = np.array(vectorize(words))  # (words, longest)
    expected = np.arange(FIRST_WORD_ID, FIRST_WORD_ID + len(words))
    lost = np.flatnonzero((ids[:, 0] != expected) | ids[:, 1:].any(axis=1))
    if len(lost):
        _LOG.warning(
            "%d of %d tokens cannot be reached with standardize=%r, %r for one.",
            len(lost),
            len(words),
            standardize,
            words[lost[0]],
        )


def _table(tokens: Sequence[str], vectors: np.ndarray, rows: list[int]) -> np.ndarray:
    """Return float32 rows: padding, out-of-vocabulary, then the tokens in `rows`."""
    table = np.zeros((FIRST_WORD_ID + len(rows), vectors.shape[1]), np.float32)
    table[FIRST_WORD_ID:] = vectors[rows]
    if OOV_TOKEN in tokens:
        table[OOV_ID] = vectors[tokens.index(OOV_TOKEN)]
    else:
        table[OOV_ID] = vectors.mean(axis=0, dtype=np.float64)
    return table
