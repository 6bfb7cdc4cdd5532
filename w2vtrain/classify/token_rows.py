"""Token ids of many texts without padding, and the padded batches that a network takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2vtrain.corpus.vocabulary import PADDING_ID

POOL_BATCHES = 50  # batches are cut from so many, sorted by length: little padding, still random


@dataclass(frozen=True)
class TokenRows:
    """Token ids, text after text.

    Args:
        ids: int32 array, shape `(tokens,)`.
        offsets: int64 array, shape `(texts + 1,)`: text i is `ids[offsets[i]:offsets[i + 1]]`.
    """

    ids: np.ndarray
    offsets: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> "TokenRows":
        """Returns the rows one after the other."""
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        ids = np.fromiter((i for row in rows for i in row), np.int32, int(lengths.sum()))
        return cls(ids, np.concatenate([[0], np.cumsum(lengths)]))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """int64 array, shape `(texts,)`: tokens of each text."""
        return np.diff(self.offsets)

    def cut(self, longest: int | None) -> tuple["TokenRows", int]:
        """Returns the first `longest` tokens of each text, and how many texts lost some."""
        lengths = self.lengths
        if longest is None or not (lengths > longest).any():
            return self, 0
        place = np.arange(len(self.ids)) - np.repeat(self.offsets[:-1], lengths)
        kept = np.concatenate([[0], np.cumsum(np.minimum(lengths, longest))])
        return TokenRows(self.ids[place < longest], kept), int((lengths > longest).sum())

    def padded(self, rows: np.ndarray) -> np.ndarray:
        """Returns some texts as an int32 array, shape `(rows, tokens of the longest, at least 1)`.

        Args:
            rows: int array, shape `(rows,)`: places of texts.
        """
        starts, lengths = self.offsets[rows], self.lengths[rows]
        width = max(1, int(lengths.max(initial=0)))
        inside = np.arange(width) < lengths[:, None]
        table = np.full((len(rows), width), PADDING_ID, np.int32)
        places = np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
        table[inside] = self.ids[places + np.arange(len(places))]
        return table


class Batches:
    """Padded batches of some texts with their labels, for `fit`.

    Args:
        rows: token ids of all texts.
        labels: int32 array, shape `(texts,)`.
        places: int array: which texts.
        batch_size: texts in a batch; the last may hold fewer.
        seed: of the order, new in each epoch; None keeps texts of like length together, for
            evaluation.
    """

    def __init__(
        self,
        rows: TokenRows,
        labels: np.ndarray,
        places: np.ndarray,
        batch_size: int,
        seed: int | None = None,
    ) -> None:
        self._rows, self._labels, self._places = rows, labels, places
        self._size, self._seed = batch_size, seed
        self._epoch = 0

    def __len__(self) -> int:
        return -(-len(self._places) // self._size)

    def members(self) -> Iterator[np.ndarray]:
        """Yields the places of the texts of each batch, for the next epoch."""
        if self._seed is None:
            generator, order = None, self._places
        else:
            generator = np.random.default_rng([self._seed, 2, self._epoch])
            order = generator.permutation(self._places)
        self._epoch += 1
        lengths = self._rows.lengths
        for start in range(0, len(order), self._size * POOL_BATCHES):
            pool = order[start : start + self._size * POOL_BATCHES]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            cuts = np.arange(self._size, len(pool), self._size)
            batches = np.split(pool, cuts)
            for number in generator.permutation(len(batches)) if generator else range(len(batches)):
                yield batches[number]

    def dataset(self) -> Any:
        """Returns a `tf.data.Dataset` of (int32 `(batch, tokens)`, int32 `(batch,)`)."""
        import tensorflow as tf

        def generate() -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for places in self.members():
                yield self._rows.padded(places), self._labels[places]

        dataset = tf.data.Dataset.from_generator(
            generate,
            output_signature=(
                tf.TensorSpec((None, None), tf.int32),
                tf.TensorSpec((None,), tf.int32),
            ),
        )
        return dataset.apply(tf.data.experimental.assert_cardinality(len(self))).prefetch(4)
