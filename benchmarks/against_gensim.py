"""Ours and gensim side by side on one corpus: speed, scores, memory.

Both read the very same file of tokens, train in turn, each training in a process of its own, and
are evaluated with the same test sets. Three clocks are reported, since the tools divide the work
differently: gensim reads and looks up its text again in every epoch, `w2v` turns it into ids once.

    python benchmarks/against_gensim.py wiki.txt.gz --similarity ws353.txt men.txt \\
        --analogies questions-words.txt --record

Each training leaves one JSON line in the work folder, so that an interrupted benchmark goes on;
`--record` copies the lines to benchmarks/results/gensim.jsonl and writes the tables into
benchmarks/RESULTS.md and README.md.
"""

import argparse
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RAW = ROOT / "benchmarks/results/gensim.jsonl"

# gensim's defaults, but for skip-gram.
EQUAL = {
    "embedding_dim": 100,
    "window_size": 5,
    "num_negatives": 5,
    "subsample_threshold": 1e-3,
    "learning_rate": 0.025,
}
OURS = {**EQUAL, "subsample_threshold": 1e-4, "learning_rate": 0.05}  # w2v's on a large text
BASE, BASE_AT_OURS = "gensim, skip-gram", "gensim, skip-gram, rate 0.05, subsampling 1e-4"


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Args:
        name: of the row.
        tool: `gensim` or `w2v`.
        seeds: trainings, with the seeds 1, 2, …
        settings: what is passed to it; what is missing is its default.
    """

    name: str
    tool: str
    seeds: int
    settings: dict[str, Any]


ROWS = (
    Row(BASE, "gensim", 3, EQUAL),
    Row("w2v, the same settings, log-uniform noise", "w2v", 3, {**EQUAL, "noise": "log-uniform"}),
    Row("w2v, the same settings, unigram noise", "w2v", 2, {**EQUAL, "noise": "unigram"}),
    Row("w2v, the same settings, bfloat16", "w2v", 2, {**EQUAL, "precision": "bfloat16"}),
    Row(BASE_AT_OURS, "gensim", 2, OURS),
    Row("w2v, its defaults (rate 0.05, subsampling 1e-4)", "w2v", 3, {}),
    Row("gensim, its defaults (CBOW)", "gensim", 3, {**EQUAL, "cbow": True}),
    Row(
        "w2v, CBOW, gensim's settings",
        "w2v",
        3,
        {**EQUAL, "architecture": "cbow", "noise": "unigram"},
    ),
)
READING = "gensim, reading only"  # no row of the table


def arguments() -> argparse.Namespace:
    """Read the command line; say what to pass when nothing is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", nargs="*", help="text files to prepare")
    parser.add_argument("--similarity", nargs="+", default=[], help="similarity sets")
    parser.add_argument("--analogies", nargs="+", default=[], help="analogy sets")
    parser.add_argument("--boundary", default="line")
    parser.add_argument("--rows", nargs="+", type=int, help="only these rows, from 1")
    parser.add_argument("--seeds", type=int, help="at most so many seeds a row")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--work", type=Path, default=Path("runs/benchmark"))
    parser.add_argument("--record", action="store_true", help="write results and tables")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # a training, in a process of its own
    options = parser.parse_args()
    if not options.corpus and not options.one:
        parser.exit(
            2,
            "Nothing to train on. Pass a corpus and test sets, for example\n"
            "  make bench CORPUS=wiki.txt.gz SIMILARITY='ws353.txt men.txt' "
            "ANALOGIES=questions-words.txt\n",
        )
    return options


def plan(options: argparse.Namespace) -> list[dict[str, Any]]:
    """List the trainings in the order to run them: tools and settings alternate."""
    rows = [ROWS[number - 1] for number in options.rows] if options.rows else ROWS
    jobs = [{"row": READING, "tool": "gensim", "seed": 1, "epochs": 1, "settings": EQUAL}]
    most = min(max(row.seeds for row in rows), options.seeds or sys.maxsize)
    for seed in range(1, most + 1):
        for row in rows:
            if seed <= row.seeds:
                jobs.append(
                    {
                        "row": row.name,
                        "tool": row.tool,
                        "seed": seed,
                        "epochs": options.epochs,
                        "settings": row.settings,
                    }
                )
    return jobs


