"""The exact bytes of each format, and files as other programs write them."""

import gzip
import json
import os
import struct
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from gensim.models import FastText, KeyedVectors
from gensim.models.fasttext import save_facebook_model

from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings

VECTORS = np.float32([[1, -2.5], [0.1, 3e-8]])
TABLE = Embeddings(["the", "日本"], VECTORS, np.array([7, 3]))
BINARY = [struct.pack("<2f", 1, -2.5), struct.pack("<2f", 0.1, 3e-8)]


def saved(path: Path, format: str) -> bytes:
    TABLE.save(path, format)
    return path.read_bytes()


def same(found: Embeddings) -> None:
    assert found.tokens == TABLE.tokens
    np.testing.assert_array_equal(found.vectors, VECTORS)


def test_word2vec_text(tmp_path: Path) -> None:
    assert saved(tmp_path / "v.txt", "word2vec-text").decode() == "2 2\nthe 1 -2.5\n日本 0.1 3e-8\n"


def test_word2vec_text_as_the_c_program_writes_it(tmp_path: Path) -> None:
    (tmp_path / "v").write_text("2 2\n</s> 1.000000 -2.500000 \nthe 0.100000 0.000000 \n")
    found = Embeddings.load(tmp_path / "v")
    assert found.tokens == ("</s>", "the")
    np.testing.assert_array_equal(found.vectors, np.float32([[1, -2.5], [0.1, 0]]))


