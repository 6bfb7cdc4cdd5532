"""What `w2v change` says when nothing changed: python benchmarks/random_cuts.py TEXT --folder D.

TEXT is cut in two at random, by units, many times. Each cut is then taken for a comparison whose
noise floor is made of `--floor` of the other cuts, drawn at random, as the command makes it of
random cuts of its own. Printed for each method: in how many comparisons any word is reported at the
corrected level 0.05, and how often the 95 % interval of a score holds the mean of the word's scores
over all cuts. A benchmark that was stopped goes on; it exits with 3 after `--limit` seconds of
processor time.
"""

import argparse
import dataclasses
import json
import shutil
import sys
import time
from pathlib import Path

import numpy as np

from w2vtrain.analysis.change.noise import NoiseFloor, NullScores, benjamini_hochberg, upper_share
from w2vtrain.analysis.change.scores import score_words
from w2vtrain.analysis.change.slices import SlicedText, merge
from w2vtrain.analysis.change.trainings import Trainings
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.prepare import prepare
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.config import TrainConfig

LEVEL = 0.05


def score_cut(text: SlicedText, number: int, path: Path, options: argparse.Namespace) -> None:
    """Train on both parts of a cut, and keep the scores of its words."""
    parts = {f"cut-{number}": text.random_cut(np.random.default_rng([1, number]))}
    config = TrainConfig(embedding_dim=options.dim, epochs=options.epochs, seed=10_000 + 2 * number)
    row_of = {token: row for row, token in enumerate(text.tokens)}
    found: dict[str, np.ndarray] = {}
    for compass in sorted({method == "compass" for method in options.methods}):
        trainings = Trainings(text, path.parents[1], config, compass)
        trainings.train(parts)
        vectors = trainings.vectors(f"cut-{number}", 2)
        for method in options.methods:
            if compass == (method == "compass"):
                scored = score_words(vectors, method, options.min_count)
                found[method] = scored.scores[0]
        for folder in trainings.folders(f"cut-{number}", 2):
            shutil.rmtree(folder)
    rows = np.array([row_of[token] for token in scored.shared.tokens])
    unfinished = path.with_suffix(".unfinished.npz")
    np.savez(unfinished, rows=rows, counts=scored.counts, **found)
    unfinished.rename(path)


def measure(
    cuts: list[NullScores], words: int, floor: int, seed: int
) -> tuple[list[int], list[float]]:
    """Return how many words each comparison reports, and the share of intervals that hold."""
    rng = np.random.default_rng(seed)
    table = np.full((len(cuts), words), np.nan)
    for row, cut in zip(table, cuts, strict=True):
        row[cut.rows] = cut.scores
    mean = np.nansum(table, axis=0) / np.maximum(1, np.isfinite(table).sum(axis=0))
    reported, covered = [], []
    for number, cut in enumerate(cuts):
        others = rng.choice(np.delete(np.arange(len(cuts)), number), floor, replace=False)
        noise = NoiseFloor([cuts[i] for i in others.tolist()], words)
        p = upper_share(noise.standardized(cut), np.concatenate(noise.null))
        reported.append(int((benjamini_hochberg(p) <= LEVEL).sum()))
        inside = np.abs(cut.scores - mean[cut.rows]) <= noise.margin(cut.evidence)
        covered.append(float(inside.mean()))
    return reported, covered


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--cuts", type=int, default=100)
    parser.add_argument("--floor", type=int, default=5, help="cuts that make a noise floor")
    parser.add_argument("--methods", nargs="+", default=["neighbors", "procrustes"])
    parser.add_argument("--dim", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--min-count", type=int, default=50)
    parser.add_argument("--limit", type=float, default=1e9)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    config = PrepareConfig()
    prepare([str(options.text)], options.folder / "text", config)
    whole = merge([Corpus.open(RunDirectory(options.folder / "text"))], 1, config)
    half = int(np.searchsorted(whole.boundaries, len(whole.ids) // 2))
    text = dataclasses.replace(whole, ends=(half, whole.units))
    (options.folder / "scores").mkdir(exist_ok=True)
    paths = [options.folder / "scores" / f"{number:03d}.npz" for number in range(options.cuts)]
    for number, path in enumerate(paths):
        if not path.exists():
            if time.process_time() > options.limit:
                sys.exit(3)
            score_cut(text, number, path, options)
    saved = [np.load(path) for path in paths]
    for method in options.methods:
        cuts = [
            NullScores(file["rows"], 2 / (1 / file["counts"]).sum(axis=0), file[method])
            for file in saved
        ]
        reported, covered = measure(cuts, len(text.tokens), options.floor, 1)
        result = {
            "method": method,
            "text": options.text.name,
            "words": len(text.ids),
            "dim": options.dim,
            "epochs": options.epochs,
            "cuts": options.cuts,
            "floor": options.floor,
            "tested": round(float(np.mean([len(cut.rows) for cut in cuts]))),
            "with_reports": sum(number > 0 for number in reported),
            "reported": sum(reported),
            "coverage": round(float(np.mean(covered)), 4),
            "coverage_of_cuts": [round(float(x), 3) for x in np.quantile(covered, [0, 0.5, 1])],
        }
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
