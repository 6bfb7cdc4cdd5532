"""The training stage: what it writes, that it repeats itself, and what it refuses."""

import csv
import dataclasses
import itertools
from pathlib import Path

import keras
import numpy as np
import pytest

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.engine.stream import Position
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import sha256
from w2vtrain.run.stage import atomic_stage, read_manifest
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.registry import make_objective
from w2vtrain.training.train import epochs_for, train

QUICK = TrainConfig(embedding_dim=8, epochs=3, window_size=2)


def write_corpus(root: Path, sentences: list[list[int]], words: int) -> Path:
    """Writes RUN/corpus by hand; a sentence lists word numbers from 0."""
    tokens = np.array([word + 2 for sentence in sentences for word in sentence], np.int32)
    ends = np.cumsum([0, *(len(sentence) for sentence in sentences)]).astype(np.int64)
    counts = np.bincount(tokens, minlength=words + 2)
    names = RunDirectory(root)
    record = {"stage": "prepare", "config": PrepareConfig().as_dict(), "inputs": []}
    with atomic_stage(names.corpus, record) as folder:
        np.save(folder / "token_ids.npy", tokens)
        np.save(folder / "boundaries.npy", ends)
        vocabulary = ("", "[UNK]", *(f"w{i:02}" for i in range(words)))
        Vocabulary(vocabulary, counts).save(folder / "vocabulary.tsv")
    return root


@pytest.fixture
def run(tmp_path) -> Path:
    # two topics of ten words each; sentences stay in one topic
    generator = np.random.default_rng(0)
    sentences = [
        [int(w) + 10 * (i % 2) for w in generator.integers(0, 10, generator.integers(2, 12))]
        for i in range(600)
    ]
    return write_corpus(tmp_path / "run", sentences, 20)


def test_it_writes_vectors_contexts_vocabulary_model_and_history(run):
    seen = []
    summary = train(run, QUICK, progress=seen.append)
    names = RunDirectory(run)
    vectors, contexts = np.load(names.vectors), np.load(names.context_vectors)
    assert vectors.shape == contexts.shape == (20, 8)
    assert vectors.dtype == contexts.dtype == np.float32
    assert Vocabulary.load(names.vocabulary).tokens[:2] == ("w00", "w01")
    manifest = read_manifest(names.model, "w2v train", verify=True)
    assert manifest["summary"]["epochs"] == 3
    assert set(manifest["files"]) >= {"vectors.npy", "word2vec.keras", "history.csv"}
    with names.history.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == sorted(row["epoch"] for row in rows)
    assert float(rows[-1]["loss"]) == pytest.approx(summary.loss, rel=1e-4)
    assert seen[-1].words == pytest.approx(summary.words * 3)
    assert seen[0].learning_rate > seen[-1].learning_rate
    assert summary.loss < summary.first_loss
    assert list(names.logs.glob("events.*"))


def test_words_of_one_topic_come_together(run):
    train(run, dataclasses.replace(QUICK, epochs=20, subsample_threshold=0.0))
    vectors = np.load(RunDirectory(run).vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    same = np.add.outer(np.arange(20) // 10, -(np.arange(20) // 10)) == 0
    assert cosines[same & ~np.eye(20, dtype=bool)].min() > cosines[~same].max()


def test_cbow_learns_the_topics_and_measures_held_out_text(run):
    config = QUICK.replaced(architecture="cbow", epochs=30, subsample_threshold=0.0)
    summary = train(run, config.replaced(validation_fraction=0.1))
    assert summary.loss < summary.first_loss <= 6 * np.log(2)
    assert summary.val_loss < 6 * np.log(2)  # of a model that knows nothing
    vectors = np.load(RunDirectory(run).vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert (unit[:10] @ unit[:10].T).mean() > (unit[:10] @ unit[10:].T).mean() + 0.3
    assert type(keras.models.load_model(RunDirectory(run).keras_model)).__name__ == "Cbow"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"objective": "full-softmax"}, "--architecture does nothing"),
        ({"pairs": "explicit"}, "--architecture does nothing"),
        ({"objective": "tutorial"}, "--architecture does nothing"),
        ({"validation_ranks": 5, "validation_fraction": 0.1}, "which CBOW does not predict"),
        ({"architecture": "glove"}, "skip-gram, cbow"),
    ],
)
def test_cbow_is_refused_where_it_makes_no_sense(settings, named):
    with pytest.raises(W2VError) as raised:
        TrainConfig(**{"architecture": "cbow", **settings})
    assert named in f"{raised.value} {raised.value.hint}"


