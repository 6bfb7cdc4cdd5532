"""`w2v evaluate`, through `main`."""

import json

import numpy as np
import pytest
from commands import w2v

from w2vtrain.analysis.evaluation import AnalogySet, evaluate_analogies
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import atomic_stage
from w2vtrain.vectors.embeddings import Embeddings


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Two runs of 40 words, `good` and `bad`, two similarity sets and a set of questions."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    left = rng.normal(size=(20, 6))
    right = left + rng.normal(size=6) * 2
    good = np.concatenate([left, right]).astype(np.float32)
    bad = rng.normal(size=(40, 6)).astype(np.float32)
    tokens = tuple(f"{side}{i}" for side in "ab" for i in range(20))
    for name, vectors in (("good", good), ("bad", bad)):
        with atomic_stage(RunDirectory(tmp_path / name).model, {}) as folder:
            np.save(folder / "vectors.npy", vectors)
            Vocabulary(tokens, np.arange(40, 0, -1)).save(folder / "vocabulary.tsv")
    unit = good / np.linalg.norm(good, axis=1, keepdims=True)
    lines = [
        f"{tokens[i]}\t{tokens[j]}\t{unit[i] @ unit[j]:.6f}\n" for i in range(40) for j in range(i)
    ]
    (tmp_path / "one.tsv").write_text("".join(lines[:400]) + "a0\tnone\t1\n")
    (tmp_path / "two.tsv").write_text("".join(lines[400:]))
    pairs = [f"a{i} b{i} a{j} b{j}\n" for i in range(20) for j in range(20) if i != j]
    (tmp_path / "q.txt").write_text(
        ": x\n" + "".join(pairs[:190]) + ": gram1\n" + "".join(pairs[190:])
    )
    return tmp_path


def test_several_files_follow_one_option(place, capsys):
    code, out, _ = w2v(
        capsys,
        "evaluate",
        "good",
        "--similarity",
        "one.tsv",
        "two.tsv",
        "--analogies",
        "q.txt",
        "--json",
    )
    assert code == 0
    result = json.loads(out)
    (judged,) = result["vectors"]
    assert result["comparisons"] == []
    assert [s["name"] for s in judged["similarity"]] == ["one.tsv", "two.tsv"]
    assert judged["similarity"][0]["skipped"] == 1
    assert judged["similarity"][0]["spearman"]["value"] == pytest.approx(1, abs=1e-3)
    wanted = evaluate_analogies(Embeddings.load("good"), AnalogySet.read("q.txt")).as_dict()
    assert judged["analogies"] == [wanted]
    assert (wanted["total"]["used"], wanted["syntactic"]["used"]) == (380, 190)
    assert (judged["path"], judged["tokens"], judged["dim"]) == ("good", 40, 6)


def test_two_sets_of_vectors_are_compared(place, capsys):
    sets = ["--similarity", "one.tsv", "--similarity", "two.tsv", "--analogies", "q.txt"]
    sets += ["--resamples", "200"]
    code, out, _ = w2v(capsys, "evaluate", "bad", "good", *sets, "--json")
    assert code == 0
    assert [c["verdict"] for c in json.loads(out)["comparisons"]] == ["second is better"] * 5
    code, out, _ = w2v(capsys, "evaluate", "good", "bad", *sets)
    assert code == 0
    assert out.count("A is better") == 5
    assert "q.txt: syntactic" in out


def test_tsv_has_a_figure_a_line(place, capsys):
    _, out, _ = w2v(capsys, "evaluate", "good", "--similarity", "one.tsv", "--tsv")
    header, *rows = [line.split("\t") for line in out.splitlines()]
    assert header[3] == "measure"
    assert [row[3] for row in rows] == ["spearman", "pearson", "spearman_all", "pearson_all"]
    assert all(len(row) == len(header) for row in rows)


def test_a_restricted_vocabulary_narrows_analogies_alone(place, capsys):
    arguments = ["good", "--similarity", "one.tsv", "--analogies", "q.txt", "--json"]
    _, out, _ = w2v(capsys, "evaluate", *arguments, "--restrict-vocabulary", "30")
    (judged,) = json.loads(out)["vectors"]
    # b0 … b9 stay known: 10 * 9 questions
    assert judged["analogies"][0]["total"]["used"] == 90
    assert judged["similarity"][0]["used"] == 400


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["good"], "No test set was given"),
        (["good", "--similarity", "none.tsv"], "No such file: none.tsv"),
        (["good", "--similarity", "q.txt"], "q.txt, line 1: no score after two words"),
        (["good", "--analogies", "one.tsv"], "one.tsv, line 1: 3 words, not four"),
        (["none", "--similarity", "one.tsv"], "none"),
        (["good", "--similarity", "other.tsv"], "good knows no whole item"),
    ],
)
def test_failures_say_what_to_do(place, capsys, arguments, message):
    (place / "other.tsv").write_text("un\tdeux\t1\n")
    code, out, err = w2v(capsys, "evaluate", *arguments)
    assert (code, out) == (1, "")
    assert message in err
    assert "Hint: " in err


def test_three_sets_of_vectors_are_wrong_usage(place, capsys):
    code, _, _ = w2v(capsys, "evaluate", "good", "bad", "good", "--similarity", "one.tsv")
    assert code == 2
