"""Held-out text: whole units, never trained on, measured by the loss of training and by ranks."""

import csv
from pathlib import Path

import numpy as np
import pytest
from reliability.corpora import write_text

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.engine.sampling import noise_probabilities
from w2vtrain.errors import TrainingStopped, W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.held_out import ContextRanks
from w2vtrain.training.loop import Validation
from w2vtrain.training.train import train

CONFIG = TrainConfig(
    embedding_dim=8,
    epochs=2,
    window_size=2,
    subsample_threshold=0.0,
    validation_fraction=0.1,
    validation_ranks=50,
)


@pytest.fixture
def run(tmp_path) -> Path:
    text = write_text(tmp_path / "text.txt", lines=300)
    prepare([text], tmp_path / "run", PrepareConfig(min_count=1))
    return tmp_path / "run"


def history(run: Path) -> list[dict[str, str]]:
    with RunDirectory(run).history.open() as file:
        return list(csv.DictReader(file))


def text_of(run: Path):
    from w2vtrain.corpus.corpus import Corpus

    return Corpus.open(RunDirectory(run))


def test_whole_units_are_held_out_by_the_seed(run, tmp_path):
    text = text_of(run)

    def units(file) -> list[tuple[int, ...]]:
        ids = file.read(0, file.tokens)
        return [
            tuple(ids[a:b]) for a, b in zip(file.boundaries[:-1], file.boundaries[1:], strict=True)
        ]

    parts = []
    for number, seed in enumerate([1, 1, 2]):
        (tmp_path / str(number)).mkdir()
        parts.append(text.split(0.1, seed, tmp_path / str(number)))
    training, held_out = parts[0]
    assert len(units(held_out)) == 30
    assert sorted(units(training) + units(held_out)) == sorted(units(text))
    # in their order
    kept = iter(units(text))
    assert all(unit in kept for unit in units(training))
    assert units(parts[1][1]) == units(held_out)
    assert units(parts[2][1]) != units(held_out)
    ids = training.read(0, training.tokens)
    np.testing.assert_array_equal(training.counts, np.bincount(ids, minlength=len(text.counts)))


def reference_loss(run: Path, config: TrainConfig, held_out: np.ndarray, noise: np.ndarray):
    """The mean loss a pair by hand: windows weighted (W + 1 - d) / W, expected noise."""
    files = RunDirectory(run)
    target, context = np.load(files.vectors), np.load(files.context_vectors)
    total = weight = 0.0
    k, width = config.num_negatives, config.window_size
    for line in held_out:
        for i, t in enumerate(line):
            scores = context @ target[t]
            for j in range(max(0, i - width), min(len(line), i + width + 1)):
                if i == j:
                    continue
                w = (width + 1 - abs(i - j)) / width
                own = scores[line[j]]
                every = noise @ np.logaddexp(0, scores)
                hit = noise[line[j]] * np.logaddexp(0, own)
                total += w * (np.logaddexp(0, -own) + k * (every - hit))
                weight += w
    return total / weight


def test_held_out_loss_is_that_of_training_a_pair(run, tmp_path):
    summary = train(run, CONFIG.replaced(validation_fraction=0.25))
    (tmp_path / "split").mkdir()
    training, held_out = text_of(run).split(0.25, CONFIG.seed, tmp_path / "split")
    lines = np.split(held_out.read() - 2, held_out.boundaries[1:-1])
    noise = noise_probabilities(training.counts, CONFIG.noise, CONFIG.noise_exponent)
    expected = reference_loss(run, CONFIG, lines, noise[2:])
    # the noise is drawn, not expected: some hundred draws a block
    assert summary.val_loss == pytest.approx(expected, rel=0.03)


def test_history_has_the_held_out_figures_at_the_end_of_each_epoch(run):
    summary = train(run, CONFIG)
    rows = history(run)
    measured = [row for row in rows if row["val_loss"]]
    assert [row["epoch"] for row in measured] == ["1", "2"]
    assert measured[-1] is rows[-1]
    assert float(measured[-1]["val_loss"]) == pytest.approx(summary.val_loss, rel=1e-5)
    assert all(0 < float(row["val_mrr"]) <= 1 for row in measured)
    assert all(0 <= float(row["val_recall"]) <= 1 for row in measured)
    assert summary.facts["held_out_words"] == 300
    assert not list(run.glob(".scratch-*"))


