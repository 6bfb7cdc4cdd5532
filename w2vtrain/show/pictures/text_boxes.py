"""Writes labels on Matplotlib axes where `place_labels` finds room for them."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from w2vtrain.show.pictures.canvas import FAINT
from w2vtrain.show.pictures.labels import place_labels


def write_labels(
    drawing: Any,
    axes: Any,
    texts: Sequence[str],
    points: np.ndarray,
    order: Sequence[int],
    must: frozenset[int],
    strong: Collection[int] = frozenset(),
    left: frozenset[int] = frozenset(),
    font: float = 9.0,
) -> int:
    """Writes labels beside points without one overlapping another; returns how many.

    The axes' limits must stand, and must not change afterwards.

    Args:
        drawing: the figure.
        axes: the axes.
        texts: the labels, as they are drawn.
        points: float array, shape `(texts, 2)`, in the axes' units.
        order: the labels wanted, the most important first.
        must: labels that are moved away from their point rather than left out.
        strong: labels in bold.
        left: labels that would rather stand left of their point than right.
        font: size in points.
    """
    drawing.canvas.draw()  # the layout of the figure must stand before labels are measured
    drawing.set_layout_engine("none")
    box = axes.get_window_extent()
    corner = np.array([box.x0, box.y0])
    pixels = axes.transData.transform(points) - corner
    sizes = _measured(drawing, axes, texts, order, strong, font)
    wide = frozenset(strong)
    placed = place_labels(pixels, sizes, order, (box.width, box.height), must, wide, left)
    to_data = axes.transData.inverted().transform
    for label in placed:
        index, at = label.index, corner + np.array([label.x + 1, label.y + 1])
        _text(axes, texts[index], to_data(at), font, index in strong)
        if label.far:
            middle = to_data(corner + np.array([label.x, label.y]) + sizes[index] / 2)
            ends = zip(middle, points[index], strict=True)
            axes.plot(*ends, color=FAINT, linewidth=0.6, zorder=0)
    return len(placed)


def _measured(
    drawing: Any,
    axes: Any,
    texts: Sequence[str],
    order: Sequence[int],
    strong: Collection[int],
    font: float,
) -> np.ndarray:
    """Returns each label's width and height in pixels, float array of shape `(texts, 2)`."""
    renderer = drawing.canvas.get_renderer()
    sizes = np.zeros((len(texts), 2))
    for index in order:
        artist = _text(axes, texts[index], (0, 0), font, index in strong)
        extent = artist.get_window_extent(renderer)
        sizes[index] = extent.width + 3, extent.height + 2
        artist.remove()
    return sizes


def _text(axes: Any, text: str, at: Any, font: float, bold: bool) -> Any:
    return axes.text(
        *at,
        text,
        fontsize=font + 2 * bold,
        fontweight="bold" if bold else "normal",
        ha="left",
        va="bottom",
        parse_math=False,  # a word may hold a dollar sign
    )
