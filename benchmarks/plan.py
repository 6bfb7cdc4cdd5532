"""What `w2v plan` says against what the run then takes: `python benchmarks/plan.py INPUT...`.

Each of the three commands runs in a process of its own; memory is the larger peak of prepare and
train, disk the largest size of the run's folder, seen every tenth of a second. Written to
benchmarks/results/plan.json.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "benchmarks" / "results" / "plan.json"


def told(*command: str) -> tuple[dict[str, Any], int]:
    """Returns what a command of `w2v` prints with `--json`, and its peak memory in bytes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "w2vtrain", *command, "--json"], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"w2v {' '.join(command)} failed.")
    return json.loads(output), usage.ru_maxrss * 1024


class DiskWatch(threading.Thread):
    """Notes the largest size of a folder until it is told to stop."""

    def __init__(self, folder: str) -> None:
        super().__init__(daemon=True)
        self.folder, self.largest, self.done = Path(folder), 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.1):
            self.largest = max(self.largest, sum(self._sizes()))

    def _sizes(self) -> Iterator[int]:
        for path in self.folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # it was only there for a moment
                yield path.stat().st_size if path.is_file() else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", nargs="+")
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()
    epochs = ("--epochs", str(options.epochs))
    planned, _ = told("plan", *options.inputs, *epochs)
    with tempfile.TemporaryDirectory() as run:
        watch = DiskWatch(run)
        watch.start()
        prepared, first = told("prepare", *options.inputs, "-o", run)
        trained, second = told("train", run, *epochs)
        watch.done.set()
        vocabulary = trained["vocabulary"]
    took = {
        "vocabulary": vocabulary,
        "prepare_seconds": prepared["seconds"],
        "train_seconds": trained["seconds"],
        "memory": max(first, second),
        "disk": watch.largest,
    }
    report = {
        "command": "python benchmarks/plan.py " + " ".join(sys.argv[1:]),
        "planned": {name: planned[name] for name in took},
        "took": took,
        "planned_over_taken": {name: round(planned[name] / took[name], 3) for name in took},
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
