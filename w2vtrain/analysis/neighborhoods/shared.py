"""Several sets of vectors cut down to the words that all of them know."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings


@dataclass(frozen=True)
class SharedWords:
    """Sets of vectors whose rows stand for the same words.

    Args:
        sets: the vectors, row i of each for token i; in the order of the first set.
        counts: int64 array, shape `(tokens,)`: a word's smallest count; None where no set has any.
        sizes: how many words each set had before.
    """

    sets: tuple[Embeddings, ...]
    counts: np.ndarray | None
    sizes: tuple[int, ...]

    @property
    def tokens(self) -> tuple[str, ...]:
        return self.sets[0].tokens

    def __len__(self) -> int:
        return len(self.tokens)


def share(sets: Sequence[Embeddings], min_count: int | None = None) -> SharedWords:
    """Returns sets of vectors with only the words that all know and that are frequent enough.

    Args:
        sets: two or more.
        min_count: leave out words that are rarer in a set with counts.
    Raises:
        W2VError: fewer than three words are shared, or `min_count` was given without any counts.
    """
    if min_count is not None and all(one.counts is None for one in sets):
        raise W2VError(
            "These vectors come without counts, so --min-count cannot apply.",
            "Leave it out, or give run directories.",
        )
    tokens = [t for t in sets[0].tokens if all(t in other for other in sets[1:])]
    counts = _smallest_counts(sets, tokens)
    if counts is not None and min_count is not None:
        kept = np.flatnonzero(counts >= min_count)
        tokens, counts = [tokens[i] for i in kept.tolist()], counts[kept]
    if len(tokens) < 3:
        raise W2VError(
            f"The sets of vectors share {len(tokens)} words"
            + (f" with a count of {min_count} or more." if min_count else "."),
            "Compare vectors of one language and letter case, or lower --min-count.",
        )
    cut = tuple(Embeddings(tokens, one.vectors[one.rows(tokens)], counts) for one in sets)
    return SharedWords(cut, counts, tuple(len(one) for one in sets))


def _smallest_counts(sets: Sequence[Embeddings], tokens: Sequence[str]) -> np.ndarray | None:
    known = [one.counts[one.rows(tokens)] for one in sets if one.counts is not None]
    return np.min(known, axis=0) if known else None
