"""Damaged files of every format end in a W2VError that says what is wrong: no half-read table."""

import bz2
import gzip
import io
import json
import lzma
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.formats import compressed, word2vec

TABLE = Embeddings(
    [f"w{i}" for i in range(40)], np.random.default_rng(1).standard_normal((40, 6)).astype("f4")
)

TEXTS = [
    ("word2vec-text", "2 3\na 1 2 3\n", "ends after 1 rows; 2 were announced|more than the file"),
    ("word2vec-text", "1 2\na 1 2\nb 1 2\n", "goes on after the 1 rows"),
    ("word2vec-text", "1000000000000 300\na 1 2\n", "more than the file's 24 bytes can hold"),
    ("word2vec-text", "2 1000000000000\na 1 2\n", "more than the file's"),
    ("word2vec-text", "99999999999999999999999 2\na 1 2\n", "more than the file's"),
    ("word2vec-text", "0 2\n", "0 rows of 2 numbers"),
    ("word2vec-text", "2 0\na\nb\n", "2 rows of 0 numbers"),
    ("word2vec-text", "-1 2\na 1 2\n", "is not `rows dim`"),
    ("word2vec-text", "a b c\n", "is not `rows dim`"),
    ("word2vec-text", "", "is not `rows dim`"),
    ("word2vec-text", "2 2\na 1 2\nb 1\n", "line 3: 1 numbers after the token, not 2"),
    ("word2vec-text", "2 2\na 1 2\nb 1 x\n", "line 3: 'x' is not a number"),
    ("word2vec-text", "2 2\na 1 2\nb 1 1_0\n", "line 3: '1_0' is not a number"),
    ("word2vec-text", "2 2\na 1 2\n\n", "line 3: a blank line"),
    ("word2vec-text", "2 2\na 1 2\n 1 2\n", "line 3: 2 numbers after an empty token"),
    ("word2vec-text", "2 2\na 1 2\na 3 4\n", "row 2: token 'a' has two rows"),
    ("word2vec-text", "2 2\na 1 2\nb 3 nan\n", "row 2: the vector of 'b' holds NaN"),
    ("word2vec-text", "2 2\na 1 2\nb 3 inf\n", "row 2: the vector of 'b' holds NaN"),
    ("word2vec-text", "2 2\na 1 2\nb 3 1e39\n", "too large for float32"),
    ("word2vec-text", "2 2\na 1 2\nb 3  4\n", "line 3: '' is not a number"),
    ("glove", "a 1 2\nb 1 2 3 x\n", "line 2: no numbers after a token"),
    ("glove", "hello\nworld\n", "line 1: no numbers after a token"),
    ("glove", "a 1 2\n\nb 1 2\n", "line 2: no numbers"),
    ("glove", "a 1 2\na 1 2\n", "token 'a' has two rows"),
    ("glove", "a 1 2\nb 1 nan\n", "holds NaN"),
    ("fasttext-vec", "2 2\na 1 2 \nb 1 2 3 \n", "line 3: .* numbers after the token|'b 1'"),
    ("npz", "PK\x03\x04 and no more", "damaged, or is no .npz"),
    ("parquet", "PAR1 and no more", "damaged, or is no Parquet"),
]


@pytest.mark.parametrize(("format", "text", "match"), TEXTS)
def test_text(tmp_path: Path, format: str, text: str, match: str) -> None:
    (tmp_path / "v").write_text(text)
    if text == TEXTS[25][1]:  # b has one number more: from the right it is the token `b 1`
        assert Embeddings.load(tmp_path / "v", format).tokens == ("a", "b 1")
        return
    with pytest.raises(W2VError, match=match):
        Embeddings.load(tmp_path / "v", format)


