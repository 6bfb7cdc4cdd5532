"""Words that are asked of a run whose tokens are subword units; normalization of what is asked."""

import json
import unicodedata

import numpy as np
import pytest
from commands import exit_code
from run_fixture import write_run

from w2vtrain import Embeddings
from w2vtrain.analysis.evaluation.similarity import evaluate_similarity
from w2vtrain.analysis.evaluation.test_sets import SimilaritySet
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError

TEXT = "the lower tower grows slower than a low town; newer towers grow lower and lower\n" * 20


def trained(folder, text, **settings):
    (folder / "a.txt").write_text(text, encoding="utf-8")
    prepare([folder / "a.txt"], folder / "run", PrepareConfig(min_count=1, **settings))
    tokens = list(Vocabulary.load(folder / "run/corpus/vocabulary.tsv").tokens[2:])
    vectors = np.random.default_rng(3).normal(size=(len(tokens), 8))
    return write_run(folder / "run", tokens, vectors)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("units")
    return trained(folder, TEXT, split="subwords", vocabulary_size=40)


@pytest.fixture
def embeddings(run):
    return Embeddings.load(run)


def test_a_word_is_the_mean_of_its_units(embeddings):
    units = embeddings.units("Lowest")
    assert units[0].startswith("▁lo")
    assert len(units) > 1
    assert "Lowest" not in embeddings
    known = [unit for unit in units if unit in embeddings.tokens]
    np.testing.assert_allclose(embeddings["Lowest"], embeddings[known].mean(axis=0), rtol=1e-6)
    answers = [token for token, _ in embeddings.most_similar("Lowest", k=100)]
    assert not set(answers) & set(known)  # what is asked is no answer
    assert answers == [token for token, _ in embeddings.most_similar_batch(["Lowest"], 100)[0]]


def test_a_word_of_one_unit_and_units_as_they_are(embeddings):
    assert embeddings.token_of("Lower") == "▁lower"
    assert "lower" in embeddings
    np.testing.assert_array_equal(embeddings["lower"], embeddings["▁lower"])
    inner = next(token for token in embeddings.tokens if not token.startswith("▁"))
    row = embeddings.tokens.index(inner)
    np.testing.assert_array_equal(embeddings[inner], embeddings.vectors[row])


def test_the_vocabulary_only(run):
    embeddings = Embeddings.load(run, vocabulary_only=True)
    assert "▁lower" in embeddings
    assert "lower" not in embeddings
    with pytest.raises(W2VError, match="'lowest' is not in the vocabulary"):
        embeddings["lowest"]


def test_letters_that_are_no_unit(embeddings):
    with pytest.raises(W2VError, match="none of its units has a vector"):
        embeddings["漢"]


def test_the_commands_say_how_words_were_cut(run, capsys):
    assert exit_code("neighbors", run, "Lower", "lowest", "--json") == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert [query["word"] for query in found["queries"]] == ["▁lower", "lowest"]
    assert found["units"]["Lower"] == ["▁lower"]
    assert "Lower is cut into ▁lower." in err
    assert f"lowest is cut into {' '.join(found['units']['lowest'])}." in err


def test_evaluation_takes_words(embeddings):
    pairs = (("lower", "Tower"), ("lowest", "town"), ("lower", "漢"))
    result = evaluate_similarity(embeddings, SimilaritySet("x", pairs, np.array([1.0, 2.0, 3.0])))
    assert (result.used, result.unknown) == (2, ("漢",))


def test_explain_and_export_take_the_units(run, tmp_path):
    from w2vtrain.analysis.explain import explain

    assert explain(run, "lower", "tower").count_a == 60
    for form in ("projector", "word2vec-text"):
        assert exit_code("export", run, "--format", form, "-o", tmp_path / form) == 0
    lines = (tmp_path / "projector/metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("▁lower\t") for line in lines)
    file = tmp_path / "word2vec-text/vectors.txt"
    assert Embeddings.load(file).tokens == Embeddings.load(run).tokens


@pytest.mark.parametrize("form", ["nfc", "nfkc"])
def test_what_is_asked_is_normalized_as_the_text_was(tmp_path, form):
    run = trained(tmp_path, "café crème ﬁne\n" * 5, normalize=form)
    embeddings = Embeddings.load(run)
    decomposed = unicodedata.normalize("NFD", "café")
    assert decomposed in embeddings
    np.testing.assert_array_equal(embeddings[decomposed], embeddings["café"])
    assert ("ﬁne" in embeddings, "fine" in embeddings) == (True, form == "nfkc")
    assert [t for t, _ in embeddings.most_similar(decomposed, k=5)] == [
        t for t, _ in embeddings.most_similar("café", k=5)
    ]


def test_tokens_of_a_file_are_found_as_they_are_spelled():
    decomposed = unicodedata.normalize("NFD", "café")
    embeddings = Embeddings([decomposed, "thé"], np.eye(2))
    assert decomposed in embeddings
    assert "café" not in embeddings
    assert unicodedata.normalize("NFD", "thé") in embeddings
