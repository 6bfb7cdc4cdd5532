"""Write the measurements of docs/reliability.md: `python benchmarks/reliability_page.py`.

They are what soak.py, determinism.py, resume.py, plan.py and load.py beside this file recorded
last. Between the two markers of the page everything is replaced; the rest is written by hand.
"""

import argparse
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- made by benchmarks/reliability_page.py -->", "<!-- end -->"


def recorded(name: str) -> dict[str, Any]:
    """Return what a benchmark has recorded; nothing if it has not run."""
    path = RESULTS / f"{name}.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def benchmark_lines() -> list[str]:
    """Return a line for each benchmark that has been recorded."""
    lines = []
    if soak := recorded("soak"):
        ended = soak["ended"]
        signals = ", ".join(f"{n} {name}" for name, n in sorted(soak["signals"].items()))
        lines.append(
            f"- **Soak** (`{soak['command']}`): {soak['pairs']:,} pairs of commands at once on one "
            f"run. {ended['result']:,} commands ended with a result, {ended['error']:,} with an "
            f"error that says what to do; signals that reached a running command: {signals}. "
            f"{soak['trainings']} different trainings, {soak['compared']} made again with the same "
            f"bytes. Failures: {len(soak['failures'])}."
        )
    if found := recorded("determinism"):
        speed, cost = found["words_per_second"], found["cost"]
        lines.append(
            f"- **Determinism** (`{found['command']}`): {speed['ordered']:,} words/s against "
            f"{speed['unordered']:,} with unordered updates, medians of {found['rounds']}: "
            f"the order costs {cost:.0%}" + (", it is the faster mode" if cost < 0 else "") + ". "
            f"Threads {found['threads']}: "
            f"{found['different_results_ordered']} result; unordered, "
            f"{found['rounds']} trainings gave {found['different_results_unordered']}."
        )
    if found := recorded("resume"):
        lines.append(
            f"- **Checkpoints** (`{found['command']}`): {found['seconds_a_checkpoint']:.3f} s for "
            f"one of {found['checkpoint_bytes'] / 1e6:.1f} MB; a training stopped "
            f"half-way trained again after {found['seconds_until_training_again']:.1f} s. "
            f"Same bytes: {'yes' if found['same_bytes'] else 'NO'}."
        )
    if found := recorded("plan"):
        planned, took = found["planned"], found["took"]
        lines.append(
            f"- **Plan** (`{found['command']}`): vocabulary {planned['vocabulary']:,} planned and "
            f"{took['vocabulary']:,} found; prepare {planned['prepare_seconds']:.1f} s and "
            f"{took['prepare_seconds']:.1f} s; train {planned['train_seconds']:.0f} s and "
            f"{took['train_seconds']:.0f} s; memory {planned['memory'] / 1e6:,.0f} MB and "
            f"{took['memory'] / 1e6:,.0f} MB; disk {planned['disk'] / 1e6:,.0f} MB and "
            f"{took['disk'] / 1e6:,.0f} MB."
        )
    if found := recorded("load"):
        prepare, train = found["prepare"], found["train"]
        lines.append(
            f"- **Load** (`{found['command']}`, {found['cores']} cores): {prepare['words']:,} "
            f"words and {prepare['vocabulary']:,} kept; prepare {prepare['words_per_second']:,} "
            f"words/s, {prepare['peak_memory_gb']} GB at most; "
            f"{train['share_of_epoch']:.0%} of an epoch at {train['words_per_second']:,} words/s, "
            f"{train['peak_memory_gb']} GB at most."
        )
    return lines


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    made = "\n".join([BEGIN, "", *benchmark_lines(), "", END])
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(before + made + after)
    print(made)


if __name__ == "__main__":
    main()
