"""What became of a word when it was counted: kept, cut off, or never met."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.counting import LONGEST_TOKEN
from w2vtrain.corpus.prepare import LEFT_OUT
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_TOKEN, Vocabulary
from w2vtrain.run.directory import RunDirectory

Place = Literal["kept", "left out", "too long", "name of the unknown", "not met"]


@dataclass(frozen=True)
class Status:
    """A word among the counts.

    Args:
        word: as it was counted.
        place: what became of it.
        count: its occurrences; 0 where it was not met.
        rank: 1 for the most frequent word; 0 where it was not met.
    """

    word: str
    place: Place
    count: int = 0
    rank: int = 0


class Counts:
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

    @cached_property
    def _kept_rows(self) -> dict[str, int]:
        tokens = self._kept.tokens[FIRST_WORD_ID:]
        return {token: row for row, token in enumerate(tokens, start=FIRST_WORD_ID)}

    @cached_property
    def _left_out_rows(self) -> dict[str, int]:
        return {token: row for row, token in enumerate(self._left_out.tokens)}

    def status(self, word: str) -> Status:
        """Returns what became of a word, given as it was counted."""
        if (row := self._kept_rows.get(word)) is not None:
            rank = row - FIRST_WORD_ID + 1
            return Status(word, "kept", int(self._kept.counts[row]), rank)
        if (row := self._left_out_rows.get(word)) is not None:
            rank = len(self._kept_rows) + row + 1
            place: Place = "name of the unknown" if word == OOV_TOKEN else "left out"
            return Status(word, place, int(self._left_out.counts[row]), rank)
        return Status(word, "too long" if len(word) > LONGEST_TOKEN else "not met")

    def remedy(self, status: Status) -> str:
        """Returns the option that keeps a word which the cut-off left out."""
        config = self._config
        size = config.vocabulary_size
        if status.count >= config.min_count:
            return f"--vocabulary-size {status.rank} or more keeps it (it was {size})"
        option = f"--min-count {status.count} keeps it (it was {config.min_count})"
        if size is not None and status.rank > size:
            option += f", together with --vocabulary-size {status.rank} or more (it was {size})"
        return option

    def containing(self, word: str, limit: int = 5) -> list[str]:
        """Returns the most frequent counted words that `word` is a part of."""
        both = self._kept.tokens[FIRST_WORD_ID:] + self._left_out.tokens
        return [token for token in both if word in token and token != word][:limit]
