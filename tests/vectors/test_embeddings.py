"""Embeddings against hand-computed values and against gensim's KeyedVectors."""

import numpy as np
import pytest
from gensim.models import KeyedVectors

from w2vtrain.errors import W2VError
from w2vtrain.vectors import search
from w2vtrain.vectors.embeddings import Embeddings


@pytest.fixture(scope="module")
def ours() -> Embeddings:
    rng = np.random.default_rng(3)
    vectors = (rng.standard_normal((3000, 24)) * rng.uniform(0.1, 4, (3000, 1))).astype(np.float32)
    return Embeddings([f"w{i}" for i in range(3000)], vectors, np.arange(3000, 0, -1))


@pytest.fixture(scope="module")
def gensims(ours: Embeddings) -> KeyedVectors:
    vectors = KeyedVectors(ours.dim)
    vectors.add_vectors(list(ours.tokens), ours.vectors)
    return vectors


def same(ours: list, theirs: list) -> None:
    assert [token for token, _ in ours] == [token for token, _ in theirs]
    np.testing.assert_allclose([s for _, s in ours], [s for _, s in theirs], rtol=1e-5, atol=1e-6)


def small() -> Embeddings:
    return Embeddings(["x", "y", "d", "o"], np.float32([[2, 0], [0, 3], [1, 1], [0, 0]]))


def test_neighbors_by_hand() -> None:
    # cos(x, d) = 2/(2*sqrt 2) = 0.7071; cos(x, y) = 0; the zero vector scores 0 too, after y
    assert small().most_similar("x") == [
        ("d", pytest.approx(0.70710678)),
        ("y", 0.0),
        ("o", 0.0),
    ]
    assert small().similarity("x", "d") == pytest.approx(0.70710678)


def test_vector_query_keeps_every_token() -> None:
    assert small().most_similar(np.float32([0, 5]), k=1) == [("y", 1.0)]


def test_most_similar_equals_gensim(ours: Embeddings, gensims: KeyedVectors) -> None:
    for positive, negative in [
        (["w5"], []),
        (["w1", "w2"], ["w3"]),
        (["w7", ours["w9"]], ["w8", ours["w1"] * 3]),
        ([], ["w4"]),
        (["w1", "w1"], []),
    ]:
        same(
            ours.most_similar(positive, negative, k=15),
            gensims.most_similar(positive, negative, 15),
        )


def test_restricted_vocabulary_equals_gensim(ours: Embeddings, gensims: KeyedVectors) -> None:
    same(
        ours.most_similar("w2000", k=7, restrict_vocabulary=500),
        gensims.most_similar("w2000", topn=7, restrict_vocab=500),
    )


@pytest.mark.parametrize("k", [1, 10, 700, 2999])
def test_batch_equals_single(ours: Embeddings, k: int) -> None:
    words = [f"w{i}" for i in range(0, 3000, 7)][: 30 if k > 100 else 429]
    for word, found in zip(words, ours.most_similar_batch(words, k=k), strict=True):
        alone = ours.most_similar(word, k=k)
        if k > 100:  # near-equal scores may swap their places: float32 sums in another order
            np.testing.assert_allclose([s for _, s in found], [s for _, s in alone], atol=1e-6)
            assert len({w for w, _ in found}) == k == len(alone)
        else:
            same(found, alone)


def test_batch_of_vectors_excludes_only_what_is_asked(ours: Embeddings) -> None:
    first, second = ours.most_similar_batch(ours[["w1", "w2"]], k=2, exclude=[[], [2]])
    assert first[0][0] == "w1"
    assert "w2" not in dict(second)


