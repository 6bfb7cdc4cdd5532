"""What shards cost and gain: rounds of one worker measured, two workers measured and predicted.

    python benchmarks/shards.py RUN [--seconds 2] [--repeat 10]

A worker's rounds are measured for some numbers of shards K, without the others: for what they would
give stands what the worker beside it, or itself, has given some rounds before, through the same
files. Two such processes of one thread side by side, in step, since both then want the memory at
the same time; one of two threads, alone; and one of two threads that merges all rows by itself, as
on a cluster. To each of these a model is fitted:

    seconds of a round = m (S step + r move) + M merge + directions + waiting + exchange

with m shards of the K in a process, S steps a round, and r distinct rows that a shard touches in
them, as the counts tell: that it moves, and as many moves of the K shards that it sums. M is the
rows that any of the shards touches, all of which a process takes over; on a cluster it is K r, the
moves that it sums. `directions` are measured; `waiting` is by how much the slowest of the workers
exceeds the mean, from how a worker's rounds differ; `exchange`, for nodes only, is the rows of the
K - m shards of other nodes over the bandwidth. The model is held to the measured speed of two
workers. What follows for more processors and for nodes is a prediction: it knows nothing of
processors that share the bandwidth of their memory, nor of what Ray takes.

All of these train at the same time, a turn of some seconds each while the others are stopped: on a
machine whose speed changes, parts and trainings that are timed one after the other do not compare.
What a part learns makes no sense, and may overflow: only its time counts.
"""

import argparse
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
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
from w2vtrain.training.negative_sampling import FEW_EPOCHS, STEPS_PER_BATCH
from w2vtrain.training.registry import make_objective
from w2vtrain.training.workers import Done, Exchange, Files

EPOCHS = FEW_EPOCHS  # with the default learning rate of a large text; no training comes to its end
MEASURED = (1, 2, 4, 8)  # shards of a training, of which one process carries out one
SETTLED = 2 * STEPS_OF_DIRECTIONS  # steps before what is measured
CHECKED = (2, 4, 8)  # shards of a training that two processes carry out


