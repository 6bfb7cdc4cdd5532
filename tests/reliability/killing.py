"""Kills the whole pipeline at random moments, again and again, and checks what is left.

A process prepares, trains and exports a small text and is killed: by the clock, or before or after
the n-th operation on a file (open for writing, fsync, rename, remove and so on), where bad luck
does its harm. Then every stage that has a manifest must be whole, none that was whole may be gone,
and the next process must go on. When one gets to the end, its files must have the same bytes as
those of a pipeline that nobody disturbed.
"""

import builtins
import contextlib
import io
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forked import CONTEXT, die

from w2vtrain.config import ExportConfig, PrepareConfig
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import sha256
from w2vtrain.run.stage import read_manifest
from w2vtrain.training.config import TrainConfig

TRAIN = TrainConfig(
    embedding_dim=8, epochs=2, window_size=2, subsample_threshold=0.0, checkpoint_every="0s"
)
OPERATIONS = ("fsync", "rename", "replace", "mkdir", "rmdir", "unlink")


def pipeline(text: Path, run: Path, die_at: int | None, count: Any) -> None:
    """Prepares, trains and exports; dies at its `die_at`-th operation on files, if given.

    Args:
        count: a shared integer that gets the number of operations.
    """
    from w2vtrain.corpus.prepare import prepare
    from w2vtrain.training.train import train
    from w2vtrain.vectors.export import export

    def tick() -> None:
        count.value += 1
        if count.value == die_at:
            die()

    watch_files(tick)
    prepare([text], run, PrepareConfig(min_count=1))
    train(run, TRAIN)
    export(run, ExportConfig(format="word2vec-binary"))


def watch_files(tick: Callable[[], None]) -> None:
    """Has `tick` called before and after each operation that changes files."""

    def watched(operation: Any, always: bool) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            mode = str(options.get("mode", arguments[1] if len(arguments) > 1 else "r"))
            if not always and not set(mode) & set("wax+"):
                return operation(*arguments, **options)
            tick()
            result = operation(*arguments, **options)
            tick()
            return result

        return call

    for name in OPERATIONS:
        setattr(os, name, watched(getattr(os, name), always=True))
    builtins.open = io.open = watched(io.open, always=False)


@dataclass
class Tally:
    """What the trials came to.

    Args:
        trials: kills.
        by_clock, by_operation: how many of them were of which kind.
        during: how many fell into each stage: the first that was not whole afterwards.
        finished: pipelines that got to their end between the kills, and were compared.
        failures: what went wrong; empty if all is well.
    """

    trials: int = 0
    by_clock: int = 0
    by_operation: int = 0
    during: dict[str, int] = field(default_factory=dict)
    finished: int = 0
    failures: list[str] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        during = {
            stage: self.during.get(stage, 0) + other.during.get(stage, 0)
            for stage in {*self.during, *other.during}
        }
        return Tally(
            self.trials + other.trials,
            self.by_clock + other.by_clock,
            self.by_operation + other.by_operation,
            during,
            self.finished + other.finished,
            self.failures + other.failures,
        )


def whole_stages(run: Path, failures: list[str]) -> list[str]:
    """Returns the stages that are whole; one with a manifest that is not adds to `failures`."""
    names = RunDirectory(run)
    whole = []
    for folder in (names.corpus, names.model, names.export / "word2vec-binary"):
        aside = folder.parent / f".{folder.name}.old"
        if (folder / "manifest.json").exists() or aside.exists():
            try:
                read_manifest(folder, "w2v", verify=True)
                whole.append(folder.name)
            except Exception as error:
                failures.append(f"{folder.name}: {error}")
    return whole


def result(run: Path) -> dict[str, str]:
    """Returns the SHA-256 of the files that must be the same in every run."""
    names = RunDirectory(run)
    files = [names.corpus_vocabulary, names.token_ids, names.boundaries, names.vectors]
    files += [names.context_vectors, names.export / "word2vec-binary" / "vectors.bin"]
    return {path.name: sha256(path) for path in files}


def kill_often(
    text: Path, place: Path, trials: int, seed: int, seconds: float = float("inf")
) -> Tally:
    """Returns the tally of `trials` kills, or as many as `seconds` allow, in runs under `place`."""
    draw, tally = random.Random(seed), Tally()
    end = time.monotonic() + seconds
    start = time.perf_counter()
    code, operations = _run(text, place / "reference", None, None)
    duration = time.perf_counter() - start
    if code != 0:
        tally.failures.append(f"undisturbed: exit code {code}")
        return tally
    expected = result(place / "reference")
    number, whole, run = 0, [], place / "run-0"
    while tally.trials < trials and time.monotonic() < end:
        run = place / f"run-{number}"
        by_clock = draw.random() < 0.5
        delay = draw.uniform(0.02, duration) if by_clock else None
        die_at = None if by_clock else draw.randint(1, operations)
        code, _ = _run(text, run, die_at, delay)
        now = whole_stages(run, tally.failures)
        tally.failures += [f"lost: {name}" for name in whole if name not in now]
        whole = now
        if code == -signal.SIGKILL:
            tally.trials += 1
            tally.by_clock += by_clock
            tally.by_operation += not by_clock
            stage = ["prepare", "train", "export", "the end"][len(now)]
            tally.during[stage] = tally.during.get(stage, 0) + 1
        elif code == 0:
            tally.finished += 1
            if result(run) != expected:
                tally.failures.append(f"{run.name}: other bytes than undisturbed")
            number, whole = number + 1, []
        else:
            tally.failures.append(f"{run.name}: exit code {code}")
            number, whole = number + 1, []
    if code == -signal.SIGKILL:  # the last one is brought to its end, too
        code, _ = _run(text, run, None, None)
        if code != 0 or result(run) != expected:
            tally.failures.append(f"{run.name}: exit code {code}, or other bytes, at the end")
        tally.finished += 1
    return tally


def _run(text: Path, run: Path, die_at: int | None, delay: float | None) -> tuple[int, int]:
    """Returns the exit code of a pipeline and how many operations on files it made."""
    count = CONTEXT.Value("i", 0, lock=False)  # a lock could die with its holder
    process = CONTEXT.Process(target=pipeline, args=(text, run, die_at, count))
    process.start()
    process.join(delay)
    if process.is_alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    return int(process.exitcode or 0), count.value
