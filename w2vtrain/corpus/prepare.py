"""Turn text into a vocabulary, token ids and a vectorizer in RUN/corpus: the first stage.

The text is read once: blocks of some four megabytes are tokenized as the saved TextVectorization
layer does it, counted under provisional ids, and spooled; the final ids follow from the counts.
"""

import collections
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
from w2vtrain.corpus.counting import (
    LONGEST_TOKEN,
    Counted,
    TokenCounter,
    TokenizedBlock,
    count_units,
    tokenized,
)
from w2vtrain.corpus.documents import BLOCK, packed, read_inputs
from w2vtrain.corpus.encoding import TokenSpool, UnitTable
from w2vtrain.corpus.normalization import LOOKED_AT, UNICODE_VERSION, unspaced_share
from w2vtrain.corpus.phrase_finding import TextJoiner
from w2vtrain.corpus.phrases import Phrases
from w2vtrain.corpus.sources import (
    ARCHIVES,
    JSON,
    STDIN,
    TABLES,
    Read,
    Sources,
    find_sources,
    kind_of,
    printable_name,
)
from w2vtrain.corpus.subword_units import SubwordUnits
from w2vtrain.corpus.text import Piece
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, LEFT_OUT, OOV_TOKEN, PADDING_TOKEN, Vocabulary
from w2vtrain.corpus.word_boundaries import icu_version
from w2vtrain.corpus.workers import ClusterWorkers, Workers, number_of_workers
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import sha256
from w2vtrain.run.lock import run_lock
from w2vtrain.run.stage import atomic_stage, read_manifest
from w2vtrain.tensorflow_runtime import configure

_LOG = logging.getLogger(__name__)
_SEGMENT = (
    "--split icu finds their words (pip install 'w2vtrain[icu]'); or split them before with "
    "jieba, MeCab or PyThaiNLP."
)


@dataclass(frozen=True)
class PrepareProgress:
    """How much has been read.

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
    """What prepare read and wrote.

    Args:
        unchanged: the run held this corpus already; nothing was done.
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
        pruned_types: different words dropped while counting, to bound the memory.
        pruned_below: words seen at most this often may have been dropped that way.
        units: lines, paragraphs or files with at least one token.
        tokens: token ids written.
        lines: lines or table rows read.
        missing: table rows without text.
        replaced: places where bytes did not decode and were replaced.
        seconds: from the first byte read to the run written.
        phrases: different phrases found; in all counts of words, a phrase counts as one.
        workers: processes that tokenized; 1 if it was done in this one.
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
    phrases: int = 0
    workers: int = 1


def prepare(
    inputs: Sequence[str | Path],
    run: str | Path,
    config: PrepareConfig | None = None,
    force: bool = False,
    progress: Callable[[PrepareProgress], None] | None = None,
) -> PrepareSummary:
    """Tokenize inputs and write `run`/corpus; return a summary.

    Args:
        inputs: text files, tables, archives, directories, globs, or `-` for standard input.
        run: the run directory; made if it is missing.
        config: the settings; the defaults of `PrepareConfig` if None.
        force: do it again even when inputs and settings are those of the run's corpus.
        progress: called after each block of some four megabytes.

    Raises:
        W2VError: the inputs cannot be read, or the run cannot be written; it stays as it was.
    """
    config = config or PrepareConfig()
    directory = RunDirectory(Path(run))
    sources = find_sources([str(name) for name in inputs], directory.root, config.strip_html)
    _check_column(sources, config)
    for name, reason in zip(sources.passed_over, sources.reasons, strict=True):
        _LOG.warning("Passed over %s: %s", name, reason)
    if sources.passed_over:
        taken, left = _kinds(sources.names), _kinds(sources.passed_over)
        _LOG.warning("Took %s; left out %s.", taken, left)
    if not force and (summary := _unchanged(directory, sources, config)) is not None:
        return summary
    record = new_record(config)
    with run_lock(directory.root), atomic_stage(directory.corpus, record) as folder:
        reading = Reading(sources, config, folder, progress)
        summary = reading.run(str(run))
        record["inputs"] = reading.records()
        record["summary"] = dataclasses.asdict(summary)
    return summary


def _kinds(names: Sequence[str]) -> str:
    """Count the files of each kind: `3 .txt, 1 .csv`."""
    counts = collections.Counter(kind_of(name) or "without an ending" for name in names)
    return ", ".join(f"{count} {kind}" for kind, count in counts.most_common())


