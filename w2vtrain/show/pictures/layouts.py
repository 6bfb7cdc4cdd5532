"""Places in the plane for vectors: by PCA, t-SNE or UMAP, or as they are where they are two.

All are seeded: the same vectors and seed give the same places on the same machine. For UMAP this
costs the second core in its last phase: with several threads, its updates race. Above `EXACT_ROWS`
words the search for neighbors depends on the number of threads, and so do t-SNE and UMAP.
"""

import io
import warnings
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.show.pictures.drawing import library, umap_library
from w2vtrain.tensorflow_runtime import available_threads
from w2vtrain.vectors import search

Method = Literal["pca", "tsne", "umap", "vectors"]
Progress = Callable[[str, int, int], None]  # what is being done, steps done, steps in all
METHODS: tuple[Method, ...] = ("pca", "tsne", "umap", "vectors")
METHOD_NAMES = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA", "vectors": "The vectors"}

UMAP_NEIGHBORS = 15
UMAP_EPOCHS = 200
TSNE_ITERATIONS = 500
EXACT_ROWS = 12_000  # up to here all pairs are compared; above, nearest neighbors are approximate
_PCA_SAMPLE = 100_000
_QUERIES = 1024
_FEW = 2000  # words that one thread places faster: several wait for one another more than they work


def no_progress(task: str, done: int, total: int) -> None:
    """Show no progress."""


def layout(
    vectors: np.ndarray, method: Method, seed: int = 1, progress: Progress = no_progress
) -> np.ndarray:
    """Return a place in the plane for each vector.

    Vectors are taken at length 1, so that near means a high cosine; `vectors` takes them as they
    are.

    Args:
        vectors: float32 array, shape `(tokens, dim)`.
        method: `pca`, `tsne`, `umap`, or `vectors` for vectors of two numbers.
        seed: of the random choices.
        progress: is called with what is being done.
    Returns:
        float32 array, shape `(tokens, 2)`.
    Raises:
        W2VError: too few vectors, or the extra `w2vtrain[plot]` is not installed.
    """
    if method == "vectors":
        if vectors.shape[1] != 2:
            raise W2VError(
                f"The vectors have {vectors.shape[1]} numbers; only two can be drawn as they are.",
                "Choose --method pca, tsne or umap.",
            )
        return np.array(vectors, dtype=np.float32)
    units = search.unit_rows(vectors)
    start = principal_plane(units)
    if method == "pca" or len(units) <= 3:
        return start
    return (_tsne if method == "tsne" else _umap)(units, start, seed, progress)


def fit_square(places: np.ndarray) -> np.ndarray:
    """Return float64 places moved and scaled alike on both axes to fit -1 to 1.

    Args:
        places: float array, shape `(points, 2)`.
    """
    low, high = places.min(axis=0), places.max(axis=0)
    scale = max(float((high - low).max()) / 2, 1e-30)
    return (places.astype(np.float64) - (low + high) / 2) / scale


def principal_plane(vectors: np.ndarray) -> np.ndarray:
    """Return the vectors' coordinates on their two directions of most variance.

    Args:
        vectors: float32 array, shape `(tokens, dim)`.
    Returns:
        float32 array, shape `(tokens, 2)`.
    """
    mean, axes = principal_axes(vectors)
    return (vectors - mean) @ axes


