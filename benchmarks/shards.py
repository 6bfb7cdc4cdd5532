"""What shards cost and gain: parts measured here, two workers measured and predicted, then more.

    python benchmarks/shards.py RUN [--seconds 15]

Measures the parts of a round on the text of a prepared run, with one thread: a step, the making of
a step, and what a merge costs for each row. How many distinct rows a round touches follows from the
counts. From these the model predicts the time of a round of any number of processes. It is held to
the measured speed of two workers on this machine; what follows for more cores and for nodes is a
prediction, and is marked as one.
"""

import argparse
import contextlib
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.engine.sampling import noise_probabilities
from w2vtrain.engine.shards import steep_directions
from w2vtrain.engine.steps import row_order
from w2vtrain.engine.stream import Position
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.registry import make_objective


class Parts(NamedTuple):
    """Seconds, measured with one thread: of a step and its making, of a merge, and of its rows.

    Attributes:
        step, making: of one step.
        directions: of a merge, whatever it moves: the steep directions of both tables.
        move: of a row that a shard has touched: noting its base and its move, putting it back.
        write, read: of a row into memory that processes share, and from there.
        order, add: of a move that is put in order and summed.
        update: of a distinct row that is read, turned, moved and written.
    """

    step: float
    making: float
    directions: float
    move: float
    write: float
    read: float
    order: float
    add: float
    update: float


def median_seconds(function: Callable[[], Any], times: int = 15) -> float:
    """Return the median time of a call, after one that is not counted."""
    function()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        function()
        taken.append(time.perf_counter() - began)
    return float(np.median(taken))


def steps_and_making(corpus: Corpus) -> tuple[float, float, Any]:
    """Return the seconds of a step and of its making, and the objective."""
    import tensorflow as tf

    objective = make_objective(corpus, TrainConfig(), 5)
    batches = objective.batches(Position())
    next(batches)
    began = time.perf_counter()
    made = [next(batches)[0] for _ in range(24)]
    making = (time.perf_counter() - began) / sum(len(batch.windows) for batch in made)
    specs = objective.signature()
    train = tf.function(lambda *b: objective.model.train_step(tf.nest.pack_sequence_as(specs, b)))
    train = train.get_concrete_function(*tf.nest.flatten(specs))
    flat = [[tf.constant(array) for array in tf.nest.flatten(batch)] for batch in made]
    turn = itertools.cycle(flat)
    size = len(made[0].windows)
    return median_seconds(lambda: train(*next(turn)), 3 * len(flat)) / size, making, objective


def merge_costs(rows: int, dim: int) -> dict[str, float]:
    """Return the seconds of a merge, and of one row in each part of it, on tables of so many."""
    import tensorflow as tf

    generator = np.random.default_rng(0)
    table = tf.Variable(generator.normal(size=(rows, dim)).astype(np.float32))
    size = rows // 3
    chosen = [np.sort(generator.choice(rows, size, replace=False)).astype(np.int32) for _ in "ab"]
    ids = tf.constant(chosen[0])
    distinct, order, segments = (tf.constant(a) for a in row_order(np.concatenate(chosen)))
    weights = tf.ones(rows)

    @tf.function(autograph=False)
    def move() -> Any:
        base = tf.gather(table, ids)
        moves = tf.gather(table, ids) - base
        table.scatter_update(tf.IndexedSlices(base, ids))
        return moves

    @tf.function(autograph=False)
    def add(moves: Any) -> Any:
        return tf.math.segment_sum(tf.gather(moves, order), segments)

    @tf.function(autograph=False)
    def directions() -> Any:
        return steep_directions(table.read_value(), weights)

    axes, _ = directions()

    @tf.function(autograph=False)
    def update(summed: Any) -> None:
        moved = tf.matmul(0.5 * tf.matmul(summed, axes), axes, transpose_b=True)
        new = tf.gather(table, distinct) + moved
        table.scatter_update(tf.IndexedSlices(new, distinct))

    moves = move()
    both = tf.concat([moves, moves], axis=0)
    summed = add(both)
    array = moves.numpy()
    with tempfile.TemporaryFile(dir="/dev/shm") as file:

        def write() -> None:
            file.seek(0)
            array.tofile(file)

        def read() -> Any:
            file.seek(0)
            return np.concatenate([np.fromfile(file, np.float32, array.size)])

        return {
            "directions": 2 * median_seconds(directions),
            "order": median_seconds(lambda: row_order(np.concatenate(chosen))) / (2 * size),
            "move": median_seconds(move) / size,
            "write": median_seconds(write) / size,
            "read": median_seconds(read) / size,
            "add": median_seconds(lambda: add(both)) / (2 * size),
            "update": median_seconds(lambda: update(summed)) / len(distinct.numpy()),
        }


