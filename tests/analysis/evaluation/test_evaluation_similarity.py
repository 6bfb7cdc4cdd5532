"""Similarity figures by hand and against gensim."""

import numpy as np
import pytest
from gensim.models import KeyedVectors
from scipy import stats

from w2vtrain.analysis.evaluation import SimilaritySet, compare_similarity, evaluate_similarity
from w2vtrain.vectors.embeddings import Embeddings

# cosines with "cat": dog 1, car 0, Tiger 0.6
SMALL = Embeddings(
    ["cat", "dog", "car", "Tiger"], np.array([[1, 0], [2, 0], [0, 3], [3, 4]], dtype=np.float32)
)


def test_figures_by_hand():
    pairs = (("cat", "dog"), ("CAT", "tiger"), ("cat", "unicorn"), ("cat", "car"))
    result = evaluate_similarity(SMALL, SimilaritySet("set", pairs, np.array([9.0, 3, 8, 5])))
    assert (result.items, result.used, result.skipped) == (4, 3, 1)
    assert result.unknown == ("unicorn",)
    # people 9 3 5 -> ranks 3 1 2; cosines 1 0.6 0 -> ranks 3 2 1: 1 - 6 * (0 + 1 + 1) / (3 * 8)
    assert result.spearman.value == pytest.approx(0.5)
    assert result.pearson.value == pytest.approx(np.corrcoef([9, 3, 5], [1, 0.6, 0])[0, 1])
    # people 9 3 8 5 -> 4 1 3 2; cosines 1 0.6 0 0 -> 4 3 1.5 1.5
    assert result.spearman_all.value == pytest.approx(
        np.corrcoef([4, 1, 3, 2], [4, 3, 1.5, 1.5])[0, 1]
    )
    assert result.pearson_all.value == pytest.approx(
        np.corrcoef([9, 3, 8, 5], [1, 0.6, 0, 0])[0, 1]
    )


def test_the_written_case_comes_before_a_variant():
    vectors = Embeddings(["apple", "Apple", "pear"], np.array([[1, 0], [0, 1], [1, 0.0]]))
    pairs = (("Apple", "pear"), ("apple", "pear"), ("APPLE", "pear"), ("pear", "pear"))
    result = evaluate_similarity(vectors, SimilaritySet("s", pairs, np.array([1.0, 2, 3, 4])))
    # cosines 0 1 1 1: APPLE takes the first variant, apple
    assert result.pearson.value == pytest.approx(np.corrcoef([1, 2, 3, 4], [0, 1, 1, 1])[0, 1])


def test_restricting_the_vocabulary_makes_words_unknown():
    pairs = (("cat", "dog"), ("cat", "car"), ("dog", "tiger"))
    result = evaluate_similarity(SMALL, SimilaritySet("s", pairs, np.array([1.0, 2, 3])), 3)
    assert (result.used, result.unknown) == (2, ("tiger",))


def test_figures_are_undefined_rather_than_wrong():
    nothing = evaluate_similarity(SMALL, SimilaritySet("s", (("x", "y"),), np.array([1.0])))
    assert (nothing.used, nothing.spearman, nothing.spearman_all) == (0, None, None)
    flat = SimilaritySet("s", (("cat", "dog"), ("cat", "car")), np.array([5.0, 5.0]))
    assert evaluate_similarity(SMALL, flat).pearson is None


