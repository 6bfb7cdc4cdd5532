"""Counts, PMI and contributions by hand on a small corpus, and against plain loops."""

import json
import math

import numpy as np
import pytest

from w2vtrain.analysis import explain as explaining
from w2vtrain.analysis.explain import explain
from w2vtrain.cli import main
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import atomic_stage

TEXT = ["tea with milk", "coffee with milk", "", "tea and coffee", "a dog with a bone", "and so on"]


def make_run(root, text):
    units = [line.split() for line in text]
    words = [word for unit in units for word in unit]
    kept = sorted(set(words), key=lambda w: (-words.count(w), w))
    ids = {word: i + 2 for i, word in enumerate(kept)}
    run = RunDirectory(root)
    with atomic_stage(run.corpus, {"config": {"keep_oov": False}}) as folder:
        np.save(folder / "token_ids.npy", np.array([ids[w] for w in words], dtype=np.int32))
        np.save(folder / "boundaries.npy", np.cumsum([0, *map(len, units)]).astype(np.int64))
        counts = np.array([0, 0, *(words.count(w) for w in kept)])
        Vocabulary(("", "[UNK]", *kept), counts).save(folder / "vocabulary.tsv")
    return run


def plain(text, window_size):
    """Counts of (word, context) pairs, the slow way."""
    pairs: dict[tuple[str, str], int] = {}
    for unit in (line.split() for line in text):
        for i, word in enumerate(unit):
            for j in range(max(0, i - window_size), min(len(unit), i + window_size + 1)):
                if i != j:
                    pairs[word, unit[j]] = pairs.get((word, unit[j]), 0) + 1
    return pairs


def plain_contributions(text, a, b, window_size):
    """The terms of the cosine of discounted PPMI rows, from dictionaries."""
    pairs = plain(text, window_size)
    total = sum(pairs.values())
    single: dict[str, int] = {}
    for (word, _), n in pairs.items():
        single[word] = single.get(word, 0) + n

    def row(word):
        result = {}
        for (w, c), n in pairs.items():
            if w == word:
                rarer = min(single[w], single[c])
                pmi = math.log2(n * total / (single[w] * single[c]))
                result[c] = max(pmi, 0) * n / (n + 1) * rarer / (rarer + 1)
        return result

    one, other = row(a), row(b)
    norm = math.sqrt(sum(x * x for x in one.values()) * sum(x * x for x in other.values()))
    return {c: one[c] * other[c] / norm for c in one if one[c] * other.get(c, 0) > 0}


def test_counts_and_passages_by_hand(tmp_path):
    make_run(tmp_path, TEXT)
    result = explain(tmp_path, "tea", "coffee", window_size=1)
    assert (result.count_a, result.count_b, result.together, result.pmi) == (2, 2, 0, None)
    assert result.passages == ()
    contexts = {c.token: c for c in result.contexts}
    assert (contexts["with"].with_a, contexts["with"].with_b) == (1, 1)
    # pairs of each line: 4 + 4 + 0 + 4 + 8 + 4 = 24; "with" stands in 6, "tea" in 2:
    # log2(1 * 24 / (6 * 2))
    assert contexts["with"].pmi_a == pytest.approx(1.0)
    assert str(contexts["with"].passage_a) == "[tea] [with] milk"
    assert str(contexts["with"].passage_b) == "[coffee] [with] milk"
    assert contexts["and"].passage_a.unit == 3


def test_a_meeting_is_shown_once_a_unit(tmp_path):
    make_run(tmp_path, ["a b a b", "b c", "x y z a w b"])
    result = explain(tmp_path, "a", "b", window_size=2, passages=5)
    # a at 0: b1; a at 2: b1 b3; a at 3 of line 3: b at 5
    assert result.together == 4
    assert [str(p) for p in result.passages] == ["[a] [b] a b", "y z [a] w [b]"]
    assert [p.unit for p in result.passages] == [0, 2]
    assert len(explain(tmp_path, "a", "b", window_size=2, passages=1).passages) == 1


