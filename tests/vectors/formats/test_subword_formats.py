"""Formats that hold n-grams: golden bytes, gensim both ways, unseen words, and what is refused."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import load_facebook_model, load_facebook_vectors, save_facebook_model

from w2vtrain.cli import main
from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.formats import fasttext, stream
from w2vtrain.vectors.formats.compressed_subwords import frequent_buckets
from w2vtrain.vectors.ngrams import Ngrams
from w2vtrain.vectors.subwords import Subwords

UNSEEN = ("kingly", "queens", "naïveté", "x")


def small(buckets: int = 4, hash: str = "fasttext") -> Embeddings:
    """Two words, n-grams of 3 characters, whole numbers."""
    ngrams = Ngrams(buckets, 3, 3, hash)
    subwords = Subwords(ngrams, np.float32([[4, 8], [2, 6]]), np.array([0, 2]), np.array([1, 0]))
    own = np.float32([[1, 2], [3, 5]])
    if hash == "fasttext":
        vectors = subwords.with_own_rows(["ab", "é"], own)
    else:
        vectors = subwords.vectors_of(["ab", "é"])
    return Embeddings(["ab", "é"], vectors, np.array([7, 3]), subwords)


def trained(buckets: int = 300) -> FastText:
    texts = [["king", "queen", "man", "naïve"], ["woman", "king", "queen", "東京都"]] * 20
    settings = {"vector_size": 8, "min_count": 1, "epochs": 2, "workers": 1, "seed": 1}
    return FastText(texts, bucket=buckets, **settings)


def test_golden_bytes_of_a_fasttext_model(tmp_path: Path) -> None:
    small().save(tmp_path / "v", "fasttext-bin")
    # <ab ab> of ab, <é> of é; what their buckets are, test_ngrams.py holds to gensim
    assert (tmp_path / "v").read_bytes() == b"".join(
        [
            struct.pack("<2i", 793712314, 12),
            # dim ws epoch minCount neg wordNgrams loss=ns model=sg bucket minn maxn lrUpdateRate t
            struct.pack("<12id", 2, 5, 5, 1, 5, 1, 2, 2, 4, 3, 3, 100, 1e-4),
            struct.pack("<3i2q", 2, 2, 0, 10, -1),
            b"ab\0" + struct.pack("<qb", 7, 0),
            "é".encode() + b"\0" + struct.pack("<qb", 3, 0),
            struct.pack("<?2q", False, 2 + 4, 2),
            np.float32([[1, 2], [3, 5], [2, 6], [0, 0], [4, 8], [0, 0]]).tobytes(),
            struct.pack("<?2q", False, 2, 2),
            np.zeros((2, 2), np.float32).tobytes(),
        ]
    )


def test_golden_bytes_of_a_floret_table(tmp_path: Path) -> None:
    small(hash="floret").save(tmp_path / "v.floret")
    assert (tmp_path / "v.floret").read_text() == (
        "4 2 3 3 1 2166136261 < >\n0 2 6\n1 0 0\n2 4 8\n3 0 0\n"
    )


def test_gensim_reads_ours(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    words = ["king", "queen", "naïve", "東京都", "a"]
    rows = generator.normal(size=(40, 6)).astype(np.float32)
    subwords = Subwords(Ngrams(50, 2, 4), rows, np.arange(3, 43), np.arange(40))
    vectors = subwords.with_own_rows(words, generator.normal(size=(5, 6)).astype(np.float32))
    ours = Embeddings(words, vectors, np.array([9, 8, 7, 6, 5]), subwords)
    ours.save(tmp_path / "v.bin", "fasttext-bin")
    theirs = load_facebook_vectors(str(tmp_path / "v.bin"))
    assert theirs.index_to_key == words
    for word in (*words, *UNSEEN):
        np.testing.assert_allclose(theirs[word], ours[word], atol=1e-5)
    assert theirs.get_vecattr("queen", "count") == 8


@pytest.mark.parametrize("packed", [False, True])
def test_we_read_gensims(tmp_path: Path, packed: bool) -> None:
    model = trained()
    save_facebook_model(model, str(tmp_path / "model"))
    if packed:
        data = (tmp_path / "model").read_bytes()
        (tmp_path / "model").write_bytes(gzip.compress(data))
    found = Embeddings.load(tmp_path / "model")
    assert found.tokens == tuple(model.wv.index_to_key)
    for word in (*found.tokens, *UNSEEN):
        np.testing.assert_allclose(found[word], model.wv[word], atol=1e-5)
    assert found.counts is not None
    assert found.counts[found.row("king")] == 40
    assert isinstance(found.subwords.vectors, np.memmap) != packed


def test_a_model_goes_through_with_its_output_matrix(tmp_path: Path) -> None:
    model = trained()
    save_facebook_model(model, str(tmp_path / "model"))
    arguments = [str(tmp_path / "model"), str(tmp_path / "v.bin"), "--to", "fasttext-bin"]
    assert main_code("convert", *arguments) == 0
    back = load_facebook_model(str(tmp_path / "v.bin"))
    np.testing.assert_array_equal(back.syn1neg, model.syn1neg)
    np.testing.assert_allclose(back.wv["king"], model.wv["king"], atol=1e-6)
    np.testing.assert_array_equal(back.wv.vectors_ngrams, model.wv.vectors_ngrams)


def test_the_ending_bin_stays_word2vecs(tmp_path: Path) -> None:
    small().save(tmp_path / "v.bin")
    assert (tmp_path / "v.bin").read_bytes().startswith(b"2 2\nab ")
    assert Embeddings.load(tmp_path / "v.bin").subwords is None


def test_damage(tmp_path: Path) -> None:
    save_facebook_model(trained(), str(tmp_path / "model"))
    data = (tmp_path / "model").read_bytes()
    for length in (3, 20, 70, 100, len(data) // 2, len(data) - 1):
        (tmp_path / "cut").write_bytes(data[:length])
        with pytest.raises(W2VError, match=r"damaged|known format|no fastText"):
            Embeddings.load(tmp_path / "cut", "fasttext-bin")
    (tmp_path / "word").write_bytes(data.replace(b"king\0", b"k\xffng\0"))
    with pytest.raises(W2VError, match="is not UTF-8"):
        Embeddings.load(tmp_path / "word")


@pytest.mark.parametrize(
    ("format", "hash", "why"),
    [
        ("fasttext-bin", "floret", "Try --to floret"),
        ("floret", "fasttext", "Try --to fasttext-bin"),
    ],
)
def test_another_hash_is_refused(tmp_path: Path, format: str, hash: str, why: str) -> None:
    with pytest.raises(W2VError, match="another hash") as caught:
        small(hash=hash).save(tmp_path / "v", format)
    assert caught.value.hint is not None
    assert why in caught.value.hint


def test_normalized_vectors_have_no_ngrams(tmp_path: Path) -> None:
    table = stream.of_matrix(["a"], np.float32([[1, 2]]))
    with pytest.raises(W2VError, match="the source has none") as caught:
        fasttext.write(tmp_path / "v", stream.normalized(table))
    assert "--normalize" in str(caught.value.hint)


def main_code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(list(arguments))
    return int(leaving.value.code or 0)


@pytest.mark.parametrize(
    ("quantization", "error"), [("none", 1e-6), ("float16", 2e-3), ("pq", 0.6)]
)
def test_compressed(
    tmp_path: Path, quantization: str, error: float, capsys: pytest.CaptureFixture[str]
) -> None:
    model = trained()
    save_facebook_model(model, str(tmp_path / "model"))
    out = tmp_path / "v"
    arguments = ["--to", "fasttext-compressed", "--ngrams", "20", "--quantize", quantization]
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("king\tqueen\t9\nman\twoman\t8\nking\tnaïve\t1\n")
    arguments += ["--similarity", str(pairs)]
    assert main_code("convert", str(tmp_path / "model"), str(out), *arguments) == 0
    printed = capsys.readouterr().out
    assert "20 n-grams; cosine with the originals" in printed
    assert "B - A" in printed
    whole, kept = Embeddings.load(tmp_path / "model"), Embeddings.load(out)
    assert kept.tokens == whole.tokens
    np.testing.assert_array_equal(kept.counts, whole.counts)
    scale = np.abs(whole.vectors).max()
    np.testing.assert_allclose(kept.vectors, whole.vectors, atol=error * scale)
    assert len(kept.subwords.vectors) == 20
    assert kept["kingly"].any()
    (tmp_path / "cut").write_bytes(out.read_bytes()[:-40])
    with pytest.raises(W2VError, match="damaged"):
        Embeddings.load(tmp_path / "cut")


def test_the_most_frequent_ngrams_are_kept() -> None:
    subwords = Subwords(Ngrams(1000, 3, 3), np.ones((1000, 2), np.float32))
    words, counts = ["abc", "abd", "xyz"], np.array([5, 3, 9])
    # xy, xyz, yz> occur 9 times, <ab 8 times, abc, bc> 5 times, abd, bd> 3 times
    kept = frequent_buckets(subwords, words, counts, 4)
    expected = {*Ngrams(1000, 3, 3).rows(["xyz"]).rows, Ngrams(1000, 3, 3).rows(["ab"]).rows[0]}
    assert set(kept.tolist()) == expected
    assert len(frequent_buckets(subwords, words, None, 1)) == 1
