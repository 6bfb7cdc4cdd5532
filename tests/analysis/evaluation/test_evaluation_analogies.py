"""Analogy figures by hand and against gensim."""

import numpy as np
import pytest
from gensim.models import KeyedVectors

from w2vtrain.analysis.evaluation import (
    AnalogySet,
    Section,
    analogies,
    compare_analogies,
    evaluate_analogies,
)
from w2vtrain.analysis.evaluation.intervals import weighted_counts
from w2vtrain.vectors.embeddings import Embeddings

WORDS = ["man", "woman", "king", "queen", "KING", "apple"]
VECTORS = np.array(
    [[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1], [1, 0.5, 1], [-1, 0, 0]], dtype=np.float32
)


def _set(*sections: tuple[str, list[str]]) -> AnalogySet:
    return AnalogySet(
        "set", tuple(Section(name, tuple(tuple(q.split()) for q in qs)) for name, qs in sections)
    )


def test_figures_by_hand():
    questions = _set(
        ("family", ["man woman king queen", "man woman king apple", "man woman king unicorn"]),
        ("gram1", ["Man Woman KING Queen"]),
        ("gram2", ["x y z w"]),
    )
    result = evaluate_analogies(Embeddings(WORDS, VECTORS), questions)
    family, gram1, gram2 = result.sections
    assert (family.questions, family.used, family.skipped, family.correct) == (3, 2, 1, 1)
    assert family.accuracy.value == pytest.approx(1 / 2)
    assert family.accuracy_all.value == pytest.approx(1 / 3)
    assert (gram1.correct, gram2.used, gram2.accuracy) == (1, 0, None)
    assert gram2.accuracy_all.value == 0
    assert (result.semantic.questions, result.semantic.correct) == (3, 1)
    assert (result.syntactic.questions, result.syntactic.used) == (2, 1)
    assert result.total.accuracy.value == pytest.approx(2 / 3)
    assert result.total.accuracy_all.value == pytest.approx(2 / 5)


def test_a_case_variant_of_a_word_asked_with_is_no_answer():
    # b - a + c = (1, 0.5, 1): KING is nearest, but it is king
    vectors = VECTORS.copy()
    vectors[1] = [1, 0.5, 0]
    questions = _set(("s", ["man woman king queen"]))
    assert evaluate_analogies(Embeddings(WORDS, vectors), questions).total.correct == 1


def _naive(unit: np.ndarray, asked: np.ndarray, method: str) -> list[int]:
    """The two formulas over the whole vocabulary, one question at a time, in float64."""
    result = []
    for a, b, c in asked:
        cosines = unit.astype(np.float64) @ unit[[a, b, c]].astype(np.float64).T
        if method == "3cosadd":
            scores = cosines[:, 1] - cosines[:, 0] + cosines[:, 2]
        else:
            shifted = (cosines + 1) / 2
            scores = shifted[:, 1] * shifted[:, 2] / (shifted[:, 0] + 1e-6)
        scores[[a, b, c]] = -np.inf
        result.append(int(scores.argmax()))
    return result


