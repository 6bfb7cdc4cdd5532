"""All the shared test sets on vectors that gensim trained on real text: the same figures."""

import gzip
import itertools

import pytest
from gensim.models import Word2Vec

from w2vtrain.analysis.evaluation import (
    AnalogySet,
    SimilaritySet,
    evaluate_analogies,
    evaluate_similarity,
)
from w2vtrain.vectors.embeddings import Embeddings


@pytest.fixture(scope="module")
def theirs(shared):
    with gzip.open(shared / "corpora" / "wiki_en.txt.gz", "rt", encoding="utf-8") as file:
        lines = [line.lower().split() for line in itertools.islice(file, 20_000)]
    return Word2Vec(lines, vector_size=50, sg=1, epochs=3, min_count=3, workers=2, seed=1).wv


@pytest.mark.slow
def test_similarity_figures_equal_gensims(shared, theirs):
    ours = Embeddings(theirs.index_to_key, theirs.vectors)
    for path in sorted((shared / "similarity").iterdir()):
        result = evaluate_similarity(ours, SimilaritySet.read(path), 300_000, resamples=100)
        for dummy, figures in (
            (False, (result.spearman, result.pearson)),
            (True, (result.spearman_all, result.pearson_all)),
        ):
            pearson, spearman, _ = theirs.evaluate_word_pairs(path, dummy4unknown=dummy)
            wanted = spearman[0], pearson[0]
            assert tuple(f.value for f in figures) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.slow
def test_analogy_figures_equal_gensims(shared, theirs):
    path = shared / "analogy" / "questions-words.txt"
    ours = Embeddings(theirs.index_to_key, theirs.vectors)
    result = evaluate_analogies(ours, AnalogySet.read(path), 10_000, resamples=100)
    score, sections = theirs.evaluate_word_analogies(path, restrict_vocab=10_000)
    assert result.total.questions == 19_544
    assert score > 0
    counted = [(len(s["correct"]), len(s["incorrect"])) for s in sections[:-1]]
    known = {s.name: (s.correct, s.used - s.correct) for s in result.sections}
    assert list(known.values()) == counted
    assert result.total.accuracy.value == pytest.approx(score)
