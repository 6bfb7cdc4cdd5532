"""A large made-up corpus through prepare and the first part of an epoch, within a stated memory.

    python benchmarks/load.py --words 1_000_000_000 --types 1_000_000

Words are drawn by Zipf's law, twenty a line, and piped into prepare as they are made: no text file
is written. Then training runs for a tenth of an epoch. Peak memory is that of each process.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
LINE = 20


def write_corpus(words: int, types: int, seed: int = 1) -> None:
    """Writes the corpus to standard output, a million words at a time."""
    import numpy as np

    draw = np.random.default_rng(seed)
    weights = 1 / np.arange(1, types + 1)
    edges = np.cumsum(weights / weights.sum())
    names = np.array([f"w{i:x}".encode() for i in range(types)], dtype=object)
    done = 0
    while done < words:
        count = min(1_000_000, words - done) // LINE * LINE or LINE
        ids = np.minimum(np.searchsorted(edges, draw.random(count)), types - 1)
        rows = names[ids].reshape(-1, LINE).tolist()
        sys.stdout.buffer.write(b"\n".join(b" ".join(row) for row in rows) + b"\n")
        done += count


def child(stage: str, run: str, share: float) -> None:
    """Does one stage and prints its figures."""
    import w2vtrain
    from w2vtrain.errors import TrainingStopped

    start = time.perf_counter()
    figures: dict[str, Any] = {}
    if stage == "prepare":
        made = w2vtrain.prepare(["-"], run)
        seconds = time.perf_counter() - start
        figures = {
            "words": made.words_read,
            "vocabulary": made.vocabulary,
            "pruned_types": made.pruned_types,
            "words_per_second": round(made.words_read / seconds),
        }
    else:
        rows: list[Any] = []
        try:
            w2vtrain.train(
                run,
                w2vtrain.TrainConfig(epochs=1),
                progress=rows.append,
                stop=lambda: rows[-1].words >= share * rows[-1].words_total,
            )
        except TrainingStopped as stopped:
            figures["stopped"] = stopped.message
        last = rows[-1]
        figures |= {
            "share_of_epoch": round(last.words / last.words_total, 3),
            "words_per_second": round(last.words_per_second),
            "loss": round(last.loss, 4),
        }
    figures["seconds"] = round(time.perf_counter() - start, 1)
    figures["peak_memory_gb"] = round(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 2
    )
    print(json.dumps(figures))


def main() -> None:
    if sys.argv[1:2] == ["--corpus"]:
        write_corpus(int(sys.argv[2]), int(sys.argv[3]))
        return
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3], float(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=50_000_000)
    parser.add_argument("--types", type=int, default=1_000_000)
    parser.add_argument("--share", type=float, default=0.1)
    options = parser.parse_args()
    me = [sys.executable, __file__]
    report: dict[str, Any] = {"command": "python benchmarks/load.py " + " ".join(sys.argv[1:])}
    with tempfile.TemporaryDirectory() as place:
        run = str(Path(place) / "run")
        maker = subprocess.Popen(
            [*me, "--corpus", str(options.words), str(options.types)], stdout=subprocess.PIPE
        )
        for stage, source in (("prepare", maker.stdout), ("train", None)):
            command = [*me, "--child", stage, run, str(options.share)]
            done = subprocess.run(command, stdin=source, stdout=subprocess.PIPE, check=True)
            report[stage] = json.loads(done.stdout.splitlines()[-1])
        maker.wait()
        disk = sum(path.stat().st_size for path in Path(run).rglob("*") if path.is_file())
        report["disk_gb"] = round(disk / 1e9, 2)
    report["cores"] = os.cpu_count()
    out = ROOT / "benchmarks" / "results" / "load.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
