"""CBOW with position weights on the fast engine: what each place of a window counts is learned."""

from typing import Any

import tensorflow as tf

from w2vtrain.engine.blocks import MOST_ROW_WEIGHT, BlockShape
from w2vtrain.engine.cbow_trainer import CbowTrainer
from w2vtrain.models.cbow import Cbow


class PositionTrainer(CbowTrainer):
    """Trains a `Cbow` that has position weights.

    As `CbowTrainer`, with h_t the mean over the places p of a window of d_p * x_p: the context's
    row times the place's weights, number by number. The weights d_p start at one and move by the
    derivative of L, damped like the rows of very frequent words, since every target uses them.

    Args:
        cbow: the model to train, with `positions` of twice the window.
        shape: the sizes of a step, of the architecture "cbow".

    Source: Mikolov et al. 2018, "Advances in Pre-Training Distributed Word Representations",
    section 2.2.
    """

    def __init__(self, cbow: Cbow, shape: BlockShape, **kwargs: Any) -> None:
        super().__init__(cbow, shape, **kwargs)
        width = shape.window_size
        near = tf.range(width, 0.0, -1.0) / width  # of the distances 1 to W
        # By the neighbors seen on a side: what each place there weighs, from the nearest on.
        self._side_weights = tf.linalg.band_part(tf.ones((width + 1, width)), -1, 0)
        self._side_weights = tf.concat([tf.zeros((1, width)), self._side_weights[:-1]], 0) * near
        # Where the contexts of a block begin that are in each place, from left to right.
        self._starts = [*range(width), *range(width + 1, 2 * width + 1)]
        self._reach = 2 * width  # contexts are so far from the targets of a block at most
        weight = shape.tokens * (1 + shape.num_negatives)
        self._most_rate = MOST_ROW_WEIGHT / weight
        self._mean = tf.function(self._mean_of, jit_compile=True)
        self._spread = tf.function(self._spread_of, jit_compile=True)
        self._weight_gradient = tf.function(self._weight_gradient_of, jit_compile=True)

    @property
    def _position_weights(self) -> Any:
        return tf.cast(self.word2vec.position_weights.value, self.compute_dtype)

    def _shares(self, windows: Any) -> tuple[Any, Any]:
        """Return the share of each place in the mean, and in the mean's gradient.

        Returns:
            two float tensors, shape `(blocks, block_size, places)`.
        """
        left, right = tf.unstack(windows % (self.shape.window_size + 1), axis=-1)
        sides = tf.gather(self._side_weights, left)[..., ::-1], tf.gather(self._side_weights, right)
        weights = tf.concat(sides, axis=-1)
        total = tf.reduce_sum(weights, axis=-1, keepdims=True)
        squares = tf.reduce_sum(weights**2, axis=-1, keepdims=True)
        means = tf.math.divide_no_nan(weights, total)
        parts = weights * tf.math.divide_no_nan(total, squares)
        return tf.cast(means, self.compute_dtype), tf.cast(parts, self.compute_dtype)

    def _hidden(self, inputs: Any, shares: Any) -> Any:
        """Return the weighted mean of each target's contexts."""
        return self._mean(inputs, shares[0], self._position_weights)

    def _mean_of(self, inputs: Any, means: Any, weights: Any) -> Any:
        places = zip(
            tf.unstack(means, axis=-1), tf.unstack(weights), self._in_places(inputs), strict=True
        )
        return tf.add_n([mean[..., None] * weight * rows for mean, weight, rows in places])

    def _input_gradient(self, gradient: Any, shares: Any) -> Any:
        """Give each context its part of the gradient of the mean, place by place."""
        edges = tf.constant(((0, 0), (self._reach, self._reach), (0, 0)))
        around, parts = tf.pad(gradient, edges), tf.pad(shares[1], edges)
        return self._spread(around, parts, self._position_weights)

    def _spread_of(self, gradient: Any, parts: Any, weights: Any) -> Any:
        moves = []
        for place, start in enumerate(self._starts):
            begin = self._reach - start
            targets = slice(begin, begin + self.shape.contexts)
            moves.append(parts[:, targets, place, None] * weights[place] * gradient[:, targets])
        return tf.add_n(moves)

    def _update_others(self, mixed: list[tuple[Any, Any, Any]], rate: Any) -> None:
        """Move the position weights."""
        gradients = [
            self._weight_gradient(gradient, inputs, shares[0]) for gradient, inputs, shares in mixed
        ]
        rate = tf.minimum(rate, self._most_rate)
        self.word2vec.position_weights.assign_add(rate * tf.add_n(gradients))

    def _weight_gradient_of(self, gradient: Any, inputs: Any, means: Any) -> Any:
        gradient, means = tf.cast(gradient, tf.float32), tf.cast(means, tf.float32)
        places = zip(tf.unstack(means, axis=-1), self._in_places(inputs), strict=True)
        return tf.stack(
            [
                tf.reduce_sum(mean[..., None] * gradient * tf.cast(rows, tf.float32), axis=(0, 1))
                for mean, rows in places
            ]
        )

    def _in_places(self, inputs: Any) -> list[Any]:
        """Return for each place the context's row of each target: `(blocks, block_size, dim)`."""
        return [inputs[:, start : start + self.shape.block_size] for start in self._starts]
