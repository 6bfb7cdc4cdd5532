import json

import numpy as np
import pytest

from w2vtrain.errors import W2VError
from w2vtrain.show.projector.bookmarks import write_bookmarks
from w2vtrain.show.projector.check import check

VECTORS = "1\t2\n3\t4\n5\t6\n"


@pytest.fixture
def bundle(tmp_path):
    """Writes the two TSVs, and a config for each viewer where it is asked for."""

    def write(metadata="a\nb\nc\n", vectors=VECTORS, config=None, shape=(3, 2), **more):
        (tmp_path / "vectors.tsv").write_bytes(_bytes(vectors))
        (tmp_path / "metadata.tsv").write_bytes(_bytes(metadata))
        entry = {
            "tensorName": "words",
            "tensorShape": list(shape),
            "tensorPath": "vectors.tsv",
            "metadataPath": "metadata.tsv",
            **more,
        }
        if config == "page":
            text = json.dumps({"embeddings": [entry]})
            (tmp_path / "projector_config.json").write_text(text)
        if config == "tensorboard":
            lines = [
                f'tensor_name: "{entry["tensorName"]}"',
                *(f"tensor_shape: {n}" for n in shape),
                f'tensor_path: "{entry["tensorPath"]}"',
                f'metadata_path: "{entry["metadataPath"]}"',
            ]
            text = "embeddings {" + "\n".join(lines) + "}"
            (tmp_path / "projector_config.pbtxt").write_text(text)
        return tmp_path

    return write


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def found(folder):
    return [(f.kind, f.file, f.line) for f in check(folder).faults]


def test_a_good_bundle_has_no_findings_and_says_what_is_shown(bundle):
    report = check(bundle())
    assert report.faults == ()
    assert [f.kind for f in report.findings] == ["limit"]  # of two dimensions
    (shown,) = report.shown
    assert (shown.viewer, shown.points, shown.dimensions, shown.label) == ("page", 3, 2, "label")


META = "metadata.tsv"


@pytest.mark.parametrize(
    ("metadata", "findings"),
    [
        ("a\n\nb\nc\n", [("dropped", META, 2)]),
        ("a\n\u3000\nc\n", [("dropped", META, 2), ("shifted", META, None)]),
        ("label\na\nb\nc\n", [("refused", META, 1)]),
        ("a\t1\nb\t2\nc\t3\n", [("refused", META, 1)]),
        ("a\nb\n", [("shifted", META, None)]),
        ("a\n007\nc\n", [("coerced", META, 2)]),
        ("a\n7\nc\n", []),
        ("w\tn\na\t1.50\nb\t2\nc\t3\n", []),
        ("w\tn\na\t0x10\nb\t2\nc\t3\n", [("coerced", META, 2)]),
        ("w\tn\na\t\u3000\nb\t2\nc\t3\n", [("coerced", META, 2)]),
        ("n\tw\n1\ta\n2\tb\n3\tc\n", [("mangled", META, None)]),
        ("w\tn\na\nb\t2\nc\t3\n", [("mangled", META, 2)]),
        ("w\tn\na\t1\t9\nb\t2\nc\t3\n", [("dropped", META, 2)]),
        ("w\tn\n\t1\nb\t2\nc\t3\n", [("mangled", META, 2)]),
        ("w\tw\na\tx\nb\ty\nc\tz\n", [("dropped", META, 1)]),
        ("w\t__seq_next__\na\t1\nb\t2\nc\t3\n", [("mangled", META, 1)]),
        ("w\t__proto__\na\tx\nb\ty\nc\tz\n", [("dropped", META, 1)]),
        ("a\r\nb\r\nc\r\n", [("mangled", META, 1)]),
        (b"a\nb\xff\nc\n", [("mangled", META, 2)]),
        ("a", [("refused", META, None)]),
    ],
)
def test_each_rule_of_the_metadata(bundle, metadata, findings):
    assert found(bundle(metadata)) == findings


def test_a_character_on_a_chunks_edge_is_named(bundle):
    # the first line takes 999,999 bytes with its line end: é lies on both sides of 1,000,000
    folder = bundle("a" * 999_998 + "\né\nc\n")
    assert found(folder) == [("mangled", META, 2)]


