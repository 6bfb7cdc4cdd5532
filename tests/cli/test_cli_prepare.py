import io
import json
import sys

import pytest

from w2vtrain.cli import main


def w2v(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["prepare", *map(str, arguments)])
    out, err = capsys.readouterr()
    return ended.value.code or 0, out, err


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("the cat the dog\nthe cow\n")
    return path


def test_summary_for_people(capsys, text, tmp_path):
    code, out, err = w2v(capsys, text, "-o", tmp_path / "run", "--min-count", 2)
    assert code == 0
    assert out.splitlines()[:5] == [
        "Read        6 words in 2 lines of 1 file",
        "Kept        3 words (50.00% of the text)",
        "Vocabulary  1 different words",
        "Left out    3 different words, seen 3 times (--min-count 2)",
        "Units       2 with text (--boundary line)",
    ]
    assert err == f"Next: w2v train {tmp_path / 'run'}\n"


def test_json_is_one_object(capsys, text, tmp_path):
    code, out, _ = w2v(capsys, text, "-o", tmp_path / "run", "--min-count", 1, "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["words_read"], found["vocabulary"], found["unchanged"]) == (6, 4, False)
    code, out, _ = w2v(capsys, text, "-o", tmp_path / "run", "--min-count", 1, "--json")
    assert json.loads(out)["unchanged"] is True


def test_says_when_there_is_nothing_to_do(capsys, text, tmp_path):
    w2v(capsys, text, "-o", tmp_path / "run", "--min-count", 1)
    code, _, err = w2v(capsys, text, "-o", tmp_path / "run", "--min-count", 1)
    assert code == 0
    assert "is up to date: same inputs, same settings" in err
    _, out, err = w2v(capsys, text, "-o", tmp_path / "run", "--min-count", 1, "--force")
    assert "up to date" not in err
    assert "Written" in out


def test_toml_file_and_flags_over_it(capsys, text, tmp_path):
    (tmp_path / "c.toml").write_text('[prepare]\nmin-count = 2\nboundary = "file"\n')
    arguments = (text, "-o", tmp_path / "run", "--config", tmp_path / "c.toml", "--json")
    _, out, _ = w2v(capsys, *arguments)
    assert (json.loads(out)["vocabulary"], json.loads(out)["units"]) == (1, 1)
    _, out, _ = w2v(capsys, *arguments, "--min-count", 1)
    assert (json.loads(out)["vocabulary"], json.loads(out)["units"]) == (4, 1)


def test_standard_input(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("é è é\n".encode())))
    _, out, _ = w2v(capsys, "-", "-o", tmp_path / "run", "--min-count", 1, "--json")
    assert json.loads(out)["words_read"] == 3


def test_characters(capsys, text, tmp_path):
    # "the cat the dog" and "the cow": 5 spaces, and t 4 times; every other letter 3 times or less.
    arguments = ("--split", "character", "--min-count", 4)
    _, out, _ = w2v(capsys, text, "-o", tmp_path / "run", *arguments)
    assert "Read        22 characters" in out
    assert "Vocabulary  2 different characters" in out


def test_replaced_bytes_are_told(capsys, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"caf\xe9 \xff")
    arguments = (tmp_path / "a.txt", "-o", tmp_path / "run", "--min-count", 1)
    code, _, err = w2v(capsys, *arguments)
    assert code == 1
    assert "Error: " in err
    assert "line 1: 0xe9 is not utf-8 text" in err
    assert "Hint: Give the file's --encoding" in err
    code, _, err = w2v(capsys, *arguments, "--encoding-errors", "replace")
    assert code == 0
    assert "Note: 2 places did not decode and were replaced." in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing.txt", "-o", "run"], 1, "Error: No such file: nothing.txt"),
        (["a.csv", "-o", "run"], 1, "Hint: Add --text-column with one of: 'title', 'n'."),
        (["a.csv", "-o", "run", "--text-column", "titel"], 1, "Did you mean 'title'?"),
        (["a.csv", "-o", "a.csv", "--text-column", "title"], 1, "Error: Cannot write a.csv"),
        (["a.csv", "-o", "run", "--text-column", "title"], 1, "No word is left: --min-count is 5"),
        (["a.csv", "-o", "run", "--min-count", "0"], 1, "--min-count is 0, out of range"),
        (["a.csv", "-o", "run", "--encoding", "utf-9"], 1, "Unknown --encoding 'utf-9'"),
        (["a.csv"], 2, "Missing option"),
        (["-o", "run"], 2, "Missing argument"),
    ],
)
def test_bad_input(capsys, monkeypatch, tmp_path, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("title,n\nA word,1\n")
    found, _, err = w2v(capsys, *arguments)
    assert (found, message in err) == (code, True), err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
