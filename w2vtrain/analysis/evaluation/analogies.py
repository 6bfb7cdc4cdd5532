"""Do the vectors answer `a is to b as c is to what?`"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from w2vtrain.analysis.evaluation.answers import answer
from w2vtrain.analysis.evaluation.bootstrap import RESAMPLES, Estimate, interval
from w2vtrain.analysis.evaluation.lookup import UNKNOWN, Lookup
from w2vtrain.analysis.evaluation.pigeonhole import weighted_counts
from w2vtrain.analysis.evaluation.test_sets import AnalogySet, Section
from w2vtrain.vectors.embeddings import Embeddings

Method = Literal["3cosadd", "3cosmul"]


@dataclass(frozen=True)
class SectionScore:
    """Accuracy on some questions; an estimate is None where no question could be asked.

    Args:
        name: of the section.
        questions: in the section.
        used: questions of which all four words are known.
        correct: used questions whose best answer is the expected word.
        accuracy: correct / used.
        accuracy_all: correct / questions: an unknown word counted as a wrong answer.
    """

    name: str
    questions: int
    used: int
    correct: int
    accuracy: Estimate | None
    accuracy_all: Estimate | None

    @property
    def skipped(self) -> int:
        return self.questions - self.used

    def as_dict(self) -> dict[str, Any]:
        """Returns the score as JSON-ready values."""
        return {
            "name": self.name,
            "questions": self.questions,
            "used": self.used,
            "skipped": self.skipped,
            "correct": self.correct,
            "accuracy": self.accuracy and self.accuracy.as_dict(),
            "accuracy_all": self.accuracy_all and self.accuracy_all.as_dict(),
        }


@dataclass(frozen=True)
class AnalogyResult:
    """Scores by section and their totals; semantic and syntactic by Google's rule."""

    name: str
    method: Method
    restrict_vocabulary: int | None
    sections: tuple[SectionScore, ...]
    semantic: SectionScore
    syntactic: SectionScore
    total: SectionScore

    def as_dict(self) -> dict[str, Any]:
        """Returns the result as JSON-ready values."""
        return {
            "name": self.name,
            "method": self.method,
            "restrict_vocabulary": self.restrict_vocabulary,
            "sections": [section.as_dict() for section in self.sections],
            "semantic": self.semantic.as_dict(),
            "syntactic": self.syntactic.as_dict(),
            "total": self.total.as_dict(),
        }


@dataclass(frozen=True)
class SectionOutcome:
    """What became of a section's questions: bool arrays, shape `(questions,)`."""

    section: Section
    known: np.ndarray
    correct: np.ndarray


def evaluate_analogies(
    embeddings: Embeddings,
    questions: AnalogySet,
    restrict_vocabulary: int | None = None,
    method: Method = "3cosadd",
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> AnalogyResult:
    """Returns the accuracy on every section and in all, with 95 % bootstrap intervals.

    The answer is the nearest word that is none of the three asked with (in any letter case).

    Args:
        embeddings: the vectors to judge.
        questions: the test set.
        restrict_vocabulary: only the first N words are known and can be answers; 30,000 is
            word2vec's own habit, gensim takes 300,000.
        method: `3cosadd` (b - a + c) or `3cosmul`; see `answers`.
        resamples: bootstrap resamples, at least 1.
        seed: of the resampling.
    """
    results = outcomes(embeddings, questions, restrict_vocabulary, method)
    samples = [
        weighted_counts(
            outcome.section.questions,
            [outcome.correct * 1.0, outcome.known * 1.0, np.ones(len(outcome.known))],
            resamples,
            seed + number,
        )
        for number, outcome in enumerate(results)
    ]
    scored = list(zip(results, samples, strict=True))

    def total(name: str, kinds: Sequence[bool]) -> SectionScore:
        return _score(name, [pair for pair in scored if pair[0].section.syntactic in kinds])

    return AnalogyResult(
        name=questions.name,
        method=method,
        restrict_vocabulary=restrict_vocabulary,
        sections=tuple(_score(pair[0].section.name, [pair]) for pair in scored),
        semantic=total("semantic", [False]),
        syntactic=total("syntactic", [True]),
        total=total("total", [False, True]),
    )


def outcomes(
    embeddings: Embeddings, questions: AnalogySet, restrict_vocabulary: int | None, method: Method
) -> list[SectionOutcome]:
    """Returns which questions could be asked and which were answered rightly, by section."""
    lookup = Lookup(embeddings.tokens, restrict_vocabulary)
    rows = lookup.rows(q for section in questions.sections for q in section.questions)
    known = (rows != UNKNOWN).all(axis=1)
    correct = np.zeros(len(rows), dtype=bool)
    if known.any():
        answers = answer(embeddings.normalized, lookup.group, rows[known, :3], method)
        correct[known] = lookup.group[answers] == lookup.group[rows[known, 3]]
    ends = np.cumsum([len(section.questions) for section in questions.sections])
    return [
        SectionOutcome(section, part, right)
        for section, part, right in zip(
            questions.sections,
            np.split(known, ends[:-1]),
            np.split(correct, ends[:-1]),
            strict=True,
        )
    ]


def _score(name: str, parts: list[tuple[SectionOutcome, np.ndarray]]) -> SectionScore:
    """Returns the score of some sections together.

    Args:
        parts: sections, each with its resampled counts, float64, shape `(resamples, 3)`: questions
            answered rightly, used, and in all.
    """
    counts = sum((part for _, part in parts), np.zeros((1, 3)))
    correct = sum(int(outcome.correct.sum()) for outcome, _ in parts)
    used = sum(int(outcome.known.sum()) for outcome, _ in parts)
    questions = sum(len(outcome.known) for outcome, _ in parts)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = counts[:, :1] / counts[:, 1:]
    return SectionScore(
        name=name,
        questions=questions,
        used=used,
        correct=correct,
        accuracy=interval(correct / used, shares[:, 0]) if used else None,
        accuracy_all=interval(correct / questions, shares[:, 1]) if questions else None,
    )
