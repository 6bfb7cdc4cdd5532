"""Files that would hang, crash or fill the memory of whoever opens them end in an error instead.

Only the command line and documented Python calls are used here.
"""

import bz2
import gzip
import importlib
import lzma
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from commands import exit_code

import w2vtrain

MIB = 1 << 20


def npz_bomb(path: Path) -> None:
    """1.1 GiB of zeros in about 1 MB: 3,000 vectors of 100,000 numbers."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("vectors.npy", "w", force_zip64=True) as file:
            header = {"descr": "<f4", "fortran_order": False, "shape": (3000, 100_000)}
            np.lib.format.write_array_header_1_0(file, header)
            for _ in range(3000):
                file.write(bytes(400_000))
        with archive.open("tokens.npy", "w") as file:
            np.lib.format.write_array(file, np.array([f"w{i}" for i in range(3000)]))


def ngrams_bomb(path: Path) -> None:
    """The same, said to be words and n-grams."""
    npz_bomb(path)
    with zipfile.ZipFile(path) as archive:
        tables = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("ngrams.json", "{}")
        archive.writestr("words.npy", tables["vectors.npy"])
        archive.writestr("tokens.npy", tables["tokens.npy"])


def gzip_bomb(path: Path) -> None:
    """70 rows of 16 MiB of text in about 1 MB."""
    numbers = gzip.compress(b" 0" * (8 * MIB) + b"\n")
    rows = [gzip.compress(b"w%d" % row) + numbers for row in range(70)]
    path.write_bytes(gzip.compress(b"70 %d\n" % (8 * MIB)) + b"".join(rows))


def parquet_bomb(path: Path) -> None:
    """1.2 GB of vectors in some kB."""
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(100 * 30_000, "f4")), 30_000)
    schema = pa.schema([("token", pa.string()), ("vector", vectors.type)])
    options = {"compression": "zstd", "use_dictionary": False, "write_statistics": False}
    with pyarrow.parquet.ParquetWriter(path, schema, **options) as writer:
        for start in range(0, 10_000, 100):
            tokens = pa.array([f"w{start + i}" for i in range(100)])
            writer.write_table(pa.table([tokens, vectors], schema=schema))


BOMBS = {"npz": npz_bomb, "ngrams": ngrams_bomb, "gzip": gzip_bomb, "parquet": parquet_bomb}


@pytest.mark.parametrize("kind", BOMBS)
def test_bombs_in_vector_files_are_refused(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    BOMBS[kind](tmp_path / "bomb")
    assert (tmp_path / "bomb").stat().st_size < 6 * MIB
    assert exit_code("convert", tmp_path / "bomb", tmp_path / "out.bin") == 1
    error = capsys.readouterr().err
    assert "grows more than 200 times and over 1 GiB" in error or "bytes can hold" in error
    assert [path.name for path in tmp_path.iterdir()] == ["bomb"]


def test_text_vectors_are_read_from_bzip2_and_xz(tmp_path: Path) -> None:
    text = b"2 2\nthe 1 -2.5\nx 0 1\n"
    (tmp_path / "v.bz2").write_bytes(bz2.compress(text))
    (tmp_path / "v.xz").write_bytes(lzma.compress(text))
    for name in ("v.bz2", "v.xz"):
        assert w2vtrain.Embeddings.load(tmp_path / name).tokens == ("the", "x")
    (tmp_path / "cut").write_bytes(lzma.compress(text)[:-20])
    with pytest.raises(w2vtrain.W2VError, match="damaged or cut short"):
        w2vtrain.Embeddings.load(tmp_path / "cut")


def fasttext_file(dictionary: bytes, matrix: bytes, entries: int = 1, labels: int = 0) -> bytes:
    settings = struct.pack("<12id", 2, 5, 1, 1, 5, 1, 2, 2, 0, 3, 6, 100, 1e-4)
    sizes = struct.pack("<3iqq", entries, entries, labels, 9, -1)
    return struct.pack("<2i", 793712314, 12) + settings + sizes + dictionary + matrix


WORD = b"king\0" + struct.pack("<qb", 9, 0)


MODELS = {
    # gensim's loop waits for the end of the word forever
    "cut-in-a-word": (fasttext_file(b"kin", b""), "damaged"),
    "cut-after-a-word": (fasttext_file(WORD, b"", entries=2), "damaged"),
    "too-large": (fasttext_file(WORD, b"\0" + struct.pack("<2q", 10**9, 300)), "damaged"),
    "quantized": (fasttext_file(WORD, b"\1" + struct.pack("<2q", 1, 2) + bytes(8)), "quantized"),
    "labels": (fasttext_file(WORD, b"\0", labels=1), "supervised"),
}


def test_fasttext_models_that_cannot_be_read(tmp_path: Path) -> None:
    for name, (content, _) in MODELS.items():
        (tmp_path / name).write_bytes(content)
    code = (
        "import sys\nfrom w2vtrain.cli import main\n"
        "for name in sys.argv[1:]:\n"
        "    try: main(['convert', name, 'out.txt'])\n"
        "    except SystemExit as leaving: print(leaving.code, file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", code, *MODELS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    errors = done.stderr.split("Error: ")[1:]
    for (name, (_, match)), error in zip(MODELS.items(), errors, strict=True):
        assert name in error
        assert match in error
        assert error.endswith("\n1\n")


def table(rows: int = 20, seed: int = 0) -> "w2vtrain.Embeddings":
    vectors = np.random.default_rng(seed).standard_normal((rows, 4)).astype("f4")
    return w2vtrain.Embeddings([f"w{i}" for i in range(rows)], vectors)


def index_class() -> Any:
    """The documented class, wherever this version of the package has it."""
    for name in ("w2vtrain.vectors.approximate", "w2vtrain.approximate"):
        try:
            return importlib.import_module(name).ApproximateIndex
        except ImportError:
            continue
    raise AssertionError("no ApproximateIndex")


def test_an_index_of_other_vectors_is_refused(tmp_path: Path) -> None:
    index_class()(table(), threads=1).save(tmp_path / "index")
    assert index_class().load(tmp_path / "index", table()).most_similar("w1", k=1)
    with pytest.raises(w2vtrain.W2VError, match="of other vectors"):
        index_class().load(tmp_path / "index", table(seed=1))


def test_a_damaged_index_is_refused_before_it_can_crash(tmp_path: Path) -> None:
    index_class()(table(), threads=1).save(tmp_path / "index")
    good = (tmp_path / "index").read_bytes()
    for bad in (good[: len(good) // 2], good[:60], good[:-40] + b"\xff" * 40, b"", good + b"x"):
        (tmp_path / "index").write_bytes(bad)
        with pytest.raises(w2vtrain.W2VError, match="damaged"):
            index_class().load(tmp_path / "index", table())


@pytest.mark.parametrize("counts", [np.array([2**63 + 5, 1], np.uint64), np.array([-5, 1])])
def test_counts_that_are_no_counts_are_not_converted(
    tmp_path: Path, counts: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "v.npz", tokens=["a", "b"], vectors=np.ones((2, 2), "f4"), counts=counts)
    assert exit_code("convert", tmp_path / "v.npz", tmp_path / "out", "--to", "projector") == 1
    assert "the count of 'a' is negative or too large" in capsys.readouterr().err


def test_a_byte_order_mark_is_no_part_of_the_first_token(tmp_path: Path) -> None:
    (tmp_path / "glove.txt").write_text("\ufeffthe 1 2\nof 3 4\n", encoding="utf-8")
    assert w2vtrain.Embeddings.load(tmp_path / "glove.txt").tokens == ("the", "of")
    (tmp_path / "vectors.tsv").write_text("1\t2\n3\t4\n")
    (tmp_path / "metadata.tsv").write_text("\ufeffthe\nof\n", encoding="utf-8")
    assert w2vtrain.Embeddings.load(tmp_path / "vectors.tsv").tokens == ("the", "of")


def test_an_export_does_not_replace_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from run_fixture import write_run

    run = write_run(tmp_path / "run", ["a", "b"], np.float32([[1, 2], [3, 4]]))
    (tmp_path / "thesis.txt").write_text("years of work")
    assert exit_code("export", run, "-o", tmp_path / "thesis.txt") == 1
    assert "is a file" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_tokens_that_are_no_texts_are_refused() -> None:
    with pytest.raises(w2vtrain.W2VError, match="Token 5 is no text"):
        w2vtrain.Embeddings(["a", 5], np.ones((2, 2)))  # type: ignore[list-item]
