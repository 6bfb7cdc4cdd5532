"""Starting from vectors: what is found, kept, frozen, refused, and the same after a stop."""

import numpy as np
import pytest

from w2vtrain.cli import main
from w2vtrain.corpus.prepare import prepare
from w2vtrain.errors import TrainingStopped, W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.train import train
from w2vtrain.vectors.embeddings import Embeddings

QUICK = TrainConfig(embedding_dim=8, epochs=2, window_size=2)
OLD = "the cat sat on the mat and the dog sat on the log " * 3
NEW = "the cat and the zebra sat on a zebra crossing with the dog " * 3


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """A finished run."""
    folder = tmp_path_factory.mktemp("old")
    (folder / "old.txt").write_text((OLD + "\n") * 60)
    prepare([str(folder / "old.txt")], folder / "run")
    train(folder / "run", QUICK)
    return folder / "run"


@pytest.fixture
def run(tmp_path):
    """A prepared run that shares six words with the old one."""
    (tmp_path / "new.txt").write_text((NEW + "\n") * 60)
    prepare([str(tmp_path / "new.txt")], tmp_path / "run")
    return tmp_path / "run"


SHARED = ["the", "cat", "and", "sat", "on", "dog"]


def tables(run):
    names = RunDirectory(run)
    return np.load(names.vectors), np.load(names.context_vectors)


def rows_of(run, words):
    return Embeddings.load(run).rows(words)


def test_known_words_start_from_both_tables_and_new_ones_as_usual(run, old):
    tiny = QUICK.replaced(learning_rate=1e-9, epochs=1)
    train(run, tiny)
    usual = Embeddings.load(run)["zebra"]
    summary = train(run, tiny.replaced(start_from=str(old)))
    for table, before in zip(tables(run), tables(old), strict=True):
        assert table[rows_of(run, SHARED)] == pytest.approx(before[rows_of(old, SHARED)], abs=1e-6)
    assert Embeddings.load(run)["zebra"] == pytest.approx(usual, abs=1e-6)
    assert summary.start["found"] == 6
    assert summary.start["new"] == 4  # a zebra crossing with
    assert summary.start["moved"] == pytest.approx(0, abs=1e-6)
    assert summary.epochs == 1


@pytest.mark.parametrize("pairs", ["stream", "explicit"])
def test_frozen_words_keep_their_bytes_and_new_ones_learn(run, old, pairs):
    config = QUICK.replaced(pairs=pairs, start_from=str(old), freeze_known=True)
    summary = train(run, config)
    for table, before in zip(tables(run), tables(old), strict=True):
        assert table[rows_of(run, SHARED)].tobytes() == before[rows_of(old, SHARED)].tobytes()
    assert summary.start["moved"] == pytest.approx(0, abs=1e-12)
    zebra = tables(run)[1][rows_of(run, ["zebra"])]
    assert np.abs(zebra).max() > 0  # context rows start at 0


def test_a_file_has_no_contexts_and_words_move(run, old, tmp_path):
    Embeddings.load(old).save(tmp_path / "old.txt", "word2vec-text")
    summary = train(run, QUICK.replaced(start_from=str(tmp_path / "old.txt"), known_rate=1.0))
    assert summary.start["found"] == 6
    start, end = Embeddings.load(old)[SHARED], Embeddings.load(run)[SHARED]
    cosines = (start * end).sum(axis=1) / np.linalg.norm(start, axis=1)
    moved = np.mean(1 - cosines / np.linalg.norm(end, axis=1))
    assert summary.start["moved"] == pytest.approx(moved, abs=1e-6)
    assert moved > 1e-5
    with pytest.raises(W2VError, match="no context vectors to freeze"):
        train(run, QUICK.replaced(start_from=str(tmp_path / "old.txt"), freeze_contexts=True))


def test_known_words_move_at_their_share_of_the_rate(run, old):
    moved = {}
    for rate in (0.0, 0.02, 1.0):
        config = QUICK.replaced(start_from=str(old), known_rate=rate)
        moved[rate] = train(run, config).start["moved"]
        zebra = tables(run)[1][rows_of(run, ["zebra"])]
        assert np.abs(zebra).max() > 1e-3  # a new word learns all the same
    assert moved[0.0] == pytest.approx(0, abs=1e-12)
    assert 0 < moved[0.02] < moved[1.0] / 20


