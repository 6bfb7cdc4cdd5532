"""What shards cost and gain: parts measured here, two workers measured and predicted, then more.

    python benchmarks/shards.py RUN [--seconds 15]

Measures the parts of a round on the text of a prepared run, with one thread: a step, the making of
a step, and what a merge costs for each row; first alone, then beside another process that makes
steps, which takes its part of the memory's bandwidth. How many distinct rows a round touches
follows from the counts. From these the model predicts the time of a round of any number of
processes. It is held to the measured speed of two workers on this machine; what follows for more
cores and for nodes is a prediction, and is marked as one.
"""

import argparse
import contextlib
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.engine.blocks import row_weights
from w2vtrain.engine.sampling import noise_probabilities
from w2vtrain.engine.shards import (
    MOST_PARALLEL_WEIGHT,
    STEPS_OF_DIRECTIONS,
    steep_directions,
    steps_per_round,
)
from w2vtrain.engine.stream import Position
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.registry import make_objective


class Parts(NamedTuple):
    """Seconds, measured with one thread: of a step and its making, of a merge, and of its rows.

    Attributes:
        step, making: of one step; the making names the rows that it touches.
        turn: of a frequent row, whose move is taken apart by directions.
        directions: of finding the steep directions of both tables, once in some steps.
        move: of a row that a shard has touched: noting its base and its move, putting it back.
        write, read: of a row into memory that processes share, and from there.
        hand: of a row's move that goes from TensorFlow to NumPy and back.
        add: of a row to which the move of one shard is added.
    """

    step: float
    making: float
    directions: float
    turn: float
    move: float
    write: float
    read: float
    hand: float
    add: float


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
    for start in range(0, 24, 2):  # a round has two such batches
        for uses in ("inputs", "outputs"):
            np.unique(np.concatenate([getattr(b, uses).rows.ravel() for b in made[start:][:2]]))
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
    chosen = np.sort(generator.choice(rows, size, replace=False)).astype(np.int32)
    ids = tf.constant(chosen)
    weights = tf.ones(rows)

    @tf.function(autograph=False)
    def move() -> Any:
        base = tf.gather(table, ids)
        moves = tf.gather(table, ids) - base
        table.scatter_update(tf.IndexedSlices(base, ids))
        return moves

    @tf.function(autograph=False)
    def add(moves: Any) -> None:
        table.scatter_update(tf.IndexedSlices(tf.gather(table, ids) + moves, ids))

    axes, places = tf.eye(dim), tf.range(size)[:, None]

    @tf.function(autograph=False)
    def turn(moves: Any) -> Any:
        along = tf.matmul(tf.gather_nd(moves, places), axes)
        turned = tf.matmul(0.5 * along, axes, transpose_b=True)
        return tf.tensor_scatter_nd_update(moves, places, turned)

    @tf.function(autograph=False)
    def directions() -> Any:
        return steep_directions(table, weights)

    @tf.function(autograph=False)
    def hand(moves: Any) -> Any:
        given = tf.numpy_function(lambda *arrays: list(arrays), [moves + 1.0], [tf.float32])
        return tf.reduce_sum(given[0][0])

    moves = move()
    array = moves.numpy()
    with tempfile.TemporaryFile(dir="/dev/shm") as file:

        def write() -> None:
            file.seek(0)
            array.tofile(file)

        def read() -> Any:
            file.seek(0)
            return np.fromfile(file, np.float32, array.size)

        return {
            "directions": 2 * median_seconds(directions),
            "move": median_seconds(move) / size,
            "write": median_seconds(write) / size,
            "read": median_seconds(read) / size,
            "hand": median_seconds(lambda: hand(moves)) / size,
            "add": median_seconds(lambda: add(moves)) / size,
            "turn": median_seconds(lambda: turn(moves)) / size,
        }


