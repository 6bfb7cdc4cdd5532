"""Blocks of text: their sizes, how they are cut from kept text, and how their pairs are weighted.

A step takes blocks of `block_size` consecutive kept tokens from random places of the text. The
tokens of a block are its targets and its contexts, and `noise_size` noise words are shared by the
whole block. So a block is scored with one matrix product, (block_size, dim) x (dim, columns).

Where the blocks begin is drawn for each pool of each pass. The pairs that an edge cuts apart are
left out in this pass, and the others weigh more, so that each pair has its weight in expectation:
7 % of the pairs of windows of 5, for 17 % fewer columns at the same scores (measured).
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from w2vtrain.corpus.vocabulary import PADDING_ID
from w2vtrain.engine.stream import KeptText

Architecture = Literal["skip-gram", "cbow"]
BLOCK_SIZE = 32
# Floats of one table that a step may touch: more does not fit the cache and is slower (measured).
STEP_FLOATS = 2**19
MOST_STEP_TOKENS, FEWEST_STEP_TOKENS = 4096, 64
STEPS_PER_EPOCH = 64  # a small text is cut into at least so many steps, if they are large enough
# A table row must not move too far in one step, since all its pairs are computed before any of them
# is applied: learning rate x the summed weight of its pairs is held to these (measured).
MOST_NOISE_WEIGHT = 1.5
MOST_ROW_WEIGHT = 5.0
LEAST_NOISE, MOST_NOISE = 16, 256  # words of a block
PARTS = 2  # of a step, whose products and sums do not wait for each other: two threads share them


@dataclass(frozen=True)
class BlockShape:
    """The sizes of a step and of its blocks.

    Args:
        blocks: blocks in a step.
        block_size: targets in a block.
        window_size: contexts on each side of a target.
        noise_size: noise words that a block shares.
        num_negatives: noise words that a pair stands for; the block's noise is weighted to it.
        architecture: skip-gram, where each target is scored against each of its contexts, or CBOW,
            where the mean of its contexts is scored against it.
    """

    blocks: int
    block_size: int
    window_size: int
    noise_size: int
    num_negatives: int
    architecture: Architecture = "skip-gram"

    @classmethod
    def fitting(
        cls,
        embedding_dim: int,
        window_size: int,
        num_negatives: int,
        learning_rate: float,
        kept_tokens: float,
        architecture: Architecture = "skip-gram",
    ) -> "BlockShape":
        """Choose the sizes for vectors of this dimension and a text of so many kept tokens.

        The tokens of a step are a power of two: as many as fit the cache, yet few enough that an
        epoch of a small text makes `STEPS_PER_EPOCH` steps.
        """
        tokens = min(MOST_STEP_TOKENS, STEP_FLOATS / embedding_dim, kept_tokens / STEPS_PER_EPOCH)
        tokens = 2 ** int(math.log2(max(FEWEST_STEP_TOKENS, tokens)))
        shape = cls(
            blocks=tokens // BLOCK_SIZE,
            block_size=BLOCK_SIZE,
            window_size=window_size,
            noise_size=LEAST_NOISE,
            num_negatives=num_negatives,
            architecture=architecture,
        )
        weight = shape.block_size * shape.pair_weight * num_negatives  # of all of a block's noise
        noise_size = math.ceil(weight * learning_rate / MOST_NOISE_WEIGHT / 8) * 8
        return replace(shape, noise_size=min(max(noise_size, LEAST_NOISE), MOST_NOISE))

    @property
    def tokens(self) -> int:
        """Targets in a step."""
        return self.blocks * self.block_size

    @property
    def parts(self) -> int:
        """Equal parts that a step is computed in."""
        return math.gcd(self.blocks, PARTS)

    @property
    def margin(self) -> int:
        """Context tokens on each side of the targets of a block.

        CBOW takes whole windows. Skip-gram takes no more than that at least half of the pairs of
        any distance are within a block.
        """
        if self.architecture == "cbow":
            return self.window_size
        return max(0, self.window_size - self.block_size // 2)

    @property
    def contexts(self) -> int:
        """Context tokens of a block."""
        return self.block_size + 2 * self.margin

    @property
    def inputs(self) -> int:
        """Tokens of a block whose word vectors are used: its targets, or CBOW's contexts."""
        return self.contexts if self.architecture == "cbow" else self.block_size

    @property
    def columns(self) -> int:
        """Tokens and noise words of a block that are scored: by CBOW its targets, or contexts."""
        scored = self.block_size if self.architecture == "cbow" else self.contexts
        return scored + self.noise_size

    @property
    def pair_weight(self) -> float:
        """Expected summed weight of the pairs of a target that no unit's end is near.

        word2vec draws a width from 1..W for each token, so distance d is seen with probability
        (W + 1 - d) / W; here it is weighted by it. Both sides together: 2 * (1 + ... + W) / W.
        CBOW makes one pair of them all.
        """
        return 1.0 if self.architecture == "cbow" else self.window_size + 1.0

    def input_weight(self, kept_share: np.ndarray) -> np.ndarray:
        """Return the expected weight of each word as an input of a step: pairs and their noise.

        Args:
            kept_share: float array, shape `(rows,)`: share of each word among the kept tokens.
        """
        windows = self.tokens * (self.window_size + 1.0)
        if self.architecture == "cbow":
            # A context takes part in the pairs of all windows that see it, and moves by its weight
            # x (sum of a window's weights) / (sum of their squares): `CbowTrainer`.
            windows *= 3 * self.window_size / (2 * self.window_size + 1)
        return windows * kept_share * (1 + self.num_negatives)

    def window_ids(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return the rows in `context_weights` of tokens that see `left` and `right` neighbors.

        Args:
            left: int array, shape `(blocks, block_size)`: neighbors on the left, 0 to W.
            right: the same on the right.
        Returns:
            int32 array, shape `(blocks, block_size, 2)`.
        """
        place, side = np.arange(self.block_size), self.window_size + 1
        ids = (place * side + left, (self.block_size + place) * side + right)
        return np.stack(ids, axis=-1, dtype=np.int32)

    def context_weights(self) -> np.ndarray:
        """Return the weight of each context token for each side of a window.

        (W + 1 - distance) / W if the window sees it on this side, else 0, divided by the share of
        a block's places from which a context so far away is in the block: a window's weights are
        the sum of its two rows.

        Returns:
            float32 array, shape `(2 * block_size * (W + 1), contexts)`.
        """
        width = self.window_size
        extent = np.arange(width + 1)[:, None]
        place = np.arange(self.block_size)[:, None, None]
        offset = np.arange(self.contexts) - self.margin - place  # (place, 1, context)
        sides = [(away > 0) & (away <= extent) for away in (-offset, offset)]
        distance = np.abs(offset)
        within = 1 - np.maximum(distance - self.margin, 0) / self.block_size
        weight = np.stack(sides) * ((width + 1 - distance) / (width * within))
        return weight.reshape(-1, self.contexts).astype(np.float32)

    def weight_table(self) -> np.ndarray:
        """Return the weight of each column of skip-gram for each side of a window.

        A context column has its `context_weights`; each noise column `num_negatives / noise_size`
        of their sum.

        Returns:
            float32 array, shape `(2 * block_size * (W + 1), columns)`.
        """
        weight = self.context_weights()
        noise = weight.sum(axis=1, keepdims=True) * self.num_negatives / self.noise_size
        return np.concatenate([weight, np.repeat(noise, self.noise_size, axis=1)], axis=1)


@dataclass(frozen=True)
class Blocks:
    """Some blocks of text.

    Args:
        tokens: int32 array, shape `(blocks, contexts)`: token ids; the targets are the middle
            `block_size` columns.
        windows: int32 array, shape `(blocks, block_size, 2)`: `BlockShape.window_ids`.
    """

    tokens: np.ndarray
    windows: np.ndarray


def cut_into_blocks(kept: KeptText, shape: BlockShape, shift: int = 0) -> Blocks:
    """Cut a text into blocks, in its order; the last one is filled up with padding.

    Args:
        shift: places of the first block that are left empty.
    """
    size, margin = shape.block_size, shape.margin
    blocks = -(-(shift + len(kept.tokens)) // size)
    ends = shift, blocks * size - shift - len(kept.tokens)
    padded = np.pad(kept.tokens, np.add(ends, margin), constant_values=PADDING_ID)
    left, right = (np.pad(extent, ends) for extent in kept.window_extents(shape.window_size))
    views = np.lib.stride_tricks.sliding_window_view(padded, shape.contexts)
    return Blocks(
        tokens=views[::size][:blocks],
        windows=shape.window_ids(left.reshape(-1, size), right.reshape(-1, size)),
    )


def filled_up(blocks: Blocks, shape: BlockShape) -> Blocks:
    """Return the blocks with empty ones of padding after them, up to a whole step."""
    missing = -len(blocks.tokens) % shape.blocks
    nothing = np.zeros((missing, shape.block_size), np.int32)
    return Blocks(
        np.pad(blocks.tokens, ((0, missing), (0, 0)), constant_values=PADDING_ID),
        np.concatenate([blocks.windows, shape.window_ids(nothing, nothing)]),
    )


def row_damping(
    shape: BlockShape, learning_rate: float, kept_share: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors that shrink the updates of frequent rows.

    A word that a step meets hundreds of times would overshoot, since every one of its gradients is
    computed from the same row. The summed weight of a row in a step is known beforehand from the
    word's share of the kept tokens and from its noise probability; where learning rate x weight
    exceeds `MOST_ROW_WEIGHT`, the update shrinks to that. Rare rows keep factor 1.

    Args:
        kept_share: float array, shape `(rows,)`: share of each word among the kept tokens.
        noise: float array, shape `(rows,)`: probability of each word as noise.
    Returns:
        factors for the table of inputs and that of outputs: two float32 arrays, shape `(rows,)`.
    """
    inputs, outputs = row_weights(shape, kept_share, noise)
    most = MOST_ROW_WEIGHT / learning_rate
    return (
        np.minimum(1, most / np.maximum(inputs, most)).astype(np.float32),
        np.minimum(1, most / np.maximum(outputs, most)).astype(np.float32),
    )


def row_weights(
    shape: BlockShape, kept_share: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the summed weight of the pairs of each row in a step, as expected.

    Args:
        kept_share: float array, shape `(rows,)`: share of each word among the kept tokens.
        noise: float array, shape `(rows,)`: probability of each word as noise.
    Returns:
        weights in the table of inputs and in that of outputs: two float64 arrays, shape `(rows,)`.
    """
    pairs = shape.tokens * shape.pair_weight
    return (
        shape.input_weight(kept_share),
        pairs * (kept_share + shape.num_negatives * noise),
    )
