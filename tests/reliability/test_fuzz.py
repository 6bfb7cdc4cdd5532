"""Whatever bytes come in, only a W2VError comes out."""

import contextlib
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.documents import read_input
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.stage import read_manifest
from w2vtrain.run_config import RunConfig
from w2vtrain.training.config import TrainConfig
from w2vtrain.vectors.embeddings import Embeddings

FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
# bytes that mean something to the readers, so that the fuzz gets past their first look
SPICE = [
    b"", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\r\n", b"\r", b"\n\n", b'"', b'""',
    b",", b"\t", b"text", b"text\n", b'{"text": "a b"}\n', b'{"text": 3}\n', b"[", b"\x1f\x8b\x08",
    b"PK\x03\x04", b"PAR1", b"BZh9", b"\xfd7zXZ\x00", "\u202eabc\u0301\U0001f600".encode(),
    "\u2028\u0085".encode(), b"a b c ", b"\\", b"2 3\n", b"a 1 2 3\n", b"\x93NUMPY\x01\x00",
    gzip.compress(b"a b c\n"),
]  # fmt: skip
BYTES = st.lists(st.one_of(st.sampled_from(SPICE), st.binary(max_size=40)), max_size=12).map(
    b"".join
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize(
    "suffix",
    [".txt", "", ".gz", ".bz2", ".xz", ".zip", ".csv", ".tsv", ".jsonl", ".parquet", ".csv.gz"],
)
@FEW
@given(content=BYTES, boundary=st.sampled_from(["line", "paragraph", "file"]), strict=st.booleans())
def test_readers(folder, suffix, content, boundary, strict):
    path = folder / f"input{suffix}"
    path.write_bytes(content)
    table = suffix in (".csv", ".tsv", ".jsonl", ".parquet", ".csv.gz")
    config = PrepareConfig(
        boundary=boundary,
        encoding_errors="strict" if strict else "replace",
        text_column="text" if table else None,
    )
    try:
        pieces = list(read_input(str(path), config, None))
    except W2VError as error:
        assert "input" in error.message  # the file is named
        return
    for piece in pieces:
        (piece.text or "").encode()  # no lone surrogates get through


@FEW
@given(name=st.text(min_size=1, max_size=20), content=BYTES)
@example(name="../../outside.txt", content=b"a b c\n")
@example(name="/etc/outside.txt", content=b"a b c\n")
def test_archives_write_nothing(folder, name, content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        try:
            archive.writestr(name, content)
        except (ValueError, IndexError):  # no name that an archive can hold
            return
    path = folder / "archive.zip"
    path.write_bytes(packed.getvalue())
    before = sorted(folder.parent.iterdir())
    with contextlib.suppress(W2VError):
        list(read_input(str(path), PrepareConfig(), None))
    assert sorted(folder.parent.iterdir()) == before


@pytest.mark.parametrize("bomb", ["gz", "zip"])
def test_bombs_are_refused_by_the_stated_limit(folder, monkeypatch, bomb):
    from w2vtrain.corpus import sources

    monkeypatch.setattr(sources, "BOMB_BYTES", 1 << 22)
    monkeypatch.setattr(sources, "BOMB_RATIO", 3)
    path = folder / f"bomb.{bomb}"
    if bomb == "gz":
        path.write_bytes(gzip.compress(b"a " * (1 << 23), 9))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.txt", b"a " * (1 << 23))
    with pytest.raises(W2VError, match="more than 3 times"):
        for _ in read_input(str(path), PrepareConfig(), None):
            pass


def test_a_line_of_ten_megabytes_and_a_million_empty_lines(folder):
    path = folder / "long.txt"
    path.write_bytes(b"word " * (2 << 20) + b"\n" * 1_000_000 + b"end\n")
    texts = [piece.text or "" for piece in read_input(str(path), PrepareConfig(), None)]
    assert sum(text.count("word") for text in texts) == 2 << 20
    assert max(map(len, texts)) < 1 << 25  # nothing is held whole


TOML_VALUES: st.SearchStrategy = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["inputs", "run", "prepare", "train", "export", "epochs", "min-count", "seed", "threads",
     "learning-rate", "checkpoint-every", "validation-fraction", "noise", "pairs", "encoding"]
)  # fmt: skip


@FEW
@given(
    tables=st.dictionaries(
        NAMES | st.text(max_size=6),
        TOML_VALUES | st.dictionaries(NAMES, TOML_VALUES, max_size=4),
        max_size=5,
    )
)
def test_settings(tables):
    for make in (
        lambda: RunConfig.from_mapping(tables, "fuzz.toml"),
        lambda: TrainConfig.from_mapping(tables),
        lambda: PrepareConfig.from_mapping(tables),
    ):
        try:
            make()
        except W2VError as error:
            assert error.message


@FEW
@given(content=BYTES | st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_config_files(folder, content):
    path = folder / "config.toml"
    path.write_bytes(content)
    with pytest.raises(W2VError):
        RunConfig.load(path)


@pytest.mark.parametrize(
    "suffix", [".txt", ".bin", ".npy", ".npz", ".vec", ".txt.gz", ".parquet", ".safetensors", ""]
)
@FEW
@given(content=BYTES)
def test_vector_files(folder, suffix, content):
    path = folder / f"vectors{suffix}"
    path.write_bytes(content)
    try:
        vectors = Embeddings.load(path)
    except W2VError:
        return
    assert len(vectors.tokens) == len(vectors.vectors)


def _mutations(content: bytes, draw) -> bytes:
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        kind = draw(st.sampled_from(["set", "cut", "insert"]))
        if kind == "set" and data:
            data[place] = draw(st.integers(0, 255))
        elif kind == "cut":
            del data[place : place + draw(st.integers(1, 9))]
        else:
            data[place:place] = draw(st.binary(max_size=9))
    return bytes(data)


@pytest.mark.parametrize("format", ["word2vec-text", "word2vec-binary", "npz", "parquet"])
@FEW
@given(data=st.data())
def test_vector_files_that_were_whole_once(folder, format, data):
    suffix = {"word2vec-text": "txt", "word2vec-binary": "bin"}.get(format, format)
    whole = folder / f"whole.{suffix}"
    if not whole.exists():
        rows = np.arange(12, dtype=np.float32).reshape(4, 3)
        Embeddings(("the", "cat", "sat", "é"), rows, np.array([4, 3, 2, 1])).save(whole, format)
    path = folder / f"mutated.{suffix}"
    path.write_bytes(_mutations(whole.read_bytes(), data.draw))
    with contextlib.suppress(W2VError):
        Embeddings.load(path)


@FEW
@given(content=BYTES)
def test_vocabulary_files(folder, content):
    path = folder / "vocabulary.tsv"
    path.write_bytes(content)
    try:
        vocabulary = Vocabulary.load(path)
    except W2VError:
        return
    assert len(vocabulary.counts) == len(vocabulary)


@FEW
@given(
    manifest=st.dictionaries(st.sampled_from(["format", "files", "x"]), TOML_VALUES) | TOML_VALUES
)
@example(manifest={"format": 1, "files": 3})
@example(manifest={"format": 1, "files": {"a": 3}})
@example(manifest={"format": 1, "files": {"a": {"bytes": "x", "sha256": 1}}})
def test_manifests(folder, manifest):
    (folder / "corpus").mkdir(exist_ok=True)
    (folder / "corpus" / "manifest.json").write_text(json.dumps(manifest))
    with contextlib.suppress(W2VError):
        read_manifest(folder / "corpus", "w2v prepare", verify=True)


@FEW
@given(ids=BYTES, ends=BYTES)
def test_token_files(folder, ids, ends):
    (folder / "ids.npy").write_bytes(ids)
    (folder / "ends.npy").write_bytes(ends)
    with pytest.raises(W2VError):
        Corpus(folder / "ids.npy", folder / "ends.npy", Vocabulary((), np.zeros(0, np.int64)))


STANDARD = st.text(max_size=60) | st.lists(
    st.sampled_from(["\u202e", "\u0301", "\U0001f600", "ß", "İ", "\u200d", "\0", "ﬁ", "a", " "]),
    max_size=30,
).map("".join)


@pytest.mark.parametrize("how", ["lower-and-strip-punctuation", "lower", "none"])
@settings(max_examples=40)
@given(text=STANDARD)
def test_standardization_keeps_utf8_and_is_idempotent(how, text):
    import tensorflow as tf

    from w2vtrain.corpus.standardization import splitter, standardizer

    text = text.encode("utf-8", "ignore").decode()  # lone surrogates never get past the decoder
    config = PrepareConfig(normalize="none", standardize=how)
    standardize, split = standardizer(config), splitter(config)

    def apply(value: str) -> Iterator[str]:
        units = tf.constant([value.encode()])
        tokens = split(units if standardize is None else standardize(units))
        return (token.decode() for token in tokens.flat_values.numpy())  # decodes: still UTF-8

    once = list(apply(text))
    assert list(apply(" ".join(once))) == once
    # Python alone takes the separators U+001C to U+001F for whitespace.
    assert all(token.strip() or set(token) <= set("\x1c\x1d\x1e\x1f") for token in once)
    assert all(once)
