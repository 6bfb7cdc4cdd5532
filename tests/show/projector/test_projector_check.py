import json

import numpy as np
import pytest

from w2vtrain.errors import W2VError
from w2vtrain.show.projector.check import check

VECTORS = "1\t2\t0\n3\t4\t0\n5\t6\t0\n"
META = "metadata.tsv"


@pytest.fixture
def bundle(tmp_path):
    """Writes the two TSVs, and a config for a viewer where one is asked for."""

    def write(metadata="a\nb\nc\n", vectors=VECTORS, config=None, shape=(3, 3), **more):
        for name, text in (("vectors.tsv", vectors), (META, metadata)):
            (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        entry = {
            "tensorName": "words",
            "tensorShape": list(shape),
            "tensorPath": "vectors.tsv",
            "metadataPath": META,
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


def found(folder):
    return [(f.kind, f.file, f.line) for f in check(folder).findings]


def test_a_good_bundle_has_no_findings_and_says_what_is_shown(bundle):
    report = check(bundle())
    assert report.findings == ()
    (shown,) = report.shown
    assert (shown.viewer, shown.points, shown.dimensions, shown.label) == ("page", 3, 3, "label")


@pytest.mark.parametrize(
    ("metadata", "findings"),
    [
        ("a\n\nb\nc\n", [("dropped", META, 2)]),
        ("a\n\u3000\nc\n", [("dropped", META, 2), ("shifted", META, None)]),
        ("label\na\nb\nc\n", [("refused", META, 1)]),  # one column, with a header
        ("a\t1\nb\t2\nc\t3\n", [("refused", META, 1)]),  # two columns, without one
        ("a\nb\n", [("shifted", META, None)]),
        ("a\n007\nc\n", [("coerced", META, 2)]),
        ("a\n1e5\n0x1F\n", [("coerced", META, 2), ("coerced", META, 3)]),
        ("a\n7\n-2.5\n", []),  # these are shown as they are written
        ("w\tn\na\t1.50\nb\t2\nc\t\n", []),  # the same number, and no number at all
        ("w\tn\na\t0x10\nb\t2\nc\t3\n", [("coerced", META, 2)]),
        ("n\tw\n1\ta\n2\tb\n3\tc\n", [("mangled", META, None)]),  # the label is not the first
        ("w\tn\na\nb\t2\nc\t3\n", [("mangled", META, 2)]),
        ("w\tn\na\t1\t9\nb\t2\nc\t3\n", [("dropped", META, 2)]),
        ("w\tn\n\t1\nb\t2\nc\t3\n", [("mangled", META, 2)]),
        (b"a\nb\xff\nc\n", [("refused", META, 2)]),
        ("a\nb\nc", [("refused", META, None)]),  # no line feed at the end
    ],
)
def test_each_rule_of_the_metadata(bundle, metadata, findings):
    assert found(bundle(metadata)) == findings


@pytest.mark.parametrize(
    ("vectors", "findings"),
    [
        ("1\t2\t3\n3\t4\t5\n5\n", [("refused", "vectors.tsv", None)]),
        ("1\n2\n3\n", [("refused", "vectors.tsv", None)]),
        ("a\t1\t2\nb\t3\t4\nc\t5\t6\n", [("refused", "vectors.tsv", None)]),
        ("1\t2\t3\n\n3\tnan\t0\n5\t6\t-inf\n", [("mangled", "vectors.tsv", n) for n in (3, 4)]),
        ("1\t2\n3\t4\n5\t6\n", [("limit", "vectors.tsv", None)]),  # PCA wants three
        ("\n", [("refused", "vectors.tsv", None)]),
    ],
)
def test_each_rule_of_the_tensor(bundle, vectors, findings):
    assert found(bundle(vectors=vectors)) == findings


def test_bytes_for_both_viewers(bundle, tmp_path):
    np.linspace(0.1, 0.9, 9, dtype="<f4").tofile(tmp_path / "v.bytes")
    for config in ("page", "tensorboard"):
        report = check(bundle(config=config, tensorPath="v.bytes"))
        assert report.findings == ()
        assert (report.shown[-1].points, report.shown[-1].dimensions) == (3, 3)


def test_bytes_that_are_text_fail_in_tensorboard_only(bundle, tmp_path):
    np.full((3, 3), 2.0, "<f4").tofile(tmp_path / "v.bytes")  # 00 00 00 40 is UTF-8
    assert found(bundle(config="page", tensorPath="v.bytes")) == []
    (tmp_path / "projector_config.json").unlink()
    folder = bundle(config="tensorboard", tensorPath="v.bytes")
    assert found(folder) == [("refused", "v.bytes", None)]


def test_bytes_must_fit_their_shape_and_shape_must_be_known(bundle, tmp_path):
    np.zeros(8, "<f4").tofile(tmp_path / "v.bytes")
    assert found(bundle(config="page", tensorPath="v.bytes")) == [("refused", "v.bytes", None)]
    folder = bundle(config="page", tensorPath="v.bytes", tensorShape=None)
    assert found(folder) == [("refused", "v.bytes", None)]


def test_files_that_a_config_names_must_be_there_and_for_tensorboard_in_its_folder(bundle):
    (finding,) = check(bundle(config="page", tensorPath="none.tsv")).findings
    assert "none.tsv, which is no file" in finding.message
    folder = bundle(config="page")
    (folder / "projector_config.json").unlink()
    (folder.parent / "outside.tsv").write_text(VECTORS)
    (finding,) = check(bundle(config="tensorboard", tensorPath="../outside.tsv")).findings
    assert "outside the config's folder" in finding.message


def test_rows_beyond_the_viewers_limits_are_named(bundle):
    many = 100_002
    folder = bundle("x\n" * many, "1\t2\t3\n" * many, config="tensorboard", shape=(many, 3))
    report = check(folder)
    assert report.shown[0].points == 100_000
    assert [(f.kind, f.line) for f in report.faults] == [("dropped", 100_001)]
    assert [f.kind for f in report.findings].count("limit") == 3  # t-SNE, UMAP, PCA


def test_nothing_to_check(tmp_path):
    with pytest.raises(W2VError, match="holds neither"):
        check(tmp_path)
    (tmp_path / "projector_config.json").write_text("{")
    with pytest.raises(W2VError, match="no Projector config"):
        check(tmp_path)
