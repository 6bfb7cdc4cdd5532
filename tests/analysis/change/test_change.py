"""Slices, scores, and a whole comparison of two small texts in which two words changed places."""

import json

import numpy as np
import pandas as pd
import pytest

from w2vtrain.analysis.change import change
from w2vtrain.analysis.change.scores import neighborhood_overlap, score_words
from w2vtrain.analysis.change.slices import load_slices, merge
from w2vtrain.cli import main
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.prepare import prepare
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.vectors.embeddings import Embeddings


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two texts of some lines, and the corpus of both."""
    folder = tmp_path_factory.mktemp("slices")
    (folder / "a.txt").write_text("x y z\n\nx x\n" + "p q\n" * 60)
    (folder / "b.txt").write_text("z z y\n" + "q r q\n" * 60)
    text = load_slices(folder / "a.txt", folder / "b.txt", folder, PrepareConfig(min_count=2))
    return folder, text


def test_two_texts_share_one_vocabulary(small):
    _, text = small
    # q 60 + 120, p 60, r 60, then x 3, z 3, y 2 by falling count and name
    assert text.tokens == ("q", "p", "r", "x", "z", "y")
    assert (text.units, text.units_a) == (62 + 61, 62)
    words = [text.tokens[i] for i in text.ids[:5].tolist()]
    assert words == ["x", "y", "z", "x", "x"]
    first, second = text.slices()
    assert text.counts(first).tolist() == [60, 60, 0, 3, 1, 1]
    assert text.counts(second).tolist() == [120, 0, 60, 0, 2, 1]


def test_a_random_cut_deals_out_whole_units(small):
    _, text = small
    parts = text.random_cut(np.random.default_rng(0))
    assert np.array_equal(parts[0], ~parts[1])
    assert text.unit_sizes[parts[0]].sum() == pytest.approx(text.boundaries[text.units_a], abs=3)
    assert not np.array_equal(parts[0], text.slices()[0])
    again = text.random_cut(np.random.default_rng(0))
    assert np.array_equal(parts[0], again[0])


def test_units_become_the_corpus_of_a_training(small, tmp_path):
    _, text = small
    run = RunDirectory(tmp_path)
    text.write_corpus(text.slices()[1], run)
    corpus = Corpus.open(run)
    assert corpus.vocabulary.tokens == ("", "[UNK]", "q", "r", "z", "y")
    assert corpus.counts.tolist() == [0, 0, 120, 60, 2, 1]
    assert [corpus.vocabulary.tokens[i] for i in corpus.read(0, 6).tolist()] == list("zzyqrq")
    assert corpus.units == 61


def test_runs_that_were_prepared_differently_are_refused(small, tmp_path):
    folder, _ = small
    for name, boundary in (("one", "line"), ("two", "file")):
        prepare([str(folder / "a.txt")], tmp_path / name, PrepareConfig(boundary=boundary))
    with pytest.raises(W2VError, match="boundary is 'line' and 'file'"):
        load_slices(tmp_path / "one", tmp_path / "two", tmp_path)
    (tmp_path / "short.txt").write_text("a b\n" * 5)
    with pytest.raises(W2VError, match="has 5 units of text; 40 are needed"):
        load_slices(tmp_path / "short.txt", folder / "a.txt", tmp_path / "c")
    one = Corpus.open(RunDirectory(tmp_path / "one"))
    assert merge([one, one], 1, PrepareConfig()).counts(np.ones(120, bool)).tolist() == [120, 120]


def test_neighborhood_overlap_by_hand():
    # on a line: the two nearest of each word, before and after two words change places
    angles = np.array([0, 1, 2, 10, 11, 12]) * 0.05
    one = Embeddings(list("abcdef"), np.stack([np.cos(angles), np.sin(angles)], axis=1))
    swapped = one.vectors[[3, 1, 2, 0, 4, 5]]
    other = Embeddings(list("abcdef"), swapped)
    assert neighborhood_overlap(one, one, 2).tolist() == [1] * 6
    # a: {b, c} then {e, f}; b: {a, c} then {c, d}; d likewise; e: {d, f} then {a, f}
    assert neighborhood_overlap(one, other, 2).tolist() == [0, 0.5, 0.5, 0, 0.5, 0.5]


@pytest.mark.parametrize("method", ["procrustes", "neighbors"])
def test_words_that_change_places_score_highest(method):
    rng = np.random.default_rng(0)
    names = [f"w{i}" for i in range(200)]
    counts = np.arange(400, 200, -1)
    vectors = rng.normal(size=(200, 8))
    turned = vectors @ np.linalg.qr(rng.normal(size=(8, 8)))[0]
    turned[[5, 9]] = turned[[9, 5]]
    a, b = (Embeddings(names, v, counts) for v in (vectors, turned))
    scored = score_words(a, b, method, 1)
    top = np.argsort(-scored.scores)[:2]
    assert {scored.shared.tokens[i] for i in top.tolist()} == {"w5", "w9"}
    assert np.delete(scored.scores, [5, 9]).max() < 0.2 < scored.scores[top].min()
    assert scored.evidence[0] == pytest.approx(400)


def sentences(rng, swap: bool, lines: int = 1200):
    """Ten topics of twelve words; a word and one of another topic change places where asked."""
    words = [[f"t{topic}w{i}" for i in range(12)] for topic in range(10)]
    if swap:
        words[0][0], words[1][0] = words[1][0], words[0][0]
    topics = rng.integers(10, size=lines)
    return [" ".join(rng.choice(words[topic], 12)) for topic in topics]


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """The result of the command on two texts."""
    folder = tmp_path_factory.mktemp("change")
    rng = np.random.default_rng(0)
    for name, swap in (("a", False), ("b", True)):
        (folder / f"{name}.txt").write_text("\n".join(sentences(rng, swap)) + "\n")
    (folder / "c.toml").write_text(
        "[train]\nembedding-dim = 8\nepochs = 15\nwindow-size = 5\nlearning-rate = 0.05\n"
        "subsample-threshold = 1.0\n"
    )
    return folder


def w2v(capsys, folder, *arguments):
    with pytest.raises(SystemExit) as stop:
        main([
            "change", str(folder / "a.txt"), str(folder / "b.txt"), "-o", str(folder / "out"),
            "--cuts", "2", "--min-count", "10", "--config", str(folder / "c.toml"), *arguments,
        ])  # fmt: skip
    return stop.value.code or 0, *capsys.readouterr()


def test_the_command_finds_the_words_that_changed(compared, capsys):
    code, out, err = w2v(capsys, compared, "--json", "--top", "4")
    assert code == 0
    report = json.loads(out)
    assert report["tested"] == 120
    first = report["words"][:2]
    assert {word["token"] for word in first} == {"t0w0", "t1w0"}
    one = next(word for word in first if word["token"] == "t0w0")
    assert {name[:2] for name in one["neighbors_a"][:5]} == {"t0"}
    assert {name[:2] for name in one["neighbors_b"][:5]} == {"t1"}
    assert one["low"] <= one["score"] <= one["high"]
    assert 0 < one["p"] <= one["p_corrected"] <= 1
    assert len(one["passages_a"]) == len(one["passages_b"]) == 3
    passage = one["passages_b"][0]
    assert passage["tokens"][passage["marked"][0]] == "t0w0"
    assert "t1w3" in " ".join(" ".join(p["tokens"]) for p in one["passages_b"])
    assert len(report["by_chance"]) == 2
    assert "training 6 of 6 (cut-1-b)" in err
    table = pd.read_parquet(compared / "out" / "words.parquet")
    assert len(table) == 120
    assert set(table.token[:2]) == {"t0w0", "t1w0"}
    page = (compared / "out" / "change.html").read_text()
    assert "t0w0" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


def test_a_second_call_trains_nothing_and_other_settings_are_refused(compared, capsys):
    w2v(capsys, compared, "--top", "1")
    trained = {
        path: path.stat().st_mtime_ns for path in compared.glob("out/trainings/*/model/vectors.npy")
    }
    assert len(trained) == 6
    code, out, _ = w2v(capsys, compared, "--words", "t3w1", "t0w0", "--method", "procrustes")
    assert code == 0
    assert "t3w1" in out
    assert "had nothing changed, one would report (in 2 random cuts)" in out
    assert trained == {path: path.stat().st_mtime_ns for path in trained}
    code, out, _ = w2v(capsys, compared, "--tsv")
    assert [len(line.split("\t")) for line in out.splitlines()] == [8] * 120
    code, _, err = w2v(capsys, compared, "--words", "nothing")
    assert code == 1
    assert "'nothing' is not among the 120 tested words" in err
    (compared / "c.toml").write_text("[train]\nembedding-dim = 9\n")
    code, _, err = w2v(capsys, compared)
    assert code == 1
    assert "holds a comparison of other texts, or with other settings" in err


def test_one_cut_is_too_few(tmp_path):
    with pytest.raises(W2VError, match="--cuts 2"):
        change("a", "b", tmp_path, cuts=1)
