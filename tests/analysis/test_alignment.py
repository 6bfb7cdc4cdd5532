"""Alignment where the answer is known: own rotations, renamed words, scrambled anchors."""

import json

import numpy as np
import pytest

from w2vtrain.analysis.alignment import align, best_rotation, read_anchors
from w2vtrain.cli import main
from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings

NAMES = [f"w{i}" for i in range(300)]
COUNTS = np.arange(600, 300, -1)


def rotation(dim, rng):
    return np.linalg.qr(rng.normal(size=(dim, dim)))[0]


def space(seed=0, dim=10, shift=1.0):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(300, dim)) * rng.uniform(0.5, 3, size=(300, 1)) + shift
    return Embeddings(NAMES, vectors.astype(np.float32), COUNTS)


def turned(one, names=NAMES, noise=0.0, seed=1):
    rng = np.random.default_rng(seed)
    vectors = one.vectors @ rotation(one.dim, rng) + noise * rng.normal(size=one.vectors.shape)
    return Embeddings(names, vectors.astype(np.float32), one.counts)


def test_the_best_rotation_by_hand():
    # a quarter turn: (1, 0) -> (0, 1), (0, 2) -> (-2, 0)
    quarter = best_rotation(np.array([[1.0, 0], [0, 2]]), np.array([[0.0, 1], [-2, 0]]))
    assert quarter == pytest.approx(np.array([[0, 1], [-1, 0]]))


def test_an_own_rotation_is_recovered_with_lengths():
    a = space()
    result, fit = align(a, turned(a))
    assert result.vectors == pytest.approx(a.vectors, abs=1e-5)
    assert (fit.anchors, fit.held_out, fit.trimmed, fit.missing) == (270, 30, 0, 0)
    assert (fit.precision_1, fit.precision_5) == (1, 1)
    assert fit.cosine == pytest.approx(1, abs=1e-6)
    assert np.array_equal(result.counts, a.counts)


def test_the_mean_of_the_anchors_is_moved_onto_that_of_the_first():
    a = space(shift=0.0)
    other = Embeddings(NAMES, a.vectors + np.float32(2), COUNTS)  # a space with a common direction
    b = turned(other)
    result, _ = align(a, b)
    lengths = np.linalg.norm(b.vectors, axis=1, keepdims=True)
    units = a.vectors / np.linalg.norm(a.vectors, axis=1, keepdims=True)
    assert np.linalg.norm((b.vectors / lengths).mean(axis=0)) > 0.5
    # nine tenths of the words are anchors, so their means differ little from those of all
    assert (result.vectors / lengths).mean(axis=0) == pytest.approx(units.mean(axis=0), abs=0.05)


def test_a_language_of_renamed_words_is_translated():
    a = space(dim=20)
    b = turned(a, [f"x{i}" for i in range(300)], noise=0.3)
    pairs = [(f"w{i}", f"x{i}") for i in range(0, 300, 2)] + [("w0", "none")]
    result, fit = align(a, b, pairs)
    assert (fit.anchors, fit.held_out, fit.missing) == (135, 15, 1)
    assert fit.precision_1 >= 0.9
    assert fit.precision_5 >= fit.precision_1
    found = a.most_similar_batch(result.vectors[1::2], 1)  # words that no anchor named
    right = [near[0][0] == f"w{i}" for near, i in zip(found, range(1, 300, 2), strict=True)]
    assert np.mean(right) >= 0.9


def test_any_translation_of_a_word_counts_and_its_pairs_stay_together():
    a = space()
    b = turned(a, [f"x{i}" for i in range(300)])
    pairs = [(f"w{i}", f"x{i}") for i in range(100)] + [(f"w{i + 1}", f"x{i}") for i in range(100)]
    _, fit = align(a, b, pairs, held_out=0.2)
    assert (fit.held_out, fit.anchors) == (20, 160)
    # w_i and the wrong w_(i+1) both count as right, and the wrong half pulls at the rotation alike
    assert fit.precision_1 > 0.9


