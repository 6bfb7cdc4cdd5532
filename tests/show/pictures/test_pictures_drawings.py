"""What is drawn, and that it is written: numbers by hand, files by their first bytes."""

import base64
import json
import re

import numpy as np
import pytest

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import atomic_stage
from w2vtrain.show.pictures import drawing, snapshots
from w2vtrain.show.pictures.curves import (
    Frequencies,
    History,
    draw_frequencies,
    draw_history,
    read_frequencies,
    read_history,
)
from w2vtrain.show.pictures.drawing import THEMES
from w2vtrain.show.pictures.map_page import map_page, write_map_page
from w2vtrain.show.pictures.relations import (
    clustered_cosines,
    draw_heat_map,
    draw_relation,
    relation,
)
from w2vtrain.show.pictures.word_map import draw_map, map_of
from w2vtrain.vectors.embeddings import Embeddings

PNG, SVG, GIF = b"\x89PNG\r\n", b"<?xml", b"GIF89a"
WORDS = ["whale", "ship", "sea", "$x$ $y$", "собака", "λόγος", "犬", "قطة", "<&>"]


@pytest.fixture
def embeddings():
    vectors = np.random.default_rng(0).normal(size=(len(WORDS), 4)).astype(np.float32)
    return Embeddings(WORDS, vectors, np.arange(len(WORDS), 0, -1))


@pytest.fixture
def run(tmp_path):
    """A run with a history, left-out words, and three snapshots."""
    names = RunDirectory(tmp_path / "run")
    vocabulary = Vocabulary(("", "[UNK]", "a", "b", "c"), np.array([0, 0, 60, 30, 10]))
    with atomic_stage(names.corpus, {"config": PrepareConfig().as_dict()}) as folder:
        vocabulary.save(folder / "vocabulary.tsv")
        Vocabulary(("x", "y"), np.array([1, 2])).save(folder / "left_out.tsv")
    with atomic_stage(names.model, {"config": {"subsample_threshold": 0.1}}) as folder:
        Vocabulary(("a", "b", "c"), np.array([60, 30, 10])).save(folder / "vocabulary.tsv")
        (folder / "snapshots").mkdir()
        for epoch in (0, 1, 5):
            table = np.random.default_rng(epoch).normal(size=(3, 4)).astype(np.float32)
            np.save(folder / f"snapshots/epoch-{epoch:04}.npy", table)
        np.save(folder / "vectors.npy", table)
        (folder / "history.csv").write_text(
            "epoch,step,loss,learning_rate,words_per_second,seconds,val_loss\n"
            "1,10,4,0.05,1000,1,\n1,20,3.5,0.04,1100,2,3.9\n2,30,3,0.02,1050,3,\n2,40,2,0,1000,4,3\n"
        )
    return names.root


def test_a_map_is_written_in_all_forms_and_every_chosen_word_is_labeled(embeddings, tmp_path):
    chart = map_of(embeddings, "pca", words=WORDS, highlight=["ship"])
    paths = [tmp_path / f"new/map.{form}" for form in ("png", "svg", "pdf")]
    assert draw_map(chart, paths, "Words $") == len(WORDS)
    assert paths[0].read_bytes().startswith(PNG)
    assert paths[1].read_bytes().startswith(SVG)
    assert paths[2].read_bytes().startswith(b"%PDF")
    again = [tmp_path / f"again.{form}" for form in ("png", "svg", "pdf")]
    draw_map(chart, again, "Words $")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]


def test_neighbors_share_a_group_and_highlighted_words_are_added(embeddings):
    chart = map_of(embeddings, "pca", neighbors_of=["sea"], k=2, highlight=["<&>"])
    near = [token for token, _ in embeddings.most_similar("sea", k=2)]
    assert chart.tokens[:3] == ("sea", *near)
    assert chart.groups == {"sea": frozenset({0, 1, 2})}
    assert {chart.tokens[row] for row in chart.highlighted} == {"sea", "<&>"}
    assert chart.ranks[0] == 2
    assert map_of(embeddings, "pca", top=4).tokens == tuple(WORDS[:4])


def test_a_map_needs_known_words_and_two_of_them(embeddings, tmp_path):
    with pytest.raises(W2VError, match="'kraken' is not in the vocabulary"):
        map_of(embeddings, "pca", words=["kraken"])
    with pytest.raises(W2VError, match="1 word"):
        map_of(embeddings, "pca", words=["sea"])
    with pytest.raises(W2VError, match=r"ends in '\.gif'"):
        draw_map(map_of(embeddings, "pca"), [tmp_path / "map.gif"])


def unpacked(text, kind):
    return np.frombuffer(base64.b64decode(text), kind)