def _check_column(sources: Sources, config: PrepareConfig) -> None:
    kinds = {kind_of(name) for name in sources.names}
    if config.text_column is not None and not kinds & (TABLES | ARCHIVES | {JSON}):
        raise W2VError(
            f"--text-column {config.text_column} is given, but no input is a table.",
            f"Leave it out, or give the table a name that ends in {', '.join(sorted(TABLES))}.",
        )


def new_record(config: PrepareConfig) -> dict[str, Any]:
    """Return what the manifest of a corpus begins with."""
    settings = config.replaced(cluster=None)  # an address says nothing about the corpus
    record: dict[str, Any] = {"stage": "prepare", "config": settings.as_dict()}
    if config.normalize != "none":
        record["unicode"] = UNICODE_VERSION
    if config.split == "icu":
        record["icu"] = icu_version()
    return record


def write_words(
    folder: Path,
    vocabulary: Vocabulary,
    left_out: Vocabulary,
    config: PrepareConfig,
    units: SubwordUnits | None,
    phrases: Phrases | None,
) -> None:
    """Write a vocabulary, words left out, subword units, phrases and vectorizer into `folder`."""
    from w2vtrain.corpus.vectorizer import make_vectorizer, save_vectorizer

    names = RunDirectory(folder.parent)
    vocabulary.save(folder / names.corpus_vocabulary.name)
    left_out.save(folder / LEFT_OUT)
    words = vocabulary.tokens[FIRST_WORD_ID:]
    vectorizer = make_vectorizer(words, config, units, phrases)
    save_vectorizer(vectorizer, folder / names.vectorizer.name)
    if units is not None:
        units.save(folder / names.subword_units.name)
    if phrases is not None:
        phrases.save(folder / names.phrases.name)


