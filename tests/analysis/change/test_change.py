"""Slices, scores, and a whole comparison of two small texts in which two words changed places."""

import json

import numpy as np
import pandas as pd
import pytest

from w2vtrain.analysis.change import change, trainings
from w2vtrain.analysis.change.scores import neighborhood_overlap, score_words
from w2vtrain.analysis.change.slices import load_slices, merge, slice_values
from w2vtrain.cli import main
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.prepare import prepare
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.config import TrainConfig
from w2vtrain.vectors.embeddings import Embeddings


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two texts of some lines, and the corpus of both."""
    folder = tmp_path_factory.mktemp("slices")
    (folder / "a.txt").write_text("x y z\n\nx x\n" + "p q\n" * 60)
    (folder / "b.txt").write_text("z z y\n" + "q r q\n" * 60)
    texts = [folder / "a.txt", folder / "b.txt"]
    return folder, load_slices(texts, folder, PrepareConfig(min_count=2))[1]


def test_two_texts_share_one_vocabulary(small):
    _, text = small
    # q 60 + 120, p 60, r 60, then x 3, z 3, y 2 by falling count and name
    assert text.tokens == ("q", "p", "r", "x", "z", "y")
    assert (text.units, text.ends) == (62 + 61, (62, 62 + 61))
    words = [text.tokens[i] for i in text.ids[:5].tolist()]
    assert words == ["x", "y", "z", "x", "x"]
    first, second = text.slices()
    assert text.counts(first).tolist() == [60, 60, 0, 3, 1, 1]
    assert text.counts(second).tolist() == [120, 0, 60, 0, 2, 1]


def test_a_random_cut_deals_out_whole_units(small):
    _, text = small
    parts = text.random_cut(np.random.default_rng(0))
    assert np.array_equal(parts[0], ~parts[1])
    assert text.unit_sizes[parts[0]].sum() == pytest.approx(text.boundaries[62], abs=3)
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
        load_slices([tmp_path / "one", tmp_path / "two"], tmp_path)
    (tmp_path / "short.txt").write_text("a b\n" * 5)
    with pytest.raises(W2VError, match="has 5 units of text; 40 are needed"):
        load_slices([tmp_path / "short.txt", folder / "a.txt"], tmp_path / "c")
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
    scored = score_words([a, b], method, 1)
    (scores,) = scored.scores
    top = np.argsort(-scores)[:2]
    assert {scored.shared.tokens[i] for i in top.tolist()} == {"w5", "w9"}
    assert np.delete(scores, [5, 9]).max() < 0.2 < scores[top].min()
    assert scored.evidence[0] == pytest.approx(400)


def test_three_slices_are_held_against_the_first_and_groups_against_all_others():
    rng = np.random.default_rng(0)
    names = [f"w{i}" for i in range(200)]
    vectors = rng.normal(size=(200, 8))
    swapped = vectors.copy()
    swapped[[5, 9]] = swapped[[9, 5]]
    sets = [Embeddings(names, v, np.full(200, n)) for v, n in ((vectors, 100), (vectors, 200))]
    sets.append(Embeddings(names, swapped, np.full(200, 300)))
    of_slices = score_words(sets, "neighbors", 1).scores
    assert of_slices.shape == (2, 200)  # B and C, each with A
    assert of_slices[0].max() == 0
    assert set(np.argsort(-of_slices[1])[:2].tolist()) == {5, 9}
    scored = score_words(sets, "neighbors", 1, "groups")
    assert scored.scores[2] == pytest.approx(of_slices[1])  # C with A and with B, which are equal
    assert scored.scores[0] == pytest.approx(of_slices[1] / 2)  # A with B: 0, and with C
    # harmonic mean of 100, 200 and 300: 3 / (1/100 + 1/200 + 1/300)
    assert scored.evidence[0] == pytest.approx(163.636, abs=1e-3)
    direct = score_words(sets, "compass", 1).scores[1]  # no alignment: its own rotation shows
    turned = vectors @ np.linalg.qr(rng.normal(size=(8, 8)))[0]
    turned = [sets[0], Embeddings(names, turned, np.full(200, 300))]
    assert np.median(direct) == pytest.approx(0, abs=1e-6)
    assert np.median(score_words(turned, "compass", 1).scores) > 0.3
    assert np.median(score_words(turned, "procrustes", 1).scores) == pytest.approx(0, abs=1e-6)


def test_rows_of_a_table_become_slices(tmp_path):
    lines = [f'"one two\nthree word",{year}' for year in ("1990", "950", "2020") for _ in range(40)]
    (tmp_path / "t.csv").write_text("text,year\n" + "\n".join([*lines, "left out,"]) + "\n")
    config = PrepareConfig(text_column="text")
    names, text = load_slices([tmp_path / "t.csv"], tmp_path / "out", config, "year")
    assert names == ("950", "1990", "2020")
    assert text.ends == (40, 80, 120)  # a row is a document, whatever lines its text has
    assert set(text.unit_sizes.tolist()) == {4}
    assert "left" not in text.tokens
    parts = text.random_cut(np.random.default_rng(0))
    assert [part.sum() for part in parts] == [40, 40, 40]
    assert np.array_equal(sum(part.astype(int) for part in parts), np.ones(120))


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
    near_a, near_b = one["neighbors"]
    assert {name[:2] for name in near_a[:5]} == {"t0"}
    assert {name[:2] for name in near_b[:5]} == {"t1"}
    assert one["low"] <= one["score"] <= one["high"]
    assert 0 < one["p"] <= one["p_corrected"] <= 1
    assert [len(passages) for passages in one["passages"]] == [3, 3]
    passage = one["passages"][1][0]
    assert passage["tokens"][passage["marked"][0]] == "t0w0"
    assert "t1w3" in " ".join(" ".join(p["tokens"]) for p in one["passages"][1])
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
    assert [len(line.split("\t")) for line in out.splitlines()] == [9] * 120
    code, _, err = w2v(capsys, compared, "--words", "nothing")
    assert code == 1
    assert "'nothing' is not among the 120 tested words" in err
    (compared / "c.toml").write_text("[train]\nembedding-dim = 9\n")
    code, _, err = w2v(capsys, compared)
    assert code == 1
    assert "holds a comparison of other texts, or with other settings" in err


@pytest.mark.slow  # seven trainings
def test_a_compass_finds_them_and_trains_against_one_table(compared, capsys):
    (compared / "c.toml").write_text(
        "[train]\nembedding-dim = 8\nepochs = 15\nwindow-size = 5\nlearning-rate = 0.05\n"
        "subsample-threshold = 1.0\n"
    )
    code, out, _ = w2v(capsys, compared, "--method", "compass", "--json", "--top", "2")
    assert code == 0
    report = json.loads(out)
    assert {word["token"] for word in report["words"]} == {"t0w0", "t1w0"}
    assert 0 < report["detectable"] <= 1
    everything, part = (
        RunDirectory(compared / "out/compass" / name) for name in ("all", "cut-1-b")
    )
    rows = Embeddings.load(everything.root).rows(Embeddings.load(part.root).tokens)
    contexts = np.load(everything.context_vectors)[rows]
    assert np.load(part.context_vectors).tobytes() == contexts.tobytes()


@pytest.mark.slow  # nine trainings
def test_a_table_is_cut_by_a_column_and_each_slice_held_against_the_first(tmp_path, capsys, caplog):
    rng = np.random.default_rng(0)
    rows = [
        (text, year)
        for year, swap in (("1990", False), ("950", False), ("2020", True), ("", False))
        for text in sentences(rng, swap, 600 if year else 3)
    ]
    pd.DataFrame(rows, columns=["text", "year"]).to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "c.toml").write_text(
        "[prepare]\ntext-column = 'text'\n[train]\nembedding-dim = 8\nepochs = 12\n"
        "learning-rate = 0.05\nsubsample-threshold = 1.0\n"
    )
    with pytest.raises(SystemExit) as stop:
        main([
            "change", str(tmp_path / "t.csv"), "--slice-column", "year",
            "-o", str(tmp_path / "out"),
            "--cuts", "2", "--min-count", "10", "--config", str(tmp_path / "c.toml"), "--json",
        ])  # fmt: skip
    assert not stop.value.code
    assert "3 rows without a year are left out" in caplog.text
    out, _ = capsys.readouterr()
    report = json.loads(out)
    slices = [(part["name"], part["tokens"], part["units"]) for part in report["slices"]]
    assert slices == [(name, 7_200, 600) for name in ("950", "1990", "2020")]
    first = report["words"][0]
    assert first["token"] in ("t0w0", "t1w0")
    assert first["letter"] == "C"
    middle, last = first["curve"]
    assert middle["score"] < middle["limit"] < last["score"] == first["score"]
    assert middle["standardized"] < 4 < last["standardized"]
    assert [len(each) for each in (first["counts"], first["neighbors"], first["passages"])] == [
        3
    ] * 3
    table = pd.read_parquet(tmp_path / "out" / "words.parquet")
    assert {"count_a", "count_c", "score_b", "score_c"} <= set(table.columns)
    report = change(
        [tmp_path / "t.csv"], tmp_path / "out", cuts=2, min_count=10, order="groups",
        prepare_config=PrepareConfig(text_column="text"), slice_column="year",
        train_config=TrainConfig(
            embedding_dim=8, epochs=12, learning_rate=0.05, subsample_threshold=1.0
        ),
    )  # fmt: skip
    assert report.words[0].letter == "C"
    # of three pairs, those with C differ: the mean of its two is above those of A and B
    scores = [point.score for point in report.words[0].curve]
    assert scores[2] > max(scores[:2]) + 0.1


def test_values_of_a_column_are_ordered_as_numbers_or_as_texts():
    assert slice_values(["1990", "950", "1990", "2e3"]) == ["950", "1990", "2e3"]
    assert slice_values(["b", "10", "9", "a"]) == ["10", "9", "a", "b"]


def test_too_many_or_too_few_slices_are_refused(tmp_path):
    lines = "".join(f"word,{day}\n" for day in range(30))
    (tmp_path / "t.csv").write_text("text,day\n" + lines)
    config = PrepareConfig(text_column="text")
    with pytest.raises(W2VError, match="'day' has 30 different values, such as '0' and '1'"):
        load_slices([tmp_path / "t.csv"], tmp_path / "out", config, "day")
    with pytest.raises(W2VError, match="2 inputs are given"):
        load_slices([tmp_path / "t.csv", "b.csv"], tmp_path / "out", config, "day")
    with pytest.raises(W2VError, match="1 texts cannot be compared"):
        load_slices([tmp_path / "t.csv"], tmp_path / "out", config)


@pytest.mark.slow
def test_two_workers_train_the_same_with_a_share_of_the_threads_each(compared, monkeypatch):
    asked = []

    class Pool(trainings.ProcessPoolExecutor):
        def submit(self, job, root, settings):
            asked.append(settings["threads"])
            return super().submit(job, root, settings)

    monkeypatch.setattr(trainings, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(trainings, "available_threads", lambda: 4)
    texts = [compared / "a.txt", compared / "b.txt"]
    settings = TrainConfig(embedding_dim=8, epochs=2)
    found = []
    for workers in (1, 2):
        folder = compared / f"workers-{workers}"
        change(texts, folder, cuts=2, min_count=10, train_config=settings, workers=workers)
        runs = sorted(folder.glob("trainings/*/model/vectors.npy"))
        found.append([(path.parts[-3], path.read_bytes()) for path in runs])
    assert len(found[0]) == 6
    assert found[0] == found[1]
    assert asked == [2] * 6


def test_one_cut_is_too_few(tmp_path):
    with pytest.raises(W2VError, match="--cuts 2"):
        change(["a", "b"], tmp_path, cuts=1)
