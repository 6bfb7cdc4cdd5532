"""MediaWiki dumps: an article a document, without markup."""

import bz2
import gzip
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.documents import read_input
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.survey import survey
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError

CAT = """{{Infobox|name=Cat|legs=4}}
The '''cat''' (''Felis catus'') is a [[domestication|domesticated]] [[species]].&lt;ref&gt;A
footnote&lt;/ref&gt; It drinks H&lt;sub&gt;2&lt;/sub&gt;O &amp;amp; milk.
[[Datei:Cat.jpg|thumb|A [[cat]] on a roof]]
== History ==
* Cats came from [http://example.org Egypt].
{| class="wikitable"
| cell || other
|}
&lt;!-- hidden --&gt;&lt;math&gt;x^2&lt;/math&gt;
[[Kategorie:Animals]] [[Category:Felis]]"""
PAGES = [
    ("Cat", 0, "", CAT),
    ("Talk:Cat", 1, "", "no talk"),
    ("Kitty", 0, '<redirect title="Cat"/>', "#REDIRECT [[Cat]]"),
    ("Dog", 0, "", "The dog\n\nbarks."),
]
CAT_LINES = [
    "the cat felis catus is a domesticated species it drinks h2o milk",
    "history",
    "cats came from egypt",
]


def dump(pages):
    names = '<namespace key="0"/><namespace key="6">Datei</namespace>'
    names += '<namespace key="14">Kategorie</namespace>'
    parts = [
        f"<page><title>{title}</title><ns>{ns}</ns>{redirect}<revision><id>1</id>"
        f'<text xml:space="preserve">{text}</text></revision></page>\n'
        for title, ns, redirect, text in pages
    ]
    head = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" xml:lang="de">\n'
    info = f"  <siteinfo><namespaces>{names}</namespaces></siteinfo>\n"
    return (head + info + "".join(parts) + "</mediawiki>\n").encode()


def units(run):
    tokens = Vocabulary.load(run / "corpus/vocabulary.tsv").tokens
    ids, ends = (np.load(run / f"corpus/{name}.npy") for name in ("token_ids", "boundaries"))
    return [" ".join(tokens[i] for i in ids[a:b]) for a, b in itertools.pairwise(ends)]


PACK = {"a.xml": bytes, "a.xml.bz2": bz2.compress, "dump.gz": gzip.compress, "plain": bytes}


@pytest.mark.parametrize("name", PACK)
def test_articles_without_markup(tmp_path, name):
    (tmp_path / name).write_bytes(PACK[name](dump(PAGES)))
    summary = prepare([tmp_path / name], tmp_path / "run", PrepareConfig(min_count=1))
    assert units(tmp_path / "run") == [*CAT_LINES, "the dog", "barks"]
    assert summary.lines == 2  # articles
    assert survey([str(tmp_path / name)]).words == pytest.approx(21, abs=3)


def test_an_article_is_a_document(tmp_path):
    (tmp_path / "a.xml.bz2").write_bytes(bz2.compress(dump(PAGES)))
    config = PrepareConfig(min_count=1, boundary="file", max_rows=1)
    prepare([tmp_path / "a.xml.bz2"], tmp_path / "run", config)
    assert units(tmp_path / "run") == [" ".join(CAT_LINES)]


@pytest.mark.parametrize("size", [1, 50, 100_000])
def test_a_dump_is_streamed(tmp_path, size, monkeypatch):
    monkeypatch.setattr("w2vtrain.corpus.documents._ROWS_TOGETHER", 1)
    monkeypatch.setattr("w2vtrain.corpus.text.decode.__defaults__", (size,))
    Path(tmp_path / "a.xml").write_bytes(dump([("Dog", 0, "", f"dog {n}") for n in range(500)]))
    pieces = list(read_input(str(tmp_path / "a.xml"), PrepareConfig(), None))
    assert [piece.text for piece in pieces[:-2]] == [f"dog {n}" for n in range(500)]
    assert pieces[-1].read.lines == 500


def test_a_dump_that_is_cut(tmp_path):
    (tmp_path / "a.xml").write_bytes(dump(PAGES)[:-30])
    with pytest.raises(W2VError, match="not a whole MediaWiki dump"):
        prepare([tmp_path / "a.xml"], tmp_path / "run")


def test_without_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mwparserfromhell", None)
    (tmp_path / "a.xml").write_bytes(dump(PAGES))
    with pytest.raises(W2VError, match="is a MediaWiki dump, which needs the package") as error:
        prepare([tmp_path / "a.xml"], tmp_path / "run")
    assert error.value.hint == "Install it: pip install 'w2vtrain[wiki]'"
