"""`w2v init`: what it sees in a text, and the settings that it writes."""

import gzip
import json
import os
import tomllib
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from w2vtrain.cli import main
from w2vtrain.corpus.survey import survey
from w2vtrain.run_config import RunConfig

SHARED = Path(os.environ.get("W2V_SHARED", Path(__file__).parents[2] / "../shared")).resolve()
SHARED = SHARED / "data" / "corpora"
SENTENCE = "The old captain walked along the harbor and looked for his ship until the sun went down"
PROSE = f"{SENTENCE}. Nobody answered him, but a dog barked. "


@pytest.fixture
def init(capsys, tmp_path, monkeypatch):
    """Run `w2v init` on inputs and return the settings in the file."""
    monkeypatch.chdir(tmp_path)

    def call(*inputs: object, expected: int = 0) -> dict:
        with pytest.raises(SystemExit) as stop:
            main(["init", *map(str, inputs), "-o", "made.toml", "--force"])
        out, err = capsys.readouterr()
        assert (stop.value.code or 0) == expected, err
        if expected:
            return {"error": err}
        RunConfig.load(Path("made.toml"))
        return {**tomllib.loads(Path("made.toml").read_text("utf-8")), "out": out, "err": err}

    return call


def write(name: str, content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    Path(name).write_bytes(data)
    return name


def wrapped(text: str, width: int = 70) -> str:
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > width:
            lines.append(line.strip())
            line = ""
        line += f"{word} "
    return "\n".join([*lines, line.strip()])


@pytest.mark.parametrize(
    ("text", "boundary"),
    [
        ("\n\n".join(wrapped(PROSE * 5) for _ in range(20)), "paragraph"),
        (f"{SENTENCE}.\n" * 50, "line"),
        (f"{SENTENCE}.\n\n" * 50, "line"),  # a paragraph a line
        ("\n".join(SENTENCE.split() * 20), "file"),  # a word a line
    ],
)
def test_lines_tell_what_a_window_may_not_cross(init, text, boundary):
    assert init(write("text.txt", text))["prepare"]["boundary"] == boundary


def table(kind: str) -> str:
    rows = [{"id": str(i), "label": "good news", "body": f"{SENTENCE} {i}"} for i in range(40)]
    if kind == "parquet":
        parquet.write_table(pa.Table.from_pylist(rows), "t.parquet")
        return "t.parquet"
    if kind == "jsonl":
        return write("t.jsonl", "".join(json.dumps({**row, "id": 1}) + "\n" for row in rows))
    if kind == "json":
        return write("t.json", json.dumps(rows, indent=1))
    delimiter = "\t" if kind == "tsv" else ","
    lines = [delimiter.join(rows[0]), *(delimiter.join(row.values()) for row in rows)]
    text = "\n".join(lines)
    if kind == "csv.gz":
        return write("t.csv.gz", gzip.compress(text.encode()))
    if kind == "zip":
        with zipfile.ZipFile("t.zip", "w") as archive:
            archive.writestr("t.csv", text)
        return "t.zip"
    return write(f"t.{kind}", text)


@pytest.mark.parametrize("kind", ["csv", "tsv", "json", "jsonl", "parquet", "csv.gz", "zip"])
def test_the_text_column_is_the_one_with_the_longest_texts(init, kind):
    made = init(table(kind))
    assert made["prepare"]["text-column"] == "body"
    assert made["prepare"]["boundary"] == "line"
    # 18 words and a number in each of 40 rows
    assert survey([made["inputs"][0]]).words == 40 * (len(SENTENCE.split()) + 1)


def test_encodings_are_found(init):
    text = f"Im Café. {SENTENCE}.\n" * 20
    assert "encoding" not in init(write("a.txt", text))["prepare"]
    assert init(write("b.txt", text.encode("cp1252")))["prepare"]["encoding"] == "cp1252"
    assert init(write("c.txt", text.encode("utf-16")))["prepare"]["encoding"] == "utf-16"
    # 0x81 is no character of cp1252
    assert (
        init(write("d.txt", b"\x81" + text.encode("latin-1")))["prepare"]["encoding"] == "latin-1"
    )


def test_a_script_without_spaces_is_split_by_icu_unless_it_has_been_segmented(init):
    plain = init(write("zh.txt", "今天天气很好，我们去公园散步。\n" * 50))
    assert plain["prepare"]["split"] == "icu"
    assert plain["prepare"]["boundary"] == "line"  # a line without spaces is no single word
    segmented = init(write("ja.txt", "吾輩 は 猫 で ある 。 名前 は まだ 無い 。\n" * 50))
    assert "split" not in segmented["prepare"]
    assert "Several scripts" not in segmented["out"]  # Japanese is written in three
    assert (
        "Several scripts"
        in init(write("two.txt", f"{SENTENCE} и вот счастливая семья\n" * 50))["out"]
    )


@pytest.mark.parametrize(("words", "min_count"), [(10_000, 1), (60_000, 2), (300_000, 5)])
def test_the_smaller_the_text_the_rarer_a_word_may_be(init, words, min_count):
    sentences = words // len(SENTENCE.split()) + 1
    made = init(write("text.txt", f"{SENTENCE}\n" * sentences))
    assert made["prepare"]["min-count"] == min_count


def test_what_would_become_words_is_pointed_out(init):
    assert "HTML" in init(write("a.txt", f"{SENTENCE}<br /><br />{SENTENCE}\n" * 20))["out"]
    header = "The Project Gutenberg eBook of Tess\n"
    assert "license" in init(write("b.txt", header + f"{SENTENCE}\n" * 20))["out"]


def test_html_is_read_without_its_tags(init):
    page = write("a.html", "<!DOCTYPE html><title>Page</title>" + f"<p>{SENTENCE}</p>\n" * 20)
    made = init(page)
    assert made["prepare"]["strip-html"] is True
    assert survey([page]).words == 20 * len(SENTENCE.split()) + 1
    assert "strip-html" not in init(write("a.txt", f"{SENTENCE}\n" * 20))["prepare"]


def test_the_words_of_a_long_compressed_file_are_estimated(tmp_path):
    import random

    pick = random.Random(1).choice
    words = [f"{a}{b}{c}" for a in "bdfgklm" for b in "aeiou" for c in "nrst"]
    text = "\n".join(" ".join(pick(words) for _ in range(20)) for _ in range(150_000))
    path = tmp_path / "long.txt.gz"  # 12 million characters; 8 are read
    path.write_bytes(gzip.compress(text.encode(), 1))
    assert survey([str(path)]).words == pytest.approx(3_000_000, rel=0.15)


def test_any_name_of_a_file_survives(init):
    name = 'a "quoted" \\ name\nwith é\x7f.txt'
    made = init(write(name, f"{SENTENCE}\n" * 20))
    assert made["inputs"] == [name]


def test_what_cannot_be_looked_at_is_refused(init):
    assert "Standard input" in init("-", expected=1)["error"]
    assert "no text" in init(write("empty.txt", " \n\n"), expected=1)["error"]
    assert "binary" in init(write("b.bin", b"\0\1\2" * 100), expected=1)["error"]
    assert "pdftotext" in init(write("a.pdf", b"%PDF-1.4\n"), expected=1)["error"]
    two = [write("a.csv", "first\nsome text\n"), write("b.csv", "second\nother text\n")]
    assert "first, second" in init(*two, expected=1)["error"]
    assert "no column" in init(write("numbers.jsonl", '{"a": 1}\n'), expected=1)["error"]


def test_a_file_is_replaced_only_by_force(capsys, tmp_path):
    text, made = tmp_path / "a.txt", tmp_path / "new" / "a.toml"
    text.write_text(f"{SENTENCE}\n" * 20)
    for expected in (0, 1):
        with pytest.raises(SystemExit) as stop:
            main(["init", str(text), "-o", str(made), "--run", "runs/x", "--json"])
        assert (stop.value.code or 0) == expected
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert record["settings"] == tomllib.loads(made.read_text())
    assert record["settings"]["run"] == "runs/x"
    assert record["survey"]["scripts"] == {"LATIN": 1.0}
    assert "--force" in err


def test_the_settings_run_unchanged(init, capsys):
    made = init(table("csv"))
    assert made["err"] == "Next: w2v run made.toml\n"
    with pytest.raises(SystemExit) as stop:
        main(["run", "made.toml"])
    assert not stop.value.code, capsys.readouterr().err
    assert Path("runs/made/model/vectors.npy").is_file()


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared corpora")
@pytest.mark.parametrize(
    "name",
    [
        "headlines.csv",
        "imdb_train.csv.gz",
        "novels",
        "unicode",
        "unicode/ru.txt.gz",
        "unicode/ja_segmented.txt.gz",
        "wiki_en.txt.gz",
    ],
)
def test_the_settings_for_every_corpus_run_unchanged(init, capsys, name):
    init(SHARED / name)
    with pytest.raises(SystemExit) as stop:
        main(["run", "made.toml"])
    assert not stop.value.code, capsys.readouterr().err
