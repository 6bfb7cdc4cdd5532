"""Weighted statistics against scipy on resamples that are written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from w2vtrain.analysis.evaluation import intervals


@settings(max_examples=60)
@given(
    items=st.lists(st.tuples(st.integers(0, 4), st.integers(-3, 3)), min_size=3, max_size=20),
    seed=st.integers(0, 1000),
)
def test_correlations_equal_scipys_on_the_drawn_items(items, seed):
    x, y = np.array(items, dtype=np.float64).T
    (weights,) = intervals.draws(len(x), 5, np.random.default_rng(seed))
    ranked, plain = intervals.spearman(x, y, weights), intervals.pearson(x, y, weights)
    for row in range(5):
        drawn = np.repeat(np.arange(len(x)), weights[row].astype(int))
        assert len(drawn) == len(x)
        if np.ptp(x[drawn]) == 0 or np.ptp(y[drawn]) == 0:
            assert np.isnan(ranked[row])
            assert np.isnan(plain[row])
        else:
            assert ranked[row] == pytest.approx(stats.spearmanr(x[drawn], y[drawn])[0], abs=1e-9)
            assert plain[row] == pytest.approx(stats.pearsonr(x[drawn], y[drawn])[0], abs=1e-9)


def test_ranks_of_ties_are_their_mean():
    # drawn: 10, 20, 20, 20, 30, 30 -> ranks 1, (2 3 4), (5 6); the item 40 was not drawn
    got = intervals.ranks(np.array([20.0, 10.0, 30.0, 20.0]), np.array([[2.0, 1.0, 2.0, 1.0]]))
    assert got.tolist() == [[3.0, 1.0, 5.5, 3.0]]


def test_draws_come_in_blocks_and_depend_on_the_seed_alone(monkeypatch):
    whole = np.concatenate(list(intervals.draws(50, 40, np.random.default_rng(7))))
    monkeypatch.setattr(intervals, "_BLOCK", 500)
    blocks = list(intervals.draws(50, 40, np.random.default_rng(7)))
    assert [len(block) for block in blocks] == [10, 10, 10, 10]
    assert np.array_equal(np.concatenate(blocks), whole)
    assert (whole.sum(axis=1) == 50).all()


def test_the_interval_has_the_coverage_of_scipys_bootstrap():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    y = x + rng.normal(size=200)
    samples = np.concatenate(
        [intervals.spearman(x, y, w) for w in intervals.draws(200, 4000, np.random.default_rng(1))]
    )
    ours = intervals.percentile_interval(stats.spearmanr(x, y)[0], samples)
    theirs = stats.bootstrap(
        (x, y),
        lambda a, b: stats.spearmanr(a, b)[0],
        paired=True,
        vectorized=False,
        n_resamples=1000,
        method="percentile",
        rng=2,
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.015)


def test_an_undefined_figure_has_no_interval():
    assert intervals.percentile_interval(float("nan"), np.ones(3)) is None
    assert intervals.percentile_interval(1.0, np.array([np.nan])) is None
