"""Shards: replicas of the tables that learn side by side and are merged every few steps.

A training with K shards deals its text to them: shard k reads each K-th slice, in an order and with
draws of its own. In a round every shard makes the same number of steps from the tables as they are;
then each row becomes base + factor x (sum of its moves in the K shards, in the order of the
shards). The rows are merged in K parts, which the processes share out: row r is in part r modulo K,
so that each has as many frequent rows as the others. So the vectors depend on K, and not on the
processes that carry the shards out.
"""

import bisect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from w2vtrain.engine.stream import Position

MOST_SHARDS = 8  # with 16, training diverges (measured: docs/shards.md)
# Of K x (learning rate x summed weight of a row's pairs in a round), what goes beyond one shard's
# own path was computed in parallel from one base. In the steepest direction it is held to this, in
# others to more: by how much flatter they are, but not below FLATTEST (measured: docs/shards.md).
# With more than 4 shards so many rows are at this limit at once that it must be lower: 8 with the
# same limit diverge on English Wikipedia, or not, as rounding has it (LOG.md).
MOST_PARALLEL_WEIGHT = 3.0
_SHARDS_OF_THAT = 4
FLATTEST = 0.01
# The steep directions are looked for at each merge of the first so many steps, in which they change
# fast, then once in as many: it takes as long as some steps (measured: docs/shards.md).
STEPS_OF_DIRECTIONS = 512
# Never a whole table in a graph of training: its weighted copy takes a gigabyte at a million words
# x 300, and short of memory TensorFlow's optimizer rewrites sums, in a way that failed (LOG.md).
_ROWS_AT_A_TIME = 8192
_ADDED_AT_A_TIME = 512  # rows of moves: they stay in the cache (measured: a fifth less time)


class Round(NamedTuple):
    """What some shards learn from between two merges; arrays in NumPy, tensors in TensorFlow.

    Attributes:
        batches: a batch of the trainer for each shard; all have the same number of steps.
        rows: for each shard, and in it for each table, int32, shape `(touched,)`: the distinct
            rows that its batch touches, part by part.
        positions: int64, shape `(shards, 2)`: pass and offset of each shard after the round.
    """

    batches: tuple[Any, ...]
    rows: tuple[tuple[Any, ...], ...]
    positions: Any


def shard_seed(seed: int, shard: int) -> int:
    """Return the seed of the draws of a shard."""
    return int(np.random.SeedSequence([seed, shard]).generate_state(1, np.uint64)[0])


