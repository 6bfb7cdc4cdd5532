"""Cosines between some words as a heat map, like words beside one another."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.show.pictures.canvas import figure, write
from w2vtrain.show.pictures.fonts import drawn
from w2vtrain.vectors.embeddings import Embeddings

_WITH_NUMBERS = 16  # up to so many words each cell shows its cosine


def clustered_cosines(
    embeddings: Embeddings, words: Sequence[str]
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Returns the words in the order of a clustering, their cosines, and the clustering itself.

    Average linkage over 1 - cosine, leaves in the order that keeps like ones together.

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
    embeddings: Embeddings, words: Sequence[str], paths: Sequence[Path], title: str = ""
) -> list[str]:
    """Writes the clustered heat map to PNG or SVG files; returns the words in its order."""
    from scipy.cluster import hierarchy

    names, cosines, tree = clustered_cosines(embeddings, words)
    texts = [drawn(name) for name in names]
    side = min(14.0, 3.5 + 0.32 * len(names))
    grid = {"width_ratios": (1, 6)}
    with figure([*texts, title], side * 7 / 6, side, columns=2, gridspec_kw=grid) as (fig, axes):
        branches, cells = axes
        hierarchy.dendrogram(
            tree, orientation="left", ax=branches, no_labels=True, color_threshold=0,
            above_threshold_color="#444444",
        )  # fmt: skip
        branches.invert_yaxis()
        branches.axis("off")
        # cividis grows lighter evenly: the same in grey, and to colour-blind eyes.
        image = cells.imshow(cosines, cmap="cividis", vmin=min(0, cosines.min()), vmax=1)
        font = 9 if len(names) <= 40 else 6
        cells.set_xticks(range(len(names)), texts, rotation=90, fontsize=font, parse_math=False)
        cells.set_yticks(range(len(names)), texts, fontsize=font, parse_math=False)
        cells.yaxis.tick_right()
        for spine in cells.spines.values():
            spine.set_visible(False)
        if len(names) <= _WITH_NUMBERS:
            _numbers(cells, cosines)
        fig.colorbar(image, ax=cells, location="bottom", shrink=0.5, label="cosine")
        cells.set_title(title, parse_math=False)
        write(fig, paths)
    return names


def _numbers(cells: object, cosines: np.ndarray) -> None:
    middle = (cosines.min() + 1) / 2
    for (row, column), value in np.ndenumerate(cosines):
        cells.text(  # type: ignore[attr-defined]
            column,
            row,
            f"{value:.2f}".replace("0.", ".").replace("1.00", "1"),
            ha="center",
            va="center",
            fontsize=7,
            color="black" if value > middle else "white",
        )
