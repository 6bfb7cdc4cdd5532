"""Exact nearest rows by cosine: products block by block, and the k best picked without a sort.

The matrix product is cheap; picking the k best of every row of scores is what costs. So each block
of scores is compared with a bound under which no score can be among the k best: at first the k-th
largest maximum of small chunks, later the k-th best score seen so far. A handful of scores survive,
and only these are sorted. Memory is bounded by the blocks, never N x N.
"""

from collections.abc import Iterator

import numpy as np

QUERIES = 256  # queries a block
ROWS = 4096  # rows a block: 256 x 4,096 scores are 4 MB, which stay in the cache
CHUNK = 32  # scores whose maximum stands for them in the first bound
SWEEP = 16_384  # rows a block where only one pass over the table is made


def row_norms(vectors: np.ndarray) -> np.ndarray:
    """Return the length of each row, in float64 so that no finite float32 overflows.

    Args:
        vectors: float32 array, shape `(rows, dim)`.
    """
    norms = np.empty(len(vectors), np.float64)
    for rows in blocks(len(vectors), SWEEP):
        block = vectors[rows].astype(np.float64)
        np.sqrt(np.einsum("ij,ij->i", block, block), out=norms[rows])
    return norms


def scales_of(norms: np.ndarray) -> np.ndarray:
    """Return float32 factors that make rows of these lengths unit rows; 0 for a zero row."""
    with np.errstate(divide="ignore"):
        factors = np.minimum(1 / norms, np.finfo(np.float32).max)
        return np.where(norms > 0, factors, 0).astype(np.float32)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Return float32 rows scaled to length 1; a zero row stays zero."""
    return vectors * scales_of(row_norms(vectors))[:, np.newaxis]


def blocks(length: int, size: int) -> Iterator[slice]:
    """Yield the slices that cut `length` rows into blocks of `size`."""
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))


def best(scores: np.ndarray, k: int) -> np.ndarray:
    """Return the places of the `k` largest scores, best first, equal ones by place.

    Args:
        scores: float array, shape `(rows,)`.
    """
    k = min(k, len(scores))
    if k < 1:
        return np.empty(0, np.int64)
    places = np.flatnonzero(scores >= _bounds(scores[np.newaxis], k)[0])
    return places[np.argsort(-scores[places], kind="stable")[:k]]


def nearest(
    vectors: np.ndarray, scales: np.ndarray, queries: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and cosines of the `k` nearest rows of each query, best first.

    Args:
        vectors: float32 array, shape `(rows, dim)`.
        scales: float32 array, shape `(rows,)`: one over the length of each row.
        queries: float32 array, shape `(queries, dim)`, of length 1 each.
        k: how many; at most the number of rows are returned.
    Returns:
        int64 rows and float32 scores, both of shape `(queries, k)`.
    """
    k = min(k, len(vectors))
    rows = np.zeros((len(queries), k), np.int64)
    scores = np.full((len(queries), k), -np.inf, np.float32)
    if k < 1 or len(queries) == 0:
        return rows, scores
    spans = list(blocks(len(queries), QUERIES))
    # A row's scale is applied to the block's rows, of which there are fewer numbers than scores.
    for block in blocks(len(vectors), max(ROWS, k)):
        units = vectors[block] * scales[block, np.newaxis]  # (block, dim)
        for span in spans:
            _merge(rows[span], scores[span], queries[span] @ units.T, block.start)
    return rows, scores


def _merge(rows: np.ndarray, scores: np.ndarray, found: np.ndarray, offset: int) -> None:
    """Put the scores in `found`, of the rows from `offset` on, among the best, in place."""
    k = rows.shape[1]
    bounds = scores[:, -1]
    if bounds[0] == -np.inf and found.shape[1] >= k:
        bounds = _bounds(found, k)
        survivors = np.flatnonzero(found >= bounds[:, np.newaxis])
    else:
        survivors = np.flatnonzero(found > bounds[:, np.newaxis])
    if len(survivors) == 0:
        return
    of, column = np.divmod(survivors, found.shape[1])
    touched, first = np.unique(of, return_index=True)
    all_of = np.concatenate([np.repeat(touched, k), of])
    all_scores = np.concatenate([scores[touched].ravel(), found.ravel()[survivors]])
    all_rows = np.concatenate([rows[touched].ravel(), column + offset])
    order = np.lexsort((all_rows, -all_scores, all_of))
    sizes = np.diff(np.append(first, len(of))) + k
    starts = np.cumsum(sizes) - sizes
    kept = order[(starts[:, np.newaxis] + np.arange(k)).ravel()]
    rows[touched] = all_rows[kept].reshape(-1, k)
    scores[touched] = all_scores[kept].reshape(-1, k)


def _bounds(scores: np.ndarray, k: int) -> np.ndarray:
    """Return for each query a number that at least `k` of its scores reach."""
    queries, rows = scores.shape
    chunks = rows // CHUNK
    if chunks < 2 * k:
        return np.partition(scores, rows - k, axis=1)[:, rows - k]
    maxima = scores[:, : chunks * CHUNK].reshape(queries, CHUNK, chunks).max(axis=1)
    return np.partition(maxima, chunks - k, axis=1)[:, chunks - k]


def cosmul(
    vectors: np.ndarray, scales: np.ndarray, positive: np.ndarray, negative: np.ndarray
) -> np.ndarray:
    """Return for each row the product of its closeness to `positive` over that to `negative`.

    Source: Levy and Goldberg 2014, "Linguistic Regularities in Sparse and Explicit Word
    Representations", equation (4): cosines are moved to [0, 1] (footnote 7), epsilon is 1e-6.

    Args:
        positive: float32 array, shape `(terms, dim)`, of unit length each.
        negative: float32 array, shape `(terms, dim)`, of unit length each.
    """

    def closeness(terms: np.ndarray) -> np.ndarray:
        return np.prod((1 + (vectors @ terms.T) * scales[:, np.newaxis]) / 2, axis=1)

    return closeness(positive) / (closeness(negative) + np.float32(1e-6))