def steps_per_round(shards: int) -> int:
    """Return the steps that each shard makes between two merges (measured: docs/shards.md)."""
    return max(4, 32 // shards)


def endless_rounds(
    shards: Sequence[Iterator[tuple[Any, Position]]],
    touched: Callable[[Any], Sequence[np.ndarray]],
    start: Position,
    parts: int,
) -> Iterator[tuple[Round, Position]]:
    """Yield rounds without end, made of the batches of each shard, with the position after each.

    Args:
        shards: the batches of each shard with the position after them, from `start` on.
        touched: returns the distinct rows of each table that a batch touches, ascending.
        start: only its batch counts; where each shard is in its text is in the rounds.
        parts: in which the rows are merged.
    """
    batch = start.batch
    while True:
        batches, after = zip(*map(next, shards), strict=True)
        rows = tuple(tuple(by_part(ids, parts) for ids in touched(one)) for one in batches)
        places = np.array([[position.pass_number, position.offset] for position in after])
        batch += 1
        yield Round(batches, rows, places), Position(batch)


def round_signature(batch: Any, tables: int, shards: int) -> Round:
    """Return the `tf.TensorSpec` of each array of a round.

    Args:
        batch: those of a batch of one shard.
        tables: that are trained.
        shards: in the round.
    """
    import tensorflow as tf

    rows = (tf.TensorSpec((None,), tf.int32),) * tables
    return Round((batch,) * shards, (rows,) * shards, tf.TensorSpec((None, 2), tf.int64))


def by_part(rows: np.ndarray, parts: int) -> np.ndarray:
    """Return the rows of part 0, then those of part 1, …, each part in the order given."""
    return rows[np.argsort((rows % parts).astype(np.uint8), kind="stable")]


def sums_of_parts(
    own: Sequence[int], parts: int, moved: Sequence[tuple[np.ndarray, np.ndarray]]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Add the moves of all shards, in their order, for the rows of some parts.

    Args:
        own: the numbers of the parts, one after the other.
        parts: how many there are.
        moved: for each shard the rows that it has touched, int32, shape `(touched,)`, part by part
            and ascending in each; and how far it has moved them, float32, shape `(touched, dim)`.
    Returns:
        for each part the rows that any shard has touched, int32, shape `(rows,)`, ascending; the
        sum of their moves, float32, shape `(rows, dim)`.
    """
    height = 1 + max(int(rows.max(initial=0)) // parts for rows, _ in moved)
    there = np.zeros((len(own), height), bool)
    pieces = []
    for rows, moves in moved:
        begin, end = (
            bisect.bisect_left(rows, part, key=lambda row: row % parts)
            for part in (own[0], own[-1] + 1)
        )
        row, part = np.divmod(rows[begin:end], parts)
        pieces.append(((part - own[0]) * height + row, moves[begin:end]))
        there.ravel()[pieces[-1][0]] = True
    places = np.cumsum(there) - 1
    total = np.zeros((np.count_nonzero(there), moved[0][1].shape[1]), np.float32)
    (first, moves), *others = pieces
    total[places[first]] = moves
    for ids, moves in others:
        for begin in range(0, len(ids), _ADDED_AT_A_TIME):
            some = slice(begin, begin + _ADDED_AT_A_TIME)
            total[places[ids[some]]] += moves[some]
    found = [
        (np.flatnonzero(some) * parts + part).astype(np.int32)
        for some, part in zip(there, own, strict=True)
    ]
    ends = np.cumsum([len(part) for part in found])[:-1]
    return list(zip(found, np.split(total, ends), strict=True))


def most_parallel_weight(shards: int) -> float:
    """Return what the parallel weight of a row is held to in the steepest direction."""
    return MOST_PARALLEL_WEIGHT * min(1.0, _SHARDS_OF_THAT / shards)


def merge_factor(weight: Any, shards: int) -> Any:
    """Return the factor of the summed moves of rows: from 1 for rare ones to 1 / shards.

    A rare row takes the sum, since each shard moved it on evidence of its own; a frequent one,
    which every shard moves to the same place, little more than the mean.

    Args:
        weight: float array or tensor of any shape: learning rate x the summed weight of a row's
            pairs in one shard's round, as expected, x how steep the direction is, 0 to 1.
    """
    import tensorflow as tf

    return tf.minimum(1.0, (1.0 + most_parallel_weight(shards) / weight) / shards)


def steep_directions(table: Any, weights: Any) -> tuple[Any, Any]:
    """Return the directions in which the loss of a row that is scored against `table` is steepest.

    The second derivative of log sigmoid(u . v) by u along x is the derivative of the sigmoid times
    (v . x)^2. Word vectors have some directions in common, along which that is a hundred times what
    it is along most others: there the shards all make the same correction, elsewhere each makes a
    part of it.

    Args:
        table: float32 variable, shape `(rows, dim)`: the other table.
        weights: float32, shape `(rows,)`: of each row in the loss.
    Returns:
        unit vectors, shape `(dim, dim)`, the steepest last; how steep each is, relative to
        the steepest, shape `(dim,)`.
    """
    import tensorflow as tf

    rows, dim = table.shape

    def add(moments: Any, begin: Any) -> Any:
        some = tf.range(begin, tf.minimum(begin + _ROWS_AT_A_TIME, rows))
        vectors = tf.gather(table, some)
        weighted = vectors * tf.gather(weights, some)[:, None]
        return moments + tf.matmul(weighted, vectors, transpose_a=True)

    begins = tf.range(0, rows, _ROWS_AT_A_TIME)
    total = tf.foldl(add, begins, tf.zeros((dim, dim)), parallel_iterations=1)
    # If training has diverged, that is for the check of the loss to say, not for `eigh`.
    total = tf.where(tf.math.is_finite(total), total, 0.0)
    moments, vectors = tf.linalg.eigh(total / tf.reduce_sum(weights))
    steepness = tf.maximum(tf.math.divide_no_nan(moments, moments[-1]), FLATTEST)
    return vectors, steepness
