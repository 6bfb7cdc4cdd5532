"""Two commands at once on one run, chosen by chance, some of them killed or interrupted.

    python benchmarks/soak.py --minutes 20

After each pair: every command has ended with a result or a clear error, every stage that was
whole is whole, and the same corpus and settings have given the same bytes as before. Every ten
pairs a few undisturbed commands run, after which nothing may be left behind. What came of it is
written to benchmarks/results/soak.json, for docs/reliability.md.
"""

import argparse
import atexit
import contextlib
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from forked import CONTEXT  # noqa: E402
from reliability.corpora import write_text  # noqa: E402
from reliability.killing import watch_files  # noqa: E402

from w2vtrain.errors import W2VError  # noqa: E402
from w2vtrain.run.directory import RunDirectory  # noqa: E402
from w2vtrain.run.stage import MANIFEST, read_manifest  # noqa: E402

SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
_TRAIN = "--embedding-dim 8 --epochs 2 --window-size 2 --subsample-threshold 0"
# RUN, OUT and the texts A, B, C stand for paths. The first word is the name in the tally.
COMMANDS = [
    "prepare A -o RUN --min-count 1",
    "prepare A -o RUN --min-count 1 --force",
    "prepare B -o RUN --min-count 1 --force",
    "prepare --update -o RUN C",
    f"train RUN {_TRAIN} --checkpoint-every 0s",
    f"train RUN {_TRAIN} --checkpoint-every 0s --force",
    f"train RUN {_TRAIN} --seed 7 --force",
    "train RUN --epochs +1 --learning-rate 0.01 --force",
    "run CONFIG",
    "run CONFIG --force",
    "stability RUN --seeds 1 -k 3",
    "export RUN --format npy",
    "export RUN --format word2vec-text",
    "export RUN --format projector",
    "export RUN --format npy -o OUT/exported",
    "convert RUN OUT/vectors.txt",
    "convert RUN OUT/vectors.bin",
    "convert RUN OUT/folder --to npy",
    "projector RUN --no-serve --no-layout --clusters 2",
    "projector RUN --no-serve --no-layout --clusters 2 --force",
    "neighbors RUN a0 b0 --json",
    "similarity RUN a0 b0 --json",
    "explain RUN a0 a1 --json",
    "why-not RUN a0 --json",
    "pairs RUN -n 3 --window-size 2",
    "vector RUN a0 --json",
    "diff RUN OUT/vectors.txt --json",
    "plot history RUN -o OUT/history.png",
]
CLEARING = [
    "export RUN --format npy",
    "export RUN --format npy -o OUT/exported",
    "convert RUN OUT/vectors.txt",
    "convert RUN OUT/vectors.bin",
    "convert RUN OUT/folder --to npy",
]


@dataclass
class Tally:
    """What the soak came to.

    Args:
        pairs: rounds, of two commands each.
        ended: how many commands ended in which way.
        errors: how often each error was given, places and numbers left out.
        signals: how many of each kind were sent to a command that was running.
        trainings: different corpora and settings that were trained; compared: trainings of those
            whose vectors were compared with earlier ones.
        temporary: what killed commands left in the system's folder for temporary files.
        failures: what went wrong; empty if all is well.
    """

    pairs: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    signals: Counter[str] = field(default_factory=Counter)
    trainings: int = 0
    compared: int = 0
    temporary: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Disturbance:
    """A signal for a command: after so many seconds, or at its n-th operation on a file."""

    signal: str
    seconds: float | None
    operation: int | None


