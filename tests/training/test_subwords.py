"""Trainings with n-grams: what is written, resumed, refused, and what unseen words get."""

import itertools
import os
from pathlib import Path

import keras
import numpy as np
import pytest

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.prepare import prepare
from w2vtrain.errors import TrainingStopped, W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.registry import make_objective
from w2vtrain.training.subwords import WordNgrams
from w2vtrain.training.train import train
from w2vtrain.training.warm_start import WarmStart
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.ngrams import Ngrams

STEMS = ("walk", "laugh", "sing", "paint", "climb", "whisper")
ENDINGS = ("", "s", "ed", "ing", "er", "ers", "able")
SETTINGS = {"subwords": True, "buckets": 3000, "embedding_dim": 16, "window_size": 3}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A text in which each stem has its own neighbors, and one form of each stem never occurs."""
    draw = np.random.default_rng(3)
    lines = []
    for _ in range(3000):
        number = draw.integers(len(STEMS))
        forms = [STEMS[number] + e for k, e in enumerate(ENDINGS) if k != number + 1]
        topic = [f"{c}{number}{c}{number}" for c in "bdfgkl"]
        lines.append(" ".join(draw.permutation([*draw.choice(forms, 4), *draw.choice(topic, 4)])))
    folder = tmp_path_factory.mktemp("subwords")
    (folder / "text.txt").write_text("\n".join(lines) + "\n")
    prepare([str(folder / "text.txt")], folder / "run", PrepareConfig(min_count=2))
    return folder / "run"


def corpus_of(run, root):
    root.mkdir()
    (root / "corpus").symlink_to(run / "corpus")
    return root


@pytest.fixture(scope="module")
def trained(run, tmp_path_factory):
    root = corpus_of(run, tmp_path_factory.mktemp("trained") / "run")
    summary = train(root, TrainConfig(**SETTINGS, epochs=10, validation_fraction=0.1))
    assert summary.val_loss is not None
    assert summary.val_loss < 0.8 * 6 * np.log(2)  # of an untrained model: 6 log 2
    return root


def test_an_unseen_form_is_near_its_stem(trained):
    vectors = Embeddings.load(trained)
    for stem, ending in zip(STEMS, ENDINGS[1:], strict=True):
        unseen = stem + ending
        assert unseen not in vectors
        near = [word for word, _ in vectors.most_similar(unseen, k=3)]
        assert any(word.startswith(stem) for word in near), (unseen, near)
        others = [vectors.similarity(unseen, other) for other in STEMS if other != stem]
        assert vectors.similarity(unseen, stem) > max(others)


def test_what_is_written_fits_together(trained):
    files = RunDirectory(trained)
    vectors = Embeddings.load(trained)
    subwords = vectors.subwords
    assert subwords is not None
    assert subwords.ngrams == Ngrams(3000)
    assert len(subwords.vectors) < len(subwords.buckets)  # n-grams of the same words share a row
    model = keras.models.load_model(files.keras_model)
    np.testing.assert_allclose(model.word_vectors()[2:], vectors.vectors, atol=1e-6)
    own = subwords.own_rows(vectors.tokens, vectors.vectors)
    back = subwords.with_own_rows(vectors.tokens, own)
    np.testing.assert_allclose(back, vectors.vectors, atol=1e-6)
    # a word's own row, as the model has it: the class of rows that no other word has
    word = vectors.tokens[0]
    first = int(model.word_ends.numpy()[1])
    rows = model.word_rows.numpy()[first : model.word_ends.numpy()[2]]
    table = model.ngram_embedding.embeddings.numpy()[rows]
    assert np.abs(table - own[0]).max(axis=1).min() < 1e-5, word


def test_the_saved_model_goes_on_with_any_optimizer(trained):
    model = keras.models.load_model(RunDirectory(trained).keras_model)
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    before = model.word_vectors()
    pairs = np.array([2, 3]), np.array([[4, 5], [6, 7]])
    labels = np.array([[1, 0], [1, 0]])
    first = model.evaluate(pairs, labels, verbose=0)
    model.fit(pairs, labels, epochs=5, verbose=0)
    assert model.evaluate(pairs, labels, verbose=0) < first
    assert (model.word_vectors() != before).any(axis=1).sum() > 2  # words that share an n-gram


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"subword_hash": "floret", "hash_count": 2},
        {"architecture": "cbow", "position_weights": True},
    ],
)
def test_a_stopped_training_goes_on_to_the_same_bytes(run, tmp_path, more):
    config = TrainConfig(**SETTINGS, **more, epochs=2, keep_best=True, validation_fraction=0.1)
    whole, parts = (corpus_of(run, tmp_path / name) for name in ("whole", "parts"))
    train(whole, config)
    calls = itertools.count()
    with pytest.raises(TrainingStopped):
        train(parts, config, stop=lambda: next(calls) == 3)
    train(parts, config)
    for name in ("vectors.npy", "context_vectors.npy", "subwords/vectors.npy"):
        one, other = ((r / "model" / name).read_bytes() for r in (whole, parts))
        assert one == other, name


def test_a_finished_training_goes_on(trained, run, tmp_path):
    root = corpus_of(run, tmp_path / "run")
    (root / "model").symlink_to(trained / "model")
    before = Embeddings.load(root)
    more = TrainConfig(**SETTINGS, more_epochs=1, learning_rate=0.01)
    objective = make_objective(Corpus.open(RunDirectory(root)), more, 1)
    start = WarmStart.load(root, more)
    assert start is not None
    start.initialize(objective, objective.corpus)
    ids = {token: i for i, token in enumerate(objective.corpus.vocabulary.tokens)}
    vectors = objective.model.word_vectors()[[ids[token] for token in before.tokens]]
    np.testing.assert_allclose(vectors, before.vectors, atol=1e-5)
    (root / "model").unlink()
    train(root, TrainConfig(embedding_dim=16, epochs=1))
    with pytest.raises(W2VError, match="not made from n-grams"):
        train(root, more)


def test_vectors_are_means_of_the_rows_of_all_ngrams():
    words = ("abc", "abcd", "zabc", "q", "aaaaa")
    ngrams = Ngrams(50, 2, 3)
    table = WordNgrams(words, ngrams, 4)
    model = table.model(seed=1)
    rows = model.ngram_embedding.embeddings.numpy()
    found, sizes = ngrams.rows(words)
    place = np.searchsorted(table.buckets, found)
    sums = np.add.reduceat(rows[table.classes[place]], np.cumsum(sizes) - sizes)
    # what is left of a word's vector is its own row, which is one of the table's
    own = model.word_vectors() * (sizes + 1)[:, None] - sums
    for row in own:
        assert np.abs(rows - row).sum(axis=1).min() < 1e-5


def test_rows_that_share_their_words_are_one():
    table = WordNgrams(("abcd", "abce"), Ngrams(2_000_000, 3, 4), 4)
    # <ab, abc, <abc are in both words; the others and its own row are a word's alone
    assert table.words.number == 3
    assert table.words.sizes.tolist() == [2, 2]
    # abcd has n-grams <ab abc bcd cd> <abc abcd bcd> and itself: 3 shared and 5 of its own
    assert sorted(table.words.shares[:2].tolist()) == [3 / 8, 5 / 8]
    assert table.words.times.tolist() == [1, 1, 1, 1]


def test_cbow_learns_unseen_forms_too(run, tmp_path):
    root = corpus_of(run, tmp_path / "run")
    config = TrainConfig(**SETTINGS, architecture="cbow", epochs=10, validation_fraction=0.1)
    summary = train(root, config)
    assert summary.val_loss < 0.8 * 6 * np.log(2)
    vectors = Embeddings.load(root)
    near = [word for word, _ in vectors.most_similar("walks", k=3)]
    assert any(word.startswith("walk") for word in near), near
    model = keras.models.load_model(RunDirectory(root).keras_model)
    # the score of two contexts and padding: the mean of the two, times the output row
    rows, out = model.word_vectors(), model.context_vectors()
    score = float(model((np.array([[3, 5, 0]]), np.array([[7]])))[0, 0])
    assert score == pytest.approx(float((rows[3] + rows[5]) / 2 @ out[7]), rel=1e-4)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"subwords": True, "min_ngram": 5, "max_ngram": 4}, "out of order"),
        ({"max_ngram": 7}, "--max-ngram does nothing without --subwords"),
        ({"subwords": True, "hash_count": 2}, "only|1 row with the fasttext hash"),
        ({"subwords": True, "objective": "full-softmax"}, "--subwords does nothing with"),
        ({"subwords": True, "pairs": "explicit"}, "--subwords does nothing with"),
        ({"subwords": True, "subword_hash": "md5"}, "not a choice"),
        ({"position_weights": True}, "--position-weights is for --architecture cbow"),
        ({"position_weights": True, "architecture": "cbow", "shards": 2}, "in one shard"),
        ({"subwords": True, "start_from": "x", "freeze_known": True}, "--freeze-known does not go"),
    ],
)
def test_combinations_that_make_no_sense(settings, match):
    with pytest.raises(W2VError) as caught:
        TrainConfig(**settings)
    assert any(part in f"{caught.value.message} {caught.value.hint}" for part in match.split("|"))


def test_more_rows_than_memory(monkeypatch):
    monkeypatch.setattr(os, "sysconf", lambda name: 1000 if name == "SC_PHYS_PAGES" else 1)
    with pytest.raises(W2VError, match="and this machine has") as caught:
        WordNgrams(("abcdefgh", "ijklmnop"), Ngrams(), 100)
    assert "--buckets" in str(caught.value.hint)


@pytest.mark.slow
def test_unseen_forms_of_a_russian_novel(tmp_path):
    shared = Path(os.environ.get("W2V_SHARED", Path(__file__).parents[2] / "../shared"))
    text = shared / "data/corpora/unicode/ru.txt.gz"
    if not text.is_file():
        pytest.skip("shared data not found: set W2V_SHARED")
    prepare([str(text)], tmp_path / "run", PrepareConfig(min_count=2))
    train(tmp_path / "run", TrainConfig(subwords=True))
    vectors = Embeddings.load(tmp_path / "run")
    forms = {
        "улыбка": "улыбками",
        "вечер": "вечерами",
        "доктор": "докторами",
        "разговор": "разговорами",
        "девушка": "девушкам",
        "вопрос": "вопросам",
    }
    for lemma, form in forms.items():
        assert form not in vectors
        near = [word for word, _ in vectors.most_similar(form, k=6)]
        assert lemma in near, (form, near)
        assert vectors.similarity(lemma, form) > 0.7
