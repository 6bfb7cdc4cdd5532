"""A run's vectors on their way out: which rows, which table, which files, and nothing half done."""

import json
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from run_fixture import write_run

from w2vtrain.config import ExportConfig
from w2vtrain.errors import W2VError
from w2vtrain.vectors.export import export

TOKENS = ["the", "naïve", "007", "日本"]
VECTORS = np.float32([[1, 2], [0.1, -3e-8], [3, 4], [0, 5e20]])
CONTEXT = np.float32([[3, 0], [1, 1], [1, 2], [0, 1]])


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", TOKENS, VECTORS, CONTEXT, [900, 90, 9, 1])


@pytest.mark.parametrize("format", ["word2vec-text", "word2vec-binary"])
def test_gensim_reads_both_word2vec_forms_back(run: Path, format: str) -> None:
    result = export(run, ExportConfig(format=format))  # type: ignore[arg-type]
    binary = format == "word2vec-binary"
    back = KeyedVectors.load_word2vec_format(str(result.files[0]), binary=binary)
    assert back.index_to_key == TOKENS
    np.testing.assert_array_equal(back.vectors, VECTORS)
    assert result.folder == run / "export" / format
    assert (result.rows, result.dim) == (4, 2)


def test_npy(run: Path) -> None:
    result = export(run, ExportConfig(format="npy"))
    np.testing.assert_array_equal(np.load(result.files[0]), VECTORS)
    assert result.files[1].read_text() == "the\t900\nnaïve\t90\n007\t9\n日本\t1\n"


def test_projector_files_and_manifest(run: Path) -> None:
    result = export(run)
    assert sorted(path.name for path in result.folder.iterdir()) == [
        "manifest.json",
        "metadata.tsv",
        "projector_config.json",
        "projector_config.pbtxt",
        "vectors.tsv",
    ]
    manifest = json.loads((result.folder / "manifest.json").read_text())
    assert manifest["config"]["format"] == "projector"
    assert set(manifest["files"]) == {path.name for path in result.files}


def test_top_keeps_the_most_frequent(run: Path) -> None:
    result = export(run, ExportConfig(format="npy", top=2))
    np.testing.assert_array_equal(np.load(result.files[0]), VECTORS[:2])
    assert result.rows == 2


@pytest.mark.parametrize(
    ("table", "expected"),
    [("target", VECTORS), ("context", CONTEXT), ("mean", (VECTORS + CONTEXT) / 2)],
)
def test_tables(run: Path, table: str, expected: np.ndarray) -> None:
    result = export(run, ExportConfig(format="npy", vectors=table))  # type: ignore[arg-type]
    np.testing.assert_array_equal(np.load(result.files[0]), expected)


def test_normalize(run: Path) -> None:
    result = export(run, ExportConfig(format="npy", normalize=True))
    # [3, 4] has length 5
    np.testing.assert_allclose(np.load(result.files[0])[2], [0.6, 0.8], rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(np.load(result.files[0]), axis=1), 1, rtol=1e-6)


def test_a_token_that_does_not_fit_leaves_what_was_there(tmp_path: Path) -> None:
    good = write_run(tmp_path / "run", ["new_york"], np.float32([[1, 2]]))
    before = export(good, ExportConfig(format="word2vec-text")).files[0].read_bytes()
    write_run(tmp_path / "run", ["new york"], np.float32([[1, 2]]))
    with pytest.raises(W2VError, match="cannot carry the token 'new york'") as caught:
        export(good, ExportConfig(format="word2vec-text"))
    assert "npy" in caught.value.hint
    assert (good / "export/word2vec-text/vectors.txt").read_bytes() == before
    assert sorted(p.name for p in (good / "export").iterdir()) == ["word2vec-text"]


def test_output_folder_is_not_emptied_of_other_files(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(W2VError, match="holds other files"):
        export(run, output=tmp_path / "mine")
    export(run, output=tmp_path / "other")
    export(run, output=tmp_path / "other")  # its own files are replaced
    assert (tmp_path / "other" / "vectors.tsv").is_file()


def test_export_before_train(tmp_path: Path) -> None:
    with pytest.raises(W2VError, match="w2v train"):
        export(tmp_path)


def test_tables_that_differ(tmp_path: Path) -> None:
    run = write_run(tmp_path, ["a"], np.ones((1, 2)), np.ones((1, 3)))
    with pytest.raises(W2VError, match="tables differ"):
        export(run, ExportConfig(vectors="mean"))
