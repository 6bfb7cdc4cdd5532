"""The curves of a run: its training, and how often its words occur.

Trainings: loss, learning rate and speed, several runs over one another. Frequencies by rank: what
the cut-off leaves out, and what subsampling keeps.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, LEFT_OUT, Vocabulary
from w2vtrain.engine.sampling import keep_probabilities
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import translated_read_errors
from w2vtrain.run.stage import read_manifest, reads
from w2vtrain.show.pictures.drawing import (
    DASHES,
    MARKS,
    THEMES,
    Theme,
    figure,
    shape_bidi,
    write_figure,
)

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


@reads("model")
def read_history(run: Path) -> History:
    """Return the training of a run.

    Raises:
        W2VError: the run is not trained, or its history cannot be read.
    """
    directory = RunDirectory(run)
    read_manifest(directory.model, made_by=f"w2v train {run}")
    path = directory.history
    with translated_read_errors(path, f"Run `w2v train {run} --force`."):
        with path.open(encoding="utf-8", newline="") as file:
            names, *rows = list(csv.reader(file))
        table = np.array([[float(cell or "nan") for cell in row] for row in rows]).T
        columns = dict(zip(names, table, strict=True))
        needed = {"epoch", "step", *(column for column, _ in _PANELS)} - set(columns)
    if needed:
        raise W2VError(
            f"{path} has no {', '.join(sorted(needed))}.",
            "This draws what `w2v train` writes; a classifier's curves are in TensorBoard: "
            f"tensorboard --logdir {directory.logs}",
        )
    return History(str(run), columns)


def draw_history(
    histories: Sequence[History],
    paths: Sequence[Path],
    by_epochs: bool = False,
    theme: Theme = THEMES["light"],
) -> None:
    """Write the curves of one or more runs to PNG, SVG or PDF files.

    Args:
        histories: the trainings.
        paths: the files.
        by_epochs: draw over epochs, which compares runs of different step sizes, not over steps.
            A learning rate that never changes is not drawn.
    """
    names = [shape_bidi(history.name) for history in histories]
    rates = np.concatenate([history.columns["learning_rate"] for history in histories])
    panels = [p for p in _PANELS if p[0] != "learning_rate" or np.ptp(rates)]
    height = 1 + 2.3 * len(panels)
    with figure(names, 8, height, rows=len(panels), theme=theme, sharex=True) as (drawing, axes):
        for (column, title), panel in zip(panels, axes, strict=True):
            for number, history in enumerate(histories):
                _curve(panel, history, column, names[number], number, by_epochs, theme)
            panel.set_ylabel(title)
            if column != "loss":
                panel.set_ylim(bottom=0)
            if column == "words_per_second":
                panel.yaxis.set_major_formatter("{x:,.0f}")
        if len(histories) == 1 and not by_epochs:
            _epochs(axes, histories[0], theme)
        if len(histories) > 1 or "val_loss" in histories[0].columns:
            for text in axes[0].legend(frameon=False).get_texts():
                text.set_parse_math(False)
        axes[-1].set_xlabel("epochs" if by_epochs else "steps")
        axes[-1].ticklabel_format(axis="x", style="plain")
        write_figure(drawing, paths)


def _curve(
    panel: Any,
    history: History,
    column: str,
    name: str,
    number: int,
    by_epochs: bool,
    theme: Theme,
) -> None:
    steps = history.epochs_done if by_epochs else history.columns["step"]
    values = history.columns[column]
    style = {
        "color": theme.series[number % len(theme.series)],
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


def _epochs(axes: Any, history: History, theme: Theme) -> None:
    """Draw where epochs end, and number some of them."""
    ends = history.epoch_ends
    every = max(1, -(-len(ends) // 12))
    for number, step in enumerate(ends, start=1):
        for panel in axes:
            panel.axvline(step, color=theme.faint, linewidth=0.5, zorder=0)
        if number % every == 0:
            axes[0].annotate(
                str(number),
                (step, 1),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="bottom",
                fontsize=7,
                color=theme.muted,
            )
    if len(ends):
        axes[0].set_title("epochs", fontsize=8, color=theme.muted, loc="left")


@dataclass(frozen=True)
class Frequencies:
    """The counts of a corpus, in descending order.

    Args:
        kept: int64 array, shape `(words,)`: the words of the vocabulary.
        left_out: int64 array, shape `(words,)`: the words that it leaves out.
        threshold: of the subsampling.
    """

    kept: np.ndarray
    left_out: np.ndarray
    threshold: float

    @property
    def after_subsampling(self) -> np.ndarray:
        """Occurrences of each kept word that an epoch is expected to train on."""
        return self.kept * keep_probabilities(self.kept, self.threshold).astype(np.float64)


@reads("corpus", "model")
def read_frequencies(run: Path, threshold: float | None = None) -> Frequencies:
    """Return the counts of a prepared run.

    Args:
        run: the run directory.
        threshold: of the subsampling; the training's by default, or the default one.
    """
    from w2vtrain.training.config import SubsampledConfig

    directory = RunDirectory(run)
    read_manifest(directory.corpus, made_by=f"w2v prepare INPUT... -o {run}")
    kept = Vocabulary.load(directory.corpus_vocabulary).counts[FIRST_WORD_ID:]
    left_out = Vocabulary.load(directory.corpus / LEFT_OUT).counts
    if threshold is None and directory.model.is_dir():
        config = read_manifest(directory.model, made_by=f"w2v train {run}").get("config", {})
        threshold = config.get("subsample_threshold")
    if threshold is None:
        threshold = SubsampledConfig().subsample_threshold
    return Frequencies(kept, np.sort(left_out)[::-1], threshold)


def draw_frequencies(
    counts: Frequencies, paths: Sequence[Path], title: str = "", theme: Theme = THEMES["light"]
) -> None:
    """Write the counts by rank, both on logarithmic axes, to PNG, SVG or PDF files."""
    ranks = np.arange(1, len(counts.kept) + 1)
    after = counts.after_subsampling
    with figure([title], 8, 5.5, theme=theme) as (drawing, axes):
        axes.plot(ranks, counts.kept, color=theme.series[0], label="in the text", linewidth=2)
        share = after.sum() / max(counts.kept.sum(), 1)
        axes.plot(
            ranks,
            after,
            color=theme.series[4],
            linestyle="--",
            label=f"kept by subsampling at {counts.threshold:g}: {share:.0%} of the text",
        )
        if len(counts.left_out):
            outside = np.arange(len(ranks) + 1, len(ranks) + len(counts.left_out) + 1)
            words, running = len(counts.left_out), int(counts.left_out.sum())
            label = f"left out: {words:,} word{'s' * (words != 1)}, {running:,} occurrences"
            axes.plot(outside, counts.left_out, color=theme.muted, linestyle=":", label=label)
            axes.axvline(len(ranks) + 0.5, color=theme.muted, linewidth=0.8)
            axes.annotate(
                f" cut-off: {len(ranks):,} words stay",
                (len(ranks), 1),
                xycoords=("data", "axes fraction"),
                ha="right",
                va="top",
                fontsize=8,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("rank")
        axes.set_ylabel("occurrences")
        axes.set_title(title, parse_math=False)
        axes.legend(frameon=False, loc="lower left")
        write_figure(drawing, paths)
