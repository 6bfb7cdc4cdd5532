"""Two or more texts as one corpus with one vocabulary, and any of its units as a corpus again."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from w2vtrain.analysis.provenance import require_same_splitting
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.documents import read_table
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.tables import Column
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_TOKEN, PADDING_TOKEN, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import translated_os_errors
from w2vtrain.run.stage import MANIFEST, atomic_stage, read_corpus_manifest

_LOG = logging.getLogger(__name__)
FEWEST_UNITS = 40  # in each slice; below, halves of them tell nothing
MOST_SLICES = 26  # a letter each
# Settings that runs must share, since they decide which words there are and what a unit is.
_DECISIVE = (
    *("normalize", "standardize", "split", "keep_emoji", "keep_tags"),
    *("boundary", "keep_oov", "min_count"),
)


@dataclass(frozen=True)
class SlicedText:
    """Texts, one after the other, cut into units (lines, paragraphs, files or rows of a table).

    Args:
        ids: int32 array, shape `(tokens,)`: rows of `tokens`.
        boundaries: int64 array, shape `(units + 1,)`: offsets into `ids`.
        ends: for each slice, how many units it and those before it hold.
        tokens: the words of all, most frequent first.
        config: that all were prepared with.
    """

    ids: np.ndarray
    boundaries: np.ndarray
    ends: tuple[int, ...]
    tokens: tuple[str, ...]
    config: PrepareConfig

    @property
    def units(self) -> int:
        return len(self.boundaries) - 1

    @property
    def unit_sizes(self) -> np.ndarray:
        """int64 array, shape `(units,)`: tokens of each unit."""
        return np.diff(self.boundaries)

    def slices(self) -> list[np.ndarray]:
        """Return the units of each slice: bool, shape `(units,)`."""
        return self._parts(np.searchsorted(self.ends, np.arange(self.units), side="right"))

    def random_cut(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Deal all units out at random into parts of the sizes of the slices.

        Returns:
            the units of each part, as of `slices`.
        """
        order = rng.permutation(self.units)
        limits = self.boundaries[list(self.ends)]
        part = np.empty(self.units, np.int64)
        part[order] = np.searchsorted(limits, np.cumsum(self.unit_sizes[order]), side="left")
        return self._parts(part)

    def _parts(self, part: np.ndarray) -> list[np.ndarray]:
        return [part == number for number in range(len(self.ends))]

    def counts(self, units: np.ndarray) -> np.ndarray:
        """Count each word in some units: int64 array, shape `(words,)`."""
        return np.bincount(self.ids[self._mask(units)], minlength=len(self.tokens))

    def write_corpus(self, units: np.ndarray, run: RunDirectory) -> None:
        """Write some units as the prepared corpus of a run, with the vocabulary of its own."""
        counts = self.counts(units)
        rows = np.lexsort((np.array(self.tokens, dtype=object).argsort().argsort(), -counts))
        rows = rows[counts[rows] > 0]
        new_ids = np.zeros(len(self.tokens), np.int32)
        new_ids[rows] = np.arange(len(rows), dtype=np.int32) + FIRST_WORD_ID
        words = (PADDING_TOKEN, OOV_TOKEN, *(self.tokens[row] for row in rows.tolist()))
        record = {"stage": "prepare", "config": self.config.as_dict()}
        with atomic_stage(run.corpus, record) as folder:
            np.save(folder / run.token_ids.name, new_ids[self.ids[self._mask(units)]])
            ends = np.concatenate([[0], np.cumsum(self.unit_sizes[units])]).astype(np.int64)
            np.save(folder / run.boundaries.name, ends)
            vocabulary = Vocabulary(words, np.concatenate([[0, 0], counts[rows]]))
            vocabulary.save(folder / run.corpus_vocabulary.name)

    def _mask(self, units: np.ndarray) -> np.ndarray:
        return np.repeat(units, self.unit_sizes)


def load_slices(
    texts: Sequence[str | Path],
    folder: Path,
    config: PrepareConfig | None = None,
    slice_column: str | None = None,
) -> tuple[tuple[str, ...], SlicedText]:
    """Read texts, prepared or not, into one corpus with one vocabulary.

    A run keeps the words that it was prepared with. Text that is not prepared yet is prepared into
    `folder` without a cut-off; that of `config` is then applied to all together.

    Args:
        texts: run directories with a prepared corpus, or files or folders of text.
        folder: where text is prepared.
        config: how to prepare text; the defaults of `PrepareConfig` if None.
        slice_column: cut one table by the values of this column, in the order of `slice_values`.
    Returns:
        a name for each slice, and the text.
    Raises:
        W2VError: fewer than two slices or more than 26, runs that were prepared with differing
            settings, or a slice that is too small.
    """
    settings = config or PrepareConfig()
    names = tuple(str(path) for path in texts)
    if slice_column is not None:
        names, texts = _cut_table(names, slice_column, folder, settings)
        settings = settings.replaced(text_column="text", max_rows=None)
    if not 2 <= len(names) <= MOST_SLICES:
        raise W2VError(
            f"{len(names)} texts cannot be compared.",
            f"Give 2 to {MOST_SLICES}, or one table with --slice-column.",
        )
    runs = [_prepared(path, folder / f"slice-{i}", settings) for i, path in enumerate(texts, 1)]
    manifests = [read_corpus_manifest(run) for run, _ in runs]
    configs = [
        PrepareConfig.from_manifest(m["config"], str(r.corpus))
        for m, (r, _) in zip(manifests, runs, strict=True)
    ]
    _require_like(names, configs)
    require_same_splitting([run for run, _ in runs])
    corpora = [Corpus.open(run) for run, _ in runs]
    fresh = all(made for _, made in runs)
    merged = merge(corpora, settings.min_count if fresh else 1, configs[0])
    for name, units in zip(names, np.diff([0, *merged.ends]).tolist(), strict=True):
        if units < FEWEST_UNITS:
            raise W2VError(
                f"{name} has {units} {'unit' if units == 1 else 'units'} of text; {FEWEST_UNITS} "
                "are needed to tell change from chance.",
                "Prepare with --boundary line or paragraph, or give more text.",
            )
    return names, merged


