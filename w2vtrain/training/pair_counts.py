"""How often each pair of words occurs: all that a softmax over the whole vocabulary has to know.

The probabilities of a target's contexts depend on the target alone. So the pairs of a text, however
many, tell the full softmax no more than their counts: one row of counts a target.
"""

from collections.abc import Iterator

import numpy as np
import scipy.sparse

from w2vtrain.config import Context
from w2vtrain.engine.text_stream import KeptText, TextStream


def all_pairs(kept: KeptText, window_size: int, context: Context) -> Iterator[tuple]:
    """Yields the targets and contexts of all pairs of a text, a distance at a time.

    Args:
        window_size: tokens on each side; every one of them is a context.
        context: `both` sides, or only the tokens that come `next`.
    Returns:
        two int32 arrays, shape `(pairs,)`, each.
    """
    for distance in range(1, window_size + 1):
        _, right = kept.reaches(distance)
        place = np.flatnonzero(right >= distance)
        yield kept.tokens[place], kept.tokens[place + distance]
        if context == "both":
            yield kept.tokens[place + distance], kept.tokens[place]


def pair_counts(
    stream: TextStream, epoch: int, window_size: int, context: Context, ids: int
) -> scipy.sparse.csr_array:
    """Returns the counts of all pairs of an epoch: float64, shape `(ids, ids)`, a row a target."""
    total = scipy.sparse.csr_array((ids, ids), dtype=np.float64)
    for kept, _ in stream.pools(epoch):
        for targets, contexts in all_pairs(kept, window_size, context):
            ones = np.ones(len(targets))
            total += scipy.sparse.csr_array((ones, (targets, contexts)), shape=(ids, ids))
    return total


def pair_batches(
    stream: TextStream, epoch: int, window_size: int, context: Context
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the pairs of an epoch, shuffled within pools of a million running words.

    Returns:
        targets and contexts: int32 arrays, shape `(pairs,)`, each.
    """
    for kept, generator in stream.pools(epoch):
        parts = list(all_pairs(kept, window_size, context))
        targets = np.concatenate([part[0] for part in parts])
        contexts = np.concatenate([part[1] for part in parts])
        order = generator.permutation(len(targets))
        yield targets[order], contexts[order]
