"""Every format gives back what was written: any tokens that it can carry, any finite float32."""

import string
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.formats import registry, stream

TEXT = st.characters(codec="utf-8")
ANY = st.text(TEXT, max_size=8)
TRICKY = st.text(
    alphabet='0123456789.eE+-" \\tn\t\n\r\u00a0\u3000\u2028\x85\x00a\ufeff', max_size=6
)
NO_WHITE = st.text(TEXT, min_size=1, max_size=8).filter(lambda t: not set(t) & set(" \t\n\v\f\r"))
NO_SPACE = st.text(TEXT, min_size=1, max_size=8).filter(lambda t: not set(t) & set(" \n"))
GLOVE = st.text(TEXT, min_size=1, max_size=8).filter(lambda t: not set(t) & set("\t\n\v\f\r"))

# name of the file, format, tokens it can carry, least numbers a vector
CASES = {
    "v.txt": ("word2vec-text", NO_WHITE, 1),
    "v.txt.gz": ("word2vec-text", NO_WHITE, 1),
    "v.bin": ("word2vec-binary", NO_SPACE, 1),
    "v.bin.gz": ("word2vec-binary", NO_SPACE, 1),
    "v.glove": ("glove", GLOVE, 1),
    "v.vec": ("fasttext-vec", NO_WHITE, 1),
    "npy": ("npy", ANY | TRICKY, 1),
    "v.npz": ("npz", (ANY | TRICKY).filter(lambda t: not t.endswith("\0")), 1),
    "static": ("safetensors", ANY | TRICKY, 1),
    "v.parquet": ("parquet", ANY | TRICKY, 1),
    "projector": ("projector", ANY | TRICKY, 2),
}
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw: Callable, tokens: st.SearchStrategy[str], least: int) -> tuple:
    names = draw(st.lists(tokens, min_size=1, max_size=7, unique=True))
    dim = draw(st.integers(least, 5))
    vectors = draw(hnp.arrays(np.float32, (len(names), dim), elements=FLOATS))
    counts = draw(st.none() | hnp.arrays(np.int64, len(names), elements=st.integers(0, 2**50)))
    return names, vectors, counts


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=60)
@given(data=st.data())
def test_round_trip(name: str, data: st.DataObject) -> None:
    format, tokens, least = CASES[name]
    names, vectors, counts = data.draw(tables(tokens, least))
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        try:
            registry.write(path, stream.of_matrix(names, vectors, counts), format)
        except W2VError as error:
            # the one rule that looks at all tokens at once
            assert format == "glove"
            assert "no reader could tell" in error.message
            return
        back = stream.collect(registry.read(path, format))
    assert list(back[0]) == names
    np.testing.assert_array_equal(back[1].view(np.int32), vectors.view(np.int32))
    if counts is not None and registry.FORMATS[format].counts:
        np.testing.assert_array_equal(back[2], counts)
    else:
        assert back[2] is None


@pytest.mark.parametrize("name", CASES)
def test_content_tells_the_format(name: str, tmp_path: Path) -> None:
    format = CASES[name][0]
    vectors = Embeddings(["the", "日本", "x-1"], np.float32([[1, -2], [0.1, 5e-7], [3, 9]]))
    vectors.save(tmp_path / name, format)
    anonymous = (tmp_path / name).rename(tmp_path / "anonymous")
    if anonymous.is_file():
        expected = "word2vec-text" if format == "fasttext-vec" else format
        assert registry.recognize(anonymous).name == expected
    back = Embeddings.load(anonymous)
    assert back.tokens == vectors.tokens
    np.testing.assert_array_equal(back.vectors, vectors.vectors)


@pytest.mark.parametrize("format", ["npy", "safetensors"])
def test_memory_mapped(tmp_path: Path, format: str) -> None:
    Embeddings(["a", "b"], np.float32([[1, 2], [3, 4]])).save(tmp_path / "v", format)
    assert isinstance(Embeddings.load(tmp_path / "v").vectors, np.memmap)


@pytest.mark.parametrize("name", CASES)
def test_same_content_same_bytes(name: str, tmp_path: Path) -> None:
    format = CASES[name][0]
    vectors = Embeddings(["a", "b"], np.float32([[1, 2], [3, 4]]), np.array([9, 1]))
    contents = []
    for folder in ("one", "two"):
        vectors.save(tmp_path / folder / name, format)
        path = tmp_path / folder / name
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        contents.append([file.read_bytes() for file in files])
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("format", "token", "why"),
    [
        ("word2vec-text", "new york", "holds ' '"),
        ("word2vec-text", "", "is empty"),
        ("word2vec-text", "a\rb", "holds '.r'"),
        ("fasttext-vec", "a\tb", "holds '.t'"),
        ("word2vec-binary", "a b", "holds ' '"),
        ("word2vec-binary", "\na", "holds '.n'"),
        ("glove", "a\nb", "holds '.n'"),
        ("glove", "", "is empty"),
        ("glove", "route 66", "no reader could tell"),
        ("npz", "a\0", "holds '.x00'"),
        *[
            (name, "\ud800", "half a surrogate pair")
            for name, format in registry.FORMATS.items()
            if not format.ngrams
        ],
    ],
)
def test_tokens_that_do_not_fit_are_refused(
    tmp_path: Path, format: str, token: str, why: str
) -> None:
    table = stream.of_matrix([token], np.float32([[1, 2]]))
    with pytest.raises(W2VError, match=f"cannot carry.*{why}") as caught:
        registry.write(tmp_path / "v", table, format)
    assert repr(token) in caught.value.message
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=200)
@given(st.lists(FLOATS, min_size=1, max_size=20))
@example([1e-45, 3.4028235e38, -0.0, 1.17549435e-38, 16777217.0, 9.999999e-8])
def test_text_is_the_shortest_that_reads_back(values: list[float]) -> None:
    from w2vtrain.vectors.formats.text_rows import numbers

    array = np.float32(values)
    (line,) = numbers(array[np.newaxis], " ")
    for cell, value in zip(line.split(b" "), array, strict=True):
        assert np.float32(float(cell)).view(np.int32) == value.view(np.int32)
        digits = [c for c in cell.decode().split("e")[0] if c in string.digits]
        assert len("".join(digits).strip("0")) <= 9
