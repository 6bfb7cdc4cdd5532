"""The approximate index: it agrees with exact search where that is easy, and measures itself."""

import sys
from pathlib import Path

import numpy as np
import pytest

from w2vtrain.errors import W2VError
from w2vtrain.vectors.approximate import ApproximateIndex
from w2vtrain.vectors.embeddings import Embeddings


@pytest.fixture(scope="module")
def vectors() -> Embeddings:
    rng = np.random.default_rng(0)
    return Embeddings([f"w{i}" for i in range(500)], rng.standard_normal((500, 8)).astype("f4"))


@pytest.fixture(scope="module")
def index(vectors: Embeddings) -> ApproximateIndex:
    return ApproximateIndex(vectors, threads=1)


def test_finds_what_exact_search_finds(vectors: Embeddings, index: ApproximateIndex) -> None:
    exact = vectors.most_similar(["w1", "w2"], ["w3"], k=5)
    found = index.most_similar(["w1", "w2"], ["w3"], k=5)
    assert [token for token, _ in found] == [token for token, _ in exact]
    np.testing.assert_allclose([s for _, s in found], [s for _, s in exact], atol=1e-5)
    assert index.recall(queries=200) > 0.98


def test_recall_is_counted_right(index: ApproximateIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    real = index.most_similar_batch
    # two of each ten answers replaced: recall falls by a fifth
    monkeypatch.setattr(
        index,
        "most_similar_batch",
        lambda words, k: [[("?", 0.0)] * 2 + answers[2:] for answers in real(words, k)],
    )
    assert index.recall(queries=100) == pytest.approx(0.8, abs=0.02)


def test_saved_and_loaded(vectors: Embeddings, index: ApproximateIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "index")
    back = ApproximateIndex.load(tmp_path / "index", vectors)
    assert back.most_similar_batch(["w1", "w7"], 4) == index.most_similar_batch(["w1", "w7"], 4)
    other = Embeddings(["a"], np.ones((1, 8)))
    with pytest.raises(W2VError, match="of other vectors"):
        ApproximateIndex.load(tmp_path / "index", other)
    (tmp_path / "bad").write_bytes(b"not an index at all")
    with pytest.raises(W2VError, match="is damaged"):
        ApproximateIndex.load(tmp_path / "bad", vectors)


def test_edges(index: ApproximateIndex) -> None:
    assert index.most_similar("w1", k=0) == []
    assert index.most_similar_batch([], k=3) == []
    assert len(index.most_similar("w1", k=10_000)) <= 499
    assert "w1" not in dict(index.most_similar("w1", k=50))


def test_says_what_to_install(vectors: Embeddings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usearch", None)
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    with pytest.raises(W2VError, match=r"w2vtrain\[ann\]"):
        ApproximateIndex(vectors)