def test_wrong_utf8_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"3 1\na 1\nna\xefve 2\nb 3\n")
    with pytest.raises(W2VError, match=r"line 3: the token b'na.xefve' is not UTF-8"):
        Embeddings.load(tmp_path / "v")
    (tmp_path / "w").write_bytes(b"1 1\n\xff " + struct.pack("<f", 1))
    with pytest.raises(W2VError, match=r"row 1: the token .* is not UTF-8"):
        Embeddings.load(tmp_path / "w", "word2vec-binary")


TRIALS = 60  # broken files a format

BINARIES = [
    (b"2 2\na " + bytes(8) + b"b " + bytes(7), "garbled, after 1 of the 2 rows|more than the file"),
    (b"2 2\na " + bytes(8), "more than the file's"),
    (b"1 2\na " + bytes(8) + b"b " + bytes(8), "goes on after the 1 rows"),
    (b"1000000000000 300\na " + bytes(1200), "more than the file's"),
    (b"1 2\n " + bytes(9), "row 1: an empty token"),
    (b"1 2\n" + b"x" * 2000, "garbled, after 0 of the 1 rows"),
    (b"2 1\na " + bytes(4) + b"\na " + bytes(4), "row 2: token 'a' has two rows"),
    (b"1 1\na " + struct.pack("<f", np.nan), "holds NaN"),
]


@pytest.mark.parametrize(("data", "match"), BINARIES)
def test_word2vec_binary(tmp_path: Path, data: bytes, match: str) -> None:
    (tmp_path / "v").write_bytes(data)
    with pytest.raises(W2VError, match=match):
        Embeddings.load(tmp_path / "v", "word2vec-binary")


def test_what_follows_the_last_row_is_seen_where_a_block_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = b"a " + bytes(400) + b"b " + bytes(400)
    monkeypatch.setattr(word2vec, "BLOCK_BYTES", len(rows))
    (tmp_path / "v").write_bytes(b"2 100\n" + rows + b"more")
    with pytest.raises(W2VError, match="goes on after the 2 rows"):
        Embeddings.load(tmp_path / "v", "word2vec-binary")


def test_gzip_cut_short(tmp_path: Path) -> None:
    TABLE.save(tmp_path / "v.txt.gz")
    data = (tmp_path / "v.txt.gz").read_bytes()
    (tmp_path / "v.txt.gz").write_bytes(data[:-200])
    with pytest.raises(W2VError, match="damaged or cut short"):
        Embeddings.load(tmp_path / "v.txt.gz")


def test_a_small_gzip_that_promises_the_moon(tmp_path: Path) -> None:
    (tmp_path / "v.gz").write_bytes(gzip.compress(b"1000000000000 1000\na 1\n"))
    with pytest.raises(W2VError, match="more than the file's"):
        Embeddings.load(tmp_path / "v.gz")


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_bomb_without_a_header_is_stopped_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compress: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(compressed, "BOMB_BYTES", 1_000_000)
    bomb, dense = tmp_path / "bomb", tmp_path / "dense"
    bomb.write_bytes(compress(b"token" + b" 0" * 1_000_000 + b"\n"))  # 2 MB in some kB
    dense.write_bytes(compress(b"".join(b"token%d 0.5 -0.25\n" % row for row in range(60_000))))
    with pytest.raises(W2VError, match="grows more than 200 times"):
        Embeddings.load(bomb, "glove")
    assert (
        len(Embeddings.load(dense, "glove")) == 60_000
    )  # over the bound too, but of a common ratio


def npy_header(shape: tuple[int, ...], descr: str = "<f4") -> bytes:
    file = io.BytesIO()
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue()


