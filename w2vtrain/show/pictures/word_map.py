"""A map of words: points colored by cluster, sized by frequency, and labels that do not overlap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.show.clusters import Clusters, find_clusters
from w2vtrain.show.pictures.drawing import (
    MARKS,
    THEMES,
    Theme,
    figure,
    shape_bidi,
    write_figure,
)
from w2vtrain.show.pictures.labels import Label, write_labels
from w2vtrain.show.pictures.layouts import Method, Progress, layout, no_progress
from w2vtrain.vectors.embeddings import Embeddings

CLUSTERS = 12
_FEW = 120  # words that have room for larger marks and letters
_MANY = 3000  # words that have room for dots only
_WIDTH = 10.0  # inches; the height follows the places
_MOST_LABELS = 4000  # with very many words, only as many labels as could be read are tried


@dataclass(frozen=True)
class WordMap:
    """Words with their places in the plane.

    Args:
        tokens: the words, the most important first.
        places: float32 array, shape `(tokens, 2)`.
        vectors: float32 array, shape `(tokens, dim)`: what the places were found from.
        counts: int64 array, shape `(tokens,)`, or None where unknown.
        ranks: each word's row in all the vectors.
        method: how the places were found.
        clusters: groups of similar words, or None.
        groups: named rows that share a color and a mark, such as a word and its neighbors.
        highlighted: rows that stand out.
        all_labels: whether every word is labeled, or only where there is room.
    """

    tokens: tuple[str, ...]
    places: np.ndarray
    vectors: np.ndarray
    counts: np.ndarray | None
    ranks: tuple[int, ...]
    method: Method
    clusters: Clusters | None = None
    groups: Mapping[str, frozenset[int]] = field(default_factory=dict)
    highlighted: frozenset[int] = frozenset()
    all_labels: bool = False

    def with_places(self, places: np.ndarray) -> "WordMap":
        """Return the same words at other places."""
        return replace(self, places=places)

    def weights(self) -> np.ndarray:
        """Return how frequent each word is from 0 to 1, float64 `(tokens,)`, on a log scale."""
        ranks = np.log(np.array(self.ranks) + 2.0)
        values = -ranks if self.counts is None else np.log(np.maximum(self.counts, 1))
        return (values - values.min()) / max(float(np.ptp(values)), 1e-9)


def map_of(
    embeddings: Embeddings,
    method: Method = "umap",
    top: int = 1000,
    words: Sequence[str] = (),
    highlight: Sequence[str] = (),
    neighbors_of: Sequence[str] = (),
    k: int = 15,
    clusters: int = 0,
    seed: int = 1,
    progress: Progress = no_progress,
) -> WordMap:
    """Return a map of chosen words, of words and their neighbors, or of the most frequent.

    Args:
        embeddings: the vectors, most frequent first.
        method: how places are found, from the words on the map alone.
        top: how many of the most frequent words, where none are chosen.
        words: exactly these words, all labeled.
        highlight: words that stand out; they are added where they are not on the map.
        neighbors_of: words whose `k` nearest neighbors are shown with them, a color each.
        k: neighbors of each of these.
        clusters: how many groups of similar words to color by; 0 for none.
        seed: of the layout and the clusters.
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
    vectors = embeddings.vectors[rows]
    tokens = tuple(embeddings.tokens[row] for row in rows)
    places = layout(vectors, method, seed, progress)
    units = embeddings.normalized[rows]
    return WordMap(
        tokens=tokens,
        places=places,
        vectors=vectors,
        counts=None if embeddings.counts is None else embeddings.counts[rows],
        ranks=tuple(rows),
        method=method,
        clusters=find_clusters(tokens, units, clusters, seed) if clusters else None,
        groups={name: frozenset(at[row] for row in group) for name, group in named.items()},
        highlighted=frozenset(at[row] for row in added),
        all_labels=chosen,
    )


def draw_map(
    chart: WordMap, paths: Sequence[Path], title: str = "", theme: Theme = THEMES["light"]
) -> int:
    """Write the map to PNG, SVG or PDF files; return how many words have their label.

    Args:
        chart: the words and places.
        paths: the files.
        title: above the map.
        theme: the colors.
    """
    texts = [shape_bidi(token) for token in chart.tokens]
    names = [] if chart.clusters is None else [shape_bidi(name) for name in chart.clusters.names]
    low, high = chart.places.min(axis=0), chart.places.max(axis=0)
    span = np.maximum(high - low, 1e-9)
    height = _WIDTH * float(np.clip(span[1] / span[0], 0.6, 1.1)) + 0.3 * bool(title)
    with figure([*texts, *names, title], _WIDTH, height, theme=theme) as (drawing, axes):
        labeled = draw_on(axes, chart, texts, title, (low, high), theme=theme)
        write_figure(drawing, paths)
    return labeled