class Log:
    """A file of moments: seconds of the clock that all processes share, and a number each."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", 0)

    def note(self, number: float) -> None:
        """Write that it is `number` now."""
        self._file.write(np.array([time.perf_counter(), number]).tobytes())


def read_log(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the moments and the numbers so far."""
    found = np.frombuffer(path.read_bytes() if path.exists() else b"")
    moments, numbers = found[: len(found) // 2 * 2].reshape(-1, 2).T
    return moments, numbers


class Echo(Files):
    """The files of a worker, for whose partners stands the process beside it, or else itself.

    What that has done in the last rounds is what the other shards would give in this one.

    Args:
        folder: of its files and logs.
        other: folder of the process beside it, or its own.
        shards: of the training.
        own: the one of them that this process carries out.
        turns: of a round.
        beside: pipes from and to the process that is measured at the same time, if there is one.
    """

    def __init__(
        self, folder: Path, other: Path, shards: int, own: int, turns: int, beside: list[int]
    ) -> None:
        super().__init__(folder)
        self._other, self._youngest = Files(other), 0 if other != folder else 1
        self._shards, self._own, self._turns, self._beside = shards, own, turns, beside
        self._rounds, self._waits = Log(folder / "rounds"), Log(folder / "waits")

    def meet(self) -> None:
        """Wait for the process beside this one."""
        if self._beside:
            take, give = self._beside
            self._waits.note(0)
            os.write(give, b" ")
            os.read(take, 1)
            self._waits.note(1)

    def write(self, turn: int, own: dict[int, Done]) -> None:
        """Write what the shard has done or merged, beside what it did in the last rounds."""
        round, merged = divmod(turn, self._turns)
        if not merged:
            self._rounds.note(round)
        super().write(merged, {round % self._shards: own[self._own]})

    def read(self, turn: int, shard: int, like: Done) -> Done:
        """Read what was done some rounds ago; at the very start, in the first."""
        round, merged = divmod(turn, self._turns)
        ago = (shard - self._own) % self._shards - 1 + self._youngest
        return self._other.read(merged, max(0, round - ago) % self._shards, like)


def train_part(
    run: Path, shards: int, turns: int, folders: Sequence[Path], beside: list[int]
) -> None:
    """Train one shard of `shards` without end, and log it.

    Args:
        turns: of a round: 2 where the processes share out the merge, 1 where each makes all of it.
        folders: of this process, and of the process that is measured at the same time, if any.
        beside: pipes from and to that.
    """
    import keras
    import tensorflow as tf

    corpus = Corpus.open(RunDirectory(run))
    objective: Any = make_objective(corpus, TrainConfig(shards=shards), EPOCHS)
    model, own = objective.model, int(folders[0] > folders[-1])  # two carry out different shards
    steps = Log(folders[0] / "steps")
    if shards > 1:
        directions = Log(folders[0] / "directions")
        find = tf.function(model.find_directions, autograph=False)
        for number in range(10):
            find()
            directions.note(number)
        objective.own = [own]
        if turns == 2:
            model.parts = [own]
        echo = Echo(folders[0], folders[-1], shards, own, turns, beside)
        model.exchange = Exchange(echo, [own], shards, echo.meet)

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps.note(int(model.optimizer.iterations.numpy()))

    stream = BatchStream(objective.batches, objective.signature(), Position())
    model.fit(
        stream.dataset(), steps_per_epoch=10**9, shuffle=False, verbose=0, callbacks=[Clock()]
    )


def train_check(run: Path, shards: int, folder: Path) -> None:
    """Train `shards` with two workers until there is a file `stop`, and log it."""
    from w2vtrain.errors import TrainingStopped
    from w2vtrain.training.train import train

    steps, copy = Log(folder / "steps"), folder / "run"
    copy.mkdir()
    (copy / "corpus").symlink_to((run / "corpus").resolve())
    with contextlib.suppress(TrainingStopped):
        train(
            copy,
            TrainConfig(epochs=EPOCHS, shards=shards, workers=2),
            progress=lambda row: steps.note(row.step),
            stop=(folder / "stop").exists,
        )


class Contestant:
    """One process or two that train side by side, and are stopped while others have their turn.

    So all are measured at the same time, on a machine whose speed changes from minute to minute.

    Args:
        folder: for its files.
        command: what each process is started with.
        number: of processes.
    """

    def __init__(self, folder: Path, command: Sequence[str], number: int = 1) -> None:
        self.folders = [folder / str(one) for one in range(number)]
        self._processes: list[subprocess.Popen[bytes]] = []
        self._edges = [time.perf_counter()]
        pipes = [os.pipe() for _ in self.folders]
        for one, own in enumerate(self.folders):
            own.mkdir(parents=True)
            beside = [pipes[one][0], pipes[one - 1][1]] if number > 1 else []
            options = [f"--folders={own},{self.folders[one - 1]}", f"--beside={_listed(beside)}"]
            self._processes.append(
                subprocess.Popen([*command, *options], pass_fds=beside, start_new_session=True)
            )
        for end in itertools.chain(*pipes):
            os.close(end)

    def settle(self) -> None:
        """Let it make its first steps."""
        while not all(len(self.steps(own)[0]) for own in self.folders):
            if any(process.poll() is not None for process in self._processes):
                raise SystemExit("A process that is measured has failed.")
            time.sleep(0.1)
        self._signal(signal.SIGSTOP)

    def go_on(self, seconds: float) -> None:
        """Let it train for some seconds."""
        self._signal(signal.SIGCONT)
        time.sleep(seconds)
        self._signal(signal.SIGSTOP)

    def end(self) -> None:
        """End it: a training by itself, since it has workers and files of its own."""
        (self.folders[0] / "stop").touch()
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGCONT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10 if (self.folders[0] / "run").exists() else 0)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def active(self, moments: np.ndarray) -> np.ndarray:
        """Return the seconds that it has trained until each moment."""
        begins, ends = np.array(self._edges).reshape(-1, 2).T
        trained = np.cumsum(ends - begins)
        return np.interp(
            moments, self._edges, np.stack([trained - (ends - begins), trained], 1).ravel()
        )

    def steps(self, folder: Path) -> tuple[np.ndarray, np.ndarray]:
        """Return the moments at which a process had made so many steps, after the first ones."""
        moments, steps = read_log(folder / "steps")
        return moments[steps > SETTLED], steps[steps > SETTLED]

    def steps_a_second(self) -> float:
        """Return the steps of a second in which it trained, waiting included."""
        moments, steps = self.steps(self.folders[0])
        return float((steps[-1] - steps[0]) / np.ptp(self.active(moments)))

    def _signal(self, number: int) -> None:
        for process in self._processes:
            os.killpg(process.pid, number)
        self._edges.append(time.perf_counter())


