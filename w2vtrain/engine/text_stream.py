"""Subsampled text in random order, without holding the text in memory.

The text is read in slices that end where a unit (a line, a paragraph) ends; an epoch takes the
slices in a new random order, a pool of them at a time, and thins out the frequent words. Each pool
draws from a generator of its own, seeded by (seed, epoch, pool): so the same seed gives the same
text, and an epoch can be entered in its middle.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.npy import HEADER_ERRORS

SLICE_TOKENS = 2**14
POOL_TOKENS = 2**20
# A unit longer than this is cut, and the pairs across the cut are lost: 15 at window 5.
LONGEST_UNIT = 2**22


@dataclass(frozen=True)
class KeptText:
    """What subsampling has left of some text.

    Args:
        tokens: int32 array, shape `(tokens,)`.
        unit_ends: int64 array: 0, then where each unit ends among the tokens.
    """

    tokens: np.ndarray
    unit_ends: np.ndarray

    def reaches(self, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns how many neighbours each token sees on its left and on its right.

        Returns:
            two int32 arrays, shape `(tokens,)`: 0 to `width`.
        """
        left = np.full(len(self.tokens), width, np.int32)
        right = left.copy()
        starts, ends = self.unit_ends[:-1], self.unit_ends[1:]
        # From far to near: where a unit is shorter than the window, its neighbour is put right
        # when its own nearer tokens are.
        for distance in reversed(range(width)):
            places = starts + distance
            left[places[places < len(left)]] = distance
            places = ends - 1 - distance
            right[places[places >= 0]] = distance
        return left, right


class TokenFile:
    """The token ids and unit boundaries of a corpus, read a slice at a time.

    Reads, not memory maps: mapped pages would count as this process' memory.

    Args:
        token_ids: path of an int32 `.npy`, shape `(tokens,)`.
        boundaries: path of an int64 `.npy`, shape `(units + 1,)`: offsets into it.
    """

    def __init__(self, token_ids: Path, boundaries: Path) -> None:
        try:
            mapped = np.lib.format.open_memmap(token_ids, mode="r")  # no pickle, no zip
            self.boundaries = np.lib.format.open_memmap(boundaries, mode="r")
        except (OSError, *HEADER_ERRORS) as error:
            raise W2VError(
                f"{token_ids.parent} cannot be read: {error}", "Run `w2v prepare` with --force."
            ) from None
        fit = mapped.dtype == np.int32 and mapped.ndim == self.boundaries.ndim == 1
        if not fit or not len(self.boundaries) or self.boundaries[-1] != len(mapped):
            raise W2VError(
                f"{token_ids} and {boundaries.name} do not belong together.",
                "Run `w2v prepare` again with --force.",
            )
        self._path, self._offset, self.tokens = token_ids, mapped.offset, len(mapped)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Returns token ids `start` to `stop`: int32 array, shape `(stop - start,)`."""
        return np.fromfile(
            self._path, np.int32, count=stop - start, offset=self._offset + 4 * start
        )

    def unit_ends(self, start: int, stop: int) -> np.ndarray:
        """Returns the ends of the units in `start` to `stop`, counted from `start`; int64."""
        first, last = np.searchsorted(self.boundaries, [start + 1, stop], side="left")
        ends = np.asarray(self.boundaries[first : last + 1]) - start
        return np.minimum(ends, stop - start)

    def slices(self, tokens: int = SLICE_TOKENS) -> np.ndarray:
        """Returns the cuts between slices of about `tokens` tokens: int64, shape `(slices + 1,)`.

        A cut is the first end of a unit after a multiple of `tokens`; units over `LONGEST_UNIT`
        are cut besides.
        """
        marks = np.arange(tokens, self.tokens + tokens, tokens)
        places = np.searchsorted(self.boundaries, marks, side="left")
        cuts = np.asarray(self.boundaries[np.minimum(places, len(self.boundaries) - 1)])
        cuts = np.unique(np.concatenate([[0], cuts]))
        extra = [
            np.arange(start + LONGEST_UNIT, stop, LONGEST_UNIT)
            for start, stop in itertools.pairwise(cuts)
            if stop - start > LONGEST_UNIT
        ]
        return np.unique(np.concatenate([cuts, *extra])).astype(np.int64)


class TextStream:
    """The epochs of a text.

    Args:
        file: the text.
        keep: float32 array, shape `(ids,)`: probability that a token is kept.
        seed: of every draw.
    """

    def __init__(self, file: TokenFile, keep: np.ndarray, seed: int) -> None:
        self._file, self._keep, self._seed = file, keep, seed
        self._cuts = file.slices()

    def pools(self, epoch: int) -> Iterator[tuple[KeptText, np.random.Generator]]:
        """Yields what is kept of the text in `epoch`, with the generator to go on drawing from."""
        order = self._generator(epoch, 0).permutation(len(self._cuts) - 1)
        pool_of = np.cumsum(np.diff(self._cuts)[order]) // POOL_TOKENS
        for pool, members in enumerate(np.split(order, np.flatnonzero(np.diff(pool_of)) + 1)):
            generator = self._generator(epoch, 1 + pool)
            yield self._kept(members, generator), generator

    def _generator(self, epoch: int, part: int) -> np.random.Generator:
        return np.random.Generator(np.random.SFC64([self._seed, epoch, part]))

    def _kept(self, members: np.ndarray, generator: np.random.Generator) -> KeptText:
        parts, ends, total = [], [np.zeros(1, np.int64)], 0
        for member in members:
            start, stop = int(self._cuts[member]), int(self._cuts[member + 1])
            tokens = self._file.read(start, stop)
            kept = generator.random(len(tokens), dtype=np.float32) < self._keep[tokens]
            before = np.concatenate([[0], np.cumsum(kept)])
            ends.append(total + before[self._file.unit_ends(start, stop)])
            parts.append(tokens[kept])
            total += len(parts[-1])
        return KeptText(np.concatenate(parts), np.concatenate(ends))
