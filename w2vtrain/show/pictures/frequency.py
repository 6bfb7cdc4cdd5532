"""How often words occur, by rank: what the cut-off leaves out, and what subsampling keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, Vocabulary
from w2vtrain.engine.sampling import keep_probabilities
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest
from w2vtrain.show.pictures.canvas import COLOURS, figure, write


@dataclass(frozen=True)
class Frequencies:
    """Counts of a corpus, by falling count.

    Args:
        kept: int64 array: the words of the vocabulary.
        left_out: int64 array: the words that it leaves out.
        threshold: of the subsampling.
    """

    kept: np.ndarray
    left_out: np.ndarray
    threshold: float

    @property
    def after_subsampling(self) -> np.ndarray:
        """float64 array: occurrences of each kept word that one epoch is expected to train on."""
        return self.kept * keep_probabilities(self.kept, self.threshold).astype(np.float64)


def read_frequencies(run: Path, threshold: float | None = None) -> Frequencies:
    """Returns the counts of a prepared run.

    Args:
        run: the run directory.
        threshold: of the subsampling; by default the training's, or before it the usual one.
    """
    from w2vtrain.config import TrainConfig

    directory = RunDirectory(run)
    read_manifest(directory.corpus, made_by=f"w2v prepare INPUT... -o {run}")
    kept = Vocabulary.load(directory.corpus_vocabulary).counts[FIRST_WORD_ID:]
    left_out = Vocabulary.load(directory.corpus / "left_out.tsv").counts
    if threshold is None and directory.model.is_dir():
        config = read_manifest(directory.model, made_by=f"w2v train {run}").get("config", {})
        threshold = config.get("subsample_threshold")
    if threshold is None:
        threshold = TrainConfig().subsample_threshold
    return Frequencies(kept, np.sort(left_out)[::-1], threshold)


def draw_frequencies(counts: Frequencies, paths: Sequence[Path], title: str = "") -> None:
    """Writes rank and frequency, both as logarithms, to PNG or SVG files."""
    ranks = np.arange(1, len(counts.kept) + 1)
    after = counts.after_subsampling
    with figure([title], 8, 5.5) as (drawing, axes):
        axes.plot(ranks, counts.kept, color=COLOURS[0], label="in the text", linewidth=2)
        share = after.sum() / max(counts.kept.sum(), 1)
        axes.plot(
            ranks,
            after,
            color=COLOURS[4],
            linestyle="--",
            label=f"kept by subsampling at {counts.threshold:g}: {share:.0%} of the text",
        )
        if len(counts.left_out):
            outside = np.arange(len(ranks) + 1, len(ranks) + len(counts.left_out) + 1)
            words, running = len(counts.left_out), int(counts.left_out.sum())
            label = f"left out: {words:,} words, {running:,} occurrences"
            axes.plot(outside, counts.left_out, color="#777777", linestyle=":", label=label)
            axes.axvline(len(ranks) + 0.5, color="#777777", linewidth=0.8)
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
        write(drawing, paths)
