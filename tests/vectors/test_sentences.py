"""Vectors of texts: tables of word vectors by hand and by other ways, tokens as in the run."""

import json
from pathlib import Path

import numpy as np
import pytest
from run_fixture import write_run

import w2vtrain
from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.sentences import pooled_vectors
from w2vtrain.vectors.text_search import TextIndex, read_texts, write_text_vectors


@pytest.fixture(scope="module")
def words() -> Embeddings:
    return Embeddings(["a", "b", "c"], np.float32([[2, 0], [0, 4], [1, 1]]), np.array([6, 3, 1]))


@pytest.fixture(scope="module")
def table() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    vectors = (rng.standard_normal((300, 6)) @ rng.standard_normal((6, 6)) + 2).astype("f4")
    return vectors, np.sort(rng.zipf(1.3, 300).clip(1, 10**6))[::-1]


def test_the_mean_of_the_words_that_are_known(words: Embeddings) -> None:
    found = words.embed(["A b, b!", "zzz c", "", "nothing here"], "mean")
    # (2 + 0 + 0) / 3, (0 + 4 + 4) / 3; `zzz` does not count
    np.testing.assert_allclose(found, [[2 / 3, 8 / 3], [1, 1], [0, 0], [0, 0]], rtol=1e-6)
    assert found.dtype == np.float32
    assert words.embed([], "mean").shape == (0, 2)


def test_sif_by_hand() -> None:
    # shares 0.999 and 0.001: weights 0.001 / 1 and 0.001 / 0.002, so the rows are (0.001, 0) and
    # (0, 0.5); second moments 0.999 * 0.001**2 = 1e-6 along x, 0.001 * 0.5**2 = 2.5e-4 along y:
    # y is the first component, and is taken out
    found = pooled_vectors(np.float32([[1, 0], [0, 1]]), np.array([999, 1]), "sif")
    np.testing.assert_allclose(found, [[0.001, 0], [0, 0]], atol=1e-9)


