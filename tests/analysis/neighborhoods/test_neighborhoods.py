"""Alignment, overlap, bands and verdicts where the answer is known beforehand."""

import json

import numpy as np
import pytest
from commands import w2v

from w2vtrain.analysis.alignment import aligned_cosines
from w2vtrain.analysis.neighborhoods import diff, stability
from w2vtrain.analysis.neighborhoods.shared_words import (
    frequency_bands,
    neighbor_overlap,
    sample_rows,
    share_words,
)
from w2vtrain.cli.options import spread
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import atomic_stage
from w2vtrain.vectors.embeddings import Embeddings

NAMES = [f"w{i}" for i in range(200)]
COUNTS = np.arange(400, 200, -1)


def rotation(dim: int, rng: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(dim, dim)))[0]


def pair(noise: float = 0.0, counts: np.ndarray | None = COUNTS) -> tuple[Embeddings, Embeddings]:
    """Vectors and the same ones turned, scaled a row at a time, with noise."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 8))
    turned = vectors @ rotation(8, rng) * rng.uniform(0.5, 2, size=(200, 1))
    turned += noise * rng.normal(size=turned.shape)
    return (
        Embeddings(NAMES, vectors.astype(np.float32), counts),
        Embeddings(NAMES, turned.astype(np.float32), counts),
    )


def test_a_rotation_is_no_difference():
    result = diff(*pair())
    assert result.moved == pytest.approx(0, abs=1e-6)
    assert result.moved_90 == pytest.approx(0, abs=1e-6)
    assert result.overlap == 1
    assert (result.shared, result.only_a, result.only_b, result.determined) == (200, 0, 0, True)


def test_the_word_that_changed_moved_most():
    a, b = pair()
    vectors = b.vectors.copy()
    vectors[[17, 90]] = vectors[[90, 17]]
    result = diff(a, Embeddings(NAMES, vectors, COUNTS), words=3)
    assert {word.token for word in result.words[:2]} == {"w17", "w90"}
    first = next(word for word in result.words if word.token == "w17")
    assert (first.count_a, first.overlap) == (383, pytest.approx(0, abs=0.2))
    assert first.moved > 0.5 > 0.1 > result.words[2].moved
    assert list(first.neighbors_a) == [t for t, _ in a.most_similar("w17", k=10)]


def test_alignment_equals_the_solution_by_singular_values():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(50, 4)) + 1, rng.normal(size=(50, 6)) - 2

    def prepared(x):
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
        x = x - x.mean(axis=0)
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
        return np.hstack([x, np.zeros((50, 6 - x.shape[1]))])

    one, other = prepared(a), prepared(b)
    left, _, right = np.linalg.svd(other.T @ one)
    wanted = ((other @ left @ right) * one).sum(axis=1)
    assert aligned_cosines(a, b) == pytest.approx(wanted, abs=1e-9)


def test_rare_words_are_left_out_where_counts_are_known():
    a, b = pair()
    rare = Embeddings(NAMES, b.vectors, np.where(np.arange(200) < 150, 60, 49))
    assert (diff(a, rare).shared, diff(a, rare).min_count) == (150, 50)
    assert diff(a, rare, min_count=49).shared == 200
    bare = [Embeddings(NAMES, one.vectors) for one in (a, b)]
    assert (diff(*bare).shared, diff(*bare).min_count) == (200, None)
    with pytest.raises(W2VError, match="without counts"):
        diff(*bare, min_count=10)
    with pytest.raises(W2VError, match="share 0 words with a count of 1000 or more"):
        diff(a, b, min_count=1000)


def test_only_shared_words_count():
    a, b = pair()
    shuffled = np.random.default_rng(1).permutation(200)[:120]
    part = Embeddings(
        [NAMES[i] for i in shuffled] + ["new"],
        np.concatenate([b.vectors[shuffled], np.ones((1, 8), np.float32)]),
    )
    result = diff(a, part)
    assert (result.shared, result.only_a, result.only_b) == (120, 80, 1)
    assert result.moved == pytest.approx(0, abs=1e-6)
    assert result.overlap == 1
    shared = share_words([a, part])
    assert list(shared.tokens) == [t for t in NAMES if t in part]
    assert np.array_equal(shared.sets[1]["w5"], b["w5"]) == ("w5" in part)


def test_too_few_words_for_the_dimensions_are_pointed_out():
    rng = np.random.default_rng(0)
    few = [Embeddings(NAMES[:10], rng.normal(size=(10, 8))) for _ in range(2)]
    assert not diff(*few).determined


def test_overlap_by_hand():
    one = [("a", "b", "c", "d"), ("a", "b", "c", "d")]
    other = [("d", "c", "x", "y"), ("d", "c", "b", "a")]
    assert neighbor_overlap(one, other).tolist() == [0.5, 1.0]


def test_jaccard_is_intersection_over_union():
    # k = 2 in a line: w0's neighbors are w1 w2; in the second set w1 w3: 1 of 3 words in common
    angles = np.array([[0, 1, 2, 3], [0, 1, 3, 2]]) * 0.2
    sets = [
        Embeddings(NAMES[:4], np.stack([np.cos(a), np.sin(a)], axis=1), np.arange(9, 5, -1))
        for a in angles
    ]
    (word,) = stability(sets, k=2, words=["w0"]).words
    assert (word.overlap, word.jaccard) == (0.5, pytest.approx(1 / 3))
    assert word.neighbors == (("w1", 2), ("w2", 1), ("w3", 1))


def test_bands_are_powers_of_ten_and_small_ones_join():
    counts = np.concatenate([np.full(5, 12_000), np.full(30, 300), np.full(40, 20), np.full(25, 9)])
    bands = frequency_bands(counts, 100)
    assert [(str(b), len(b.rows)) for b in bands] == [
        ("9", 25),
        ("20", 40),
        ("300 to 12,000", 35),
    ]
    by_rank = frequency_bands(None, 500)
    assert [(str(b), len(b.rows)) for b in by_rank] == [
        ("rank 100 to 500", 401),
        ("rank 1 to 99", 99),
    ]
    assert by_rank[1].rows.tolist() == list(range(99))
    few = frequency_bands(np.array([1000, 100, 1]), 3)
    assert [len(b.rows) for b in few] == [3]
    drawn = sample_rows(np.arange(50), 10, np.random.default_rng(0))
    assert len(set(drawn.tolist())) == 10


def trainings(counts: np.ndarray | None) -> list[Embeddings]:
    """Three trainings that agree on the first 100 words and are noise on the others."""
    result = []
    base = np.random.default_rng(5).normal(size=(200, 8))
    base[:100, 0] += 8  # apart from the others, so that their neighbors lie among themselves
    for seed in range(3):
        rng = np.random.default_rng(seed)
        vectors = base.copy()
        vectors[100:, 1:] = rng.normal(size=(100, 7))
        result.append(Embeddings(NAMES, vectors @ rotation(8, rng), counts))
    return result


def test_the_verdict_names_the_band_to_trust():
    counts = np.where(np.arange(200) < 100, 500 - np.arange(200), 60)
    result = stability(trainings(counts), k=10)
    rare, frequent = result.bands
    assert (rare.low, rare.high, rare.trusted) == (60, 60, False)
    assert (frequent.low, frequent.words, frequent.trusted) == (401, 100, True)
    assert frequent.overlap > 0.9 > 0.3 > rare.overlap
    assert "words seen 401 times or more" in result.verdict
    by_rank = stability(trainings(None), k=10)
    assert "the 99 most frequent words" in by_rank.verdict
    assert "every frequency" in stability(trainings(counts), trust=0.0).verdict
    assert "No frequency band" in stability(trainings(counts), trust=1.0).verdict


def test_words_asked_for_show_which_neighbors_come_back():
    sets = trainings(COUNTS)
    (word,) = stability(sets, k=5, words=["w7"]).words
    assert word.token == "w7"
    lists = [{t for t, _ in one.most_similar("w7", k=5)} for one in sets]
    for token, times in word.neighbors:
        assert times == sum(token in found for found in lists)
    assert sum(times for _, times in word.neighbors) == 15
    wanted = np.mean([len(lists[i] & lists[j]) / 5 for i, j in ((0, 1), (0, 2), (1, 2))])
    assert word.overlap == pytest.approx(wanted)
    with pytest.raises(W2VError, match="not in the vocabulary"):
        stability(sets, words=["none"])


def test_one_training_is_too_few():
    with pytest.raises(W2VError, match="two trainings"):
        stability(trainings(COUNTS)[:1])


def test_an_option_takes_the_words_up_to_the_next():
    assert spread(["r", "--words", "a", "b", "-k", "3", "x"], ["--words"]) == [
        *["r", "--words", "a", "--words", "b"],
        *["-k", "3", "x"],
    ]
    assert spread(["--words=a", "b"], ["--words"]) == ["--words=a", "--words", "b"]


@pytest.fixture
def runs(tmp_path):
    names = []
    for number, one in enumerate(trainings(COUNTS)):
        run = RunDirectory(tmp_path / f"run{number}")
        with atomic_stage(run.model, {}) as folder:
            np.save(folder / "vectors.npy", one.vectors)
            Vocabulary(one.tokens, COUNTS).save(folder / "vocabulary.tsv")
        names.append(str(run.root))
    return names


def test_the_diff_command(runs, capsys):
    code, out, _ = w2v(capsys, "diff", *runs[:2], "--json", "--words", "4", "-k", "3")
    result = json.loads(out)
    assert (code, result["shared"], result["k"], len(result["words"])) == (0, 200, 3, 4)
    assert result["words"][0]["moved"] >= result["words"][1]["moved"]
    _, out, _ = w2v(capsys, "diff", *runs[:2], "--tsv", "--words", "4")
    assert [len(line.split("\t")) for line in out.splitlines()] == [7] * 4
    code, out, _ = w2v(capsys, "diff", *runs[:2])
    assert code == 0
    assert "words that moved most" in out
    code, out, err = w2v(capsys, "diff", *runs[:2], "--min-count", "9999")
    assert (code, out) == (1, "")
    assert "Hint: " in err


def test_the_stability_command(runs, capsys):
    code, out, _ = w2v(capsys, "stability", *runs, "--words", "w1", "w2", "-k", "5")
    assert code == 0
    assert "3 trainings" in out
    assert "w1 (399 times)" in out
    assert "w2 (398 times)" in out
    _, out, _ = w2v(capsys, "stability", *runs, "--json", "--samples", "10")
    result = json.loads(out)
    assert result["verdict"]
    assert len(result["words"]) == sum(band["sampled"] for band in result["bands"])
    _, out, _ = w2v(capsys, "stability", *runs, "--tsv", "--samples", "10")
    assert len(out.splitlines()) == len(result["words"])
    code, _, err = w2v(capsys, "stability", runs[0])
    assert code == 1
    assert "two trainings or more" in err