def test_the_page_holds_each_words_neighbors_by_cosine(embeddings, tmp_path):
    chart = map_of(embeddings, "pca", clusters=3)
    data = json.loads(re.search(r'id="data">(.*?)</script>', map_page(chart, ""), re.S)[1])
    near = unpacked(data["near"], "<u4").reshape(len(WORDS), -1)
    cosines = unpacked(data["cosines"], "<i1").reshape(near.shape)
    assert near.shape[1] == 8
    for row, word in enumerate(WORDS):
        expected = embeddings.most_similar(word, k=8)
        assert [WORDS[other] for other in near[row]] == [token for token, _ in expected]
        np.testing.assert_allclose(cosines[row] / 100, [c for _, c in expected], atol=0.006)
    of = unpacked(data["clusters"]["of"], "<u1")
    assert of.tolist() == chart.clusters.of_rows.tolist()
    assert len(data["clusters"]["names"]) == len(data["clusters"]["at"]) == of.max() + 1


def test_words_are_sized_by_their_frequency_on_a_log_scale():
    vectors = np.eye(3, dtype=np.float32)
    chart = map_of(Embeddings(["a", "b", "c"], vectors, np.array([1000, 100, 10])), "pca")
    np.testing.assert_allclose(chart.weights(), [1, 0.5, 0])
    chart = map_of(Embeddings(["a", "b", "c"], vectors), "pca")  # without counts: by rank
    # ranks 0, 1, 2: (log 4 - log 3) / (log 4 - log 2) for the second
    np.testing.assert_allclose(chart.weights(), [1, np.log(4 / 3) / np.log(2), 0])


def test_a_theme_colors_the_whole_picture(embeddings, tmp_path):
    from PIL import Image

    chart = map_of(embeddings, "pca", clusters=3)
    for name, corner in (("light", (255, 255, 255)), ("dark", (22, 24, 29))):
        draw_map(chart, [tmp_path / f"{name}.png"], "Words", THEMES[name])
        with Image.open(tmp_path / f"{name}.png") as picture:
            pixels = np.asarray(picture.convert("RGB"))
        assert tuple(pixels[0, 0]) == corner
        for color in THEMES[name].clusters[:3]:  # the clusters' names
            assert (pixels == list(bytes.fromhex(color[1:]))).all(axis=2).any()


def test_the_page_holds_the_words_and_no_address(embeddings, tmp_path):
    write_map_page(map_of(embeddings, "pca"), tmp_path / "map.html", "</title>{{data}}")
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])
    assert data["words"] == WORDS
    assert unpacked(data["counts"], "<f8").tolist() == list(range(len(WORDS), 0, -1))
    assert np.abs(unpacked(data["places"], "<f4")).max() == pytest.approx(1)
    assert "https:" not in page
    assert "http:" not in page
    assert page.count("</title>") == 1


def test_every_script_has_a_font_or_is_named():
    family, missing = drawing.font_families(["whale", "собака", "λόγος"])
    assert family == ["DejaVu Sans"]
    assert missing == ""
    _, missing = drawing.font_families(["a\n\u200b\U0010fffd"])
    assert missing == "\U0010fffd"  # private use: no font shows it
    assert "drawn as boxes" in drawing.missing_letters_message(missing)


def test_arabic_is_joined_and_turned_and_other_scripts_are_left():
    assert drawing.shape_bidi("whale") == "whale"
    # qaf, tta, teh marbuta: initial, medial, final form, the last letter first
    assert drawing.shape_bidi("قطة") == "\ufe94\ufec4\ufed7"


def test_frequencies(run, tmp_path):
    counts = read_frequencies(run)
    assert counts.kept.tolist() == [60, 30, 10]
    assert counts.left_out.tolist() == [2, 1]
    assert counts.threshold == 0.1
    # f = 0.6, 0.3, 0.1; keep = sqrt(0.1 / f) + 0.1 / f = 0.575, 0.911, 1
    expected = [60 * (6**-0.5 + 1 / 6), 30 * (3**-0.5 + 1 / 3), 10]
    np.testing.assert_allclose(counts.after_subsampling, expected, rtol=1e-5)
    draw_frequencies(counts, [tmp_path / "f.png"], "a $ title")
    draw_frequencies(Frequencies(counts.kept, counts.left_out[:0], 0), [tmp_path / "g.svg"])
    assert (tmp_path / "f.png").read_bytes().startswith(PNG)


