import json

import numpy as np
import pytest

from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import atomic_stage
from w2vtrain.show.projector.bookmarks import write_bookmarks
from w2vtrain.show.projector.bundle import BundleSettings, make_bundle
from w2vtrain.show.projector.check import check
from w2vtrain.show.projector.columns import clusters, first_characters, user_columns
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.formats.projector import tensorboard_reads_bytes, write_bytes

ODD = ['"quoted"', "007", "1e5", "naïve", "\u3000", "", "tab\there", "$x$", "犬", "a\u3000b"]
NO_LAYOUT = BundleSettings(layouts=(), clusters=0)


@pytest.fixture
def run(tmp_path):
    """A trained run of 40 words, some of them odd."""
    tokens = (*ODD, *(f"w{i}" for i in range(30)))
    vectors = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    counts = np.arange(40, 0, -1)
    with atomic_stage(RunDirectory(tmp_path / "run").model, {}) as folder:
        Vocabulary(tokens, counts).save(folder / "vocabulary.tsv")
        np.save(folder / "vectors.npy", vectors)
    return tmp_path / "run"


def test_odd_tokens_pass_the_check_in_both_viewers(run, tmp_path):
    make_bundle(run, tmp_path / "b", BundleSettings(layouts=("pca",), clusters=3))
    report = check(tmp_path / "b")
    assert report.findings == ()
    assert {(s.viewer, s.points, s.dimensions, s.label) for s in report.shown} == {
        ("tensorboard", 40, 5, "token"),
        ("page", 40, 5, "token"),
    }


def test_bytes_and_rows_are_the_vectors(run, tmp_path):
    bundle = make_bundle(run, tmp_path / "b", BundleSettings(top=7, layouts=(), clusters=0))
    assert (bundle.rows, bundle.dim, bundle.rows_in_all) == (7, 5, 40)
    values = np.fromfile(tmp_path / "b/vectors.bytes", "<f4").reshape(7, 5)
    np.testing.assert_array_equal(values, Embeddings.load(run).vectors[:7])
    header, *rows = (tmp_path / "b/metadata.tsv").read_text().splitlines()
    assert header == "token\tcount\trank\tband\tfirst\tlog10_count"
    assert rows[1].split("\t")[:5] == ['"007"', "39", "2", "10-99", '"0"']
    config = json.loads((tmp_path / "b/projector_config.json").read_text())
    assert config["embeddings"][0]["tensorShape"] == [7, 5]
    assert "bookmarksPath" not in config["embeddings"][0]


def test_a_bundle_is_made_once_and_anew_when_it_is_stale(run, tmp_path):
    at = tmp_path / "b"
    assert not make_bundle(run, at, NO_LAYOUT).reused
    assert make_bundle(run, at, NO_LAYOUT).reused
    assert not make_bundle(run, at, BundleSettings(layouts=(), clusters=0, top=5)).reused
    assert make_bundle(run, at, NO_LAYOUT).rows == 40
    with atomic_stage(RunDirectory(run).model, {}) as folder:  # trained again
        Vocabulary(("a", "b"), np.array([2, 1])).save(folder / "vocabulary.tsv")
        np.save(folder / "vectors.npy", np.eye(2, dtype=np.float32))
    assert make_bundle(run, at, NO_LAYOUT).rows == 2


def test_views_open_a_tab_that_leaves_the_points_where_they_are(tmp_path):
    """The page's own t-SNE tab would start t-SNE anew."""
    places = np.array([[0, 0], [4, 2]], np.float32)
    write_bookmarks(tmp_path / "b.json", {"umap": places, "tsne": places, "pca": places}, 5)
    states = json.loads((tmp_path / "b.json").read_bytes())
    assert [state["selectedProjection"] for state in states] == ["umap", "custom", "custom"]
    # moved and scaled alike on both axes: the longer one goes from -1 to 1
    assert states[0]["projections"] == [
        {"umap-0": -1.0, "umap-1": -0.5},
        {"umap-0": 1.0, "umap-1": 0.5},
    ]
    assert states[1]["projections"][1] == {"linear-x": 1.0, "linear-y": 0.5}