def test_ranks_by_hand():
    class Model:
        def word_vectors(self):
            return np.array([[9.0], [1.0], [0.0], [0.0]], np.float32)

        def context_vectors(self):
            return np.array([[9.0], [0.0], [2.0], [-1.0]], np.float32)

    ranks = ContextRanks.__new__(ContextRanks)
    ranks._noise = np.array([0, 0.5, 0.25, 0.25])  # word 0 is padding: never ranked
    ranks._pairs = np.array([1, 1, 2]), np.array([2, 3, 2])
    # target 1 scores words 1, 2, 3 with 0, 2, -1; plus log(.5), log(.25), log(.25): 2 is first, 3
    # last. Target 2 scores 0 everywhere: word 1 is first by its prior, 2 and 3 share ranks 2 and 3.
    np.testing.assert_array_equal(ranks._ranks(Model()), [1, 3, 2.5])
    mrr, recall = ranks.measure(Model())
    assert (mrr, recall) == (pytest.approx((1 + 1 / 3 + 1 / 2.5) / 3), 1.0)


def test_words_of_held_out_text_only_get_no_vector(tmp_path, caplog):
    lines = [f"alone{n} apart{n} " * 3 for n in range(10)]
    (tmp_path / "text.txt").write_text("\n".join([*lines, *["a b c d e f"] * 100]))
    prepare([tmp_path / "text.txt"], tmp_path / "run", PrepareConfig(min_count=1))
    train(tmp_path / "run", CONFIG.replaced(validation_fraction=0.5))
    words = Vocabulary.load(RunDirectory(tmp_path / "run").vocabulary).tokens
    training = text_of(tmp_path / "run").split(0.5, CONFIG.seed, tmp_path)[0]
    seen = {training.vocabulary.tokens[i] for i in set(training.read().tolist())}
    assert set(words) == seen
    lost = 26 - len(words)
    assert lost > 0
    assert f"{lost} words occur only in held-out text" in caplog.text


@pytest.mark.parametrize("pairs", ["stream", "explicit"])
def test_early_stopping_takes_the_best_epoch(run, pairs, monkeypatch):
    # the curve is given, so that the best epoch is known: the second of five
    losses = iter([3.0, 2.0, 2.5, 2.2])
    monkeypatch.setattr(Validation, "_measured", lambda self: {"val_loss": next(losses)})
    tables = []

    import keras

    class Tables(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            tables.append(self.model.target_embedding.embeddings.numpy().copy())

    config = CONFIG.replaced(pairs=pairs, epochs=9, early_stopping=2, validation_ranks=0)
    summary = train(run, config, callbacks=[Tables()])
    assert summary.epochs == len(tables) == 4
    assert (summary.best_epoch, summary.val_loss) == (2, 2.0)
    np.testing.assert_array_equal(np.load(RunDirectory(run).vectors), tables[1][2:])
    assert not RunDirectory(run).checkpoints.exists()


def test_a_stopped_training_keeps_its_best_epoch(run, monkeypatch):
    curve = {1: 2.0, 2: 1.0, 3: 3.0, 4: 3.0}
    epochs = iter(curve)
    monkeypatch.setattr(Validation, "_measured", lambda self: {"val_loss": curve[next(epochs)]})
    config = CONFIG.replaced(epochs=4, keep_best=True, validation_ranks=0)
    whole = train(run, config, force=True)
    vectors = RunDirectory(run).vectors.read_bytes()
    rows = [row["epoch"] for row in history(run)]

    epochs = iter(curve)
    stop_at = rows.index("3") + 1  # the third epoch's first execution
    asked = iter(range(10**6))
    with pytest.raises(TrainingStopped):
        train(run, config, force=True, stop=lambda: next(asked) + 1 >= stop_at)
    epochs = iter([3, 4])
    again = train(run, config)
    assert again.best_epoch == whole.best_epoch == 2
    assert RunDirectory(run).vectors.read_bytes() == vectors


def test_settings_that_need_held_out_text_say_so():
    for wrong in ({"early_stopping": 2}, {"keep_best": True}, {"validation_ranks": 5}):
        with pytest.raises(W2VError, match="none is held out"):
            TrainConfig(**wrong)
    with pytest.raises(W2VError, match=r"--validation-fraction is 0.9"):
        TrainConfig(validation_fraction=0.9)


def test_one_unit_cannot_be_split(tmp_path):
    (tmp_path / "text.txt").write_text("a b c d e f g\n")
    prepare([tmp_path / "text.txt"], tmp_path / "run", PrepareConfig(min_count=1))
    with pytest.raises(W2VError, match=r"not a single pair in the training part.*1 units"):
        train(tmp_path / "run", CONFIG)