class Model:
    """Predicts the time of a round.

    Args:
        parts: measured.
        uses: for each table, expected uses of each row in a step.
        dim: numbers in a row.
    """

    def __init__(self, parts: Parts, uses: list[np.ndarray], dim: int) -> None:
        self.parts, self._uses, self.dim = parts, uses, dim

    def rows(self, steps: int) -> float:
        """Return the distinct rows of all tables that so many steps touch, as expected."""
        return float(sum((1 - np.exp(-uses * steps)).sum() for uses in self._uses))

    def step_seconds(
        self, shards: int, interval: int, cores: float, bandwidth: float | None = None
    ) -> float:
        """Return the seconds a step, with a process a shard and `cores` for each process.

        Args:
            bandwidth: of each process to the others, bytes a second; None: shared memory.
        """
        parts = self.parts
        # Steps are made beside the training; where there is no core left, in its time.
        step = max(parts.step, parts.making) if cores >= 2 else parts.step + parts.making
        touched, distinct = self.rows(interval), self.rows(shards * interval)
        read = (shards - 1) * touched * parts.read
        if bandwidth is not None:
            read += (shards - 1) * touched * 4 * (self.dim + 1) / bandwidth
        merge = touched * (parts.move + parts.write)
        merge += shards * touched * (parts.order + parts.add)
        merge += parts.directions + distinct * parts.update + read
        return (interval * step + merge) / (shards * interval)


def measured_speed(run: Path, seconds: float, **settings: Any) -> float:
    """Return the raw words a second of a training, from its second call on."""
    from w2vtrain.errors import TrainingStopped
    from w2vtrain.training.train import train

    rows: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "run"
        copy.mkdir()
        (copy / "corpus").symlink_to((run / "corpus").resolve())

        def stop() -> bool:
            return len(rows) > 2 and rows[-1].seconds - rows[1].seconds > seconds

        with contextlib.suppress(TrainingStopped):
            train(copy, TrainConfig(epochs=5, **settings), progress=rows.append, stop=stop)
    return (rows[-1].words - rows[1].words) / (rows[-1].seconds - rows[1].seconds)


def main() -> None:
    """Measure, predict, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="a prepared run")
    parser.add_argument("--seconds", type=float, default=15, help="of each training")
    options = parser.parse_args()
    from w2vtrain.engine.shards import steps_per_round
    from w2vtrain.tensorflow_runtime import available_threads, configure

    configure(1)
    corpus = Corpus.open(RunDirectory(options.run))
    step, making, objective = steps_and_making(corpus)
    config, shape, keep = objective.config, objective._maker.shape, objective.keep()
    counts = corpus.counts * keep
    noise = noise_probabilities(corpus.counts, config.noise, config.noise_exponent)
    tokens = shape.tokens * counts / counts.sum()
    uses = [tokens, tokens + shape.blocks * shape.noise_size * noise]
    parts = Parts(step, making, **merge_costs(len(counts), config.embedding_dim))
    for name, value in parts._asdict().items():
        print(f"{name:8} {value * 1e6:10.3f} µs")
    model = Model(parts, uses, config.embedding_dim)
    words = corpus.tokens / (counts.sum() / shape.tokens)  # raw words that a step stands for
    cores = available_threads()
    if options.seconds:
        for shards in (1, 2):
            speed = measured_speed(
                options.run, options.seconds, shards=shards, workers=shards, threads=shards
            )
            interval = steps_per_round(shards)
            expected = words / (
                max(step, making) if shards == 1 else model.step_seconds(2, interval, cores / 2)
            )
            print(f"{shards} process(es): measured {speed:,.0f} words/s, model {expected:,.0f}")
    print("\nPredicted, million words/s, a process a shard (one thread and a core to make steps):")
    for shards in (2, 4, 8, 16, 32, 64):
        interval = steps_per_round(shards)
        cells = [words / model.step_seconds(shards, interval, 2) / 1e6]
        if shards <= 16:
            for gigabits in (10, 100):
                seconds = model.step_seconds(shards, interval, 2, gigabits * 1.25e8)
                cells.append(words / seconds / 1e6)
        print(f"| {shards} | {interval} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")


if __name__ == "__main__":
    main()
