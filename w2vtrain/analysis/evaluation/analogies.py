"""Do the vectors answer "a is to b as c is to what"? Thousands of questions, answered in blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from w2vtrain.analysis.evaluation.intervals import (
    RESAMPLES,
    accuracy_interval,
    independent_questions,
    weighted_counts,
)
from w2vtrain.analysis.evaluation.test_sets import UNKNOWN, AnalogySet, Section, WordLookup
from w2vtrain.analysis.results import Estimate, Result
from w2vtrain.vectors.embeddings import Embeddings, Method

_COLUMNS = 4096  # candidates at once
_QUESTIONS = 64  # questions at once
_EPSILON = 1e-6  # gensim's, against division by zero


@dataclass(frozen=True)
class SectionScore(Result):
    """Accuracy on some questions; an estimate is None where no question could be asked.

    Args:
        name: of the section.
        questions: in the section.
        used: questions of which all four words are known.
        correct: used questions whose best answer is the expected word.
        accuracy: correct / used.
        accuracy_all: correct / questions: an unknown word counted as a wrong answer.
    """

    derived: ClassVar[tuple[str, ...]] = ("skipped",)
    name: str
    questions: int
    used: int
    correct: int
    accuracy: Estimate | None
    accuracy_all: Estimate | None

    @property
    def skipped(self) -> int:
        return self.questions - self.used


@dataclass(frozen=True)
class AnalogyResult(Result):
    """Scores by section and their totals; semantic and syntactic by Google's rule."""

    name: str
    method: Method
    restrict_vocabulary: int | None
    sections: tuple[SectionScore, ...]
    semantic: SectionScore
    syntactic: SectionScore
    total: SectionScore

    @property
    def scores(self) -> tuple[SectionScore, ...]:
        """The sections and then the totals."""
        return (*self.sections, self.semantic, self.syntactic, self.total)


@dataclass(frozen=True)
class SectionAnswers:
    """Which questions of a section could be asked, and which were answered correctly.

    Args:
        section: the questions.
        known, correct: bool arrays, shape `(questions,)`.
    """

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
    """Measure the accuracy on every section and in all, with 95 % bootstrap intervals.

    The answer is the nearest word that is none of the three asked with (in any letter case).

    Args:
        embeddings: the vectors to evaluate.
        questions: the test set.
        restrict_vocabulary: only the first N words are known and can be answers; 30,000 is
            word2vec's own habit, gensim takes 300,000.
        method: `3cosadd` (b - a + c) or `3cosmul`; see `best_answers`.
        resamples: bootstrap resamples, at least 1.
        seed: of the resampling.
    """
    answered = answer_sections(embeddings, questions, restrict_vocabulary, method)
    samples = [
        weighted_counts(
            one.section.questions,
            [one.correct * 1.0, one.known * 1.0, np.ones(len(one.known))],
            resamples,
            seed + number,
        )
        for number, one in enumerate(answered)
    ]
    scored = list(zip(answered, samples, strict=True))

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


def answer_sections(
    embeddings: Embeddings, questions: AnalogySet, restrict_vocabulary: int | None, method: Method
) -> list[SectionAnswers]:
    """Answer every question that can be asked, section by section."""
    lookup = WordLookup(embeddings.words, restrict_vocabulary)
    rows = lookup.rows(q for section in questions.sections for q in section.questions)
    known = (rows != UNKNOWN).all(axis=1)
    correct = np.zeros(len(rows), dtype=bool)
    if known.any():
        groups = lookup.case_groups
        answers = best_answers(embeddings.normalized, groups, rows[known, :3], method)
        correct[known] = groups[answers] == groups[rows[known, 3]]
    ends = np.cumsum([len(section.questions) for section in questions.sections])[:-1]
    parts = zip(questions.sections, np.split(known, ends), np.split(correct, ends), strict=True)
    return [SectionAnswers(*part) for part in parts]


