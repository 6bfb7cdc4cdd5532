"""What shards cost and gain: rounds of one worker measured, two workers measured and predicted.

    python benchmarks/shards.py RUN [--seconds 8] [--repeat 3]

A worker's rounds are measured for some numbers of shards K, without the others: for what they would
give stands what this worker has given some rounds before, through the same files. Two such
processes of one thread side by side, on a processor each, in step, since both then want the memory
at the same time; one of two threads, alone; and one of two threads that merges all rows by itself,
as on a cluster. To each of these a model is fitted:

    seconds of a round = m (S step + r move) + M merge + directions + waiting + exchange

with m shards of the K in a process, S steps a round, and r distinct rows that a shard touches in
them, as the counts tell: that it moves, and as many moves of the K shards that it sums. M is the
rows that any of the shards touches, all of which a process takes over; on a cluster it is K r, the
moves that it sums. `directions` are measured; `waiting` is by how much the slowest of the workers
exceeds the mean, from how a worker's rounds differ; `exchange`, for nodes only, is the rows of the
K - m shards of other nodes over the bandwidth. The model is held to the measured speed of two
workers, which it has not seen. What follows for more processors and for nodes is a prediction: it
knows nothing of processors that share the bandwidth of their memory, nor of what Ray takes.
"""

import argparse
import contextlib
import itertools
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
MEASURED = (1, 2, 4, 8)  # shards of a training, of which one process carries out one
SETTLED = 2 * STEPS_OF_DIRECTIONS  # steps before what is measured
CHECKED = (2, 4, 8)  # shards of a training that two processes carry out


class Echo(Files):
    """The files of a single worker; what others would give is what it gave some rounds before.

    For the rows that they would have merged stand those that moved in the first rounds, as they are
    then.

    Args:
        folder: of the files.
        model: what is trained.
        shards: of the training.
        turns: of a round.
        beside: pipes from and to a process that is measured at the same time, if there is one.
    """

    def __init__(
        self, folder: Path, model: Any, shards: int, turns: int, beside: list[int]
    ) -> None:
        super().__init__(folder)
        self._model, self._shards = model, shards
        self._turns, self._beside, self._waited = turns, beside, 0.0
        self.times: list[float] = []

    def clock(self) -> float:
        """Return the seconds so far in which this process did not wait for the one beside it."""
        return time.perf_counter() - self._waited

    def meet(self) -> None:
        """Wait for the process beside this one, as long as there is one."""
        if self._beside:
            began, (take, give) = time.perf_counter(), self._beside
            try:
                os.write(give, b" ")
                there = os.read(take, 1)
            except BrokenPipeError:
                there = b""
            self._beside = self._beside if there else []
            self._waited += time.perf_counter() - began

    def write(self, turn: int, own: dict[int, Done]) -> None:
        """Write what the worker has done or merged, and keep what it did in the last rounds."""
        round, merged = divmod(turn, self._turns)
        if merged:
            super().write(1, own)
        else:
            self.times.append(self.clock())
            super().write(0, {round % self._shards: own[0]})
            if self._turns == 2 and round in (0, self._shards):
                self._merge_of_others(round, own[0])

    def read(self, turn: int, shard: int, like: Done) -> Done:
        """Read what it did `shard` rounds ago, or, at the very start, has done now."""
        round, merged = divmod(turn, self._turns)
        if merged:
            return super().read(1, shard, like)
        ago = shard if round >= shard else 0
        return super().read(0, (round - ago) % self._shards, like)

    def _merge_of_others(self, round: int, like: Done) -> None:
        known = [self.read(self._turns * round, shard, like) for shard in range(self._shards)]
        for part in range(1, self._shards):
            found: Done = []
            for number, layer in enumerate(self._model.trainer.trained_tables):
                rows = np.unique(np.concatenate([done[number] for done in known]))
                rows = rows[rows % self._shards == part]
                found += [rows, layer.embeddings.numpy()[rows]]
            super().write(1, {part: found})


