"""A map of words: a point each, and labels that do not overlap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.show.pictures.drawing import COLORS, MARKS, figure, shape_bidi, write_figure
from w2vtrain.show.pictures.labels import write_labels
from w2vtrain.show.pictures.layouts import Method, Progress, layout, no_progress
from w2vtrain.vectors.embeddings import Embeddings

_FEW = 120  # words that have room for larger marks and letters


@dataclass(frozen=True)
class WordMap:
    """Words with their places in the plane.

    Args:
        tokens: the words, the most important first.
        places: float32 array, shape `(tokens, 2)`.
        counts: int64 array, shape `(tokens,)`, or None where unknown.
        ranks: each word's row in all the vectors.
        method: how the places were found.
        groups: named rows that share a color and a mark, such as a word and its neighbors.
        highlighted: rows that stand out.
        all_labels: whether every word is labelled, or only where there is room.
    """

    tokens: tuple[str, ...]
    places: np.ndarray
    counts: np.ndarray | None
    ranks: tuple[int, ...]
    method: Method
    groups: Mapping[str, frozenset[int]] = field(default_factory=dict)
    highlighted: frozenset[int] = frozenset()
    all_labels: bool = False

    def with_places(self, places: np.ndarray) -> "WordMap":
        """Return the same words at other places."""
        return replace(self, places=places)


def map_of(
    embeddings: Embeddings,
    method: Method = "umap",
    top: int = 1000,
    words: Sequence[str] = (),
    highlight: Sequence[str] = (),
    neighbors_of: Sequence[str] = (),
    k: int = 15,
    seed: int = 1,
    progress: Progress = no_progress,
) -> WordMap:
    """Return a map of chosen words, of words and their neighbors, or of the most frequent.

    Args:
        embeddings: the vectors, most frequent first.
        method: how places are found, from the words on the map alone.
        top: how many of the most frequent words, where none are chosen.
        words: exactly these words, all labelled.
        highlight: words that stand out; they are added where they are not on the map.
        neighbors_of: words whose `k` nearest neighbors are shown with them, a color each.
        k: neighbors of each of these.
        seed: of the layout.
        progress: is called with what is being done.
    Raises:
        W2VError: an unknown word, or fewer than two words.
    """
    rows = embeddings.rows(words)
    named: dict[str, list[int]] = {}
    for word in neighbors_of:
        near = embeddings.rows(token for token, _ in embeddings.most_similar(word, k=k))
        named[word] = [embeddings.row(word), *near]
        rows += named[word]
    chosen = bool(rows)
    rows = rows or list(range(min(top, len(embeddings))))
    added = embeddings.rows([*highlight, *neighbors_of])
    rows = list(dict.fromkeys([*rows, *added]))
    if len(rows) < 2:
        raise W2VError(f"A map of {len(rows)} word shows nothing.", "Choose two words or more.")
    at = {row: place for place, row in enumerate(rows)}
    places = layout(embeddings.vectors[rows], method, seed, progress)
    return WordMap(
        tokens=tuple(embeddings.tokens[row] for row in rows),
        places=places,
        counts=None if embeddings.counts is None else embeddings.counts[rows],
        ranks=tuple(rows),
        method=method,
        groups={name: frozenset(at[row] for row in group) for name, group in named.items()},
        highlighted=frozenset(at[row] for row in added),
        all_labels=chosen,
    )


def draw_map(chart: WordMap, paths: Sequence[Path], title: str = "", size: float = 8.0) -> int:
    """Write the map to PNG or SVG files; return how many words have their label.

    Args:
        chart: the words and places.
        paths: the files.
        title: above the map.
        size: inches a side.
    """
    texts = [shape_bidi(token) for token in chart.tokens]
    with figure([*texts, title], size, size) as (drawing, axes):
        labelled = draw_on(axes, chart, texts, title)
        write_figure(drawing, paths)
    return labelled


def draw_on(
    axes: Any,
    chart: WordMap,
    texts: Sequence[str],
    title: str,
    extent: Sequence[np.ndarray] | None = None,
    legend: bool = True,
) -> int:
    """Draw the map on Matplotlib axes; return how many words have their label.

    Args:
        extent: the lowest and the highest place that must fit; by default the map's own.
        legend: name the groups, where there are several.
    """
    _frame(axes, extent or (chart.places.min(axis=0), chart.places.max(axis=0)), title)
    _points(axes, chart, legend)
    order = _order(chart)
    must = frozenset(order) if chart.all_labels else chart.highlighted
    font = 9.0 if len(chart.tokens) <= _FEW else 7.0
    return write_labels(axes, chart.places, texts, order, must, chart.highlighted, font)


def _order(chart: WordMap) -> list[int]:
    """Return the rows, highlighted ones first; with very many, only as many as could be read."""
    rest = (row for row in range(len(chart.tokens)) if row not in chart.highlighted)
    return [*sorted(chart.highlighted), *rest][:4000]


def _frame(axes: Any, extent: Sequence[np.ndarray], title: str) -> None:
    low, high = extent
    center, reach = (low + high) / 2, max(float((high - low).max()) / 2, 1e-9) * 1.08
    axes.set_xlim(center[0] - reach, center[0] + reach)
    axes.set_ylim(center[1] - reach, center[1] + reach)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(title, parse_math=False)


def _points(axes: Any, chart: WordMap, legend: bool) -> None:
    grouped = frozenset().union(*chart.groups.values())
    plain = [row for row in range(len(chart.tokens)) if row not in grouped]
    many = len(chart.tokens) > _FEW
    size = 12 if not many else 8 if len(chart.tokens) <= 1500 else 3
    color = "#999999" if many else COLORS[0]
    axes.scatter(*chart.places[plain].T, color=color, s=size, linewidths=0)
    for number, (name, rows) in enumerate(chart.groups.items()):
        axes.scatter(
            *chart.places[sorted(rows)].T,
            s=22,
            color=COLORS[number % len(COLORS)],
            marker=MARKS[number % len(MARKS)],
            label=shape_bidi(name),
        )
    if legend and len(chart.groups) > 1:
        names = axes.legend(  # below the map, where it hides no word
            loc="upper center", bbox_to_anchor=(0.5, 0), ncols=5, frameon=False, title="near to"
        )
        for text in names.get_texts():
            text.set_parse_math(False)
    if chart.highlighted:
        axes.scatter(
            *chart.places[sorted(chart.highlighted)].T,
            s=60,
            facecolors="none",
            edgecolors="black",
            linewidths=1.4,
        )
