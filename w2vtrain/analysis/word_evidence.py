"""What can be found out about a word that a run lacks: counts, raw text, other tokenizers."""

import contextlib
import itertools
import operator
import typing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np

from w2vtrain.config import PrepareConfig, Standardize
from w2vtrain.corpus.counting import LONGEST_TOKEN
from w2vtrain.corpus.documents import read_input
from w2vtrain.corpus.normalization import normalize_text
from w2vtrain.corpus.phrases import Phrases, WordJoiner
from w2vtrain.corpus.sources import STDIN
from w2vtrain.corpus.subword_units import SubwordUnits
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, LEFT_OUT, OOV_ID, OOV_TOKEN, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.settings import flag

Outcome = Literal["kept", "left out", "too long", "name of the unknown", "not met"]
_AROUND = 40  # characters shown on each side of a word in the raw text
_RULES = ("normalize", "standardize", "split", "keep_emoji", "keep_tags")


@dataclass(frozen=True)
class WordCount:
    """A word among the counts of a run.

    Args:
        word: as it was counted.
        outcome: what became of it.
        count: its occurrences; 0 where it was not met.
        rank: 1 for the most frequent word; 0 where it was not met.
    """

    word: str
    outcome: Outcome
    count: int = 0
    rank: int = 0


class CountedWords:
    """The words that a run kept and those that it left out.

    Args:
        run: with a prepared corpus.
        config: that it was prepared with.
        summary: of its manifest.
    """

    def __init__(self, run: RunDirectory, config: PrepareConfig, summary: dict[str, Any]) -> None:
        self._config = config
        self.summary = summary
        self._kept = Vocabulary.load(run.corpus_vocabulary)
        self._left_out = Vocabulary.load(run.corpus / LEFT_OUT)

    def subword_units(self, run: RunDirectory) -> SubwordUnits | None:
        """Return the units that the words of the run were cut into, if they were."""
        if self._config.split != "subwords":
            return None
        return SubwordUnits.load(run.subword_units, self._kept.tokens)

    def find(self, word: str) -> WordCount:
        """Return what became of a word, given as it was counted."""
        if (row := self._kept.rows.get(word, OOV_ID)) >= FIRST_WORD_ID:
            rank = row - FIRST_WORD_ID + 1
            return WordCount(word, "kept", int(self._kept.counts[row]), rank)
        if (row := self._left_out.rows.get(word, -1)) >= 0:
            rank = len(self._kept) - FIRST_WORD_ID + row + 1
            outcome: Outcome = "name of the unknown" if word == OOV_TOKEN else "left out"
            return WordCount(word, outcome, int(self._left_out.counts[row]), rank)
        return WordCount(word, "too long" if len(word) > LONGEST_TOKEN else "not met")

    def option_to_keep(self, found: WordCount) -> str:
        """Return the option that keeps a word which the cut-off left out."""
        config = self._config
        size = config.vocabulary_size
        if found.count >= config.min_count:
            return f"--vocabulary-size {found.rank} or more keeps it (it was {size})"
        option = f"--min-count {found.count} keeps it (it was {config.min_count})"
        if size is not None and found.rank > size:
            option += f", together with --vocabulary-size {found.rank} or more (it was {size})"
        return option

    def containing(self, word: str, limit: int = 5) -> list[str]:
        """Return the most frequent counted words that `word` is a part of."""
        both = self._kept.tokens[FIRST_WORD_ID:] + self._left_out.tokens
        return [token for token in both if word in token and token != word][:limit]


@dataclass(frozen=True)
class RawMatch:
    """Where a text occurs in the inputs.

    Args:
        times: as it is written; `any_case`: in any letter case.
        example: the first place with some text around it; empty where there is none.
        unread: inputs that could not be read again, each with the reason.
    """

    times: int
    any_case: int
    example: str
    unread: tuple[str, ...]


