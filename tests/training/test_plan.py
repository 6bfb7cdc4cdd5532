"""The plan against what then happens: exact where the text was read, near where it is foretold."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest
from commands import w2v

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.prepare import prepare
from w2vtrain.errors import W2VError
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.plan import plan
from w2vtrain.training.text_probe import expected_vocabulary
from w2vtrain.training.train import train

CORPUS = Path(__file__).parents[2] / "data" / "corpus.txt"


def zipf(words: int, types: int = 200_000) -> np.ndarray:
    """Ids from 2 on, drawn by Zipf's law."""
    edges = np.cumsum(1 / np.arange(1, types + 1))
    draws = np.random.default_rng(1).random(words) * edges[-1]
    return np.searchsorted(edges, draws) + 2


@pytest.mark.parametrize("min_count", [1, 5])
@pytest.mark.parametrize("scale", [2, 8])
def test_vocabulary_of_a_longer_text_is_foretold(min_count, scale):
    ids = zipf(1_600_000)
    found = expected_vocabulary(ids[: len(ids) // scale], min_count, scale)
    real = int((np.bincount(ids)[2:] >= min_count).sum())
    assert found == pytest.approx(real, rel=0.2)


def test_vocabulary_of_the_whole_text_is_exact():
    ids = zipf(50_000)
    assert expected_vocabulary(ids, 3, 1.0) == int((np.bincount(ids)[2:] >= 3).sum())


def test_plan_of_text_and_of_its_run_agree_with_the_run(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("".join(CORPUS.read_text().splitlines(keepends=True)[:3000]))
    settings = TrainConfig(embedding_dim=16, epochs=4)
    before = plan([str(text)], PrepareConfig(), settings, seconds=0.2)
    assert not (tmp_path / "run").exists()
    made = prepare([text], tmp_path / "run", PrepareConfig())
    after = plan([str(tmp_path / "run")], None, settings, seconds=0.2)
    for found in (before, after):
        assert found.measured_on == 1
        assert (found.words, found.tokens) == (made.words_read, made.tokens)
        assert found.vocabulary == made.vocabulary
        assert found.epochs == 4
    assert before.pairs == pytest.approx(after.pairs, rel=1e-6)
    sharded = settings.replaced(shards=2, workers=2)
    both = plan([str(tmp_path / "run")], None, sharded, seconds=0.1)
    assert (after.processes, both.processes) == (1, 2)
    assert both.memory > 1.9 * after.memory
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["corpus"]


@pytest.mark.parametrize("packed", [False, True])
def test_size_of_a_text_that_is_not_read_to_its_end(tmp_path, monkeypatch, packed):
    import gzip

    from w2vtrain.training import text_probe

    monkeypatch.setattr(text_probe, "PROBE_LINES", 2000)
    monkeypatch.setattr(text_probe, "READ_AHEAD", 1 << 62)  # the file is smaller than one
    content = CORPUS.read_bytes()
    text = tmp_path / ("text.txt.gz" if packed else "text.txt")
    text.write_bytes(gzip.compress(content) if packed else content)
    found = text_probe.probe_text([str(text)], PrepareConfig(), tmp_path)
    if packed:  # the whole file was in the first buffer: nothing more can be known
        assert found.scale == 1
        return
    words = len(content.split())
    assert found.words == pytest.approx(words, rel=0.05)
    vocabulary = found.text.vocabulary
    assert len(vocabulary) == found.vocabulary + 2
    assert found.text.counts.sum() == pytest.approx(found.tokens, rel=0.1)


def test_standard_input_cannot_be_planned():
    with pytest.raises(W2VError, match="cannot read standard input"):
        plan(["-"])


OPTIONS = ["--embedding-dim", "8", "--epochs", "3"]


def test_a_plan_writes_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("w2vtrain.training.plan.plan", functools.partial(plan, seconds=0.2))
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("a b c d e f g h\n" * 300)
    code, out, _ = w2v(
        capsys, *["plan", "text.txt", "--embedding-dim", "8", "--epochs", "3", "--json"]
    )
    assert code == 0
    assert [path.name for path in tmp_path.rglob("*")] == ["text.txt"]  # it writes nothing
    found = json.loads(out)
    assert found["vocabulary"] == 8
    assert found["epochs"] == 3


@pytest.mark.slow
def test_plan_of_the_bundled_corpus_is_near_what_it_takes(tmp_path):
    settings = TrainConfig(embedding_dim=50, epochs=10)
    found = plan([str(CORPUS)], PrepareConfig(), settings)
    made = prepare([CORPUS], tmp_path / "run", PrepareConfig())
    trained = train(tmp_path / "run", settings)
    assert found.vocabulary == made.vocabulary
    size = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert size / 2 < found.disk < 4 * size
    assert trained.seconds / 2.5 < found.train_seconds < 2.5 * trained.seconds


def test_the_rate_of_reading_is_that_of_the_second_half():
    from w2vtrain.training.text_probe import _MeasuredReading

    reading = _MeasuredReading.__new__(_MeasuredReading)
    reading.text_bytes = 100
    # the first half took 5 s, most of it starting; the other 50 bytes took 2 s
    reading._marks = [(0.0, 10), (5.0, 50), (6.0, 80), (7.0, 100)]
    assert reading.reading_seconds() == pytest.approx(4.0)
    reading._marks = [(3.0, 100)]  # a single piece says nothing about a rate
    assert reading.reading_seconds() == 0.0
