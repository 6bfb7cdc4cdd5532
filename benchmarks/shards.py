"""What shards cost and gain: rounds of one worker measured, two workers measured and predicted.

    python benchmarks/shards.py RUN [--seconds 8] [--repeat 3]

A worker's rounds are measured for some numbers of shards K, without the others: for what they would
give stands what this worker has given some rounds before, through the same files. First two such
processes of one thread side by side, on a processor each; then one of two threads, alone.
To these a model is fitted:

    seconds of a round = m (S step + r move) + K r add + directions + waiting + exchange

with m shards of the K in a process, S steps a round and r distinct rows that a shard touches in
them, as the counts tell. `directions` are measured; `waiting` is by how much the slowest of the
workers exceeds the mean, from how a worker's rounds differ; `exchange`, for nodes only, is the rows
of the K - m shards of other nodes over the bandwidth. The model is held to the measured speed of
two workers, which it has not seen. What follows for more processors and for nodes is a prediction:
it knows nothing of processors that share the bandwidth of their memory, nor of what Ray takes.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.engine.dataset import BatchStream
from w2vtrain.engine.sampling import noise_probabilities
from w2vtrain.engine.shards import STEPS_OF_DIRECTIONS, steps_per_round
from w2vtrain.engine.stream import Position
from w2vtrain.run.directory import RunDirectory
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.negative_sampling import STEPS_PER_BATCH
from w2vtrain.training.registry import make_objective
from w2vtrain.training.workers import Done, Exchange, Files

EPOCHS = 5
MEASURED = (1, 2, 4, 8, 16)  # shards of a training, of which one process carries out one
SETTLED = 2 * STEPS_OF_DIRECTIONS  # steps before what is measured
CHECKED = (2, 4, 8)  # shards of a training that two processes carry out


class Echo(Files):
    """The files of a single worker; what others would give is what it gave some rounds before.

    For the rows that they would have merged stand those that moved in the first rounds, as they are
    then.

    Args:
        folder: of the files.
        model: the `ShardedTrainer`.
    """

    def __init__(self, folder: Path, model: Any) -> None:
        super().__init__(folder)
        self._shards, self._layers = model.shards, model.trainer.trained_tables
        self.times: list[float] = []

    def write(self, turn: int, own: dict[int, Done]) -> None:
        """Write what the worker has done or merged, and keep what it did in the last rounds."""
        round, merged = divmod(turn, 2)
        if merged:
            super().write(1, own)
        else:
            self.times.append(time.perf_counter())
            super().write(0, {round % self._shards: own[0]})
            if round in (0, self._shards):
                self._merge_of_others(round, own[0])

    def read(self, turn: int, shard: int, like: Done) -> Done:
        """Read what it did `shard` rounds ago, or, at the very start, has done now."""
        round, merged = divmod(turn, 2)
        if merged:
            return super().read(1, shard, like)
        ago = shard if round >= shard else 0
        return super().read(0, (round - ago) % self._shards, like)

    def _merge_of_others(self, round: int, like: Done) -> None:
        known = [self.read(2 * round, shard, like) for shard in range(self._shards)]
        for part in range(1, self._shards):
            found: Done = []
            for number, layer in enumerate(self._layers):
                rows = np.unique(np.concatenate([done[number] for done in known]))
                rows = rows[rows % self._shards == part]
                found += [rows, layer.embeddings.numpy()[rows]]
            super().write(1, {part: found})


def measure_part(run: Path, shards: int, seconds: float) -> dict[str, Any]:
    """Train one shard of `shards` for some seconds, after its first steps.

    Returns:
        the mean seconds of a round (of a batch, if there is one shard); those of finding the steep
        directions; by how much each round takes longer than the mean.
    """
    import keras

    corpus = Corpus.open(RunDirectory(run))
    objective: Any = make_objective(corpus, TrainConfig(shards=shards), EPOCHS)
    model, made = objective.model, []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps = int(model.optimizer.iterations.numpy())
            if steps > SETTLED:
                made.append((steps, time.perf_counter()))
                model.stop_training = made[-1][1] - made[0][1] > seconds

    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        if shards > 1:
            echo = Echo(Path(folder), model)
            objective.own = model.parts = [0]
            model.exchange = Exchange(echo, [0], shards, lambda: None)
        stream = BatchStream(objective.batches, objective.signature(), Position())
        model.fit(
            stream.dataset(), steps_per_epoch=10**9, shuffle=False, verbose=0, callbacks=[Clock()]
        )
    (first, began), (last, ended) = made[0], made[-1]
    steps = STEPS_PER_BATCH if shards == 1 else shards * steps_per_round(shards)
    found: dict[str, Any] = {"round": (ended - began) / (last - first) * steps, "directions": 0.0}
    found["late"] = [0.0]
    if shards > 1:
        import tensorflow as tf

        find = tf.function(model.find_directions, autograph=False)
        find()
        took = [time.perf_counter()]
        for _ in range(9):
            find()
            took.append(time.perf_counter())
        found["directions"] = float(np.median(np.diff(took)))
        rounds = np.diff(echo.times)
        sizes = [objective._sizes.of(number) for number in range(len(rounds))]
        ends = shards * np.cumsum(sizes)
        due = np.diff(ends // STEPS_OF_DIRECTIONS, prepend=0) > 0
        rounds = (rounds - due * found["directions"])[ends > SETTLED]
        found["late"] = (rounds - rounds.mean()).tolist()
    return found


def parts_of(run: Path, shards: int, seconds: float, cores: list[list[int]]) -> dict[str, Any]:
    """Measure a part in a process for each list of cores, side by side, and return their mean."""
    command = [sys.executable, __file__, str(run), "--seconds", str(seconds), "--part", str(shards)]
    processes = [
        subprocess.Popen([*command, "--cores", ",".join(map(str, some))], stdout=subprocess.PIPE)
        for some in cores
    ]
    found = [json.loads(process.communicate()[0]) for process in processes]
    return {
        "round": float(np.mean([part["round"] for part in found])),
        "directions": float(np.mean([part["directions"] for part in found])),
        "late": [late for part in found for late in part["late"]],
    }


class Model:
    """Predicts the seconds of a round.

    Args:
        parts: for each number of shards, what `measure_part` found.
        uses: for each table, expected uses of each row in a step.
        dim: numbers in a row.
    """

    def __init__(self, parts: dict[int, dict[str, Any]], uses: list[np.ndarray], dim: int) -> None:
        self._uses, self.dim = uses, dim
        self.directions = float(np.median([parts[k]["directions"] for k in parts if k > 1]))
        # In shares of the round's time, as rounds of all lengths are disturbed likewise.
        self._late = {k: np.array(part["late"]) / part["round"] for k, part in parts.items()}
        rounds = np.array([part["round"] for part in parts.values()])
        terms = np.array([self._terms(shards, 1) for shards in parts])
        fixed = np.array([self._of_directions(shards) for shards in parts])
        weighted = terms / rounds[:, None]
        (self.step, self.move, self.add), _ = nnls(weighted, (rounds - fixed) / rounds)
        self.errors = (terms @ [self.step, self.move, self.add] + fixed) / rounds - 1

    def rows(self, steps: int) -> float:
        """Return the distinct rows of all tables that a shard touches in so many steps."""
        return float(sum((1 - np.exp(-uses * steps)).sum() for uses in self._uses))

    def _terms(self, shards: int, own: int) -> tuple[float, float, float]:
        if shards == 1:
            return STEPS_PER_BATCH, 0.0, 0.0
        steps = steps_per_round(shards)
        rows = self.rows(steps)
        return own * steps, own * rows, shards * rows

    def _of_directions(self, shards: int) -> float:
        steps = shards * steps_per_round(shards)
        return self.directions * min(1, steps / STEPS_OF_DIRECTIONS) if shards > 1 else 0.0

    def steps_a_second(self, shards: int, own: int = 1, bandwidth: float | None = None) -> float:
        """Return the steps a second of all processes, each of which carries out `own` shards.

        Args:
            bandwidth: of each process to the others, bytes a second; None: shared memory.
        """
        steps = STEPS_PER_BATCH if shards == 1 else steps_per_round(shards)
        round = float(np.dot(self._terms(shards, own), [self.step, self.move, self.add]))
        round += self._of_directions(shards)
        late = self._late[min(shards, max(self._late))]
        drawn = np.random.default_rng(0).choice(late, (4000, shards // own))
        round *= 1 + float(drawn.max(axis=1).mean())
        if bandwidth is not None:
            round += (shards - own) * self.rows(steps) * 4 * (self.dim + 1) / bandwidth
        return shards * steps / round


def measured_speed(run: Path, seconds: float, **settings: Any) -> float:
    """Return the raw words a second of a training, after its first steps."""
    from w2vtrain.errors import TrainingStopped
    from w2vtrain.training.train import train

    rows: list[Any] = []
    with run_with_corpus_of(run) as copy:

        def note(row: Any) -> None:
            if row.step >= STEPS_OF_DIRECTIONS:
                rows.append(row)

        def stop() -> bool:
            return len(rows) > 1 and rows[-1].seconds - rows[0].seconds > seconds

        with contextlib.suppress(TrainingStopped):
            train(copy, TrainConfig(epochs=EPOCHS, **settings), progress=note, stop=stop)
    return (rows[-1].words - rows[0].words) / (rows[-1].seconds - rows[0].seconds)


@contextlib.contextmanager
def run_with_corpus_of(run: Path) -> Iterator[Path]:
    """Yield a run for a while, with the same corpus."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "run"
        copy.mkdir()
        (copy / "corpus").symlink_to((run / "corpus").resolve())
        yield copy


