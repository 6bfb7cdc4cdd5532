"""The whole way on the bundled corpus: what was planted is found, and only there.

The pairs and questions are part of the corpus' definition (data/truth.py), fixed before anything
was trained. The controls are vectors that cannot know: untrained ones, and ones trained on the same
words in a random order.
"""

import itertools
from pathlib import Path

import numpy as np
import pytest

from w2vtrain import Embeddings, RunConfig, TrainConfig, Word2Vec
from w2vtrain.analysis.evaluation import (
    AnalogySet,
    SimilaritySet,
    evaluate_analogies,
    evaluate_similarity,
)
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.prepare import prepare
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.explicit_pairs import first_pairs
from w2vtrain.training.train import train

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
DEMO = RunConfig.load(ROOT / "configs/demo.toml")


def scores(vectors: Embeddings) -> tuple[float, float]:
    """Return the share of right analogies and Spearman's correlation of the planted pairs."""
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


def test_word2vec_compiled_with_adam_finds_the_planted_structure_and_goes_on(run, tmp_path):
    import keras

    corpus = Corpus.open(RunDirectory(run))
    config = TrainConfig(pairs="explicit", subsample_threshold=DEMO.train.subsample_threshold)
    pairs = first_pairs(corpus, config)
    inputs, few = (pairs.targets, pairs.contexts), slice(50_000)
    model = Word2Vec(vocabulary_size=len(corpus.counts), embedding_dim=32)
    model.compile(
        keras.optimizers.Adam(0.01),
        keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)],
        jit_compile=False,
    )
    held_out = (tuple(array[few] for array in inputs), pairs.labels[few])
    untrained = model.evaluate(*held_out, batch_size=4096, verbose=0)
    model.fit(
        inputs, pairs.labels, batch_size=4096, validation_data=held_out, shuffle=False, verbose=0
    )
    trained = model.evaluate(*held_out, batch_size=4096, verbose=0)
    assert trained[0] < untrained[0] == pytest.approx(np.log(2), abs=0.01)
    assert trained[1] > untrained[1]

    def spearman(of: Word2Vec) -> float:
        vectors = of.word_vectors()[corpus.first_id :]
        tokens = corpus.vocabulary.tokens[corpus.first_id :]
        known = SimilaritySet.read(DATA / "similarity.tsv")
        return evaluate_similarity(Embeddings(tokens, vectors), known).spearman.value

    assert spearman(model) >= 0.8
    model.save(tmp_path / "word2vec.keras")
    again = keras.models.load_model(tmp_path / "word2vec.keras")
    np.testing.assert_array_equal(again.word_vectors(), model.word_vectors())
    assert int(again.optimizer.iterations) == int(model.optimizer.iterations) > 0
    again.fit(tuple(array[few] for array in inputs), pairs.labels[few], batch_size=4096, verbose=0)
    assert (again.word_vectors() != model.word_vectors()).any()
    assert spearman(again) >= 0.8


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
