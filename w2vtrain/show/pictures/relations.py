"""How words relate: cosines as a heat map, pairs as arrows, places on a direction as points."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.analysis.bias import Projection
from w2vtrain.errors import W2VError
from w2vtrain.show.pictures.drawing import MARKS, THEMES, Theme, figure, shape_bidi, write_figure
from w2vtrain.show.pictures.labels import Label, write_labels
from w2vtrain.vectors.embeddings import Embeddings

_WITH_NUMBERS = 16  # up to so many words each cell shows its cosine


def clustered_cosines(
    embeddings: Embeddings, words: Sequence[str]
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return the words in the order of a clustering, their cosines, and the clustering itself.

    Average linkage over 1 - cosine, leaves in the order that keeps similar ones together.

    Returns:
        the words; float32 array, shape `(words, words)`; SciPy's linkage matrix over the words as
        they were given.
    Raises:
        W2VError: fewer than two words, or an unknown one.
    """
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    words = list(dict.fromkeys(words))
    rows = embeddings.rows(words)
    if len(rows) < 2:
        raise W2VError("A heat map of one word shows nothing.", "Give two words or more.")
    units = np.array([embeddings.unit(word) for word in words])
    cosines = np.clip(units @ units.T, -1, 1)
    distances = squareform(1 - cosines, checks=False)
    tree = hierarchy.linkage(distances, "average", optimal_ordering=len(words) <= 500)
    order = hierarchy.leaves_list(tree)
    return [words[i] for i in order], cosines[np.ix_(order, order)], tree


def draw_heat_map(
    embeddings: Embeddings,
    words: Sequence[str],
    paths: Sequence[Path],
    title: str = "",
    theme: Theme = THEMES["light"],
) -> list[str]:
    """Write the clustered heat map to PNG, SVG or PDF files; return the words in its order."""
    from scipy.cluster import hierarchy

    names, cosines, tree = clustered_cosines(embeddings, words)
    texts = [shape_bidi(name) for name in names]
    side = min(14.0, 3.5 + 0.32 * len(names))
    grid = {"width_ratios": (1, 6)}
    with figure([*texts, title], side * 7 / 6, side, columns=2, theme=theme, gridspec_kw=grid) as (
        fig,
        axes,
    ):
        branches, cells = axes
        hierarchy.dendrogram(
            tree, orientation="left", ax=branches, no_labels=True, color_threshold=0,
            above_threshold_color=theme.muted,
        )  # fmt: skip
        branches.invert_yaxis()
        branches.axis("off")
        # cividis grows lighter evenly: the same in gray, and to color-blind eyes.
        image = cells.imshow(cosines, cmap="cividis", vmin=min(0, cosines.min()), vmax=1)
        font = 9 if len(names) <= 40 else 6
        cells.set_xticks(range(len(names)), texts, rotation=90, fontsize=font, parse_math=False)
        cells.set_yticks(range(len(names)), texts, fontsize=font, parse_math=False)
        cells.yaxis.tick_right()
        for spine in cells.spines.values():
            spine.set_visible(False)
        if len(names) <= _WITH_NUMBERS:
            _write_cosines(cells, cosines)
        fig.colorbar(image, ax=cells, location="bottom", shrink=0.5, label="cosine")
        cells.set_title(title, parse_math=False)
        write_figure(fig, paths)
    return names


def _write_cosines(cells: Any, cosines: np.ndarray) -> None:
    middle = (cosines.min() + 1) / 2
    for (row, column), value in np.ndenumerate(cosines):
        cells.text(
            column,
            row,
            f"{value:.2f}".replace("0.", ".").replace("1.00", "1"),
            ha="center",
            va="center",
            fontsize=7,
            color="black" if value > middle else "white",
        )


@dataclass(frozen=True)
class Relation:
    """Pairs in the plane.

    Args:
        pairs: the words.
        starts, ends: float32 arrays, shape `(pairs, 2)`: where each pair's words are. The first
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
    """Return the plane of the pairs' mean offset, from vectors of length 1.

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


def draw_relation(
    found: Relation, paths: Sequence[Path], title: str = "", theme: Theme = THEMES["light"]
) -> None:
    """Write the arrows to PNG, SVG or PDF files."""
    words = [word for pair in found.pairs for word in pair]
    texts = [shape_bidi(word) for word in words]
    points = np.stack([found.starts, found.ends], axis=1).reshape(-1, 2)
    with figure([*texts, title], 8, 7, theme=theme) as (drawing, axes):
        axes.scatter(*found.starts.T, color=theme.series[0], marker=MARKS[0], s=24, zorder=3)
        axes.scatter(*found.ends.T, color=theme.series[1], marker=MARKS[1], s=24, zorder=3)
        for start, end in zip(found.starts, found.ends, strict=True):
            arrow = {"arrowstyle": "->", "color": theme.muted, "shrinkA": 4, "shrinkB": 4}
            axes.annotate("", end, start, arrowprops=arrow)
        axes.margins(0.12)
        axes.set_xlabel("mean offset of the pairs")
        axes.set_ylabel("where the pairs differ most otherwise")
        mean = float(found.agreement.mean())
        about = f"cosine of a pair's offset with that of the others: {mean:.2f} on average"
        axes.set_title(f"{title}\n{about}" if title else about, fontsize=10, parse_math=False)
        arrows = [points[2 * pair : 2 * pair + 2] for pair in range(len(found.pairs))]
        labels = [Label(*label, required=True) for label in zip(texts, points, strict=True)]
        write_labels(axes, labels, points, arrows, theme)
        write_figure(drawing, paths)


def draw_projections(results: Sequence[Projection], paths: Sequence[Path]) -> None:
    """Draw the projections of words, one panel a direction, into PNG or SVG files."""
    theme = THEMES["light"]
    titles = [
        f"{shape_bidi(r.pairs[0][1])}  ←  {r.name}  →  {shape_bidi(r.pairs[0][0])}" for r in results
    ]
    texts = [shape_bidi(word.token) for r in results for word in r.words]
    rows = max(len(r.words) for r in results)
    width, height = 5.0 * len(results), 1.2 + 0.25 * rows
    with figure([*texts, *titles], width, height, columns=len(results), squeeze=False) as (
        fig,
        panels,
    ):
        for axes, result, title in zip(panels[0], results, titles, strict=True):
            axes.axvline(0, color=theme.faint, linewidth=1)
            for place, word in enumerate(result.words):
                low, high = word.value.low, word.value.high
                if low is not None and high is not None:
                    axes.plot([low, high], [place, place], color=theme.faint, linewidth=3)
                axes.plot(word.value.value, place, "o", color=theme.series[0])
            names = [shape_bidi(word.token) for word in result.words]
            axes.set_yticks(range(len(names)), names, parse_math=False)
            axes.set_xlabel("cosine with the direction")
            axes.set_title(title, parse_math=False, fontsize=10)
        write_figure(fig, paths)
