"""The query commands, through `main`: exit code, stdout, stderr."""

import io
import json
import sys

import numpy as np
import pytest

from w2vtrain.cli import main
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import atomic_stage

TOKENS = ("man", "woman", "king", "queen", "apple", "new york")
VECTORS = np.array(
    [[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1], [-1, 0.5, 0], [0, 0, 0.1]], dtype=np.float32
)


@pytest.fixture
def run(tmp_path):
    directory = RunDirectory(tmp_path / "run")
    with atomic_stage(directory.model, {}) as folder:
        np.save(folder / "vectors.npy", VECTORS)
        counts = np.array([60, 50, 40, 30, 20, 10])
        Vocabulary(TOKENS, counts).save(folder / "vocabulary.tsv")
    return str(directory.root)


@pytest.fixture
def w2v(capsys, monkeypatch):
    """Runs a command and returns exit code, stdout and stderr."""

    def call(*arguments: str, stdin: str | bytes | None = None) -> tuple[int, str, str]:
        data = stdin.encode() if isinstance(stdin, str) else stdin or b""
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        out, err = capsys.readouterr()
        return stop.value.code or 0, out, err

    return call


def test_neighbors_in_three_forms(w2v, run):
    code, out, _ = w2v("neighbors", run, "king", "-k", "2")
    assert code == 0
    # cosines: queen 2/(sqrt2 sqrt3), man 1/sqrt2, new york 1/sqrt2
    assert out.split("\n")[0].split() == ["neighbor", "cosine", "count"]
    assert out.split("\n")[1].split() == ["queen", "0.8165", "30"]
    _, out, _ = w2v("neighbors", run, "king", "man", "-k", "1", "--tsv")
    assert out == "king\tqueen\t0.8165\nman\twoman\t0.7071\n"
    _, out, _ = w2v("neighbors", run, "king", "--json", "-k", "1")
    (query,) = json.loads(out)["queries"]
    assert query["word"] == "king"
    assert query["neighbors"] == [{"token": "queen", "cosine": pytest.approx(2 / 6**0.5)}]


def test_queries_come_from_standard_input(w2v, run):
    text = "\ufeffking\r\n\nnew york\n"
    for arguments in ([], ["-"]):
        code, out, _ = w2v("neighbors", run, *arguments, "-k1", "--tsv", stdin=text)
        assert (code, out) == (0, "king\tqueen\t0.8165\nnew york\tking\t0.7071\n")


def test_an_unknown_word_offers_spellings_and_prints_nothing(w2v, run):
    code, out, err = w2v("neighbors", run, "king", "quen")
    assert (code, out) == (1, "")
    assert "Error: 'quen' is not in the vocabulary" in err
    assert "Hint: Did you mean 'queen'" in err


def test_an_unknown_word_on_standard_input_names_its_line(w2v, run):
    code, out, err = w2v("similarity", run, "--tsv", stdin="king queen\n\nking quen\n")
    assert (code, out) == (1, "")
    assert "Error: Standard input, line 3: 'quen' is not in the vocabulary" in err


@pytest.mark.parametrize(
    ("command", "stdin", "message"),
    [
        ("analogy", "man woman\n", "line 1: 2 words"),
        ("similarity", "a b c\n", "line 1: 3 words"),
        ("odd-one-out", "man woman king\nman woman\n", "line 2: 2 words"),
        ("neighbors", "\n", "holds no query"),
        ("vector", b"caf\xe9\n", "not UTF-8 text (byte 3)"),
    ],
)
def test_a_line_that_is_no_query_is_refused(w2v, run, command, stdin, message):
    code, out, err = w2v(command, run, stdin=stdin)
    assert (code, out) == (1, "")
    assert message in err
    assert "Hint: " in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("analogy", "man", "woman"),
        ("similarity", "man"),
        ("odd-one-out", "man", "woman"),
        ("neighbors", "man", "-k", "0"),
        ("neighbors", "man", "--json", "--tsv"),
        ("analogy", "man", "woman", "king", "--method", "sum"),
    ],
)
def test_wrong_usage_exits_with_2(w2v, run, arguments):
    code, out, _ = w2v(arguments[0], run, *arguments[1:])
    assert (code, out) == (2, "")


def test_no_words_at_a_terminal_is_wrong_usage(run, monkeypatch, capsys):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    with pytest.raises(SystemExit) as stop:
        main(["neighbors", run])
    err = capsys.readouterr().err
    assert stop.value.code == 2
    assert "Give a word" in err


def test_analogy_in_three_forms(w2v, run):
    code, out, _ = w2v("analogy", run, "man", "woman", "king")
    assert code == 0
    assert out.startswith("man : woman = king : ?\n")
    assert "queen" in out
    _, out, _ = w2v("analogy", run, "-k1", "--tsv", stdin="man woman king\nman\tking\twoman\n")
    assert [line.split("\t")[:4] for line in out.splitlines()] == [
        ["man", "woman", "king", "queen"],
        ["man", "king", "woman", "queen"],
    ]
    _, out, _ = w2v("analogy", run, "man", "woman", "king", "--method", "3cosmul", "--json")
    result = json.loads(out)
    assert result["method"] == "3cosmul"
    # apple: cosines with woman, king, man -0.316 -0.632 -0.894, so 0.342 * 0.184 / 0.053
    best = result["queries"][0]["answers"][0]
    assert best == {"token": "apple", "score": pytest.approx(1.191, abs=1e-3)}


def test_similarity_odd_one_out_and_vector(w2v, run):
    _, out, _ = w2v("similarity", run, "man", "woman", "--json")
    assert json.loads(out) == {
        "queries": [{"a": "man", "b": "woman", "cosine": pytest.approx(0.5**0.5)}]
    }
    _, out, _ = w2v("odd-one-out", run, "king", "apple", "queen", "--json")
    assert json.loads(out)["queries"][0]["odd"] == "apple"
    _, out, _ = w2v("odd-one-out", run, stdin="king apple queen\n")
    assert out.startswith("apple is the odd one of king, apple, queen.\n")
    _, out, _ = w2v("vector", run, "new york", "--tsv")
    token, *numbers = out.rstrip("\n").split("\t")
    assert token == "new york"
    assert np.array_equal(np.array(numbers, dtype=np.float32), VECTORS[5])


def test_vectors_that_are_not_there_are_an_error(w2v, tmp_path):
    code, out, err = w2v("neighbors", str(tmp_path / "none"), "a")
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    assert "Traceback" not in err


def test_the_next_command_is_noted_for_people_only(w2v, run):
    words = ("man", "new york", "apple")
    _, out, err = w2v("odd-one-out", run, *words)
    assert err == f"Next: w2v plot similarity {run} man 'new york' apple\n"
    assert "Next" not in out
    for form in ("--json", "--tsv"):
        _, _, err = w2v("odd-one-out", run, *words, form)
        assert err == ""
    # explain reads the run's text, which this run does not have
    assert w2v("neighbors", run, "king")[2] == ""


def test_the_numbers_of_a_vector_are_the_shortest_that_read_back(w2v, run):
    _, out, _ = w2v("vector", run, "new york", "--json")
    assert json.loads(out)["queries"] == [{"word": "new york", "vector": [0.0, 0.0, 0.1]}]