def prepare_texts(options: argparse.Namespace) -> None:
    """Write the corpus' tokens as text, a unit a line, and prepare that file for `w2v`.

    Both tools start from the same `tokens.txt`; `prepared.json` keeps the time of ours.
    """
    import numpy as np

    import w2vtrain
    from w2vtrain.config import PrepareConfig
    from w2vtrain.corpus.corpus import Corpus
    from w2vtrain.run.directory import RunDirectory

    text, done = options.work / "tokens.txt", options.work / "prepared.json"
    if done.exists():
        return
    raw = options.work / "raw"
    w2vtrain.prepare(options.corpus, raw, PrepareConfig(boundary=options.boundary))
    corpus = Corpus.open(RunDirectory(raw))
    tokens = corpus.vocabulary.tokens  # by id
    with text.open("w", encoding="utf-8") as file:
        ids = np.load(RunDirectory(raw).token_ids, mmap_mode="r")
        bounds = corpus.boundaries.tolist()
        for start, end in itertools.pairwise(bounds):
            if end > start:
                file.write(" ".join([tokens[i] for i in ids[start:end].tolist()]) + "\n")
    config = PrepareConfig(standardize="none", min_count=1)
    summary = w2vtrain.prepare([str(text)], options.work / "run", config, force=True)
    record = {"seconds": summary.seconds, "words": summary.words_read, "tokens": summary.tokens}
    done.write_text(json.dumps(record))
    speed = summary.words_read / summary.seconds
    print(f"prepared {summary.words_read:,} words at {speed:,.0f} words/s", flush=True)


def train_ours(job: dict[str, Any], work: Path, threads: int) -> dict[str, Any]:
    """Train through the public `train`: deterministic, with progress and TensorBoard's logs."""
    import w2vtrain

    run = work / "run"
    config = w2vtrain.TrainConfig(
        threads=threads, seed=job["seed"], epochs=job["epochs"], **job["settings"]
    )
    reports: list[Any] = []
    summary = w2vtrain.train(run, config, force=True, progress=reports.append)
    return {
        "seconds": summary.seconds,
        "vocabulary_seconds": json.loads((work / "prepared.json").read_text())["seconds"],
        "words": summary.words * summary.epochs,
        "learning_rate": summary.facts["learning_rate"],
        "vectors": str(run),
    }


def train_gensim(job: dict[str, Any], work: Path, threads: int) -> dict[str, Any]:
    """Train gensim in its fastest mode: a corpus file, several threads, no loss.

    For the time of reading only, the same call runs with a subsampling threshold of 1e-30: every
    line is read, split and looked up, then every word is dropped, so that no pair is trained.
    """
    from gensim.models import Word2Vec

    from w2vtrain import Embeddings

    settings = job["settings"]
    reading = job["row"] == READING
    model = Word2Vec(
        vector_size=settings["embedding_dim"],
        window=settings["window_size"],
        negative=settings["num_negatives"],
        sample=1e-30 if reading else settings["subsample_threshold"],
        alpha=settings["learning_rate"],
        sg=0 if settings.get("cbow") else 1,
        min_count=1,
        workers=threads,
        seed=job["seed"],
    )
    text = str(work / "tokens.txt")
    begin = time.perf_counter()
    model.build_vocab(corpus_file=text)
    built = time.perf_counter()
    model.train(corpus_file=text, total_words=model.corpus_total_words, epochs=job["epochs"])
    ended = time.perf_counter()
    vectors = work / "gensim.npz"
    Embeddings(model.wv.index_to_key, model.wv.vectors).save(vectors, "npz")
    return {
        "seconds": ended - built,
        "vocabulary_seconds": built - begin,
        "words": model.corpus_total_words * job["epochs"],
        "learning_rate": settings["learning_rate"],
        "vectors": str(vectors),
    }


def scores_of(path: str, options: argparse.Namespace) -> dict[str, float]:
    """Return each set's score in points: Spearman, and analogies over the 30,000 first words."""
    from w2vtrain import Embeddings
    from w2vtrain.analysis.evaluation import (
        AnalogySet,
        SimilaritySet,
        evaluate_analogies,
        evaluate_similarity,
    )

    vectors = Embeddings.load(path, vocabulary_only=True)
    scores = {}
    for name in options.similarity:
        result = evaluate_similarity(vectors, SimilaritySet.read(name))
        scores[Path(name).stem] = 100 * result.spearman.value
    for name in options.analogies:
        found = evaluate_analogies(vectors, AnalogySet.read(name), restrict_vocabulary=30_000)
        scores[Path(name).stem] = 100 * found.total.accuracy.value
    return scores


