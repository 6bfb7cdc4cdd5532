"""Subsampled text in random order, and endless streams of batches that can be entered anywhere.

The text is read in slices that end where a unit (a line, a paragraph) ends. A pass over the text
takes the slices in a new random order, a pool of them at a time, and subsamples frequent words.
Every pool draws from a generator of its own, seeded by (seed, pass, pool): the same seed gives the
same text, and a pass can be entered in its middle.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.errors import W2VError

POOL_TOKENS = 2**20
HELD_OUT_PASS = 0  # whose draws held-out text gets at every measurement
_EMPTY_PASSES = 1000  # passes without an item in a row, after which there is no hope of one


@dataclass(frozen=True)
class KeptText:
    """The tokens of some text that subsampling has kept.

    Args:
        tokens: int32 array, shape `(tokens,)`.
        unit_ends: int64 array: 0, then where each unit ends among the tokens.
    """

    tokens: np.ndarray
    unit_ends: np.ndarray

    def window_extents(self, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Count the neighbors within `width` on the left and on the right of each token.

        Returns:
            two int32 arrays, shape `(tokens,)`: 0 to `width`.
        """
        left = np.full(len(self.tokens), width, np.int32)
        right = left.copy()
        starts, ends = self.unit_ends[:-1], self.unit_ends[1:]
        # From far to near: in a unit shorter than the window, a value that belongs to the neighbor
        # is overwritten when the neighbor's own nearer tokens are set.
        for distance in reversed(range(width)):
            places = starts + distance
            left[places[places < len(left)]] = distance
            places = ends - 1 - distance
            right[places[places >= 0]] = distance
        return left, right


class TextStream:
    """The passes over a text.

    Args:
        corpus: the text.
        keep: float32 array, shape `(ids,)`: probability that a token is kept.
        seed: of every draw.
        part: of the text: (k, K) takes each K-th slice, from the k-th on.
    """

    def __init__(
        self, corpus: Corpus, keep: np.ndarray, seed: int, part: tuple[int, int] = (0, 1)
    ) -> None:
        self._corpus, self._keep, self._seed = corpus, keep, seed
        offsets = corpus.slice_offsets()
        self._slices = np.stack([offsets[:-1], offsets[1:]], axis=1)[part[0] :: part[1]]

    def pools(self, pass_number: int) -> Iterator[tuple[KeptText, np.random.Generator]]:
        """Yield the kept text of a pass, pool by pool, with the generator to go on drawing from."""
        order = self._generator(pass_number, 0).permutation(len(self._slices))
        pool_of = np.cumsum(np.diff(self._slices)[order, 0]) // POOL_TOKENS
        for pool, slices in enumerate(np.split(order, np.flatnonzero(np.diff(pool_of)) + 1)):
            generator = self._generator(pass_number, 1 + pool)
            yield self._kept(slices, generator), generator

    def _generator(self, pass_number: int, part: int) -> np.random.Generator:
        return np.random.Generator(np.random.SFC64([self._seed, pass_number, part]))

    def _kept(self, slices: np.ndarray, generator: np.random.Generator) -> KeptText:
        parts, ends, total = [], [np.zeros(1, np.int64)], 0
        for start, stop in self._slices[slices].tolist():
            tokens = self._corpus.read(start, stop)
            drawn = generator.random(len(tokens), dtype=np.float32)
            places = np.flatnonzero(drawn < self._keep[tokens])
            ends.append(total + np.searchsorted(places, self._corpus.unit_ends(start, stop)))
            parts.append(tokens[places])
            total += len(parts[-1])
        return KeptText(np.concatenate(parts), np.concatenate(ends))


@dataclass(frozen=True)
class Position:
    """A position in an endless stream of batches.

    Args:
        batch: batches before it, since the training began.
        pass_number: the pass over the text that the next item comes from.
        offset: items (blocks, pairs) of that pass before it.
    """

    batch: int = 0
    pass_number: int = 0
    offset: int = 0


Items = tuple[np.ndarray, ...]  # arrays of one length: one row an item
PassOfItems = Callable[[int], Iterator[Items]]  # the items of a pass, some at a time


def endless_batches(
    items: PassOfItems, size: Callable[[int], int], start: Position
) -> Iterator[tuple[Items, Position, Position]]:
    """Yield batches of items from one pass after another, none of them cut short.

    Args:
        items: gives the items of a pass, the same ones at every call.
        size: the number of items in a batch, by the number of the batch.
        start: where to begin; the batches from there are those of a stream begun at the start.
    Yields:
        the arrays of a batch, the position of its first item, and the position after it.
    Raises:
        W2VError: pass after pass gives no item.
    """
    first, pass_number, skip = start, start.pass_number, start.offset
    held: Items = ()
    empty = 0
    while empty < _EMPTY_PASSES:
        empty += 1
        begun = 0  # items of this pass before the present part
        for part in items(pass_number):
            length, skipped = len(part[0]), min(len(part[0]), max(0, skip - begun))
            begun += length
            if skipped == length:
                continue
            empty = 0
            held = _joined(held, tuple(array[skipped:] for array in part))
            while len(held[0]) >= (count := size(first.batch)):
                batch, held = (
                    tuple(array[:count] for array in held),
                    tuple(array[count:] for array in held),
                )
                after = Position(first.batch + 1, pass_number, begun - len(held[0]))
                yield batch, first, after
                first = after
        pass_number, skip = pass_number + 1, 0
    raise W2VError(
        "Subsampling leaves nothing to train on.",
        "Give a larger --subsample-threshold (0 keeps every word), or more text.",
    )


def _joined(held: Items, part: Items) -> Items:
    if not held or not len(held[0]):
        return part
    return tuple(np.concatenate(pair) for pair in zip(held, part, strict=True))