def test_the_saved_model_gives_the_scores_of_the_tables(run):
    train(run, QUICK)
    names = RunDirectory(run)
    model = keras.models.load_model(names.keras_model, safe_mode=True)
    vectors, contexts = np.load(names.vectors), np.load(names.context_vectors)
    scores = model((np.array([2, 21]), np.array([[3], [4]]))).numpy()  # id = row + 2
    wanted = [[vectors[0] @ contexts[1]], [vectors[19] @ contexts[2]]]
    np.testing.assert_allclose(scores, wanted, rtol=1e-5)


def train_on(config: TrainConfig, run: Path) -> None:
    train(run, config, force=True)


@pytest.mark.parametrize(
    "model",
    [
        {"architecture": "skip-gram"},
        {"architecture": "cbow", "position_weights": True},
        {"architecture": "skip-gram", "subwords": True, "buckets": 1000},
        {"architecture": "cbow", "subwords": True, "buckets": 1000},
    ],
    ids=["skip-gram", "cbow", "subwords", "subword cbow"],
)
def test_same_seed_same_bytes_on_any_number_of_threads(run, model):
    from forked import forked

    config = QUICK.replaced(**model)
    train(run, config)
    here = sha256(RunDirectory(run).vectors)
    for threads in (1, 4):
        assert forked(train_on, config.replaced(threads=threads), run) == 0
        assert sha256(RunDirectory(run).vectors) == here
    train(run, config.replaced(seed=2))
    assert here != sha256(RunDirectory(run).vectors)


def test_what_is_up_to_date_is_left_alone(run):
    train(run, QUICK)
    made = RunDirectory(run).vectors.stat().st_mtime_ns
    again = train(run, dataclasses.replace(QUICK, threads=7))  # threads do not decide the vectors
    assert again.unchanged
    assert RunDirectory(run).vectors.stat().st_mtime_ns == made
    assert not train(run, dataclasses.replace(QUICK, seed=5)).unchanged


