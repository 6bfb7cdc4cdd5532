"""Which neighbors would come back if the vectors were trained again? The others are noise.

Source: Hellrich and Hahn, Bad Company: Neighborhoods in Neural Embedding Spaces Considered Harmful
(COLING 2016); Wendlandt, Kummerfeld and Mihalcea, Factors Influencing the Surprising Instability of
Word Embeddings (NAACL 2018), for the overlap of ten nearest neighbors by frequency.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from w2vtrain.analysis.neighborhoods.shared_words import (
    FrequencyBand,
    SharedWords,
    frequency_bands,
    nearest_tokens,
    neighbor_overlap,
    sample_rows,
    share_words,
)
from w2vtrain.analysis.results import Result
from w2vtrain.errors import W2VError
from w2vtrain.vectors.embeddings import Embeddings


@dataclass(frozen=True)
class WordStability(Result):
    """A word's neighbors over all runs.

    Args:
        token, count: the word; the count is None where unknown.
        overlap: share of the neighbors in common, averaged over all pairs of runs.
        jaccard: the same as intersection over union.
        neighbors: every neighbor that any run found, with the number of runs that did, most first.
    """

    token: str
    count: int | None
    overlap: float
    jaccard: float
    neighbors: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class BandStability(Result):
    """Words of similar frequency: how many there are, were sampled, and their mean overlap.

    `low_10` is the overlap that 90 % of the sampled words reach or surpass.
    """

    band: str
    low: int
    high: int
    words: int
    sampled: int
    overlap: float
    jaccard: float
    low_10: float
    trusted: bool


@dataclass(frozen=True)
class Stability(Result):
    """Neighbors over several trainings.

    Args:
        runs: how many trainings.
        shared: words that all know.
        k: neighbors compared.
        trust: the overlap from which on a band is trusted.
        by_rank: whether bands are ranks, for want of counts.
        bands: by frequency, rarest first.
        words: those that were sampled, or those asked for.
    """

    derived: ClassVar[tuple[str, ...]] = ("verdict",)
    runs: int
    shared: int
    k: int
    trust: float
    by_rank: bool
    bands: tuple[BandStability, ...]
    words: tuple[WordStability, ...]

    @property
    def verdict(self) -> str:
        """One sentence: for which words the neighbors can be trusted."""
        return _verdict(self)


def stability(
    sets: Sequence[Embeddings],
    k: int = 10,
    words: Sequence[str] = (),
    samples: int = 500,
    trust: float = 0.5,
    seed: int = 1,
) -> Stability:
    """Measure how far the neighbors agree over several trainings on the same text.

    Args:
        sets: two or more sets of vectors.
        k: neighbors to compare.
        words: report these instead of the sampled ones; the bands are always sampled.
        samples: how many words of each frequency band to compare.
        trust: mean overlap from which on a band's neighbors are called trustworthy.
        seed: of the sampling.
    Raises:
        W2VError: fewer than two sets, too few shared words, or an unknown word.
    """
    if len(sets) < 2:
        raise W2VError("Stability needs two trainings or more.", "Give several runs, or --seeds 3.")
    shared = share_words(sets)
    k = min(k, len(shared) - 1)
    rng = np.random.default_rng(seed)
    bands = frequency_bands(shared.counts, len(shared))
    drawn = [(band, _words(shared, sample_rows(band.rows, samples, rng), k)) for band in bands]
    sampled = [word for _, part in drawn for word in part]
    asked = np.array([shared.sets[0].row(word) for word in words], dtype=np.int64)
    return Stability(
        runs=len(sets),
        shared=len(shared),
        k=k,
        trust=trust,
        by_rank=shared.counts is None,
        bands=tuple(_band(band, part, trust) for band, part in drawn),
        words=tuple(_words(shared, asked, k) if words else sampled),
    )


def _words(shared: SharedWords, rows: np.ndarray, k: int) -> list[WordStability]:
    runs = [nearest_tokens(one, rows, k) for one in shared.sets]
    pairs = np.array([neighbor_overlap(*two) for two in combinations(runs, 2)])  # (pairs, words)
    overlap = pairs.mean(axis=0)
    jaccard = (pairs / (2 - pairs)).mean(axis=0)  # lists of one length with overlap o
    return [
        WordStability(
            shared.tokens[row],
            None if shared.counts is None else int(shared.counts[row]),
            float(overlap[at]),
            float(jaccard[at]),
            tuple(Counter(token for found in runs for token in found[at]).most_common()),
        )
        for at, row in enumerate(rows.tolist())
    ]


def _band(band: FrequencyBand, words: list[WordStability], trust: float) -> BandStability:
    values = np.array([word.overlap for word in words])
    return BandStability(
        band=str(band),
        low=band.low,
        high=band.high,
        words=len(band.rows),
        sampled=len(words),
        overlap=float(values.mean()),
        jaccard=float(np.mean([word.jaccard for word in words])),
        low_10=float(np.percentile(values, 10)),
        trusted=bool(values.mean() >= trust),
    )


def _verdict(result: Stability) -> str:
    """Return the sentence; trusted are the bands from the most frequent to the first failure."""
    trusted: list[BandStability] = []
    for band in reversed(result.bands):
        if not band.trusted:
            break
        trusted.append(band)
    needed = f"{result.trust:.0%} of their {result.k} nearest neighbors"
    if not trusted:
        best = result.bands[-1]
        return (
            f"No frequency band keeps {needed} from one training to another "
            f"(the most frequent: {best.overlap:.0%}); do not read meaning into single neighbors."
        )
    if len(trusted) == len(result.bands):
        return f"Words of every frequency keep {needed} or more from one training to another."
    edge = trusted[-1]
    if result.by_rank:
        words = f"the {edge.high:,} most frequent words"
        others = "those after them"
    else:
        words = f"words seen {edge.low:,} times or more"
        others = "rarer ones"
    overlap = np.average([b.overlap for b in trusted], weights=[b.words for b in trusted])
    return (
        f"Trust the neighbors of {words}: {overlap:.0%} of their {result.k} come back in another "
        f"training; of {others} less than {result.trust:.0%} do."
    )