def test_trimming_leaves_out_anchors_that_do_not_fit():
    a = space()
    vectors = turned(a).vectors.copy()
    vectors[:60] = vectors[np.r_[1:60, 0]]  # a fifth of the words changed places
    b = Embeddings(NAMES, vectors, COUNTS)
    plain, _ = align(a, b)
    result, fit = align(a, b, trim=0.25)
    assert fit.trimmed == round(0.25 * 270)
    rest = slice(60, None)
    assert result.vectors[rest] == pytest.approx(a.vectors[rest], abs=1e-5)
    assert np.abs(plain.vectors[rest] - a.vectors[rest]).max() > 1e-2


def test_vectors_of_another_dimension_are_brought_to_that_of_the_first():
    a = space(dim=6)
    wide = Embeddings(NAMES, np.pad(turned(a).vectors, ((0, 0), (0, 3))), COUNTS)
    result, fit = align(a, wide)
    assert (result.dim, fit.dim) == (6, 6)
    assert result.vectors == pytest.approx(a.vectors, abs=1e-5)
    narrow, fit = align(wide, a)
    assert (narrow.dim, fit.precision_1) == (9, 1)


def test_rare_words_are_no_anchors():
    a = space()
    b = Embeddings(NAMES, turned(a).vectors, np.where(np.arange(300) < 150, 60, 49))
    assert align(a, b)[1].anchors == 135
    assert align(a, b, min_count=49)[1].anchors == 270
    bare = Embeddings(NAMES, a.vectors)
    assert align(bare, bare)[1].anchors == 270
    with pytest.raises(W2VError, match="without counts"):
        align(bare, bare, min_count=5)


def test_too_few_anchors_are_refused():
    a = space()
    with pytest.raises(W2VError, match="20 words can anchor"):
        align(a, a, [(f"w{i}", f"w{i}") for i in range(20)])
    assert align(a, a, [(f"w{i}", f"w{i}") for i in range(20)], held_out=0.25)[1].held_out == 5


def test_anchor_files(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("\ufeffcat chat\n\nNew York\tNew York\nsame\n", encoding="utf-8")
    assert read_anchors(path) == [("cat", "chat"), ("New York", "New York"), ("same", "same")]
    path.write_text("a b\nc d e\n")
    with pytest.raises(W2VError, match="line 2: not one or two words"):
        read_anchors(path)
    path.write_text("\n")
    with pytest.raises(W2VError, match="holds no words"):
        read_anchors(path)
    with pytest.raises(W2VError, match="Cannot read"):
        read_anchors(tmp_path / "none.txt")


def test_the_command(tmp_path, capsys):
    a = space()
    b = turned(a, [f"x{i}" for i in range(300)])
    a.save(tmp_path / "a.npz")
    b.save(tmp_path / "b.npz")
    (tmp_path / "words.txt").write_text("".join(f"w{i}\tx{i}\n" for i in range(200)) + "w\tx\n")

    def w2v(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(["align", str(tmp_path / "a.npz"), str(tmp_path / "b.npz"), *arguments])
        return stop.value.code or 0, *capsys.readouterr()

    output = str(tmp_path / "c.txt")
    words = str(tmp_path / "words.txt")
    code, out, _ = w2v("-o", output, "--dictionary", words, "--json")
    result = json.loads(out)
    assert (code, result["anchors"], result["held_out"], result["missing"]) == (0, 180, 20, 1)
    assert result["precision_1"] == 1
    written = Embeddings.load(output)
    assert written["x7"] == pytest.approx(a["w7"], abs=1e-4)
    code, out, err = w2v("-o", output, "--dictionary", words)
    assert "on 20 words held out: mean cosine 1.0000, counterpart found first 100.0%" in out
    assert "1 of the listed pairs have no vector" in err
    code, out, err = w2v("-o", str(tmp_path / "d.txt"))
    assert (code, out) == (1, "")
    assert "Hint: " in err
    assert not (tmp_path / "d.txt").exists()
    assert w2v("-o", output, "--dictionary", words, "--min-count", "3")[0] == 2
    assert w2v("-o", output, "--dictionary", words, "--anchors", words)[0] == 2
