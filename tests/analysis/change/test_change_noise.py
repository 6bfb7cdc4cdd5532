"""The noise floor: corrections by hand, and what happens where nothing was planted."""

from dataclasses import replace

import numpy as np
import pytest

from w2vtrain.analysis.change.change import Comparisons
from w2vtrain.analysis.change.noise import (
    Curve,
    NoiseFloor,
    NullScores,
    benjamini_hochberg,
    reported_by_chance,
    upper_share,
)
from w2vtrain.analysis.change.report import ChangeReport, Slice, cautions
from w2vtrain.analysis.change.scores import ScoredWords
from w2vtrain.analysis.neighborhoods.shared_words import SharedWords
from w2vtrain.vectors.embeddings import Embeddings


def test_benjamini_and_hochberg_by_hand():
    # sorted 0.01 0.02 0.03 0.5 times 4 / rank: 0.04 0.04 0.04 0.5; the order is kept
    p = benjamini_hochberg(np.array([0.5, 0.01, 0.03, 0.02]))
    assert p == pytest.approx([0.5, 0.04, 0.04, 0.04])
    # a later small value pulls earlier ones down: 0.04 * 2 = 0.08, 0.05 * 1 = 0.05
    assert benjamini_hochberg(np.array([0.04, 0.05])) == pytest.approx([0.05, 0.05])
    assert benjamini_hochberg(np.array([0.9, 0.8])).max() <= 1


def test_the_share_of_the_null_that_reaches_a_value():
    null = np.array([3.0, 1, 2, 2])
    # 3 or more: 1 of 4; 2: 3 of 4; 0: all; 9: none; each with one added to both
    shares = upper_share(np.array([3.0, 2, 0, 9]), null)
    assert shares == pytest.approx([2 / 5, 4 / 5, 1, 1 / 5])


def test_beyond_the_null_a_fitted_tail_goes_on():
    rng = np.random.default_rng(0)
    null = rng.exponential(size=20_000)
    values = np.array([1.0, 4, 12, 14])
    shares = upper_share(values, null)
    assert shares[:2] == pytest.approx(np.exp(-values[:2]), rel=0.15)
    # exp(-12) = 6e-6 is beyond what 20,000 values can count
    assert np.log(shares[2:]) == pytest.approx(-values[2:], abs=2.5)
    assert shares[3] < shares[2] < 1 / 20_000


def test_a_curve_of_medians_follows_frequency_and_ignores_outliers():
    rng = np.random.default_rng(1)
    evidence = np.exp(rng.uniform(4, 9, 4000))
    values = 1 / np.sqrt(evidence)
    values[::50] = 99
    curve = Curve.fit(evidence, values, np.median)
    at = np.array([80.0, 400, 4000])
    assert curve(at) == pytest.approx(1 / np.sqrt(at), rel=0.08)
    assert curve(np.array([1.0])) == curve(np.array([np.exp(curve.positions[0])]))


def simulated(cuts: int, words: int = 1500, seed: int = 0) -> list[NullScores]:
    """Scores that fall with frequency, with words that always score high, and noise."""
    rng = np.random.default_rng(seed)
    evidence = np.exp(rng.uniform(4, 9, words))
    own = rng.normal(scale=0.05, size=words)
    level = 2 / np.sqrt(evidence) + 0.1
    return [
        NullScores(np.arange(words), evidence, level + own + level * rng.normal(0, 0.2, words))
        for _ in range(cuts)
    ]


def test_p_is_uniform_and_little_is_reported_where_nothing_changed():
    reported = 0
    for seed in range(10):
        real, *nulls = simulated(5, seed=seed)
        floor = NoiseFloor(nulls, 1500)
        p = upper_share(floor.standardized(real), np.concatenate(floor.null))
        for level in (0.01, 0.1, 0.5):
            assert (p <= level).mean() == pytest.approx(level, abs=0.01 + 0.1 * level)
        reported += bool((benjamini_hochberg(p) <= 0.05).any())
    assert reported <= 2