def test_explicit_pairs_learn_the_topics_too(run):
    config = TrainConfig(
        embedding_dim=8, epochs=6, window_size=2, pairs="explicit", subsample_threshold=0.0,
        learning_rate=0.02,
    )  # fmt: skip
    seen = []
    summary = train(run, config, progress=seen.append)
    # at the start every score is 0: 1 + 5 cross-entropies of log 2
    assert seen[0].loss == pytest.approx(6 * np.log(2), rel=0.1)
    assert summary.loss < summary.first_loss < 6 * np.log(2)
    vectors = np.load(RunDirectory(run).vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert (unit[:10] @ unit[:10].T).mean() > (unit[:10] @ unit[10:].T).mean() + 0.3


def test_a_kept_oov_token_gets_a_vector(tmp_path):
    sentences = [[-1, 0, 1, 2], [2, 1, -1]] * 50  # word -1 is id 1, out-of-vocabulary
    root = write_corpus(tmp_path / "run", sentences, 3)
    names = RunDirectory(root)
    record = {"stage": "prepare", "config": PrepareConfig(keep_oov=True).as_dict(), "inputs": []}
    copies = {path.name: path.read_bytes() for path in names.corpus.glob("*.[nt]*")}
    with atomic_stage(names.corpus, record) as folder:
        for name, content in copies.items():
            (folder / name).write_bytes(content)
    train(root, QUICK)
    assert Vocabulary.load(names.vocabulary).tokens == ("[UNK]", "w00", "w01", "w02")
    assert np.load(names.vectors).shape == (4, 8)


def test_the_default_number_of_epochs_follows_the_text():
    assert [epochs_for(n) for n in (1, 400_000, 800_000, 4_000_000, 10**9)] == [50, 50, 25, 5, 5]


def test_train_before_prepare(tmp_path):
    with pytest.raises(W2VError, match="holds no corpus/ stage") as caught:
        train(tmp_path / "run")
    assert "w2v prepare" in caught.value.hint
    assert not (tmp_path / "run").exists()


def test_a_damaged_corpus_is_named(run):
    path = RunDirectory(run).token_ids
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(W2VError, match=r"token_ids.npy is damaged"):
        train(run, QUICK)


@pytest.mark.parametrize(
    ("sentences", "words", "message"),
    [([[0], [1], [0]], 2, "not a single pair"), ([[0, 0, 0]], 1, "holds 1 word")],
)
def test_a_corpus_without_a_pair(tmp_path, sentences, words, message):
    with pytest.raises(W2VError, match=message):
        train(write_corpus(tmp_path / "run", sentences, words), QUICK)
    assert not RunDirectory(tmp_path / "run").model.exists()


def test_a_loss_that_explodes_stops_the_run_and_leaves_nothing(run):
    train(run, QUICK)
    before = sha256(RunDirectory(run).vectors)

    class Callback(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            table = self.model.target_embedding.embeddings
            table.assign(np.full(table.shape, np.inf, np.float32))

    with pytest.raises(W2VError, match="The loss became") as caught:
        train(run, QUICK, force=True, callbacks=[Callback()])
    assert "learning rate" in caught.value.hint
    assert sha256(RunDirectory(run).vectors) == before
    assert not [p for p in run.iterdir() if p.name.startswith(".")]


class Rates(keras.callbacks.Callback):
    """Notes the epochs, the steps done and the learning rate at the end."""

    def on_train_begin(self, logs=None):
        self.epochs = []

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(epoch)

    def on_train_end(self, logs=None):
        self.steps = int(self.model.optimizer.iterations.numpy())
        self.rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))


@pytest.mark.parametrize("settings", [{}, {"pairs": "explicit"}])
def test_the_rate_falls_to_nothing_by_the_last_step(run, settings):
    noted, seen = Rates(), []
    config = TrainConfig(**settings, embedding_dim=8, epochs=3, window_size=2, learning_rate=0.01)
    train(run, config, callbacks=[noted], progress=seen.append)
    assert noted.epochs == [0, 1, 2]
    assert noted.rate == pytest.approx(0.01 * 1e-4, rel=1e-3)
    assert noted.steps == seen[-1].steps


@pytest.mark.parametrize("settings", [{}, {"pairs": "explicit"}, {"objective": "sampled-softmax"}])
def test_an_epoch_has_as_many_steps_as_a_pass_over_the_text(run, settings):
    corpus = Corpus.open(RunDirectory(run))
    config = TrainConfig(window_size=2, subsample_threshold=0.0, **settings)
    objective = make_objective(corpus, config, 2)
    after = (after for _, after in objective.batches(Position()))
    first_pass = sum(1 for _ in itertools.takewhile(lambda at: at.pass_number == 0, after))
    assert first_pass > 2
    assert objective.batches_per_epoch == pytest.approx(first_pass, abs=1)


@pytest.mark.parametrize("able", [True, False])
def test_bfloat16_warns_where_the_processor_cannot(run, monkeypatch, caplog, able):
    from w2vtrain.training import negative_sampling

    monkeypatch.setattr(negative_sampling, "computes_bfloat16", lambda: able)
    train(run, QUICK.replaced(precision="bfloat16"))
    assert ("no instructions for bfloat16" in caplog.text) is not able
    assert np.load(RunDirectory(run).vectors).dtype == np.float32
