"""Files that are not plain text: refused with the command that helps, or stripped of their tags."""

import gzip
import io
import itertools
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from w2vtrain.cli import main
from w2vtrain.corpus.markup import without_markup, without_tags
from w2vtrain.errors import W2VError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def prepare(capsys, *arguments):
    """Exit code, the text as tokens, unit by unit, and messages of `w2v prepare ARGUMENTS`."""
    import numpy as np

    from w2vtrain.corpus.vocabulary import Vocabulary

    with pytest.raises(SystemExit) as ended:
        main(["prepare", *arguments, "-o", "run", "--min-count", "1", "--force"])
    units = []
    if Path("run").exists():
        tokens = Vocabulary.load(Path("run/corpus/vocabulary.tsv")).tokens
        ids, ends = (np.load(f"run/corpus/{name}.npy") for name in ("token_ids", "boundaries"))
        units = [" ".join(tokens[i] for i in ids[a:b]) for a, b in itertools.pairwise(ends)]
    return ended.value.code or 0, units, capsys.readouterr().err


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


DOCUMENTS = {
    "book.pdf": (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj", "pdftotext 'book.pdf' 'book.txt'"),
    "empty.txt": (b"%PDF-1.4\n%%EOF\n", "pdftotext 'empty.txt' 'empty-text.txt'"),
    "a.docx": (zipped(word__document="x"), "pandoc 'a.docx' -t plain -o 'a.txt'"),
    "a.epub": (zipped(mimetype="application/epub+zip"), "pandoc 'a.epub' -t plain -o 'a.txt'"),
    "a.odt": (
        zipped(mimetype="application/vnd.oasis.opendocument.text"),
        "pandoc 'a.odt' -t plain -o 'a.txt'",
    ),
    "a.rtf": (b"{\\rtf1 text}", "pandoc 'a.rtf'"),
    "a.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "libreoffice --headless"),
    "b.pdf.gz": (gzip.compress(b"%PDF-1.4\n"), "pdftotext"),
    "archive": (zipped(a="text"), "Give it a name that ends in .zip"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_are_refused_with_the_command_that_converts_them(capsys, name):
    content, command = DOCUMENTS[name]
    Path(name).write_bytes(content)
    code, units, err = prepare(capsys, name)
    assert (code, units) == (1, [])
    assert f"Error: {name} is " in err
    assert ", not plain text." in err
    assert command in err


PAGE = """<!DOCTYPE html><html><head><title>A page</title><style>p {color: red}</style>
<script>let words = "<p>hidden";</script></head>
<body><!-- a comment --><p>The <b>bo</b>ld word goes
on &amp; on.</p><p>Caf&eacute; H<sub>2</sub>O<br>next 1 &lt; 2</p></body></html>
"""
LINES = ["a page", "the bold word goes on on", "café h2o", "next 1 2"]


@pytest.mark.parametrize("name", ["page.html", "page.txt", "page.htm.gz"])
def test_html_is_refused_or_stripped(capsys, name):
    content = PAGE.encode()
    Path(name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    code, units, err = prepare(capsys, name)
    assert (code, units) == (1, [])
    assert f"{name} is HTML or XML" in err
    assert "Hint: Take its tags out with --strip-html." in err
    assert prepare(capsys, name, "--strip-html")[:2] == (0, LINES)


def test_xml(capsys):
    text = '<?xml version="1.0"?>\n<d><w id="1">one</w><w>two<![CDATA[ <three> ]]></w></d>'
    Path("a.xml").write_text(text)
    assert prepare(capsys, "a.xml")[0] == 1
    assert prepare(capsys, "a.xml", "--strip-html")[:2] == (0, ["one two three"])


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_tags_cut_by_a_chunk(size):
    chunks = [(PAGE[i : i + size], i) for i in range(0, len(PAGE), size)]
    text = "".join(text for text, _ in without_markup(chunks, "page"))
    paragraphs = [" ".join(line.split()) for line in text.split("\n") if line.strip()]
    assert paragraphs == [
        "A page",
        "The bold word goes on & on.",
        "Café H2O",
        "next 1 < 2",
    ]


def test_a_comment_that_does_not_end(monkeypatch):
    monkeypatch.setattr("w2vtrain.corpus.markup.LONGEST_TAG", 100)
    with pytest.raises(W2VError, match="page has a tag or comment that does not end"):
        list(without_markup([("<p>a<!-- " + "b " * 100, None)], "page"))


def test_cells_of_a_table(capsys):
    assert without_tags("a<br />b &amp; c < d") == "a b & c < d"
    Path("t.csv").write_text('text,n\n"one<br />two &quot;three&quot;",1\n')
    arguments = ("t.csv", "--text-column", "text")
    assert prepare(capsys, *arguments)[1] == ["one br two quot three quot"]
    assert prepare(capsys, *arguments, "--strip-html")[1] == ["one two three"]


def test_a_folder_of_mixed_kinds_says_what_it_took(capsys, caplog):
    Path("in").mkdir()
    for name in ("a.pdf", "a.docx"):
        Path("in", name).write_bytes(DOCUMENTS[name if name != "a.pdf" else "book.pdf"][0])
    Path("in/page.html").write_text(PAGE)
    Path("in/a.txt").write_text("one two")
    Path("in/b.md").write_text("three")
    code, units, _ = prepare(capsys, "in")
    assert (code, units) == (0, ["one two", "three"])
    said = caplog.text
    assert "Passed over in/a.docx: it is an Office document. Turn it into text first" in said
    assert "Passed over in/a.pdf: it is a PDF." in said
    assert "Passed over in/page.html: it is HTML or XML. Take its tags out" in said
    assert "Took 1 .txt, 1 .md; left out 1 .docx, 1 .pdf, 1 .html." in said
    assert prepare(capsys, "in", "--strip-html")[1] == ["one two", "three", *LINES]


ROWS = [{"text": "one two", "n": [1]}, {"text": None}, {"text": 'a "quoted" ]}, one'}]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_json_array_is_a_table(capsys, name, indent):
    Path(name).write_text("\n" + json.dumps(ROWS, indent=indent) + "\n")
    code, units, _ = prepare(capsys, name, "--text-column", "text")
    assert (code, units) == (0, ["one two", "a quoted one"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"text": "a"}, {"text": "b"', "a.json, item 2 is not JSON"),
        ('[{"text": "a"}, 3]', "a.json, item 2 is no JSON object: 3"),
        ('[{"text": "a", "text": "b"}]', "a.json, item 1 has the key 'text' twice"),
        ('[{"text": "a"}] more', "a.json, item 2 is no JSON object"),
        ('{\n"text": "a"}', "a.json, line 1 is not JSON"),
    ],
)
def test_broken_json_arrays(capsys, content, message):
    Path("a.json").write_text(content)
    code, _, err = prepare(capsys, "a.json", "--text-column", "text")
    assert code == 1
    assert message in err


AS_THEY_ARE = ("--text-column", "text", "--standardize", "none")


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
@pytest.mark.parametrize(
    ("rows", "units"),
    [
        ([["A-1", "b.2"], None, [], ["A-1"]], ["A-1 b.2", "A-1"]),
        ([[30, 7], [30]], ["30 7", "30"]),
    ],
)
def test_lists_are_read_as_tokens(capsys, kind, rows, units):
    if kind == "parquet":
        pq.write_table(pa.table({"text": rows}), "t.parquet")
    else:
        Path("t.jsonl").write_text("".join(json.dumps({"text": row}) + "\n" for row in rows))
    assert prepare(capsys, f"t.{kind}", *AS_THEY_ARE)[:2] == (0, units)
    code, _, err = prepare(capsys, f"t.{kind}", "--text-column", "text")
    assert code == 1
    assert "Lists are read as tokens, as they are, with --standardize none" in err


@pytest.mark.parametrize("entry", ["", "two words", "wide\u3000space", None, ["nested"], 1.5, True])
def test_entries_that_are_no_tokens(capsys, entry):
    Path("t.jsonl").write_text(json.dumps({"text": ["a", entry]}) + "\n")
    code, _, err = prepare(capsys, "t.jsonl", *AS_THEY_ARE)
    assert code == 1
    assert f"t.jsonl, line 1: 'text' holds {entry!r}, which is no token" in err


def test_nested_lists_in_parquet(capsys):
    pq.write_table(pa.table({"text": [[["a"]]]}), "t.parquet")
    code, _, err = prepare(capsys, "t.parquet", *AS_THEY_ARE)
    assert code == 1
    assert "Column 'text' of t.parquet holds list<" in err
