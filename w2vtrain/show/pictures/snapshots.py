"""The same words before, during and after a training: what it does to the space."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import translated_os_errors
from w2vtrain.run.stage import read_manifest, reads
from w2vtrain.show.pictures.drawing import (
    THEMES,
    Theme,
    figure,
    library,
    shape_bidi,
    write_figure,
)
from w2vtrain.show.pictures.layouts import Method, Progress, layout, principal_axes
from w2vtrain.show.pictures.word_map import WordMap, draw_on
from w2vtrain.vectors import search

_TWEENS = 6  # pictures of the animation from one snapshot to the next, at most
_PICTURES = 60  # of the whole animation; more only where there are more snapshots
_MILLISECONDS = 110
_HOLD = 1500  # milliseconds that the last picture is shown


@dataclass(frozen=True)
class Snapshots:
    """The vectors of a run at some epochs.

    Args:
        epochs: how many epochs had ended; 0 is before the training.
        tables: float32 arrays, shape `(tokens, dim)` each, memory-mapped.
    """

    epochs: tuple[int, ...]
    tables: tuple[np.ndarray, ...]


@reads("model")
def read_snapshots(run: Path) -> Snapshots:
    """Return what `w2v train --snapshots` kept of a run.

    Raises:
        W2VError: the run was trained without, or a file is damaged.
    """
    directory = RunDirectory(run)
    read_manifest(directory.model, made_by=f"w2v train {run} --snapshots")
    paths = sorted(directory.snapshots.glob("epoch-*.npy"))
    if len(paths) < 2:
        raise W2VError(
            f"{run} holds {len(paths)} snapshots of its training.",
            f"Train it with them: w2v train {run} --snapshots --force.",
        )
    try:
        tables = tuple(np.load(path, mmap_mode="r") for path in paths)
        epochs = tuple(int(path.stem.removeprefix("epoch-")) for path in paths)
    except (OSError, ValueError) as error:
        raise W2VError(f"A snapshot in {directory.snapshots} cannot be read: {error}") from None
    return Snapshots(epochs, tables)


def places_over_time(
    snapshots: Snapshots,
    rows: Sequence[int],
    method: Method,
    seed: int,
    progress: Progress,
) -> np.ndarray:
    """Return where words are at each snapshot, in one plane, so that the places can be compared.

    With `pca` the plane is that of the last snapshot, in which all are seen; with `tsne` and `umap`
    the words of all snapshots are laid out together; `vectors` are as they are.

    Returns:
        float32 array, shape `(snapshots, rows, 2)`.
    """
    tables = np.stack([table[list(rows)] for table in snapshots.tables])  # (times, rows, dim)
    times, number, dim = tables.shape
    if method != "pca":
        flat = layout(tables.reshape(-1, dim), method, seed, progress)
        return flat.reshape(times, number, 2)
    units = search.unit_rows(tables.reshape(-1, dim)).reshape(times, number, dim)
    mean, axes = principal_axes(units[-1])
    return (units - mean) @ axes


def draw_side_by_side(
    chart: WordMap,
    places: np.ndarray,
    epochs: Sequence[int],
    paths: Sequence[Path],
    panels: int = 3,
    theme: Theme = THEMES["light"],
    own_scale: bool = False,
) -> None:
    """Write maps of some snapshots beside one another: the first, the last, and some between.

    A word very far from the others is drawn at the edge, which leaves room for the others.

    Args:
        chart: the words.
        places: float32 array, shape `(snapshots, words, 2)`.
        epochs: of the snapshots.
        paths: PNG, SVG or PDF files.
        panels: how many maps.
        own_scale: scale each map by itself: vectors of two numbers grow as they are trained.
    """
    times = np.unique(np.linspace(0, len(epochs) - 1, min(panels, len(epochs))).round().astype(int))
    texts = [shape_bidi(token) for token in chart.tokens]
    with figure(texts, 5 * len(times), 5.4, columns=len(times), theme=theme, squeeze=False) as (
        drawing,
        axes,
    ):
        for panel in axes[0]:  # the figure is laid out once, with all it will hold
            panel.set_title(_epoch(epochs[-1]))
            panel.set_axis_off()
        for time, panel in zip(times, axes[0], strict=True):
            title = _epoch(epochs[time])
            reach = _reach(places[time] if own_scale else places[times].reshape(-1, 2))
            now = chart.with_places(places[time].clip(*reach))
            draw_on(panel, now, texts, title, reach, time == 0, theme)
        write_figure(drawing, paths, dpi=150)


def _reach(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of what is shown: all points but those far outside the others."""
    low, high = np.quantile(points, [0.05, 0.95], axis=0)
    room = (high - low) / 2
    return np.maximum(points.min(axis=0), low - room), np.minimum(points.max(axis=0), high + room)


def draw_animation(
    chart: WordMap,
    places: np.ndarray,
    epochs: Sequence[int],
    path: Path,
    progress: Progress,
    theme: Theme = THEMES["light"],
) -> None:
    """Write an animated GIF in which the words move from snapshot to snapshot.

    Raises:
        W2VError: the file's name does not end in .gif, or it cannot be written.
    """
    if path.suffix.lower() != ".gif":
        raise W2VError(f"{path} ends in {path.suffix!r}.", "Give a name that ends in .gif.")
    texts = [shape_bidi(token) for token in chart.tokens]
    reach = [places.min(axis=(0, 1)), places.max(axis=(0, 1))]
    tweens = min(_TWEENS, max(1, _PICTURES // (len(epochs) - 1)))
    total = (len(epochs) - 1) * tweens + 1
    frames: list[Any] = []
    for number in range(total):
        time, tween = divmod(number, tweens)
        share = (1 - np.cos(np.pi * tween / tweens)) / 2  # slow at both ends
        at = places[time] if not tween else places[time] * (1 - share) + places[time + 1] * share
        with figure(texts, 5, 5.3, theme=theme) as (drawing, axes):
            draw_on(axes, chart.with_places(at), texts, _epoch(epochs[time]), reach, theme=theme)
            frames.append(_picture(drawing))
        progress("animation", number + 1, total)
    pause = 4 if tweens == _TWEENS else 2  # at each snapshot
    durations = [_MILLISECONDS * (1 if n % tweens else pause) for n in range(total - 1)] + [_HOLD]
    with translated_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        frames[0].save(
            path, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True
        )


def _picture(drawing: Any) -> Any:
    """Return a figure as a Pillow image of few colors."""
    image = library("PIL.Image", "An animation")
    with io.BytesIO() as buffer:
        drawing.savefig(buffer, dpi=90, format="png")
        return image.open(buffer).convert("RGB").quantize(32)


def _epoch(epoch: int) -> str:
    return "before the training" if epoch == 0 else f"after epoch {epoch}"
