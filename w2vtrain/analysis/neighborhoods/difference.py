"""Which words moved between two sets of vectors, once the one is turned to fit the other.

Two trainings give spaces that differ by a rotation even where they say the same, so vectors cannot
be compared number by number. The second space is turned onto the first by the rotation that brings
the shared words closest together (orthogonal Procrustes); what is still apart has moved.

Rows are scaled to length 1, centred, and scaled again before: centring takes out the direction that
all words of a space have in common, which would make every word look unmoved.

Source: Hamilton, Leskovec and Jurafsky, Diachronic Word Embeddings Reveal Statistical Laws of
Semantic Change (ACL 2016), section 3.2, for the alignment; Schlechtweg et al., A Wind of Change
(ACL 2019), for mean-centring before it.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from w2vtrain.analysis.neighborhoods.bands import frequency_bands, sample
from w2vtrain.analysis.neighborhoods.overlap import nearest, overlaps
from w2vtrain.analysis.neighborhoods.shared import SharedWords, share
from w2vtrain.vectors.embeddings import Embeddings

SAMPLE = 2000
MIN_COUNT = 50


@dataclass(frozen=True)
class MovedWord:
    """A word, how far it moved (1 - cosine after alignment, 0 to 2), and its company in each."""

    token: str
    count_a: int | None
    count_b: int | None
    moved: float
    overlap: float
    neighbors_a: tuple[str, ...]
    neighbors_b: tuple[str, ...]


@dataclass(frozen=True)
class BandDrift:
    """How words of similar frequency moved: their median, and their mean neighbour overlap."""

    band: str
    words: int
    moved: float
    overlap: float


@dataclass(frozen=True)
class Difference:
    """Two sets of vectors, compared on the words that both know.

    Args:
        shared: words compared; `only_a`, `only_b`: words that the other lacks, or that were too
            rare to compare.
        moved: median of 1 - cosine over the shared words, after alignment.
        moved_90: what 90 % of the words stay under.
        overlap: mean share of a word's k nearest neighbours that are the same in both.
        min_count: words rarer than this were left out; None for no limit.
        k: neighbours compared.
        sampled: words whose neighbours were compared.
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

    def as_dict(self) -> dict[str, Any]:
        """Returns the difference as JSON-ready values."""
        return asdict(self)


def diff(
    a: Embeddings,
    b: Embeddings,
    k: int = 10,
    min_count: int | None = None,
    words: int = 20,
    samples: int = SAMPLE,
    seed: int = 1,
) -> Difference:
    """Returns how two sets of vectors differ.

    Args:
        a, b: the vectors; their dimensions may differ.
        k: neighbours to compare.
        min_count: leave out words that are rarer in either, for rare words move by chance; None
            for 50 where counts are known, and for no limit where they are not.
        words: how many of the moved words to return.
        samples: of how many words, drawn from every frequency band, to compare the neighbours.
        seed: of the drawing.
    Raises:
        W2VError: too few shared words, or `min_count` without counts.
    """
    if min_count is None and not (a.counts is None and b.counts is None):
        min_count = MIN_COUNT
    shared = share([a, b], min_count)
    k = min(k, len(shared) - 1)
    moved = 1 - aligned_cosines(*(one.vectors for one in shared.sets))
    bands = frequency_bands(shared.counts, len(shared))
    rng = np.random.default_rng(seed)
    quota = -(-samples // len(bands))
    drawn = [sample(band.rows, quota, rng) for band in bands]
    kept = [overlaps(*(nearest(one, rows, k) for one in shared.sets)) for rows in drawn]
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


def aligned_cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns the cosine of each row of `a` with the same row of `b` turned onto `a`.

    Source: Schönemann, A generalized solution of the orthogonal Procrustes problem (Psychometrika
    31, 1966). The narrower of two matrices is widened with zeros.

    Args:
        a, b: float arrays, shape `(tokens, dim)`; the dims may differ.
    Returns:
        float64 array, shape `(tokens,)`.
    """
    from scipy.linalg import orthogonal_procrustes

    dim = max(a.shape[1], b.shape[1])
    a, b = (np.pad(_centred(x), ((0, 0), (0, dim - x.shape[1]))) for x in (a, b))
    rotation, _ = orthogonal_procrustes(b, a)
    return np.einsum("id,id->i", b @ rotation, a)


def _centred(vectors: np.ndarray) -> np.ndarray:
    unit = _unit(vectors.astype(np.float64))
    return _unit(unit - unit.mean(axis=0))


def _unit(vectors: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms == 0, 1, norms)


def _moved_words(
    shared: SharedWords,
    sets: tuple[Embeddings, Embeddings],
    rows: np.ndarray,
    moved: np.ndarray,
    k: int,
) -> tuple[MovedWord, ...]:
    near = [nearest(one, rows, k) for one in shared.sets]
    kept = overlaps(*near)
    result = []
    for at, row in enumerate(rows.tolist()):
        token = shared.tokens[row]
        count_a, count_b = (None if s.counts is None else int(s.counts[s.row(token)]) for s in sets)
        result.append(
            MovedWord(
                token=token,
                count_a=count_a,
                count_b=count_b,
                moved=float(moved[row]),
                overlap=float(kept[at]),
                neighbors_a=near[0][at],
                neighbors_b=near[1][at],
            )
        )
    return tuple(result)
