"""Writes the tables of docs/reliability.md: `python benchmarks/reliability_page.py`.

Runs the tests in tests/reliability and counts, for each promise, the cases of its tests and their
failures; adds what soak.py, determinism.py, resume.py, plan.py and load.py beside this file have
recorded. Between the two markers of the page everything is replaced; the rest is written by hand.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- made by benchmarks/reliability_page.py -->", "<!-- end -->"

# promise, and the tests that show it: file, and how their names start
PROMISES: list[tuple[str, str, tuple[str, ...]]] = [
    ("A killed training ends with the same bytes", "test_resume", ("test_killed", "test_stopped")),
    ("A checkpoint of another config or corpus is refused", "test_resume", ("test_checkpoint_of",)),
    ("A damaged checkpoint is passed over", "test_resume", ("test_damaged",)),
    ("A full disk keeps the last checkpoint", "test_resume", ("test_full_disk",)),
    ("Ctrl-C and SIGTERM write a checkpoint; the second stops at once", "test_faults",
     ("test_ctrl_c", "test_second_ctrl_c")),
    ("Signals while preparing leave nothing half", "test_faults", ("test_signals",)),
    ("One process at a time; a dead one holds nothing", "test_run_lock", ("test_",)),
    ("Kills at random moments lose nothing that was whole", "test_killing", ("test_killed",)),
    ("A full disk or a read-only place leaves what was there", "test_faults",
     ("test_full_disk", "test_read_only", "test_a_failed_write")),
    ("A damaged file is named", "test_faults",
     ("test_damaged", "test_a_damaged_model", "test_manifest")),
    ("Input that changes, a pipe that ends", "test_faults",
     ("test_input_that", "test_compressed_pipe", "test_reader_of_a_pipe")),
    ("Files of others run no code", "test_faults", ("test_what_others", "test_pickled")),
    ("Held-out units are never trained on; loss and ranks are right", "test_held_out",
     ("test_whole_units", "test_held_out_loss", "test_history", "test_ranks")),
    ("Early stopping takes the best epoch, resumed or not", "test_held_out",
     ("test_early", "test_a_stopped")),
    ("A run goes on and grows; old ids stay", "test_growing", ("test_",)),
    ("Random bytes: only a W2VError comes out", "test_fuzz", ("test_",)),
]  # fmt: skip


def run_tests() -> dict[str, dict[str, list[bool]]]:
    """Returns for each file and test whether its cases passed; skipped ones are left out."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [sys.executable, "-m", "pytest", "tests/reliability", f"--junitxml={report}"], cwd=ROOT
        )
        found: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
        for case in ElementTree.parse(report).iter("testcase"):
            if case.find("skipped") is None:
                name = str(case.get("name")).partition("[")[0]
                passed = case.find("failure") is None and case.find("error") is None
                found[str(case.get("classname")).rpartition(".")[2]][name].append(passed)
    return found


def promise_table(found: dict[str, dict[str, list[bool]]]) -> list[str]:
    """Returns the rows of the first table."""
    lines = ["| promise | tests | cases | failures |", "|---|---|--:|--:|"]
    for promise, file, starts in PROMISES:
        cases = [ok for name, all_ in found[file].items() if name.startswith(starts) for ok in all_]
        names = " ".join(f"`{start}…`" for start in starts if start != "test_")
        test = f"`{file}.py` {names}".strip()
        lines.append(f"| {promise} | {test} | {len(cases)} | {cases.count(False)} |")
    soak = recorded("soak")
    if soak:
        lines.append(
            f"| Kills at random moments, the soak | `benchmarks/soak.py` | {soak['trials']} kills "
            f"| {len(soak['failures'])} |"
        )
    return lines


def recorded(name: str) -> dict[str, Any]:
    """Returns what a benchmark has recorded; nothing if it has not run."""
    path = RESULTS / f"{name}.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def benchmark_lines() -> list[str]:
    """Returns a line for each benchmark that has been recorded."""
    lines = []
    if soak := recorded("soak"):
        stages = ", ".join(f"{n} in {stage}" for stage, n in sorted(soak["during"].items()))
        lines.append(
            f"- **Soak** (`{soak['command']}`): {soak['trials']} kills, {soak['by_clock']} by the "
            f"clock and {soak['by_operation']} at an operation on a file; {stages}. "
            f"{soak['finished']} pipelines came to their end between them, each with the bytes of "
            f"an undisturbed one. Failures: {len(soak['failures'])}."
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    found = run_tests()
    made = [BEGIN, "", *promise_table(found), "", *benchmark_lines(), "", END]
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(before + "\n".join(made) + after)
    print("\n".join(made))
    return int(any(not ok for tests in found.values() for case in tests.values() for ok in case))


if __name__ == "__main__":
    sys.exit(main())
