"""Stage 1: text into a vocabulary, token ids and a vectorizer, in RUN/corpus.

The text is read once: blocks of about a megabyte are tokenized in TensorFlow by the functions that
the saved TextVectorization layer holds, counted under provisional ids, and spooled; the final ids
follow from the counts.
"""

import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.byte_streams import InputFacts
from w2vtrain.corpus.counting import LONGEST_TOKEN, Counted, TokenCounter, TokenizedBlock, tokenized
from w2vtrain.corpus.documents import DocumentReader
from w2vtrain.corpus.encoding import Encoded, TokenSpool
from w2vtrain.corpus.growing import LEFT_OUT
from w2vtrain.corpus.sources import STDIN, Sources, find_sources
from w2vtrain.corpus.units import Piece, packed
from w2vtrain.corpus.vocabulary import OOV_TOKEN, PADDING_TOKEN, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.lock import run_lock
from w2vtrain.run.stage import atomic_stage, read_manifest, sha256

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class PrepareProgress:
    """How far the reading is.

    Args:
        bytes_read: of the files as they lie on the disk.
        bytes_total: None where it is not known beforehand.
        words: tokens counted so far.
    """

    bytes_read: int
    bytes_total: int | None
    words: int


@dataclass(frozen=True)
class PrepareSummary:
    """What prepare made, in figures.

    Args:
        unchanged: the run held it already; nothing was done.
        run: the run directory.
        inputs: files read.
        passed_over: files in directories that are not text.
        words_read: running words, before the cut-off.
        words_kept: running words whose word is in the vocabulary.
        vocabulary: different words kept.
        coverage: `words_kept / words_read`.
        left_out_types: different words under the cut-off.
        left_out_words: running words left out.
        too_long_words: those of them that have more than 128 characters.
        pruned_types: different words dropped while counting, for want of memory.
        pruned_below: words seen at most this often may have been dropped so.
        units: lines, paragraphs or files with at least one token.
        tokens: token ids written.
        lines: lines or table rows read.
        missing: table rows without text.
        replaced: places where bytes did not decode and were replaced.
        seconds: from the first byte read to the run written.
    """

    unchanged: bool
    run: str
    inputs: int
    passed_over: tuple[str, ...]
    words_read: int
    words_kept: int
    vocabulary: int
    coverage: float
    left_out_types: int
    left_out_words: int
    too_long_words: int
    pruned_types: int
    pruned_below: int
    units: int
    tokens: int
    lines: int
    missing: int
    replaced: int
    seconds: float


def prepare(
    inputs: Sequence[str | Path],
    run: str | Path,
    config: PrepareConfig | None = None,
    force: bool = False,
    progress: Callable[[PrepareProgress], None] | None = None,
) -> PrepareSummary:
    """Returns figures about the corpus that it reads from `inputs` and writes to `run`/corpus.

    Args:
        inputs: text files, tables, archives, directories, globs, or `-` for standard input.
        run: the run directory; made if it is missing.
        config: the settings; the defaults of `PrepareConfig` if None.
        force: do it again even when inputs and settings are those of the run's corpus.
        progress: called after each block of about a megabyte.
    Raises:
        W2VError: whatever is wrong with the inputs or the place; the run stays as it was.
    """
    config = config or PrepareConfig()
    directory = RunDirectory(Path(run))
    sources = find_sources([str(name) for name in inputs])
    for name in sources.passed_over:
        _LOG.warning("Passed over %s: it does not look like text.", name)
    if not force and (summary := _unchanged(directory, sources, config)) is not None:
        return summary
    from w2vtrain.tensorflow_runtime import configure

    configure()
    record: dict[str, Any] = {"stage": "prepare", "config": config.as_dict()}
    with run_lock(directory.root), atomic_stage(directory.corpus, record) as folder:
        work = Reading([InputFacts(name) for name in sources.names], config, folder, progress)
        summary = work.run(RunDirectory(folder.parent), sources, str(run))
        record["inputs"] = [facts.as_dict() for facts in work.facts]
        record["summary"] = dataclasses.asdict(summary)
    return summary


def write_words(
    folder: Path,
    vocabulary: Vocabulary,
    left_out: Vocabulary,
    words: Sequence[str],
    config: PrepareConfig,
) -> None:
    """Writes the vocabulary, the words left out and the vectorizer of `words` into `folder`."""
    from w2vtrain.corpus.vectorizer import make_vectorizer, save_vectorizer

    names = RunDirectory(folder.parent)
    vocabulary.save(folder / names.corpus_vocabulary.name)
    left_out.save(folder / LEFT_OUT)
    save_vectorizer(make_vectorizer(words, config), folder / names.vectorizer.name)


