"""Two texts as one corpus with one vocabulary, and any of its units as the corpus of a training."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_TOKEN, PADDING_TOKEN, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import MANIFEST, atomic_stage, read_corpus_manifest

FEWEST_UNITS = 40  # in each text; below, halves of them tell nothing


@dataclass(frozen=True)
class SlicedText:
    """Two texts, one after the other, cut into units (lines, paragraphs or files).

    Args:
        ids: int32 array, shape `(tokens,)`: rows of `tokens`.
        boundaries: int64 array, shape `(units + 1,)`: offsets into `ids`.
        units_a: how many of the units are of the first text.
        tokens: the words of both, most frequent first.
        config: that both were prepared with.
    """

    ids: np.ndarray
    boundaries: np.ndarray
    units_a: int
    tokens: tuple[str, ...]
    config: PrepareConfig

    @property
    def units(self) -> int:
        return len(self.boundaries) - 1

    @property
    def unit_sizes(self) -> np.ndarray:
        """int64 array, shape `(units,)`: tokens of each unit."""
        return np.diff(self.boundaries)

    def slices(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the units of the first text and those of the second: bool, shape `(units,)`."""
        first = np.arange(self.units) < self.units_a
        return first, ~first

    def random_cut(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Deal all units out at random into two parts of the sizes of the two texts.

        Returns:
            two bool arrays, shape `(units,)`: the units of each part.
        """
        order = rng.permutation(self.units)
        size_a = self.boundaries[self.units_a]
        ends = np.cumsum(self.unit_sizes[order])
        first = np.zeros(self.units, bool)
        first[order[: np.searchsorted(ends, size_a, side="right")]] = True
        return first, ~first

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
    a: str | Path, b: str | Path, folder: Path, config: PrepareConfig | None = None
) -> SlicedText:
    """Read two texts, prepared or not, into one corpus with one vocabulary.

    A run keeps the words that it was prepared with. Text that is not prepared yet is prepared into
    `folder`/a and `folder`/b without a cut-off; that of `config` is then applied to both together.

    Args:
        a, b: each a run directory with a prepared corpus, or a file or folder of text.
        folder: where text is prepared.
        config: how to prepare text; the defaults of `PrepareConfig` if None.
    Raises:
        W2VError: the runs were prepared with differing settings, or a text is too small.
    """
    settings = config or PrepareConfig()
    runs = [_prepared(path, folder / name, settings) for path, name in ((a, "a"), (b, "b"))]
    manifests = [read_corpus_manifest(run) for run, _ in runs]
    configs = [
        PrepareConfig.from_mapping(m["config"], str(r.corpus))
        for m, (r, _) in zip(manifests, runs, strict=True)
    ]
    _require_like(configs)
    corpora = [Corpus.open(run) for run, _ in runs]
    fresh = all(made for _, made in runs)
    merged = merge(corpora, settings.min_count if fresh else 1, configs[0])
    for path, units in ((a, merged.units_a), (b, merged.units - merged.units_a)):
        if units < FEWEST_UNITS:
            raise W2VError(
                f"{path} has {units} units of text; {FEWEST_UNITS} are needed to tell change from "
                "chance.",
                "Prepare with --boundary line or paragraph, or give more text.",
            )
    return merged


def merge(corpora: Sequence[Corpus], min_count: int, config: PrepareConfig) -> SlicedText:
    """Merge two corpora: their words, with counts added, and their units one after the other."""
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
    return SlicedText(np.concatenate(ids), boundaries, len(sizes[0]), tuple(kept), config)


def _prepared(path: str | Path, folder: Path, config: PrepareConfig) -> tuple[RunDirectory, bool]:
    """Return the run of a text and whether it was prepared here."""
    run = RunDirectory(Path(path))
    if (run.corpus / MANIFEST).exists():
        return run, False
    prepare([str(path)], folder, config.replaced(min_count=1, vocabulary_size=None))
    return RunDirectory(folder), True


def _require_like(configs: Sequence[PrepareConfig]) -> None:
    one, other = (config.as_dict() for config in configs)
    for key in ("standardize", "split", "boundary", "keep_oov", "min_count"):
        if one[key] != other[key]:
            raise W2VError(
                f"A and B were prepared with differing settings: {key} is {one[key]!r} and "
                f"{other[key]!r}.",
                "Prepare both alike, or give the texts themselves.",
            )
    if one["keep_oov"]:
        raise W2VError("Corpora with --keep-oov cannot be compared.", "Prepare them without it.")
