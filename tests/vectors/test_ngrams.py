"""N-grams and their rows, against gensim's, floret's own values, and by hand."""

import numpy as np
import pytest
from gensim.models.fasttext import ft_ngram_hashes
from hypothesis import given
from hypothesis import strategies as st

from w2vtrain.errors import W2VError
from w2vtrain.vectors.ngrams import Ngrams
from w2vtrain.vectors.subwords import Subwords


def rows_of(ngrams: Ngrams, words: list[str]) -> list[list[int]]:
    rows, sizes = ngrams.rows(words)
    return [part.tolist() for part in np.split(rows, np.cumsum(sizes)[:-1])]


def test_a_hash_by_hand():
    # FNV-1a of "<a>": ((((basis ^ "<") * prime ^ "a") * prime) ^ ">") * prime, mod 2**32
    value = 2166136261
    for byte in b"<a>":
        value = (value ^ byte) * 16777619 % 2**32
    assert rows_of(Ngrams(2_000_000), ["a"]) == [[value % 2_000_000]]


@given(
    st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=9), min_size=1),
    st.integers(1, 4),
    st.integers(0, 3),
)
def test_the_same_rows_as_gensim(words, shortest, more):
    ngrams = Ngrams(1000, shortest, shortest + more)
    expected = [
        [] if word == "</s>" else ft_ngram_hashes(word, shortest, shortest + more, 1000)
        for word in words
    ]
    assert [sorted(rows) for rows in rows_of(ngrams, words)] == list(map(sorted, expected))


def test_single_characters_at_the_edges_are_left_out():
    # of "<ab>": a, b, then ab, <a, b>; not < and >
    assert rows_of(Ngrams(100, 1, 2), ["ab"])[0] == [
        *rows_of(Ngrams(100, 2, 2, begin="", end=""), ["<a"])[0],
        *rows_of(Ngrams(100, 1, 1), ["a"])[0],
        *rows_of(Ngrams(100, 2, 2, begin="", end=""), ["ab"])[0],
        *rows_of(Ngrams(100, 1, 1), ["b"])[0],
        *rows_of(Ngrams(100, 2, 2, begin="", end=""), ["b>"])[0],
    ]


def test_the_end_of_a_sentence_has_no_ngrams():
    assert rows_of(Ngrams(), ["</s>", "king"])[0] == []


def test_floret_rows():
    # MurmurHash3 x64 128 of "<a>" with floret's seed, 32 bits a row: from spaCy's Vectors
    assert rows_of(Ngrams(5000, 3, 3, "floret", 4), ["a"]) == [FLORET_A * 2]
    assert rows_of(Ngrams(5000, 4, 5, "floret", 2), ["a"]) == [FLORET_A[:2]]


FLORET_A = [1305, 3722, 2636, 3578]


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"min_length": 4, "max_length": 3}, "4 to 3 characters: out of order"),
        ({"min_length": 0}, "out of order"),
        ({"buckets": 0}, "0 buckets: out of range"),
        ({"hash_count": 2}, "2 rows an n-gram"),
        ({"hash": "floret", "hash_count": 5}, "5 rows an n-gram"),
    ],
)
def test_bad_settings(settings, match):
    with pytest.raises(W2VError, match=match):
        Ngrams(**settings)


def test_vectors_are_means_and_missing_rows_are_zeros():
    ngrams = Ngrams(1000, 3, 3)
    (one, two, three), (other,) = rows_of(ngrams, ["abc", "z"])  # <ab abc bc>, <z>
    buckets = np.array(sorted([one, three]))
    vectors = np.float32([[1, 2], [30, 40]])
    places = np.array([0, 1]) if one < three else np.array([1, 0])
    subwords = Subwords(ngrams, vectors, buckets, places)
    assert len({one, two, three, other}) == 4
    # (1 + 0 + 30) / 3 and (2 + 0 + 40) / 3
    np.testing.assert_allclose(subwords.vectors_of(["abc", "z"]), [[31 / 3, 14], [0, 0]], rtol=1e-6)
    own = np.float32([[9, 6], [5, 5]])
    made = subwords.with_own_rows(["abc", "z"], own)
    np.testing.assert_allclose(made, [[10, 12], [2.5, 2.5]])  # (31 + 9) / 4, 5 / 2
    np.testing.assert_allclose(subwords.own_rows(["abc", "z"], made), own)
