import json
import sys

import numpy as np
import pytest
from commands import w2v

from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import atomic_stage

TOKENS = ("king", "queen", "man", "woman", "a:b", "c", *(f"w{i}" for i in range(20)))


@pytest.fixture
def run(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(len(TOKENS), 6)).astype(np.float32)
    with atomic_stage(RunDirectory(tmp_path / "run").model, {}) as folder:
        Vocabulary(TOKENS, np.arange(len(TOKENS), 0, -1)).save(folder / "vocabulary.tsv")
        np.save(folder / "vectors.npy", vectors)
    return tmp_path / "run"


def test_map_writes_its_three_forms_into_the_run(run, capsys):
    code, out, _ = w2v(capsys, "plot", "map", run, "--method", "pca", "--json")
    assert code == 0
    files = json.loads(out)["files"]
    assert files == [str(run / f"pictures/map.{form}") for form in ("png", "svg", "html")]
    assert json.loads(out)["words"] == len(TOKENS)


def test_map_of_words_takes_several_values(run, capsys, tmp_path):
    words = ["--words", "king", "queen", "--highlight", "man", "-o", tmp_path / "m.svg"]
    code, out, _ = w2v(capsys, "plot", "map", run, "--method", "pca", "--json", *words)
    assert (code, json.loads(out)["words"]) == (0, 3)


def test_analogy_and_similarity(run, capsys, tmp_path):
    pairs = ["king:queen", "man:woman", "a:b:c"]
    code, out, _ = w2v(capsys, "plot", "analogy", run, *pairs, "--json", "-o", tmp_path / "a.png")
    assert code == 0
    assert [(p["from"], p["to"]) for p in json.loads(out)["pairs"]][2] == ("a:b", "c")
    words = ["king", "queen", "man"]
    code, out, _ = w2v(capsys, "plot", "similarity", run, *words, "-o", tmp_path / "s.png")
    assert code == 0
    assert "s.png" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["map", "RUN", "--method", "magic"], "--method is 'magic'"),
        (["map", "RUN", "-o", "map.tiff"], "ends in '.tiff'"),
        (["map", "RUN", "--theme", "pink"], "--theme is 'pink'"),
        (["map", "RUN", "--clusters", "3", "--neighbors-of", "king"], "both choose the colors"),
        (["map", "RUN", "--words", "kraken"], "'kraken' is not in the vocabulary"),
        (["map", "RUN", "--checkpoints"], "0 snapshots"),
        (["map", "RUN", "--method", "vectors"], "have 6 numbers"),
        (["analogy", "RUN", "king"], "'king' is no pair"),
        (["similarity", "RUN", "king"], "one word"),
        (["history", "RUN"], "Cannot read"),
        (["frequency", "RUN"], "holds no corpus"),
    ],
)
def test_bad_input_ends_in_an_error_and_a_hint(run, capsys, arguments, message):
    code, out, err = w2v(capsys, "plot", *[run if a == "RUN" else a for a in arguments])
    assert (code, out) == (1, "")
    assert "Error: " in err
    assert message in err
    assert "Hint: " in err
    assert not (run / "pictures").exists()


def test_without_the_extra_the_error_names_it(run, capsys, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, _, err = w2v(capsys, "plot", "similarity", run, "king", "queen", "-o", "s.png")
    assert code == 1
    assert "pip install 'w2vtrain[plot]'" in err


def test_projector_makes_a_bundle_and_check_passes_it(run, capsys):
    options = ["--no-serve", "--layout", "pca", "--clusters", "3", "--json"]
    code, out, _ = w2v(capsys, "projector", run, *options)
    assert code == 0
    assert json.loads(out) == {
        "folder": str(run / "projector"),
        "rows": len(TOKENS),
        "dim": 6,
        "joined": None,
        "reused": False,
        "address": None,
    }
    _, out, _ = w2v(capsys, "projector", run, *options)
    assert json.loads(out)["reused"]
    code, out, _ = w2v(capsys, "export", "--check", run / "projector", "--json")
    assert (code, json.loads(out)["findings"]) == (0, [])


def test_check_names_rows_and_exits_with_1(tmp_path, capsys):
    (tmp_path / "vectors.tsv").write_text("1\t2\t3\n4\t5\t6\n")
    (tmp_path / "metadata.tsv").write_text("a\n007\n")
    code, out, err = w2v(capsys, "export", "--check", tmp_path)
    assert code == 1
    assert out == "metadata.tsv:2: coerced: label '007' is turned into a number.\n"
    assert "Not shown as written: 1 coerced." in err


def test_projector_refuses_what_does_not_fit(run, capsys, tmp_path):
    code, _, err = w2v(capsys, "projector", run, "--layout", "magic")
    assert code == 1
    assert "--layout is 'magic'" in err
    code, _, err = w2v(capsys, "projector", tmp_path / "none.bin", "--no-layout")
    assert code == 1
    assert "No such run or file" in err
