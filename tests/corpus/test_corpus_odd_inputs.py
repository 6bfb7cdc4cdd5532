"""Odd inputs through the command line: read as they are meant, or refused with a reason."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from w2vtrain.cli import main


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def prepare(capsys, *arguments):
    """Exit code, words with their counts, and messages of `w2v prepare ARGUMENTS -o run`."""
    with pytest.raises(SystemExit) as ended:
        main(["prepare", *arguments, "-o", "run", "--min-count", "1", "--force"])
    vocabulary = Path("run/corpus/vocabulary.tsv")
    words = {}
    if vocabulary.exists():
        lines = vocabulary.read_text(encoding="utf-8").splitlines()[2:]
        words = {word: int(count) for word, count in (line.split("\t") for line in lines)}
    return ended.value.code or 0, words, capsys.readouterr().err


def table(capsys, name, content, *arguments):
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return prepare(capsys, name, "--text-column", "text", *arguments)


def test_a_stray_quote_in_a_tsv_takes_in_no_other_row(capsys):
    content = 'label\ttext\npos\t"Hello\nneg\tBye "now"\npos\tend"\nneg\t"quoted ""twice"""\n'
    code, words, _ = table(capsys, "a.tsv", content, "--standardize", "none")
    assert code == 0
    assert set(words) == {'"Hello', "Bye", '"now"', 'end"', "quoted", '"twice"'}


def test_an_open_quote_that_would_take_in_a_whole_row_is_refused(capsys):
    content = 'text\tlabel\n"Hello world\nGood day\tneg\nBye"\tpos\n'
    code, words, err = table(capsys, "a.tsv", content)
    assert (code, words) == (1, {})
    assert "open in line 2 would take in line 3" in err


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_a_column_that_is_there_twice_is_refused(capsys, kind):
    content = {
        "csv": b"text,text\na,b\n",
        "tsv": b"text\ttext\na\tb\n",
        "jsonl": b'{"text": "a", "n": 1}\n{"text": "a", "text": "b"}\n',
        "parquet": b"",
    }[kind]
    if kind == "parquet":
        pq.write_table(pa.Table.from_arrays([pa.array(["a"])] * 2, ["text"] * 2), "t.parquet")
        content = Path("t.parquet").read_bytes()
    code, words, err = table(capsys, f"t.{kind}", content)
    assert (code, words) == (1, {})
    assert ("2 columns named 'text'" in err) or ("line 2 has the key 'text' twice" in err)


def test_empty_lines_before_the_header(capsys):
    assert table(capsys, "a.csv", "\n\r\ntext,n\na,1\n")[:2] == (0, {"a": 1})


@pytest.mark.parametrize("encoding", ["undefined", "utf-8\0"])
def test_no_encoding_at_all(capsys, encoding):
    Path("a.txt").write_text("a b")
    code, _, err = prepare(capsys, "a.txt", "--encoding", encoding)
    assert code == 1
    assert "Error: Unknown --encoding" in err
    assert "Hint: Try utf-8" in err


def test_an_encoding_that_spells_half_a_surrogate_pair(capsys):
    Path("a.txt").write_bytes(b"one\n+2AA- two\n")
    code, _, err = prepare(capsys, "a.txt", "--encoding", "utf-7")
    assert code == 1
    assert "a.txt, line 2 holds half of a surrogate pair" in err
    code, words, err = prepare(
        capsys, "a.txt", "--encoding", "utf-7", "--encoding-errors", "replace"
    )
    assert (code, words) == (0, {"one": 1, "two": 1})
    assert "Note: 1 place did not decode and was replaced." in err


def test_a_byte_order_mark_is_no_letter_in_any_encoding(capsys):
    Path("a.txt").write_bytes("\ufeffone two".encode("utf-16-le"))
    arguments = ("--encoding", "utf-16-le", "--standardize", "none")
    assert prepare(capsys, "a.txt", *arguments)[1] == {"one": 1, "two": 1}


def test_max_rows_counts_a_last_line_without_an_end(capsys):
    Path("a.txt").write_text("one\ntwo")
    Path("b.txt").write_text("three\nfour\n")
    found = prepare(capsys, "a.txt", "b.txt", "--max-rows", "2")
    assert found[1] == {"one": 1, "two": 1}


@pytest.mark.parametrize("inputs", [".", "**/*"])
def test_the_run_directory_is_no_input(capsys, inputs):
    Path("a.txt").write_text("one two")
    for _ in range(2):
        code, words, err = prepare(capsys, inputs)
        assert (code, words) == (0, {"one": 1, "two": 1})
        assert "Passed over" not in err


def test_a_file_name_that_is_not_utf8(capsys):
    name = os.fsdecode(b"caf\xe9.txt")
    try:
        Path(name).write_text("one two")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert prepare(capsys, name)[:2] == (0, {"one": 1, "two": 1})
    manifest = json.loads(Path("run/corpus/manifest.json").read_text(encoding="utf-8"))
    assert manifest["inputs"][0]["path"] == "caf\\udce9.txt"


def test_a_text_column_without_a_table(capsys):
    Path("a.txt").write_text("one two")
    code, _, err = prepare(capsys, "a.txt", "--text-column", "text")
    assert code == 1
    assert "--text-column text is given, but no input is a table" in err
