"""Word rows that are made from n-gram rows before some steps, and taken apart after them.

Making a word's vector from its n-grams in every step would cost several times the step. So the rows
of all the words that a batch of steps uses are made once, the steps train these, and afterwards
each word's move goes to each of its n-grams. Here, in NumPy, a batch's words and n-grams are
listed and sorted, so that TensorFlow has nothing to do but sum neighbors.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from w2vtrain.engine.steps import row_order

# How far the row of a frequent n-gram may move in a batch: learning rate x the summed weight of the
# pairs of its words is held to this (measured: 5 learns too slowly, 50 diverges).
MOST_NGRAM_WEIGHT = 12.0


class EncodedRows(NamedTuple):
    """The words of a batch of steps and their rows; arrays in NumPy, tensors in TensorFlow.

    Making the words from the rows and taking them apart are products with two sparse matrices, each
    in two halves, for two threads: the first with the first half of the rows, the second with the
    others. `half` says where the second begins; its places count from there.

    Attributes:
        ids: int32, shape `(words,)`: the distinct words, ascending.
        rows: int32, shape `(rows,)`: the distinct rows of the table, ascending.
        making: int64, shape `(uses, 2)`: a word's place in `ids` and that of a row in `rows`, word
            by word in each half.
        shares: float32, shape `(uses,)`: what the row counts for in the word.
        taking: int64, shape `(uses, 2)`: the same the other way round, row by row.
        times: float32, shape `(uses,)`: how often the word's move goes to the row.
        limits: float32, shape `(uses,)`: learning rate above which the row is damped.
        half: int32, shape `(1, 2)`: where the second half begins, in `rows` and in the others.
    """

    ids: Any
    rows: Any
    making: Any
    shares: Any
    taking: Any
    times: Any
    limits: Any
    half: Any


def signature() -> EncodedRows:
    """Return the `tf.TensorSpec` of each array."""
    import tensorflow as tf

    return EncodedRows(
        ids=tf.TensorSpec((None,), tf.int32),
        rows=tf.TensorSpec((None,), tf.int32),
        making=tf.TensorSpec((None, 2), tf.int64),
        shares=tf.TensorSpec((None,), tf.float32),
        taking=tf.TensorSpec((None, 2), tf.int64),
        times=tf.TensorSpec((None,), tf.float32),
        limits=tf.TensorSpec((None,), tf.float32),
        half=tf.TensorSpec((None, 2), tf.int32),
    )


@dataclass(frozen=True)
class WordRows:
    """The rows of a table that each word is made from.

    Args:
        number: rows of the table.
        sizes: int array, shape `(vocabulary,)`: how many rows each word has; 1 or more.
        rows: int32 array, shape `(uses,)`: the rows of id 0, of id 1, …; a word's are distinct.
        shares: float32 array, shape `(uses,)`: what the row counts for in the word's vector.
        times: float32 array, shape `(uses,)`: how often the word's move goes to the row.
    """

    number: int
    sizes: np.ndarray
    rows: np.ndarray
    shares: np.ndarray
    times: np.ndarray

    def limits(self, word_weight: np.ndarray) -> np.ndarray:
        """Return the learning rate from which on the updates of each row are damped.

        A row gets the moves of all its words in a batch, each computed as if the others stood
        still, so that together they overshoot. Their expected weight is known beforehand; times the
        learning rate it shall not exceed `MOST_NGRAM_WEIGHT`. As the rate falls, fewer are damped.

        Args:
            word_weight: float array, shape `(vocabulary,)`: expected weight of a word in a batch,
                after the damping of its own row.
        Returns:
            float32 array, shape `(number,)`.
        """
        with np.errstate(divide="ignore"):
            limits = MOST_NGRAM_WEIGHT / self.weights(word_weight)
        return np.minimum(limits, np.finfo(np.float32).max).astype(np.float32)

    def weights(self, word_weight: np.ndarray) -> np.ndarray:
        """Return the weight of each row's pairs, given that of each word's; float64."""
        weight = np.repeat(word_weight, self.sizes) * self.times
        return np.bincount(self.rows, weight, self.number)


class RowEncoder:
    """Lists the words of a batch and their rows.

    Args:
        words: the rows of each word.
        limits: float32 array, shape `(words.number,)`; see `WordRows.limits`.
    """

    def __init__(self, words: WordRows, limits: np.ndarray) -> None:
        self._words, self.limits = words, limits
        self._starts = np.cumsum(words.sizes) - words.sizes

    def encode(self, used: np.ndarray) -> EncodedRows:
        """Return what makes the rows of the words `used`: an int array of ids of any shape."""
        words = self._words
        marks = np.zeros(len(words.sizes), bool)
        marks[used.ravel()] = True
        ids = np.flatnonzero(marks)
        sizes = words.sizes[ids]
        owner = np.repeat(np.arange(len(ids), dtype=np.int32), sizes)
        uses = np.repeat(self._starts[ids] - (np.cumsum(sizes) - sizes), sizes)
        uses += np.arange(len(uses))
        # `take` is faster than an index in brackets, and needs no copy of one of this type.
        table_rows, shares, times = (a.take(uses) for a in (words.rows, words.shares, words.times))
        rows, order, places = row_order(table_rows)
        order, places = order.astype(np.intp), places.astype(np.intp)
        limits = self.limits[rows].take(places)
        row = int(places[len(places) // 2])
        use = int(np.searchsorted(places, row))
        places[use:] -= row
        second = np.zeros(len(order), bool)
        second[order[use:]] = True
        by_halves = np.concatenate([np.flatnonzero(~second), np.flatnonzero(second)])
        place = np.empty_like(places)
        place[order] = places
        making, taking = np.empty((2, len(order), 2), np.int64)
        making[:, 0], making[:, 1] = owner.take(by_halves), place.take(by_halves)
        taking[:, 0], taking[:, 1] = places, owner.take(order)
        return EncodedRows(
            ids=ids.astype(np.int32),
            rows=rows,
            making=making,
            shares=shares.take(by_halves),
            taking=taking,
            times=times.take(order),
            limits=limits,
            half=np.array([(row, use)], np.int32),
        )
