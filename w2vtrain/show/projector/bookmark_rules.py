"""Whether the Projector's page can load a file of bookmarks, its saved views.

Source: TensorBoard 2.21, vz_projector/vz-projector.ts (`loadState`) and
vz-projector-projections-panel.ts (`restoreUIFromBookmark`).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from w2vtrain.show.projector.findings import Finding

# The page calls a method of each of these, and stops half-way where one is missing.
_NEEDED = ("pcaComponentDimensions", "tSNEPerplexity", "tSNELearningRate", "tSNEIteration")
_TABS = {
    "umap": lambda state: ["umap-0", "umap-1", *(["umap-2"] * bool(state.get("umapIs3d", True)))],
    "tsne": lambda state: ["tsne-0", "tsne-1", *(["tsne-2"] * bool(state.get("tSNEis3d", True)))],
    "pca": lambda state: [f"pca-{d}" for d in state["pcaComponentDimensions"]],
    "custom": lambda state: ["linear-x", "linear-y"],
}


def bookmark_findings(path: Path, points: int) -> Iterator[Finding]:
    """Yields what stands in the way of the bookmarks in a file, for a bundle of `points` points."""
    try:
        states = json.loads(path.read_bytes())
    except ValueError as error:
        yield Finding("refused", path.name, None, f"is not JSON: {error}.")
        return
    if not isinstance(states, list) or not all(isinstance(state, dict) for state in states):
        yield Finding("refused", path.name, None, "is not a list of saved views.")
        return
    for number, state in enumerate(states, start=1):
        for kind, message in _problems(state, points):
            label = f"bookmark {number} ({state.get('label', 'no label')!r})"
            yield Finding(kind, path.name, None, f"{label} {message}")  # type: ignore[arg-type]


def _problems(state: dict[str, Any], points: int) -> Iterator[tuple[str, str]]:
    missing = [name for name in _NEEDED if state.get(name) is None]
    if missing:
        yield "refused", f"lacks {', '.join(missing)}: the page stops when it is chosen."
        return
    tab = state.get("selectedProjection")
    if tab not in _TABS:
        yield "refused", f"has the projection {tab!r}; the page knows {', '.join(_TABS)}."
        return
    projections = state.get("projections")
    if not isinstance(projections, list):
        yield "refused", "has no list of projections: the page stops when it is chosen."
        return
    if len(projections) > points:
        yield (
            "refused",
            f"places {len(projections):,} points, there are {points:,}: the page stops.",
        )
    elif len(projections) < points:
        yield "dropped", f"places {len(projections):,} of {points:,} points; the rest vanish."
    keys = _TABS[tab](state)
    bare = sum(
        not all(isinstance(place.get(k), (int, float)) for k in keys) for place in projections
    )
    if bare:
        yield "dropped", f"has no {', '.join(keys)} for {bare:,} points: they vanish."
    if tab == "tsne":
        yield (
            "mangled",
            "opens the t-SNE tab, where the page starts t-SNE anew and moves the points.",
        )