def draw_on(
    axes: Any,
    chart: WordMap,
    texts: Sequence[str],
    title: str,
    extent: Sequence[np.ndarray],
    legend: bool = True,
    theme: Theme = THEMES["light"],
) -> int:
    """Draw the map on Matplotlib axes; return how many words have their label.

    Args:
        axes: the axes.
        chart: the words and places.
        texts: the words after `shape_bidi`.
        title: above the map.
        extent: the lowest and the highest place that must fit.
        legend: name the groups, where there are several.
        theme: the colors.
    """
    low, high = extent
    margin = 0.05 * np.maximum(high - low, 1e-9).max()
    axes.set_xlim(low[0] - margin, high[0] + margin)
    axes.set_ylim(low[1] - margin, high[1] + margin)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(title, parse_math=False, fontsize=14)
    _draw_points(axes, chart, theme)
    if chart.groups:
        _draw_groups(axes, chart, legend, theme)
    if chart.highlighted:
        places = chart.places[sorted(chart.highlighted)].T
        axes.scatter(*places, s=60, facecolors="none", edgecolors=theme.text, linewidths=1.4)
    names = _cluster_labels(chart, theme)
    words = _word_labels(chart, texts)
    written = write_labels(axes, [*names, *words], chart.places, theme=theme)
    return len(written) - len(names)


def _draw_points(axes: Any, chart: WordMap, theme: Theme) -> None:
    grouped = frozenset().union(*chart.groups.values())
    rows = np.array([row for row in range(len(chart.tokens)) if row not in grouped], np.int64)
    weights = chart.weights()[rows]
    small, large = (18.0, 60.0) if len(chart.tokens) <= _FEW else (5.0, 70.0)
    if len(chart.tokens) > _MANY:
        small, large = 1.5, 40.0
    colors: Any = theme.series[0] if len(chart.tokens) <= _FEW else theme.muted
    if chart.clusters is not None:
        palette = np.array(theme.clusters)
        colors = palette[chart.clusters.of_rows[rows] % len(palette)]
    axes.scatter(
        *chart.places[rows].T,
        s=small + (large - small) * weights**2,
        c=colors,
        alpha=0.8,
        linewidths=0,
    )


def _draw_groups(axes: Any, chart: WordMap, legend: bool, theme: Theme) -> None:
    for number, (name, rows) in enumerate(chart.groups.items()):
        axes.scatter(
            *chart.places[sorted(rows)].T,
            s=26,
            color=theme.series[number % len(theme.series)],
            marker=MARKS[number % len(MARKS)],
            label=shape_bidi(name),
        )
    if legend and len(chart.groups) > 1:
        names = axes.legend(  # below the map, where it hides no word
            loc="upper center", bbox_to_anchor=(0.5, 0), ncols=5, frameon=False, title="near to"
        )
        for text in names.get_texts():
            text.set_parse_math(False)


def _cluster_labels(chart: WordMap, theme: Theme) -> list[Label]:
    """Return a label for each cluster, at the place where most of it lies."""
    if chart.clusters is None:
        return []
    return [
        Label(
            shape_bidi(name),
            densest_place(chart.places[chart.clusters.members(cluster)]),
            size=12,
            is_title=True,
            bold=True,
            color=theme.clusters[cluster % len(theme.clusters)],
        )
        for cluster, name in enumerate(chart.clusters.names)
    ]


def densest_place(places: np.ndarray) -> np.ndarray:
    """Return the place whose nearer half of all the others is nearest, float array `(2,)`.

    Args:
        places: float array, shape `(points, 2)`; of very many, an evenly spaced part is looked at.
    """
    some = places[:: max(1, len(places) // 1000)]
    distances = np.linalg.norm(some[:, np.newaxis] - some[np.newaxis], axis=2)
    nearer = np.sort(distances, axis=1)[:, : max(1, len(some) // 2)]
    return some[nearer.mean(axis=1).argmin()]


def _word_labels(chart: WordMap, texts: Sequence[str]) -> list[Label]:
    """Return the words' labels, highlighted ones first."""
    weights = chart.weights()
    smallest = 8.5 if len(chart.tokens) <= _FEW else 6.5
    rest = (row for row in range(len(chart.tokens)) if row not in chart.highlighted)
    labels = []
    for row in [*sorted(chart.highlighted), *rest][:_MOST_LABELS]:
        bold = row in chart.highlighted
        size = smallest + 3 * float(weights[row]) ** 2 + 1.5 * bold
        required = chart.all_labels or bold
        labels.append(Label(texts[row], chart.places[row], size, required, bold=bold))
    return labels
