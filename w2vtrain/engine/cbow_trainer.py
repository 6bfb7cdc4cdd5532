"""CBOW on the fast engine: a block's contexts become one mean a target, which is scored."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from w2vtrain.engine.block_trainer import BlockTrainer, sum_of_sides
from w2vtrain.engine.blocks import BlockShape
from w2vtrain.models.cbow import Cbow

# Blocks that share their noise: a target, which is scored once, needs more of it than skip-gram's
# (measured), and products with few noise words are slow.
NOISE_SHARED_BY = 4


class CbowTrainer(BlockTrainer):
    """Trains a `Cbow` as `BlockTrainer` trains a `Word2Vec`.

    With h_t the mean of t's contexts, weighted by their distance, it descends

        L = - sum_t log sigmoid(h_t y_t) - sum_(t,n) (k / N) log sigmoid(-h_t y_n)
            + sum_t k p_t log sigmoid(-h_t y_t)

    with y the rows of the targets and of the N noise words of `NOISE_SHARED_BY` blocks. The
    contexts share out the gradient of h_t so that h_t itself moves by the whole of it: context c,
    with share m_c of the mean, moves by m_c / (sum of the squared shares) times the gradient. Of n
    contexts that weigh alike, each moves by all of it, as in word2vec.c and gensim; the derivative
    of L would give each an n-th part (docs/models.md compares the two).

    Args:
        cbow: the model to train.
        shape: the sizes of a step, of the architecture "cbow".

    Source: Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space",
    section 3.1.
    """

    def __init__(self, cbow: Cbow, shape: BlockShape, **kwargs: Any) -> None:
        super().__init__(cbow, shape, **kwargs)
        self._context_weights = tf.constant(shape.context_weights())
        self._together = math.gcd(shape.blocks // shape.parts, NOISE_SHARED_BY)
        noise = self._together * shape.noise_size
        share = np.full(noise, shape.num_negatives / noise)
        self._score_weights = np.concatenate([[1], share]).astype(np.float32)
        self._is_token = (np.arange(1 + noise) == 0).astype(np.float32)

    def _scores(self, hidden: Any, columns: Any) -> Any:
        """Score each mean against its own target, the first score, and the noise of its blocks."""
        own, noise = self._own_and_noise(columns)
        score = tf.reduce_sum(hidden * own, axis=-1, keepdims=True)
        of_noise = tf.matmul(self._joined(hidden), noise, transpose_b=True)
        of_noise = tf.reshape(of_noise, (-1, self.shape.block_size, noise.shape[1]))
        return tf.concat([score, of_noise], axis=-1)

    def _gradients(self, error: Any, hidden: Any, columns: Any) -> tuple[Any, Any]:
        """Take the errors of the own targets one by one, those of the noise as products."""
        own, noise = self._own_and_noise(columns)
        of_own, of_noise = error[..., :1], self._joined(error[..., 1:])
        to_hidden = tf.reshape(tf.matmul(of_noise, noise), tf.shape(hidden))
        to_noise = tf.matmul(of_noise, self._joined(hidden), transpose_a=True)
        to_noise = tf.reshape(to_noise, (-1, self.shape.noise_size, hidden.shape[-1]))
        return of_own * own + to_hidden, tf.concat([of_own * hidden, to_noise], axis=1)

    def _own_and_noise(self, columns: Any) -> tuple[Any, Any]:
        size = self.shape.block_size
        return columns[:, :size], self._joined(columns[:, size:])

    def _joined(self, rows: Any) -> Any:
        """Put together the rows of the blocks that share their noise."""
        return tf.reshape(rows, (-1, self._together * rows.shape[1], rows.shape[2]))

    def _noise_share(self, noise_share: Any) -> Any:
        """Return that of a target's own score; all of the noise is noise."""
        own = noise_share[:, : self.shape.block_size, None]
        noise = tf.ones_like(self._score_weights[1:]) + tf.zeros_like(own)
        return tf.concat([own, noise], axis=-1)

    def _weights(self, windows: Any) -> Any:
        """Weigh the target itself and the noise, unless the window sees nothing."""
        return self._score_weights * tf.cast(self._total(windows) > 0, tf.float32)

    def _hidden(self, inputs: Any, shares: Any) -> Any:
        """Return the weighted mean of each target's contexts."""
        return tf.matmul(shares[0], inputs)

    def _input_gradient(self, gradient: Any, shares: Any) -> Any:
        """Give each context its part of the gradient of the mean, which moves by the whole."""
        return tf.matmul(shares[1], gradient, transpose_a=True)

    def _shares(self, windows: Any) -> tuple[Any, Any]:
        """Return the share of each context in the mean, and in the mean's gradient."""
        weights, total = sum_of_sides(self._context_weights, windows), self._total(windows)
        means = tf.math.divide_no_nan(weights, total)
        parts = weights * tf.math.divide_no_nan(total, self._total(windows, power=2))
        return tf.cast(means, self.compute_dtype), tf.cast(parts, self.compute_dtype)

    def _total(self, windows: Any, power: int = 1) -> Any:
        """Return the summed weight of each target's contexts: `(blocks, block_size, 1)`."""
        totals = tf.reduce_sum(self._context_weights**power, axis=1, keepdims=True)
        return sum_of_sides(totals, windows)  # no context is on both sides
