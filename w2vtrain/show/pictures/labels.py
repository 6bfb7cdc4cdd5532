"""Write labels beside points so that none overlaps another label, a point or a line."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2vtrain.show.pictures.drawing import THEMES, Theme, library

_NEAR = 14.0  # points: how far a label may be from its place
_TITLE = 50.0  # for titles
_FAR = 130.0  # for labels that must be there
_GAP = 4.0  # from a label to its own point, at least
_MARGIN = 1.5  # to the middle of other points, to labels and lines
_CANDIDATES = 60  # places tried for a label
_SHORT_LINE = 9.0  # points: a label nearer than this needs no line to its point
_HALO = 2.5  # points of background around a label, where lines or points come near


@dataclass(frozen=True)
class Label:
    """A text that belongs to a place.

    Args:
        text: after `shape_bidi`.
        place: float array, shape `(2,)`, in the axes' units.
        size: of the letters, in points.
        required: moved away, or over points, rather than left out.
        is_title: names an area rather than a point: is required, and no line leads to its place.
        bold: in bold letters.
        color: by default that of the theme's text.
    """

    text: str
    place: np.ndarray
    size: float = 9.0
    required: bool = False
    is_title: bool = False
    bold: bool = False
    color: str | None = None


def write_labels(
    axes: Any,
    labels: Sequence[Label],
    points: np.ndarray,
    lines: Sequence[np.ndarray] = (),
    theme: Theme = THEMES["light"],
) -> list[str]:
    """Write the labels that find room; return their texts.

    A label that is moved away from its place is joined to it by a line. The limits of the axes must
    be set before, and must not change afterwards.

    Args:
        axes: the Matplotlib axes.
        labels: the most important first; titles and required ones are placed before all others.
        points: float array, shape `(points, 2)`, in the axes' units: what labels do not cover.
        lines: float arrays, shape `(2, 2)`: from where to where lines run that labels do not cross.
        theme: the picture's colors.
    """
    axes.figure.draw_without_rendering()  # labels are measured in the final layout
    axes.figure.set_layout_engine("none")
    avoided = list(lines)
    written = []
    titles = [label for label in labels if label.is_title]
    required = [label for label in labels if label.required and not label.is_title]
    wanted = [label for label in labels if not (label.required or label.is_title)]
    for chosen, reach in ((titles, _TITLE), (required, _FAR), (wanted, _NEAR)):
        for last_try in (False, True) if reach > _NEAR else (False,):
            texts = _allocate(axes, chosen, points, avoided, theme, reach, last_try)
            written += [text.get_text() for text in texts if text is not None]
            avoided += [edge for text in texts if text is not None for edge in _edges(axes, text)]
            chosen = [label for label, text in zip(chosen, texts, strict=True) if text is None]
    return written


def _allocate(
    axes: Any,
    labels: Sequence[Label],
    points: np.ndarray,
    lines: Sequence[np.ndarray],
    theme: Theme,
    reach: float,
    last_try: bool,
) -> list[Any]:
    """Write some labels; return their Matplotlib texts, None for a label that finds no room.

    Args:
        reach: how far a label may be from its place, in points.
        last_try: rather than leaving one out, let the labels' own lines run under others, and
            labels lie over points.
    """
    if not labels:
        return []
    textalloc = library("textalloc", "A picture with labels")
    width = axes.get_window_extent().width * 72 / axes.figure.dpi  # of the axes, in points
    effects = library("matplotlib.patheffects", "A picture with labels")
    ends = np.array(lines).reshape(-1, 2, 2)  # (lines, start and end, x and y)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints where nothing finds room
        _, _, written, connectors = textalloc.allocate(
            axes,
            [label.place[0] for label in labels],
            [label.place[1] for label in labels],
            [label.text for label in labels],
            x_scatter=points[:, 0],
            y_scatter=points[:, 1],
            x_lines=list(ends[:, :, 0]) if len(ends) else None,
            y_lines=list(ends[:, :, 1]) if len(ends) else None,
            textsize=[label.size for label in labels],
            fontweight=["bold" if label.bold else "normal" for label in labels],
            textcolor=[label.color or theme.text for label in labels],
            margin=_MARGIN / width,
            min_distance=_GAP / width,
            max_distance=reach / width,
            avoid_label_lines_overlap=not last_try,
            nbr_candidates=_CANDIDATES * (12 if reach > _NEAR else 1),
            draw_all=last_try,
            linecolor=theme.faint,
            draw_lines=reach != _TITLE,
            linewidth=0.6,
            va="bottom",
            parse_math=False,  # a word may hold a dollar sign
            path_effects=[effects.withStroke(linewidth=_HALO, foreground=theme.background)],
        )
    for line in connectors:
        if line is not None and _length(axes, line) < _SHORT_LINE:
            line.remove()
    return list(written)


def _length(axes: Any, line: Any) -> float:
    """Return the length in points of a straight line on the axes."""
    start, end = axes.transData.transform(line.get_xydata())
    return float(np.linalg.norm(end - start)) * 72 / axes.figure.dpi


def _edges(axes: Any, text: Any) -> list[np.ndarray]:
    """Return the four sides and a diagonal of a text, in the axes' units."""
    box = text.get_window_extent().transformed(axes.transData.inverted())
    corners = [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]
    return [np.array([corners[a], corners[b]]) for a, b in ((0, 1), (1, 2), (2, 3), (3, 0), (0, 2))]
