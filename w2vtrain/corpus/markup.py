"""Recognize files that are not plain text, and take the markup out of HTML and XML."""

import html
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import PurePath
from typing import Literal, NamedTuple, TypeVar

from w2vtrain.errors import W2VError

# What follows these tags is another paragraph, or another line.
_PARAGRAPHS = frozenset(
    re.findall(
        r"\w+",
        """address article aside blockquote body caption dd details div dl dt fieldset figcaption
        figure footer form h1 h2 h3 h4 h5 h6 head header hr html main nav ol p pre section table
        tbody tfoot thead title ul""",
    )
)
_LINES = {"br", "li", "option", "td", "th", "tr"}
# These do not even separate words: H<sub>2</sub>O. All others do.
_INLINE = frozenset(
    re.findall(
        r"\w+",
        """a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small
        span strike strong sub sup tt u var wbr""",
    )
)
_NO_TEXT = {"script", "style", "template"}
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_MARKUP_NAMES = {".html", ".htm", ".xhtml", ".xml"}
_MARKUP_STARTS = (b"<!doctype html", b"<html", b"<?xml")
LONGEST_TAG = 1 << 24  # characters; what is held of an unfinished tag or comment

_Tag = TypeVar("_Tag")


class Content(NamedTuple):
    """What the content of a file is.

    Args:
        kind: `text`, `markup` (HTML or XML), `wiki` (a MediaWiki dump), or `document` for what
            another program must turn into text.
        what: the format, for messages: `a PDF`.
        hint: what to do.
    """

    kind: Literal["text", "markup", "wiki", "document"]
    what: str = "plain text"
    hint: str = ""

    def require_readable(self, label: str, strip_html: bool) -> None:
        """Raise W2VError for a document, and for markup unless it is to be stripped."""
        if self.kind == "document" or (self.kind == "markup" and not strip_html):
            raise W2VError(f"{label} is {self.what}, not plain text.", self.hint)


def recognize(start: bytes, name: str) -> Content:
    """Tell what the content of a file is by its first bytes, and markup by its name, too.

    Args:
        start: the first bytes of the content, decompressed.
        name: of the file; that of a compression may follow.
    """
    path = PurePath(name)
    path = path.with_suffix("") if path.suffix.lower() in {".gz", ".bz2", ".xz"} else path
    text = path.with_suffix(".txt").name if path.name else "text.txt"
    text = f"{path.stem}-text.txt" if text == path.name else text  # a name that only looks right
    pandoc = f"Turn it into text first: pandoc '{name}' -t plain -o '{text}'"
    if start.lstrip()[:5] == b"%PDF-":
        return Content("document", "a PDF", f"Turn it into text first: pdftotext '{name}' '{text}'")
    if start[:4] == b"PK\x03\x04":
        if b"epub+zip" in start[:120]:
            return Content("document", "an EPUB book", pandoc)
        if b"opendocument" in start[:120]:
            return Content("document", "an OpenDocument file", pandoc)
        if path.suffix.lower() == ".docx" or b"[Content_Types]" in start or b"word/" in start:
            return Content("document", "an Office document", pandoc)
        return Content("document", "a ZIP archive", "Give it a name that ends in .zip.")
    if start[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        convert = f"libreoffice --headless --convert-to txt:Text '{name}'"
        return Content("document", "an old Office document", f"Turn it into text first: {convert}")
    if start[:5] == b"{\\rtf":
        return Content("document", "an RTF document", pandoc)
    plain = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if plain.startswith(b"<mediawiki"):
        return Content("wiki", "a MediaWiki dump")
    if path.suffix.lower() in _MARKUP_NAMES or plain.startswith(_MARKUP_STARTS):
        return Content("markup", "HTML or XML", "Take its tags out with --strip-html.")
    return Content("text")


def without_markup(chunks: Iterable[tuple[str, _Tag]], label: str) -> Iterator[tuple[str, _Tag]]:
    """Take the tags, comments, scripts and styles out of HTML or XML.

    A tag of a paragraph, a heading or a table ends a paragraph, `<br>` and its like end a line,
    tags such as `<b>` vanish, all others separate words. Line ends of the source are white space.

    Args:
        chunks: the decoded file and what has been read so far.
        label: what errors call the file.

    Raises:
        W2VError: a tag or comment does not end.
    """
    parser = _TextParser()
    for chunk, read in chunks:
        parser.feed(chunk)
        parser.fed = True
        if len(parser.rawdata) > LONGEST_TAG:
            raise W2VError(f"{label} has a tag or comment that does not end.", "Is it whole?")
        if text := parser.taken():
            yield text, read
    parser.close()
    if parser.fed:
        yield parser.taken() + "\n", read


def without_tags(text: str) -> str:
    """Replace the tags in a table's cell by spaces, and resolve references such as `&amp;`."""
    return html.unescape(_TAG.sub(" ", text))


class _TextParser(HTMLParser):
    """Collect the text between tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.fed = False
        self._parts: list[str] = []
        self._silent = 0  # how many tags without text are open

    def taken(self) -> str:
        """Return the text collected since the last call."""
        text = "".join(self._parts).replace("\0", "\ufffd")
        self._parts = []
        return text

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._silent += tag in _NO_TEXT
        self._separate(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self._separate(tag)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _NO_TEXT and self._silent > 0
        self._separate(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(data.replace("\n", " "))

    def unknown_decl(self, data: str) -> None:
        if data.startswith("CDATA["):
            self.handle_data(data.removeprefix("CDATA["))

    def _separate(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._parts.append("\n\n")
        elif tag in _LINES:
            self._parts.append("\n")
        elif tag not in _INLINE:
            self._parts.append(" ")
