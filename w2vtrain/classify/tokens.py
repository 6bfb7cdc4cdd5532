"""Texts into token ids: words by the rules of `w2v prepare`, or subwords learned from the texts.

Ids are those of a run: 0 padding, 1 unknown, then the vocabulary by falling count, so that a
classifier's vectors lie in its run as those of any other run do.
"""

import functools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.classify.settings import EMBEDDING_DIM, VOCABULARY_SIZE, ClassifyConfig
from w2vtrain.config import PrepareConfig, Standardize
from w2vtrain.corpus.counting import (
    LONGEST_TOKEN,
    TokenCounter,
    TokenizedBlock,
    cut_into_units,
    tokenized,
)
from w2vtrain.corpus.documents import packed
from w2vtrain.corpus.phrases import NO_PHRASES, Phrases, WordJoiner, phrases_of
from w2vtrain.corpus.sources import Read
from w2vtrain.corpus.subword_units import SubwordUnits, splitting_of
from w2vtrain.corpus.text import Piece
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_ID, OOV_TOKEN, PADDING_TOKEN, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import translated_read_errors
from w2vtrain.vectors.embeddings import Embeddings

LEAST_COUNT = 2  # a word seen once in training teaches its text by heart
TOKENIZER = "tokenizer.json"
RULES, UNITS, PHRASES = "rules.json", "subword_units.json", "phrases.tsv"
STRIPPED: Standardize = "lower-and-strip-punctuation"
_PADDING = "[PAD]"


