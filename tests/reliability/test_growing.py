"""A finished run goes on, and grows: old ids and vectors are kept, new words follow."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from reliability.corpora import write_text

from w2vtrain.cli import main
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.update import grown_vocabulary, update
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import TrainingStopped, W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.config import MoreEpochs, TrainConfig
from w2vtrain.training.train import train
from w2vtrain.vectors.embeddings import Embeddings

FIRST = TrainConfig(embedding_dim=8, epochs=2, window_size=2, subsample_threshold=0.0)
MORE = FIRST.replaced(epochs=None, more_epochs=3, learning_rate=0.01)


@pytest.fixture
def run(tmp_path) -> Path:
    (tmp_path / "old.txt").write_text("the cat sat\nthe dog sat\nthe cat ran\nrare the\n" * 20)
    prepare([tmp_path / "old.txt"], tmp_path / "run", PrepareConfig(min_count=21))
    return tmp_path / "run"


def corpus(run: Path) -> tuple[list[str], list[int], list[list[str]]]:
    files = RunDirectory(run)
    vocabulary = Vocabulary.load(files.corpus_vocabulary)
    ids, ends = np.load(files.token_ids), np.load(files.boundaries)
    units = [[vocabulary.tokens[i] for i in part] for part in np.split(ids, ends[1:-1])]
    return list(vocabulary.tokens), vocabulary.counts.tolist(), units


def test_new_words_follow_the_old_ones(run, tmp_path):
    tokens, counts, units = corpus(run)
    assert tokens == ["", "[UNK]", "the", "cat", "sat"]  # dog, ran and rare: 20 times each
    assert counts == [0, 60, 80, 40, 40]
    (tmp_path / "new.txt").write_text("the dog ran\nzebra zebra the\nowl\n" + "zebra\n" * 25)
    summary = update([tmp_path / "new.txt"], run)
    grown, grown_counts, grown_units = corpus(run)
    # zebra 27 times in the new text; dog and ran 20 + 1 times in both: 21 is enough
    assert grown == [*tokens, "zebra", "dog", "ran"]
    # what was left out of the old text stays left out: 60, and owl
    assert grown_counts == [0, 61, 82, 40, 40, 27, 1, 1]
    assert grown_units[: len(units)] == units
    assert grown_units[len(units) :] == [
        ["the", "dog", "ran"], ["zebra", "zebra", "the"], *[["zebra"]] * 25,
    ]  # fmt: skip
    assert sum(grown_counts) == summary.words_read == 220 + 32
    assert summary.words_kept == summary.tokens == len(np.load(RunDirectory(run).token_ids))
    assert summary.units == len(grown_units)
    left = Vocabulary.load(RunDirectory(run).corpus / "left_out.tsv")
    assert dict(zip(left.tokens, left.counts.tolist(), strict=True)) == {"rare": 20, "owl": 1}
    import tensorflow as tf

    from w2vtrain.corpus.vectorizer import load_vectorizer

    vectorizer = load_vectorizer(RunDirectory(run).vectorizer)
    assert vectorizer(tf.constant(["the dog owl"])).to_list() == [[2, 6, 1]]


def test_the_same_update_again_changes_nothing(run, tmp_path):
    write_text(tmp_path / "new.txt")
    update([tmp_path / "new.txt"], run)
    before = RunDirectory(run).token_ids.read_bytes()
    assert update([tmp_path / "new.txt"], run).unchanged
    assert RunDirectory(run).token_ids.read_bytes() == before
    with pytest.raises(W2VError, match=r"holds the text of .*old.txt already"):
        update([tmp_path / "old.txt"], run)
    with pytest.raises(W2VError, match="prepared with --boundary line, not file"):
        update([tmp_path / "new.txt"], run, PrepareConfig(min_count=21, boundary="file"))


def test_vocabulary_size_caps_the_new_words():
    old = Vocabulary(("", "[UNK]", "a"), np.array([0, 0, 9]))
    none = Vocabulary((), np.array([], np.int64))
    new = Vocabulary(("", "[UNK]", "b", "c", "a"), np.array([0, 2, 5, 4, 1]))
    grown = grown_vocabulary(old, none, new, PrepareConfig(min_count=1, vocabulary_size=2))
    assert grown.vocabulary.tokens == ("", "[UNK]", "a", "b")
    assert grown.vocabulary.counts.tolist() == [0, 6, 10, 5]
    assert grown.left_out.tokens == ("c",)
    assert grown.table.tolist() == [0, 1, 3, 1, 2]


def history(run: Path) -> list[dict[str, str]]:
    with RunDirectory(run).history.open() as file:
        return list(csv.DictReader(file))


def test_more_epochs_go_on_from_the_vectors_with_a_fresh_decay(run):
    train(run, FIRST)
    rows, first = history(run), np.load(RunDirectory(run).vectors)
    seen = []
    summary = train(run, MORE, progress=seen.append)
    assert summary.epochs == 5
    after = history(run)
    assert after[: len(rows)] == rows
    assert [row["epoch"] for row in after[len(rows) :]][:: len(after)] == ["3"]
    assert after[-1]["epoch"] == "5"
    assert int(after[-1]["step"]) > int(rows[-1]["step"])
    rates = [row.learning_rate for row in seen]
    assert rates[0] < 0.01
    assert rates[0] > 0.005
    assert rates[-1] < 1e-4
    moved = np.abs(np.load(RunDirectory(run).vectors) - first).max()
    assert 0 < moved < 2 * np.abs(first).max()
    # once more goes on again
    assert train(run, MORE).epochs == 8


def test_going_on_can_be_stopped_and_resumed(run):
    train(run, FIRST)
    files = RunDirectory(run)
    saved = {path.name: path.read_bytes() for path in files.model.iterdir()}
    train(run, MORE)
    whole = files.vectors.read_bytes()
    for path in files.model.iterdir():
        path.unlink()
    for name, content in saved.items():
        (files.model / name).write_bytes(content)
    asked = iter(range(100))
    with pytest.raises(TrainingStopped):
        train(run, MORE, stop=lambda: next(asked) > 0)
    assert train(run, MORE).epochs == 5
    assert files.vectors.read_bytes() == whole


def test_a_grown_run_trains_on_from_its_old_vectors(run, tmp_path):
    train(run, FIRST)
    before = Embeddings.load(run)
    (tmp_path / "new.txt").write_text("zebra the zebra cat zebra\n" * 40)
    update([tmp_path / "new.txt"], run)
    tiny = MORE.replaced(learning_rate=1e-9, more_epochs=1)
    train(run, tiny)
    after = Embeddings.load(run)
    # rows go by falling count, though zebra's id is the last: 120 and 40 + 80 times
    assert list(after.tokens) == ["the", "zebra", "cat", "sat"]
    for token in before.tokens:
        np.testing.assert_allclose(
            after.vectors[list(after.tokens).index(token)],
            before.vectors[list(before.tokens).index(token)],
            atol=1e-6,
        )
    train(run, MORE)
    assert history(run)[-1]["epoch"] == "6"


def test_command_line_takes_plus_n(run, capsys):
    train(run, FIRST)
    with pytest.raises(SystemExit) as info:
        main(["train", str(run), "--epochs", "+1", "--json"])
    assert info.value.code == 1
    assert "learning rate must be given" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["train", str(run), "--epochs", "+1", "--learning-rate", "0.01", "--json"])
    made = json.loads(capsys.readouterr().out)
    assert made["epochs"] == 3
    assert made["embedding_dim"] == 8  # the finished training's settings hold


def test_epochs_option_refuses_nonsense(run, capsys):
    with pytest.raises(SystemExit) as info:
        main(["train", str(run), "--epochs", "three"])
    assert info.value.code == 2
    assert TrainConfig(epochs=MoreEpochs(3)).more_epochs == 3
    with pytest.raises(W2VError, match="only one can be"):
        TrainConfig(epochs=3, more_epochs=2)


def test_vectors_of_another_size_are_refused(run):
    train(run, FIRST)
    with pytest.raises(W2VError, match="vectors of 8 numbers, not 16"):
        train(run, MORE.replaced(embedding_dim=16))