def merge(corpora: Sequence[Corpus], min_count: int, config: PrepareConfig) -> SlicedText:
    """Merge corpora: their words, with counts added, and their units one after the other."""
    total: dict[str, int] = {}
    for corpus in corpora:
        for token, count in zip(corpus.vocabulary.tokens, corpus.counts.tolist(), strict=True):
            if count:
                total[token] = total.get(token, 0) + count
    kept = sorted((t for t, n in total.items() if n >= min_count), key=lambda t: (-total[t], t))
    row_of = {token: row for row, token in enumerate(kept)}
    ids, sizes = [], []
    for corpus in corpora:
        rows = np.array([row_of.get(token, -1) for token in corpus.vocabulary.tokens], np.int32)
        all_rows = rows[corpus.read()]
        unit = np.repeat(np.arange(corpus.units), np.diff(corpus.boundaries))
        size = np.bincount(unit[all_rows >= 0], minlength=corpus.units)
        ids.append(all_rows[all_rows >= 0])
        sizes.append(size[size > 0])
    boundaries = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    ends = tuple(np.cumsum([len(size) for size in sizes]).tolist())
    return SlicedText(np.concatenate(ids), boundaries, ends, tuple(kept), config)


def slice_values(values: Sequence[str]) -> list[str]:
    """Return the different values in order: as numbers where all are, or else by the alphabet."""
    different = sorted(set(values))
    try:
        return sorted(different, key=float)
    except ValueError:
        return different


def _cut_table(
    inputs: Sequence[str], column: str, folder: Path, config: PrepareConfig
) -> tuple[tuple[str, ...], list[str | Path]]:
    """Write a table's texts into a file a slice, a row a line; return the values and the files."""
    if len(inputs) != 1:
        raise W2VError(
            f"--slice-column cuts one table, and {len(inputs)} inputs are given.",
            "Give one .csv, .tsv, .jsonl or .parquet file.",
        )
    columns = [Column(config.text_column), Column(column, "--slice-column", numbers=True)]
    rows = read_table(inputs[0], columns, config.encoding, config.encoding_errors)
    cells = [row.cells for row in islice(rows, config.max_rows)]
    values = [value for _, value in cells if value.strip()]
    if len(values) < len(cells):
        _LOG.warning("%d rows without a %s are left out.", len(cells) - len(values), column)
    names = slice_values(values)
    if len(names) > MOST_SLICES:
        raise W2VError(
            f"{column!r} has {len(names):,} different values, such as {names[0]!r} and "
            f"{names[1]!r}; {MOST_SLICES} slices can be compared.",
            "Add a column with fewer, such as the decade in place of the day.",
        )
    files: list[str | Path] = [folder / f"slice-{i}.jsonl" for i in range(1, 1 + len(names))]
    with translated_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, file in zip(names, files, strict=True):
            texts = [{"text": " ".join(text.split())} for text, value in cells if value == name]
            lines = "".join(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)
            Path(file).write_text(lines, encoding="utf-8")
    return tuple(names), files


def _prepared(path: str | Path, folder: Path, config: PrepareConfig) -> tuple[RunDirectory, bool]:
    """Return the run of a text and whether it was prepared here."""
    run = RunDirectory(Path(path))
    if (run.corpus / MANIFEST).exists():
        return run, False
    prepare([str(path)], folder, config.replaced(min_count=1, vocabulary_size=None))
    return RunDirectory(folder), True


def _require_like(names: Sequence[str], configs: Sequence[PrepareConfig]) -> None:
    first, *others = (config.as_dict() for config in configs)
    for name, other in zip(names[1:], others, strict=True):
        for key in _DECISIVE:
            if first[key] != other[key]:
                raise W2VError(
                    f"{names[0]} and {name} were prepared with differing settings: {key} is "
                    f"{first[key]!r} and {other[key]!r}.",
                    "Prepare all alike, or give the texts themselves.",
                )
    if first["keep_oov"]:
        raise W2VError("Corpora with --keep-oov cannot be compared.", "Prepare them without it.")