def test_a_folder_with_something_else_is_left_alone(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("dear to me")
    with pytest.raises(W2VError, match="something other"):
        make_bundle(run, tmp_path / "mine", NO_LAYOUT)
    assert (tmp_path / "mine/thesis.txt").read_text() == "dear to me"


def test_a_vector_file_is_a_source_too(run, tmp_path):
    (tmp_path / "v.txt").write_text("2 2\nwhale 1 2\nship 3 4\n")
    assert make_bundle(tmp_path / "v.txt", tmp_path / "b", NO_LAYOUT).rows == 2
    with pytest.raises(W2VError, match="No such run or file"):
        make_bundle(tmp_path / "none.txt", tmp_path / "b", NO_LAYOUT)


def test_user_columns_are_joined_by_token(tmp_path):
    table = tmp_path / "words.csv"
    table.write_text('token,class,score\nwhale,"big, wet",3\nship,,x\nghost,air,\n')
    columns, found = user_columns(table, ["ship", "whale", "sea"])
    assert columns == {"class": ["none", "big, wet", "none"], "score": ["x", "3", "none"]}
    assert found == 2
    table.write_text("token,score\nwhale,3\n")
    assert user_columns(table, ["ship", "whale"])[0] == {"score": ["", "3"]}  # stays numeric


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("token\nwhale\n", "1 columns"),
        ("token,rank\nwhale,1\n", "column 'rank'"),
        ("token,a\nwhale\n", "row 2: 1 cells"),
        ("token,a\nwhale,1\nwhale,2\n", "is there twice"),
        ("token,a\nghost,1\n", "None of the 1 words"),
        ("", "0 columns"),
    ],
)
def test_user_tables_that_do_not_fit(tmp_path, text, message):
    (tmp_path / "words.csv").write_text(text)
    with pytest.raises(W2VError, match=message):
        user_columns(tmp_path / "words.csv", ["whale"])


def test_clusters_group_by_direction_and_are_named_by_frequent_words():
    directions = np.repeat(np.eye(3, dtype=np.float32), 20, axis=0)
    noise = np.random.default_rng(1).normal(scale=0.05, size=directions.shape)
    vectors = (directions + noise.astype(np.float32)) * 3
    names = clusters(Embeddings([f"w{i}" for i in range(60)], vectors), 3)
    assert len(set(names)) == 3
    assert [len(set(names[i : i + 20])) for i in (0, 20, 40)] == [1, 1, 1]
    assert all(word in [f"w{i}" for i in range(20)] for word in names[0].split())
    assert clusters(Embeddings([f"w{i}" for i in range(60)], vectors), 3) == names


def test_first_characters_fit_the_pages_colors():
    tokens = [chr(0x4E00 + i) for i in range(80)] + ["a"] * 5 + ["7up", ""]
    firsts = first_characters(tokens)
    assert len(set(firsts)) == 50
    assert firsts[80] == "a"
    assert first_characters(["7up", ""]) == ['"7"', "empty"]


@pytest.mark.parametrize("seed", range(3))
def test_tensorboard_reads_bytes_is_what_tensorboard_does(tmp_path, seed):
    """Against TensorBoard's own reader, on tensors whose first bytes are often text."""
    from tensorboard.plugins.projector import projector_plugin

    random = np.random.default_rng(seed)
    for _ in range(60):
        raw = random.choice([0, 10, 49, 65, 66, 128, 200], size=8).astype(np.uint8)
        values = raw.view("<f4").reshape(2, 1)
        write_bytes(tmp_path / "v.bytes", values)
        try:
            projector_plugin._read_tensor_tsv_file(str(tmp_path / "v.bytes"))
            falls_back = False
        except UnicodeDecodeError:
            falls_back = True
        except ValueError:
            falls_back = False
        assert tensorboard_reads_bytes(tmp_path / "v.bytes") == falls_back
