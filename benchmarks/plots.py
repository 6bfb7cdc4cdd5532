"""Draw docs/results.md's pictures from what the benchmarks have recorded: `make plots`.

Nothing is measured here. Each picture has a light and a dark form, for the site's two themes.
"""

import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from w2vtrain.show.pictures.drawing import THEMES, Theme, figure, write_figure

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PICTURES = ROOT / "docs" / "pictures"
OURS = "w2v"


def recorded(name: str) -> Any:
    """Return the content of a `.json`, or the lines of a `.jsonl`."""
    text = (RESULTS / name).read_text("utf-8")
    return (
        [json.loads(line) for line in text.splitlines()] if name.endswith("l") else json.loads(text)
    )


def trainings() -> dict[str, list[dict[str, Any]]]:
    """Return the measured trainings on Wikipedia, by their row, in the order of the table."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for job in recorded("gensim.jsonl"):
        if job["scores"]:
            rows.setdefault(job["row"], []).append(job)
    return rows


def draw_speed(theme: Theme, path: Path) -> None:
    """Draw the speed and the mean score of each training."""
    rows = trainings()
    speeds = [
        statistics.median(j["words"] / j["seconds"] / 1e6 for j in jobs) for jobs in rows.values()
    ]
    scores = [
        statistics.mean(statistics.mean(job["scores"].values()) for job in jobs)
        for jobs in rows.values()
    ]
    colors = [theme.series[0 if row.startswith(OURS) else 4] for row in rows]
    panels = (
        ("million words a second", speeds, "%.2f"),
        ("mean of four test sets", scores, "%.1f"),
    )
    height = 1 + 0.37 * len(rows)
    with figure(list(rows), 9, height, columns=2, theme=theme, sharey=True) as (drawing, axes):
        for axis, (label, values, form) in zip(axes, panels, strict=True):
            bars = axis.barh(range(len(rows)), values, 0.7, color=colors)
            axis.bar_label(bars, fmt=form, padding=3, fontsize=8)
            axis.set_xlabel(label)
            axis.set_xlim(0, max(values) * 1.15)
        axes[0].set_yticks(range(len(rows)), list(rows), fontsize=9)
        axes[0].invert_yaxis()
        write_figure(drawing, [path], dpi=150)


def draw_sets(theme: Theme, path: Path) -> None:
    """Draw the scores on each test set: the defaults of `w2v`, and gensim's skip-gram."""
    rows = trainings()
    shown = [
        next(row for row in rows if row.startswith(start))
        for start in ("gensim, skip-gram", "w2v, the same", "w2v, its defaults")
    ]
    sets = list(rows[shown[0]][0]["scores"])
    with figure(shown, 8, 3.6, theme=theme) as (drawing, axes):
        for number, (row, color) in enumerate(zip(shown, (4, 3, 0), strict=True)):
            values = [statistics.mean(job["scores"][name] for job in rows[row]) for name in sets]
            places = [place + (number - 1) * 0.27 for place in range(len(sets))]
            bars = axes.bar(places, values, 0.25, color=theme.series[color], label=row)
            axes.bar_label(bars, fmt="%.1f", fontsize=8)
        axes.set_xticks(
            range(len(sets)), ["WordSim-353", "SimLex-999", "MEN", "Google's analogies"]
        )
        axes.set_ylabel("Spearman × 100, or % right")
        axes.set_ylim(0, 88)
        axes.legend(frameon=False, fontsize=8, ncols=1, loc="upper center")
        write_figure(drawing, [path], dpi=150)


def draw_change(theme: Theme, path: Path) -> None:
    """Draw how many of the words whose use was changed on purpose are reported."""
    lines = recorded("planted_change.jsonl")
    methods = ("neighbors", "compass", "procrustes")
    lines = [
        line
        for line in lines
        if line["planted"] and line["method"] in methods and line["words"] > 7_000_000
    ]
    shares = sorted({line["share"] for line in lines}, reverse=True)
    with figure(["×"], 8, 3, theme=theme) as (drawing, axes):
        for number, (method, color) in enumerate(zip(methods, (1, 3, 0), strict=True)):
            found = {line["share"]: line for line in lines if line["method"] == method}
            places = [place + (number - 1) * 0.26 for place in range(len(shares))]
            values = [100 * found[share]["significant"] for share in shares]
            bars = axes.barh(places, values, 0.24, color=theme.series[color], label=method)
            labels = [
                f"{value:.0f} %, {found[share]['false']} wrong"
                for value, share in zip(values, shares, strict=True)
            ]
            axes.bar_label(bars, labels, padding=3, fontsize=8)
        names = [f"{share:.0%} of the uses\nexchanged" for share in shares]
        axes.set_yticks(range(len(shares)), names)
        axes.invert_yaxis()
        axes.set_xlim(0, 125)
        axes.set_xticks(range(0, 101, 25))
        axes.set_xlabel("planted words reported, %")
        axes.legend(frameon=False, fontsize=8, loc="center right")
        write_figure(drawing, [path], dpi=150)


def draw_plan(theme: Theme, path: Path) -> None:
    """Draw what `w2v plan` foretold over what the run then took."""
    ratios = recorded("plan.json")["planned_over_taken"]
    names = {
        "vocabulary": "vocabulary", "prepare_seconds": "time of prepare",
        "train_seconds": "time of training", "memory": "memory", "disk": "disk",
    }  # fmt: skip
    with figure([], 8, 2.2, theme=theme) as (drawing, axes):
        axes.axvline(1, color=theme.faint, zorder=0)
        axes.scatter(list(ratios.values()), range(len(ratios)), s=50, color=theme.series[0])
        axes.set_yticks(range(len(ratios)), [names[name] for name in ratios])
        axes.invert_yaxis()
        axes.set_xlim(0.75, 1.25)
        axes.set_xlabel("foretold ÷ taken")
        write_figure(drawing, [path], dpi=150)


def draw_sentences(theme: Theme, path: Path) -> None:
    """Draw how sentence vectors agree with people, by the way of pooling."""
    found = recorded("sentences.json")
    ways = {
        name.removeprefix("spearman_"): found[name]
        for name in found
        if name.startswith("spearman_")
    }
    with figure([], 8, 1.8, theme=theme) as (drawing, axes):
        ordered = sorted(ways, key=lambda way: -ways[way])
        bars = axes.barh(ordered, [ways[way] for way in ordered], 0.6, color=theme.series[0])
        axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=8)
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.set_xlabel("Spearman × 100 on STS-B (dev)")
        write_figure(drawing, [path], dpi=150)


DRAWINGS: dict[str, Callable[[Theme, Path], None]] = {
    "speed": draw_speed,
    "sets": draw_sets,
    "change": draw_change,
    "sentences": draw_sentences,
    "plan": draw_plan,
}


def main() -> None:
    """Write the pictures."""
    for name, draw in DRAWINGS.items():
        draw(THEMES["light"], PICTURES / f"results-{name}.png")
        draw(THEMES["dark"], PICTURES / f"results-{name}-dark.png")


if __name__ == "__main__":
    main()