@pytest.mark.parametrize("method", ["3cosadd", "3cosmul"])
def test_blocks_give_the_answers_of_the_plain_formula(monkeypatch, method):
    monkeypatch.setattr(analogies, "_COLUMNS", 17)
    monkeypatch.setattr(analogies, "_QUESTIONS", 5)
    rng = np.random.default_rng(1)
    unit = rng.normal(size=(101, 6)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    asked = rng.integers(0, 101, size=(83, 3))
    got = analogies.best_answers(unit, np.arange(101), asked, method)
    assert got.tolist() == _naive(unit, asked, method)
    fewer = analogies.best_answers(unit, np.arange(40), asked % 40, method)
    assert fewer.tolist() == _naive(unit[:40], asked % 40, method)


def test_of_equal_answers_the_more_frequent_word_wins(monkeypatch):
    monkeypatch.setattr(analogies, "_COLUMNS", 4)  # the equal words lie in two blocks
    unit = np.eye(6, dtype=np.float32)[[0, 1, 2, 3, 4, 3]]
    # b - a + c is as near to row 3 as to row 5
    unit[3] = unit[5] = np.array([0, 0.5, 0.5, 0, 0, 0.5**0.5])
    answers = analogies.best_answers(unit, np.arange(6), np.array([[0, 1, 2]]), "3cosadd")
    assert answers.tolist() == [3]


def test_figures_equal_gensims(tmp_path):
    """Random vectors with a common offset in each pair, so that some answers are right."""
    rng = np.random.default_rng(2)
    left = rng.normal(size=(40, 10))
    right = left + rng.normal(size=10) + rng.normal(size=(40, 10)) * 0.6
    vectors = np.concatenate([left, right]).astype(np.float32)[rng.permutation(80)]
    order = rng.permutation(80)
    names = [f"w{i}" for i in range(80)]
    vectors = np.concatenate([left, right]).astype(np.float32)[order]
    tokens = [names[i] for i in order]
    path = tmp_path / "questions.txt"
    lines = []
    for section, start in (("people", 0), ("gram1", 20)):
        lines.append(f": {section}")
        lines += [
            f"W{i} w{i + 40} w{j} W{j + 40}"
            for i in range(start, start + 20)
            for j in range(start, start + 20)
            if i != j
        ]
    path.write_text("\n".join([*lines, "w1 w2 w3 none"]) + "\n")
    theirs = KeyedVectors(10)
    theirs.add_vectors(tokens, vectors)
    for limit in (300_000, 60):
        ours = evaluate_analogies(Embeddings(tokens, vectors), AnalogySet.read(path), limit)
        score, sections = theirs.evaluate_word_analogies(path, restrict_vocab=limit)
        assert 0.05 < score < 0.95
        assert ours.total.accuracy.value == pytest.approx(score)
        counted = [(len(s["correct"]), len(s["incorrect"])) for s in sections[:-1]]
        assert [(s.correct, s.used - s.correct) for s in ours.sections] == counted
        score, _ = theirs.evaluate_word_analogies(path, restrict_vocab=limit, dummy4unknown=True)
        assert ours.total.accuracy_all.value == pytest.approx(score)


def test_pairs_are_drawn_not_questions():
    """Three pairs make six questions; a draw of the pairs weighs a question by both its pairs."""
    pairs = [("a", "A"), ("b", "B"), ("c", "C")]
    questions = [(*p, *q) for p in pairs for q in pairs if p != q]
    right = np.array([q[0] == "a" for q in questions]) * 1.0
    got = weighted_counts(questions, [right, np.ones(6)], 200, seed=1)
    seen = {tuple(row) for row in got.tolist()}
    # weights (wa, wb, wc) sum to 3: right = wa (wb + wc), all = 2 (wa wb + wa wc + wb wc)
    possible = {
        (wa * (3 - wa), 2 * (wa * wb + wa * wc + wb * wc))
        for wa in range(4)
        for wb in range(4 - wa)
        for wc in [3 - wa - wb]
    }
    assert seen <= possible
    assert (2.0, 6.0) in seen


def test_the_interval_is_wider_than_that_of_independent_questions():
    """One pair of twenty is always wrong: 38 of 380 questions, all from one draw of the dice."""
    pairs = [(f"a{i}", f"b{i}") for i in range(20)]
    questions = [(*p, *q) for p in pairs for q in pairs if p != q]
    right = np.array(["a0" not in q for q in questions]) * 1.0
    drawn = weighted_counts(questions, [right, np.ones(380)], 2000, seed=0)
    spread = (drawn[:, 0] / drawn[:, 1]).std()
    independent = np.sqrt(0.9 * 0.1 / 380)
    assert spread > 3 * independent


def test_a_comparison_tells_a_difference_from_noise():
    rng = np.random.default_rng(4)
    left = rng.normal(size=(30, 12))
    offset = 2 * rng.normal(size=12)
    tokens = [f"a{i}" for i in range(30)] + [f"b{i}" for i in range(30)]

    def vectors(noise: float) -> Embeddings:
        right = left + offset + noise * rng.normal(size=(30, 12))
        return Embeddings(tokens, np.concatenate([left, right]).astype(np.float32))

    lines = [f"a{i} b{i} a{j} b{j}" for i in range(30) for j in range(30) if i != j]
    questions = _set(("kind", lines[:400]), ("gram1", lines[400:]))
    parts = compare_analogies(vectors(3.0), vectors(0.1), questions)
    assert [part.name for part in parts] == ["set: semantic", "set: syntactic", "set: total"]
    assert [part.verdict for part in parts] == ["second is better"] * 3
    assert [part.used for part in parts] == [400, 470, 870]
    same = vectors(1.0)
    (total,) = compare_analogies(same, same, _set(("kind", lines)))
    assert (total.difference.value, total.second_better) == (0, 0.5)
