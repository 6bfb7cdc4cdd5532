"""WEAT by hand on eight vectors, figures of `wefe`'s formula, planted and neutral associations."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from w2vtrain.analysis import bias
from w2vtrain.analysis.bias import measure_bias, permutation_p, read_tests
from w2vtrain.cli import main
from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings

ROOT = Path(__file__).parents[2]
LISTS = {
    "targets": {"X": ["x1", "x2", "x3"], "Y": ["y1", "y2", "y3"]},
    "attributes": {"A": ["a1", "a2", "a3"], "B": ["b1", "b2", "b3"]},
}


def plane(**degrees: float) -> Embeddings:
    """Vectors of the plane at some angles, of differing lengths."""
    angles = np.radians(list(degrees.values()))
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return Embeddings(list(degrees), vectors * np.arange(1, len(angles) + 1)[:, None])


def test_weat_by_hand_on_eight_vectors(monkeypatch):
    monkeypatch.setattr(bias, "FEWEST_WORDS", 2)
    vectors = plane(x1=0, x2=30, y1=90, y2=60, a1=0, a2=0, b1=90, b2=90)
    test = {
        "name": "t",
        "targets": {"X": ["x1", "x2"], "Y": ["y1", "y2"]},
        "attributes": {"A": ["a1", "a2"], "B": ["b1", "b2"]},
    }
    (result,) = measure_bias([vectors], {"weat": [test]}).weat
    # s(w) = cos(w, 0) - cos(w, 90): x1 1, x2 0.8660 - 0.5 = 0.3660, y1 -1, y2 -0.3660
    # means 0.6830 and -0.6830; standard deviation of the four: sqrt((1 + 0.1340) / 2) = 0.7530
    h = math.sqrt(3) / 2 - 0.5
    wanted = (1 + h) / math.sqrt((1 + h * h) / 2)
    assert wanted == pytest.approx(1.8141, abs=1e-4)
    assert result.effect.value == pytest.approx(wanted, abs=1e-6)
    # 6 partitions of four into two and two; only the given one reaches 1.3660
    assert (result.p, result.partitions, result.exact) == (pytest.approx(1 / 6), 6, True)
    assert result.effect.low <= result.effect.value <= result.effect.high


def test_the_effect_size_is_that_of_wefe():
    """The figures of wefe 1.0.1, run apart: WEAT().run_query(...)["effect_size"] on these."""
    names = [w for group in LISTS.values() for words in group.values() for w in words]
    vectors = [
        [((7 * i * i + 3 * j * j + 5 * i * j + 2 * i + j) % 17) - 8 for j in range(1, 5)]
        for i in range(1, 13)
    ]
    report = measure_bias(
        [Embeddings(names, np.array(vectors))], {"weat": [{"name": "t", **LISTS}]}
    )
    assert report.weat[0].effect.value == pytest.approx(1.0342044900540988, abs=1e-6)


def test_sc_weat_and_projection_by_hand():
    vectors = plane(w=0, v=90, a1=0, a2=60, a3=90, b1=180, b2=120, b3=90, he=0, she=180, up=90)
    tests = {
        "sc-weat": [{"name": "s", "words": ["w", "none"], "attributes": LISTS["attributes"]}],
        "projection": [{"name": "p", "words": ["up", "a2"], "direction": [["he", "she"]]}],
    }
    report = measure_bias([vectors], tests)
    (word,) = report.sc_weat[0].words
    # cosines of w: 1 0.5 0 and -1 -0.5 0; means 0.5, -0.5; deviation sqrt((1+.25)*2/6) = 0.6455
    assert word.value.value == pytest.approx(1 / math.sqrt(2.5 / 6))
    assert report.sc_weat[0].missing == ("none",)
    # 20 partitions; as far apart are the given one, that with the two zeros exchanged, and both
    # with the sides exchanged
    assert word.p == pytest.approx(4 / 20)
    # w, he and a1 lie at 0 degrees, she and b1 opposite; no other word of the 11 reaches 1.549
    assert word.reached_by == pytest.approx(5 / 11)
    up, a2 = report.projection[0].words
    assert (up.token, a2.token) == ("up", "a2")
    assert (up.value.value, a2.value.value) == (pytest.approx(0, abs=1e-7), pytest.approx(0.5))
    assert (a2.value.low, a2.p) == (None, None)  # one pair cannot be resampled


def test_sampled_partitions_agree_with_all(monkeypatch):
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0.1, 1, 8), rng.normal(0, 1, 8)])
    p, tried, exact = permutation_p(values, 8, rng)
    assert (tried, exact) == (12_870, True)
    monkeypatch.setattr(bias, "EXACT_UP_TO", 5000)
    sampled, tried, exact = permutation_p(values, 8, rng)
    assert (tried, exact) == (5000, False)
    assert sampled == pytest.approx(p, abs=4 * math.sqrt(p / 5000) + 1e-3)
    assert permutation_p(values, 8, rng, two_sided=True)[0] > sampled


def test_p_is_uniform_where_nothing_is_planted():
    rng = np.random.default_rng(1)
    p = [permutation_p(rng.normal(size=10), 5, rng)[0] for _ in range(400)]
    for level in (0.05, 0.25, 0.5):
        assert np.mean(np.array(p) <= level) == pytest.approx(level, abs=0.08)


def test_further_trainings_have_a_mean_and_an_interval():
    rng = np.random.default_rng(2)
    names = [w for group in LISTS.values() for words in group.values() for w in words]
    sets = [Embeddings(names, rng.normal(size=(12, 5))) for _ in range(3)]
    tests = {"weat": [{"name": "t", **LISTS}]}
    report = measure_bias(sets, tests, resamples=50)
    (result,) = report.weat
    single = [measure_bias([one], tests, 50).weat[0] for one in sets]
    assert list(result.trainings) == [one.effect.value for one in single]
    assert single[0].over_trainings is None
    mean, sd = np.mean(result.trainings), np.std(result.trainings, ddof=1)
    # Student's t with 2 degrees of freedom at 97.5 %: 4.3027
    assert result.over_trainings.high == pytest.approx(mean + 4.3027 * sd / math.sqrt(3), abs=1e-3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no test"),
        ("[[weta]]\nname = 'x'\n", "holds 'weta'"),
        ("[[weat]]\nname = 'x'\n", "the keys name"),
        ("[[weat]\n", "Cannot read"),
    ],
)
def test_files_that_are_no_tests_are_refused(tmp_path, content, message):
    path = tmp_path / "tests.toml"
    path.write_text(content)
    with pytest.raises(W2VError, match=message):
        read_tests(path)


def test_lists_that_cannot_be_measured_are_refused():
    vectors = plane(**{name: i for i, name in enumerate(["a1", "a2", "a3", "b1", "b2", "x1"])})
    test = {"name": "s", "words": ["x1"], "attributes": LISTS["attributes"]}
    with pytest.raises(W2VError, match="'B' 2 of 3 words have a vector; 3 are needed"):
        measure_bias([vectors], {"sc-weat": [test]})
    twice = {"A": ["a1", "a2", "a3"], "B": ["b1", "b2", "a1"]}
    with pytest.raises(W2VError, match="'a1' is in both lists"):
        measure_bias([vectors], {"sc-weat": [{**test, "attributes": twice}]})
    lonely = {"name": "p", "words": ["x1"], "direction": [["he", "she"]]}
    with pytest.raises(W2VError, match="no pair"):
        measure_bias([vectors], {"projection": [lonely]})
    with pytest.raises(W2VError, match="list of pairs"):
        measure_bias([vectors], {"projection": [{**lonely, "direction": ["he"]}]})


def test_the_command(tmp_path, capsys):
    """Vectors in which men's words lie at beards and women's at gowns, and plants lie anywhere."""
    tests = read_tests(ROOT / "data" / "bias.toml")
    men, women = tests["weat"][0]["targets"].values()
    his, hers = tests["weat"][0]["attributes"].values()
    plants = [w for words in tests["weat"][1]["targets"].values() for w in words]
    rest = [w for kind in ("sc-weat", "projection") for test in tests[kind] for w in test["words"]]
    rest += [w for pair in tests["projection"][0]["direction"] for w in pair]
    side = dict.fromkeys([*men, *his], 2.0) | dict.fromkeys([*women, *hers], -2.0)
    names = list(dict.fromkeys([*side, *plants, *rest]))
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(len(names), 12))
    vectors[:, 0] += [side.get(name, 0.0) for name in names]
    Embeddings(names[:-1], vectors[:-1]).save(tmp_path / "v.npz")

    def w2v(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(["bias", str(tmp_path / "v.npz"), str(ROOT / "data/bias.toml"), *arguments])
        return stop.value.code or 0, *capsys.readouterr()

    picture = tmp_path / "p.svg"
    code, out, err = w2v("--json", "--resamples", "100", "--plot", str(picture))
    planted, neutral = json.loads(out)["weat"]
    assert code == 0
    assert planted["p"] < 0.001 < 0.05 < neutral["p"]
    assert planted["effect"]["low"] > 0
    assert "without a vector: boy - girl" in err
    assert picture.read_text().startswith("<?xml")
    code, out, _ = w2v("--resamples", "100")
    assert "names and belongings (planted)" in out
    assert "above 0: his, below 0: hers" in out
    _, out, _ = w2v("--tsv", "--resamples", "100")
    assert {len(line.split("\t")) for line in out.splitlines()} == {8}
    assert [line.split("\t")[0] for line in out.splitlines()].count("projection") == 14
