"""Read the articles of a MediaWiki dump, such as Wikipedia's `pages-articles.xml.bz2`.

The XML is streamed, and `mwparserfromhell` takes the markup out of each article (extra `wiki`).
"""

from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from w2vtrain.corpus.sources import Read
from w2vtrain.corpus.tables import Row
from w2vtrain.errors import W2VError

_NO_TEXT = {"gallery", "math", "ref", "score", "table", "timeline"}  # tags
_DROPPED = {"6", "14"}  # keys of the namespaces of files and categories, named in each language


def wiki_rows(chunks: Iterable[tuple[str, Read]], label: str) -> Iterator[Row]:
    """Yield the text of each article, without markup: a row an article.

    Pages of other namespaces (talk, templates, users), redirects, templates, tables, footnotes,
    pictures and categories are left out; of a link its text stays.

    Args:
        chunks: the decoded dump and what has been read so far.
        label: what errors call it.

    Raises:
        W2VError: the extra is not installed, or the dump is not whole.
    """
    parse = _wikitext_parser(label)
    parser: XMLPullParser = XMLPullParser(("start", "end"))
    root: Element | None = None
    dropped = {"file", "image", "category"}
    for chunk, read in chunks:
        for event, element in _events(parser, chunk, label):
            name = element.tag.rpartition("}")[2]
            root = element if root is None else root
            if event == "end" and name == "namespace" and element.get("key") in _DROPPED:
                dropped.add((element.text or "").casefold())
            elif event == "end" and name == "page":
                where = f"{label}, article {element.findtext('{*}title')!r}"
                if text := _wikitext(element):
                    yield Row((_plain(parse(text), dropped),), where, read)
                root.clear()  # else every page read so far would stay in memory
    _events(parser, None, label)


def _wikitext_parser(label: str) -> Any:
    try:
        from mwparserfromhell import parse
    except ImportError as error:
        raise W2VError(
            f"{label} is a MediaWiki dump, which needs the package mwparserfromhell: {error}",
            "Install it: pip install 'w2vtrain[wiki]'",
        ) from None
    return parse


def _events(parser: XMLPullParser, chunk: str | None, label: str) -> list[Any]:
    """Feed a chunk, or end the document, and return what has been parsed since."""
    try:
        if chunk is None:
            parser.close()
            return []
        parser.feed(chunk)
        return list(parser.read_events())
    except ParseError as error:
        raise W2VError(f"{label} is not a whole MediaWiki dump: {error}", "Get it again.") from None


def _wikitext(page: Element) -> str:
    """Return the markup of an article; empty for a redirect or a page of another kind."""
    if page.findtext("{*}ns", "0") != "0" or page.find("{*}redirect") is not None:
        return ""
    revisions = page.findall("{*}revision")  # a full history has many
    return revisions[-1].findtext("{*}text", "") if revisions else ""


def _plain(code: Any, dropped: set[str]) -> str:
    """Return the text of parsed markup, without links to the namespaces in `dropped`."""
    for link in code.ifilter_wikilinks():
        if str(link.title).partition(":")[0].strip().casefold() in dropped:
            link.text = ""
    for tag in code.ifilter_tags():
        if str(tag.tag).strip().lower() in _NO_TEXT:
            tag.contents = ""
    return str(code.strip_code())
