"""Seconds and MB/s to write and read each format, gensim beside us where it reads the same file.

python benchmarks/formats.py                100,000 x 100 random vectors
python benchmarks/formats.py --rows 400000 --dim 300
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import gensim
import numpy as np
import pyarrow
from gensim.models import KeyedVectors

from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.formats.registry import FORMATS


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def size(path: Path) -> float:
    return sum(p.stat().st_size for p in ([path] if path.is_file() else path.iterdir())) / 1e6


def gensims(name: str, path: Path) -> float | None:
    if name not in ("word2vec-text", "word2vec-binary", "fasttext-vec", "glove"):
        return None
    return seconds(
        lambda: KeyedVectors.load_word2vec_format(
            str(path), binary=name == "word2vec-binary", no_header=name == "glove"
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=100)
    options = parser.parse_args()
    vectors = np.random.default_rng(0).standard_normal((options.rows, options.dim), np.float32)
    table = Embeddings([f"token{i}" for i in range(options.rows)], vectors)
    print(
        f"{options.rows:,} x {options.dim}; Python {platform.python_version()}, NumPy "
        f"{np.__version__}, pyarrow {pyarrow.__version__}, gensim {gensim.__version__}, "
        f"{os.cpu_count()} processors"
    )
    print("| format | MB | write, s | read, s | read, MB/s | gensim reads, s |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, format in FORMATS.items():
            if not format.writer:
                continue
            path = Path(folder) / name
            written = seconds(lambda path=path, name=name: table.save(path, name))
            read = seconds(lambda path=path, name=name: Embeddings.load(path, name))
            theirs = gensims(name, path)
            print(
                f"| {name} | {size(path):.0f} | {written:.2f} | {read:.2f} "
                f"| {size(path) / read:.0f} | {'-' if theirs is None else f'{theirs:.2f}'} |"
            )


if __name__ == "__main__":
    main()
