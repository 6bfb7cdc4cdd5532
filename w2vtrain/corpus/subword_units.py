"""Learn subword units on a text, and cut its words into them: `--split subwords`.

A unit that begins a word carries the mark `▁`: `unknown` may become `▁un known`, and `known`
`▁known`. The text is counted in words first; units are learned from the counts, by
`tokenizers`, and each different word is cut once. BPE gives the same units for the same text;
unigram's scores differ in their last digits from one learning to the next.

Source: Sennrich, Haddow and Birch 2016, "Neural Machine Translation of Rare Words with Subword
Units", for BPE; Kudo 2018, "Subword Regularization", for unigram.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.config import SUBWORDS, PrepareConfig
from w2vtrain.corpus.normalization import normalize_text
from w2vtrain.corpus.vocabulary import OOV_TOKEN, PADDING_TOKEN, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import translated_read_errors
from w2vtrain.run.stage import read_corpus_manifest

BEGIN = "▁"  # begins the first unit of a word
_REPEATED = 1000  # times that a word is handed over at once
_AGAIN = "Run `w2v prepare` again with --force, and `w2v train`."
_WORDS_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class SubwordUnits:
    """Units, and the rule by which they cut words.

    Args:
        tokenizer: of the `tokenizers` package.
    """

    tokenizer: Any

    @classmethod
    def learn(
        cls, words: Sequence[str], counts: np.ndarray, config: PrepareConfig
    ) -> "SubwordUnits":
        """Learn units from words and their counts.

        Args:
            words: distinct texts.
            counts: int64 array, shape `(words,)`.
            config: `vocabulary_size` and `subword_model` are used.

        Raises:
            W2VError: the size is too small for the letters of the text.
        """
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        unigram = config.subword_model == "unigram"
        model = models.Unigram() if unigram else models.BPE(unk_token=OOV_TOKEN, fuse_unk=True)
        tokenizer = Tokenizer(model)
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        size = config.subwords or SUBWORDS
        options: dict[str, Any] = {
            "vocab_size": size + 1,
            "special_tokens": [OOV_TOKEN],
            "show_progress": False,
        }
        trainer = (
            trainers.UnigramTrainer(unk_token=OOV_TOKEN, **options)
            if unigram
            else trainers.BpeTrainer(**options)
        )
        letters = len({letter for word in words for letter in word}) + 1  # and the mark
        if size < 2 * letters:
            raise W2VError(
                f"--vocabulary-size {size:,} is too small for units of a text with {letters:,} "
                "different characters, each of which is a unit.",
                f"Give {2 * letters:,} or more, or --normalize nfkc.",
            )
        tokenizer.train_from_iterator(_repeated(words, counts), trainer)
        return cls(tokenizer)

    @classmethod
    def load(cls, path: Path, vocabulary: Sequence[str]) -> "SubwordUnits":
        """Load the units that `save` wrote.

        Args:
            path: of the file.
            vocabulary: tokens of the run, which must be among the units.

        Raises:
            W2VError: the file cannot be read, or is that of another text.
        """
        with translated_read_errors(path, _AGAIN):
            units = cls.from_json(path.read_text(encoding="utf-8"))
        units.require(vocabulary, path)
        return units

    def require(self, vocabulary: Sequence[str], path: Path) -> None:
        """Raise W2VError when a token is not among the units, which were read from `path`."""
        known = {*self.names, PADDING_TOKEN}
        if other := next((token for token in vocabulary if token not in known), None):
            raise W2VError(f"{path} does not fit the vocabulary: it has no unit {other!r}.", _AGAIN)

    @classmethod
    def from_json(cls, text: str) -> "SubwordUnits":
        """Return the units that `to_json` wrote.

        Raises:
            ValueError: it is not JSON that `tokenizers` reads.
        """
        from tokenizers import Tokenizer

        try:
            return cls(Tokenizer.from_str(text))
        except Exception as error:  # `tokenizers` raises this class itself
            raise ValueError(str(error)) from None

    def to_json(self) -> str:
        """Return the units as Hugging Face's `tokenizers` writes them."""
        return str(self.tokenizer.to_str())

    def save(self, path: Path) -> None:
        """Write the units as JSON, which Hugging Face's `tokenizers` reads, too."""
        path.write_text(self.to_json(), encoding="utf-8")

    @cached_property
    def names(self) -> list[str]:
        """The units, by their numbers."""
        return [self.tokenizer.id_to_token(i) for i in range(self.tokenizer.get_vocab_size())]

    def cut(self, words: Sequence[str]) -> list[list[str]]:
        """Return the units of each word; a part with a character never met is `[UNK]`."""
        return [[self.names[unit] for unit in units] for units in self.numbers(words)]

    def numbers(self, words: Sequence[str]) -> list[list[int]]:
        """Return the places of the units of each word in `names`."""
        found: list[list[int]] = []
        for start in range(0, len(words), _WORDS_AT_ONCE):
            batch = self.tokenizer.encode_batch_fast(list(words[start : start + _WORDS_AT_ONCE]))
            found += [encoding.ids for encoding in batch]
        return found


class WordCutter:
    """Cut words that are asked for as the words of a text were cut.

    Args:
        units: of the run.
        config: that its text was prepared with.
    """

    def __init__(self, units: SubwordUnits, config: PrepareConfig) -> None:
        self._units, self._config = units, config

    def units(self, word: str) -> list[str]:
        """Return the units of a word; a unit that begins a word is taken as it is."""
        if word in self._units.names and word.startswith(BEGIN):
            return [word]
        word = normalize_text(word, self._config.normalize)
        if self._config.standardize != "none":
            word = word.lower()
        (units,) = self._units.cut([word])
        return units


def splitting_of(run: RunDirectory) -> tuple[PrepareConfig, SubwordUnits | None]:
    """Return the settings that the text of a run was prepared with, and its units if it has any.

    Raises:
        W2VError: the run has no corpus, or a damaged one.
    """
    config = PrepareConfig.from_manifest(read_corpus_manifest(run)["config"], str(run.corpus))
    if config.split != "subwords":
        return config, None
    return config, SubwordUnits.load(
        run.subword_units, Vocabulary.load(run.corpus_vocabulary).tokens
    )


def _repeated(words: Sequence[str], counts: np.ndarray) -> Iterator[str]:
    """Yield each word as often as it occurs: the trainers take texts only."""
    for word, count in zip(words, counts.tolist(), strict=True):
        for done in range(0, count, _REPEATED):
            yield " ".join([word] * min(_REPEATED, count - done))
