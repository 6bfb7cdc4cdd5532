"""A probe: the start of the text, really prepared, and an estimate of the whole from it."""

import itertools
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.documents import BLOCK
from w2vtrain.corpus.prepare import Reading
from w2vtrain.corpus.sources import ARCHIVES, COMPRESSED, STDIN, find_sources
from w2vtrain.corpus.text import Piece
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_ID, Vocabulary
from w2vtrain.corpus.workers import number_of_workers, share_of_time
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory

PROBE_LINES = 100_000
READ_AHEAD = 1 << 20  # bytes of a compressed file that are read at once


@dataclass(frozen=True)
class TextProbe:
    """What the start of a text says about the whole.

    Args:
        text: the start, under a vocabulary of the size expected of the whole; words that only stand
            for those not seen yet have no spelling. Its counts are those expected of the whole.
        scale: the whole text over the part that was read.
        words: running words expected in the whole.
        tokens: of them, those whose word is kept.
        units: expected lines or other units.
        vocabulary: expected words kept.
        types: expected different words.
        seconds: expected time of prepare.
    """

    text: Corpus
    scale: float
    words: int
    tokens: int
    units: int
    vocabulary: int
    types: int
    seconds: float


def probe_text(inputs: Sequence[str], config: PrepareConfig, folder: Path) -> TextProbe:
    """Return what the first `PROBE_LINES` lines of `inputs` say about all of them.

    Args:
        inputs: as in `prepare`, but not standard input, which could be read only once.
        config: the settings of prepare.
        folder: an empty folder; the result reads from it.
    """
    sources = find_sources(inputs, strip_html=config.strip_html)
    if STDIN in sources.names:
        raise W2VError(
            "A plan cannot read standard input: nothing would be left for the run.",
            "Give files, or prepare first and plan the run.",
        )
    rows = min(PROBE_LINES, config.max_rows or PROBE_LINES)
    size, here = config.subwords, {"workers": 1, "cluster": None}
    settings = config.replaced(min_count=1, vocabulary_size=size, max_rows=rows, **here)
    part = RunDirectory(Path(tempfile.mkdtemp(dir=folder)))
    part.corpus.mkdir()
    start = time.perf_counter()
    reading = _MeasuredReading(sources, settings, part.corpus)
    summary = reading.run("the probe")
    seconds = time.perf_counter() - start
    scale = _scale(sources.names, reading, summary.lines >= rows, config, summary.lines)
    vocabulary = Vocabulary.load(part.corpus_vocabulary)
    ids = np.load(part.token_ids)
    found = expected_vocabulary(ids, config.min_count, scale)
    if (most := config.subwords or config.vocabulary_size) is not None:
        found = min(found, most)
    workers = number_of_workers(config, sum(Path(name).stat().st_size for name in sources.names))
    whole = (scale - 1) * min(seconds, reading.reading_seconds() or seconds)
    text, kept = _as_whole(part, vocabulary, ids, scale, found, config)
    return TextProbe(
        text=text,
        scale=scale,
        words=round(summary.words_read * scale),
        tokens=round(kept * scale),
        units=round(summary.units * scale),
        vocabulary=found,
        types=expected_vocabulary(ids, 1, scale),
        seconds=seconds + whole * share_of_time(workers),
    )


class _MeasuredReading(Reading):
    """Records how many bytes of the inputs the text so far came from, and when they were read."""

    block_size = BLOCK // 2  # enough blocks to see how fast they follow each other
    packed_bytes = 0
    text_bytes = 0

    def _pieces(self) -> Iterator[tuple[int, Piece]]:
        self._marks: list[tuple[float, int]] = []
        for source, piece in super()._pieces():
            if piece.text is None:
                continue
            self.packed_bytes = sum(read.bytes for read in self.read)
            self.text_bytes += len(piece.text.encode()) + piece.ends
            yield source, piece
            self._marks.append((time.perf_counter(), self.text_bytes))

    def reading_seconds(self) -> float:
        """Return the seconds that this much text takes, once everything has been started."""
        marks = self._marks
        half = next((mark for mark in marks if mark[1] >= self.text_bytes / 2), None)
        if half is None or half == marks[-1]:
            return 0.0
        seconds, count = (last - first for first, last in zip(half, marks[-1], strict=True))
        return seconds * self.text_bytes / count