class Model:
    """Predicts the time of a round.

    Args:
        parts: measured.
        uses: for each table, expected uses of each row in a step.
        weights: for each table, a step's mean learning rate x the weight of each row's pairs.
        dim: numbers in a row.
    """

    def __init__(
        self, parts: Parts, uses: list[np.ndarray], weights: list[np.ndarray], dim: int
    ) -> None:
        self.parts, self._uses, self._weights, self.dim = parts, uses, weights, dim

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
        touched = self.rows(interval)
        read = (shards - 1) * touched * parts.read
        if bandwidth is not None:
            read += (shards - 1) * touched * 4 * (self.dim + 1) / bandwidth
        frequent = sum(
            int((interval * (shards - 1) * weight > MOST_PARALLEL_WEIGHT).sum())
            for weight in self._weights
        )
        merge = touched * (parts.move + parts.write) + frequent * parts.turn
        merge += shards * touched * (parts.hand + parts.add) + read
        merge += parts.directions * min(1, shards * interval / STEPS_OF_DIRECTIONS)
        return (interval * step + merge) / (shards * interval)


def measured_speed(run: Path, seconds: float, **settings: Any) -> float:
    """Return the raw words a second of a training, after its first steps."""
    from w2vtrain.errors import TrainingStopped
    from w2vtrain.training.train import train

    rows: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "run"
        copy.mkdir()
        (copy / "corpus").symlink_to((run / "corpus").resolve())

        def note(row: Any) -> None:
            if row.step >= STEPS_OF_DIRECTIONS:
                rows.append(row)

        def stop() -> bool:
            return len(rows) > 1 and rows[-1].seconds - rows[0].seconds > seconds

        with contextlib.suppress(TrainingStopped):
            train(copy, TrainConfig(epochs=5, **settings), progress=note, stop=stop)
    return (rows[-1].words - rows[0].words) / (rows[-1].seconds - rows[0].seconds)


@contextlib.contextmanager
def beside(run: Path) -> Iterator[None]:
    """Keep another processor busy with steps."""
    command = [sys.executable, __file__, str(run), "--beside"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.kill()


def main() -> None:
    """Measure, predict, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="a prepared run")
    parser.add_argument("--seconds", type=float, default=15, help="of each training")
    parser.add_argument("--beside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    from w2vtrain.tensorflow_runtime import available_threads, configure

    configure(1)
    corpus = Corpus.open(RunDirectory(options.run))
    step, making, objective = steps_and_making(corpus)
    if options.beside:
        print("ready", flush=True)
        while True:
            steps_and_making(corpus)
    config, shape, keep = objective.config, objective._maker.shape, objective.keep()
    counts = corpus.counts * keep
    noise = noise_probabilities(corpus.counts, config.noise, config.noise_exponent)
    with beside(options.run):
        parts = Parts(
            *steps_and_making(corpus)[:2], **merge_costs(len(counts), config.embedding_dim)
        )
    print(f"alone: step {step * 1e6:.0f} µs, its making {making * 1e6:.0f} µs; beside another:")
    for name, value in parts._asdict().items():
        print(f"{name:10} {value * 1e6:10.3f} µs")
    share = counts / counts.sum()
    tokens = shape.tokens * share
    uses = [tokens, tokens + shape.blocks * shape.noise_size * noise]
    rate = objective.learning_rate / 2
    weights = [rate * weight for weight in row_weights(shape, share, noise)]
    model = Model(parts, uses, weights, config.embedding_dim)
    words = corpus.tokens / (counts.sum() / shape.tokens)  # raw words that a step stands for
    cores = available_threads()
    if options.seconds:
        one = measured_speed(options.run, options.seconds, threads=1)
        two = measured_speed(options.run, options.seconds, shards=2, workers=2, threads=2)
        of_one = words / (max(step, making) if cores > 1 else step + making)
        of_two = words / model.step_seconds(2, steps_per_round(2), cores / 2)
        print(f"one process, one thread: measured {one:,.0f} words/s, model {of_one:,.0f}")
        print(f"two processes: measured {two:,.0f} words/s, model {of_two:,.0f}")
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