@dataclass(frozen=True)
class Words:
    """Words, by the rules of `w2v prepare`.

    Args:
        vocabulary: the words; row r has id r + 2.
        rules: how a text is normalized, standardized and split.
        subwords: that the words are cut into, in a run whose vectors are reused; else None.
        phrases: that are joined, of such a run.
    """

    vocabulary: Vocabulary
    rules: PrepareConfig
    subwords: SubwordUnits | None = None
    phrases: Phrases = NO_PHRASES

    @classmethod
    def learn(
        cls,
        texts: Sequence[str],
        size: int | None,
        rules: PrepareConfig,
        subwords: SubwordUnits | None = None,
        phrases: Phrases = NO_PHRASES,
        min_count: int = LEAST_COUNT,
    ) -> "Words":
        """Take the `size` most frequent words of `texts` (all if None).

        Raises:
            W2VError: no word occurs `min_count` times.
        """
        config = rules.replaced(min_count=min_count, vocabulary_size=size)
        counter = TokenCounter()
        for block in _tokenized(texts, config, subwords, phrases):
            counter.add(block)
        counted = counter.result(config)
        if not counted.words:
            raise W2VError("No word occurs twice in the training texts.", "Give more texts.")
        return cls(Vocabulary(tuple(counted.words), counted.counts), rules, subwords, phrases)

    def encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Return the ids of each text: int32 arrays, shape `(tokens,)`; 1 for an unknown word."""
        rows: list[np.ndarray] = []
        for block in _tokenized(texts, self.rules, self.subwords, self.phrases):
            ids = np.array([self._ids.get(word, OOV_ID) for word in block.unique], np.int32)
            rows += np.split(ids[block.index], np.cumsum(block.lengths)[:-1])
        return rows

    @functools.cached_property
    def _ids(self) -> dict[bytes, int]:
        return {word.encode(): i for i, word in enumerate(self.vocabulary.tokens, FIRST_WORD_ID)}

    def save(self, folder: Path) -> None:
        """Write the rules, and the subword units and phrases if there are any."""
        (folder / RULES).write_text(json.dumps(self.rules.as_dict()), encoding="utf-8")
        if self.subwords is not None:
            self.subwords.save(folder / UNITS)
        if len(self.phrases):
            self.phrases.save(folder / PHRASES)


def _tokenized(
    texts: Sequence[str], config: PrepareConfig, subwords: SubwordUnits | None, phrases: Phrases
) -> Iterator[TokenizedBlock]:
    """Yield the texts tokenized, a unit a text."""
    pieces = ((0, Piece(text.replace("\n", " "), True, Read())) for text in texts)
    joiner = WordJoiner(phrases) if len(phrases) else None
    for block in tokenized(packed(pieces), config):
        if subwords is not None:
            yield cut_into_units(block, subwords)
        else:
            yield block if joiner is None else _joined(block, joiner)


def _joined(block: TokenizedBlock, joiner: WordJoiner) -> TokenizedBlock:
    words, lengths = joiner.join(np.array(block.unique, object)[block.index], block.lengths)
    rows: dict[bytes, int] = {}
    index = np.array([rows.setdefault(word, len(rows)) for word in words], np.int32)
    too_long = np.array([len(word.decode()) > LONGEST_TOKEN for word in rows])
    return TokenizedBlock(block.block, list(rows), too_long, index, lengths)


@dataclass(frozen=True)
class Subwords:
    """Words and parts of words (`##ing` continues a word), learned from the training texts.

    Source: WordPiece, Schuster and Nakajima 2012, as Hugging Face's `tokenizers` trains it.

    Args:
        vocabulary: the subwords; row r has id r + 2.
        tokenizer: a `tokenizers.Tokenizer` with these ids.
    """

    vocabulary: Vocabulary
    tokenizer: Any

    @classmethod
    def learn(cls, texts: Sequence[str], size: int) -> "Subwords":
        """Learn `size` subwords from `texts`; letters are lower-cased."""
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.WordPiece(unk_token=OOV_TOKEN))
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(
            vocab_size=size + FIRST_WORD_ID,
            special_tokens=[_PADDING, OOV_TOKEN],
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        return cls._by_count(tokenizer, texts)

    @classmethod
    def _by_count(cls, tokenizer: Any, texts: Sequence[str]) -> "Subwords":
        """Give the subwords new ids, by falling count; which are cut is the same."""
        from tokenizers import models

        ids = np.concatenate(_encode(tokenizer, texts))
        counts = np.bincount(ids, minlength=tokenizer.get_vocab_size())
        known = sorted(
            ((i, token) for token, i in tokenizer.get_vocab().items() if i >= FIRST_WORD_ID),
            key=lambda pair: (-counts[pair[0]], pair[1]),
        )
        if not known:
            raise W2VError("The training texts hold no word.", "Give texts with words.")
        tokens = tuple(token for _, token in known)
        rows = {token: row for row, token in enumerate([_PADDING, OOV_TOKEN, *tokens])}
        tokenizer.model = models.WordPiece(vocab=rows, unk_token=OOV_TOKEN)
        vocabulary = Vocabulary(tokens, counts[[i for i, _ in known]].astype(np.int64))
        return cls(vocabulary, tokenizer)

    def encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Return the ids of each text: int32 arrays, shape `(tokens,)`."""
        return _encode(self.tokenizer, texts)

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json`, which Hugging Face's `tokenizers` reads too."""
        self.tokenizer.save(str(folder / TOKENIZER))


TextTokens = Words | Subwords


def _encode(tokenizer: Any, texts: Sequence[str]) -> list[np.ndarray]:
    rows: list[np.ndarray] = []
    for start in range(0, len(texts), 1024):
        batch = tokenizer.encode_batch_fast(list(texts[start : start + 1024]))
        rows += [np.array(encoding.ids, np.int32) for encoding in batch]
    return rows


def load_tokens(folder: Path, vocabulary: Vocabulary, config: ClassifyConfig) -> TextTokens:
    """Load what turned texts into ids when the classifier in `folder` was trained."""
    path = folder / TOKENIZER
    if not path.exists():
        return _load_words(folder, vocabulary, config)
    from tokenizers import Tokenizer

    with translated_read_errors(path, "Train the classifier again."):
        json.loads(path.read_bytes())
        return Subwords(vocabulary, Tokenizer.from_file(str(path)))


def _load_words(folder: Path, vocabulary: Vocabulary, config: ClassifyConfig) -> Words:
    path = folder / RULES
    if not path.exists():  # of a version that knew no other
        rules = PrepareConfig(normalize="none", standardize=config.standardize or STRIPPED)
        return Words(vocabulary, rules)
    with translated_read_errors(path, "Train the classifier again."):
        rules = PrepareConfig.from_mapping(json.loads(path.read_bytes()), str(path))
    cut = rules.split == "subwords"
    return Words(
        vocabulary,
        rules,
        SubwordUnits.load(folder / UNITS, vocabulary.tokens) if cut else None,
        Phrases.load(folder / PHRASES) if (folder / PHRASES).exists() else NO_PHRASES,
    )


def _rules(config: ClassifyConfig, run: Path | None) -> tuple[PrepareConfig, SubwordUnits | None]:
    """Return how texts are split: as those of the run whose vectors are reused, if it is one."""
    rules, subwords = PrepareConfig(), None
    if run is not None and RunDirectory(run).corpus.is_dir():
        rules, subwords = splitting_of(RunDirectory(run))
    given = {"standardize": config.standardize, "normalize": config.normalize}
    return rules.replaced(**{k: v for k, v in given.items() if v is not None}), subwords


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
        tokens: turns texts into ids.
        dim: numbers in a vector.
        rows: float32 array, shape `(token_ids, dim)`, or None where they are learned from scratch.
        coverage: of reused vectors.
    """

    tokens: TextTokens
    dim: int
    rows: np.ndarray | None = None
    coverage: Coverage | None = None


def make_first_layer(texts: Sequence[str], config: ClassifyConfig) -> FirstLayer:
    """Learn the vocabulary from the training `texts`, or take it from reused vectors.

    Raises:
        W2VError: no word has a vector, or the vectors are not as long as asked.
    """
    if not config.pretrained:
        return FirstLayer(_learned_tokens(texts, config), config.embedding_dim or EMBEDDING_DIM)
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
    found = np.array([token in vectors for token in known])
    rows = _rows_of(vectors, known, found)
    return FirstLayer(tokens, vectors.dim, rows, _coverage(found, counts, config))


def _learned_tokens(texts: Sequence[str], config: ClassifyConfig) -> TextTokens:
    size = config.vocabulary_size or VOCABULARY_SIZE
    if config.token_kind == "words":
        return Words.learn(texts, size, _rules(config, None)[0])
    return Subwords.learn(texts, size)


def _words_of(vectors: Embeddings, texts: Sequence[str], config: ClassifyConfig) -> FirstLayer:
    """Take the words of `vectors` as the vocabulary: they reach beyond the training texts."""
    rules, subwords = _rules(config, vectors.run)
    phrases = phrases_of(vectors.run)
    seen = Words.learn(texts, None, rules, subwords, phrases, min_count=1).vocabulary
    kept = [token for token in vectors.tokens if token not in (PADDING_TOKEN, OOV_TOKEN)]
    kept = kept[: config.vocabulary_size]
    known = set(kept)
    coverage = _coverage(np.array([word in known for word in seen.tokens]), seen.counts, config)
    count_of = dict(zip(seen.tokens, seen.counts.tolist(), strict=True))
    counts = np.array([count_of.get(token, 0) for token in kept], np.int64)
    words = Words(Vocabulary(tuple(kept), counts), rules, subwords, phrases)
    rows = _rows_of(vectors, kept, np.ones(len(kept), bool))
    return FirstLayer(words, vectors.dim, rows, coverage)


def _rows_of(vectors: Embeddings, tokens: Sequence[str], found: np.ndarray) -> np.ndarray:
    """Return one row an id; zeros for padding and for tokens without a vector."""
    table = np.zeros((FIRST_WORD_ID + len(tokens), vectors.dim), np.float32)
    if OOV_TOKEN in vectors:
        table[OOV_ID] = vectors[OOV_TOKEN]
    known = [token for token, has in zip(tokens, found, strict=True) if has]
    table[FIRST_WORD_ID + np.flatnonzero(found)] = vectors[known]
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
