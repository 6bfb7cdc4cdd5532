"""Subwords: settings, and which rows of the n-gram table the words of a corpus have."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from w2vtrain.engine.encoded_rows import WordRows
from w2vtrain.errors import W2VError
from w2vtrain.settings import flag, option
from w2vtrain.training.config import NegativeSamplingConfig
from w2vtrain.vectors.formats.npy import write_subwords
from w2vtrain.vectors.ngrams import Ngrams, SubwordHash
from w2vtrain.vectors.subwords import Subwords

if TYPE_CHECKING:
    from w2vtrain.models.subword_word2vec import SubwordWord2Vec

PANEL = "Subwords"
_COPIES = 3  # of the n-gram table in memory at most: the variable, and what is being written


@dataclass(frozen=True)
class SubwordConfig(NegativeSamplingConfig):
    """Settings of word vectors that are made from character n-grams."""

    subwords: bool = option(
        False,
        "Make word vectors from character n-grams, so that unseen words have vectors too.",
        panel=PANEL,
    )
    min_ngram: int = option(3, "Characters of the shortest n-gram, < and > included.", panel=PANEL)
    max_ngram: int = option(6, "Characters of the longest n-gram.", panel=PANEL)
    buckets: int = option(2_000_000, "Rows that the n-grams share by hashing.", panel=PANEL)
    subword_hash: SubwordHash = option(
        "fasttext",
        "fasttext: its n-grams, and a row a word; floret: one compact table for both.",
        panel=PANEL,
    )
    hash_count: int = option(1, "Rows of an n-gram, 1 to 4; only with floret.", panel=PANEL)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._choice("subword_hash", SubwordHash)
        self.ngrams()
        for name in ("min_ngram", "max_ngram", "buckets", "subword_hash", "hash_count"):
            if not self.subwords and getattr(self, name) != getattr(SubwordConfig, name):
                raise W2VError(f"{flag(name)} does nothing without --subwords.", "Give both.")

        if self.subwords and self.freeze_known:
            raise W2VError(
                "--freeze-known does not go with --subwords.",
                "The n-grams of known words are also those of new words, which must learn.",
            )

    def ngrams(self) -> Ngrams:
        """Return the rule of the n-grams.

        Raises:
            W2VError: lengths out of order, or a number out of range.
        """
        return Ngrams(
            self.buckets, self.min_ngram, self.max_ngram, self.subword_hash, self.hash_count
        )


class WordNgrams:
    """The n-gram table of a vocabulary: which rows it has, and which of them belong to a word.

    With the fasttext hash a word has a row of its own and those of its n-grams' buckets; with
    floret's only the latter. Buckets that no word uses have no row. Rows that belong to the same
    words get the same updates, all their lives; so they are one row here, which counts for as many
    as it stands for. On English Wikipedia that halves the table, and changes nothing but their
    random start.

    Args:
        tokens: the vocabulary by id.
        ngrams: the rule.
        dim: length of a vector.
    Raises:
        W2VError: the table does not fit the memory.
    """

    def __init__(self, tokens: tuple[str, ...], ngrams: Ngrams, dim: int) -> None:
        self.tokens, self.ngrams, self.dim = tokens, ngrams, dim
        found = ngrams.rows(tokens)
        self.buckets, rows = np.unique(found.rows, return_inverse=True)
        sizes = found.sizes
        if ngrams.hash == "fasttext":
            own = np.arange(len(tokens)) + len(self.buckets)
            rows = np.insert(rows, np.cumsum(sizes) - sizes, own)
            sizes = sizes + 1
        words = np.repeat(np.arange(len(tokens)), sizes)
        self.classes, members = _same_words(rows, words)  # of each bucket, then of each word
        pairs, times = np.unique(words * len(members) + self.classes[rows], return_counts=True)
        words, rows = np.divmod(pairs, len(members))
        self.words = WordRows(
            number=len(members),
            sizes=np.bincount(words, minlength=len(tokens)),
            rows=rows.astype(np.int32),
            shares=(times / sizes[words]).astype(np.float32),
            times=(times / members[rows]).astype(np.float32),
        )
        _require_memory(self.words.number, dim)

    def model(self, seed: int, cbow: bool = False, positions: int = 0) -> "SubwordWord2Vec":
        """Return an untrained model with these words: skip-gram, or CBOW with its `positions`."""
        from w2vtrain.models.subword_word2vec import SubwordCbow, SubwordWord2Vec

        words = self.words
        sizes = (len(words.sizes), self.dim, words.number, len(words.rows))
        model: SubwordWord2Vec
        if cbow:
            model = SubwordCbow(*sizes, seed, positions=positions, name="cbow")
        else:
            model = SubwordWord2Vec(*sizes, seed, name="word2vec")
        model.set_words(words.rows, words.shares, words.sizes)
        return model

    def start(
        self,
        model: "SubwordWord2Vec",
        ids: Sequence[int],
        vectors: np.ndarray,
        subwords: Subwords | None,
    ) -> None:
        """Set the rows of a model to those that words were made from; others keep their start.

        Args:
            ids: of words of this vocabulary.
            vectors: float32 array, shape `(ids, dim)`: their vectors.
            subwords: the n-gram rows that these were made from.
        Raises:
            W2VError: they were not made from n-grams, or from others.
        """
        if subwords is None:
            raise W2VError(
                "The vectors to start from were not made from n-grams.", "Leave --subwords out."
            )
        if subwords.ngrams != self.ngrams:
            raise W2VError(
                f"The vectors to start from have other n-grams: {subwords.ngrams}.",
                "Give the same settings.",
            )
        table = model.ngram_embedding.embeddings.numpy().copy()
        found, there = subwords.rows_of(self.buckets), subwords.has(self.buckets)
        table[self.classes[: len(self.buckets)][there]] = found[there]
        if self.ngrams.hash == "fasttext":
            own = self.classes[len(self.buckets) :][list(ids)]
            table[own] = subwords.own_rows([self.tokens[i] for i in ids], vectors)
        model.ngram_embedding.embeddings.assign(table)

    def save(self, model: "SubwordWord2Vec", folder: Path) -> None:
        """Write the n-gram rows of a trained model.

        Raises:
            W2VError: one holds a number that is not finite.
        """
        used, places = np.unique(self.classes[: len(self.buckets)], return_inverse=True)
        table = model.ngram_embedding.embeddings.numpy()[used]
        if not np.isfinite(table).all():
            raise W2VError(
                "The n-gram rows hold NaN or infinite numbers.",
                "Lower --learning-rate and train again.",
            )
        write_subwords(folder, Subwords(self.ngrams, table, self.buckets, places))


def _same_words(rows: np.ndarray, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put rows that belong to the same words, equally often, into one class.

    Two classes are told apart by sums of random 64-bit numbers of their words.

    Args:
        rows, words: int arrays, shape `(uses,)`: a row and a word that it belongs to.
    Returns:
        the class of each row, and how many rows each class has: int64 arrays.
    """
    numbers = np.random.default_rng(0).integers(2**64, size=words.max() + 1, dtype=np.uint64)
    sums = np.zeros(rows.max() + 1, np.uint64)
    np.add.at(sums, rows, numbers[words])
    _, classes, members = np.unique(sums, return_inverse=True, return_counts=True)
    return classes, members


def _require_memory(rows: int, dim: int) -> None:
    if not hasattr(os, "sysconf"):  # Windows does not say
        return
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    needed = _COPIES * 4 * dim * rows
    if needed > memory:
        fitting = memory // (_COPIES * 4 * dim)
        raise W2VError(
            f"{rows:,} rows of n-grams, {dim} numbers each, take up to {needed / 2**30:,.1f} GiB, "
            f"and this machine has {memory / 2**30:,.1f}.",
            f"{fitting:,} rows would fit: give --buckets {fitting}, a smaller --embedding-dim or "
            "a smaller vocabulary.",
        )
