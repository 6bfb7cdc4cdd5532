"""CBOW on the fast engine: a block's contexts become one mean a target, which is scored."""

from typing import Any

import numpy as np
import tensorflow as tf

from w2vtrain.engine.block_trainer import BlockTrainer, sum_of_sides
from w2vtrain.engine.blocks import BlockShape
from w2vtrain.models.cbow import Cbow


class CbowTrainer(BlockTrainer):
    """Trains a `Cbow` as `BlockTrainer` trains a `Word2Vec`.

    With h_t the mean of t's contexts, weighted by their distance, it descends

        L = - sum_t log sigmoid(h_t y_t) - sum_(t,n) (k / N) log sigmoid(-h_t y_n)
            + sum_t k p_t log sigmoid(-h_t y_t)

    with y the rows of the targets and of the N noise words of the block. A context moves by the
    gradient of its sum, not of its mean.

    Args:
        cbow: the model to train.
        shape: the sizes of a step, of the architecture "cbow".

    Source: Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space",
    section 3.1.
    """

    def __init__(self, cbow: Cbow, shape: BlockShape, **kwargs: Any) -> None:
        super().__init__(cbow, shape, **kwargs)
        self._context_weights = tf.constant(shape.context_weights())
        share = np.full(shape.noise_size, shape.num_negatives / shape.noise_size)
        weights = [np.eye(shape.block_size), np.tile(share, (shape.block_size, 1))]
        self._columns = tf.constant(np.concatenate(weights, axis=1), tf.float32)

    def _weights(self, windows: Any) -> Any:
        """Weigh the target itself and the noise, unless the window sees nothing."""
        return self._columns * tf.cast(self._total(windows) > 0, tf.float32)

    def _hidden(self, inputs: Any, windows: Any) -> Any:
        """Return the weighted mean of each target's contexts."""
        weights = sum_of_sides(self._context_weights, windows)
        means = tf.math.divide_no_nan(weights, self._total(windows))
        return tf.matmul(tf.cast(means, self.compute_dtype), inputs)

    def _input_gradient(self, gradient: Any, windows: Any) -> Any:
        """Give each context the whole gradient of the mean, times its weight in the window.

        The derivative of the mean would be divided by the window's words; word2vec.c and gensim do
        not divide it either (docs/models.md compares the two).
        """
        weights = sum_of_sides(self._context_weights, windows)
        return tf.matmul(tf.cast(weights, self.compute_dtype), gradient, transpose_a=True)

    def _total(self, windows: Any) -> Any:
        """Return the summed weight of each target's contexts: `(blocks, block_size, 1)`."""
        totals = tf.reduce_sum(self._context_weights, axis=1, keepdims=True)
        return sum_of_sides(totals, windows)