@pytest.mark.parametrize("pairs", ["stream", "explicit"])
def test_a_compass_keeps_the_contexts_and_starts_words_anew(run, old, pairs):
    config = QUICK.replaced(pairs=pairs, start_from=str(old), freeze_contexts=True)
    summary = train(run, config)
    _, contexts = tables(run)
    assert contexts[rows_of(run, SHARED)].tobytes() == (
        tables(old)[1][rows_of(old, SHARED)].tobytes()
    )
    assert np.abs(contexts[rows_of(run, ["zebra"])]).max() > 0
    assert "moved" not in summary.start
    started = np.abs(tables(run)[0] - tables(old)[0][:1]).max()
    assert started > 1e-4


def test_a_stopped_start_goes_on_to_the_same_bytes(run, old):
    config = QUICK.replaced(start_from=str(old), freeze_known=True)
    train(run, config)
    whole = RunDirectory(run).vectors.read_bytes()
    assert train(run, config).unchanged
    train(run, QUICK)  # a model of another start in its place
    asked = iter(range(100))
    with pytest.raises(TrainingStopped):
        train(run, config, stop=lambda: next(asked) > 0)
    assert not train(run, config).unchanged
    assert RunDirectory(run).vectors.read_bytes() == whole


def test_other_vectors_are_another_training(run, old, tmp_path):
    vectors = Embeddings.load(old)
    config = QUICK.replaced(start_from=str(tmp_path / "v.txt"))
    vectors.save(tmp_path / "v.txt", "word2vec-text")
    assert not train(run, config).unchanged
    assert train(run, config).unchanged
    Embeddings(vectors.tokens, -vectors.vectors).save(tmp_path / "v.txt", "word2vec-text")
    assert not train(run, config).unchanged


def test_what_cannot_be_started_from_is_refused(run, old, tmp_path):
    with pytest.raises(W2VError, match="vectors of 8 numbers, not 9"):
        train(run, QUICK.replaced(embedding_dim=9, start_from=str(old)))
    Embeddings(["xylophone"], np.ones((1, 8))).save(tmp_path / "v.txt", "word2vec-text")
    with pytest.raises(W2VError, match="None of the words of the text has a vector"):
        train(run, QUICK.replaced(start_from=str(tmp_path / "v.txt")))
    for wrong, message in (
        ({"freeze_known": True}, "it is not given"),
        ({"known_rate": 0.5}, "is for words of --start-from"),
        ({"start_from": "x", "epochs": None, "more_epochs": 1}, "only one can be"),
        ({"start_from": "x", "freeze_known": True, "freeze_contexts": True}, "only one can be"),
    ):
        with pytest.raises(W2VError, match=message):
            QUICK.replaced(**wrong)
    with pytest.raises(W2VError, match="does nothing with --objective full-softmax"):
        TrainConfig(objective="full-softmax", start_from="x")


def test_the_command_says_what_was_found(run, old, capsys):
    arguments = ["train", str(run), "--embedding-dim", "8", "--epochs", "1", "--window-size", "2"]
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "--start-from", str(old)])
    assert not stop.value.code
    out = capsys.readouterr().out
    assert f"Start       6 words found in {old}, 4 are new; those found moved by 0." in out


def test_new_words_start_from_ngrams_where_the_vectors_have_them(run, tmp_path):
    ngrams = QUICK.replaced(subwords=True, buckets=1000, epochs=1)
    (tmp_path / "old.txt").write_text((OLD + "\n") * 60)
    prepare([str(tmp_path / "old.txt")], tmp_path / "ngrams")
    train(tmp_path / "ngrams", ngrams)
    before = Embeddings.load(tmp_path / "ngrams")
    tiny = QUICK.replaced(learning_rate=1e-9, epochs=1)
    summary = train(run, tiny.replaced(start_from=str(tmp_path / "ngrams")))
    after = Embeddings.load(run)
    words = ("zebra", "crossing", "with")
    made = [word for word in words if before.subwords.vectors_of([word]).any()]
    assert len(made) >= 1
    assert summary.start["from_ngrams"] >= len(made)
    for word in made:
        assert after[word] == pytest.approx(before.subwords.vectors_of([word])[0], abs=1e-6)
    assert after["cat"] == pytest.approx(before["cat"], abs=1e-6)