def search_inputs(
    texts: Sequence[str], inputs: Sequence[dict[str, Any]], config: PrepareConfig
) -> list[RawMatch]:
    """Search the inputs of a run for some texts, decoded as the run decoded them.

    Args:
        texts: what to look for, inside words too; normalized as the inputs are.
        inputs: of the run's manifest.
        config: that the run was prepared with.
    """
    texts = [normalize_text(text, config.normalize) for text in texts]
    times, folded = [0] * len(texts), [0] * len(texts)
    examples = [""] * len(texts)
    unread: list[str] = []
    left = config.max_rows
    for known in inputs:
        path = known["path"]
        if path == STDIN:
            unread.append("standard input (gone)")
            continue
        if not Path(path).is_file():
            unread.append(f"{path} (no longer there)")
            continue
        digest = ""
        try:
            for piece in read_input(path, config, left):
                content = normalize_text(piece.text or "", config.normalize)
                lower = content.casefold()
                for i, text in enumerate(texts):
                    times[i] += content.count(text)
                    folded[i] += lower.count(text.casefold())
                    examples[i] = examples[i] or _excerpt(content, lower, text)
                digest, lines = piece.read.sha256, piece.read.lines
        except W2VError as error:
            unread.append(f"{path} ({error.message})")
            continue
        left = None if left is None else left - lines
        if digest != known["sha256"]:
            unread.append(f"{path} (changed since)")
    parts = zip(times, folded, examples, strict=True)
    return [RawMatch(*part, tuple(unread)) for part in parts]


def _excerpt(text: str, lower: str, wanted: str) -> str:
    """Return the surroundings of the first `wanted`, cut at white space, or an empty text."""
    place = text.find(wanted)
    if place < 0 and len(lower) == len(text):
        place = lower.find(wanted.casefold())
    if place < 0:
        return ""
    start = text.rfind("\n", 0, place) + 1
    if place - start > _AROUND:
        start = max(start, text.find(" ", place - _AROUND, place) + 1)
    end = text.find("\n", place)
    end = len(text) if end < 0 else end
    after = text.find(" ", min(place + len(wanted) + _AROUND, end), end)
    return text[start : end if after < 0 else after].strip()


class Tokenizers:
    """The tokenizer that a run's saved vectorizer holds, and those of the other choices.

    Args:
        config: that the run was prepared with.
        units: subword units of the run, if it was split into such.
        phrases: of the run, if it joins any.
    """

    def __init__(self, config: PrepareConfig, units: SubwordUnits | None, phrases: Phrases) -> None:
        from w2vtrain.tensorflow_runtime import configure

        self._tf: Any = configure()
        self._units = units
        self._joins, self._joiner = len(phrases) > 0, WordJoiner(phrases)
        self.config = PrepareConfig(**{name: getattr(config, name) for name in _RULES})

    def joined(self, tokens: list[str]) -> list[str]:
        """Return the tokens of one text with the run's phrases joined."""
        words = np.array([token.encode() for token in tokens], object)
        found, _ = self._joiner.join(words, np.array([len(words)]))
        return [word.decode() for word in found.tolist()]

    def tokens(self, text: str, config: PrepareConfig | None = None) -> list[str]:
        """Return the tokens of one text, by the run's settings or by others, without phrases."""
        from w2vtrain.corpus.standardization import splitter, standardizer

        config = config or self.config
        texts = self._tf.constant([text])
        change = standardizer(config)
        split = splitter(config, self._units if config.split == "subwords" else None)
        pieces = split(texts if change is None else change(texts))
        return [token.decode() for token in pieces.flat_values.numpy().tolist()]

    def other_choices(self) -> Iterator[tuple[str, PrepareConfig]]:
        """Yield the other choices as options, those that change one thing first."""
        if self._joins:
            yield "--no-phrases", self.config
        splits = ["whitespace", "character", *(["icu"] if find_spec("icu4py") else [])]
        splits = list(dict.fromkeys([self.config.split, *splits]))
        both = itertools.product(typing.get_args(Standardize), splits)
        choices: list[dict[str, Any]] = [{"keep_emoji": True}, {"keep_tags": True}]
        choices += [{"standardize": s, "split": t} for s, t in both]
        known = []
        for choice in choices:
            new = {k: v for k, v in choice.items() if getattr(self.config, k) != v}
            with contextlib.suppress(W2VError):  # some settings exclude each other
                known.append((new, self.config.replaced(**new)))
        for new, config in sorted(filter(operator.itemgetter(0), known), key=lambda c: len(c[0])):
            shown = (flag(k) if v is True else f"{flag(k)} {v}" for k, v in new.items())
            yield " ".join(shown), config