def _scale(
    names: Sequence[str], reading: _MeasuredReading, cut: bool, config: PrepareConfig, lines: int
) -> float:
    """Return the size of all inputs over what was read of them."""
    if not cut:
        return 1.0
    suffixes = {Path(name).suffix.lower() for name in names}
    if suffixes & (ARCHIVES | {".parquet"}):
        raise W2VError(
            "A plan cannot tell how much of a .zip or .parquet file it has read.",
            "Prepare first, then plan the run: w2v plan RUN.",
        )
    total = sum(Path(name).stat().st_size for name in names)
    read = reading.packed_bytes
    if suffixes & COMPRESSED:  # read a buffer at a time, of which half is used on average
        read -= READ_AHEAD // 2 if read > READ_AHEAD else 0
    else:
        read = min(read, reading.text_bytes)
    scale = max(1.0, total / max(1, read))
    return scale if config.max_rows is None else min(scale, config.max_rows / lines)


def expected_vocabulary(ids: np.ndarray, min_count: int, scale: float) -> int:
    """Return how many words will occur `min_count` times in a text `scale` times as long.

    Their number grows as a power of the length (Heaps' law), with an exponent that itself falls;
    both are taken from the last two doublings of the probe.

    Args:
        ids: int array, shape `(tokens,)`: the probe, every word of it with an id of its own.

    Source: Heaps 1978, "Information Retrieval: Computational and Theoretical Aspects"; the falling
    exponent is fitted here.
    """

    def seen(part: np.ndarray) -> int:
        return max(1, int((np.bincount(part)[FIRST_WORD_ID:] >= min_count).sum()))

    sizes = [seen(ids[: len(ids) // 4]), seen(ids[: len(ids) // 2]), seen(ids)]
    before, exponent = (max(0.0, math.log2(b / a)) for a, b in itertools.pairwise(sizes))
    shrink = min(1.0, max(0.7, exponent / before)) if before else 1.0
    doublings, growth = math.log2(scale), 0.0
    while doublings > 0:
        exponent *= shrink
        growth += exponent * min(1.0, doublings)
        doublings -= 1
    return round(sizes[-1] * 2**growth)


def _as_whole(
    part: RunDirectory,
    vocabulary: Vocabulary,
    ids: np.ndarray,
    scale: float,
    size: int,
    config: PrepareConfig,
) -> tuple[Corpus, int]:
    """Return the probe as a training on the whole text would see it, and its kept tokens."""
    frequent = np.flatnonzero(vocabulary.counts * scale >= config.min_count)
    frequent = frequent[frequent >= FIRST_WORD_ID][:size]
    table = np.full(len(vocabulary), OOV_ID, np.int32)
    table[frequent] = np.arange(FIRST_WORD_ID, FIRST_WORD_ID + len(frequent))
    mapped = table[ids]
    kept = np.ones(len(ids), bool) if config.keep_oov else mapped != OOV_ID
    before = np.concatenate([[0], np.cumsum(kept)])
    ends = np.unique(before[np.load(part.boundaries)])
    np.save(part.token_ids, mapped[kept])
    np.save(part.boundaries, ends)
    counts = np.full(FIRST_WORD_ID + size, config.min_count, np.int64)
    counts[:FIRST_WORD_ID] = 0, round(scale * int((mapped == OOV_ID).sum()))
    seen = slice(FIRST_WORD_ID, FIRST_WORD_ID + len(frequent))
    counts[seen] = np.maximum(1, np.round(vocabulary.counts[frequent] * scale))
    if ends[-1] == 0 or np.diff(ends).max() < 2:
        raise W2VError(
            f"The first {PROBE_LINES:,} lines hold not a single pair of words to keep.",
            "Lower --min-count, or look at the text.",
        )
    text = Corpus(
        part.token_ids,
        part.boundaries,
        Vocabulary(("",) * len(counts), counts),
        OOV_ID if config.keep_oov else FIRST_WORD_ID,
    )
    return text, int(kept.sum())