@pytest.mark.parametrize(
    ("matrix", "vocabulary", "match"),
    [
        (npy_header((10**12, 300)), "a\n", "damaged, or is no .npy"),
        (npy_header((2, 2)) + bytes(15), "a\nb\n", "damaged, or is no .npy"),
        (npy_header((2,)) + bytes(8), "a\nb\n", "not a table of two axes"),
        (npy_header((1, 2), "<i4") + bytes(8), "a\n", "numbers of type int32"),
        (npy_header((1, 1), "|O") + bytes(8), "a\n", "damaged, or is no .npy"),
        (npy_header((2, 2)) + bytes(16), "a\n", "1 tokens, but vectors.npy has 2 rows"),
        (npy_header((2, 2)) + bytes(16), "a\t1\nb\n", "line 2: not `token TAB count`"),
        (npy_header((2, 2)) + bytes(16), "a\t1\nb\tx\n", "line 2: not `token TAB count`"),
        (npy_header((2, 2)) + bytes(16), "a\nb", "cut short"),
        (npy_header((0, 2)), "", "holds no vectors"),
        (b"", "a\n", "damaged, or is no .npy"),
    ],
)
def test_npy(tmp_path: Path, matrix: bytes, vocabulary: str, match: str) -> None:
    (tmp_path / "vectors.npy").write_bytes(matrix)
    (tmp_path / "vocabulary.tsv").write_text(vocabulary)
    with pytest.raises(W2VError, match=match):
        Embeddings.load(tmp_path)


def test_npz_that_lies_about_its_size(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "v.npz", "w") as archive:
        archive.writestr("vectors.npy", npy_header((10**12, 2)))
        archive.writestr("tokens.npy", npy_header((10**12,), "<U4"))
    with pytest.raises(W2VError, match="announces more than the file holds"):
        Embeddings.load(tmp_path / "v.npz")


def test_npz_whose_packed_rows_end_early(tmp_path: Path) -> None:
    """The archive says that the vectors are 8 bytes longer than they are, as their header does."""
    with zipfile.ZipFile(tmp_path / "v.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        tokens = io.BytesIO()
        np.save(tokens, np.array(["a", "b", "c"]))
        archive.writestr("tokens.npy", tokens.getvalue())
        archive.writestr("vectors.npy", npy_header((3, 2)) + bytes(16))
        size = archive.getinfo("vectors.npy").file_size
    data = bytearray((tmp_path / "v.npz").read_bytes())
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 24, size + 8)
    (tmp_path / "v.npz").write_bytes(data)
    with pytest.raises(W2VError, match="ends after 0 of 3 rows"):
        Embeddings.load(tmp_path / "v.npz")


def test_npz_with_other_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", x=np.ones(3))
    with pytest.raises(W2VError, match=r"no arrays `vectors` and `tokens`.*It has: x"):
        Embeddings.load(tmp_path / "v.npz")
    np.savez(tmp_path / "o.npz", vectors=np.ones((1, 2)), tokens=np.array(["a"], dtype=object))
    with pytest.raises(W2VError, match=r"tokens\.npy holds pickled Python objects"):
        Embeddings.load(tmp_path / "o.npz")


def safetensors_file(folder: Path, header: object, data: bytes, tokens: list[str]) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    vocabulary = {token: row for row, token in enumerate(tokens)}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
    return folder


def entry(shape: list[int], end: int, dtype: str = "F32") -> dict:
    return {"embeddings": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}


@pytest.mark.parametrize(
    ("header", "data", "match"),
    [
        (entry([2, 2], 16), bytes(12), "does not fit the file's"),
        (entry([10**12, 300], 1200 * 10**12), bytes(16), "does not fit the file's"),
        (entry([2, 2], 15), bytes(16), "does not fit the file's"),
        (entry([2, -2], -16), bytes(16), "does not fit the file's"),
        (entry([2, 0], 0), b"", "is empty"),
        (entry([2, 2], 16, "I8"), bytes(16), "of a type that is not read"),
        (entry([3, 2], 24), bytes(24), "but tokenizer.json has 2 tokens"),
        ({"other": {}}, bytes(16), "no plain table of embeddings; its keys: other"),
        ([1], bytes(16), "not a table of tensors"),
        (b"{nonsense", bytes(16), "not JSON"),
    ],
)
def test_safetensors(tmp_path: Path, header: object, data: bytes, match: str) -> None:
    folder = safetensors_file(tmp_path, header, data, ["a", "b"])
    with pytest.raises(W2VError, match=match):
        Embeddings.load(folder)