def run_one(job: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Return what one training measured; runs in a process of its own."""
    train = train_ours if job["tool"] == "w2v" else train_gensim
    measured = train(job, options.work, options.threads)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    vectors = measured.pop("vectors")
    scores = {} if job["row"] == READING else scores_of(vectors, options)
    return {**job, **measured, "peak_mb": peak, "scores": scores, "machine": machine()}


def machine() -> dict[str, str]:
    """Return processor, cores, versions and commit, for each recorded line."""
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        names = [s for s in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in s]
        model = names[0].split(":")[1].strip() if names else model
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        **{name: version(name) for name in ("tensorflow", "keras", "gensim", "numpy")},
        "commit": commit.stdout.strip(),
    }


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Run what has not been measured yet, each training in a fresh process."""
    record = options.work / "measured.jsonl"
    done = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
    known = {(job["row"], job["seed"], job["epochs"]) for job in done}
    for job in plan(options):
        if (job["row"], job["seed"], job["epochs"]) in known:
            continue
        command = [sys.executable, __file__, "--one", json.dumps(job)]
        command += ["--work", str(options.work), "--threads", str(options.threads)]
        for flag in ("similarity", "analogies"):
            files = getattr(options, flag)
            command += [f"--{flag}", *files] if files else []
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        result = json.loads(output.splitlines()[-1])
        with record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
        done.append(result)
        speed = result["words"] / result["seconds"]
        print(
            f"{job['row']:48} seed {job['seed']} {result['seconds']:7.1f} s {speed:11,.0f} words/s "
            f"mean score {mean_score(result):.2f}",
            flush=True,
        )
    return done


def mean_score(job: dict[str, Any]) -> float:
    """Return the mean over the test sets."""
    return statistics.mean(job["scores"].values()) if job["scores"] else float("nan")


def reading_seconds(done: list[dict[str, Any]], job: dict[str, Any]) -> float:
    """Return the time that gensim's reading takes in the epochs of `job`; 0 for ours."""
    if job["tool"] == "w2v":
        return 0.0
    once = next(other for other in done if other["row"] == READING)
    return once["seconds"] / once["epochs"] * job["epochs"]


def cells(done: list[dict[str, Any]], row: Row) -> list[str]:
    """Return a row of the large table: medians of times, means of scores."""
    jobs = [job for job in done if job["row"] == row.name]
    base = {job["seed"]: job for job in done if job["row"] == BASE}

    def ratio(clock: Any) -> str:
        """Return how many times faster than gensim's skip-gram: seed by seed, where both ran."""
        pairs = [clock(base[job["seed"]]) / clock(job) for job in jobs if job["seed"] in base]
        if not pairs:
            return "–"
        middle = f"{statistics.median(pairs):.2f}"
        return (
            middle if min(pairs) == max(pairs) else f"{middle} ({min(pairs):.2f}–{max(pairs):.2f})"
        )

    clocks = (
        lambda job: job["seconds"],
        lambda job: job["seconds"] - reading_seconds(done, job),
        lambda job: job["seconds"] + job["vocabulary_seconds"],
    )
    out = [
        ", ".join(str(job["seed"]) for job in jobs),
        f"{statistics.median(job['words'] / job['seconds'] for job in jobs) / 1e6:.3f}",
        *(f"{statistics.median(map(clock, jobs)):.1f}" for clock in clocks),
        *map(ratio, clocks),
    ]
    for name in jobs[0]["scores"]:
        values = [job["scores"][name] for job in jobs]
        spread = f" ± {(max(values) - min(values)) / 2:.1f}" if len(values) > 1 else ""
        out.append(f"{statistics.mean(values):.1f}{spread}")
    out.append(f"{statistics.mean(map(mean_score, jobs)):.2f}")
    out.append(f"{max(job['peak_mb'] for job in jobs):,.0f}")
    return out


def measured_rows(done: list[dict[str, Any]]) -> list[Row]:
    """Return the rows that have a measurement."""
    names = {job["row"] for job in done}
    return [row for row in ROWS if row.name in names]


def report(done: list[dict[str, Any]], options: argparse.Namespace) -> str:
    """Return the section of RESULTS.md."""
    rows = measured_rows(done)
    sets = list(next(job for job in done if job["row"] == rows[0].name)["scores"])
    columns = [
        *("trainer", "seeds", "M words/s", "train, s", "train − reading, s", "text to vectors, s"),
        *("× train", "× train − reading", "× text to vectors", *sets, "mean", "peak MB"),
    ]
    lines = ["## Against gensim", "", explanation(done, options), ""]
    lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += [f"| {row.name} | " + " | ".join(cells(done, row)) + " |" for row in rows]
    lines += ["", "![Speed and mean score of each training](../docs/pictures/results-speed.png)"]
    return "\n".join(lines) + "\n"


def explanation(done: list[dict[str, Any]], options: argparse.Namespace) -> str:
    """Return what was measured, how, and on what machine."""
    at = done[-1]["machine"]
    corpus = ", ".join(Path(name).name for name in options.corpus)
    sets = ", ".join(Path(name).name for name in [*options.similarity, *options.analogies])
    versions = ", ".join(
        f"{name} {at[name]}" for name in ("tensorflow", "keras", "gensim", "numpy")
    )
    words = json.loads((options.work / "prepared.json").read_text())["words"]
    return (
        f"`make bench`: {corpus} ({words:,} words) with {sets or 'no test set'}; {at['cores']} "
        f"cores of {at['processor']}; Python {at['python']}, {versions}; {options.threads} threads "
        f"for both, {options.epochs} epochs, D=100, window 5, 5 negatives. Rows without a remark "
        "have gensim's rate 0.025 and subsampling 1e-3. Each line is in "
        "[results/gensim.jsonl](results/gensim.jsonl).\n\n"
        "Both tools read the same file of tokens. *Train* is the call of `train`: gensim reads, "
        "splits and looks up the text in each epoch, `w2v` reads ids; our tracing of the graph is "
        "included. *Train − reading* takes off gensim's reading, measured with the same call and a "
        "subsampling threshold of 1e-30, which drops every word after it was looked up. *Text to "
        "vectors* adds gensim's `build_vocab`, and our `prepare` of the same file. × is the speed "
        "relative to gensim's skip-gram in the first row, seed by seed, median (least–most). "
        "Speed: running words before subsampling, all epochs. Scores: Spearman × 100 of known "
        "pairs, analogies in % over the 30,000 most frequent words, mean ± half the spread over "
        "the seeds. Peak: of the whole process.\n\n"
        f"{TUNED}"
    )


TUNED = (
    "Constants that were chosen on English Wikipedia (wiki_en.txt.gz) with WordSim-353, "
    "SimLex-999, MEN and Google's analogies: our default rate (0.05) and the exponent 0.75 for "
    "log-uniform noise, and the engine's 32 tokens a block, the number of noise words a block "
    "shares, and the limit on the step of frequent rows (LOG.md has what was tried). "
    "Subsampling 1e-4 is fastText's default. On these data the scores of `w2v`, and of gensim "
    "with its settings, are those of a development set; speed is not touched by that."
)


def readme_table(done: list[dict[str, Any]]) -> str:
    """Return the README's table, and what it needs to be understood."""
    lines = [
        "*Train* is the call of `train`, in which gensim reads its text again in every epoch;",
        "*text to vectors* starts from the same file of tokens, vocabulary and ids included. ×",
        "is the speed relative to the first row ([every",
        "measurement](benchmarks/results/gensim.jsonl)).",
        "",
        "| trainer | seeds | million words/s | × train | × text to vectors | mean score |",
        "|" + "---|" * 6,
    ]
    for row in measured_rows(done):
        found = cells(done, row)
        short = [found[1], found[5].split(" ")[0], found[7].split(" ")[0], found[-2]]
        lines.append(f"| {row.name} | {found[0]} | " + " | ".join(short) + " |")
    return "\n".join(lines) + "\n"


def replace_between(path: Path, begin: str, end: str, content: str) -> None:
    """Replace what is between two marks in a page; `end` stays, and so does `begin`."""
    head, mark, rest = path.read_text("utf-8").partition(begin)
    _, closing, tail = rest.partition(end)
    if not mark or (end and not closing):
        raise SystemExit(f"{path} lacks {begin!r} or {end!r}: nothing was recorded")
    path.write_text(head + mark + content + closing + tail, "utf-8")


def record(done: list[dict[str, Any]], options: argparse.Namespace) -> None:
    """Write the raw lines, and the tables into RESULTS.md and README.md."""
    import plots

    RAW.write_text("".join(json.dumps(job) + "\n" for job in done), "utf-8")
    plots.main()
    section = report(done, options).removeprefix("## Against gensim\n")
    replace_between(ROOT / "benchmarks/RESULTS.md", "## Against gensim\n", "\n## ", section)
    marks = ("<!-- compared: begin -->\n", "<!-- compared: end -->")
    replace_between(ROOT / "README.md", *marks, readme_table(done))


def main() -> None:
    """Measure, print and, if asked, record."""
    options = arguments()
    if options.one:
        print(json.dumps(run_one(json.loads(options.one), options)))
        return
    options.work.mkdir(parents=True, exist_ok=True)
    prepare_texts(options)
    done = measure(options)
    print(report(done, options))
    if options.record:
        record(done, options)


if __name__ == "__main__":
    main()