def test_blocks_and_ties_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal scores everywhere, in blocks smaller than k: the order is that of the rows."""
    rng = np.random.default_rng(0)
    vectors = rng.integers(-1, 2, (500, 3)).astype(np.float32)
    scales = search.scales_of(search.row_norms(vectors))
    queries = np.float32([[1, 0, 0], [0, 1, 0], [0, 0, 0]])
    scores = queries @ (vectors * scales[:, None]).T
    expected = np.argsort(-scores, axis=1, kind="stable")
    for rows in (7, 64, 4096):
        monkeypatch.setattr(search, "ROWS", rows)
        for k in (1, 5, 499, 500, 900):
            found, _ = search.nearest(vectors, scales, queries, k)
            np.testing.assert_array_equal(found, expected[:, :k])


def test_the_best_are_kept_from_block_to_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores that lie close together, in blocks so small that the best come from many of them."""
    rng = np.random.default_rng(7)
    vectors = np.float32([1, 0, 0, 0]) + rng.standard_normal((2000, 4)).astype("f4") * 1e-2
    scales = search.scales_of(search.row_norms(vectors))
    queries = np.eye(4, dtype=np.float32)
    scores = queries @ (vectors * scales[:, None]).T
    monkeypatch.setattr(search, "ROWS", 64)
    found, best = search.nearest(vectors, scales, queries, 10)
    np.testing.assert_array_equal(found, np.argsort(-scores, axis=1, kind="stable")[:, :10])
    np.testing.assert_allclose(best, -np.sort(-scores, axis=1)[:, :10], rtol=1e-6)


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`")
def test_analogies_equal_gensim(ours: Embeddings, gensims: KeyedVectors) -> None:
    a, b, c = "w10", "w11", "w12"
    same(ours.analogy(a, b, c, k=8), gensims.most_similar([b, c], [a], topn=8))
    same(
        ours.analogy(a, b, c, k=8, method="3cosmul"),
        gensims.most_similar_cosmul([b, c], [a], topn=8),
    )


def test_odd_one_out_equals_gensim(ours: Embeddings, gensims: KeyedVectors) -> None:
    words = ["w1", "w2", "w3", "w4", "w5"]
    ranked = ours.odd_one_out(words)
    assert ranked[0][0] == gensims.doesnt_match(words)
    assert [w for w, _ in ranked[::-1]] == [w for _, w in gensims.rank_by_centrality(words)]


def test_odd_one_out_by_hand() -> None:
    # units (1, 0), (0, 1), (0.71, 0.71): their mean points along (1, 1), with which x and y have
    # cosine 0.7071 and d has 1; of equal ones the first is the odd one
    found = small().odd_one_out(["d", "x", "y"])
    assert [word for word, _ in found] == ["x", "y", "d"]
    np.testing.assert_allclose([s for _, s in found], [0.70710678, 0.70710678, 1], rtol=1e-6)


def test_items(ours: Embeddings) -> None:
    assert len(ours) == 3000
    assert "w3" in ours
    assert "nowhere" not in ours
    np.testing.assert_array_equal(ours["w3"], ours.vectors[3])
    np.testing.assert_array_equal(ours[["w3", "w1"]], ours.vectors[[3, 1]])
    np.testing.assert_allclose(np.linalg.norm(ours.normalized, axis=1), 1, rtol=1e-6)
    assert ours.most_similar("w1", k=0) == []
    assert ours.most_similar_batch([], k=3) == []
    assert len(ours.most_similar("w1", k=10_000)) == 2999


def test_unknown_word_offers_spellings() -> None:
    words = Embeddings(["queen", "whale", "Paris"], np.eye(3, dtype=np.float32))
    with pytest.raises(W2VError) as caught:
        words.most_similar("whales")
    assert "'whales' is not in the vocabulary" in caught.value.message
    assert "'whale'" in caught.value.hint
    with pytest.raises(W2VError, match="'queen'"):
        words["QUEEN"]
    with pytest.raises(W2VError, match="No token"):
        words["zzzzzz"]


@pytest.mark.parametrize(
    ("tokens", "vectors", "counts", "match"),
    [
        (["a", "a"], np.ones((2, 2)), None, "two vectors, in rows 0 and 1"),
        (["a"], np.ones((2, 2)), None, r"1 tokens do not fit vectors of shape \(2, 2\)"),
        (["a"], np.ones(2), None, "do not fit"),
        ([], np.ones((0, 2)), None, "do not fit"),
        (["a", "b"], np.array([[0, 1], [np.nan, 1]]), None, "'b' .row 1. holds NaN"),
        (["a"], np.array([[1e39, 1]]), None, "holds NaN or infinity"),
        (["a"], np.array([["x"]]), None, "not numbers"),
        (["a"], np.ones((1, 2)), np.array([1, 2]), "Counts of shape"),
        (["a"], np.ones((1, 2)), np.array([-1]), "Counts of shape"),
    ],
)
def test_what_is_refused(tokens: list, vectors: np.ndarray, counts: object, match: str) -> None:
    with pytest.raises(W2VError, match=match):
        Embeddings(tokens, vectors, counts)  # type: ignore[arg-type]


@pytest.mark.parametrize("query", [np.ones(3), np.ones((1, 2)), np.array([np.nan, 1])])
def test_query_that_does_not_fit(query: np.ndarray) -> None:
    with pytest.raises(W2VError, match="does not fit"):
        small().most_similar([query])


def test_nothing_asked() -> None:
    with pytest.raises(W2VError, match="Nothing was asked"):
        small().most_similar()
    with pytest.raises(W2VError, match="too few"):
        small().odd_one_out("x")
    with pytest.raises(W2VError, match="3cosadd or 3cosmul"):
        small().analogy("x", "y", "d", method="other")  # type: ignore[arg-type]


def test_huge_and_tiny_vectors_still_have_a_direction() -> None:
    words = Embeddings(
        ["big", "small", "other"], np.float32([[3e38, 3e38], [1e-38, 1e-38], [0, 1]])
    )
    assert words.similarity("other", "small") == pytest.approx(0.7071, abs=1e-4)
    assert words.most_similar("other")[0][1] == pytest.approx(0.7071, abs=1e-4)


def test_vectors_too_small_for_a_direction_give_no_nan() -> None:
    words = Embeddings(["tiny", "one"], np.float32([[1e-45, 0], [1, 0]]))
    assert np.isfinite(words.similarity("tiny", "one"))
    assert np.isfinite([score for _, score in words.most_similar("tiny")]).all()


def test_answers_are_lists_and_tables() -> None:
    found = small().most_similar("x", k=2)
    assert found == [("d", pytest.approx(0.70710678)), ("y", 0.0)]
    frame = found.to_pandas()
    assert frame.columns.tolist() == ["token", "cosine"]
    assert frame["token"].tolist() == ["d", "y"]
    assert small().most_similar_batch(["x"], k=2)[0].to_pandas().equals(frame)
    assert small().analogy("x", "y", "d", method="3cosmul").columns == ("token", "score")
    page = found._repr_html_()
    assert page.count("<tr>") == 3
    assert ">0.7071</td>" in page


def test_a_token_cannot_write_html() -> None:
    words = Embeddings(["<script>", "b"], np.eye(2, dtype="f4"), np.array([1234, 1]))
    page = words._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert ">1,234</td>" in page


def test_a_view_of_the_vectors() -> None:
    assert repr(small()) == "Embeddings(4 tokens, dim 2, no counts: 'x', 'y', 'd', …)"
    assert "<p>4 tokens, 2 numbers each; the first 4:</p>" in small()._repr_html_()
    frame = small().to_pandas()
    assert frame.loc["d"].tolist() == [1, 1]
    assert frame.index.tolist() == ["x", "y", "d", "o"]
    assert len(Embeddings(["only"], np.ones((1, 2)))._repr_html_()) > 0