def measured(contestant: Contestant, shards: int, objective: Any) -> dict[str, Any]:
    """Return what the processes of a part took, on average.

    Returns:
        the seconds of a round (of a batch, if there is one shard) without waiting for the process
        beside it; those of finding the steep directions; by how much each round takes longer.
    """
    rounds, directions, late = [], [], [0.0]
    nominal = STEPS_PER_BATCH if shards == 1 else shards * steps_per_round(shards)
    for folder in contestant.folders:
        moments, steps = contestant.steps(folder)
        waits = contestant.active(read_log(folder / "waits")[0])

        def waited(until: np.ndarray, waits: np.ndarray = waits) -> np.ndarray:
            begins, ends = waits[: len(waits) // 2 * 2].reshape(-1, 2).T
            total = np.concatenate([[0.0], np.cumsum(ends - begins)])
            return total[np.searchsorted(ends, until, side="right")]

        busy = contestant.active(moments)
        busy = busy - waited(busy)
        rounds.append((busy[-1] - busy[0]) / (steps[-1] - steps[0]) * nominal)
        if shards == 1:
            continue
        directions.append(np.median(np.diff(read_log(folder / "directions")[0])))
        began = contestant.active(read_log(folder / "rounds")[0])
        took = np.diff(began - waited(began))
        ends = shards * np.cumsum([objective._sizes.of(number) for number in range(len(took))])
        due = np.diff(ends // STEPS_OF_DIRECTIONS, prepend=0) > 0
        took = (took - due * directions[-1])[ends > SETTLED]
        late += (took - took.mean()).tolist()
    return {
        "round": float(np.mean(rounds)),
        "directions": float(np.mean(directions)) if directions else 0.0,
        "late": late[1:] or late,
    }


def _listed(items: Sequence[Any]) -> str:
    return ",".join(map(str, items))


class Model:
    """Predicts the seconds of a round.

    Args:
        parts: for each number of shards, what `measured` found.
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


@contextlib.contextmanager
def contestants(commands: dict[Any, tuple[list[str], int]]) -> Iterator[dict[Any, Contestant]]:
    """Yield contestants, started one after the other; end them after the body."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        there: dict[Any, Contestant] = {}
        try:
            for place, (name, (command, number)) in enumerate(commands.items()):
                there[name] = Contestant(Path(memory, str(place)), command, number)
                there[name].settle()
            yield there
        finally:
            for contestant in there.values():
                contestant.end()


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
    parser.add_argument("--seconds", type=float, default=2, help="of a turn")
    parser.add_argument("--repeat", type=int, default=10, help="turns of each training")
    for hidden in ("--part", "--turns", "--threads", "--check"):
        parser.add_argument(hidden, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--beside", help=argparse.SUPPRESS)
    parser.add_argument("--folders", help=argparse.SUPPRESS)
    options = parser.parse_args()
    from w2vtrain.tensorflow_runtime import configure

    if options.folders:
        folders = [Path(folder) for folder in options.folders.split(",")]
        if options.check:
            train_check(options.run, options.check, folders[0])
            return
        configure(options.threads)
        warnings.simplefilter("ignore", RuntimeWarning)  # what overflows
        beside = [int(number) for number in options.beside.split(",") if number]
        train_part(options.run, options.part, options.turns, folders, beside)
        return
    configure()
    corpus = Corpus.open(RunDirectory(options.run))
    objectives: dict[int, Any] = {
        shards: make_objective(corpus, TrainConfig(shards=shards), EPOCHS) for shards in MEASURED
    }
    objective = objectives[1]
    shape, kept = objective._maker.shape, corpus.counts * objective.keep()
    noise = noise_probabilities(
        corpus.counts, objective.config.noise, objective.config.noise_exponent
    )
    tokens = shape.tokens * kept / kept.sum()
    uses = [tokens, tokens + shape.blocks * shape.noise_size * noise]
    words = corpus.tokens / (kept.sum() / shape.tokens)  # raw words that a step stands for
    # All processes below share two processors: on which a thread runs is left to the system.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    own = [sys.executable, __file__, str(options.run)]
    kinds = {"one thread, another process beside it": (2, 2), "two threads": (1, 2)}
    kinds["two threads, merging all"] = (1, 1)
    groups: list[dict[Any, tuple[list[str], int]]] = [
        {("check", k): ([*own, "--check", str(k)], 1) for k in CHECKED},
        {},
    ]
    for kind, (processes, turns) in kinds.items():
        for k in MEASURED:
            how = ["--turns", str(turns), "--threads", str(2 // processes), "--part", str(k)]
            groups[processes == 1][kind, k] = [*own, *how], processes
    parts: dict[str, dict[int, Any]] = {kind: {} for kind in kinds}
    speeds: dict[int, float] = {}
    for group in groups:
        with contestants(group) as there:
            for _ in range(options.repeat):
                for contestant in there.values():
                    contestant.go_on(options.seconds)
            for (kind, k), contestant in there.items():
                if kind == "check":
                    speeds[k] = words * contestant.steps_a_second()
                else:
                    parts[kind][k] = measured(contestant, k, objectives[k])
    dim = objective.config.embedding_dim
    models = {kind: Model(parts[kind], uses, dim, kinds[kind][1]) for kind in kinds}
    for kind, model in models.items():
        report(f"a process of {kind}", model, parts[kind])
    own_model, pair, node = models.values()
    print("\ntwo workers, words/s, and by how much the model is off:")
    for k, speed in speeds.items():
        predicted = words * own_model.steps_a_second(k, k // 2)
        off = predicted / speed - 1
        print(f"  K = {k}: measured {speed:,.0f}, predicted {predicted:,.0f}: {off:+.1%}")
    print("\nPredicted, million words/s, a process a shard")
    print("| K | S | one processor each | two each | a node each, 10 Gbit/s | 100 Gbit/s |")
    for k in (1, 2, 4, 8, 16, 32, 64):
        cells = [own_model.steps_a_second(k), pair.steps_a_second(k)]
        cells += [node.steps_a_second(k, 1, gigabits * 1.25e8) for gigabits in (10, 100)]
        figures = " | ".join(f"{words * cell / 1e6:.2f}" for cell in cells)
        print(f"| {k} | {'–' if k == 1 else steps_per_round(k)} | {figures} |")


if __name__ == "__main__":
    main()
