"""The result of a comparison: its words, its slices, and what weakens it."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.analysis.change.scores import ChangeMethod, Order
from w2vtrain.analysis.explain import Passage
from w2vtrain.analysis.results import Result
from w2vtrain.run.files import atomic_write, translated_os_errors

UNEQUAL = 5  # times as many words in one slice as in another


@dataclass(frozen=True)
class Slice(Result):
    """One of the texts.

    Args:
        letter: A, B, C …; name: its file, run or value.
        tokens: running words; units: lines, paragraphs, files or rows.
    """

    letter: str
    name: str
    tokens: int
    units: int


@dataclass(frozen=True)
class CurvePoint(Result):
    """How far a word is in one slice from the first, or in one group from all others.

    Args:
        letter: of the slice.
        score, low, high: the score and its 95 % interval.
        expected: what chance gives a word of this frequency; `limit`: its upper 95 % limit.
        standardized: how many spreads of chance the score lies above what chance gives this word.
    """

    letter: str
    score: float
    low: float
    high: float
    expected: float
    limit: float
    standardized: float


@dataclass(frozen=True)
class ChangedWord(Result):
    """One word in all slices.

    Args:
        token: the word; `counts`: its occurrences in each slice.
        score, low, high, standardized: those of the point of `curve` that lies farthest above
            chance; `letter`: of its slice.
        p: share of the scores of unchanged words that lie as far above; `p_corrected`: after the
            correction for the number of words.
        curve: of two texts one point; of more, each slice after the first, or each group.
        neighbors: its nearest words in each slice.
        passages: of each slice, those that the others would be least likely to hold.
        places: of the word in each slice, then of its neighbors in each, on a small map.
    """

    token: str
    counts: tuple[int, ...]
    score: float
    low: float
    high: float
    standardized: float
    letter: str
    p: float
    p_corrected: float
    curve: tuple[CurvePoint, ...]
    neighbors: tuple[tuple[str, ...], ...] = ()
    passages: tuple[tuple[Passage, ...], ...] = ()
    places: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class ChangeReport(Result):
    """Texts compared.

    Args:
        slices: the texts; `order`: whether they follow each other or are groups.
        method: of scoring.
        min_count: a tested word's smallest count in any.
        cuts: random cuts that made the noise floor.
        level: of the corrected p up to which a word is reported.
        tested: words tested; `reported`: how many of them are reported.
        by_chance: how many each random cut would report, in which nothing has changed.
        detectable: share of the tested words that would be reported, each by itself, if all its
            neighbors were others; near 0 where the texts are too small for any claim.
        median_standardized: of all tested words; 0 where the texts differ in few words alone.
        words: those asked for or the first, best first, with neighbors and passages.
        others: all other tested words, best first.
        bands: noise floor for a picture: evidence, expected score and its upper 95 % limit.
    """

    slices: tuple[Slice, ...]
    order: Order
    method: ChangeMethod
    min_count: int
    cuts: int
    level: float
    tested: int
    reported: int
    by_chance: tuple[int, ...]
    detectable: float
    median_standardized: float
    cautions: tuple[str, ...]
    words: tuple[ChangedWord, ...]
    others: tuple[ChangedWord, ...]
    bands: tuple[tuple[float, float, float], ...]

    @property
    def best_first(self) -> list[ChangedWord]:
        """All tested words."""
        return sorted((*self.words, *self.others), key=lambda word: -word.standardized)


def cautions(report: ChangeReport) -> tuple[str, ...]:
    """Return sentences on what weakens the result."""
    found = []
    sizes = [part.tokens for part in report.slices]
    if report.detectable < 0.5:
        found.append(
            "The texts are too small, or the cuts too few, for claims about most words: only "
            f"{report.detectable:.0%} of those tested would be reported even if they were used "
            "quite differently. Take more text, or more --cuts."
        )
    if max(sizes) > UNEQUAL * min(sizes):
        found.append(
            f"The texts are of very unequal size ({max(sizes):,} and {min(sizes):,} words): the "
            "noise of the smallest decides."
        )
    if report.median_standardized > 1:
        found.append(
            "The texts differ as a whole: half of all tested words lie more than "
            f"{report.median_standardized:.1f} spreads above chance. Single words say little then; "
            "compare texts of one kind."
        )
    if np.mean(report.by_chance) > 0.05 * max(1, report.reported):
        found.append(
            f"Random cuts, in which nothing has changed, would report {min(report.by_chance)} to "
            f"{max(report.by_chance)} words: believe only words far beyond that."
        )
    return tuple(found)


def write_words(report: ChangeReport, path: Path) -> None:
    """Write all tested words, best first, to a Parquet file: one row a word.

    Raises:
        W2VError: the file cannot be written.
    """
    import pandas as pd

    names = ("token", "score", "low", "high", "standardized", "p", "p_corrected", "letter")
    rows = []
    for word in report.best_first:
        row = {name: getattr(word, name) for name in names}
        for part, count in zip(report.slices, word.counts, strict=True):
            row[f"count_{part.letter.lower()}"] = count
        if len(word.curve) > 1:
            row |= {f"score_{point.letter.lower()}": point.score for point in word.curve}
        rows.append(row)
    content = io.BytesIO()
    pd.DataFrame(rows).to_parquet(content, index=False)
    with translated_os_errors(path):
        atomic_write(path, content.getvalue())
