"""Subsampling and negative-sampling distributions."""

import numpy as np

from w2vtrain.config import Noise


def keep_probabilities(counts: np.ndarray, threshold: float) -> np.ndarray:
    """Return the probability that subsampling keeps one occurrence of each word.

    With f = count / sum of counts: min(1, sqrt(t/f) + t/f), as word2vec.c and gensim compute it.
    The paper's text has 1 - sqrt(t/f) for dropping, which lacks the second term.

    Args:
        counts: int array, shape `(words,)`; a word of count 0 gets probability 1.
        threshold: t, a share of the text; 0 keeps everything.
    Returns:
        float32 array, shape `(words,)`.

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", section 2.3;
    the variant of word2vec.c.
    """
    total = counts.sum()
    if threshold == 0 or total == 0:
        return np.ones(len(counts), np.float32)
    ratio = threshold * total / np.maximum(counts, 1)
    kept = np.minimum(1.0, np.sqrt(ratio) + ratio)
    return np.where(counts == 0, 1.0, kept).astype(np.float32)


def kept_share(counts: np.ndarray, keep: np.ndarray) -> float:
    """Return the expected share of the running words that subsampling keeps.

    Args:
        counts: int array, shape `(words,)`.
        keep: float array, shape `(words,)`: probability of each word.
    """
    return float((counts * keep).sum() / counts.sum())


def noise_probabilities(counts: np.ndarray, noise: Noise, exponent: float) -> np.ndarray:
    """Return the probability that each word is drawn as noise.

    `unigram`: proportional to count ** exponent. `log-uniform`: proportional to
    (log(r + 2) - log(r + 1)) ** exponent for the word of frequency rank r = 0, 1, ...; with
    exponent 1 this is TensorFlow's log-uniform candidate sampler over the same words.

    Args:
        counts: int array, shape `(words,)`, in any order: ranks are taken from it.
    Returns:
        float64 array, shape `(words,)`, which sums to 1; a word of count 0 gets 0.

    Source: unigram: Mikolov et al. 2013, section 2.2 (exponent 3/4); log-uniform:
    `tf.random.log_uniform_candidate_sampler`, P(r) = log((r + 2) / (r + 1)) / log(V + 1).
    """
    if noise == "unigram":
        weights = counts.astype(np.float64) ** exponent
    else:
        ranks = np.empty(len(counts), np.int64)
        ranks[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
        weights = np.log((ranks + 2) / (ranks + 1)) ** exponent
    weights[counts == 0] = 0
    return weights / weights.sum()


class NoiseSampler:
    """Draws words with given probabilities in constant time a draw.

    Args:
        probabilities: float array, shape `(words,)`, which sums to 1.

    Source: Walker 1977, Vose 1991: the alias method.
    """

    def __init__(self, probabilities: np.ndarray) -> None:
        size = len(probabilities)
        scaled = (probabilities * size).tolist()
        self._alias = np.arange(size, dtype=np.int32)
        small = [i for i, p in enumerate(scaled) if p < 1]
        large = [i for i, p in enumerate(scaled) if p >= 1]
        while small and large:
            low, high = small.pop(), large[-1]
            self._alias[low] = high
            scaled[high] -= 1 - scaled[low]
            if scaled[high] < 1:
                small.append(large.pop())
        for i in small + large:  # left over by rounding
            scaled[i] = 1.0
        self._accept = np.array(scaled, np.float32)

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Draw words with replacement: int32 array of `shape`."""
        words = generator.integers(len(self._alias), size=shape, dtype=np.int32)
        accepted = generator.random(shape, dtype=np.float32) < self._accept[words]
        return np.where(accepted, words, self._alias[words])