@pytest.mark.parametrize("block", [3, 7, 2**20])
@pytest.mark.parametrize("window_size", [1, 2, 5])
def test_everything_equals_plain_loops(tmp_path, monkeypatch, block, window_size):
    monkeypatch.setattr(explaining, "BLOCK", block)
    rng = np.random.default_rng(window_size)
    words = list("abcdefghij")
    text = [" ".join(rng.choice(words, size=rng.integers(0, 9))) for _ in range(40)]
    run = make_run(tmp_path, text)
    corpus = Corpus.open(run)
    single = explaining.pair_counts(corpus, window_size)
    pairs = plain(text, window_size)
    for i, token in enumerate(corpus.vocabulary.tokens):
        wanted = sum(n for (word, _), n in pairs.items() if word == token)
        assert single[i] == wanted
    result = explain(tmp_path, "a", "b", window_size=window_size, k=100)
    wanted = plain_contributions(text, "a", "b", window_size)
    assert {c.token for c in result.contexts} == set(wanted)
    assert result.shared_contexts == len(wanted)
    for c in result.contexts:
        assert (c.with_a, c.with_b) == (pairs["a", c.token], pairs["b", c.token])
        assert c.contribution == pytest.approx(wanted[c.token])
        assert {c.passage_a.tokens[i] for i in c.passage_a.marked} == {"a", c.token}
    assert result.ppmi_cosine == pytest.approx(sum(wanted.values()))
    assert result.together == pairs.get(("a", "b"), 0)
    order = [c.contribution for c in result.contexts]
    assert order == sorted(order, reverse=True)


def test_the_window_is_that_of_the_training(tmp_path):
    run = make_run(tmp_path, TEXT)
    assert explain(tmp_path, "tea", "dog").window_size == 5
    with atomic_stage(run.model, {"config": {"window_size": 2}}) as folder:
        np.save(folder / "vectors.npy", np.array([[1, 0], [0, 1], [1, 1]], dtype=np.float32))
        Vocabulary(("tea", "coffee", "milk"), np.array([2, 2, 2])).save(folder / "vocabulary.tsv")
    result = explain(tmp_path, "tea", "milk")
    assert result.window_size == 2
    assert result.vector_cosine == pytest.approx(0.5**0.5)
    assert explain(tmp_path, "tea", "dog").vector_cosine is None


def test_failures_say_what_to_do(tmp_path):
    with pytest.raises(W2VError, match="w2v prepare"):
        explain(tmp_path, "tea", "coffee")
    (tmp_path / "vectors.txt").write_text("tea 1 2\n")
    with pytest.raises(W2VError, match="is a file; this needs the text"):
        explain(tmp_path / "vectors.txt", "tea", "coffee")
    make_run(tmp_path, TEXT)
    with pytest.raises(W2VError, match=r"w2v why-not .* whisky"):
        explain(tmp_path, "tea", "whisky")
    with pytest.raises(W2VError, match="given twice"):
        explain(tmp_path, "tea", "tea")


def test_the_command_in_three_forms(tmp_path, capsys):
    make_run(tmp_path, TEXT)

    def w2v(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(["explain", str(tmp_path), "tea", "coffee", *arguments])
        assert not stop.value.code
        return capsys.readouterr().out

    out = w2v()
    assert "tea (2 times) and coffee (2 times)" in out
    assert "[tea] and [coffee]" in out
    result = json.loads(w2v("--json", "-k", "1"))
    assert result["together"] == 1
    assert len(result["contexts"]) == 1
    assert result["contexts"][0]["passage_a"]["tokens"]
    rows = [line.split("\t") for line in w2v("--tsv").splitlines()]
    assert {len(row) for row in rows} == {7}
    assert "never occur in one window" in w2v("--window-size", "1")