def _random_set(seed: int, size: int = 400) -> tuple[Embeddings, SimilaritySet]:
    """Vectors of words w0 … w59, and pairs of them and of unknown words with noisy scores."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(60, 8)).astype(np.float32)
    # each pair once and no word with itself: gensim's float32 breaks such ties by rounding noise
    every = np.stack(np.triu_indices(66, 1), axis=1)
    rows = rng.permutation(every)[:size]
    pairs = tuple((f"w{a}", f"W{b}") for a, b in rows)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    known = np.minimum(rows, 59)
    scores = np.einsum("id,id->i", unit[known[:, 0]], unit[known[:, 1]]) + rng.normal(size=size)
    return Embeddings([f"w{i}" for i in range(60)], vectors), SimilaritySet("r", pairs, scores)


def test_figures_equal_gensims(tmp_path):
    ours, pairs = _random_set(3)
    path = tmp_path / "pairs.tsv"
    path.write_text(
        "".join(
            f"{a}\t{b}\t{s!r}\n"
            for (a, b), s in zip(pairs.pairs, pairs.scores.tolist(), strict=True)
        )
    )
    theirs = KeyedVectors(8)
    theirs.add_vectors(list(ours.tokens), ours.vectors)
    for limit in (300_000, 40):
        result = evaluate_similarity(ours, SimilaritySet.read(path), limit)
        pearson, spearman, unknown = theirs.evaluate_word_pairs(path, restrict_vocab=limit)
        assert result.spearman.value == pytest.approx(spearman[0], abs=1e-6)
        assert result.pearson.value == pytest.approx(pearson[0], abs=1e-6)
        assert 100 * result.skipped / result.items == pytest.approx(unknown)
        pearson, spearman, _ = theirs.evaluate_word_pairs(
            path, restrict_vocab=limit, dummy4unknown=True
        )
        assert result.spearman_all.value == pytest.approx(spearman[0], abs=1e-6)
        assert result.pearson_all.value == pytest.approx(pearson[0], abs=1e-6)


def test_the_interval_holds_the_value_and_follows_the_seed():
    vectors, pairs = _random_set(5)
    once, again = (evaluate_similarity(vectors, pairs, resamples=500, seed=4) for _ in range(2))
    other = evaluate_similarity(vectors, pairs, resamples=500, seed=5)
    assert once == again
    assert once.spearman.low < once.spearman.value < once.spearman.high
    assert other.spearman.value == once.spearman.value
    assert other.spearman.low != once.spearman.low


def test_a_comparison_tells_a_difference_from_noise():
    good, pairs = _random_set(6, size=600)
    noise = np.random.default_rng(0).normal(size=good.vectors.shape).astype(np.float32)
    bad = Embeddings(good.tokens[:50], (0.2 * good.vectors + noise)[:50])
    result = compare_similarity(bad, good, pairs, resamples=400)
    assert result.verdict == "second is better"
    assert result.second_better > 0.99
    assert compare_similarity(good, bad, pairs, resamples=400).verdict == "first is better"
    # only the items that both know
    both = {f"w{i}" for i in range(50)}
    kept = [all(w.lower() in both for w in pair) for pair in pairs.pairs]
    assert result.used == sum(kept) < evaluate_similarity(good, pairs).used
    same = compare_similarity(good, good, pairs, resamples=400)
    assert (same.difference.value, same.second_better) == (0, 0.5)
    assert same.verdict == "no clear difference"


def test_a_comparison_without_shared_items_is_undefined():
    one = Embeddings(["a"], np.ones((1, 2)))
    result = compare_similarity(one, SMALL, SimilaritySet("s", (("cat", "dog"),), np.array([1.0])))
    assert (result.used, result.first, result.difference) == (0, None, None)
    assert result.verdict == "undefined"


@pytest.mark.slow
def test_the_shared_sets_are_read_whole(shared):
    sizes = {path.name: SimilaritySet.read(path) for path in (shared / "similarity").iterdir()}
    assert {name: len(read.pairs) for name, read in sizes.items()} == {
        "EN-MEN-TR-3k.txt": 3000,
        "EN-SIMLEX-999.txt": 999,
        "EN-WS-353-ALL.txt": 353,
        "EN-WS-353-REL.txt": 252,
        "EN-WS-353-SIM.txt": 203,
    }
    ws = sizes["EN-WS-353-ALL.txt"]
    assert stats.describe(ws.scores).minmax == (0.23, 10.0)
