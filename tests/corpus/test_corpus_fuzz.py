"""Whatever bytes a reader gets, it gives text or a W2VError: no other exception, no hang."""

import bz2
import gzip
import io
import lzma
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.documents import read_input
from w2vtrain.errors import W2VError

CSV = 'text,n\n"a ""quoted"", text\nover lines",1\nплоть,2\n'.encode()
JSON = b'{"text": "a \\ud83d\\ude00 text", "n": [1]}\n{"text": null}\n{"text": "b"}\n'


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "some text " * 20)
        archive.writestr("té.csv", CSV)
    return buffer.getvalue()


def parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": ["some text", None, "плоть"] * 20}), buffer)
    return buffer.getvalue()


SEEDS = {
    ".txt": "Some text, плоть.\r\n\r\nA paragraph.\n".encode(),
    ".csv": CSV,
    ".tsv": CSV.replace(b",", b"\t"),
    ".jsonl": JSON,
    ".gz": gzip.compress(CSV),
    ".bz2": bz2.compress(CSV),
    ".xz": lzma.compress(CSV),
    ".csv.gz": gzip.compress(CSV),
    ".zip": zipped(),
    ".parquet": parquet(),
}
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255), st.integers(0, 3)), max_size=6)


def edited(data: bytes, edits: list[tuple[float, int, int]]) -> bytes:
    changed = bytearray(data)
    for place, byte, kind in edits:
        at = int(place * len(changed))
        if kind == 0:
            changed[at : at + 1] = bytes([byte])
        elif kind == 1:
            changed[at:at] = bytes([byte]) * 3
        elif kind == 2:
            del changed[at : at + byte % 8]
        else:
            del changed[at:]
    return bytes(changed)


def check_named(error: W2VError, name: str) -> None:
    assert name in error.message


@pytest.mark.parametrize("kind", SEEDS)
@pytest.mark.parametrize("errors", ["strict", "replace"])
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS, boundary=st.sampled_from(["line", "paragraph", "file"]), noise=st.binary())
def test_damaged_files(tmp_path, kind, errors, edits, boundary, noise):
    path = tmp_path / f"a{kind}"
    config = PrepareConfig(text_column="text", encoding_errors=errors, boundary=boundary)
    for data in (edited(SEEDS[kind], edits), noise):
        path.write_bytes(data)
        try:
            for piece in read_input(str(path), config, None):
                text = piece.text or ""
                text.encode()  # proper Unicode
                assert "\0" not in text
        except W2VError as error:
            check_named(error, str(path))


def test_a_parquet_file_with_more_rows_than_it_says(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(edited(SEEDS[".parquet"], [(0.3125, 0, 0)]))  # its number of rows: 0
    assert pq.read_metadata(path).num_rows == 0
    with pytest.raises(W2VError, match=r"cannot be read as Parquet: it holds more rows than it"):
        list(read_input(str(path), PrepareConfig(text_column="text"), None))


@settings(max_examples=200)
@given(
    st.binary(max_size=50),
    st.sampled_from(
        ["utf-8", "utf-16", "utf-32", "latin-1", "cp1252", "shift_jis", "utf-7", "gbk"]
    ),
    st.sampled_from(["strict", "replace"]),
)
def test_any_encoding(tmp_path_factory, data, encoding, errors):
    path = tmp_path_factory.getbasetemp() / "bytes.txt"
    path.write_bytes(data)
    config = PrepareConfig(encoding=encoding, encoding_errors=errors)
    try:
        for piece in read_input(str(path), config, None):
            (piece.text or "").encode()
    except W2VError as error:
        check_named(error, str(path))