def _score(name: str, parts: list[tuple[SectionAnswers, np.ndarray]]) -> SectionScore:
    """Return the score of some sections together.

    Args:
        parts: sections, each with its resampled counts, float64, shape `(resamples, 3)`: questions
            answered correctly, used, and in all.
    """
    counts = sum((part for _, part in parts), np.zeros((1, 3)))
    correct = sum(int(one.correct.sum()) for one, _ in parts)
    used = sum(int(one.known.sum()) for one, _ in parts)
    total = sum(len(one.known) for one, _ in parts)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = counts[:, :1] / counts[:, 1:]
    free_used, free_all = (
        sum(independent_questions(one.section.questions, one.known | every) for one, _ in parts)
        for every in (False, True)
    )
    return SectionScore(
        name=name,
        questions=total,
        used=used,
        correct=correct,
        accuracy=accuracy_interval(correct, used, shares[:, 0], free_used),
        accuracy_all=accuracy_interval(correct, total, shares[:, 1], free_all),
    )


def best_answers(
    unit: np.ndarray, groups: np.ndarray, asked: np.ndarray, method: Method
) -> np.ndarray:
    """Return the best answer to each question `a : b = c : ?`, with bounded memory.

    3CosAdd takes the word that maximizes `cos(w, b) - cos(w, a) + cos(w, c)`; 3CosMul the one that
    maximizes `cos(w, b) * cos(w, c) / cos(w, a)` with cosines shifted to [0, 1].

    Source: Levy and Goldberg, Linguistic Regularities in Sparse and Explicit Word Representations
    (CoNLL 2014), equations 3 and 4, with gensim's constant of 1e-6.

    Args:
        unit: float32 array, shape `(tokens, dim)`: rows of length 1.
        groups: int64 array, shape `(candidates,)`: the first rows of `unit` are the candidates;
            rows of one group are one word, and a word asked with is no answer.
        asked: int64 array, shape `(questions, 3)`: rows of a, b and c.
        method: `3cosadd` or `3cosmul`.
    Returns:
        int64 array, shape `(questions,)`: rows of the answers.
    """
    words, places = np.unique(asked, return_inverse=True)
    places = places.reshape(asked.shape)
    queries = np.ascontiguousarray(unit[words])  # (words, dim)
    best = np.full(len(asked), -np.inf, dtype=np.float32)
    answers = np.zeros(len(asked), dtype=np.int64)
    excluded_question, excluded_row = _excluded(asked, groups)
    for low in range(0, len(groups), _COLUMNS):
        high = min(low + _COLUMNS, len(groups))
        cosines = queries @ unit[low:high].T  # (words, columns)
        if method == "3cosmul":
            cosines = (1 + cosines) / 2
        here = (excluded_row >= low) & (excluded_row < high)
        question, row = excluded_question[here], excluded_row[here] - low
        for start in range(0, len(asked), _QUESTIONS):
            part = slice(start, min(start + _QUESTIONS, len(asked)))
            scores = _combined(cosines, places[part], method)  # (questions, columns)
            first, last = np.searchsorted(question, [part.start, part.stop])
            scores[question[first:last] - start, row[first:last]] = -np.inf
            top = scores.argmax(axis=1)
            value = scores[np.arange(len(top)), top]
            better = value > best[part]
            best[part][better] = value[better]
            answers[part][better] = top[better] + low
    return answers


def _combined(cosines: np.ndarray, places: np.ndarray, method: Method) -> np.ndarray:
    a, b, c = places.T
    scores = cosines[b]
    if method == "3cosmul":
        scores *= cosines[c]
        scores /= cosines[a] + np.float32(_EPSILON)
    else:
        scores += cosines[c]
        scores -= cosines[a]
    return scores


def _excluded(asked: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the (question, row) pairs that are no answers, by question: the words asked with."""
    members: dict[int, list[int]] = {}
    wanted = set(groups[asked].ravel().tolist())
    for row in np.flatnonzero(np.isin(groups, list(wanted))).tolist():
        members.setdefault(int(groups[row]), []).append(row)
    pairs = [
        (question, row)
        for question, words in enumerate(groups[asked].tolist())
        for word in words
        for row in members[word]
    ]
    questions, rows = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return questions, rows
