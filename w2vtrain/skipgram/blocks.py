"""Blocks of subsampled text in random order, without holding the text in memory.

The text is read in slices that end where a unit (a line, a paragraph) ends; an epoch takes the
slices in a new random order, some at a time, thins out the frequent words, cuts what is left into
blocks and shuffles those. Each pool of slices draws from a generator of its own, seeded by (seed,
epoch, pool): so the same seed gives the same blocks, and an epoch can be entered in its middle.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.skipgram.step_shape import StepShape
from w2vtrain.vocabulary import PADDING_ID

SLICE_TOKENS = 2**14
POOL_TOKENS = 2**20
# A unit longer than this is cut, and the pairs across the cut are lost: 6 in 4 million.
LONGEST_UNIT = 2**22


@dataclass(frozen=True)
class Blocks:
    """Some blocks of text.

    Args:
        tokens: int32 array, shape `(blocks, contexts)`: token ids; the targets are the middle
            `block_size` columns.
        windows: int32 array, shape `(blocks, block_size)`: rows of `StepShape.weight_tables`.
    """

    tokens: np.ndarray
    windows: np.ndarray


class TokenFile:
    """The token ids and unit boundaries of a corpus, read a slice at a time.

    Reads, not memory maps: mapped pages would count as this process' memory.

    Args:
        token_ids: path of an int32 `.npy`, shape `(tokens,)`.
        boundaries: path of an int64 `.npy`, shape `(units + 1,)`: offsets into it.
    """

    def __init__(self, token_ids: Path, boundaries: Path) -> None:
        try:
            mapped = np.load(token_ids, mmap_mode="r")
            self.boundaries = np.load(boundaries, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise W2VError(
                f"{token_ids.parent} cannot be read: {error}", "Run `w2v prepare` with --force."
            ) from None
        if mapped.dtype != np.int32 or mapped.ndim != 1 or self.boundaries[-1] != len(mapped):
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


class BlockStream:
    """An epoch of a text as shuffled blocks.

    Args:
        file: the text.
        keep: float32 array, shape `(vocabulary,)`: probability that a token is kept.
        shape: the sizes of a step.
        seed: of every draw.
    """

    def __init__(self, file: TokenFile, keep: np.ndarray, shape: StepShape, seed: int) -> None:
        self._file, self._keep, self._shape, self._seed = file, keep, shape, seed
        self._cuts = file.slices()

    def pools(self, epoch: int) -> Iterator[tuple[Blocks, np.random.Generator]]:
        """Yields the blocks of `epoch`, a pool at a time, with the generator to go on drawing from.

        The blocks of a pool fill whole steps: the last step is filled up with blocks of padding,
        whose windows are empty.
        """
        count = len(self._cuts) - 1
        order = self._generator(epoch, 0).permutation(count)
        sizes = np.diff(self._cuts)[order]
        pool_of = np.cumsum(sizes) // POOL_TOKENS
        for pool, members in enumerate(np.split(order, np.flatnonzero(np.diff(pool_of)) + 1)):
            generator = self._generator(epoch, 1 + pool)
            yield self._pool(members, generator), generator

    def _generator(self, epoch: int, part: int) -> np.random.Generator:
        return np.random.Generator(np.random.SFC64([self._seed, epoch, part]))

    def _pool(self, members: np.ndarray, generator: np.random.Generator) -> Blocks:
        tokens, unit_ends = self._kept(members, generator)
        shape, width = self._shape, self._shape.window_size
        steps = max(1, -(-len(tokens) // shape.tokens))
        blocks = steps * shape.blocks
        padded = np.full(blocks * shape.block_size + 2 * width, PADDING_ID, np.int32)
        padded[width : width + len(tokens)] = tokens
        left, right = reaches(unit_ends, width, blocks * shape.block_size)
        form = (blocks, shape.block_size)
        order = generator.permutation(blocks)
        rows = np.lib.stride_tricks.sliding_window_view(padded, shape.contexts)
        return Blocks(
            tokens=rows[:: shape.block_size][order],
            windows=shape.window_ids(left.reshape(form), right.reshape(form))[order],
        )

    def _kept(
        self, members: np.ndarray, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the kept tokens of some slices, and where their units end among them."""
        parts, ends, total = [], [np.zeros(1, np.int64)], 0
        for member in members:
            start, stop = int(self._cuts[member]), int(self._cuts[member + 1])
            tokens = self._file.read(start, stop)
            kept = generator.random(len(tokens), dtype=np.float32) < self._keep[tokens]
            before = np.concatenate([[0], np.cumsum(kept)])
            ends.append(total + before[self._file.unit_ends(start, stop)])
            parts.append(tokens[kept])
            total += len(parts[-1])
        return np.concatenate(parts), np.concatenate(ends)


def reaches(unit_ends: np.ndarray, width: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns how many neighbours each token sees on its left and right: 0 to `width`.

    Args:
        unit_ends: int64 array: 0, then where each unit ends; the last is the number of tokens.
        width: the window on each side.
        length: of the result; past the last token both are 0.
    Returns:
        two int32 arrays, shape `(length,)`.
    """
    sizes = np.diff(unit_ends)
    tokens = int(unit_ends[-1])
    place = np.arange(tokens, dtype=np.int64)
    left, right = np.zeros(length, np.int32), np.zeros(length, np.int32)
    left[:tokens] = np.minimum(place - np.repeat(unit_ends[:-1], sizes), width)
    right[:tokens] = np.minimum(np.repeat(unit_ends[1:], sizes) - 1 - place, width)
    return left, right