def test_sif_takes_out_the_first_component(table: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, counts = table
    shares = counts / counts.sum()
    weighted = vectors * (1e-3 / (1e-3 + shares))[:, np.newaxis]
    first = np.linalg.svd(weighted * np.sqrt(shares)[:, np.newaxis])[2][0]
    expected = weighted - np.outer(weighted @ first, first)
    np.testing.assert_allclose(pooled_vectors(vectors, counts, "sif"), expected, atol=1e-5)


def test_whitening_equals_the_svd_of_the_paper(table: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, counts = table
    shares = counts / counts.sum()
    centered = vectors - shares @ vectors
    _, sizes, directions = np.linalg.svd(
        centered * np.sqrt(shares)[:, np.newaxis], full_matrices=False
    )
    expected = centered @ directions.T / sizes
    found = pooled_vectors(vectors, counts, "zipfian-whitening")
    # equal but for a rotation, which no cosine sees
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(shares @ found, np.zeros(6), atol=1e-5)
    np.testing.assert_allclose(found.T @ (found * shares[:, None]), np.eye(6), atol=1e-4)


def test_whitening_of_vectors_in_a_plane() -> None:
    vectors = np.float32([[1, 2, 0], [3, 1, 0], [0, 5, 0], [2, 2, 0]])
    found = pooled_vectors(vectors, np.array([4, 3, 2, 1]), "zipfian-whitening")
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 10


def test_a_pooling_without_counts_is_refused() -> None:
    plain = Embeddings(["a", "b"], np.eye(2, dtype="f4"))
    with pytest.raises(W2VError, match=r"sif needs counts.*--pooling mean"):
        plain.embed(["a"])
    assert plain.embed(["a b"], "mean").tolist() == [[0.5, 0.5]]
    with pytest.raises(W2VError, match="Give \\[text\\]"):
        plain.embed("a b")
    with pytest.raises(W2VError, match="surrogate"):
        plain.embed(["\ud800"], "mean")


def test_a_text_has_the_same_vector_in_any_company(words: Embeddings) -> None:
    many = words.embed(["a b", "c"] * 1500)
    np.testing.assert_array_equal(many[2999], words.embed(["c"])[0])
    np.testing.assert_array_equal(many[0], words.embed(["a b"])[0])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that keeps capital letters and punctuation, with vectors written by hand."""
    root = tmp_path_factory.mktemp("sentences") / "run"
    text = root.parent / "text.txt"
    text.write_text("Paris paris Paris. café\n" * 3)
    w2vtrain.prepare([text], root, w2vtrain.PrepareConfig(standardize="none", min_count=1))
    vectors = np.float32([[1, 0], [0, 1], [1, 1], [2, 3]])
    return write_run(root, ["Paris", "paris", "Paris.", "café"], vectors, counts=[3, 3, 3, 3])


def test_texts_are_tokenized_as_the_run_was(run: Path) -> None:
    found = Embeddings.load(run).embed(["Paris Paris.", "paris", "PARIS", "café"], "mean")
    assert found.tolist() == [[1, 0.5], [0, 1], [0, 0], [2, 3]]


def test_rows_are_found_by_word_where_the_model_has_another_order(
    run: Path, tmp_path: Path
) -> None:
    import shutil

    shutil.copytree(run, tmp_path / "run")
    write_run(tmp_path / "run", ["café", "paris"], np.float32([[5, 5], [7, 7]]))
    found = Embeddings.load(tmp_path / "run").embed(["paris Paris café"], "mean")
    assert found.tolist() == [[6, 6]]


def test_a_run_without_its_corpus(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", ["a", "b"], np.eye(2))
    with pytest.raises(W2VError, match="w2v prepare"):
        Embeddings.load(run).embed(["a"])


TEXTS = ["a a a", "b", "nothing", "a b", "c"]


@pytest.mark.parametrize("approximate", [False, True])
def test_search(words: Embeddings, approximate: bool) -> None:
    index = TextIndex(words.text_encoder("mean"), TEXTS, approximate)
    assert len(index) == 4
    # `a b` is (1, 2): its cosine with `b` is 2 / sqrt 5, with `c` 3 / sqrt 10
    found = index.search("b a", k=3)
    assert [match.place for match in found] == [3, 4, 1]
    assert [match.text for match in found] == ["a b", "c", "b"]
    np.testing.assert_allclose(
        [match.cosine for match in found], [1, 3 / 10**0.5, 2 / 5**0.5], rtol=1e-5
    )
    with pytest.raises(W2VError, match="No word of the query 'zzz'"):
        index.search("zzz")
    with pytest.raises(W2VError, match="None of the 1 texts"):
        TextIndex(words.text_encoder("mean"), ["zzz"])


def test_lines_and_rows_keep_their_places(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("one\n\nthree\r\nfour")
    assert list(read_texts(tmp_path / "t.txt")) == ["one", "", "three", "four"]
    assert list(read_texts(tmp_path / "t.txt", whole_file=True)) == ["one\n\nthree\nfour"]
    (tmp_path / "t.csv").write_text('id,text\n1,"a\nb"\n2,\n3,c\n')
    assert list(read_texts(tmp_path / "t.csv", "text")) == ["a\nb", "", "c"]
    with pytest.raises(W2VError, match="--text-column with one of: 'id', 'text'"):
        list(read_texts(tmp_path / "t.csv"))
    with pytest.raises(W2VError, match="not a table"):
        list(read_texts(tmp_path / "t.txt", "text"))
    with pytest.raises(W2VError, match="its rows are texts"):
        list(read_texts(tmp_path / "t.csv", "text", whole_file=True))


def test_files_of_vectors(words: Embeddings, tmp_path: Path) -> None:
    import pyarrow.parquet

    encoder = words.text_encoder("mean")
    texts = ["a b", "zzz", "tab\there\\ c"]
    expected = words.embed(texts, "mean")
    assert write_text_vectors(encoder, texts, tmp_path / "v.npy") == (3, 1)
    np.testing.assert_array_equal(np.load(tmp_path / "v.npy"), expected)
    write_text_vectors(encoder, iter(texts), tmp_path / "v.parquet")
    rows = pyarrow.parquet.read_table(tmp_path / "v.parquet").to_pylist()
    assert rows == [
        {"text": text, "vector": vector}
        for text, vector in zip(texts, expected.tolist(), strict=True)
    ]
    write_text_vectors(encoder, texts, tmp_path / "v.tsv")
    assert (tmp_path / "v.tsv").read_text() == "a b\t1\t2\nzzz\t0\t0\ntab\\there\\\\ c\t1\t1\n"


def test_a_failure_leaves_the_old_file(words: Embeddings, tmp_path: Path) -> None:
    def broken() -> "object":
        yield "a"
        raise W2VError("The source broke off.")

    (tmp_path / "v.npy").write_text("precious")
    for texts, match in ((broken(), "broke off"), (iter([]), "no text")):
        with pytest.raises(W2VError, match=match):
            write_text_vectors(words.text_encoder("mean"), texts, tmp_path / "v.npy")
    with pytest.raises(W2VError, match=r"Name a file that ends in \.npy"):
        write_text_vectors(words.text_encoder("mean"), ["a"], tmp_path / "v.doc")
    assert [path.name for path in tmp_path.iterdir()] == ["v.npy"]
    assert (tmp_path / "v.npy").read_text() == "precious"


def test_more_texts_than_are_read_at_once(
    words: Embeddings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("w2vtrain.vectors.text_search.TEXTS_AT_ONCE", 2)
    names = ["1.txt", "2.txt", "3.txt"]
    write_text_vectors(words.text_encoder("mean"), ["a", "b", "c"], tmp_path / "v.tsv", names)
    assert (tmp_path / "v.tsv").read_text() == "1.txt\t2\t0\n2.txt\t0\t4\n3.txt\t1\t1\n"
    write_text_vectors(words.text_encoder("mean"), ["a", "b", "c"], tmp_path / "v.npy")
    assert np.load(tmp_path / "v.npy").tolist() == [[2, 0], [0, 4], [1, 1]]


STATIC_TOKENS = ["the", "whale's", "sea", "well", "known", "don't", "日本"]
STATIC_TEXTS = ["The well-known whale’s SEA!", "don't: the_sea 日本", "the the elsewhere"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run and its vectors as a static embedding, with the weights of SIF in them."""
    root = tmp_path_factory.mktemp("static") / "run"
    vectors = np.random.default_rng(2).standard_normal((7, 4)).astype("f4")
    write_run(root, STATIC_TOKENS, vectors, counts=[50, 9, 8, 7, 3, 2, 1])
    config = w2vtrain.ExportConfig(format="safetensors", pooling="sif")
    w2vtrain.export(root, config)
    return root


def ours(run: Path) -> np.ndarray:
    whole = Embeddings.load(run)
    return Embeddings(whole.tokens, whole.vectors, whole.counts).embed(STATIC_TEXTS, "sif")


def same_direction(found: np.ndarray, expected: np.ndarray) -> None:
    """Unknown words count as zeros elsewhere: the length differs, the direction does not."""
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(
            one / np.linalg.norm(one), two / np.linalg.norm(two), rtol=1e-4, atol=1e-5
        )


def test_an_exported_static_embedding_averages_to_our_vectors(exported: Path) -> None:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = exported / "export" / "safetensors"
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    rows = load_file(folder / "model.safetensors")["embeddings"]
    found = np.array([rows[tokenizer.encode(text).ids].mean(axis=0) for text in STATIC_TEXTS])
    same_direction(found, ours(exported))
    recorded = json.loads((folder / "manifest.json").read_text())["config"]
    assert recorded["pooling"] == "sif"


@pytest.mark.slow
def test_sentence_transformers_gives_our_vectors(exported: Path) -> None:
    library = pytest.importorskip("sentence_transformers")
    model = library.SentenceTransformer(str(exported / "export" / "safetensors"), device="cpu")
    same_direction(model.encode(STATIC_TEXTS), ours(exported))


def test_weights_and_equal_lengths_exclude_each_other() -> None:
    with pytest.raises(W2VError, match="--pooling sif and --normalize exclude each other"):
        w2vtrain.ExportConfig(pooling="sif", normalize=True)
    with pytest.raises(W2VError, match="--pooling is 'max'"):
        w2vtrain.ExportConfig(pooling="max")  # type: ignore[arg-type]