def median_part(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the medians of repeated measurements of a part, and all its rounds."""
    return {
        "round": float(np.median([part["round"] for part in parts])),
        "directions": float(np.median([part["directions"] for part in parts])),
        "late": [late for part in parts for late in part["late"]],
    }


def report(name: str, model: Model, parts: dict[int, dict[str, Any]]) -> None:
    """Print the parts and what the model makes of them."""
    print(f"\n{name}: step {model.step * 1e3:.2f} ms with its making; a row: moved ", end="")
    print(f"{model.move * 1e6:.2f} µs, added {model.add * 1e6:.2f} µs;", end=" ")
    print(f"directions {model.directions * 1e3:.0f} ms")
    for (shards, part), error in zip(parts.items(), model.errors, strict=True):
        late = np.std(part["late"]) / part["round"]
        print(
            f"  K = {shards:2}: a round {part['round'] * 1e3:6.1f} ms (differs by {late:.0%}), "
            f"fitted {error:+.1%}"
        )


def main() -> None:
    """Measure, predict, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="a prepared run")
    parser.add_argument("--seconds", type=float, default=8, help="of each training")
    parser.add_argument("--repeat", type=int, default=3, help="of each measurement; medians count")
    parser.add_argument("--part", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--cores", help=argparse.SUPPRESS)
    parser.add_argument("--check", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    from w2vtrain.tensorflow_runtime import configure

    if options.part:
        cores = {int(core) for core in options.cores.split(",")}
        os.sched_setaffinity(0, cores)
        configure(len(cores))
        print(json.dumps(measure_part(options.run, options.part, options.seconds)), flush=True)
        # The iterator of the `fit` that was stopped still makes a batch, and would be waited for
        # when Python is at an end, when it gets no turn any more: that has hung.
        os._exit(0)
    if options.check:
        print(measured_speed(options.run, options.seconds, shards=options.check, workers=2))
        return
    corpus = Corpus.open(RunDirectory(options.run))
    objective: Any = make_objective(corpus, TrainConfig(), EPOCHS)
    shape, kept = objective._maker.shape, corpus.counts * objective.keep()
    noise = noise_probabilities(
        corpus.counts, objective.config.noise, objective.config.noise_exponent
    )
    tokens = shape.tokens * kept / kept.sum()
    uses = [tokens, tokens + shape.blocks * shape.noise_size * noise]
    words = corpus.tokens / (kept.sum() / shape.tokens)  # raw words that a step stands for
    first, second = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, {first, second})  # of all processes below
    sides: dict[int, list[Any]] = {shards: [] for shards in MEASURED}
    alone: dict[int, list[Any]] = {shards: [] for shards in MEASURED}
    speeds: dict[int, list[float]] = {shards: [] for shards in CHECKED}
    check = [sys.executable, __file__, str(options.run), "--seconds", str(options.seconds)]
    for _ in range(options.repeat):  # by turns, as the machine is not the same all the time
        for k in MEASURED:
            sides[k].append(parts_of(options.run, k, options.seconds, [[first], [second]]))
            alone[k].append(parts_of(options.run, k, options.seconds, [[first, second]]))
            if k in CHECKED:
                said = subprocess.check_output([*check, "--check", str(k)])
                speeds[k].append(float(said.split()[-1]))
    dim = objective.config.embedding_dim
    parts = {k: median_part(found) for k, found in sides.items()}
    one = Model(parts, uses, dim)
    report("a process of one thread on one processor, another beside it", one, parts)
    parts = {k: median_part(found) for k, found in alone.items()}
    two = Model(parts, uses, dim)
    report("a process of two threads on two processors, alone", two, parts)
    print("\ntwo workers, words/s:")
    for k, found in speeds.items():
        measured = float(np.median(found))
        predicted = words * one.steps_a_second(k, k // 2)
        each = ", ".join(f"{speed:,.0f}" for speed in found)
        print(f"  K = {k}: measured {measured:,.0f} ({each}), ", end="")
        print(f"predicted {predicted:,.0f}: {predicted / measured - 1:+.1%}")
    print("\nPredicted, million words/s, a process a shard")
    print("| K | S | one processor each | two each | a node each, 10 Gbit/s | 100 Gbit/s |")
    for k in (1, 2, 4, 8, 16, 32, 64):
        cells = [one.steps_a_second(k), two.steps_a_second(k)]
        cells += [two.steps_a_second(k, 1, gigabits * 1.25e8) for gigabits in (10, 100)]
        figures = " | ".join(f"{words * cell / 1e6:.2f}" for cell in cells)
        print(f"| {k} | {'–' if k == 1 else steps_per_round(k)} | {figures} |")


if __name__ == "__main__":
    main()
