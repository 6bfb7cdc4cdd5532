"""Neighbor search against gensim's, on the same vectors, in one run, by turns.

    python benchmarks/search.py                      100,000 x 300 random vectors
    python benchmarks/search.py --vectors FILE       your own, of any format

Each round asks gensim's `most_similar` for every query, one after the other, then ours the same
way, then ours in one batch; the printed figures are medians over the rounds. All three answer the
same 1,000 words with 10 neighbors each, and the answers are compared. `--approximate` builds the
HNSW index too and prints its recall@10 against exact search.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable

import gensim
import numpy as np
from gensim.models import KeyedVectors

from w2vtrain.vectors.approximate import ApproximateIndex
from w2vtrain.vectors.embeddings import Embeddings


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def made(rows: int, dim: int, groups: int = 0) -> Embeddings:
    """Returns random vectors: without structure, or in groups with noise around their centres."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((rows, dim), np.float32)
    if groups:
        vectors = rng.standard_normal((groups, dim), np.float32)[np.arange(rows) % groups] + vectors
    return Embeddings([f"token{i}" for i in range(rows)], vectors)


def compare(vectors: Embeddings, queries: int, k: int, rounds: int) -> None:
    theirs = KeyedVectors(vectors.dim)
    theirs.add_vectors(list(vectors.tokens), np.asarray(vectors.vectors))
    theirs.fill_norms()
    words = list(vectors.tokens[:: max(1, len(vectors) // queries)][:queries])
    expected = [theirs.most_similar(word, topn=k) for word in words[:50]]
    for one, batch, other in zip(
        [vectors.most_similar(word, k=k) for word in words[:50]],
        vectors.most_similar_batch(words[:50], k),
        expected,
        strict=True,
    ):
        assert [t for t, _ in one] == [t for t, _ in batch] == [t for t, _ in other]
    times: dict[str, list[float]] = {"gensim, one by one": [], "ours, one by one": [], "batch": []}
    for _ in range(rounds):
        times["gensim, one by one"].append(
            seconds(lambda: [theirs.most_similar(word, topn=k) for word in words])
        )
        times["ours, one by one"].append(
            seconds(lambda: [vectors.most_similar(word, k=k) for word in words])
        )
        times["batch"].append(seconds(lambda: vectors.most_similar_batch(words, k)))
    medians = {name: statistics.median(values) for name, values in times.items()}
    base = medians["gensim, one by one"]
    print(f"\n{len(vectors):,} x {vectors.dim}, {len(words)} queries, k={k}, {rounds} rounds")
    print("| search | seconds, median (least - most) | queries/s | times gensim |")
    print("|---|---|---|---|")
    for name, median in medians.items():
        low, high = min(times[name]), max(times[name])
        print(
            f"| {name} | {median:.2f} ({low:.2f} - {high:.2f}) | {len(words) / median:,.0f} "
            f"| {base / median:.1f} |"
        )


def approximate(vectors: Embeddings, queries: int, k: int, what: str) -> None:
    start = time.perf_counter()
    index = ApproximateIndex(vectors)
    built = time.perf_counter() - start
    words = list(vectors.tokens[:: max(1, len(vectors) // queries)][:queries])
    asked = seconds(lambda: index.most_similar_batch(words, k))
    print(
        f"| {what} | {len(vectors):,} x {vectors.dim} | {built:.0f} | {len(words) / asked:,.0f} "
        f"| {index.recall(queries, k):.3f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vectors", help="vectors to search instead of random ones")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--approximate", action="store_true")
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, gensim {gensim.__version__}, "
        f"{os.cpu_count()} processors, {platform.machine()}"
    )
    given = Embeddings.load(options.vectors) if options.vectors else None
    vectors = given or made(options.rows, options.dim)
    compare(vectors, options.queries, options.k, options.rounds)
    if options.approximate:
        print("\n| vectors | size | seconds to build | queries/s in a batch | recall@10 |")
        print("|---|---|---|---|---|")
        approximate(vectors, options.queries, options.k, options.vectors or "random")
        if given is None:
            grouped = made(options.rows, options.dim, groups=options.rows // 50)
            approximate(grouped, options.queries, options.k, "in groups of 50")


if __name__ == "__main__":
    main()