class Command:
    """A command that runs in a process of its own, with its output in files."""

    def __init__(self, words: list[str], place: Path, disturbance: Disturbance | None) -> None:
        self.words, self._place, self._disturbance = words, place, disturbance
        place.mkdir(parents=True)
        for name in ("out", "err"):
            (place / name).touch()
        self.sent, self._ready = (CONTEXT.Value("i", 0, lock=False) for _ in range(2))
        operation = None if disturbance is None else disturbance.operation
        name = None if disturbance is None else disturbance.signal
        self._process = CONTEXT.Process(
            target=_perform, args=(words, place, operation, name, self.sent, self._ready)
        )
        self._process.start()
        self._start: float | None = None

    def attend(self) -> bool:
        """Send the signal when its time has come; return whether the command still runs."""
        if self._process.exitcode is not None:
            return False
        if self._start is None and self._ready.value:
            self._start = time.monotonic()
        wait = None if self._disturbance is None else self._disturbance.seconds
        if wait is None or self.sent.value or self._start is None:
            return True
        if time.monotonic() - self._start > wait:
            self.sent.value = 1
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid or 0, getattr(signal, self._disturbance.signal))
        return True

    def result(self) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr of the command that has ended."""
        self._process.join()
        out, err = ((self._place / name).read_text(errors="replace") for name in ("out", "err"))
        return int(self._process.exitcode or 0), out, err

    @property
    def signal(self) -> str | None:
        """The signal that was sent; None if none was."""
        return self._disturbance.signal if self._disturbance and self.sent.value else None


def _perform(
    words: list[str], place: Path, operation: int | None, name: str | None, sent: Any, ready: Any
) -> None:
    for descriptor, file in ((1, "out"), (2, "err")):
        os.dup2(os.open(place / file, os.O_WRONLY), descriptor)
    sys.argv = ["w2v", *words]
    tempfile.tempdir = str(place.parent / "tmp")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    count = itertools.count(1)

    def tick() -> None:
        if next(count) == operation:
            sent.value = 1
            os.kill(os.getpid(), getattr(signal, str(name)))

    watch_files(tick)
    from w2vtrain.cli import main

    ready.value = 1
    try:
        main(words)
    finally:
        atexit._run_exitfuncs()  # multiprocessing leaves that out; TensorFlow removes files there


class Soak:
    """One run directory and what is done to it.

    Args:
        place: an empty folder.
        seed: of all that is drawn.
    """

    def __init__(self, place: Path, seed: int) -> None:
        self.tally, self._place, self._draw = Tally(), place, random.Random(seed)
        self._vectors: dict[str, tuple[str, str]] = {}  # by what decides them: SHA-256, when made
        self._whole: set[Path] = set()
        self._number = itertools.count()
        self._paths = {"RUN": place / "run", "OUT": place / "out", "CONFIG": place / "run.toml"}
        for name, (lines, text_seed) in {"A": (60, 1), "B": (40, 2), "C": (10, 3)}.items():
            self._paths[name] = write_text(place / f"{name}.txt", lines=lines, seed=text_seed)
        (place / "out").mkdir()
        (place / "tmp").mkdir()
        self._paths["CONFIG"].write_text(
            f"inputs = ['{place / 'A.txt'}']\nrun = '{place / 'run'}'\n[prepare]\nmin-count = 1\n"
            "[train]\nembedding-dim = 8\nepochs = 2\nwindow-size = 2\nsubsample-threshold = 0.0\n"
            "[export]\nformat = 'npy'\n"
        )

    def pair(self) -> None:
        """Run two commands at once and check what they leave."""
        texts = [self._draw.choice(COMMANDS) for _ in range(2)]
        self._at_once([(text, self._disturbance()) for text in texts])
        self.tally.pairs += 1
        if self.tally.pairs % 10 == 0:
            self.clear()

    def clear(self) -> None:
        """Run undisturbed commands, after which nothing may be left behind."""
        if not (self._paths["RUN"] / "model").exists():
            self._at_once([("run CONFIG --force", None)])
        for text in CLEARING:
            code, _, err = self._at_once([(text, None)])[0]
            if code != 0:
                self._fail([text], f"exit code {code}: {err}")
        for place in (self._paths["RUN"], self._paths["OUT"]):
            for left in place.rglob(".*"):
                self._fail(CLEARING, f"left behind: {left.relative_to(self._place)}")
        self.tally.temporary = len(list((self._place / "tmp").iterdir()))

    def _disturbance(self) -> Disturbance | None:
        kind = self._draw.random()
        name = self._draw.choice(SIGNALS)
        if kind < 0.2:
            return Disturbance(name, self._draw.uniform(0.0, 2.5), None)
        operation = int(10 ** self._draw.uniform(0, 2.3))  # a stage has some ten, a training 150
        return Disturbance(name, None, operation) if kind < 0.6 else None

    def _at_once(self, texts: list[tuple[str, Disturbance | None]]) -> list[tuple[int, str, str]]:
        commands = []
        for text, disturbance in texts:
            words = [self._filled(word) for word in text.split()]
            folder = self._place / f"command-{next(self._number):05d}"
            commands.append(Command(words, folder, disturbance))
        running = commands
        while running:
            running = [command for command in running if command.attend()]
            time.sleep(0.005)
        results = [command.result() for command in commands]
        names = [text for text, _ in texts]
        for command, result in zip(commands, results, strict=True):
            self._check_end(names, command, *result)
        self._check_stages(names)
        return results

    def _filled(self, word: str) -> str:
        first, slash, rest = word.partition("/")
        return f"{self._paths[first]}{slash}{rest}" if first in self._paths else word

    def _check_end(self, names: list[str], command: Command, code: int, out: str, err: str) -> None:
        sent = command.signal
        if sent:
            self.tally.signals[sent] += 1
        number = getattr(signal, sent) if sent else 0
        if "Traceback" in err:
            self._fail(names, f"{command.words[0]} {sent}: traceback: {err[-1500:]}")
        elif code == 0:
            self.tally.ended["result"] += 1
            if "--json" in command.words:
                json.loads(out)
        elif code == 1 and "Error: " in err:
            self.tally.ended["error"] += 1
            message = err[err.index("Error: ") :].splitlines()[0]
            self.tally.errors[self._generic(message)] += 1
        elif sent and code in (-number, 128 + number):
            self.tally.ended[sent] += 1
        else:
            self._fail(names, f"{command.words[0]} {sent}: exit code {code}: {err[-1500:]}")

    def _generic(self, message: str) -> str:
        """Return an error message without places, names of holders and differences."""
        message = message.replace(str(self._place), "PLACE").partition(" by process")[0]
        return message.partition("other settings")[0]

    def _check_stages(self, names: list[str]) -> None:
        """Check that whole stages stay whole, and that the same inputs give the same vectors."""
        run = RunDirectory(self._paths["RUN"])
        folders = [run.corpus, run.model, run.projector, self._paths["OUT"] / "exported"]
        folders += [run.export / name for name in ("npy", "word2vec-text", "projector")]
        children = [RunDirectory(child) for child in run.stability.glob("seed-*")]
        folders += [child.model for child in children]
        whole = set()
        for folder in folders:
            with contextlib.suppress(W2VError):
                manifest = read_manifest(folder, "w2v", verify=True)
                whole.add(folder)
                if "corpus" in manifest:
                    self._check_vectors(names, folder, manifest)
            if (folder / MANIFEST).exists() and folder not in whole:
                self._fail(names, f"damaged: {folder}")
        for lost in self._whole - whole:
            self._fail(names, f"lost: {lost}")
        self._whole = whole

    def _check_vectors(self, names: list[str], folder: Path, manifest: dict[str, Any]) -> None:
        decisive = {key: manifest.get(key) for key in ("config", "corpus", "origin")}
        key = json.dumps(decisive, sort_keys=True)
        digest, made = manifest["files"]["vectors.npy"]["sha256"], str(manifest["finished"])
        if key not in self._vectors:
            self._vectors[key] = (digest, made)
            self.tally.trainings += 1
            return
        known, last = self._vectors[key]
        if known != digest:
            self._fail(names, f"other vectors than at {last}: {folder}")
        self.tally.compared += last != made
        self._vectors[key] = (known, made)

    def _fail(self, names: list[str], text: str) -> None:
        failure = f"{self.tally.pairs}: {' | '.join(names)}: {text}"
        print(failure, file=sys.stderr, flush=True)
        self.tally.failures.append(failure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    end = time.monotonic() + options.minutes * 60
    with tempfile.TemporaryDirectory() as place:
        soak = Soak(Path(place), options.seed)
        soak.clear()  # which makes a first model
        while time.monotonic() < end:
            soak.pair()
        soak.clear()
    command = f"python benchmarks/soak.py --minutes {options.minutes:g} --seed {options.seed}"
    report = json.dumps({"command": command, **vars(soak.tally)}, indent=2)
    out = ROOT / "benchmarks" / "results" / "soak.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(report + "\n")
    print(report)
    return 1 if soak.tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