def test_safetensors_header_longer_than_the_file(tmp_path: Path) -> None:
    folder = safetensors_file(tmp_path, entry([1, 2], 8), bytes(8), ["a"])
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(W2VError, match="no safetensors file"):
        Embeddings.load(folder)


def test_tokenizer_with_gaps(tmp_path: Path) -> None:
    folder = safetensors_file(tmp_path, entry([2, 2], 16), bytes(16), ["a", "b"])
    (folder / "tokenizer.json").write_text('{"model": {"vocab": {"a": 0, "b": 5}}}')
    with pytest.raises(W2VError, match="have gaps or occur twice"):
        Embeddings.load(folder)


@pytest.mark.parametrize("columns", ["token", "vector", "lengths", "nulls", "numbers", "text"])
def test_parquet_of_another_shape(tmp_path: Path, columns: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    data = {
        "token": {"word": ["a"], "vector": [[1.0]]},
        "vector": {"token": ["a"], "vec": [[1.0]]},
        "lengths": {"token": ["a", "b"], "vector": [[1.0], [1.0, 2.0]]},
        "nulls": {"token": ["a", None], "vector": [[1.0], [2.0]]},
        "numbers": {"token": ["a", "b"], "vector": [[1.0, 2.0], [1.0, None]]},
        "text": {"token": ["a"], "vector": ["1.0"]},
    }[columns]
    pa.parquet.write_table(pa.table(data), tmp_path / "v")
    with pytest.raises(W2VError, match=r"no column|does not have|empty cells|not a list of floats"):
        Embeddings.load(tmp_path / "v")


@pytest.mark.parametrize(
    "name",
    [
        *("v.txt", "v.txt.gz", "v.bin", "v.glove", "v.vec", "v.npz", "v.parquet"),
        *("npy/vectors.npy", "safetensors/model.safetensors", "projector/vectors.tsv"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_bytes_flipped_and_files_cut_never_crash(tmp_path: Path, name: str) -> None:
    """Either the file still reads as a whole table, or a W2VError says why not."""
    folder, _, file = name.rpartition("/")
    format = folder or None
    TABLE.save(tmp_path / (folder or file), format)
    path = tmp_path / name
    good = path.read_bytes()
    dice = random.Random(0)
    refused = 0
    for _ in range(TRIALS):
        bad = bytearray(good[: dice.randrange(len(good))] if dice.random() < 0.5 else good)
        for _ in range(dice.randrange(1, 4) if bad else 0):
            bad[dice.randrange(len(bad))] = dice.randrange(256)
        path.write_bytes(bad)
        try:
            assert Embeddings.load(tmp_path / (folder or file), format).vectors.shape[1] > 0
        except W2VError:
            refused += 1
    assert refused > TRIALS // 3


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is empty"),
        (b"just some prose\nand more of it\n", "no vectors in a known format"),
        (b"\0\1\2\3" * 100, "no vectors in a known format"),
        (b"word\tcount\nthe\t5\n", "no vectors in a known format"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, match: str) -> None:
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(W2VError, match=match):
        Embeddings.load(tmp_path / "v")


def test_no_such_place(tmp_path: Path) -> None:
    with pytest.raises(W2VError, match="No such file"):
        Embeddings.load(tmp_path / "nowhere")
    with pytest.raises(W2VError, match="no run directory"):
        Embeddings.load(tmp_path)
    with pytest.raises(W2VError, match=r"'elephant' is not known.*word2vec-text"):
        Embeddings.load(tmp_path, "elephant")
    with pytest.raises(W2VError, match="cannot be read"):
        Embeddings.load(tmp_path, "floret")
    with pytest.raises(W2VError, match="the source has none"):
        TABLE.save(tmp_path / "x", "fasttext-bin")
    with pytest.raises(W2VError, match="stands for no format"):
        TABLE.save(tmp_path / "x.doc")
