"""Blocks of kept text: the targets of a step with the contexts around them, shuffled."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from w2vtrain.corpus.vocabulary import PADDING_ID
from w2vtrain.engine.step_shape import StepShape
from w2vtrain.engine.text_stream import KeptText, TextStream


@dataclass(frozen=True)
class Blocks:
    """Some blocks of text.

    Args:
        tokens: int32 array, shape `(blocks, contexts)`: token ids; the targets are the middle
            `block_size` columns.
        windows: int32 array, shape `(blocks, block_size)`: rows of `StepShape.weight_table`.
    """

    tokens: np.ndarray
    windows: np.ndarray


def pools_of_blocks(
    stream: TextStream, shape: StepShape, epoch: int
) -> Iterator[tuple[Blocks, np.random.Generator]]:
    """Yields the shuffled blocks of `epoch`, a pool at a time, and the pool's generator.

    The blocks of a pool fill whole steps: the last step is filled up with blocks of padding, whose
    windows are empty.
    """
    for kept, generator in stream.pools(epoch):
        blocks = cut_into_blocks(kept, shape)
        order = generator.permutation(len(blocks.tokens))
        yield Blocks(blocks.tokens[order], blocks.windows[order]), generator


def cut_into_blocks(kept: KeptText, shape: StepShape) -> Blocks:
    """Returns the blocks of a text in their order, with padding blocks up to a whole step."""
    width = shape.window_size
    steps = max(1, -(-len(kept.tokens) // shape.tokens))
    form = (steps * shape.blocks, shape.block_size)
    padded = np.full(steps * shape.tokens + 2 * width, PADDING_ID, np.int32)
    padded[width : width + len(kept.tokens)] = kept.tokens
    left, right = (
        np.concatenate([reach, np.zeros(steps * shape.tokens - len(reach), np.int32)])
        for reach in kept.reaches(width)
    )
    return Blocks(
        tokens=np.lib.stride_tricks.sliding_window_view(padded, shape.contexts)[
            :: shape.block_size
        ],
        windows=shape.window_ids(left.reshape(form), right.reshape(form)),
    )