def principal_axes(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of vectors and their two directions of most variance.

    Exact, from the covariance; each axis is turned so that its largest coefficient is positive, so
    that the same vectors give the same picture.

    Args:
        vectors: float32 array, shape `(tokens, dim)`.
    Returns:
        float32 arrays, shapes `(dim,)` and `(dim, 2)`; where `dim` is 1, the second axis is 0.
    """
    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    covariance = np.zeros((vectors.shape[1],) * 2)
    for rows in search.blocks(len(vectors), _PCA_SAMPLE // 4):
        centered = vectors[rows] - mean
        covariance += centered.T @ centered
    axes = np.linalg.eigh(covariance)[1][:, ::-1][:, :2]
    largest = np.abs(axes).argmax(axis=0)
    axes = (axes * np.sign(axes[largest, range(axes.shape[1])])).astype(np.float32)
    return mean, np.pad(axes, ((0, 0), (0, 2 - axes.shape[1])))


def _tsne(units: np.ndarray, start: np.ndarray, seed: int, progress: Progress) -> np.ndarray:
    open_tsne = library("openTSNE", "A t-SNE layout")
    affinity = library("openTSNE.affinity", "A t-SNE layout")
    nearest = library("openTSNE.nearest_neighbors", "A t-SNE layout")
    # Of many words each has but a few real neighbors: 10 of 30 suffice and take a third.
    perplexity = 30.0 if len(units) <= EXACT_ROWS else 10.0
    perplexity = min(perplexity, (len(units) - 1) / 3)
    rows, distances = neighbors(units, int(3 * perplexity), seed, progress)
    known = nearest.PrecomputedNeighbors(rows, distances)
    affinities = affinity.PerplexityBasedNN(perplexity=perplexity, knn_index=known)
    done = 0

    def told(iteration: int, error: float, embedding: Any) -> None:
        nonlocal done
        done += 25
        progress("t-SNE", done, 250 + TSNE_ITERATIONS)

    model = open_tsne.TSNE(
        initialization=open_tsne.initialization.rescale(start.astype(np.float64)),
        n_iter=TSNE_ITERATIONS,
        n_jobs=available_threads() if len(units) > _FEW else 1,
        random_state=seed,
        callbacks=told,
        callbacks_every_iters=25,
    )
    return np.asarray(model.fit(affinities=affinities), dtype=np.float32)


def _umap(units: np.ndarray, start: np.ndarray, seed: int, progress: Progress) -> np.ndarray:
    umap = umap_library()
    size = min(UMAP_NEIGHBORS, len(units) - 1)
    rows, distances = neighbors(units, size - 1, seed, progress)
    itself = np.arange(len(units))[:, np.newaxis]  # UMAP counts a point among its neighbors
    known = (np.hstack([itself, rows]), np.hstack([np.zeros_like(distances[:, :1]), distances]))
    epochs = 500 if len(units) <= EXACT_ROWS else UMAP_EPOCHS
    spread = 10 / max(float(np.abs(start).max()), 1e-30)
    noise = np.random.default_rng(seed).normal(scale=1e-4, size=start.shape)  # parts equal points
    model = umap.UMAP(
        n_neighbors=size,
        n_epochs=epochs,
        init=(start * spread + noise).astype(np.float32),
        random_state=seed,
        n_jobs=1,
        precomputed_knn=(*known, None),
        tqdm_kwds={"disable": False, "file": _Told("UMAP", epochs, progress), "bar_format": "{n}"},
    )
    with warnings.catch_warnings():  # it warns that new points cannot be placed; there are none
        warnings.filterwarnings("ignore", category=UserWarning, module="umap")
        return np.asarray(model.fit_transform(units), dtype=np.float32)


class _Told(io.StringIO):
    """Takes what a progress bar writes, its count, and passes it on."""

    def __init__(self, task: str, total: int, progress: Progress) -> None:
        super().__init__()
        self._task, self._total, self._progress = task, total, progress

    def write(self, text: str) -> int:
        if text.strip().isdigit():
            self._progress(self._task, int(text), self._total)
        return len(text)


def neighbors(
    units: np.ndarray, k: int, seed: int = 1, progress: Progress = no_progress
) -> tuple[np.ndarray, np.ndarray]:
    """Return the `k` nearest other rows of each row, and their distances.

    Exact up to `EXACT_ROWS` rows; above that by nearest-neighbor descent, which is seeded.

    Args:
        units: float32 array of unit rows, shape `(tokens, dim)`.
    Returns:
        int rows and float32 Euclidean distances, both of shape `(tokens, k)`.
    """
    k = min(k, len(units) - 1)
    if len(units) > EXACT_ROWS:
        progress("nearest neighbors", 0, 1)
        descent = library("pynndescent", "A layout of many words")
        index = descent.NNDescent(
            units, n_neighbors=k + 1, random_state=seed, n_jobs=available_threads()
        )
        rows, distances = index.neighbor_graph
        progress("nearest neighbors", 1, 1)
        return rows[:, 1:], distances[:, 1:].astype(np.float32)
    rows = np.empty((len(units), k), np.int64)
    cosines = np.empty((len(units), k), np.float32)
    scales = np.ones(len(units), np.float32)
    for span in search.blocks(len(units), _QUERIES):
        found, scores = search.nearest(units, scales, units[span], k + 1)
        rows[span], cosines[span] = _without_self(found, scores, span.start)
        progress("nearest neighbors", span.stop, len(units))
    return rows, np.sqrt(np.maximum(2 - 2 * cosines, 0))


def _without_self(
    found: np.ndarray, scores: np.ndarray, first: int
) -> tuple[np.ndarray, np.ndarray]:
    """Take each query's own row out; where equal rows pushed it out, the last one goes."""
    own = found == np.arange(first, first + len(found))[:, np.newaxis]
    own[~own.any(axis=1), -1] = True
    shape = (len(found), found.shape[1] - 1)
    return found[~own].reshape(shape), scores[~own].reshape(shape)
