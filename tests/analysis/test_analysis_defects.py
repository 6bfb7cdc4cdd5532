"""Mended defects, through the command line alone."""

import json

import numpy as np
import pytest
from commands import w2v

from w2vtrain.cli import main


def write_text(path, seed):
    rng = np.random.default_rng(seed)
    lines = [" ".join(f"w{i}" for i in rng.integers(0, 20, size=12)) for _ in range(60)]
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def stale(tmp_path_factory):
    """A run that was trained on one text and then prepared from another, and a fresh run."""
    folder = tmp_path_factory.mktemp("stale")
    training = ["--embedding-dim", "4", "--epochs", "1", "--window-size", "2"]
    for name, seed in (("run", 1), ("fresh", 2)):
        write_text(folder / f"{name}.txt", seed)
        run = str(folder / name)
        for arguments in (
            ["prepare", str(folder / f"{name}.txt"), "-o", run, "--min-count", "1"],
            ["train", run, *training],
        ):
            with pytest.raises(SystemExit) as stop:
                main(arguments)
            assert not stop.value.code
    arguments = ["-o", str(folder / "run"), "--min-count", "1", "--force"]
    with pytest.raises(SystemExit):
        main(["prepare", str(folder / "fresh.txt"), *arguments])
    return folder


def test_explain_gives_no_cosine_of_a_model_of_another_text(stale, capsys):
    code, out, err = w2v(capsys, "explain", stale / "run", "w1", "w2", "--json")
    result = json.loads(out)
    assert code == 0
    assert result["vector_cosine"] is None
    assert result["ppmi_cosine"] > 0
    assert "trained on another corpus than it holds now" in err
    code, out, err = w2v(capsys, "explain", stale / "fresh", "w1", "w2", "--json")
    assert json.loads(out)["vector_cosine"] is not None
    assert "another corpus" not in err


def test_stability_does_not_mix_trainings_on_two_texts(stale, capsys):
    code, out, err = w2v(capsys, "stability", stale / "run", "--seeds", "1")
    assert (code, out) == (1, "")
    assert "trained on another corpus than it holds now" in err
    assert f"Hint: Run `w2v train {stale / 'run'}` first." in err
    assert not (stale / "run" / "stability").exists()
    code, _, err = w2v(capsys, "stability", stale / "run", stale / "fresh", "-k", "3")
    assert code == 0
    assert "not all trained on the same text" in err
    code, _, err = w2v(capsys, "stability", stale / "fresh", stale / "fresh", "-k", "3")
    assert "not all trained" not in err


def test_why_not_says_that_the_vectors_are_of_an_earlier_text(stale, capsys):
    _, out, _ = w2v(capsys, "why-not", stale / "run", "w1", "--json")
    result = json.loads(out)
    assert result["kept"]
    assert result["steps"][-1]["stage"] == "training"
    assert "earlier corpus" in result["steps"][-1]["happened"]


@pytest.fixture
def capitals(tmp_path):
    """Vectors of 2 x 14 words that answer all 182 questions, and none when asked the wrong way."""
    rng = np.random.default_rng(0)
    left = np.eye(14) * 3
    right = left + np.r_[np.zeros(13), 2.0] + rng.normal(size=(14, 14)) * 1e-3
    vectors = tmp_path / "vectors.txt"
    names = [f"a{i}" for i in range(14)], [f"b{i}" for i in range(14)]
    with vectors.open("w") as file:
        file.write("28 14\n")
        for tokens, rows in zip(names, (left, right), strict=True):
            for token, row in zip(tokens, rows, strict=True):
                file.write(f"{token} {' '.join(f'{x:.5f}' for x in row)}\n")
    pairs = [(i, j) for i in range(14) for j in range(14) if i != j]
    (tmp_path / "right.txt").write_text("".join(f"a{i} b{i} a{j} b{j}\n" for i, j in pairs))
    (tmp_path / "wrong.txt").write_text(
        "".join(f"a{i} b{i} a{j} b{i if j % 14 else 3}\n" for i, j in pairs if i != 3)
    )
    return tmp_path


def test_an_interval_at_the_edge_has_a_width(capitals, capsys):
    arguments = ["evaluate", capitals / "vectors.txt", "--analogies", capitals / "right.txt"]
    code, out, _ = w2v(capsys, *arguments, "--json")
    total = json.loads(out)["vectors"][0]["analogies"][0]["total"]
    assert (code, total["correct"], total["used"]) == (0, 182, 182)
    # the 182 questions are made of 14 word pairs: 0.025^(1/14) is what 14 of 14 leave open
    assert total["accuracy"]["high"] == 1
    assert total["accuracy"]["low"] == pytest.approx(0.025 ** (1 / 14))
    _, out, _ = w2v(capsys, *arguments)
    assert "1.000 to 1.000" not in out
    assert "0.768 to 1.000" in out
    arguments[-1] = capitals / "wrong.txt"
    _, out, _ = w2v(capsys, *arguments, "--json")
    total = json.loads(out)["vectors"][0]["analogies"][0]["total"]
    assert total["correct"] == total["accuracy"]["low"] == 0
    # 169 questions whose second pairs all differ count as independent
    assert total["accuracy"]["high"] == pytest.approx(1 - 0.025 ** (1 / 169))


def test_the_difference_of_two_equal_accuracies_has_a_width(capitals, capsys):
    file = capitals / "vectors.txt"
    _, out, _ = w2v(capsys, "evaluate", file, file, "--analogies", capitals / "right.txt", "--json")
    (comparison,) = json.loads(out)["comparisons"]
    difference = comparison["difference"]
    margin = 1 - 0.025 ** (1 / 14)
    assert [difference[key] for key in ("low", "value", "high")] == pytest.approx(
        [-margin, 0, margin]
    )
    assert comparison["verdict"] == "no clear difference"


def test_a_perfect_correlation_has_no_interval(tmp_path, capsys):
    (tmp_path / "v.txt").write_text("4 2\na 1 0\nb 0.9 0.1\nc 0.5 0.5\nd 0 1\n")
    (tmp_path / "s.tsv").write_text("a\tb\t3\na\tc\t2\na\td\t1\n")
    arguments = ["evaluate", tmp_path / "v.txt", "--similarity", tmp_path / "s.tsv"]
    _, out, _ = w2v(capsys, *arguments, "--json")
    figure = json.loads(out)["vectors"][0]["similarity"][0]["spearman"]
    assert figure == {"value": 1.0, "low": None, "high": None}
    _, out, _ = w2v(capsys, *arguments)
    assert "1.000 to 1.000" not in out
