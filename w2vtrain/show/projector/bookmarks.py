"""Saved views for the Projector's page, with a place for every point.

The page computes t-SNE for 10,000 points and UMAP for 5,000, and takes long for them. But a saved
view (a bookmark) carries the places themselves: a layout of any size, computed beforehand, is there
at a click. Seen in TensorBoard 2.21 with 100,000 points.

A view that opens the page's own t-SNE tab starts t-SNE anew and moves the points, so the views use
the UMAP tab, which shows what it was given, and for others the tab CUSTOM, which does too.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.show.pictures.layouts import METHOD_NAMES, fit_square

_DIGITS = 4  # of a coordinate between -1 and 1: finer than a pixel
_UMAP_TAB = ("umap", "umap-0", "umap-1")
_OTHER_TAB = ("custom", "linear-x", "linear-y")
_INPUTS = ("customXLeft", "customXRight", "customYUp", "customYDown")
_SETTINGS: dict[str, Any] = {  # the page stops half-way where one of these is missing
    "isSelected": False,
    "tSNEIteration": 0,
    "tSNEPerplexity": 30,
    "tSNELearningRate": 1,
    "tSNEis3d": False,
    "umapIs3d": False,
    "umapNeighbors": 15,
    "umapMinDist": 0.1,
    "pcaComponentDimensions": [0, 1, 2],
    "filteredPoints": None,
    "selectedPoints": [],
    "cameraDef": {"orthographic": True, "position": [0, 0, 10], "target": [0, 0, 0], "zoom": 1.0},
    "forceCategoricalColoring": False,
    **{f"{name}Text": "" for name in _INPUTS},
    **{f"{name}Regex": False for name in _INPUTS},
}


def write_bookmarks(
    path: Path,
    layouts: Mapping[str, np.ndarray],
    dim: int,
    label_column: str = "token",
    color_column: str | None = None,
) -> None:
    """Write one saved view for each layout.

    Args:
        path: the JSON file.
        layouts: by method name, float arrays of shape `(points, 2)`.
        dim: numbers in a vector.
        label_column: the metadata column that points are labeled by.
        color_column: the column that they are colored by; None for one color.
    """
    states = []
    for method, places in layouts.items():
        tab, x, y = _UMAP_TAB if method == "umap" else _OTHER_TAB
        rounded = np.round(fit_square(places), _DIGITS).tolist()
        states.append(
            {
                **_SETTINGS,
                "label": f"{METHOD_NAMES.get(method, method)} of all {len(places):,} points",
                "selectedProjection": tab,
                "dataSetDimensions": [len(places), dim],
                "customSelectedSearchByMetadataOption": label_column,
                "projections": [{x: right, y: up} for right, up in rounded],
                "selectedColorOptionName": color_column or "No color map",
                "selectedLabelOption": label_column,
            }
        )
    path.write_text(json.dumps(states, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")
