"""How well `w2v change` finds planted change: python benchmarks/planted_change.py TEXT --words 8e6.

The units of TEXT are dealt out into two halves at random. In the second, words of three frequency
bands take each other's place, cyclically within their band, in a share of their occurrences. It
prints for each method: precision@20 and average precision among words seen `--frequent` times or
more in both halves, of the standardized score and of the plain one; the share of the planted words
that are reported at the corrected level 0.05; and how many others are reported. `gensim` trains
gensim's skip-gram at its defaults on the same halves and ranks by the cosine after a textbook
Procrustes rotation. A benchmark that was stopped goes on.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from w2vtrain.analysis.change.change import Comparisons
from w2vtrain.analysis.change.noise import benjamini_hochberg, reported_by_chance
from w2vtrain.analysis.change.scores import ScoredWords, score_words
from w2vtrain.analysis.change.slices import SlicedText, merge
from w2vtrain.analysis.change.trainings import ChangeProgress, Trainings
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.prepare import prepare
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.config import TrainConfig
from w2vtrain.vectors.embeddings import Embeddings

BANDS = ("400-1000", "1000-3000", "3000-15000")  # counts in both halves together


def halves(text: SlicedText, words: int, seed: int) -> SlicedText:
    """Cut the first `words` words of a text in two at random, unit by unit."""
    units = min(text.units, int(np.searchsorted(text.boundaries, words)))
    rng = np.random.default_rng(seed)
    order = rng.permutation(units)
    sizes = text.unit_sizes
    starts = text.boundaries[:-1]
    ids = np.concatenate([text.ids[starts[u] : starts[u] + sizes[u]] for u in order.tolist()])
    ends = np.cumsum(sizes[order])
    first = int(np.searchsorted(ends, len(ids) // 2))
    boundaries = np.concatenate([[0], ends])
    return dataclasses.replace(text, ids=ids, boundaries=boundaries, ends=(first, units))


def plant(
    text: SlicedText, share: float, each: int, seed: int, bands: Sequence[str] = BANDS
) -> tuple[SlicedText, set[int]]:
    """Let words take each other's place in the second half; return the text and the words."""
    rng = np.random.default_rng(seed)
    counts = np.bincount(text.ids, minlength=len(text.tokens))
    ids = text.ids.copy()
    second = np.arange(len(ids)) >= text.boundaries[text.ends[0]]
    planted: set[int] = set()
    if not share:
        return text, planted
    for band in bands:
        low, high = map(int, band.split("-"))
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


def gensim_scores(text: SlicedText, folder: Path, seed: int, min_count: int) -> ScoredWords:
    """Train gensim on each half and score by a textbook Procrustes rotation."""
    from gensim.models import Word2Vec

    sets = []
    for number, units in enumerate(text.slices()):
        path = folder / f"gensim-{number}.npz"
        if not path.exists():
            tokens = np.array(text.tokens, dtype=object)
            starts = text.boundaries
            sentences = [
                tokens[text.ids[starts[u] : starts[u + 1]]].tolist()
                for u in np.flatnonzero(units).tolist()
            ]
            model = Word2Vec(sentences, sg=1, seed=seed + number, workers=2)
            counts = [model.wv.get_vecattr(t, "count") for t in model.wv.index_to_key]
            np.savez(path, tokens=model.wv.index_to_key, vectors=model.wv.vectors, counts=counts)
        saved = np.load(path)
        sets.append(Embeddings(saved["tokens"].tolist(), saved["vectors"], saved["counts"]))
    scored = score_words(sets, "compass", min_count)  # for the shared words; not its scores
    a, b = (one.normalized.astype(np.float64) for one in scored.shared.sets)
    left, _, right = np.linalg.svd(b.T @ a)
    cosines = np.einsum("id,id->i", b @ (left @ right), a)
    return dataclasses.replace(scored, scores=(1 - cosines)[None])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--words", type=float, default=8e6)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--each", type=int, default=15, help="planted words a band")
    parser.add_argument("--bands", nargs="+", default=BANDS, help="counts of the words to plant")
    parser.add_argument("--boundary", default="line", help="what a unit is, as of w2v prepare")
    parser.add_argument("--frequent", type=int, default=200, help="rank words seen so often")
    parser.add_argument("--methods", nargs="+", default=["neighbors", "procrustes", "compass"])
    parser.add_argument("--cuts", type=int, default=4)
    parser.add_argument("--min-count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=1e9, help="processor seconds at most")
    parser.add_argument("--folder", type=Path, required=True, help="for the trainings")
    options = parser.parse_args()
    began = time.time()
    config = PrepareConfig(boundary=options.boundary)
    prepare([str(options.text)], options.folder / "text", config)
    whole = merge([Corpus.open(RunDirectory(options.folder / "text"))], 1, config)
    halved = halves(whole, int(options.words), options.seed)
    text, planted = plant(halved, options.share, options.each, options.seed, options.bands)
    folder = options.folder / f"seed-{options.seed}-share-{options.share:g}-{options.words:g}"
    rng = np.random.default_rng(options.seed)
    parts = {"texts": text.slices()}
    parts |= {f"cut-{i}": text.random_cut(rng) for i in range(options.cuts)}

    def progress(state: ChangeProgress) -> None:
        print(f"{time.time() - began:7.0f} s  {state}", file=sys.stderr, flush=True)
        if time.process_time() > options.limit:
            sys.exit(3)

    for method in options.methods:
        if method == "gensim":
            folder.mkdir(exist_ok=True)
            scored = [gensim_scores(text, folder, options.seed, options.min_count)]
        else:
            settings = TrainConfig(seed=100 * options.seed)
            trainings = Trainings(text, folder, settings, method == "compass", progress)
            trainings.train(parts)
            scored = [
                score_words(trainings.vectors(name, 2), method, options.min_count) for name in parts
            ]
        tokens = scored[0].shared.tokens
        right = np.isin(tokens, [text.tokens[row] for row in planted])
        frequent = (scored[0].counts >= options.frequent).all(axis=0)
        result = {
            "method": method,
            "text": options.text.name,
            "share": options.share,
            "words": len(text.ids),
            "cuts": options.cuts,
            "seed": options.seed,
            "tested": len(right),
            "frequent": int(frequent.sum()),
            "planted": int((right & frequent).sum()),
            "plain": measure(scored[0].scores[0][frequent], right[frequent]),
        }
        if len(scored) > 1:
            compared = Comparisons(scored, text.tokens, method)
            reported = benjamini_hochberg(compared.p_values()) <= 0.05
            result |= {
                "standardized": measure(compared.standardized[frequent], right[frequent]),
                "significant": float(reported[right & frequent].mean()) if right.any() else None,
                "false": int((reported & ~right).sum()),
                "by_chance": reported_by_chance(compared.null, 0.05),
            }
        print(json.dumps({**result, "seconds": round(time.time() - began)}), flush=True)


if __name__ == "__main__":
    main()
