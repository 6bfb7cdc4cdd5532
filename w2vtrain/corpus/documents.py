"""Each input, whatever its form, as pieces of text: the one place that chooses a reader."""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.archives import zip_members
from w2vtrain.corpus.byte_streams import ByteStream, InputFacts, open_input, unchanged
from w2vtrain.corpus.decoding import decoded
from w2vtrain.corpus.sources import ARCHIVES, COMPRESSED
from w2vtrain.corpus.tables import delimited_texts, json_line_texts, parquet_texts
from w2vtrain.corpus.units import Piece, as_units, text_units
from w2vtrain.errors import W2VError
from w2vtrain.run.stage import sha256

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_JSON_LINES = {".jsonl", ".ndjson"}


class DocumentReader:
    """Reads inputs one after the other.

    Args:
        config: encoding, text column, boundary and the limit on rows are used.
    """

    def __init__(self, config: PrepareConfig) -> None:
        self._config = config
        self._rows_left = config.max_rows

    def pieces(self, facts: InputFacts, source: int) -> Iterator[Piece]:
        """Yields the text of one input in units; what is learned on the way goes into `facts`.

        Args:
            facts: names the input.
            source: the input's number, which its pieces carry.
        Raises:
            W2VError: the input cannot be read as what it is; the message names it and the line.
        """
        kind = PurePath(facts.path).suffix.lower()
        if kind in ARCHIVES or kind == ".parquet":
            path = Path(facts.path)
            _check_regular(path)
            with unchanged(path):
                if kind in ARCHIVES:
                    yield from self._zip(facts, source)
                else:
                    texts = parquet_texts(path, facts, self._config)
                    yield from self._rows(texts, facts, source)
                facts.size = path.stat().st_size
                facts.sha256 = sha256(path)
        else:
            with open_input(facts) as stream:
                yield from self._stream(facts.path, stream, facts, source)

    def _zip(self, facts: InputFacts, source: int) -> Iterator[Piece]:
        for name, stream in zip_members(facts):
            yield from self._stream(name, stream, facts, source)

    def _stream(
        self, name: str, stream: ByteStream, facts: InputFacts, source: int
    ) -> Iterator[Piece]:
        kind = _kind(name)
        if kind in _DELIMITERS:
            texts = delimited_texts(stream, facts, self._config, _DELIMITERS[kind])
            yield from self._rows(texts, facts, source)
        elif kind in _JSON_LINES:
            texts = json_line_texts(stream, facts, self._config)
            yield from self._rows(texts, facts, source)
        elif kind == ".parquet":
            raise W2VError(f"{stream.label}: Parquet cannot be read packed.", "Unpack it first.")
        else:
            yield from text_units(
                self._lines(stream, facts), self._config.boundary, source, stream.label
            )

    def _rows(self, texts: Iterable[str], facts: InputFacts, source: int) -> Iterator[Piece]:
        """A table's cell is a text of its own: no unit goes from one row to the next."""
        if self._rows_left == 0:
            return
        for text in texts:
            facts.lines += 1
            if text.strip():
                plain = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
                yield Piece(as_units(plain, self._config.boundary), True, source)
            else:
                facts.missing += 1
            if self._rows_left is not None:
                self._rows_left -= 1
                if not self._rows_left:
                    return

    def _lines(self, stream: ByteStream, facts: InputFacts) -> Iterator[str]:
        """Yields the decoded text, up to the limit on rows."""
        if self._rows_left == 0:
            return
        lines = facts.lines
        config = self._config
        for text in decoded(stream, facts, config.encoding, config.encoding_errors):
            if self._rows_left is None:
                yield text
                continue
            *whole, rest = text.split("\n", self._rows_left)
            lines += len(whole)
            self._rows_left -= len(whole)
            if not self._rows_left:
                facts.lines = lines  # the decoder has counted the whole of its piece
                yield text[: len(text) - len(rest)]
                return
            yield text


def _kind(name: str) -> str:
    path = PurePath(name)
    if path.suffix.lower() in COMPRESSED:
        path = PurePath(path.stem)
    return path.suffix.lower()


def _check_regular(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise W2VError(f"Cannot read {path}: {error.strerror}", "Check the path.") from None
    if not path.is_file():
        raise W2VError(f"{path} is not a regular file.", "Save it to the disk first.")
