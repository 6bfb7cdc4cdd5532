"""Association tests: do some words lie nearer to one list of words than to another?

Three tests, each with what chance gives and with an interval over the word lists:

- WEAT: are the words of one target list more associated with the first attribute list, compared
  with those of the other target list?
- SC-WEAT: the same for single words.
- Projection: where do words lie on a direction such as he - she?

Source: Caliskan, Bryson and Narayanan, Semantics Derived Automatically from Language Corpora
Contain Human-like Biases (Science 356, 2017), for both tests, there WEAT and WEFAT; the standard
deviations are those of the population (divided by n), as in the `wefe` package. Bolukbasi et al.,
Man Is to Computer Programmer as Woman Is to Homemaker? (NIPS 2016), for the projection; the
direction is the mean of the differences of the unit vectors of its pairs, not their first principal
component.
"""

import json
import math
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.analysis.alignment import unit_rows
from w2vtrain.analysis.results import Estimate, Result
from w2vtrain.errors import W2VError
from w2vtrain.run.files import translated_read_errors
from w2vtrain.vectors.embeddings import Embeddings

FEWEST_WORDS = 3  # of a list, with a vector
EXACT_UP_TO = 20_000  # partitions; beyond it so many are sampled
RESAMPLES = 2000
_VOCABULARY = 10_000  # words that a value is held against


@dataclass(frozen=True)
class WordList(Result):
    """The words of one list.

    Args:
        name: of the list.
        words: those with a vector; `missing`: those without.
    """

    name: str
    words: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Weat(Result):
    """A word embedding association test.

    Args:
        name: of the test.
        targets, attributes: its lists, two each.
        effect: effect size d, between -2 and 2; above 0 where the first targets go with the first
            attributes. The interval is over the word lists, all four drawn anew.
        p: one-sided: share of the partitions of all targets into lists of these sizes whose
            statistic is at least as large.
        partitions: how many were tried; `exact`: whether these were all.
        trainings: effect size in every training, this one first; empty without more seeds.
        over_trainings: their mean with its 95 % t interval; None without more seeds.
    """

    name: str
    targets: tuple[WordList, WordList]
    attributes: tuple[WordList, WordList]
    effect: Estimate
    p: float
    partitions: int
    exact: bool
    trainings: tuple[float, ...] = ()
    over_trainings: Estimate | None = None


@dataclass(frozen=True)
class WordValue(Result):
    """A word with its effect size or projection, and in every training.

    Args:
        token: the word.
        value: with its interval over the word lists, or over the pairs of a direction.
        reached_by: share of the 10,000 most frequent words whose value is at least as far from 0:
            what the value is worth in this vocabulary.
        p: two-sided, by exchanging attribute words; None for projections.
        trainings: the value in every training, this one first; empty without more seeds.
        over_trainings: their mean with its 95 % t interval; None without more seeds.
    """

    token: str
    value: Estimate
    reached_by: float
    p: float | None = None
    trainings: tuple[float, ...] = ()
    over_trainings: Estimate | None = None


@dataclass(frozen=True)
class ScWeat(Result):
    """A single-category association test: an effect size for each word."""

    name: str
    words: tuple[WordValue, ...]
    missing: tuple[str, ...]
    attributes: tuple[WordList, WordList]


@dataclass(frozen=True)
class Projection(Result):
    """Where words lie on a direction: cosines, above 0 towards the first word of each pair.

    Args:
        name: of the projection.
        words: from the most negative to the most positive.
        missing: words without a vector.
        pairs: of the direction; `missing_pairs`: those of which a word has no vector.
    """

    name: str
    words: tuple[WordValue, ...]
    missing: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    missing_pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class BiasReport(Result):
    """The results of all tests of a file; `trainings`: how many sets of vectors were measured."""

    trainings: int
    weat: tuple[Weat, ...]
    sc_weat: tuple[ScWeat, ...]
    projection: tuple[Projection, ...]


def read_tests(path: str | Path) -> dict[str, list[dict[str, Any]]]:
    """Read tests from a TOML or JSON file with lists `weat`, `sc-weat` and `projection`.

    Raises:
        W2VError: the file cannot be read, or a test lacks a key or has one that is unknown.
    """
    path = Path(path)
    with translated_read_errors(path, "Give a TOML or JSON file."):
        text = path.read_bytes().decode("utf-8-sig")
        tests = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    keys = {
        "weat": {"name", "targets", "attributes"},
        "sc-weat": {"name", "words", "attributes"},
        "projection": {"name", "words", "direction"},
    }
    if not isinstance(tests, dict) or not tests or set(tests) - set(keys):
        raise W2VError(
            f"{path} holds {', '.join(map(repr, tests)) or 'no test'}.",
            "Known are lists of tables: [[weat]], [[sc-weat]] and [[projection]].",
        )
    for kind, entries in tests.items():
        for number, entry in enumerate(entries, start=1):
            if set(entry) != keys[kind]:
                raise W2VError(
                    f"{path}, [[{kind}]] {number} has the keys {', '.join(sorted(entry))}.",
                    f"It needs {', '.join(sorted(keys[kind]))}.",
                )
    return tests