def test_history_of_one_run_and_of_two(run, tmp_path):
    history = read_history(run)
    assert history.epoch_ends.tolist() == [20]
    assert history.epochs_done.tolist() == [0.5, 1, 1.5, 2]
    assert np.isnan(history.columns["val_loss"]).tolist() == [True, False, True, False]
    later = History("goes on", {"epoch": np.array([3.0, 3, 4]), "step": np.array([5.0, 10, 20])})
    assert later.epochs_done.tolist() == [2.5, 3, 4]  # of a training that goes on after epoch 2
    draw_history([history], [tmp_path / "one.png"])
    draw_history([history, history], [tmp_path / "two.svg"], by_epochs=True)
    assert (tmp_path / "two.svg").read_bytes().startswith(SVG)
    with pytest.raises(W2VError, match="holds no model"):
        read_history(tmp_path)


def test_a_heat_map_puts_like_words_together(tmp_path):
    vectors = np.array([[1, 0], [0, 1], [1, 0.1], [0.1, 1]], np.float32)
    embeddings = Embeddings(["a", "x", "b", "y"], vectors)
    order, cosines, _ = clustered_cosines(embeddings, ["a", "x", "b", "y", "a"])
    assert {frozenset(order[:2]), frozenset(order[2:])} == {frozenset("ab"), frozenset("xy")}
    # cosine of (1, 0) and (1, 0.1): 1 / sqrt(1.01)
    assert cosines[order.index("a"), order.index("b")] == pytest.approx(1.01**-0.5)
    assert draw_heat_map(embeddings, ["a", "x", "b"], [tmp_path / "h.png"])[1] in "abx"
    with pytest.raises(W2VError, match="one word"):
        clustered_cosines(embeddings, ["a", "a"])


def test_a_relations_first_axis_is_the_mean_offset(tmp_path):
    # unit vectors: each pair goes from (.., -s) to (.., +s) along the last coordinate
    def unit(*numbers):
        return np.array(numbers) / np.linalg.norm(numbers)

    rows = [unit(1, 0, -1), unit(1, 0, 1), unit(0, 1, -1), unit(0, 1, 1)]
    embeddings = Embeddings(["man", "woman", "king", "queen"], np.array(rows, np.float32))
    found = relation(embeddings, [("man", "woman"), ("king", "queen")])
    np.testing.assert_allclose(found.starts[:, 0], -(0.5**0.5), atol=1e-6)
    np.testing.assert_allclose(found.ends[:, 0], 0.5**0.5, atol=1e-6)
    np.testing.assert_allclose(found.starts[:, 1], found.ends[:, 1], atol=1e-6)
    np.testing.assert_allclose(found.agreement, 1, atol=1e-6)
    draw_relation(found, [tmp_path / "r.png"], "gender")
    assert (tmp_path / "r.png").read_bytes().startswith(PNG)
    with pytest.raises(W2VError, match="cancel out"):
        relation(embeddings, [("man", "woman"), ("woman", "man")])


def test_snapshots_share_one_plane_and_move(run, tmp_path):
    kept = snapshots.read_snapshots(run)
    assert kept.epochs == (0, 1, 5)
    places = snapshots.places_over_time(kept, [0, 1, 2], "pca", 1, lambda *_: None)
    last = kept.tables[-1] / np.linalg.norm(kept.tables[-1], axis=1, keepdims=True)
    np.testing.assert_allclose(places[-1].mean(axis=0), 0, atol=1e-6)
    # the plane of three points holds them all: distances stay
    np.testing.assert_allclose(
        np.linalg.norm(places[-1][0] - places[-1][1]), np.linalg.norm(last[0] - last[1]), rtol=1e-5
    )
    chart = map_of(Embeddings.load(run), "pca", highlight=["b"])
    snapshots.draw_side_by_side(chart, places, kept.epochs, [tmp_path / "s.png"])
    assert (tmp_path / "s.png").read_bytes().startswith(PNG)
    snapshots.draw_animation(chart, places, kept.epochs, tmp_path / "s.gif", lambda *_: None)
    from PIL import Image

    with Image.open(tmp_path / "s.gif") as moving:
        assert moving.n_frames > len(kept.epochs)
    with pytest.raises(W2VError, match=r"ends in '\.png'"):
        snapshots.draw_animation(chart, places, kept.epochs, tmp_path / "s.png", lambda *_: None)


def test_one_far_word_does_not_make_the_others_small():
    points = np.column_stack([np.arange(21.0), np.arange(21.0)])
    np.testing.assert_array_equal(snapshots._reach(points), [[0, 0], [20, 20]])
    points[20, 0] = 1000  # of 21 numbers 0.05 and 0.95 are the second and the last but one: 1, 19
    np.testing.assert_array_equal(snapshots._reach(points), [[0, 0], [19 + (19 - 1) / 2, 20]])


def test_a_run_without_snapshots_says_how_to_get_them(run):
    with atomic_stage(RunDirectory(run).model, {}) as folder:
        (folder / "empty").touch()
    with pytest.raises(W2VError, match="0 snapshots") as error:
        snapshots.read_snapshots(run)
    assert "--snapshots" in error.value.hint
