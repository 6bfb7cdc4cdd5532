"""What determinism costs: the engine against the same engine with unordered updates.

    python benchmarks/determinism.py RUN [--epochs 5] [--rounds 3]

RUN is a prepared run. The engine sums a row's gradients in a fixed order and writes each row once.
The other mode adds every gradient to its row as it comes (`scatter_add`, with threads inside the
operation too), which gives other bytes each time. Both run in turn, in processes of their
own; medians are compared. The engine also runs with 1, 2 and 4 threads: the bytes must be the same.
"""

import argparse
import hashlib
import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def unordered_updates(threads: int) -> None:
    """Makes `BlockTrainer` add gradients as they come."""
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    import w2vtrain.tensorflow_runtime as runtime

    runtime._set_threads = lambda threading, wanted: True
    from w2vtrain.engine import block_trainer

    def update(layer: Any, uses: Any, rows: Any, gradients: list[Any], rate: Any) -> None:
        for part, gradient in enumerate(gradients):
            row, use = tf.unstack(uses.entries[part], axis=1)
            moves = tf.gather(tf.reshape(gradient, (-1, tf.shape(rows)[1])), use)
            moves *= (rate * uses.factors[part])[:, None]
            layer.embeddings.value.scatter_add(tf.IndexedSlices(moves, tf.gather(uses.rows, row)))

    assert block_trainer._update
    block_trainer._update = update


def child(mode: str, threads: int, run: str, epochs: int) -> None:
    if mode == "unordered":
        unordered_updates(threads)
    import w2vtrain

    config = w2vtrain.TrainConfig(epochs=epochs, threads=threads)
    summary = w2vtrain.train(run, config, force=True)
    digest = hashlib.sha256((Path(run) / "model" / "vectors.npy").read_bytes()).hexdigest()
    print(json.dumps({"words_per_second": summary.words_per_second, "sha256": digest}))


def measure(mode: str, threads: int, corpus: Path, epochs: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        shutil.copytree(corpus / "corpus", run / "corpus")
        command = [sys.executable, __file__, "--child", mode, str(threads), str(run), str(epochs)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        mode, threads, run, epochs = sys.argv[2:]
        child(mode, int(threads), run, int(epochs))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    runs: dict[str, list[dict[str, Any]]] = {"ordered": [], "unordered": []}
    for _ in range(options.rounds):
        for mode, found in runs.items():
            found.append(measure(mode, 2, options.run, options.epochs))
    others = [measure("ordered", threads, options.run, options.epochs) for threads in (1, 4)]
    speeds = {m: statistics.median(r["words_per_second"] for r in f) for m, f in runs.items()}
    ordered = {r["sha256"] for r in [*runs["ordered"], *others]}
    report = {
        "words_per_second": {mode: round(speed) for mode, speed in speeds.items()},
        "cost": round(1 - speeds["ordered"] / speeds["unordered"], 3),
        "rounds": options.rounds,
        "threads": [1, 2, 4],
        "different_results_ordered": len(ordered),
        "different_results_unordered": len({r["sha256"] for r in runs["unordered"]}),
        "command": "python benchmarks/determinism.py " + " ".join(sys.argv[1:]),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }
    out = ROOT / "benchmarks" / "results" / "determinism.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
