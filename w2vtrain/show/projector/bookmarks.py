"""Saved views for the Projector's page, with a place for every point.

The page computes t-SNE for 10,000 points and UMAP for 5,000, and takes long for them. But a saved
view (a bookmark) carries the places themselves: so a layout of any size, computed beforehand, is
there at a click. Seen in TensorBoard 2.21 with 100,000 points.

A view that opens the page's own t-SNE tab starts t-SNE anew and moves the points, so the views use
the UMAP tab, which shows what it was given, and for others the tab CUSTOM, which does too.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_DIGITS = 4  # of a coordinate between -1 and 1: finer than a pixel
_TABS = {"umap": ("umap", "umap-0", "umap-1")}
_OTHER_TAB = ("custom", "linear-x", "linear-y")
_INPUTS = ("customXLeft", "customXRight", "customYUp", "customYDown")


def write_bookmarks(
    path: Path,
    layouts: Mapping[str, np.ndarray],
    dim: int,
    label_column: str = "token",
    colour_column: str | None = None,
) -> None:
    """Writes one view for each layout.

    Args:
        path: the JSON file.
        layouts: by method name, float arrays of shape `(points, 2)`.
        dim: numbers in a vector.
        label_column: the metadata column that points are labelled by.
        colour_column: the column that they are coloured by; None for one colour.
    """
    states = [
        _state(method, places, dim, label_column, colour_column)
        for method, places in layouts.items()
    ]
    path.write_text(json.dumps(states, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")


def _state(
    method: str, places: np.ndarray, dim: int, label_column: str, colour_column: str | None
) -> dict[str, Any]:
    tab, x_key, y_key = _TABS.get(method, _OTHER_TAB)
    state: dict[str, Any] = {
        "label": f"{NAMES.get(method, method)} of all {len(places):,} points",
        "isSelected": False,
        "selectedProjection": tab,
        "dataSetDimensions": [len(places), dim],
        "tSNEIteration": 0,
        "tSNEPerplexity": 30,
        "tSNELearningRate": 1,
        "tSNEis3d": False,
        "umapIs3d": False,
        "umapNeighbors": 15,
        "umapMinDist": 0.1,
        "pcaComponentDimensions": [0, 1, 2],
        "customSelectedSearchByMetadataOption": label_column,
        "projections": [
            {x_key: x, y_key: y} for x, y in np.round(_centred(places), _DIGITS).tolist()
        ],
        "filteredPoints": None,
        "selectedPoints": [],
        "cameraDef": {
            "orthographic": True,
            "position": [0, 0, 10],
            "target": [0, 0, 0],
            "zoom": 1.0,
        },
        "selectedColorOptionName": colour_column or "No color map",
        "forceCategoricalColoring": False,
        "selectedLabelOption": label_column,
    }
    for name in _INPUTS:
        state[f"{name}Text"] = ""
        state[f"{name}Regex"] = False
    return state


NAMES = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA", "vectors": "The vectors"}


def _centred(places: np.ndarray) -> np.ndarray:
    """Returns the places moved and scaled alike on both axes to fit -1 to 1."""
    low, high = places.min(axis=0), places.max(axis=0)
    scale = max(float((high - low).max()) / 2, 1e-30)
    return (places.astype(np.float64) - (low + high) / 2) / scale
