import csv
import json

import numpy as np
import pytest
from commands import w2v

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.prepare import prepare


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A text in which `salt` and `pepper` always stand together among words that vary."""
    place = tmp_path_factory.mktemp("phrase")
    words = [f"word{i}" for i in range(12)]
    generator = np.random.default_rng(0)
    lines = []
    for _ in range(400):
        left, right, *_ = generator.permutation(words)
        lines.append(f"{left} salt pepper {right}")
    (place / "text.txt").write_text("\n".join(lines) + "\n")
    prepare([str(place / "text.txt")], place / "run", PrepareConfig())
    return place / "run"


OPTIONS = [
    "--window-size", 1, "--embedding-dim", 8, "--subsample-threshold", 0,
    "--learning-rate", 0.05, "--batch-size", 64, "--epochs", 8, "--force",
]  # fmt: skip


@pytest.mark.parametrize(
    "objective",
    [
        ["full-softmax"],
        ["full-softmax", "--pairs", "explicit"],
        ["sampled-softmax", "--num-negatives", 6],
        ["hierarchical-softmax", "--epochs", 30],  # its nodes start at zero
    ],
)
def test_the_partner_in_a_fixed_phrase_comes_first(corpus, capsys, objective):
    code, out, err = w2v(capsys, "train", corpus, *OPTIONS, "--objective", *objective, "--json")
    assert code == 0, err
    assert json.loads(out)["loss"] < json.loads(out)["first_loss"]
    code, out, err = w2v(capsys, "predict", corpus, "salt", "pepper", "--top", 14, "--json")
    assert code == 0, err
    salt, pepper = json.loads(out)["queries"]
    assert salt["contexts"][0]["word"] == "pepper"
    assert pepper["contexts"][0]["word"] == "salt"
    # half of salt's contexts are pepper; the twelve others share the rest
    assert salt["contexts"][0]["probability"] == pytest.approx(0.5, abs=0.12)
    assert sum(c["probability"] for c in salt["contexts"]) == pytest.approx(1, abs=1e-4)


def test_accuracy_snapshots_and_history_of_a_full_softmax(corpus, capsys):
    arguments = ["--objective", "full-softmax", *OPTIONS, "--snapshots", "--json"]
    code, out, err = w2v(capsys, "train", corpus, *arguments)
    assert code == 0, err
    summary = json.loads(out)
    rows = list(csv.DictReader((corpus / "model/history.csv").open()))
    assert float(rows[-1]["accuracy"]) == pytest.approx(summary["accuracy"], rel=1e-4)
    assert 0.3 < summary["accuracy"] <= 0.6
    paths = sorted((corpus / "model/snapshots").glob("*.npy"))
    assert [path.name for path in paths] == [f"epoch-{i:04d}.npy" for i in range(9)]
    np.testing.assert_array_equal(np.load(paths[-1]), np.load(corpus / "model/vectors.npy"))
    assert not np.array_equal(np.load(paths[0]), np.load(paths[1]))
    assert not (corpus / ".snapshots").exists()


def test_groups_judges_before_and_after(corpus, capsys, tmp_path):
    path = tmp_path / "groups.tsv"
    path.write_text(
        "".join(f"word{i}\tvaried\n" for i in range(12)) + "salt\tfixed\npepper\tfixed\n"
    )
    w2v(capsys, "train", corpus, "--objective", "full-softmax", *OPTIONS, "--snapshots")
    code, out, err = w2v(capsys, "groups", corpus, path, "--json", "--shuffles", 50)
    assert code == 0, err
    names = [result["vectors"] for result in json.loads(out)["results"]]
    assert names == ["before training", "trained"]
    code, out, _ = w2v(capsys, "groups", corpus, path, "--shuffles", 50)
    assert code == 0
    assert "2 fixed" in out


def test_next_looks_ahead_only(corpus, capsys):
    arguments = ["--objective", "full-softmax", "--context", "next", *OPTIONS]
    assert w2v(capsys, "train", corpus, *arguments)[0] == 0
    _, out, _ = w2v(capsys, "predict", corpus, "salt", "pepper", "--json")
    salt, pepper = json.loads(out)["queries"]
    assert salt["contexts"][0] == {
        "word": "pepper",
        "probability": pytest.approx(1, abs=0.05),
    }
    assert pepper["contexts"][0]["word"].startswith("word")


def test_a_run_without_probabilities_says_how_to_get_them(corpus, capsys):
    assert w2v(capsys, "train", corpus, "--epochs", 1, "--force")[0] == 0
    code, out, err = w2v(capsys, "predict", corpus, "salt")
    assert (code, out) == (1, "")
    assert "no probabilities" in err
    assert "--objective full-softmax" in err


def test_settings_that_do_nothing_are_refused(corpus, capsys):
    code, _, err = w2v(capsys, "train", corpus, "--context", "next")
    assert code == 1
    assert "--context does nothing with --objective negative-sampling" in err