def _unchanged(
    directory: RunDirectory, sources: Sources, config: PrepareConfig
) -> PrepareSummary | None:
    """Return the run's own summary if its corpus comes from the same inputs and settings."""
    if not all(Path(name).is_file() for name in sources.names):  # a pipe can be read only once
        return None
    try:
        manifest = read_manifest(directory.corpus, "w2v prepare", verify=True)
        known = [(facts["path"], facts["sha256"]) for facts in manifest["inputs"]]
        summary = PrepareSummary(**manifest["summary"])
        before = PrepareConfig.from_manifest(manifest["config"])
    except (W2VError, KeyError, TypeError):
        return None
    now = new_record(config)
    if before != config or any(manifest.get(key) != now.get(key) for key in ("unicode", "icu")):
        return None
    if [path for path, _ in known] != list(sources.names):
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
    """Read inputs once and write a corpus; holds the counts that grow on the way.

    Args:
        sources: the inputs.
        config: the settings.
        folder: where the files of the corpus are written.
        progress: called after each block of some four megabytes.
        units: subword units to cut words into; None learns them, if the settings say so.
        phrases: the phrases to join; None finds them, if the settings say so.

    Attributes:
        block_size: characters tokenized together.
        read: what has been read of each input so far.
    """

    block_size = BLOCK

    def __init__(
        self,
        sources: Sources,
        config: PrepareConfig,
        folder: Path,
        progress: Callable[[PrepareProgress], None] | None = None,
        units: SubwordUnits | None = None,
        phrases: Phrases | None = None,
    ) -> None:
        self._units = units
        self._phrases = phrases
        self.read = [Read()] * len(sources.names)
        self._sources = sources
        self._words = [0] * len(sources.names)
        self._config = config
        self._folder = folder
        self._progress = progress
        self._total = _bytes_total(sources.names)
        self._workers = number_of_workers(config, self._total)

    def run(self, run: str) -> PrepareSummary:
        """Read the inputs and write the corpus; return what was read and written.

        Args:
            run: the name of the run directory in the summary.
        """
        counter = TokenCounter(self._config.max_types)
        files = RunDirectory(self._folder.parent)
        with contextlib.ExitStack() as spools:
            spool = spools.enter_context(contextlib.closing(TokenSpool(self._folder)))
            with self._tokenized() as blocks:
                start = time.perf_counter()
                for block in blocks:
                    spool.append(counter.add(block), block.lengths, block.block.ends)
                    self._count_words(block)
            if self._config.phrases:
                joiner = TextJoiner(counter, self._config, self._phrases, self._folder)
                spool = spools.enter_context(contextlib.closing(joiner.run(spool)))
                self._phrases = joiner.phrases
            counted, table = self._counted(counter)
            unspaced = self._unspaced(counted)
            self._check(counted, unspaced)
            encoded = spool.encode(
                counted.final_ids,
                self._config.keep_oov,
                self._folder / files.token_ids.name,
                self._folder / files.boundaries.name,
                table,
            )
        self._write_vocabulary(counted)
        if unspaced:
            _LOG.warning("%s %s", unspaced, _SEGMENT)
        kept = int(counted.counts.sum())
        return PrepareSummary(
            unchanged=False,
            run=run,
            inputs=len(self.read),
            passed_over=self._sources.passed_over,
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
            lines=sum(read.lines for read in self.read),
            missing=sum(read.missing for read in self.read),
            replaced=sum(read.replaced for read in self.read),
            seconds=time.perf_counter() - start,
            phrases=len(self._phrases or ()),
            workers=self._workers,
        )

    def records(self) -> list[dict[str, Any]]:
        """Return what was read of each input, for the manifest."""
        return [
            {
                "path": printable_name(name),
                "bytes": read.bytes,
                "sha256": read.sha256,
                "lines": read.lines,
                "words": words,
                "missing": read.missing,
                "replaced": read.replaced,
            }
            for name, words, read in zip(self._sources.names, self._words, self.read, strict=True)
        ]

    def _counted(self, counter: TokenCounter) -> tuple[Counted, UnitTable | None]:
        """Return the counts of words, or of the subword units that they are cut into."""
        if self._config.split != "subwords":
            return counter.result(self._config), None
        words = counter.result(self._config.replaced(min_count=1, vocabulary_size=None))
        if not words.words:
            return words, None
        if self._units is None:
            self._units = SubwordUnits.learn(words.words, words.counts, self._config)
        return count_units(words, self._units, self._config)

    @contextlib.contextmanager
    def _tokenized(self) -> Iterator[Iterator[TokenizedBlock]]:
        """Yield the tokenized blocks, which come from other processes if there are workers."""
        texts = packed(self._pieces(), self.block_size)
        kind = Workers if self._config.cluster is None else ClusterWorkers
        if self._workers == 1 and kind is Workers:
            configure()
            with contextlib.closing(tokenized(texts, self._config)) as blocks:
                yield blocks
            return
        with kind(self._workers, self._config) as workers:
            configure()  # while the workers start
            blocks = tokenized(texts, self._config, self._workers, workers.tokenize, workers.stop)
            with contextlib.closing(blocks):
                yield blocks

    def _pieces(self) -> Iterator[tuple[int, Piece]]:
        for source, piece in read_inputs(self._sources.names, self._config):
            self.read[source] = piece.read
            yield source, piece

    def _count_words(self, tokens: TokenizedBlock) -> None:
        place = 0
        for source, units in tokens.block.units:
            self._words[source] += int(tokens.lengths[place : place + units].sum())
            place += units
        if self._progress is not None:
            done = sum(read.bytes for read in self.read)
            self._progress(PrepareProgress(done, self._total, sum(self._words)))

    def _unspaced(self, counted: Counted) -> str:
        """Return what to say of text whose script has no spaces; empty where words are split."""
        if self._config.split != "whitespace":
            return ""
        parts = [(counted.words, counted.counts), (counted.left_out, counted.left_out_counts)]
        tokens = [token for words, _ in parts for token in words[:LOOKED_AT]]
        counts = np.concatenate([numbers[:LOOKED_AT] for _, numbers in parts])
        share = unspaced_share(tokens, counts)
        if share < 0.3:
            return ""
        return (
            f"{share:.0%} of the letters are in stretches of a script without spaces, such as "
            "Chinese or Thai: whole clauses became words."
        )

    def _check(self, counted: Counted, unspaced: str) -> None:
        """Raise W2VError when there are no words, or none that are kept."""
        names = self._sources.names
        if not counted.tokens:
            raise W2VError(
                f"No words in {', '.join(names[:3])}{' …' if len(names) > 3 else ''}.",
                "The input is empty, or holds nothing but white space and punctuation.",
            )
        if not counted.words:
            seen = zip(counted.left_out, counted.left_out_counts.tolist(), strict=True)
            word, count = next((pair for pair in seen if pair[0] != OOV_TOKEN), ("", 0))
            if not word:
                raise W2VError(
                    f"Every word is longer than {LONGEST_TOKEN} characters.",
                    "Is this text with spaces? --split icu finds words in text without.",
                )
            if unspaced:
                raise W2VError(f"No word is left. {unspaced}", _SEGMENT)
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
        write_words(self._folder, vocabulary, rest, self._config, self._units, self._phrases)


def _bytes_total(names: Sequence[str]) -> int | None:
    """Return the bytes of all inputs together; None where one is no regular file."""
    if any(name == STDIN or not Path(name).is_file() for name in names):
        return None
    return sum(Path(name).stat().st_size for name in names)
