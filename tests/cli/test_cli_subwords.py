"""Questions about words that are in no vocabulary, through the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from commands import exit_code

from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.ngrams import Ngrams
from w2vtrain.vectors.subwords import Subwords

WORDS = ["king", "kings", "queen", "river", "rivers"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ngrams = Ngrams(5000, 3, 4)
    buckets = np.unique(ngrams.rows(WORDS).rows)
    rows = np.random.default_rng(0).normal(size=(len(buckets), 8)).astype(np.float32)
    subwords = Subwords(ngrams, rows, buckets, np.arange(len(buckets)))
    vectors = subwords.with_own_rows(WORDS, np.zeros((5, 8), np.float32))
    path = tmp_path_factory.mktemp("cli") / "v.bin"
    Embeddings(WORDS, vectors, np.arange(9, 4, -1), subwords).save(path, "fasttext-bin")
    return path


def test_neighbors_of_an_unseen_word(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("neighbors", model, "kingss", "--json", "-k", 2) == 0
    out, error = capsys.readouterr()
    record = json.loads(out)
    assert {found["token"] for found in record["queries"][0]["neighbors"]} == {"king", "kings"}
    assert record["made_from_ngrams"] == ["kingss"]
    assert error == "Not in the vocabulary, made from n-grams: kingss.\n"


def test_a_word_in_other_letters_is_pointed_out(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("similarity", model, "RIVERs", "rivers") == 1
    assert "none of its n-grams has a vector" in capsys.readouterr().err
    assert exit_code("vector", model, "Rivers") == 0
    out, error = capsys.readouterr()
    assert out.startswith("Rivers ")
    assert "\nIn the vocabulary: rivers.\n" in error


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("neighbors", ["kingss"]),
        ("similarity", ["kingss", "river"]),
        ("analogy", ["king", "kings", "riverss"]),
        ("odd-one-out", ["king", "kings", "riverss"]),
        ("vector", ["kingss"]),
    ],
)
def test_vocabulary_only(
    model: Path, command: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(command, model, *words, "--json") == 0
    made = json.loads(capsys.readouterr().out)["made_from_ngrams"]
    assert made == [word for word in words if word not in WORDS]
    assert exit_code(command, model, *words, "--vocabulary-only") == 1
    assert "is not in the vocabulary of 5 tokens" in capsys.readouterr().err


def test_evaluate_counts_made_words_apart(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text(
        "king\tkings\t9\nriver\trivers\t8\nKingss\tking\t7\nking\tzzz\t1\nqueen\tking\t2\n"
    )
    assert exit_code("evaluate", model, "--similarity", pairs, "--json") == 0
    found = json.loads(capsys.readouterr().out)["vectors"][0]["similarity"][0]
    assert (found["used"], found["from_ngrams"], found["unknown"]) == (4, 1, ["zzz"])
    assert exit_code("evaluate", model, "--similarity", pairs, "--json", "--vocabulary-only") == 0
    found = json.loads(capsys.readouterr().out)["vectors"][0]["similarity"][0]
    assert (found["used"], found["from_ngrams"]) == (3, 0)
    assert found["unknown"] == ["Kingss", "zzz"]
    assert exit_code("evaluate", model, "--similarity", pairs) == 0
    assert "from n-grams" in capsys.readouterr().out


def test_lists_of_words(model: Path) -> None:
    vectors = Embeddings.load(model)
    both = vectors[["king", "kingss"]]
    np.testing.assert_array_equal(both[1], vectors["kingss"])
    assert "kingss" not in vectors
    assert len(vectors) == 5
    found = vectors.most_similar(["king", "kingss"], k=5)
    assert "king" not in dict(found)  # no word asked for is an answer
