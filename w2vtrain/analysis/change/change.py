"""Which words are used differently in two texts, and how sure is that?"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.analysis.alignment import best_rotation, unit_rows
from w2vtrain.analysis.change.noise import NoiseFloor, NullScores, benjamini_hochberg
from w2vtrain.analysis.change.scores import ChangeMethod, ScoredWords, score_words
from w2vtrain.analysis.change.slices import SlicedText, load_slices
from w2vtrain.analysis.change.trainings import ChangeProgress, Trainings
from w2vtrain.analysis.explain import Passage
from w2vtrain.analysis.neighborhoods.shared_words import SharedWords, nearest_tokens
from w2vtrain.analysis.results import Result
from w2vtrain.config import PrepareConfig
from w2vtrain.errors import W2VError
from w2vtrain.run.files import atomic_write, translated_os_errors
from w2vtrain.training.config import TrainConfig
from w2vtrain.vectors.embeddings import Embeddings

FEWEST_WORDS = 100  # tested words, below which no noise floor can be fitted
_OCCURRENCES = 2000  # of a word in a text, that passages are chosen from
_AROUND = 8  # words of a passage on each side
_NEIGHBORS = 10


@dataclass(frozen=True)
class ChangedWord(Result):
    """One word in both texts.

    Args:
        token: the word; `count_a`, `count_b`: its occurrences.
        score: how differently it is used, from 0; `low`, `high`: the 95 % interval.
        standardized: how many spreads of chance the score lies above what chance gives.
        p: share of the scores of unchanged words that lie as far above; `p_corrected`: after the
            correction for the number of words.
        neighbors_a, neighbors_b: its nearest words in each text.
        passages_a, passages_b: passages of each text that the other would be least likely to hold.
        places: of the word in A and in B, then of its neighbors in A and in B, on a small map.
    """

    token: str
    count_a: int
    count_b: int
    score: float
    low: float
    high: float
    standardized: float
    p: float
    p_corrected: float
    neighbors_a: tuple[str, ...] = ()
    neighbors_b: tuple[str, ...] = ()
    passages_a: tuple[Passage, ...] = ()
    passages_b: tuple[Passage, ...] = ()
    places: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class ChangeReport(Result):
    """Two texts compared.

    Args:
        a, b: the texts; `tokens_a`, `tokens_b`: their running words; `units_a`, `units_b`: their
            lines, paragraphs or files.
        method: of scoring.
        min_count: a tested word's smallest count in either.
        cuts: random cuts that made the noise floor.
        level: of the corrected p up to which a word is reported.
        tested: words tested; `reported`: how many of them are reported.
        by_chance: how many each random cut would report, in which nothing has changed.
        median_standardized: of all tested words; 0 where the texts differ in few words alone.
        cautions: what weakens the result, in sentences.
        words: those asked for or the first, best first, with neighbors and passages.
        others: all other tested words, best first.
        bands: noise floor for a picture: evidence, expected score and its upper 95 % limit.
    """

    a: str
    b: str
    tokens_a: int
    tokens_b: int
    units_a: int
    units_b: int
    method: ChangeMethod
    min_count: int
    cuts: int
    level: float
    tested: int
    reported: int
    by_chance: tuple[int, ...]
    median_standardized: float
    cautions: tuple[str, ...]
    words: tuple[ChangedWord, ...]
    others: tuple[ChangedWord, ...]
    bands: tuple[tuple[float, float, float], ...]


def change(
    a: str | Path,
    b: str | Path,
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
) -> ChangeReport:
    """Compare the use of every word in two texts, and hold it against chance.

    Vectors are trained on each text, and on both parts of some random cuts of the two together, in
    which nothing has changed. A comparison that was stopped goes on where it was.

    Args:
        a, b: each a run with a prepared corpus, or a file or folder of text.
        folder: where the trainings lie; a comparison of other texts or settings is refused there.
        method: `neighbors` or `procrustes`; see `scores.score_words`.
        words: report on these; empty for the best `top`.
        top: how many words to report on.
        cuts: random cuts, at least 2.
        min_count: test words seen so often in both texts, and in both parts of a cut.
        level: corrected p up to which a word is reported.
        seed: of the cuts.
        prepare_config: how to prepare text that is not prepared yet.
        train_config: of every training; each has another seed, from its seed on.
        progress: called before each training.
    Raises:
        W2VError: too little text, an unknown word, or a folder of another comparison.
    """
    if cuts < 2:
        raise W2VError(f"{cuts} random cut cannot show a spread.", "Give --cuts 2 or more.")
    folder = Path(folder)
    config = train_config or TrainConfig()
    text = load_slices(a, b, folder, prepare_config)
    _claim(folder, text, config, seed)
    trainings = Trainings(text, folder / "trainings", config, 2 + 2 * cuts, progress)
    rng = np.random.default_rng(seed)
    pairs = [trainings.pair("texts", text.slices())]
    pairs += [trainings.pair(f"cut-{i}", text.random_cut(rng)) for i in range(cuts)]
    scored = [score_words(one, other, method, min_count) for one, other in pairs]
    if min(len(each.shared) for each in scored) < FEWEST_WORDS:
        raise W2VError(
            f"Only {len(scored[0].shared)} words are seen {min_count} times or more in both texts; "
            f"{FEWEST_WORDS} are needed for a noise floor.",
            "Lower --min-count, or give more text.",
        )
    row_of = {token: row for row, token in enumerate(text.tokens)}
    nulls = [_null_scores(each, row_of) for each in scored]
    floor = NoiseFloor(nulls[1:], len(text.tokens))
    rows = _tested_words(scored[0], nulls[0], floor, 2.0 if method == "procrustes" else 1.0)
    detailed = _chosen(rows, words, top)
    details = _Details(text, scored[0].shared)
    result = [details.add_to(rows[i]) for i in detailed]
    standardized = np.array([row.standardized for row in rows])
    one, other = text.slices()
    report = ChangeReport(
        a=str(a),
        b=str(b),
        tokens_a=int(text.unit_sizes[one].sum()),
        tokens_b=int(text.unit_sizes[other].sum()),
        units_a=text.units_a,
        units_b=text.units - text.units_a,
        method=method,
        min_count=min_count,
        cuts=cuts,
        level=level,
        tested=len(rows),
        reported=sum(row.p_corrected <= level for row in rows),
        by_chance=tuple(floor.reported_by_chance(level)),
        median_standardized=float(np.median(standardized)),
        cautions=(),
        words=tuple(result),
        others=tuple(rows[i] for i in range(len(rows)) if i not in set(detailed)),
        bands=_bands(floor, scored[0].evidence),
    )
    return _with_cautions(report)


def _claim(folder: Path, text: SlicedText, config: TrainConfig, seed: int) -> None:
    """Record what the folder's trainings are of, or refuse those of another comparison."""
    path = folder / "comparison.json"
    digest = hashlib.sha256(text.ids.tobytes() + text.boundaries.tobytes())
    digest.update("\n".join(text.tokens).encode())
    wanted: dict[str, Any] = {
        "text": digest.hexdigest(),
        "units_a": text.units_a,
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


def _null_scores(scored: ScoredWords, row_of: dict[str, int]) -> NullScores:
    rows = np.array([row_of[token] for token in scored.shared.tokens])
    return NullScores(rows, scored.evidence, scored.scores)


def _tested_words(
    scored: ScoredWords, scores: NullScores, floor: NoiseFloor, highest: float
) -> list[ChangedWord]:
    """Return all tested words, the farthest above chance first; no score exceeds `highest`."""
    standardized = floor.standardized(scores)
    p = floor.p_values(standardized)
    corrected = benjamini_hochberg(p)
    margin = floor.margin(scores.evidence)
    return [
        ChangedWord(
            token=scored.shared.tokens[i],
            count_a=int(scored.counts[0, i]),
            count_b=int(scored.counts[1, i]),
            score=float(scored.scores[i]),
            low=max(0.0, float(scored.scores[i] - margin[i])),
            high=min(highest, float(scored.scores[i] + margin[i])),
            standardized=float(standardized[i]),
            p=float(p[i]),
            p_corrected=float(corrected[i]),
        )
        for i in np.argsort(-standardized, kind="stable").tolist()
    ]


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


class _Details:
    """Neighbors, passages and a small map of single words.

    Args:
        text: the two texts.
        shared: the tested words with their vectors in both.
    """

    def __init__(self, text: SlicedText, shared: SharedWords) -> None:
        self._text, self._shared = text, shared
        one, other = shared.sets
        left, right = unit_rows(one.vectors), unit_rows(other.vectors)
        left, right = left - left.mean(axis=0), right - right.mean(axis=0)
        self._a = left
        self._b = right @ best_rotation(right, left)
        table = np.zeros((len(text.tokens), one.dim))
        known = {token: row for row, token in enumerate(text.tokens)}
        table[[known[token] for token in shared.tokens]] = unit_rows(left)
        self._contexts, self._row_of = table, known

    def add_to(self, word: ChangedWord) -> ChangedWord:
        """Return the word with its neighbors, passages and map."""
        row = self._shared.sets[0].row(word.token)
        one, other = self._shared.sets
        near_a, near_b = (self._near(each, row) for each in (one, other))
        direction = unit_rows(self._a[[row]] - self._b[[row]])[0]
        first, second = self._text.slices()
        token_id = self._row_of[word.token]
        return replace(
            word,
            neighbors_a=near_a,
            neighbors_b=near_b,
            passages_a=self._passages(token_id, first, direction),
            passages_b=self._passages(token_id, second, -direction),
            places=self._places(row, near_a, near_b),
        )

    def _near(self, vectors: Embeddings, row: int) -> tuple[str, ...]:
        return nearest_tokens(vectors, np.array([row]), _NEIGHBORS)[0]

    def _passages(
        self, token_id: int, units: np.ndarray, direction: np.ndarray
    ) -> tuple[Passage, ...]:
        """Return the three passages of some units whose words lie farthest in a direction."""
        text = self._text
        positions = np.flatnonzero(text.ids == token_id)
        unit = np.searchsorted(text.boundaries, positions, side="right") - 1
        inside = units[unit]
        positions, unit = positions[inside], unit[inside]
        step = -(-len(positions) // _OCCURRENCES)
        found = []
        for position, number in zip(positions[::step].tolist(), unit[::step].tolist(), strict=True):
            low = max(int(text.boundaries[number]), position - _AROUND)
            high = min(int(text.boundaries[number + 1]), position + _AROUND + 1)
            ids = text.ids[low:high]
            context = self._contexts[ids[ids != token_id]].sum(axis=0)
            value = float(context @ direction) / max(1, len(ids) - 1)
            found.append((-value, number, low, high, position))
        best: list[Passage] = []
        for _, number, low, high, position in sorted(found):
            if number not in {passage.unit for passage in best}:
                tokens = tuple(text.tokens[i] for i in text.ids[low:high].tolist())
                best.append(Passage(number, tokens, (position - low,)))
            if len(best) == 3:
                break
        return tuple(best)

    def _places(
        self, row: int, near_a: Sequence[str], near_b: Sequence[str]
    ) -> tuple[tuple[float, float], ...]:
        """Return places on the plane of the first two principal components."""
        rows_a = [self._shared.sets[0].row(token) for token in near_a]
        rows_b = [self._shared.sets[0].row(token) for token in near_b]
        points = np.concatenate([self._a[[row]], self._b[[row]], self._a[rows_a], self._b[rows_b]])
        centered = points - points.mean(axis=0)
        _, _, axes = np.linalg.svd(centered, full_matrices=False)
        return tuple((float(x), float(y)) for x, y in centered @ axes[:2].T)


def _bands(floor: NoiseFloor, evidence: np.ndarray) -> tuple[tuple[float, float, float], ...]:
    marks = np.geomspace(evidence.min(), evidence.max(), 40)
    expected, spread = floor.expected(marks), floor.spread(marks)
    limits = expected + 1.959964 * spread
    return tuple(zip(marks.tolist(), expected.tolist(), limits.tolist(), strict=True))


def _with_cautions(report: ChangeReport) -> ChangeReport:
    """Add sentences on what weakens the result."""
    cautions = []
    larger, smaller = max(report.tokens_a, report.tokens_b), min(report.tokens_a, report.tokens_b)
    if larger > 5 * smaller:
        cautions.append(
            f"The texts are of very unequal size ({larger:,} and {smaller:,} words): the noise of "
            "the smaller decides."
        )
    if report.median_standardized > 1:
        cautions.append(
            "The texts differ as a whole: half of all tested words lie more than "
            f"{report.median_standardized:.1f} spreads above chance. Single words say little then; "
            "compare texts of one kind."
        )
    if np.mean(report.by_chance) > 0.05 * max(1, report.reported):
        cautions.append(
            f"Random cuts, in which nothing has changed, would report {min(report.by_chance)} to "
            f"{max(report.by_chance)} words: believe only words far beyond that."
        )
    return replace(report, cautions=tuple(cautions))


def write_words(report: ChangeReport, path: Path) -> None:
    """Write all tested words, best first, to a Parquet file: one row a word.

    Raises:
        W2VError: the file cannot be written.
    """
    import io

    import pandas as pd

    rows = sorted((*report.words, *report.others), key=lambda word: -word.standardized)
    names = [
        *("token", "score", "low", "high", "standardized", "p", "p_corrected"),
        *("count_a", "count_b"),
    ]
    table = pd.DataFrame([[getattr(row, name) for name in names] for row in rows], columns=names)
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    with translated_os_errors(path):
        atomic_write(path, content.getvalue())
