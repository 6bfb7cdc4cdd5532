"""New text from old vectors: python benchmarks/warm_start.py wiki.txt.gz --similarity F --folder D.

The last million words of TEXT are trained from nothing and from the vectors of all words before,
and compared with these on the pairs and questions that all can answer. A benchmark that was stopped
goes on: it exits with 3 after `--limit` seconds of processor time, before the next training.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.analysis.evaluation import (
    AnalogySet,
    SimilaritySet,
    evaluate_analogies,
    evaluate_similarity,
)
from w2vtrain.corpus.documents import read_lines
from w2vtrain.corpus.prepare import prepare
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import MANIFEST
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.train import train
from w2vtrain.vectors.embeddings import Embeddings


def cut(text: Path, folder: Path, words: int) -> None:
    """Write the last `words` words of a text, and all before, and prepare both."""
    if (RunDirectory(folder / "new").corpus / MANIFEST).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    lines = read_lines(text)
    sizes = np.array([len(line.split()) for line in lines])
    first = int(np.searchsorted(np.cumsum(sizes), sizes.sum() - words))
    for name, part in (("old", lines[:first]), ("new", lines[first:])):
        (folder / f"{name}.txt").write_text("\n".join(part) + "\n", encoding="utf-8")
        prepare([str(folder / f"{name}.txt")], folder / name)


def scores(vectors: Embeddings, options: argparse.Namespace) -> dict[str, Any]:
    """Return each score in percent, and the share of the pairs and questions answered."""
    result: dict[str, Any] = {}
    for name in options.similarity:
        found = evaluate_similarity(vectors, SimilaritySet.read(name), resamples=1)
        result[Path(name).stem] = [100 * found.spearman.value, found.used / found.items]
    for name in options.analogies:
        asked = evaluate_analogies(vectors, AnalogySet.read(name), resamples=1).total
        result[Path(name).stem] = [100 * asked.accuracy.value, asked.used / asked.questions]
    values = list(result.values())
    result["mean"] = [float(np.mean([value[i] for value in values])) for i in (0, 1)]
    return {name: [round(float(x), 4) for x in value] for name, value in result.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--similarity", nargs="+", default=[])
    parser.add_argument("--analogies", nargs="+", default=[])
    parser.add_argument("--words", type=float, default=1e6)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--settings", nargs="+", default=["{}"], help="JSON, of the warm starts")
    parser.add_argument("--limit", type=float, default=1e9)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    cut(options.text, options.folder, int(options.words))
    old, new = options.folder / "old", options.folder / "new"
    if not (RunDirectory(old).model / MANIFEST).exists():
        train(old, TrainConfig(seed=1))
    saved = Embeddings.load(old)
    starts: list[tuple[str, dict[str, Any]]] = [("nothing", {})]
    for text in options.settings:
        starts.append((f"old {text}", {"start_from": str(old), **json.loads(text)}))
    shared: list[str] = []
    for name, settings in starts:
        for seed in range(1, options.seeds + 1):
            kept = options.folder / f"{name.replace(' ', '-')}-{seed}.npz".replace("/", "")
            if not kept.exists():
                if time.process_time() > options.limit:
                    sys.exit(3)
                summary = train(new, TrainConfig(seed=seed, **settings))
                one = Embeddings.load(new)
                np.savez(kept, tokens=one.tokens, vectors=one.vectors)
                print(name, seed, summary.start, round(summary.seconds), file=sys.stderr)
            with np.load(kept) as file:
                one = Embeddings(file["tokens"].tolist(), file["vectors"])
            if not shared:
                shared = [token for token in one.tokens if token in saved]
                both = Embeddings(shared, saved[shared])
                print(json.dumps({"start": "old vectors, all", **scores(saved, options)}))
                print(json.dumps({"start": "old vectors, shared words", **scores(both, options)}))
            both = Embeddings(shared, one[shared])
            found = {"shared": scores(both, options), "all": scores(one, options)}
            print(json.dumps({"start": name, "seed": seed, **found}), flush=True)


if __name__ == "__main__":
    main()