def measure_bias(
    sets: Sequence[Embeddings],
    tests: Mapping[str, Sequence[Mapping[str, Any]]],
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> BiasReport:
    """Run tests on vectors, and on those of more trainings on the same text.

    Args:
        sets: the vectors, and those of further trainings.
        tests: as `read_tests` returns them.
        resamples: of the word lists, for the intervals.
        seed: of resampling and of sampled partitions.
    Raises:
        W2VError: a list has fewer than three words with a vector.
    """
    trained = _Trained(sets, resamples)

    def run(kind: str, measure: Callable[..., Any]) -> tuple[Any, ...]:
        return tuple(
            measure(test, np.random.default_rng([seed, number]))
            for number, test in enumerate(tests.get(kind, ()))
        )

    return BiasReport(
        trainings=len(sets),
        weat=run("weat", trained.weat),
        sc_weat=run("sc-weat", trained.sc_weat),
        projection=run("projection", trained.projection),
    )


def association(words: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return `s(w, A, B)`: mean cosine with the words of A less mean cosine with those of B.

    Args:
        words, one, other: float64 arrays of unit rows, shape `(words, dim)` each.
    Returns:
        float64 array, shape `(words,)`.
    """
    return (words @ one.T).mean(axis=1) - (words @ other.T).mean(axis=1)


def effect_size(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return `(mean(x) - mean(y)) / std(x and y)` over the last axis; 0 where all are equal."""
    spread = np.concatenate([x, y], axis=-1).std(axis=-1)
    return (x.mean(axis=-1) - y.mean(axis=-1)) / np.where(spread == 0, 1, spread)


def permutation_p(
    values: np.ndarray, size: int, rng: np.random.Generator, two_sided: bool = False
) -> tuple[float, int, bool]:
    """Return how often another partition differs at least as much as the given one.

    Args:
        values: float64 array; the first `size` make the first part.
        size: of the first part.
        rng: draws partitions where there are more than `EXACT_UP_TO`.
        two_sided: count differences to either side.
    Returns:
        the share of partitions, how many were tried, and whether these were all.
    """
    total = math.comb(len(values), size)
    exact = total <= EXACT_UP_TO
    if exact:
        parts = np.array(list(combinations(range(len(values)), size)))
    else:
        parts = rng.permuted(np.tile(np.arange(len(values)), (EXACT_UP_TO, 1)), axis=1)[:, :size]
    sums = values[parts].sum(axis=1)
    differences = sums / size - (values.sum() - sums) / (len(values) - size)
    given = values[:size].mean() - values[size:].mean()
    if two_sided:
        differences, given = np.abs(differences), abs(given)
    reached = int((differences >= given - 1e-12).sum())
    p = reached / total if exact else (1 + reached) / (1 + EXACT_UP_TO)
    return p, len(parts), exact


@dataclass(frozen=True)
class _Trained:
    """The vectors to test, those of every training; the words of the first are resampled."""

    sets: Sequence[Embeddings]
    resamples: int

    def weat(self, test: Mapping[str, Any], rng: np.random.Generator) -> Weat:
        first = self.sets[0]
        targets, attributes = (self._two_lists(test, key) for key in ("targets", "attributes"))

        def effect(vectors: Embeddings) -> float:
            x, y, a, b = (_units(vectors, each.words) for each in (*targets, *attributes))
            return float(effect_size(association(x, a, b), association(y, a, b)))

        x, y, a, b = (_units(first, each.words) for each in (*targets, *attributes))
        values = association(np.concatenate([x, y]), a, b)
        p, partitions, exact = permutation_p(values, len(x), rng)
        with_a, with_b = (np.concatenate([x, y]) @ each.T for each in (a, b))  # (targets, words)
        drawn = np.empty(self.resamples)
        for i in range(self.resamples):
            mean_a = with_a[:, rng.integers(len(a), size=len(a))].mean(axis=1)
            mean_b = with_b[:, rng.integers(len(b), size=len(b))].mean(axis=1)
            s = mean_a - mean_b
            drawn[i] = effect_size(
                s[rng.integers(len(x), size=len(x))], s[len(x) + rng.integers(len(y), size=len(y))]
            )
        every = tuple(effect(vectors) for vectors in self.sets)
        return Weat(
            name=test["name"],
            targets=targets,
            attributes=attributes,
            effect=_with_interval(every[0], drawn),
            p=p,
            partitions=partitions,
            exact=exact,
            trainings=every if len(every) > 1 else (),
            over_trainings=_over_trainings(every),
        )

    def sc_weat(self, test: Mapping[str, Any], rng: np.random.Generator) -> ScWeat:
        first = self.sets[0]
        one, other = self._two_lists(test, "attributes")
        listed = self._word_list(str(test["name"]), test["words"], fewest=1)

        def cosines(vectors: Embeddings, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
            rows = _units(vectors, words)
            return rows @ _units(vectors, one.words).T, rows @ _units(vectors, other.words).T

        common = np.abs(effect_size(*cosines(first, first.tokens[:_VOCABULARY])))
        every = np.array([effect_size(*cosines(vectors, listed.words)) for vectors in self.sets])
        words = []
        for i, (token, a, b) in enumerate(
            zip(listed.words, *cosines(first, listed.words), strict=True)
        ):
            drawn_a = a[rng.integers(len(a), size=(self.resamples, len(a)))]
            drawn_b = b[rng.integers(len(b), size=(self.resamples, len(b)))]
            p, _, _ = permutation_p(np.concatenate([a, b]), len(a), rng, two_sided=True)
            drawn = effect_size(drawn_a, drawn_b)
            words.append(_word_value(token, every[:, i], drawn, common, p))
        return ScWeat(str(test["name"]), tuple(words), listed.missing, (one, other))

    def projection(self, test: Mapping[str, Any], rng: np.random.Generator) -> Projection:
        first = self.sets[0]
        name = str(test["name"])
        listed = self._word_list(name, test["words"], fewest=1)
        pairs = [tuple(pair) for pair in test["direction"]]
        if any(isinstance(pair, str) or len(pair) != 2 for pair in test["direction"]):
            raise W2VError(f"{name}: a direction is a list of pairs.", 'As in [["he", "she"]].')
        known = [pair for pair in pairs if all(word in one for word in pair for one in self.sets)]
        if not known:
            raise W2VError(f"{name}: no pair of the direction has vectors.", "Give other pairs.")

        count = len(known)

        def direction(vectors: Embeddings, rows: np.ndarray) -> np.ndarray:
            left, right = (_units(vectors, [pair[side] for pair in known]) for side in (0, 1))
            return unit_rows((left - right)[rows].mean(axis=0, keepdims=True))[0]

        whole = np.arange(count)
        common = np.abs(_units(first, first.tokens[:_VOCABULARY]) @ direction(first, whole))
        units = _units(first, listed.words)
        resampled = [rng.integers(count, size=count) for _ in range(self.resamples)]
        drawn = np.array([units @ direction(first, rows) for rows in resampled])
        every = np.array([_units(v, listed.words) @ direction(v, whole) for v in self.sets])
        words = [
            _word_value(token, every[:, i], drawn[:, i] if count > 1 else None, common)
            for i, token in enumerate(listed.words)
        ]
        return Projection(
            name=name,
            words=tuple(sorted(words, key=lambda word: word.value.value)),
            missing=listed.missing,
            pairs=tuple(known),
            missing_pairs=tuple(pair for pair in pairs if pair not in known),
        )

    def _two_lists(self, test: Mapping[str, Any], key: str) -> tuple[WordList, WordList]:
        lists = test[key]
        if not isinstance(lists, Mapping) or len(lists) != 2:
            raise W2VError(
                f"{test['name']}: {key} are not two named lists.",
                f'As in {key} = {{ flowers = ["rose", …], insects = ["ant", …] }}.',
            )
        one, other = (self._word_list(name, words) for name, words in lists.items())
        if both := set(one.words) & set(other.words):
            raise W2VError(f"{test['name']}: {sorted(both)[0]!r} is in both lists of {key}.")
        return one, other

    def _word_list(self, name: str, words: Iterable[str], fewest: int | None = None) -> WordList:
        needed = FEWEST_WORDS if fewest is None else fewest
        listed = list(dict.fromkeys(words))
        known = tuple(word for word in listed if all(word in one for one in self.sets))
        missing = tuple(word for word in listed if word not in known)
        if len(known) < needed:
            raise W2VError(
                f"Of the list {name!r} {len(known)} of {len(listed)} words have a vector; "
                f"{needed} are needed. Missing: {', '.join(missing[:10]) or 'none'}.",
                "Give more words, spelled as in the vocabulary.",
            )
        return WordList(name, known, missing)


def _units(vectors: Embeddings, words: Sequence[str]) -> np.ndarray:
    return unit_rows(vectors[list(words)])


def _word_value(
    token: str,
    every: np.ndarray,
    drawn: np.ndarray | None,
    common: np.ndarray,
    p: float | None = None,
) -> WordValue:
    """Return a word's value from those in all trainings, of resamples and of common words."""
    own = float(every[0])
    value = Estimate(own, None, None) if drawn is None else _with_interval(own, drawn)
    return WordValue(
        token,
        value,
        reached_by=float((common >= abs(own) - 1e-12).mean()),
        p=p,
        trainings=tuple(every.tolist()) if len(every) > 1 else (),
        over_trainings=_over_trainings(every),
    )


def _with_interval(value: float, drawn: np.ndarray) -> Estimate:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(float(value), float(low), float(high))


def _over_trainings(values: Sequence[float] | np.ndarray) -> Estimate | None:
    """Return the mean over trainings with its 95 % interval by Student's t, from two on."""
    from scipy import stats

    if len(values) < 2:
        return None
    mean = float(np.mean(values))
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    half = float(stats.t.ppf(0.975, len(values) - 1)) * error
    return Estimate(mean, mean - half, mean + half)
