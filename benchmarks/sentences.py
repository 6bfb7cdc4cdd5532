"""Sentence vectors: the poolings on a similarity set, and how fast reviews are searched.

    python benchmarks/sentences.py RUN --pairs sts_dev.csv --texts reviews.csv --text-column review

The similarity set is STS-B's development part: tab-separated, the score in column 5, the sentences
in columns 6 and 7. Spearman correlations with people's scores, in percent; times of a query in
milliseconds: of the clock, and of the processor, which other work on the machine touches less.
"""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import w2vtrain  # noqa: E402
from w2vtrain.vectors.text_search import TextIndex, read_texts  # noqa: E402

QUERIES = (
    "a film about the sea and a whale",
    "robots in the future",
    "a sad love story in paris",
    "terrible acting and a boring plot",
)
REPEATS = 10


def correlation(run: str, pairs: str, pooling: Any) -> float:
    """Return Spearman's correlation of cosines and people's scores, in percent."""
    rows = [line.split("\t") for line in Path(pairs).read_text("utf-8").splitlines()]
    encoder = w2vtrain.Embeddings.load(run).text_encoder(pooling)
    left, right = (encoder.encode([row[column] for row in rows]) for column in (5, 6))
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosines = (left * right).sum(axis=1) / np.maximum(lengths, 1e-12)
    return round(100 * float(spearmanr([float(row[4]) for row in rows], cosines)[0]), 2)


def search_times(run: str, texts: str, text_column: str | None, approximate: bool) -> Any:
    """Return how many texts were loaded in how many seconds, and the milliseconds of a query."""
    encoder = w2vtrain.Embeddings.load(run).text_encoder()
    held = list(read_texts(texts, text_column))
    start = time.process_time()
    index = TextIndex(encoder, held, approximate)
    made = time.process_time() - start
    index.search(QUERIES[0])
    clock, processor = [], []
    for query in QUERIES * REPEATS:
        before = time.perf_counter(), time.process_time()
        index.search(query)
        clock.append(1000 * (time.perf_counter() - before[0]))
        processor.append(1000 * (time.process_time() - before[1]))
    return {
        "texts": len(held),
        "index_processor_seconds": round(made, 1),
        "query_ms_median": round(float(np.median(clock)), 1),
        "query_processor_ms_median": round(float(np.median(processor)), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run")
    parser.add_argument("--pairs")
    parser.add_argument("--texts")
    parser.add_argument("--text-column")
    options = parser.parse_args()
    figures: dict[str, Any] = {
        "machine": f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}",
        "versions": f"Python {platform.python_version()}, NumPy {np.__version__}",
    }
    if options.pairs:
        for pooling in ("mean", "sif", "zipfian-whitening"):
            figures[f"spearman_{pooling}"] = correlation(options.run, options.pairs, pooling)
    if options.texts:
        for approximate in (False, True):
            name = "search_approximate" if approximate else "search_exact"
            times = search_times(options.run, options.texts, options.text_column, approximate)
            figures[name] = times
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
