"""The course of trainings: loss, learning rate and speed, several runs over one another."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest
from w2vtrain.show.pictures.canvas import COLOURS, DASHES, FAINT, MARKS, figure, write
from w2vtrain.show.pictures.fonts import drawn

_PANELS = (
    ("loss", "loss"),
    ("learning_rate", "learning rate"),
    ("words_per_second", "words a second"),
)


@dataclass(frozen=True)
class History:
    """One training, point by point.

    Args:
        name: of the run.
        columns: float arrays by the column names of `history.csv`, NaN where a cell is empty.
    """

    name: str
    columns: dict[str, np.ndarray]

    @property
    def epoch_ends(self) -> np.ndarray:
        """The last step of each epoch, all but the last epoch's."""
        epochs, steps = self.columns["epoch"], self.columns["step"]
        return steps[:-1][np.diff(epochs) > 0]

    @property
    def epochs_done(self) -> np.ndarray:
        """Each point's place in epochs: 1.5 is half-way through the second."""
        ends = np.append(self.epoch_ends, self.columns["step"][-1])
        place = np.interp(self.columns["step"], np.append(0, ends), np.arange(len(ends) + 1))
        return place + self.columns["epoch"][0] - 1


def read_history(run: Path) -> History:
    """Returns the training of a run.

    Raises:
        W2VError: the run is not trained, or its history cannot be read.
    """
    directory = RunDirectory(run)
    read_manifest(directory.model, made_by=f"w2v train {run}")
    path = directory.history
    try:
        with path.open(encoding="utf-8", newline="") as file:
            names, *rows = list(csv.reader(file))
        table = np.array([[float(cell or "nan") for cell in row] for row in rows]).T
        columns = dict(zip(names, table, strict=True))
        needed = {"epoch", "step", *(column for column, _ in _PANELS)} - set(columns)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise W2VError(f"Cannot read {path}: {error}", f"Run `w2v train {run} --force`.") from None
    if needed:
        raise W2VError(
            f"{path} has no {', '.join(sorted(needed))}.",
            "This draws what `w2v train` writes; a classifier's curves are in TensorBoard: "
            f"tensorboard --logdir {directory.logs}",
        )
    return History(str(run), columns)


def draw_history(
    histories: Sequence[History], paths: Sequence[Path], by_epochs: bool = False
) -> None:
    """Writes the curves of one or more runs to PNG or SVG files.

    Args:
        histories: the trainings.
        paths: the files.
        by_epochs: draw over epochs, which compares runs of other step sizes, not over steps.
    """
    names = [drawn(history.name) for history in histories]
    with figure(names, 8, 8, rows=len(_PANELS), sharex=True) as (drawing, axes):
        for (column, title), panel in zip(_PANELS, axes, strict=True):
            for number, history in enumerate(histories):
                _curve(panel, history, column, names[number], number, by_epochs)
            panel.set_ylabel(title)
            if column != "loss":
                panel.set_ylim(bottom=0)
        if len(histories) == 1 and not by_epochs:
            _epochs(axes, histories[0])
        if len(histories) > 1 or "val_loss" in histories[0].columns:
            for text in axes[0].legend(frameon=False).get_texts():
                text.set_parse_math(False)
        axes[-1].set_xlabel("epochs" if by_epochs else "steps")
        axes[-1].ticklabel_format(axis="x", style="plain")
        write(drawing, paths)


def _curve(
    panel: Any, history: History, column: str, name: str, number: int, by_epochs: bool
) -> None:
    steps = history.epochs_done if by_epochs else history.columns["step"]
    values = history.columns[column]
    style = {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": DASHES[number % len(DASHES)],
        "marker": MARKS[number % len(MARKS)],
        "markevery": (0.05 + 0.02 * number, 0.2),
        "markersize": 4,
    }
    panel.plot(steps, values, label=name, **style)
    if column == "loss" and "val_loss" in history.columns:
        known = np.isfinite(history.columns["val_loss"])
        style = {**style, "linestyle": "none", "marker": "x", "markevery": 1, "markersize": 6}
        held_out = history.columns["val_loss"][known]
        panel.plot(steps[known], held_out, label=f"{name}, held out", **style)


def _epochs(axes: Any, history: History) -> None:
    """Draws where epochs end, and numbers some of them."""
    ends = history.epoch_ends
    every = max(1, -(-len(ends) // 12))
    for number, step in enumerate(ends, start=1):
        for panel in axes:
            panel.axvline(step, color=FAINT, linewidth=0.5, zorder=0)
        if number % every == 0:
            axes[0].annotate(
                str(number),
                (step, 1),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="bottom",
                fontsize=7,
                color="#555555",
            )
    if len(ends):
        axes[0].set_title("epochs", fontsize=8, color="#555555", loc="left")
