"""Look at the beginning of some texts: what are they, and how are their lines to be read?

A look reads some megabytes at most and tells what the settings of `prepare` depend on: the form of
the files, the encoding, the column that holds the text of a table, the script, and whether a line
is a text of its own or a part of a wrapped paragraph. `suggestions` makes settings of it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import mean, median

from w2vtrain.corpus.documents import read_table
from w2vtrain.corpus.markup import recognize, without_markup
from w2vtrain.corpus.mediawiki import wiki_rows
from w2vtrain.corpus.sources import JSON, STDIN, TABLES, InputFile, find_sources, kind_of
from w2vtrain.corpus.tables import DELIMITERS, JSON_LINES, Column, delimited_header, json_text_keys
from w2vtrain.corpus.text import decode
from w2vtrain.errors import W2VError

_FILES = 64  # files looked into, spread over all
_ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1")  # UTF-16 only with its byte-order mark
_SAMPLE = 1 << 23  # characters read in all
_ROWS = 2000  # rows read of a table
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
_SENTENCE_END = tuple(".!?:;…\"'”’»)。！？」』*_")
_MARKUP = re.compile(r"<(?:br|p|div|span|a|i|b|em|strong|html|body|doc)\b[^<>]*>", re.IGNORECASE)
_GUTENBERG = "PROJECT GUTENBERG"


@dataclass(frozen=True)
class Lines:
    """How the lines of a text look.

    Args:
        words: mean words of a line that is not blank.
        characters: median characters of a line that is not the last of its paragraph.
        paragraph: mean lines between two blank ones; 0 where no line is blank.
        ended: share of the lines that end like a sentence.
    """

    words: float
    characters: float
    paragraph: float
    ended: float

    @property
    def wrapped(self) -> bool:
        """Whether lines break inside sentences, and a blank line ends a paragraph."""
        return self.paragraph >= 1.5 and self.ended < 0.6 and 30 <= self.characters <= 120

    @property
    def single_words(self) -> bool:
        """Whether a line is hardly more than a word."""
        return self.words < 1.5


@dataclass(frozen=True)
class Survey:
    """What a look at some inputs found.

    Args:
        files: how many there are.
        bytes: their size on the disk.
        kinds: endings of their names, the most frequent first.
        words: words in all of them, estimated from the sample.
        encoding: a Python codec that decodes the sample.
        text_column: the column with the longest texts; None where nothing is a table.
        columns: all columns of the first table.
        scripts: Unicode's names of the scripts, with their share of the letters, above 1 %.
        spaced: False for a script without spaces that nobody has split into words.
        capitals: share of the letters that are upper-case.
        markup: HTML tags per thousand words.
        licensed: whether Project Gutenberg's header is in the text.
        lines: how the lines look; None for tables.
        html: whether files are HTML or XML, which `prepare` reads with `--strip-html` only.
    """

    files: int
    bytes: int
    kinds: tuple[str, ...]
    words: int
    encoding: str
    text_column: str | None
    columns: tuple[str, ...]
    scripts: dict[str, float]
    spaced: bool
    capitals: float
    markup: float
    licensed: bool
    lines: Lines | None
    html: bool = False


@dataclass(frozen=True)
class _Sample:
    """Text from one file: its lines or cells, and which share of the file they are."""

    text: str
    share: float
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()
    column: str | None = None
    html: bool = False


def survey(inputs: Sequence[str]) -> Survey:
    """Look at the inputs of a run.

    Args:
        inputs: files, folders or globs.

    Raises:
        W2VError: there is no text, an input cannot be read, or two of them cannot be read with
            the same settings: tables without a common text column.
    """
    if STDIN in inputs:
        raise W2VError("Standard input cannot be read twice.", "Give files, folders or globs.")
    names = find_sources(inputs, strip_html=True).names
    chosen = names[:: -(-len(names) // _FILES)]
    samples = [_sample(name, _SAMPLE // len(chosen)) for name in chosen]
    text = "\n".join(sample.text for sample in samples)
    if not text.strip():
        raise W2VError("The inputs hold no text.", "Give files with text in them.")
    tables = [sample for sample in samples if sample.column is not None]
    letters = Counter({c: n for c, n in Counter(text).items() if c.isalpha()})
    scripts = _scripts(letters)
    words = text.split()
    spaced = _is_spaced(scripts, words)
    read = sum(_word_count(sample.text, spaced) / sample.share for sample in samples)
    return Survey(
        files=len(names),
        bytes=sum(Path(name).stat().st_size for name in names),
        kinds=tuple(kind for kind, _ in Counter(map(kind_of, names)).most_common()),
        words=round(read * len(names) / len(chosen)),
        encoding=_common({sample.encoding for sample in samples}, "encodings"),
        text_column=_common({t.column for t in tables}, "text columns") if tables else None,
        columns=tables[0].columns if tables else (),
        scripts=scripts,
        spaced=spaced,
        capitals=sum(n for c, n in letters.items() if c.isupper()) / max(letters.total(), 1),
        markup=1000 * len(_MARKUP.findall(text)) / max(len(words), 1),
        licensed=_GUTENBERG in text[:1_000_000].upper(),
        lines=_lines(text, spaced) if len(tables) < len(samples) else None,
        html=any(sample.html for sample in samples),
    )


def _sample(name: str, size: int) -> _Sample:
    """Read the beginning of a file, by its kind, in the first encoding that fits."""
    for encoding in _ENCODINGS:
        try:
            if _is_table(name):
                return _table_sample(name, encoding)
            text, share, is_html = _beginning(name, encoding, size)
        except W2VError:
            if encoding == _ENCODINGS[-1]:
                raise
        else:
            return _Sample(text, share, encoding, html=is_html)
    raise AssertionError("the last encoding returns or raises")


def _is_table(name: str) -> bool:
    """Tell whether a file, or the first in an archive, is a table."""
    if kind_of(name) != ".zip":
        return kind_of(name) in TABLES | {JSON}
    with InputFile(name) as file:
        return any(kind_of(stream.name) in TABLES | {JSON} for stream in islice(file.streams(), 1))


def _beginning(name: str, encoding: str, size: int) -> tuple[str, float, bool]:
    """Return about `size` characters, which share of the file they are, and if it is HTML or XML.

    Raises:
        W2VError: the file is a PDF or another document, or cannot be read.
    """
    parts: list[str] = []
    is_html = False
    length = 0
    total = max(Path(name).stat().st_size, 1)
    with InputFile(name) as file:
        for stream in file.streams():
            content = recognize(stream.start(), stream.name)
            content.require_readable(stream.label, strip_html=True)
            chunks = decode(stream, encoding, "strict", min(1 << 20, size))
            if content.kind == "wiki":
                chunks = (
                    (row.cells[0] + "\n", row.read) for row in wiki_rows(chunks, stream.label)
                )
            if content.kind == "markup":
                chunks, is_html = without_markup(chunks, stream.label), True
            for text, read in chunks:
                parts.append(text)
                length += len(text)
                if length >= size:
                    beyond = 1 << 20 if read.bytes < total else 0  # read ahead and not decoded yet
                    packed = read.bytes - beyond / 2 if read.bytes > beyond else read.bytes
                    return "".join(parts), min(packed / total, 1.0), is_html
    return "".join(parts), 1.0, is_html


def _table_sample(name: str, encoding: str) -> _Sample:
    """Read the first rows of a table, and choose the column with the longest texts."""
    columns = _columns(name, encoding)
    wanted = [Column(column, numbers=True) for column in columns]
    rows = [row.cells for row in islice(read_table(name, wanted, encoding), _ROWS)]
    if not rows:
        raise W2VError(f"{name} has no rows.", "Give a table with a header and texts below it.")
    lengths = [mean(len(cells[i].split()) for cells in rows) for i in range(len(columns))]
    best = max(range(len(columns)), key=lambda i: lengths[i])
    share = 1.0 if len(rows) < _ROWS else _share_of_rows(name, encoding)
    text = "\n".join(cells[best] for cells in rows)
    return _Sample(text, share, encoding, columns, columns[best])


def _share_of_rows(name: str, encoding: str) -> float:
    """Estimate which share of a table `_ROWS` rows are."""
    if kind_of(name) == ".parquet":
        import pyarrow.parquet as parquet

        return _ROWS / parquet.ParquetFile(name).metadata.num_rows
    text, share, _ = _beginning(name, encoding, _SAMPLE)
    return min(share * _ROWS / max(text.count("\n"), _ROWS), 1.0)


def _columns(name: str, encoding: str) -> tuple[str, ...]:
    """Return the columns of a table that can hold text.

    Raises:
        W2VError: there are none.
    """
    if kind_of(name) == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as parquet

        texts = (pa.types.is_string, pa.types.is_large_string)
        columns = [f.name for f in parquet.read_schema(name) if any(is_(f.type) for is_ in texts)]
    else:
        with InputFile(name) as file:
            streams = file.streams()  # held: when it goes, it closes the archive
            stream = next(streams)
            kind, chunks = kind_of(stream.name), decode(stream, encoding, "strict")
            if kind in JSON_LINES | {JSON}:
                columns = json_text_keys(chunks, stream.label)
            else:
                columns = delimited_header(chunks, DELIMITERS[kind], stream.label)
    if not columns:
        raise W2VError(f"{name} has no column with text.", "Give a table with a row of names.")
    return tuple(columns)


def _common(found: set[str | None], what: str) -> str:
    """Return the one value that all inputs have."""
    if len(found) > 1:
        listed = ", ".join(sorted(map(str, found)))
        raise W2VError(
            f"The inputs have different {what}: {listed}.",
            "One file of settings has one of them: make one for each kind of input.",
        )
    return str(next(iter(found)))


def _scripts(letters: Counter[str]) -> dict[str, float]:
    """Return the share of each script among the letters, the largest first."""
    counts: Counter[str] = Counter()
    for letter, count in letters.items():
        counts[unicodedata.name(letter, "UNKNOWN").partition(" ")[0]] += count
    total = max(counts.total(), 1)
    return {name: n / total for name, n in counts.most_common() if n > total / 100}


def _is_spaced(scripts: dict[str, float], words: Sequence[str]) -> bool:
    """Tell whether white space separates words: those of most languages are short."""
    unspaced = sum(share for name, share in scripts.items() if name.startswith(_UNSPACED))
    if unspaced < 0.3:
        return True
    return mean(map(len, words[:100_000])) < 5  # a clause has 10 characters or more, a word 2


def _word_count(text: str, spaced: bool) -> int:
    """Count the words, or estimate them where no space separates them: two letters each."""
    return len(text.split()) if spaced else len(text) // 2


def _lines(text: str, spaced: bool) -> Lines:
    paragraphs: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip():
            paragraphs[-1].append(line.rstrip())
        elif paragraphs[-1]:
            paragraphs.append([])
    paragraphs = [lines for lines in paragraphs if lines]
    lines = [line for paragraph in paragraphs for line in paragraph]
    inner = [len(line) for paragraph in paragraphs for line in paragraph[:-1]]
    return Lines(
        words=mean(_word_count(line, spaced) for line in lines),
        characters=median(inner) if inner else 0.0,
        paragraph=len(lines) / len(paragraphs) if len(paragraphs) > 1 else 0.0,
        ended=sum(line.endswith(_SENTENCE_END) for line in lines) / len(lines),
    )
