"""Write labels beside points so that none overlaps another label, a point or a line."""

import contextlib
import io
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from w2vtrain.show.pictures.drawing import FAINT, library

_NEAR = 0.02  # of the picture's width: how far a label may be from its point
_FAR = 0.25  # for labels that must be there
_CANDIDATES = 60  # places tried for a label
_SHORT_LINE = 9.0  # points: a label nearer than this needs no line to its point


def write_labels(
    axes: Any,
    points: np.ndarray,
    texts: Sequence[str],
    order: Sequence[int],
    required: Collection[int] = frozenset(),
    bold: Collection[int] = frozenset(),
    font: float = 9.0,
    lines: Sequence[np.ndarray] = (),
) -> int:
    """Write labels beside points where there is room; return how many.

    A label that is moved away from its point is joined to it by a line. The limits of the axes must
    be set before, and must not change afterwards.

    Args:
        axes: the Matplotlib axes.
        points: float array, shape `(points, 2)`, in the axes' units; labels avoid all of them.
        texts: a label for each point, after `shape_bidi`.
        order: the labels wanted, the most important first.
        required: labels that are moved away, or overlap, rather than being left out.
        bold: labels in larger and bold letters.
        font: size in points.
        lines: float arrays, shape `(2, 2)`: from where to where lines run that labels avoid.
    """
    axes.figure.draw_without_rendering()  # labels are measured in the final layout
    axes.figure.set_layout_engine("none")
    avoided = list(lines)
    number = 0
    for rows, must in (
        ([row for row in order if row in required], True),
        ([row for row in order if row not in required], False),
    ):
        if rows:
            written = _allocate(axes, points, texts, rows, must, bold, font, avoided)
            number += len(written)
            avoided += [edge for text in written for edge in _edges(axes, text)]
    return number


def _allocate(
    axes: Any,
    points: np.ndarray,
    texts: Sequence[str],
    rows: Sequence[int],
    must: bool,
    bold: Collection[int],
    font: float,
    lines: Sequence[np.ndarray],
) -> list[Any]:
    """Write the labels of some rows; return the Matplotlib texts that were written."""
    textalloc = library("textalloc", "A picture with labels")
    ends = np.array(lines).reshape(-1, 2, 2)  # (lines, start and end, x and y)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints where nothing finds room
        _, _, written, connectors = textalloc.allocate(
            axes,
            *points[list(rows)].T,
            [texts[row] for row in rows],
            x_scatter=points[:, 0],
            y_scatter=points[:, 1],
            x_lines=list(ends[:, :, 0]) if len(ends) else None,
            y_lines=list(ends[:, :, 1]) if len(ends) else None,
            textsize=[font + 2 * (row in bold) for row in rows],
            fontweight=["bold" if row in bold else "normal" for row in rows],
            margin=0.003,
            min_distance=0.005,
            max_distance=_FAR if must else _NEAR,
            avoid_label_lines_overlap=True,
            nbr_candidates=_CANDIDATES * (5 if must else 1),
            draw_all=must,
            linecolor=FAINT,
            linewidth=0.6,
            va="bottom",
            parse_math=False,  # a word may hold a dollar sign
        )
    for line in connectors:
        if line is not None and _length(axes, line) < _SHORT_LINE:
            line.remove()
    return [text for text in written if text is not None]


def _length(axes: Any, line: Any) -> float:
    """Return the length in points of a straight line on the axes."""
    start, end = axes.transData.transform(line.get_xydata())
    return float(np.linalg.norm(end - start)) * 72 / axes.figure.dpi


def _edges(axes: Any, text: Any) -> list[np.ndarray]:
    """Return the four sides and a diagonal of a text, in the axes' units."""
    box = text.get_window_extent().transformed(axes.transData.inverted())
    corners = [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]
    return [np.array([corners[a], corners[b]]) for a, b in ((0, 1), (1, 2), (2, 3), (3, 0), (0, 2))]