@pytest.mark.parametrize(
    ("vectors", "findings"),
    [
        ("1\t2\n3\t4\n5\n", [("refused", "vectors.tsv", None)]),
        ("1\n2\n3\n", [("refused", "vectors.tsv", None)]),
        ("a\t1\t2\nb\t3\t4\nc\t5\t6\n", [("dropped", "vectors.tsv", None)]),
        ("1\t2\n\n3\tx\n5\t6\n", [("mangled", "vectors.tsv", 3)]),
    ],
)
def test_each_rule_of_the_tensor(bundle, vectors, findings):
    assert found(bundle(vectors=vectors)) == findings


def test_tensorboards_server_refuses_what_the_page_alone_takes(bundle):
    folder = bundle(vectors="a\t1\t2\nb\t3\t4\nc\t5\t6\n", config="tensorboard")
    assert found(folder) == [("refused", "vectors.tsv", None)]


def test_bytes_for_both_viewers(bundle, tmp_path):
    np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], "<f4").tofile(tmp_path / "v.bytes")
    for config in ("page", "tensorboard"):
        report = check(bundle(config=config, tensorPath="v.bytes"))
        assert report.faults == ()
        assert (report.shown[-1].points, report.shown[-1].dimensions) == (3, 2)


def test_bytes_that_are_text_fail_in_tensorboard_only(bundle, tmp_path):
    np.full((3, 2), 2.0, "<f4").tofile(tmp_path / "v.bytes")  # 00 00 00 40 is UTF-8
    assert found(bundle(config="page", tensorPath="v.bytes")) == []
    (tmp_path / "projector_config.json").unlink()
    folder = bundle(config="tensorboard", tensorPath="v.bytes")
    assert found(folder) == [("refused", "v.bytes", None)]


def test_bytes_that_do_not_fit_their_shape(bundle, tmp_path):
    np.zeros(7, "<f4").tofile(tmp_path / "v.bytes")
    assert found(bundle(config="page", tensorPath="v.bytes")) == [("refused", "v.bytes", None)]
    np.zeros(8, "<f4").tofile(tmp_path / "v.bytes")
    kinds = [f[:2] for f in found(bundle(config="page", tensorPath="v.bytes"))]
    assert kinds == [("shifted", "v.bytes"), ("shifted", META)]


def test_configs(bundle, tmp_path):
    folder = bundle(config="page", tensorName="a&b", tensorPath="none.tsv")
    messages = [finding.message for finding in check(folder).findings]
    assert "goes into an address" in messages[0]
    assert "none.tsv, which is no file" in messages[1]


def test_tensorboard_reads_nothing_outside_the_folder(bundle, tmp_path):
    outside = tmp_path.parent / "outside.tsv"
    outside.write_text(VECTORS)
    folder = bundle(config="tensorboard", tensorPath="../outside.tsv")
    (finding,) = check(folder).findings
    assert "outside the config's folder" in finding.message


def test_the_first_hundred_thousand_rows_are_sent(bundle):
    many = 100_002
    folder = bundle("x\n" * many, "1\t2\n" * many, config="tensorboard", shape=(many, 2))
    report = check(folder)
    assert report.shown[0].points == 100_000
    assert [(f.kind, f.line) for f in report.faults] == [("dropped", 100_001)]
    assert [f.kind for f in report.findings].count("limit") == 4


def test_bookmarks(bundle, tmp_path):
    places = np.array([[0, 0], [1, 1], [0, 1]], np.float32)
    path = tmp_path / "bookmarks.json"
    write_bookmarks(path, {"umap": places, "tsne": places, "pca": places}, 2, "label")
    folder = bundle(config="page", bookmarksPath="bookmarks.json")
    assert found(folder) == []
    states = json.loads(path.read_bytes())
    states[0]["projections"].pop()
    states[1]["projections"].append({})
    states[2]["selectedProjection"] = "tsne"
    states.append({"label": "empty"})
    path.write_text(json.dumps(states))
    kinds = [f.kind for f in check(folder).faults]
    assert kinds == ["dropped", "refused", "dropped", "dropped", "mangled", "refused"]


def test_nothing_to_check(tmp_path):
    with pytest.raises(W2VError, match="holds neither"):
        check(tmp_path)
    (tmp_path / "projector_config.json").write_text("{")
    with pytest.raises(W2VError, match="no Projector config"):
        check(tmp_path)
