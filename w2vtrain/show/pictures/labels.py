"""Labels beside points so that no two overlap: the important first, the rest where room is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Where a label may stand about its point, the best first: right, left, above, below, the corners.
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_CELL = 32.0  # pixels of the grid that finds neighbours fast


@dataclass(frozen=True)
class Placed:
    """A label's place.

    Args:
        index: of the point.
        x, y: the lower left corner, in pixels.
        far: whether it stands away from its point, and needs a line to it.
    """

    index: int
    x: float
    y: float
    far: bool


def place_labels(
    points: np.ndarray,
    sizes: np.ndarray,
    order: Sequence[int],
    frame: tuple[float, float],
    must: frozenset[int] = frozenset(),
    wide: frozenset[int] = frozenset(),
    left: frozenset[int] = frozenset(),
    gap: float = 5.0,
) -> list[Placed]:
    """Returns places for as many labels as fit without touching one another.

    Args:
        points: float array, shape `(points, 2)`: pixels from the lower left corner.
        sizes: float array, shape `(points, 2)`: width and height of each label, in pixels.
        order: the points whose labels are wanted, the most important first.
        frame: width and height of the picture; labels stay within it.
        must: points whose labels are moved further away rather than left out.
        wide: points with a larger mark, whose labels keep twice the distance.
        left: labels that would rather stand left of their point than right.
        gap: pixels between a point and its label.
    """
    taken = _Taken()
    for point in points[list(order)]:
        taken.add(point[0] - 1, point[1] - 1, point[0] + 1, point[1] + 1, is_point=True)
    placed = []
    for index in order:
        rings = (1, 2.5, 4.5, 7, 10, 14, 19, 25) if index in must else (1,)
        turned = -1 if index in left else 1
        directions = [(turned * right, up) for right, up in _DIRECTIONS]
        reach = gap * (1 + (index in wide))
        spot = _free_spot(points[index], sizes[index], taken, frame, reach, rings, directions)
        if spot is not None:
            x, y, ring = spot
            taken.add(x, y, x + sizes[index][0], y + sizes[index][1])
            placed.append(Placed(index, x, y, ring > 1))
    return placed


def _free_spot(
    point: np.ndarray,
    size: np.ndarray,
    taken: "_Taken",
    frame: tuple[float, float],
    gap: float,
    rings: Sequence[float],
    directions: Sequence[tuple[int, int]],
) -> tuple[float, float, float] | None:
    width, height = size
    for ring in rings:
        free = []
        for rank, (right, up) in enumerate(directions):
            reach = gap * ring * (0.7 if right and up else 1)
            x = point[0] + right * reach + (right - 1) * width / 2
            y = point[1] + up * reach + (up - 1) * height / 2
            inside = min(x, y) >= 0 and x + width <= frame[0] and y + height <= frame[1]
            if inside and not taken.hits(x, y, x + width, y + height):
                covered = taken.points_in(x, y, x + width, y + height)
                free.append((covered, rank, x, y))
        if free:
            _, _, x, y = min(free)
            return x, y, ring
    return None


class _Taken:
    """Boxes that are taken, found by the cells of a grid that they touch."""

    def __init__(self) -> None:
        self._boxes: dict[tuple[int, int], list[tuple[float, float, float, float]]] = {}
        self._points: dict[tuple[int, int], list[tuple[float, float, float, float]]] = {}

    def add(self, x0: float, y0: float, x1: float, y1: float, is_point: bool = False) -> None:
        table = self._points if is_point else self._boxes
        for cell in _cells(x0, y0, x1, y1):
            table.setdefault(cell, []).append((x0, y0, x1, y1))

    def hits(self, x0: float, y0: float, x1: float, y1: float) -> bool:
        return any(
            x0 < b[2] and b[0] < x1 and y0 < b[3] and b[1] < y1
            for cell in _cells(x0, y0, x1, y1)
            for b in self._boxes.get(cell, ())
        )

    def points_in(self, x0: float, y0: float, x1: float, y1: float) -> int:
        return sum(
            x0 < b[2] and b[0] < x1 and y0 < b[3] and b[1] < y1
            for cell in _cells(x0, y0, x1, y1)
            for b in self._points.get(cell, ())
        )


def _cells(x0: float, y0: float, x1: float, y1: float) -> list[tuple[int, int]]:
    columns = range(int(x0 // _CELL), int(x1 // _CELL) + 1)
    rows = range(int(y0 // _CELL), int(y1 // _CELL) + 1)
    return [(column, row) for column in columns for row in rows]
