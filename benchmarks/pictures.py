"""Times the layouts and the bundle's files for many words; each in a process of its own.

    python benchmarks/pictures.py [VECTORS] [--rows 100000] [--only pca umap tsne tsv bytes]

Without VECTORS (a run or a vector file) it makes 100,000 vectors of 100 numbers in 2,000 groups of
falling size, seeded. Prints seconds by the clock, seconds of the processor (all cores' together;
other work on the machine lengthens these little), and the peak of memory; imports and compilation
are included.
"""

import argparse
import multiprocessing
import platform
import resource
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

TASKS = ("pca", "umap", "tsne", "tsv", "bytes")


def vectors_of(source: str | None, rows: int) -> np.ndarray:
    """Returns the vectors to lay out, float32 of shape `(rows, dim)`."""
    if source is not None:
        from w2vtrain.vectors.embeddings import Embeddings

        return np.array(Embeddings.load(source).vectors[:rows])
    random = np.random.default_rng(1)
    centres = random.normal(size=(2000, 100))
    of = np.minimum(random.zipf(1.3, rows), 2000) - 1
    return (centres[of] + random.normal(size=(rows, 100))).astype(np.float32)


def timed(task: str, source: str | None, rows: int, answers: multiprocessing.Queue) -> None:
    """Does one task and puts seconds, processor seconds and gigabytes into the queue."""
    vectors = vectors_of(source, rows)
    with tempfile.TemporaryDirectory() as folder:
        start, worked = time.perf_counter(), time.process_time()
        if task == "bytes":
            from w2vtrain.show.projector.tensor import write_bytes

            write_bytes(Path(folder) / "v.bytes", vectors)
        elif task == "tsv":
            from w2vtrain.vectors.formats import projector, stream

            tokens = [f"word{i}" for i in range(len(vectors))]
            counts = np.arange(len(vectors), 0, -1)
            projector.write(Path(folder), stream.of_matrix(tokens, vectors, counts))
        else:
            from w2vtrain.show.pictures.layouts import layout

            layout(vectors, task)  # type: ignore[arg-type]
        seconds = time.perf_counter() - start
        worked = time.process_time() - worked
    answers.put((seconds, worked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("vectors", nargs="?")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", nargs="+", choices=TASKS, default=TASKS)
    options = parser.parse_args()
    print(platform.platform(), "Python", platform.python_version())
    print(", ".join(f"{n} {version(n)}" for n in ("numpy", "umap-learn", "numba", "openTSNE")))
    context = multiprocessing.get_context("spawn")
    for task in options.only:
        answers = context.Queue()
        process = context.Process(target=timed, args=(task, options.vectors, options.rows, answers))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"{task} failed")
        seconds, worked, memory = answers.get()
        print(f"{task:6} {seconds:8.2f} s {worked:8.2f} s CPU {memory:6.2f} GB", flush=True)


if __name__ == "__main__":
    main()