def test_windows_line_ends_byte_order_mark_and_no_last_end(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes("\ufeff2 2\r\nthe 1 -2.5\r\n日本 0.1 3e-8".encode())
    same(Embeddings.load(tmp_path / "v"))


def test_fasttext_vec(tmp_path: Path) -> None:
    assert saved(tmp_path / "v.vec", "fasttext-vec").decode() == (
        "2 2\nthe 1 -2.5 \n日本 0.1 3e-8 \n"
    )


def test_glove(tmp_path: Path) -> None:
    assert saved(tmp_path / "v", "glove").decode() == "the 1 -2.5\n日本 0.1 3e-8\n"


def test_glove_with_spaces_in_tokens(tmp_path: Path) -> None:
    (tmp_path / "v").write_text(". . . 1 2\nat name@domain.com 3 4\nplain 5 6\n2 000 7 8\n")
    found = Embeddings.load(tmp_path / "v")
    assert found.tokens == (". . .", "at name@domain.com", "plain", "2 000")
    assert found.vectors[3].tolist() == [7, 8]


def test_a_first_token_that_ends_in_a_number_does_not_tell_the_dimension(tmp_path: Path) -> None:
    (tmp_path / "v").write_text("route 66 1 2\nplain 5 6\n")
    found = Embeddings.load(tmp_path / "v")
    assert found.tokens == ("route 66", "plain")
    assert found.vectors.tolist() == [[1, 2], [5, 6]]


def test_word2vec_binary_both_row_ends(tmp_path: Path) -> None:
    gensims = b"2 2\nthe " + BINARY[0] + "日本 ".encode() + BINARY[1]
    assert saved(tmp_path / "v.bin", "word2vec-binary") == gensims
    the_c_programs = b"2 2\nthe " + BINARY[0] + "\n日本 ".encode() + BINARY[1] + b"\n"
    (tmp_path / "c.bin").write_bytes(the_c_programs)
    same(Embeddings.load(tmp_path / "c.bin"))


def test_binary_whose_numbers_hold_newlines_and_spaces(tmp_path: Path) -> None:
    numbers = b"\n\n\n\n    " * 2
    (tmp_path / "v").write_bytes(b"2 4\na " + numbers + b"b " + numbers)
    found = Embeddings.load(tmp_path / "v")
    assert found.tokens == ("a", "b")
    assert found.vectors.astype("<f4").tobytes() == numbers * 2


def test_npy_folder(tmp_path: Path) -> None:
    TABLE.save(tmp_path / "v", "npy")
    np.testing.assert_array_equal(np.load(tmp_path / "v" / "vectors.npy"), VECTORS)
    assert (tmp_path / "v" / "vocabulary.tsv").read_text() == "the\t7\n日本\t3\n"
    same(Embeddings.load(tmp_path / "v" / "vectors.npy"))


def test_npz_is_numpys(tmp_path: Path) -> None:
    TABLE.save(tmp_path / "v.npz")
    arrays = np.load(tmp_path / "v.npz")
    assert {name: arrays[name].tolist() for name in ("tokens", "counts")} == {
        "tokens": ["the", "日本"],
        "counts": [7, 3],
    }
    np.savez_compressed(tmp_path / "other.npz", words=np.array(TABLE.tokens), embeddings=VECTORS)
    same(Embeddings.load(tmp_path / "other.npz"))


def test_parquet_columns(tmp_path: Path) -> None:
    TABLE.save(tmp_path / "v.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "v.parquet")
    assert table.schema.names == ["token", "count", "vector"]
    assert str(table.schema.field("vector").type).startswith("fixed_size_list<")
    assert table.to_pylist()[0] == {"token": "the", "count": 7, "vector": [1.0, -2.5]}


def test_safetensors_key_names_and_modules(tmp_path: Path) -> None:
    """sentence-transformers takes `embedding.weight` or, as here, model2vec's `embeddings`."""
    from safetensors.numpy import load_file

    TABLE.save(tmp_path / "v", "safetensors")
    tensors = load_file(tmp_path / "v" / "model.safetensors")
    assert tensors["embeddings"].tolist() == [*VECTORS.tolist(), [0, 0]]
    assert json.loads((tmp_path / "v" / "modules.json").read_text()) == [
        {
            "idx": 0,
            "name": "0",
            "path": ".",
            "type": "sentence_transformers.models.StaticEmbedding",
        }
    ]


def test_model2vec_loads_it(tmp_path: Path) -> None:
    from model2vec import StaticModel

    tokens = ["paris", "don't", "new-york", "rome"]
    Embeddings(tokens, np.float32([[1, 2], [3, 4], [5, 6], [7, 8]])).save(tmp_path, "safetensors")
    model = StaticModel.from_pretrained(str(tmp_path))
    # the mean of paris and rome; unknown words and punctuation do not count
    np.testing.assert_allclose(model.encode("Paris, elsewhere Rome."), [4, 5])
    np.testing.assert_allclose(model.encode("DON'T"), [3, 4])
    model.save_pretrained(str(tmp_path / "theirs"))
    back = Embeddings.load(tmp_path / "theirs")
    assert back.tokens == (*tokens, "[UNK]")


def test_sentence_transformers_own_layout_is_read(tmp_path: Path) -> None:
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models

    save_file({"embedding.weight": VECTORS.astype(np.float16)}, tmp_path / "model.safetensors")
    tokenizer = Tokenizer(models.WordPiece({"日本": 1, "the": 0}, unk_token="the"))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    found = Embeddings.load(tmp_path)
    assert found.tokens == ("the", "日本")
    np.testing.assert_array_equal(found.vectors, VECTORS.astype(np.float16).astype(np.float32))


def test_a_vocabulary_with_capitals_is_not_lowered(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    Embeddings(["Paris", "[UNK]"], np.eye(2, dtype=np.float32)).save(tmp_path, "safetensors")
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert tokenizer.encode("Paris paris").ids == [0, 1]
    assert len(Embeddings.load(tmp_path)) == 2  # its own [UNK] is used, none is added


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_gensim_both_ways(tmp_path: Path, binary: bool, ending: str) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((50, 7)).astype(np.float32) * np.float32(1e-3)
    ours = Embeddings([f"ж{i}" for i in range(50)], vectors)
    name = str(tmp_path / ("v.bin" if binary else "v.txt")) + ending
    ours.save(name)
    theirs = KeyedVectors.load_word2vec_format(name, binary=binary)
    assert tuple(theirs.index_to_key) == ours.tokens
    np.testing.assert_array_equal(theirs.vectors, vectors)
    theirs.save_word2vec_format(str(tmp_path / "g"), binary=binary)
    back = Embeddings.load(tmp_path / "g")
    assert back.tokens == ours.tokens
    np.testing.assert_array_equal(back.vectors, vectors)


def test_gzip_is_told_by_content(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_bytes(gzip.compress(b"2 2\nthe 1 -2.5\nx 0 1\n"))
    assert Embeddings.load(tmp_path / "v.txt").tokens == ("the", "x")


def test_fasttext_bin(tmp_path: Path) -> None:
    texts = [["king", "queen", "man"], ["woman", "king", "queen"]] * 20
    model = FastText(texts, vector_size=8, min_count=1, epochs=1, bucket=100, workers=1, seed=1)
    save_facebook_model(model, str(tmp_path / "model"))
    found = Embeddings.load(tmp_path / "model")
    assert set(found.tokens) == {"king", "queen", "man", "woman"}
    np.testing.assert_allclose(found["king"], model.wv["king"], atol=1e-6)
    assert found.counts is not None
    assert found.counts[found.row("king")] == 40
    data = (tmp_path / "model").read_bytes()
    (tmp_path / "cut").write_bytes(data[: len(data) // 2])
    with pytest.raises(W2VError, match="damaged"):
        Embeddings.load(tmp_path / "cut")


@pytest.mark.slow
def test_real_glove_file() -> None:
    shared = Path(os.environ.get("W2V_SHARED", Path(__file__).parents[3] / "../shared"))
    path = shared / "data/vectors/test_glove.txt"
    if not path.is_file():
        pytest.skip("shared data not found: set W2V_SHARED")
    vectors = Embeddings.load(path)
    assert (len(vectors), vectors.dim) == (76, 50)
    theirs = KeyedVectors.load_word2vec_format(str(path), no_header=True)
    np.testing.assert_array_equal(vectors.vectors, theirs.vectors)
    assert vectors.tokens == tuple(theirs.index_to_key)
