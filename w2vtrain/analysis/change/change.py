"""Which words are used differently in two texts or more, and how sure is that?"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.analysis.change.details import Details
from w2vtrain.analysis.change.noise import (
    UPPER_95,
    NoiseFloor,
    NullScores,
    benjamini_hochberg,
    reported_by_chance,
    upper_share,
)
from w2vtrain.analysis.change.report import (
    ChangedWord,
    ChangeReport,
    CurvePoint,
    Slice,
    cautions,
)
from w2vtrain.analysis.change.scores import ChangeMethod, Order, ScoredWords, score_words
from w2vtrain.analysis.change.slices import SlicedText, load_slices
from w2vtrain.analysis.change.trainings import ChangeProgress, Trainings
from w2vtrain.config import PrepareConfig
from w2vtrain.errors import W2VError
from w2vtrain.run.files import atomic_write, translated_os_errors
from w2vtrain.training.config import TrainConfig

FEWEST_WORDS = 100  # tested words, below which no noise floor can be fitted
HIGHEST: dict[ChangeMethod, float] = {"neighbors": 1.0, "procrustes": 2.0, "compass": 2.0}
# Score of a word whose uses have nothing to do with each other. Of the nearest tenth of all words,
# two random choices share a tenth.
UNRELATED: dict[ChangeMethod, float] = {"neighbors": 0.9, "procrustes": 1.0, "compass": 1.0}


def change(
    texts: Sequence[str | Path],
    folder: str | Path,
    method: ChangeMethod = "neighbors",
    words: Sequence[str] = (),
    top: int = 20,
    cuts: int = 5,
    min_count: int = 50,
    level: float = 0.05,
    seed: int = 1,
    prepare_config: PrepareConfig | None = None,
    train_config: TrainConfig | None = None,
    progress: Callable[[ChangeProgress], None] | None = None,
    slice_column: str | None = None,
    order: Order = "slices",
    workers: int = 1,
) -> ChangeReport:
    """Compare the use of every word in two texts or more, and hold it against chance.

    Vectors are trained on each text, and on the parts of some random cuts of all together, in
    which nothing has changed. A comparison that was stopped goes on where it was.

    Args:
        texts: each a run with a prepared corpus, or a file or folder of text.
        folder: where the trainings lie; a comparison of other texts or settings is refused there.
        method: `neighbors`, `procrustes` or `compass`; see `scores.score_words`.
        words: report on these; empty for the best `top`.
        top: how many words to report on.
        cuts: random cuts, at least 2.
        min_count: test words seen so often in all texts, and in all parts of a cut.
        level: corrected p up to which a word is reported.
        seed: of the cuts.
        prepare_config: how to prepare text that is not prepared yet.
        train_config: of every training; each has another seed, from its seed on.
        progress: called before each training.
        slice_column: cut one table by the values of this column.
        order: of three texts or more: `slices` follow each other, and each is held against the
            first; of `groups`, each is held against all others.
        workers: processes that train at once; the result is the same for any number.
    Raises:
        W2VError: too little text, an unknown word, or a folder of another comparison.
    """
    if cuts < 2:
        raise W2VError(f"{cuts} random cut cannot show a spread.", "Give --cuts 2 or more.")
    folder = Path(folder)
    config = train_config or TrainConfig()
    names, text = load_slices(texts, folder, prepare_config, slice_column)
    _claim(folder, text, config, seed)
    rng = np.random.default_rng(seed)
    parts = {"texts": text.slices(), **{f"cut-{i}": text.random_cut(rng) for i in range(cuts)}}
    trainings = Trainings(text, folder, config, method == "compass", progress, workers)
    trainings.train(parts)
    scored = [
        score_words(trainings.vectors(name, len(names)), method, min_count, order) for name in parts
    ]
    if min(len(each.shared) for each in scored) < FEWEST_WORDS:
        raise W2VError(
            f"Only {len(scored[0].shared)} words are seen {min_count} times or more in all texts; "
            f"{FEWEST_WORDS} are needed for a noise floor.",
            "Lower --min-count, or give more text.",
        )
    comparisons = Comparisons(scored, text.tokens, method)
    rows = comparisons.tested_words(_letters(len(names), order))
    chosen = _chosen(rows, words, top)
    details = Details(text, scored[0].shared)
    report = ChangeReport(
        slices=_slices(names, text),
        order=order,
        method=method,
        min_count=min_count,
        cuts=cuts,
        level=level,
        tested=len(rows),
        reported=sum(row.p_corrected <= level for row in rows),
        by_chance=tuple(reported_by_chance(comparisons.null, level)),
        detectable=comparisons.detectable(level),
        median_standardized=float(np.median([row.standardized for row in rows])),
        cautions=(),
        words=tuple(details.add_to(rows[i]) for i in chosen),
        others=tuple(rows[i] for i in range(len(rows)) if i not in set(chosen)),
        bands=comparisons.bands(),
    )
    return replace(report, cautions=cautions(report))


class Comparisons:
    """The scores of the texts, each held against its own noise floor, and the largest of a word.

    Args:
        scored: of the texts, and of each random cut.
        tokens: the vocabulary of all texts.
        method: of scoring.
    """

    def __init__(
        self, scored: Sequence[ScoredWords], tokens: Sequence[str], method: ChangeMethod
    ) -> None:
        self._scored, self._method = scored[0], method
        row_of = {token: row for row, token in enumerate(tokens)}
        rows = [np.array([row_of[token] for token in each.shared.tokens]) for each in scored]
        nulls = [
            [
                NullScores(row, each.evidence, each.scores[number])
                for row, each in zip(rows, scored, strict=True)
            ]
            for number in range(len(self._scored.scores))
        ]
        self._floors = [NoiseFloor(each[1:], len(tokens)) for each in nulls]
        standardized = [
            floor.standardized(each[0]) for floor, each in zip(self._floors, nulls, strict=True)
        ]
        self._standardized = np.array(standardized)  # (comparisons, words)
        self.null = [
            np.max([floor.null[cut] for floor in self._floors], axis=0)
            for cut in range(len(scored) - 1)
        ]

    @property
    def standardized(self) -> np.ndarray:
        """The largest standardized score of each word: float64, shape `(words,)`."""
        return self._standardized.max(axis=0)

    def p_values(self) -> np.ndarray:
        """Return the share of unchanged words that lie as far above chance: float64, `(words,)`."""
        return upper_share(self.standardized, np.concatenate(self.null))

    def detectable(self, level: float) -> float:
        """Return the share of the words that, changed wholly, would be reported by themselves."""
        evidence = self._scored.evidence
        reached = np.max(
            [
                (UNRELATED[self._method] - floor.expected(evidence)) / floor.spread(evidence)
                for floor in self._floors
            ],
            axis=0,
        )
        p = upper_share(reached, np.concatenate(self.null))
        return float((p * len(evidence) <= level).mean())

    def tested_words(self, letters: Sequence[str]) -> list[ChangedWord]:
        """Return all tested words, the farthest above chance first.

        Args:
            letters: of the slice that each comparison is of.
        """
        p = self.p_values()
        corrected = benjamini_hochberg(p)
        farthest = self._standardized.argmax(axis=0)
        curves = [self._points(i, letter) for i, letter in enumerate(letters)]
        result = []
        for i in np.argsort(-self.standardized, kind="stable").tolist():
            point = curves[farthest[i]][i]
            result.append(
                ChangedWord(
                    token=self._scored.shared.tokens[i],
                    counts=tuple(self._scored.counts[:, i].tolist()),
                    score=point.score,
                    low=point.low,
                    high=point.high,
                    standardized=point.standardized,
                    letter=point.letter,
                    p=float(p[i]),
                    p_corrected=float(corrected[i]),
                    curve=tuple(curve[i] for curve in curves),
                )
            )
        return result

    def _points(self, number: int, letter: str) -> list[CurvePoint]:
        """Return the points of all words in one comparison."""
        floor, evidence = self._floors[number], self._scored.evidence
        scores, margin = self._scored.scores[number], floor.margin(evidence)
        expected = floor.expected(evidence)
        values = [
            scores,
            np.maximum(0, scores - margin),
            np.minimum(HIGHEST[self._method], scores + margin),
            expected,
            expected + UPPER_95 * floor.spread(evidence),
            self._standardized[number],
        ]
        return [CurvePoint(letter, *row) for row in np.array(values).T.tolist()]

    def bands(self) -> tuple[tuple[float, float, float], ...]:
        """Return the noise floor at 40 frequencies, the mean of all comparisons."""
        evidence = self._scored.evidence
        marks = np.geomspace(evidence.min(), evidence.max(), 40)
        expected = np.mean([floor.expected(marks) for floor in self._floors], axis=0)
        spread = np.mean([floor.spread(marks) for floor in self._floors], axis=0)
        limits = expected + UPPER_95 * spread
        return tuple(zip(marks.tolist(), expected.tolist(), limits.tolist(), strict=True))


def _claim(folder: Path, text: SlicedText, config: TrainConfig, seed: int) -> None:
    """Record what the folder's trainings are of, or refuse those of another comparison."""
    path = folder / "comparison.json"
    digest = hashlib.sha256(text.ids.tobytes() + text.boundaries.tobytes())
    digest.update("\n".join(text.tokens).encode())
    wanted: dict[str, Any] = {
        "text": digest.hexdigest(),
        "ends": list(text.ends),
        "train": config.as_dict(),
        "seed": seed,
    }
    if path.exists():
        if json.loads(path.read_bytes()) != wanted:
            raise W2VError(
                f"{folder} holds a comparison of other texts, or with other settings.",
                "Give another folder, or remove this one.",
            )
        return
    with translated_os_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write(path, (json.dumps(wanted, indent=2) + "\n").encode())


def _letters(slices: int, order: Order) -> str:
    """Return the letter of the slice that each comparison is of."""
    letters = "".join(chr(ord("A") + i) for i in range(slices))
    return letters if slices > 2 and order == "groups" else letters[1:]


def _slices(names: Sequence[str], text: SlicedText) -> tuple[Slice, ...]:
    return tuple(
        Slice(chr(ord("A") + i), name, int(text.unit_sizes[units].sum()), int(units.sum()))
        for i, (name, units) in enumerate(zip(names, text.slices(), strict=True))
    )


def _chosen(rows: list[ChangedWord], words: Sequence[str], top: int) -> list[int]:
    """Return which of the tested words to report on."""
    if not words:
        return list(range(min(top, len(rows))))
    places = {row.token: i for i, row in enumerate(rows)}
    for word in words:
        if word not in places:
            raise W2VError(
                f"{word!r} is not among the {len(rows):,} tested words.",
                "It is too rare in one of the texts: lower --min-count, or see `w2v why-not`.",
            )
    return sorted({places[word] for word in words})
