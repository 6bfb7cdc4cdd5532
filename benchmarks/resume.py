"""What checkpoints cost, and how fast a killed training goes on: `python benchmarks/resume.py RUN`.

RUN is a prepared run. A training with a checkpoint every second and one without any run in turn; a
third is stopped half-way, and the time until it trains again is measured.
"""

import argparse
import contextlib
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import w2vtrain  # noqa: E402
from w2vtrain.errors import TrainingStopped  # noqa: E402


def trained(run: Path, every: str, epochs: int, **options: Any) -> Any:
    config = w2vtrain.TrainConfig(epochs=epochs, checkpoint_every=every)
    return w2vtrain.train(run, config, **options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        shutil.copytree(options.run / "corpus", run / "corpus")
        trained(run, "1h", 1)  # what is loaded once is loaded
        seconds: dict[str, list[float]] = {"1h": [], "1s": []}
        for _ in range(options.rounds):
            for every, found in seconds.items():
                found.append(trained(run, every, options.epochs, force=True).seconds)
        whole = (run / "model" / "vectors.npy").read_bytes()
        shutil.rmtree(run / "model")  # or the same settings would have nothing left to do

        rows: list[Any] = []
        with contextlib.suppress(TrainingStopped):
            trained(
                run, "1h", options.epochs, progress=rows.append,
                stop=lambda: rows[-1].words >= rows[-1].words_total / 2,
            )  # fmt: skip
        checkpoint = max((run / "checkpoints").iterdir())
        size = sum(path.stat().st_size for path in checkpoint.iterdir())
        again = time.perf_counter()
        first: list[float] = []
        trained(
            run, "1h", options.epochs,
            progress=lambda row: first.append(time.perf_counter() - again),
        )  # fmt: skip
        same = (run / "model" / "vectors.npy").read_bytes() == whole
    medians = {every: statistics.median(found) for every, found in seconds.items()}
    checkpoints = max(1, int(medians["1s"]))
    report = {
        "seconds_without": round(medians["1h"], 2),
        "seconds_with_one_a_second": round(medians["1s"], 2),
        "seconds_a_checkpoint": round((medians["1s"] - medians["1h"]) / checkpoints, 3),
        "checkpoint_bytes": size,
        "seconds_until_training_again": round(first[0], 2),
        "same_bytes": same,
        "command": "python benchmarks/resume.py " + " ".join(sys.argv[1:]),
    }
    out = ROOT / "benchmarks" / "results" / "resume.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
