"""Kills the pipeline at random moments, hundreds of times.

    python benchmarks/soak.py --trials 200

Writes what came of it to benchmarks/results/soak.json, for docs/reliability.md.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from reliability.corpora import write_text  # noqa: E402
from reliability.killing import Tally, kill_often  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long")
    options = parser.parse_args()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        text = write_text(Path(place) / "text.txt", lines=100)
        share = -(-options.trials // options.processes)
        with ThreadPoolExecutor(options.processes) as pool:
            jobs = [
                pool.submit(
                    kill_often, text, Path(place) / str(number), share, seed, options.minutes * 60
                )
                for number, seed in enumerate(range(options.seed, options.seed + options.processes))
            ]
        tally = sum((job.result() for job in jobs), start=Tally())
    report = {
        **dataclasses.asdict(tally),
        "seed": options.seed,
        "minutes": round((time.perf_counter() - start) / 60, 1),
        "command": "python benchmarks/soak.py " + " ".join(sys.argv[1:]),
    }
    out = ROOT / "benchmarks" / "results" / "soak.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
