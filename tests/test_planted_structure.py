"""The whole way on the bundled corpus: what was planted is found, and only there.

The pairs and questions are part of the corpus' definition (data/truth.py), fixed before anything
was trained. The controls are vectors that cannot know: untrained ones, and ones trained on the same
words in a random order.
"""

import itertools
from pathlib import Path

import numpy as np
import pytest

from w2vtrain import Embeddings, RunConfig
from w2vtrain.analysis.evaluation import (
    AnalogySet,
    SimilaritySet,
    evaluate_analogies,
    evaluate_similarity,
)
from w2vtrain.corpus.prepare import prepare
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.train import train

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
DEMO = RunConfig.load(ROOT / "configs/demo.toml")


def scores(vectors: Embeddings) -> tuple[float, float]:
    """Returns the share of right analogies and Spearman's correlation of the planted pairs."""
    analogies = evaluate_analogies(vectors, AnalogySet.read(DATA / "analogies.txt"))
    pairs = evaluate_similarity(vectors, SimilaritySet.read(DATA / "similarity.tsv"))
    assert analogies.total.skipped == pairs.skipped == 0
    return analogies.total.accuracy.value, pairs.spearman.value


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("planted") / "run"
    prepare([DATA / "corpus.txt"], folder, DEMO.prepare)
    return folder


def shuffled_corpus(path: Path) -> Path:
    words = (DATA / "corpus.txt").read_text(encoding="utf-8").split("\n")
    lengths = [len(line.split()) for line in words]
    tokens = np.array(" ".join(words).split())
    np.random.default_rng(1).shuffle(tokens)
    parts = np.split(tokens, np.cumsum(lengths)[:-1])
    path.write_text("\n".join(" ".join(part) for part in parts), encoding="utf-8")
    return path


def test_planted_structure_is_found_and_controls_know_nothing(run, tmp_path):
    train(run, DEMO.train)
    vectors = Embeddings.load(run)
    analogies, spearman = scores(vectors)
    assert analogies >= 0.90
    assert spearman >= 0.8
    assert dict(vectors.most_similar("man", k=3)).keys() & {"woman", "boy", "gentleman", "husband"}

    noise = np.random.default_rng(1).uniform(-0.5, 0.5, vectors.vectors.shape) / vectors.dim
    analogies, spearman = scores(Embeddings(vectors.tokens, noise.astype(np.float32)))
    assert analogies < 0.2
    assert spearman < 0.3

    prepare([shuffled_corpus(tmp_path / "shuffled.txt")], tmp_path / "run", DEMO.prepare)
    train(tmp_path / "run", DEMO.train)
    analogies, spearman = scores(Embeddings.load(tmp_path / "run"))
    assert analogies < 0.2
    assert spearman < 0.3


@pytest.mark.slow
def test_gensim_on_the_same_tokens_stands_beside(run, tmp_path, capsys):
    gensim = pytest.importorskip("gensim")
    train(run, DEMO.train)
    ours = scores(Embeddings.load(run))
    names = RunDirectory(run)
    tokens = Embeddings.load(run).tokens
    ids, ends = np.load(names.token_ids), np.load(names.boundaries)
    sentences = [[tokens[i - 2] for i in ids[a:b]] for a, b in itertools.pairwise(ends)]
    model = gensim.models.Word2Vec(
        sentences,
        sg=1,
        vector_size=DEMO.train.embedding_dim,
        sample=DEMO.train.subsample_threshold,
        epochs=DEMO.train.epochs,
        window=5,
        negative=5,
        seed=1,
        workers=1,
    )
    theirs = scores(Embeddings(model.wv.index_to_key, model.wv.vectors))
    with capsys.disabled():
        print(f"\nanalogies, Spearman: ours {ours}, gensim {theirs}")
    assert ours[0] >= theirs[0] - 0.05
    assert ours[1] >= theirs[1] - 0.05
