import json

import numpy as np
import pytest
from commands import w2v

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.prepare import prepare
from w2vtrain.vectors.embeddings import Embeddings


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    place = tmp_path_factory.mktemp("tutorial")
    generator = np.random.default_rng(0)
    lines = []
    for _ in range(1500):
        topic = generator.integers(3) * 20
        lines.append(" ".join(f"w{topic + i}" for i in generator.integers(0, 20, 14)))
    (place / "text.txt").write_text("\n".join(lines) + "\n")
    settings = PrepareConfig(keep_oov=True, vocabulary_size=58, min_count=1)
    prepare([str(place / "text.txt")], place / "run", settings)
    return place / "run"


OPTIONS = ["--objective", "tutorial", "--window-size", 2, "--num-negatives", 4]


def test_pairs_shows_examples_and_counts_the_defects(corpus, capsys):
    code, out, err = w2v(capsys, "pairs", corpus, *OPTIONS, "-n", 7, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert len(found["examples"]) == 7
    assert found["negatives"] == 4 * found["positives"]
    assert found["noise_padding"] > found["noise_unknown"] > found["noise_positive"] > 0
    example = found["examples"][0]
    assert example["labels"] == [1, 0, 0, 0, 0]
    assert len(example["contexts"]) == len(example["context_ids"]) == 5
    code, out, err = w2v(capsys, "pairs", corpus, *OPTIONS, "--corrected", "--json")
    found = json.loads(out)
    assert found["noise_padding"] == found["noise_unknown"] == found["noise_positive"] == 0
    code, out, err = w2v(capsys, "pairs", corpus, *OPTIONS)
    assert code == 0, err
    assert "noise words" in out
    assert "padding, which no text holds" in out
    same = "--window-size 2 --objective tutorial --num-negatives 4"
    assert err == f"Next: w2v train {corpus} {same}\n"


def test_the_tutorial_learns_the_topics_and_measures_accuracy(corpus, capsys):
    arguments = [*OPTIONS, "--corrected", "--embedding-dim", 16, "--batch-size", 256]
    code, out, err = w2v(
        capsys, "train", corpus, *arguments, "--epochs", 6, "--learning-rate", 0.01, "--json"
    )
    assert code == 0, err
    summary = json.loads(out)
    assert summary["loss"] < summary["first_loss"]
    assert 0.2 < summary["accuracy"] <= 1
    assert summary["facts"]["repairs"] == sorted(
        ["padding", "unknown", "positive", "truncation", "frozen"]
    )
    vectors = Embeddings.load(corpus)
    near = vectors.most_similar("w5", k=6)
    assert sum(int(word[1:]) < 20 for word, _ in near if word != "[UNK]") >= 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--objective", "tutorial", "--repairs", "padding,nonsense"], "nonsense"),
        (["--repairs", "padding"], "does nothing with --objective negative-sampling"),
        (["--objective", "tutorial", "--num-negatives", 61], "only 60 ids can be noise"),
        (["--objective", "tutorial", "--batch-size", 10_000_000], "less than one batch"),
    ],
)
def test_bad_settings(corpus, capsys, arguments, message):
    code, _, err = w2v(capsys, "train", corpus, *arguments, "--force")
    assert code == 1, err
    assert message in err
    assert "Hint:" in err
