"""The pairs of a relation as arrows, in the plane where their mean offset lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.show.pictures.canvas import COLOURS, MARKS, figure, write
from w2vtrain.show.pictures.fonts import drawn
from w2vtrain.show.pictures.text_boxes import write_labels
from w2vtrain.vectors.embeddings import Embeddings


@dataclass(frozen=True)
class Relation:
    """Pairs in the plane.

    Args:
        pairs: the words.
        starts, ends: float32 arrays, shape `(pairs, 2)`: where each pair's words stand. The first
            axis is the pairs' mean offset, the second the direction in which they differ most
            otherwise.
        agreement: float32 array, shape `(pairs,)`: the cosine of each pair's offset with the mean
            of the other pairs' offsets; 0 for a single pair.
    """

    pairs: tuple[tuple[str, str], ...]
    starts: np.ndarray
    ends: np.ndarray
    agreement: np.ndarray


def relation(embeddings: Embeddings, pairs: Sequence[tuple[str, str]]) -> Relation:
    """Returns the plane of the pairs' mean offset, from vectors of length 1.

    Raises:
        W2VError: fewer than two pairs, an unknown word, or offsets that cancel out.
    """
    pairs = list(dict.fromkeys(pairs))
    if len(pairs) < 2:
        raise W2VError("A relation needs two pairs or more.", "Give pairs such as king:queen.")
    first = np.array([embeddings.unit(a) for a, _ in pairs], dtype=np.float64)
    second = np.array([embeddings.unit(b) for _, b in pairs], dtype=np.float64)
    offsets = second - first
    mean = offsets.mean(axis=0)
    length = np.linalg.norm(mean)
    if length < 1e-9:
        raise W2VError("The pairs' offsets cancel out.", "Give pairs of one direction.")
    along = mean / length
    middles = (first + second) / 2
    rest = middles - middles.mean(axis=0)
    rest = rest - np.outer(rest @ along, along)
    across = np.linalg.svd(rest, full_matrices=False)[2][0]
    across *= np.sign(across[np.abs(across).argmax()])
    plane = np.stack([along, across], axis=1)  # (dim, 2)
    others = offsets.sum(axis=0) - offsets
    lengths = np.linalg.norm(offsets, axis=1) * np.linalg.norm(others, axis=1)
    agreement = (offsets * others).sum(axis=1) / np.where(lengths > 0, lengths, np.inf)
    return Relation(
        tuple(pairs),
        (first @ plane).astype(np.float32),
        (second @ plane).astype(np.float32),
        agreement.astype(np.float32),
    )


def draw_relation(found: Relation, paths: Sequence[Path], title: str = "") -> None:
    """Writes the arrows to PNG or SVG files."""
    words = [word for pair in found.pairs for word in pair]
    texts = [drawn(word) for word in words]
    points = np.stack([found.starts, found.ends], axis=1).reshape(-1, 2)
    with figure([*texts, title], 8, 7) as (drawing, axes):
        axes.scatter(*found.starts.T, color=COLOURS[0], marker=MARKS[0], s=24, zorder=3)
        axes.scatter(*found.ends.T, color=COLOURS[1], marker=MARKS[1], s=24, zorder=3)
        for start, end in zip(found.starts, found.ends, strict=True):
            arrow = {"arrowstyle": "->", "color": "#777777", "shrinkA": 4, "shrinkB": 4}
            axes.annotate("", end, start, arrowprops=arrow)
        axes.margins(0.12)
        axes.set_xlabel("mean offset of the pairs")
        axes.set_ylabel("where the pairs differ most otherwise")
        mean = float(found.agreement.mean())
        about = f"cosine of a pair's offset with that of the others: {mean:.2f} on average"
        axes.set_title(f"{title}\n{about}" if title else about, fontsize=10, parse_math=False)
        everyone = list(range(len(texts)))
        write_labels(
            drawing,
            axes,
            texts,
            points,
            everyone,
            frozenset(everyone),
            left=frozenset(everyone[::2]),
        )
        write(drawing, paths)