def measure_part(
    run: Path, shards: int, seconds: float, turns: int, beside: list[int]
) -> dict[str, Any]:
    """Train one shard of `shards` for some seconds, after its first steps.

    Args:
        turns: of a round: 2 where the processes share out the merge, 1 where each makes all of it.
        beside: pipes from and to a process that is measured at the same time, if there is one.
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
                made.append((steps, echo.clock()))
                model.stop_training = made[-1][1] - made[0][1] > seconds

    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        echo = Echo(Path(folder), model, shards, turns, beside)
        if shards > 1:
            objective.own = [0]
            if turns == 2:
                model.parts = [0]
            model.exchange = Exchange(echo, [0], shards, echo.meet)
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


def parts_of(
    run: Path, shards: int, seconds: float, cores: list[list[int]], turns: int = 2
) -> dict[str, Any]:
    """Measure a part in a process for each list of cores, side by side, and return their mean."""
    command = [sys.executable, __file__, str(run), "--seconds", str(seconds), "--part", str(shards)]
    command += ["--turns", str(turns)]
    pipes = [os.pipe() for _ in cores]
    processes = []
    for number, some in enumerate(cores):
        beside = [pipes[number][0], pipes[number - 1][1]] if len(cores) == 2 else []
        numbers = {"cores": some, "beside": beside}
        options = [f"--{name}={','.join(map(str, found))}" for name, found in numbers.items()]
        processes.append(
            subprocess.Popen([*command, *options], stdout=subprocess.PIPE, pass_fds=beside)
        )
    for end in itertools.chain(*pipes):
        os.close(end)
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
        turns: of a round.
    """

    def __init__(
        self, parts: dict[int, dict[str, Any]], uses: list[np.ndarray], dim: int, turns: int = 2
    ) -> None:
        self._uses, self.dim, self._turns = uses, dim, turns
        self.directions = float(np.median([parts[k]["directions"] for k in parts if k > 1]))
        # In shares of the round's time, as rounds of all lengths are disturbed likewise.
        self._late = {k: np.array(part["late"]) / part["round"] for k, part in parts.items()}
        rounds = np.array([part["round"] for part in parts.values()])
        terms = np.array([self._terms(shards, 1) for shards in parts])
        fixed = np.array([self._of_directions(shards) for shards in parts])
        weighted = terms / rounds[:, None]
        self.costs, _ = nnls(weighted, (rounds - fixed) / rounds)
        self.errors = (terms @ self.costs + fixed) / rounds - 1

    def rows(self, steps: int) -> float:
        """Return the distinct rows of all tables that a shard touches in so many steps."""
        return float(sum((1 - np.exp(-uses * steps)).sum() for uses in self._uses))

    def _terms(self, shards: int, own: int) -> tuple[float, float, float]:
        if shards == 1:
            return STEPS_PER_BATCH, 0.0, 0.0
        steps = steps_per_round(shards)
        rows = self.rows(steps)
        merged = self.rows(shards * steps) if self._turns == 2 else shards * rows
        return own * steps, own * rows, merged

    def _of_directions(self, shards: int) -> float:
        steps = shards * steps_per_round(shards)
        return self.directions * min(1, steps / STEPS_OF_DIRECTIONS) if shards > 1 else 0.0

    def steps_a_second(self, shards: int, own: int = 1, bandwidth: float | None = None) -> float:
        """Return the steps a second of all processes, each of which carries out `own` shards.

        Args:
            bandwidth: of each process to the others, bytes a second; None: shared memory.
        """
        steps = STEPS_PER_BATCH if shards == 1 else steps_per_round(shards)
        round = float(np.dot(self._terms(shards, own), self.costs))
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
    step, move, merge = model.costs
    print(f"\n{name}: step {step * 1e3:.2f} ms with its making; a row: moved {move * 1e6:.2f} µs, ")
    print(f"merged {merge * 1e6:.2f} µs; directions {model.directions * 1e3:.0f} ms")
    for (shards, part), error in zip(parts.items(), model.errors, strict=True):
        late = np.std(part["late"]) / part["round"]
        print(
            f"  K = {shards}: a round {part['round'] * 1e3:6.1f} ms (differs by {late:.0%}), "
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
    parser.add_argument("--beside", help=argparse.SUPPRESS)
    parser.add_argument("--turns", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--check", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    from w2vtrain.tensorflow_runtime import configure

    if options.part:
        cores, beside = (
            [int(number) for number in numbers.split(",") if number]
            for numbers in (options.cores, options.beside)
        )
        os.sched_setaffinity(0, cores)
        configure(len(cores))
        found = measure_part(options.run, options.part, options.seconds, options.turns, beside)
        print(json.dumps(found), flush=True)
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
    one, two = [[first], [second]], [[first, second]]
    kinds = {"one thread, another process beside it": (one, 2), "two threads": (two, 2)}
    kinds["two threads, merging all"] = (two, 1)
    parts: dict[str, dict[int, list[Any]]] = {kind: {k: [] for k in MEASURED} for kind in kinds}
    speeds: dict[int, list[float]] = {shards: [] for shards in CHECKED}
    ratios: dict[int, list[float]] = {shards: [] for shards in CHECKED}
    check = [sys.executable, __file__, str(options.run), "--seconds", str(options.seconds)]
    dim, (held_to, *_) = objective.config.embedding_dim, kinds
    for _ in range(options.repeat):  # by turns, as the machine is not the same all the time
        for k in MEASURED:
            for kind, (cores, turns) in kinds.items():
                parts[kind][k].append(parts_of(options.run, k, options.seconds, cores, turns))
                if kind == held_to and k in CHECKED:
                    said = subprocess.check_output([*check, "--check", str(k)])
                    speeds[k].append(float(said.split()[-1]))
        model = Model({k: found[-1] for k, found in parts[held_to].items()}, uses, dim)
        for k in CHECKED:
            ratios[k].append(words * model.steps_a_second(k, k // 2) / speeds[k][-1] - 1)
    models = {}
    for kind, (_, turns) in kinds.items():
        medians = {k: median_part(found) for k, found in parts[kind].items()}
        models[kind] = Model(medians, uses, dim, turns)
        report(f"a process of {kind}", models[kind], medians)
    print("\ntwo workers, words/s, and by how much the model is off in each repetition:")
    for k, found in speeds.items():
        each = ", ".join(
            f"{speed:,.0f} {off:+.1%}" for speed, off in zip(found, ratios[k], strict=True)
        )
        predicted = words * models[held_to].steps_a_second(k, k // 2)
        measured = float(np.median(found))
        print(f"  K = {k}: measured {measured:,.0f}, predicted {predicted:,.0f}: ", end="")
        print(f"{predicted / measured - 1:+.1%} ({each}; median {np.median(ratios[k]):+.1%})")
    print("\nPredicted, million words/s, a process a shard")
    print("| K | S | one processor each | two each | a node each, 10 Gbit/s | 100 Gbit/s |")
    own, pair, node = models.values()
    for k in (1, 2, 4, 8, 16, 32, 64):
        cells = [own.steps_a_second(k), pair.steps_a_second(k)]
        cells += [node.steps_a_second(k, 1, gigabits * 1.25e8) for gigabits in (10, 100)]
        figures = " | ".join(f"{words * cell / 1e6:.2f}" for cell in cells)
        print(f"| {k} | {'–' if k == 1 else steps_per_round(k)} | {figures} |")


if __name__ == "__main__":
    main()
