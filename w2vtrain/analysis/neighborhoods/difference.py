"""Which words moved between two sets of vectors, once the one is turned to fit the other?"""

from dataclasses import dataclass

import numpy as np

from w2vtrain.analysis.alignment import aligned_cosines
from w2vtrain.analysis.neighborhoods.shared_words import (
    SharedWords,
    frequency_bands,
    nearest_tokens,
    neighbor_overlap,
    sample_rows,
    share_words,
)
from w2vtrain.analysis.provenance import require_same_splitting
from w2vtrain.analysis.results import Result
from w2vtrain.run.directory import RunDirectory
from w2vtrain.vectors.embeddings import Embeddings

SAMPLE = 2000
MIN_COUNT = 50


@dataclass(frozen=True)
class MovedWord(Result):
    """A word and how far it moved.

    Args:
        token: the word; `count_a`, `count_b`: its counts, None where unknown.
        moved: 1 - cosine after alignment, 0 to 2.
        overlap: share of its neighbors that are the same in both.
        neighbors_a, neighbors_b: its nearest words in each, best first.
    """

    token: str
    count_a: int | None
    count_b: int | None
    moved: float
    overlap: float
    neighbors_a: tuple[str, ...]
    neighbors_b: tuple[str, ...]


@dataclass(frozen=True)
class BandDrift(Result):
    """How words of similar frequency moved: their median, and their mean neighbor overlap."""

    band: str
    words: int
    moved: float
    overlap: float


@dataclass(frozen=True)
class Difference(Result):
    """Two sets of vectors, compared on the words that both know.

    Args:
        shared: words compared; `only_a`, `only_b`: words that the other lacks, or that were too
            rare to compare.
        moved: median of 1 - cosine over the shared words, after alignment.
        moved_90: what 90 % of the words stay under.
        overlap: mean share of a word's k nearest neighbors that are the same in both.
        min_count: words rarer than this were left out; None for no limit.
        k: neighbors compared.
        sampled: words whose neighbors were compared.
        determined: whether there are at least twice as many words as dimensions; below that a
            rotation can hide real change.
        words: those that moved most, first the farthest.
        bands: by frequency, rarest first.
    """

    shared: int
    only_a: int
    only_b: int
    moved: float
    moved_90: float
    overlap: float
    min_count: int | None
    k: int
    sampled: int
    determined: bool
    words: tuple[MovedWord, ...]
    bands: tuple[BandDrift, ...]


def diff(
    a: Embeddings,
    b: Embeddings,
    k: int = 10,
    min_count: int | None = None,
    words: int = 20,
    samples: int = SAMPLE,
    seed: int = 1,
) -> Difference:
    """Measure how two sets of vectors differ.

    Args:
        a, b: the vectors; their dimensions may differ.
        k: neighbors to compare.
        min_count: leave out words that are rarer in either, for rare words move by chance; None
            for 50 where counts are known, and for no limit where they are not.
        words: how many of the moved words to return.
        samples: of how many words, drawn from every frequency band, to compare the neighbors.
        seed: of the drawing.
    Raises:
        W2VError: too few shared words, `min_count` without counts, or runs that were split
            differently.
    """
    runs = [RunDirectory(one.run) for one in (a, b) if one.run is not None]
    if len(runs) == 2 and all(run.corpus.is_dir() for run in runs):
        require_same_splitting(runs)
    if min_count is None and not (a.counts is None and b.counts is None):
        min_count = MIN_COUNT
    shared = share_words([a, b], min_count)
    k = min(k, len(shared) - 1)
    moved = 1 - aligned_cosines(*(one.vectors for one in shared.sets))
    bands = frequency_bands(shared.counts, len(shared))
    rng = np.random.default_rng(seed)
    quota = -(-samples // len(bands))
    drawn = [sample_rows(band.rows, quota, rng) for band in bands]
    kept = [
        neighbor_overlap(*(nearest_tokens(one, rows, k) for one in shared.sets)) for rows in drawn
    ]
    weights = [len(band.rows) for band in bands]
    top = np.argsort(-moved, kind="stable")[:words]
    return Difference(
        shared=len(shared),
        only_a=len(a) - len(shared),
        only_b=len(b) - len(shared),
        moved=float(np.median(moved)),
        moved_90=float(np.percentile(moved, 90)),
        overlap=float(np.average([one.mean() for one in kept], weights=weights)),
        min_count=min_count,
        k=k,
        sampled=sum(map(len, drawn)),
        determined=len(shared) >= 2 * max(a.dim, b.dim),
        words=_moved_words(shared, (a, b), top, moved, k),
        bands=tuple(
            BandDrift(
                str(band), len(band.rows), float(np.median(moved[band.rows])), float(one.mean())
            )
            for band, one in zip(bands, kept, strict=True)
        ),
    )


def _moved_words(
    shared: SharedWords,
    sets: tuple[Embeddings, Embeddings],
    rows: np.ndarray,
    moved: np.ndarray,
    k: int,
) -> tuple[MovedWord, ...]:
    near_a, near_b = (nearest_tokens(one, rows, k) for one in shared.sets)
    overlap = neighbor_overlap(near_a, near_b)
    result = []
    for at, row in enumerate(rows.tolist()):
        token = shared.tokens[row]
        count_a, count_b = (vectors.count(token) for vectors in sets)
        result.append(
            MovedWord(
                token=token,
                count_a=count_a,
                count_b=count_b,
                moved=float(moved[row]),
                overlap=float(overlap[at]),
                neighbors_a=near_a[at],
                neighbors_b=near_b[at],
            )
        )
    return tuple(result)