def _unchanged(
    directory: RunDirectory, sources: Sources, config: PrepareConfig
) -> PrepareSummary | None:
    """Returns the run's own summary when it was made, whole, from the same inputs and settings."""
    if not all(Path(name).is_file() for name in sources.names):  # a pipe can be read only once
        return None
    try:
        manifest = read_manifest(directory.corpus, "w2v prepare", verify=True)
        known = [(facts["path"], facts["sha256"]) for facts in manifest["inputs"]]
        summary = PrepareSummary(**manifest["summary"])
    except (W2VError, KeyError, TypeError):
        return None
    if manifest.get("config") != config.as_dict() or [p for p, _ in known] != list(sources.names):
        return None
    try:
        same = all(sha256(Path(path)) == digest for path, digest in known)
    except OSError:  # reading them again will say what is wrong
        return None
    if not same:
        return None
    return dataclasses.replace(
        summary, unchanged=True, run=str(directory.root), passed_over=sources.passed_over
    )


class Reading:
    """One reading of the inputs: the counts and the spool that grow on the way."""

    def __init__(
        self,
        facts: list[InputFacts],
        config: PrepareConfig,
        folder: Path,
        progress: Callable[[PrepareProgress], None] | None,
    ) -> None:
        self.facts = facts
        self.words = 0
        self._config = config
        self._folder = folder
        self._progress = progress
        self._total = _bytes_total(facts)

    def run(self, files: RunDirectory, sources: Sources, run: str) -> PrepareSummary:
        start = time.perf_counter()
        counter = TokenCounter(self._config.max_types)
        spool = TokenSpool(self._folder)
        try:
            with contextlib.closing(tokenized(packed(self._pieces()), self._config)) as blocks:
                for block in blocks:
                    spool.append(counter.add(block), block.lengths, block.block.ends)
                    self._count_words(block)
            counted = counter.result(self._config)
            self._check(counted)
            encoded = spool.encode(
                counted.final_ids,
                self._config.keep_oov,
                self._folder / files.token_ids.name,
                self._folder / files.boundaries.name,
            )
        finally:
            spool.close()
        self._write_vocabulary(counted)
        return self._summary(counted, encoded, counter, sources, run, start)

    def _pieces(self) -> Iterator[Piece]:
        reader = DocumentReader(self._config)
        for number, facts in enumerate(self.facts):
            yield from reader.pieces(facts, number)

    def _count_words(self, tokens: TokenizedBlock) -> None:
        place = 0
        for source, units in tokens.block.units:
            words = int(tokens.lengths[place : place + units].sum())
            self.facts[source].words += words
            self.words += words
            place += units
        if self._progress is not None:
            read = sum(facts.size for facts in self.facts)
            self._progress(PrepareProgress(read, self._total, self.words))

    def _check(self, counted: Counted) -> None:
        if not counted.tokens:
            names = ", ".join(facts.path for facts in self.facts[:3])
            raise W2VError(
                f"No words in {names}{' …' if len(self.facts) > 3 else ''}.",
                "The input is empty, or holds nothing but white space and punctuation.",
            )
        if not counted.words:
            seen = zip(counted.left_out, counted.left_out_counts.tolist(), strict=True)
            word, count = next((pair for pair in seen if pair[0] != OOV_TOKEN), ("", 0))
            if not word:
                raise W2VError(
                    f"Every word is longer than {LONGEST_TOKEN} characters.",
                    "Is this text with spaces? --split character takes single characters.",
                )
            raise W2VError(
                f"No word is left: --min-count is {self._config.min_count}, and the most frequent "
                f"word, {word!r}, occurs {count:,} time{'' if count == 1 else 's'}.",
                f"Give --min-count {count} or less, or more text.",
            )

    def _write_vocabulary(self, counted: Counted) -> None:
        left_out = counted.tokens - int(counted.counts.sum())
        vocabulary = Vocabulary(
            (PADDING_TOKEN, OOV_TOKEN, *counted.words),
            np.concatenate([np.array([0, left_out], dtype=np.int64), counted.counts]),
        )
        rest = Vocabulary(tuple(counted.left_out), counted.left_out_counts)
        write_words(self._folder, vocabulary, rest, counted.words, self._config)

    def _summary(
        self,
        counted: Counted,
        encoded: Encoded,
        counter: TokenCounter,
        sources: Sources,
        run: str,
        start: float,
    ) -> PrepareSummary:
        kept = int(counted.counts.sum())
        return PrepareSummary(
            unchanged=False,
            run=run,
            inputs=len(self.facts),
            passed_over=sources.passed_over,
            words_read=counted.tokens,
            words_kept=kept,
            vocabulary=len(counted.words),
            coverage=kept / counted.tokens,
            left_out_types=len(counted.left_out),
            left_out_words=counted.tokens - kept,
            too_long_words=counted.too_long,
            pruned_types=counter.pruned_types,
            pruned_below=counter.pruned_below,
            units=encoded.units,
            tokens=encoded.tokens,
            lines=sum(facts.lines for facts in self.facts),
            missing=sum(facts.missing for facts in self.facts),
            replaced=sum(facts.replaced for facts in self.facts),
            seconds=time.perf_counter() - start,
        )


def _bytes_total(facts: list[InputFacts]) -> int | None:
    paths = [Path(known.path) for known in facts]
    if any(known.path == STDIN or not Path(known.path).is_file() for known in facts):
        return None
    return sum(path.stat().st_size for path in paths)
