"""How well `w2v change` finds planted change: python benchmarks/planted_change.py TEXT --words 8e6.

The lines of TEXT are dealt out into two halves at random. In the second, words of three frequency
bands take each other's place, cyclically within their band, in a share of their occurrences. It
prints for each method: precision@20 and average precision among words seen 200 times or more in
both halves, of the standardized score and of the plain one; the share of the planted words that are
reported at the corrected level 0.05; and how many others are reported.
"""

import argparse
import dataclasses
import json
import time
from pathlib import Path

import numpy as np

from w2vtrain.analysis.change.noise import NoiseFloor, NullScores, benjamini_hochberg
from w2vtrain.analysis.change.scores import score_words
from w2vtrain.analysis.change.slices import SlicedText, merge
from w2vtrain.analysis.change.trainings import Trainings
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.prepare import prepare
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.config import TrainConfig

BANDS = ((400, 1000), (1000, 3000), (3000, 15000))  # counts in the whole text


def halves(text: SlicedText, words: int, seed: int) -> SlicedText:
    """Cut the first `words` words of a text in two at random, unit by unit."""
    units = int(np.searchsorted(text.boundaries, words))
    rng = np.random.default_rng(seed)
    order = rng.permutation(units)
    sizes = text.unit_sizes
    starts = text.boundaries[:-1]
    ids = np.concatenate([text.ids[starts[u] : starts[u] + sizes[u]] for u in order.tolist()])
    ends = np.cumsum(sizes[order])
    first = int(np.searchsorted(ends, len(ids) // 2))
    boundaries = np.concatenate([[0], ends])
    return dataclasses.replace(text, ids=ids, boundaries=boundaries, units_a=first)


def plant(text: SlicedText, share: float, each: int, seed: int) -> tuple[SlicedText, set[int]]:
    """Let words take each other's place in the second half; return the text and the words."""
    rng = np.random.default_rng(seed)
    counts = np.bincount(text.ids, minlength=len(text.tokens))
    ids = text.ids.copy()
    second = np.arange(len(ids)) >= text.boundaries[text.units_a]
    planted: set[int] = set()
    if not share:
        return text, planted
    for low, high in BANDS:
        rows = np.flatnonzero((counts >= low) & (counts < high))
        chosen = rng.choice(rows, min(each, len(rows)), replace=False)
        planted |= set(chosen.tolist())
        for one, other in zip(chosen, np.roll(chosen, 1), strict=True):
            places = np.flatnonzero((text.ids == one) & second)
            ids[rng.permutation(places)[: round(share * len(places))]] = other
    return dataclasses.replace(text, ids=ids), planted


def measure(scores: np.ndarray, right: np.ndarray) -> tuple[float, float | None]:
    """Return precision at 20 and average precision of a ranking."""
    hits = right[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[19]), float(precision[hits].mean()) if hits.any() else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--words", type=float, default=8e6)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--each", type=int, default=15, help="planted words a band")
    parser.add_argument("--cuts", type=int, default=4)
    parser.add_argument("--min-count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True, help="for the trainings")
    options = parser.parse_args()
    began = time.time()
    config = PrepareConfig()
    prepare([str(options.text)], options.folder / "text", config)
    whole = merge([Corpus.open(RunDirectory(options.folder / "text"))], 1, config)
    halved = halves(whole, int(options.words), options.seed)
    text, planted = plant(halved, options.share, options.each, options.seed)
    folder = options.folder / f"seed-{options.seed}-share-{options.share:g}-{options.words:g}"
    trainings = Trainings(
        text, folder, TrainConfig(seed=100 * options.seed), 2 + 2 * options.cuts,
        lambda p: print(f"{time.time() - began:7.0f} s  {p}", flush=True),
    )  # fmt: skip
    rng = np.random.default_rng(options.seed)
    pairs = [trainings.pair("texts", text.slices())]
    pairs += [trainings.pair(f"cut-{i}", text.random_cut(rng)) for i in range(options.cuts)]
    row_of = {token: row for row, token in enumerate(text.tokens)}
    for method in ("procrustes", "neighbors"):
        scored = [score_words(*pair, method, options.min_count) for pair in pairs]
        nulls = [
            NullScores(np.array([row_of[t] for t in one.shared.tokens]), one.evidence, one.scores)
            for one in scored
        ]
        floor = NoiseFloor(nulls[1:], len(text.tokens))
        z = floor.standardized(nulls[0])
        reported = benjamini_hochberg(floor.p_values(z)) <= 0.05
        right = np.isin(nulls[0].rows, list(planted))
        frequent = (scored[0].counts >= 200).all(axis=0)
        result = {
            "method": method,
            "share": options.share,
            "words": int(options.words),
            "cuts": options.cuts,
            "seed": options.seed,
            "tested": len(right),
            "frequent": int(frequent.sum()),
            "planted": int((right & frequent).sum()),
            "standardized": measure(z[frequent], right[frequent]),
            "plain": measure(scored[0].scores[frequent], right[frequent]),
            "significant": float(reported[right & frequent].mean()) if right.any() else None,
            "false": int((reported & ~right).sum()),
            "by_chance": floor.reported_by_chance(0.05),
            "seconds": round(time.time() - began),
        }
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
