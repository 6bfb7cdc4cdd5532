"""The prepared text of a run: the one owner of token ids, boundaries, vocabulary and counts."""

import itertools
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from w2vtrain.corpus.encoding import HEADER_ERRORS, NpyWriter
from w2vtrain.corpus.subword_units import BEGIN
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_ID, PADDING_ID, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_corpus_manifest

SLICE_TOKENS = 2**14
# A unit longer than this is cut, and the pairs across the cut are lost: 15 at window 5.
LONGEST_UNIT = 2**22
_AT_ONCE = 2**22  # tokens held in memory while a corpus is copied
_SPLIT_DRAW = 0x5E1D  # separates the choice of held-out units from the draws of training


class Corpus:
    """Token ids in text order, cut into units (lines, paragraphs or files) that no window crosses.

    The ids stay on disk and are read a slice at a time. They are read, not memory-mapped, since
    mapped pages would count as memory of this process.

    Args:
        token_ids: path of an int32 `.npy` file, shape `(tokens,)`.
        boundaries: path of an int64 `.npy` file, shape `(units + 1,)`: offsets into `token_ids`.
        vocabulary: a token and a count for each id; padding and out-of-vocabulary come first.
        first_id: the first id that occurs in the text and gets a vector: 2, or 1 with `keep_oov`.
        counts: int64 array, shape `(ids,)`: occurrences in this text, if it is only a part of the
            text that `vocabulary` was made from.
        root: the run directory, for messages.

    Attributes:
        tokens: number of token ids.
        units: number of units.
        boundaries: int64 array, shape `(units + 1,)`; memory-mapped.
        token_ids: path of the ids, which may change to that of a copy.

    Raises:
        W2VError: the files cannot be read, or do not belong together.
    """

    def __init__(
        self,
        token_ids: Path,
        boundaries: Path,
        vocabulary: Vocabulary,
        first_id: int = FIRST_WORD_ID,
        counts: np.ndarray | None = None,
        root: Path | None = None,
    ) -> None:
        try:
            ids = np.lib.format.open_memmap(token_ids, mode="r")  # no pickle, no zip
            self.boundaries: np.ndarray = np.lib.format.open_memmap(boundaries, mode="r")
        except (OSError, *HEADER_ERRORS) as error:
            raise W2VError(
                f"{token_ids.parent} cannot be read: {error}", "Run `w2v prepare` with --force."
            ) from None
        fits = ids.dtype == np.int32 and ids.ndim == self.boundaries.ndim == 1
        if not fits or not len(self.boundaries) or self.boundaries[-1] != len(ids):
            raise W2VError(
                f"{token_ids} and {boundaries.name} do not belong together.",
                "Run `w2v prepare` again with --force.",
            )
        self.vocabulary, self.first_id = vocabulary, first_id
        self.root = root or token_ids.parent
        self.tokens, self.units = len(ids), len(self.boundaries) - 1
        self.token_ids, self._offset, self._counts = token_ids, ids.offset, counts

    @classmethod
    def open(cls, run: RunDirectory) -> "Corpus":
        """Open the corpus of a run.

        Raises:
            W2VError: the run holds no prepared corpus, or a file of it is missing or damaged.
        """
        manifest = read_corpus_manifest(run)
        return cls(
            run.token_ids,
            run.boundaries,
            Vocabulary.load(run.corpus_vocabulary),
            OOV_ID if manifest["config"]["keep_oov"] else FIRST_WORD_ID,
            root=run.root,
        )

    @property
    def counts(self) -> np.ndarray:
        """Occurrences of each id in the text: int64, shape `(ids,)`; 0 below `first_id`."""
        counts = (self.vocabulary.counts if self._counts is None else self._counts).copy()
        counts[: self.first_id] = 0
        return counts

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {t: i for i, t in enumerate(self.vocabulary.tokens) if i != PADDING_ID}

    def id_of(self, token: str) -> int:
        """Return the id of a token, of the subword unit or the phrase (`_` for spaces) that it is.

        Raises:
            W2VError: the token is not in the vocabulary of the corpus.
        """
        forms = (BEGIN + token, token, token.replace(" ", "_"))
        token = next((form for form in forms if form in self._ids), token)
        if token not in self._ids:
            raise W2VError(
                f"{token!r} is not in the vocabulary of {self.root}.",
                f"`w2v why-not {self.root} {token}` says where it was lost.",
            )
        return self._ids[token]

    def read(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Read token ids `start` to `stop`: int32 array, shape `(stop - start,)`."""
        stop = self.tokens if stop is None else stop
        return np.fromfile(
            self.token_ids, np.int32, count=stop - start, offset=self._offset + 4 * start
        )

    def unit_ends(self, start: int, stop: int) -> np.ndarray:
        """Return the ends of the units in `start` to `stop`, counted from `start`; int64."""
        first, last = np.searchsorted(self.boundaries, [start + 1, stop], side="left")
        ends = np.asarray(self.boundaries[first : last + 1]) - start
        return np.minimum(ends, stop - start)

    def slice_offsets(self, tokens: int = SLICE_TOKENS) -> np.ndarray:
        """Cut the text at unit ends into slices of about `tokens` tokens.

        A cut is the first end of a unit after a multiple of `tokens`; units over `LONGEST_UNIT`
        are cut besides.

        Returns:
            int64 array, shape `(slices + 1,)`.
        """
        marks = np.arange(tokens, self.tokens + tokens, tokens)
        places = np.searchsorted(self.boundaries, marks, side="left")
        cuts = np.asarray(self.boundaries[np.minimum(places, self.units)])
        cuts = np.unique(np.concatenate([[0], cuts]))
        extra = [
            np.arange(start + LONGEST_UNIT, stop, LONGEST_UNIT)
            for start, stop in itertools.pairwise(cuts)
            if stop - start > LONGEST_UNIT
        ]
        return np.unique(np.concatenate([cuts, *extra])).astype(np.int64)

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the text in order: the offset of a block of some million ids, and the ids."""
        for start in range(0, self.tokens, _AT_ONCE):
            yield start, self.read(start, min(start + _AT_ONCE, self.tokens))

    def require_pairs(self) -> None:
        """Check that there is something to learn.

        Raises:
            W2VError: the text holds a single word, or no two words in one unit.
        """
        words = int(np.count_nonzero(self.counts))
        if words < 2:
            raise W2VError(
                f"The vocabulary of {self.root} holds {words} word: there is nothing to compare.",
                "Prepare more text, or with a lower --min-count.",
            )
        if np.diff(self.boundaries).max() < 2:
            raise W2VError(
                f"{self.root} holds not a single pair: no line has two words of the vocabulary.",
                "Prepare it with --boundary paragraph or file, or with a lower --min-count.",
            )

    def split(self, fraction: float, seed: int, folder: Path) -> tuple["Corpus", "Corpus"]:
        """Split the corpus into units to train on and units held out.

        Args:
            fraction: share of the units to hold out; at least one is.
            seed: the same seed holds out the same units.
            folder: an empty folder for the ids and boundaries of both parts.
        Returns:
            the training part, then the held-out part; each with the counts of its own text.
        Raises:
            W2VError: there are too few units, or no pair is left in one of the parts.
        """
        held = _held_out_units(self.units, fraction, seed)
        parts = []
        for name, mask in (("training", ~held), ("held_out", held)):
            sizes = np.diff(self.boundaries)[mask]
            if not len(sizes) or sizes.max() < 2:
                raise W2VError(
                    f"--validation-fraction {fraction:g} leaves not a single pair in the "
                    f"{name.replace('_', '-')} part: the corpus has {self.units:,} units.",
                    "Prepare with --boundary line or paragraph, or give another fraction.",
                )
            parts.append(self._part(mask, folder / f"{name}.npy", folder / f"{name}_ends.npy"))
        return parts[0], parts[1]

    def _part(self, units: np.ndarray, token_ids: Path, boundaries: Path) -> "Corpus":
        """Write the units where `units` is True, and open them as a corpus."""
        counts = np.zeros(len(self.vocabulary), np.int64)
        with NpyWriter(token_ids, np.int32) as file:
            for start, ids in self.blocks():
                unit = np.searchsorted(self.boundaries, start + np.arange(len(ids)), "right") - 1
                chosen = ids[units[unit]]
                counts += np.bincount(chosen, minlength=len(counts))
                file.write(chosen)
        sizes = np.diff(self.boundaries)[units]
        np.save(boundaries, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))
        return Corpus(token_ids, boundaries, self.vocabulary, self.first_id, counts, self.root)


def _held_out_units(units: int, fraction: float, seed: int) -> np.ndarray:
    """Return a bool array, shape `(units,)`: True where a unit is held out."""
    held = np.zeros(units, bool)
    number = min(units, max(1, round(fraction * units)))
    generator = np.random.Generator(np.random.SFC64([seed, _SPLIT_DRAW]))
    held[generator.choice(units, number, replace=False, shuffle=False)] = True
    return held
