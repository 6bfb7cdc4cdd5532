"""Texts into token ids: words by the rules of `w2v prepare`, or subwords learned from the texts.

Ids are those of a run: 0 padding, 1 unknown, then the vocabulary by falling count, so that a
classifier's vectors lie in its run as those of any other run do.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from w2vtrain.classify.token_rows import TokenRows
from w2vtrain.config import PrepareConfig, Standardize
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_ID, OOV_TOKEN, Vocabulary
from w2vtrain.errors import W2VError

LEAST_COUNT = 2  # a word seen once in training teaches its text by heart
TOKENIZER = "tokenizer.json"
_PADDING = "[PAD]"
_BLOCK = 1 << 20  # characters that the tokenizer takes at a time


class TextTokens(Protocol):
    """What turns texts into ids."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The tokens with a vector; row r has id r + 2."""
        ...

    def encode(self, texts: Sequence[str]) -> TokenRows:
        """Returns the ids of each text; a token without a row is id 1."""
        ...

    def save(self, folder: Path) -> None:
        """Writes what `load_tokens` needs besides the vocabulary into `folder`."""
        ...


@dataclass(frozen=True)
class Words:
    """Words, by the rules of `w2v prepare`.

    Args:
        vocabulary: the words; row r has id r + 2.
        standardize: what happens to a text before it is split at white space.
    """

    vocabulary: Vocabulary
    standardize: Standardize

    @classmethod
    def learn(
        cls,
        texts: Sequence[str],
        size: int | None,
        standardize: Standardize,
        min_count: int = LEAST_COUNT,
    ) -> "Words":
        """Returns the `size` most frequent words of `texts` (all if None).

        Raises:
            W2VError: no word occurs twice.
        """
        from w2vtrain.corpus.counting import TokenCounter, tokenized

        config = PrepareConfig(min_count=min_count, vocabulary_size=size, standardize=standardize)
        counter = TokenCounter()
        for block in tokenized(_blocks(texts), config):
            counter.add(block)
        counted = counter.result(config)
        if not counted.words:
            raise W2VError("No word occurs twice in the training texts.", "Give more texts.")
        return cls(Vocabulary(tuple(counted.words), counted.counts), standardize)

    def encode(self, texts: Sequence[str]) -> TokenRows:
        """Returns the ids of each text."""
        from w2vtrain.corpus.counting import tokenized

        known = {
            word.encode(): row
            for row, word in enumerate(self.vocabulary.tokens, start=FIRST_WORD_ID)
        }
        parts: list[np.ndarray] = [np.empty(0, np.int32)]
        lengths: list[np.ndarray] = [np.zeros(1, np.int64)]
        for block in tokenized(_blocks(texts), PrepareConfig(standardize=self.standardize)):
            ids = np.array([known.get(word, OOV_ID) for word in block.unique], np.int32)
            parts.append(ids[block.index])
            lengths.append(block.lengths)
        return TokenRows(np.concatenate(parts), np.cumsum(np.concatenate(lengths)))

    def save(self, folder: Path) -> None:
        """Writes nothing: the vocabulary and the settings are all there is."""


@dataclass(frozen=True)
class Subwords:
    """Words and parts of words (`##ing` goes on a word), learned from the training texts.

    Source: WordPiece, Schuster and Nakajima 2012, as Hugging Face's `tokenizers` trains it.

    Args:
        vocabulary: the subwords; row r has id r + 2.
        tokenizer: a `tokenizers.Tokenizer` with these ids.
    """

    vocabulary: Vocabulary
    tokenizer: Any

    @classmethod
    def learn(cls, texts: Sequence[str], size: int) -> "Subwords":
        """Returns `size` subwords learned from `texts`; letters are lower-cased."""
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
        """Returns the subwords under new ids, by falling count; which are cut is the same."""
        from tokenizers import models

        ids = _encoded(tokenizer, texts).ids
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

    def encode(self, texts: Sequence[str]) -> TokenRows:
        """Returns the ids of each text."""
        return _encoded(self.tokenizer, texts)

    def save(self, folder: Path) -> None:
        """Writes `tokenizer.json`, which Hugging Face's `tokenizers` reads too."""
        self.tokenizer.save(str(folder / TOKENIZER))


def load_tokens(folder: Path, vocabulary: Vocabulary, standardize: Standardize) -> TextTokens:
    """Returns what turned texts into ids when the classifier in `folder` was trained."""
    path = folder / TOKENIZER
    if not path.exists():
        return Words(vocabulary, standardize)
    from tokenizers import Tokenizer

    try:
        json.loads(path.read_bytes())
        return Subwords(vocabulary, Tokenizer.from_file(str(path)))
    except (OSError, ValueError) as error:
        raise W2VError(f"Cannot read {path}: {error}", "Train the classifier again.") from None


def _encoded(tokenizer: Any, texts: Sequence[str]) -> TokenRows:
    rows: list[list[int]] = []
    for start in range(0, len(texts), 1024):
        batch = tokenizer.encode_batch_fast(list(texts[start : start + 1024]))
        rows.extend(encoding.ids for encoding in batch)
    return TokenRows.of(rows)


def _blocks(texts: Sequence[str]) -> Iterator[Any]:
    """Yields the texts, one a line, in blocks for the tokenizer of `w2v prepare`."""
    from w2vtrain.corpus.documents import Block

    held: list[str] = []
    length = 0
    for text in texts:
        held.append(text.replace("\n", " "))
        length += len(text)
        if length >= _BLOCK:
            yield Block("\n".join(held), True, ())
            held, length = [], 0
    if held:
        yield Block("\n".join(held), True, ())
