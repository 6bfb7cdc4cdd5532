"""The form of one training step: how many tokens, in what blocks, with how much noise.

A step takes blocks of `block_size` consecutive kept tokens from random places of the text. The
tokens of a block are its targets; its contexts are the same tokens and `window_size` more on each
side, and `noise_size` noise words are shared by the whole block. So a block is scored with one
product, (block_size, dim) x (dim, columns), and every pair of the text stands in exactly one block.
"""

import math
from dataclasses import dataclass

import numpy as np

BLOCK_SIZE = 32
# Floats of one table that a step may touch: more does not fit the cache and is slower (measured).
STEP_FLOATS = 2**19
# A table row must not move too far in one step, since all its pairs are computed before any of them
# is applied: learning rate x the summed weight of its pairs is held to these (measured).
MOST_NOISE_WEIGHT = 1.5
MOST_ROW_WEIGHT = 5.0
STEPS_PER_EPOCH = 64  # a small text is cut into at least this many steps, if they stay over 256


@dataclass(frozen=True)
class StepShape:
    """The sizes of a step.

    Args:
        blocks: blocks in a step.
        block_size: targets in a block.
        window_size: contexts on each side of a target.
        noise_size: noise words that a block shares.
        num_negatives: noise words that a pair stands for; the block's noise is weighted to it.
    """

    blocks: int
    block_size: int
    window_size: int
    noise_size: int
    num_negatives: int

    @classmethod
    def fitting(
        cls,
        embedding_dim: int,
        window_size: int,
        num_negatives: int,
        learning_rate: float,
        kept_tokens: float,
    ) -> "StepShape":
        """Returns the shape for vectors of this size and a text of so many kept tokens an epoch.

        The tokens of a step are a power of two from 256 to 4096: as many as fit the cache, yet
        few enough that a small text makes `STEPS_PER_EPOCH` steps.
        """
        tokens = min(4096, STEP_FLOATS / embedding_dim, kept_tokens / STEPS_PER_EPOCH)
        tokens = 2 ** int(math.log2(max(256, tokens)))
        weight = BLOCK_SIZE * (window_size + 1) * num_negatives  # of all of a block's noise
        noise_size = math.ceil(weight * learning_rate / MOST_NOISE_WEIGHT / 8) * 8
        return cls(
            blocks=tokens // BLOCK_SIZE,
            block_size=BLOCK_SIZE,
            window_size=window_size,
            noise_size=min(max(noise_size, 16), 256),
            num_negatives=num_negatives,
        )

    @property
    def tokens(self) -> int:
        """Targets in a step."""
        return self.blocks * self.block_size

    @property
    def contexts(self) -> int:
        """Context tokens of a block."""
        return self.block_size + 2 * self.window_size

    @property
    def columns(self) -> int:
        """Context tokens and noise words of a block: what its targets are scored against."""
        return self.contexts + self.noise_size

    @property
    def pair_weight(self) -> float:
        """Summed weight of the pairs of a target whose window is not cut short.

        word2vec draws a width from 1..W for each token, so distance d is seen with probability
        (W + 1 - d) / W; here it is weighted by it. Both sides together: 2 * (1 + ... + W) / W.
        """
        return self.window_size + 1.0

    @property
    def windows(self) -> int:
        """Number of different windows: a place in the block, and the reach on each side."""
        return self.block_size * (self.window_size + 1) ** 2

    def window_ids(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Returns the row in `weight_table` of tokens that see `left` and `right` neighbours.

        Args:
            left: int array, shape `(blocks, block_size)`: neighbours on the left, 0 to W.
            right: the same on the right.
        Returns:
            int32 array of the same shape.
        """
        place = np.arange(self.block_size, dtype=np.int32)
        side = self.window_size + 1
        return ((place * side + left) * side + right).astype(np.int32)

    def weight_table(self) -> np.ndarray:
        """Returns how much each column weighs for each window.

        A context column weighs (W + 1 - distance) / W if the window sees it, else 0; each noise
        column `num_negatives / noise_size` of the window's summed pair weight.

        Returns:
            float32 array, shape `(windows, columns)`.
        """
        width, side = self.window_size, self.window_size + 1
        place = np.arange(self.block_size)[:, None, None, None]
        left = np.arange(side)[None, :, None, None]
        right = np.arange(side)[None, None, :, None]
        offset = np.arange(self.contexts)[None, None, None, :] - width - place
        seen = (offset != 0) & (offset >= -left) & (offset <= right)
        weight = np.where(seen, (width + 1 - np.abs(offset)) / width, 0.0)
        weight = weight.reshape(self.windows, self.contexts)
        noise = weight.sum(axis=1, keepdims=True) * self.num_negatives / self.noise_size
        table = np.concatenate([weight, np.repeat(noise, self.noise_size, axis=1)], axis=1)
        return table.astype(np.float32)


def row_damping(
    shape: StepShape, learning_rate: float, kept_share: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns by how much to shrink the update of each row of the target and the context table.

    A word that a step meets hundreds of times would overshoot, since every one of its gradients is
    computed from the same row. The summed weight of a row in a step is known beforehand from the
    word's share of the kept tokens and from its noise probability; where learning rate x weight
    exceeds `MOST_ROW_WEIGHT`, the update shrinks to that. Rare rows keep factor 1.

    Args:
        kept_share: float array, shape `(rows,)`: share of each word among the kept tokens.
        noise: float array, shape `(rows,)`: probability of each word as noise.
    Returns:
        two float32 arrays, shape `(rows,)`.
    """
    pairs = shape.tokens * shape.pair_weight
    target = pairs * kept_share * (1 + shape.num_negatives)
    context = pairs * (kept_share + shape.num_negatives * noise)
    most = MOST_ROW_WEIGHT / learning_rate
    return (
        np.minimum(1, most / np.maximum(target, most)).astype(np.float32),
        np.minimum(1, most / np.maximum(context, most)).astype(np.float32),
    )