def test_planted_words_are_reported_and_rank_first():
    real, *nulls = simulated(5)
    planted = np.arange(0, 1500, 50)
    scores = real.scores.copy()
    scores[planted] += 0.5
    floor = NoiseFloor(nulls, 1500)
    z = floor.standardized(NullScores(real.rows, real.evidence, scores))
    assert set(np.argsort(-z)[:20].tolist()) <= set(planted.tolist())
    corrected = benjamini_hochberg(upper_share(z, np.concatenate(floor.null)))
    assert (corrected[planted] <= 0.05).mean() > 0.9
    assert (np.delete(corrected, planted) <= 0.05).sum() <= 5
    by_chance = reported_by_chance(floor.null, 0.05)
    assert len(by_chance) == 4
    assert sum(by_chance) <= 2


def test_a_word_that_scores_high_in_every_cut_is_expected_to():
    real, *nulls = simulated(5)
    for each in (real, *nulls):
        each.scores[7] += 1.0
    z = NoiseFloor(nulls, 1500).standardized(real)
    assert z[7] < 4
    plain = (real.scores - np.median(real.scores)) / real.scores.std()
    assert plain[7] > 4


def test_intervals_cover_the_mean_of_many_cuts():
    cuts = simulated(30, seed=3)
    mean = np.mean([cut.scores for cut in cuts], axis=0)
    floor = NoiseFloor(cuts[:5], 1500)
    covered = [
        np.abs(cut.scores - mean) <= floor.margin(cut.evidence) for cut in cuts[5:]
    ]  # fmt: skip
    assert 0.9 <= np.mean(covered) <= 0.98


def scored(cut: NullScores) -> ScoredWords:
    """The simulated scores as those of one comparison."""
    tokens = [f"w{row}" for row in cut.rows]
    shared = SharedWords((Embeddings(tokens, np.ones((len(tokens), 1))),), None)
    counts = np.maximum(1, np.stack([cut.evidence, cut.evidence]))
    return ScoredWords(shared, counts, np.array([cut.scores, cut.scores]))


def test_of_several_comparisons_the_one_farthest_above_chance_decides():
    real, *nulls = simulated(5)
    tokens = [f"w{row}" for row in real.rows]
    changed = scored(real)
    changed.scores[1, 3] += 1
    compared = Comparisons([changed, *map(scored, nulls)], tokens, "procrustes")
    first = compared.tested_words("BC")[0]
    assert (first.token, first.letter) == ("w3", "C")
    assert first.score == first.curve[1].score > first.curve[0].score
    assert first.p == compared.p_values().min()
    # the largest of two counts as chance, too: no more than usual lie above
    assert (compared.p_values() <= 0.1).mean() == pytest.approx(0.1, abs=0.02)


def test_texts_that_are_too_small_for_a_claim_are_told_from_others():
    real, *nulls = map(scored, simulated(5))
    tokens = real.shared.tokens
    assert Comparisons([real, *nulls], tokens, "procrustes").detectable(0.05) > 0.9
    high = [replace(one, scores=one.scores + 0.8) for one in (real, *nulls)]
    assert Comparisons(high, tokens, "procrustes").detectable(0.05) < 0.5


def test_what_weakens_a_comparison_is_said():
    slices = (Slice("A", "a", 60_000, 50), Slice("B", "b", 10_000, 50))
    report = ChangeReport(
        slices, "slices", "neighbors", 50, 2, 0.05, 200, 1, (3, 5), 0.2, 1.4, (), (), (), ()
    )
    found = " ".join(cautions(report))
    for text in ("too small", "only 20%", "unequal size (60,000 and 10,000", "differ as a whole"):
        assert text in found
    assert "report 3 to 5 words" in found
    sound = replace(report, slices=slices[:1], by_chance=(0, 0), detectable=0.9)
    assert cautions(replace(sound, median_standardized=0.1)) == ()
