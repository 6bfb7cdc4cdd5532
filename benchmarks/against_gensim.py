"""Ours and gensim side by side on one corpus: speed, scores, memory.

Prepares the corpus once, writes the very same token sequences for gensim, then trains both in turn,
each training in a process of its own, and judges all vectors with the same test sets. What was
measured stays in the work folder as one JSON line a training: an interrupted benchmark goes on.

    python benchmarks/against_gensim.py wiki.txt.gz --similarity ws353.txt men.txt \\
        --analogies questions-words.txt
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
from importlib.metadata import version
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
TOOL = {"gensim": "gensim", "ours": "w2vtrain"}
# The settings of the first table: gensim's defaults, but for skip-gram.
EQUAL = {
    "embedding_dim": 100,
    "window_size": 5,
    "num_negatives": 5,
    "subsample_threshold": 1e-3,
    "learning_rate": 0.025,
    "epochs": 5,
}


def arguments() -> argparse.Namespace:
    """Returns the command line; says what to pass when nothing is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", nargs="*", help="text files to prepare")
    parser.add_argument("--similarity", nargs="+", default=[], help="similarity sets")
    parser.add_argument("--analogies", nargs="+", default=[], help="analogy sets")
    parser.add_argument("--boundary", default="line")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, nargs="+", default=[1, 2, 3, 10], help="third table")
    parser.add_argument("--tables", default="123", help="which tables to measure")
    parser.add_argument("--work", type=Path, default=Path("runs/benchmark"))
    parser.add_argument("--record", action="store_true", help="write benchmarks/RESULTS.md")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # a training, in a process of its own
    options = parser.parse_args()
    if not options.corpus:
        parser.exit(
            2,
            "Nothing to train on. Pass a corpus and test sets, for example\n"
            "  make bench CORPUS=wiki.txt.gz SIMILARITY='ws353.txt men.txt' "
            "ANALOGIES=questions-words.txt\n",
        )
    return options


def plan(options: argparse.Namespace) -> list[dict]:
    """Returns the trainings in the order to run them: tools and settings alternate."""
    jobs = []
    for seed in range(1, options.seeds + 1):
        if "1" in options.tables or "2" in options.tables:
            jobs.append({"tool": "gensim", "name": "equal", "seed": seed, **EQUAL})
        if "1" in options.tables:
            for noise in ("log-uniform", "unigram"):
                settings = {**EQUAL, "noise": noise, "noise_exponent": 0.75}
                jobs.append({"tool": "ours", "name": f"equal, {noise}", "seed": seed, **settings})
            settings = {**EQUAL, "precision": "bfloat16"}
            jobs.append({"tool": "ours", "name": "equal, bfloat16", "seed": seed, **settings})
        if "2" in options.tables:
            jobs.append({"tool": "ours", "name": "defaults", "seed": seed, "epochs": 5})
    if "2" in options.tables:
        jobs.append({"tool": "gensim", "name": "CBOW", "seed": 1, **EQUAL})
    if "3" in options.tables:
        for epochs in options.epochs:
            jobs.append({"tool": "ours", "name": "time", "seed": 1, "epochs": epochs})
            if epochs < 5:  # five epochs are measured above; more cost gensim many minutes
                jobs.append(
                    {"tool": "gensim", "name": "time", "seed": 1, **EQUAL, "epochs": epochs}
                )
    return jobs


def train_ours(job: dict, work: Path, threads: int) -> dict:
    """Trains through the public `train`, deterministic, progress and TensorBoard logs on."""
    import w2vtrain

    run = work / "ours"
    (run / "corpus").parent.mkdir(exist_ok=True)
    if not (run / "corpus").exists():
        (run / "corpus").symlink_to((work / "run/corpus").resolve())
    kept = ("tool", "name")
    settings = {k: v for k, v in job.items() if k not in kept}
    config = w2vtrain.TrainConfig(threads=threads, **settings)
    reports = []
    summary = w2vtrain.train(run, config, force=True, progress=reports.append)
    return {
        "seconds": summary.seconds,
        "words": summary.words * summary.epochs,
        "vectors": str(run / "model"),
    }


def train_gensim(job: dict, work: Path, threads: int) -> dict:
    """Trains gensim in its fastest mode: a corpus file, no loss; the vocabulary is not timed."""
    from gensim.models import Word2Vec

    from w2vtrain import Embeddings

    model = Word2Vec(
        vector_size=job["embedding_dim"],
        window=job["window_size"],
        negative=job["num_negatives"],
        sample=job["subsample_threshold"],
        alpha=job["learning_rate"],
        sg=0 if job["name"] == "CBOW" else 1,
        min_count=1,
        workers=threads,
        seed=job["seed"],
    )
    text = str(work / "tokens.txt")
    model.build_vocab(corpus_file=text)
    start = time.perf_counter()
    model.train(
        corpus_file=text,
        total_words=model.corpus_total_words,
        epochs=job["epochs"],
    )
    seconds = time.perf_counter() - start
    folder = work / "gensim.npz"
    Embeddings(model.wv.index_to_key, model.wv.vectors).save(folder, "npz")
    words = model.corpus_total_words * job["epochs"]
    return {"seconds": seconds, "words": words, "vectors": str(folder)}


def judge(path: str, options: argparse.Namespace) -> dict[str, float]:
    """Returns each set's score in points: Spearman, and analogies over the 30,000 first words."""
    from w2vtrain import Embeddings
    from w2vtrain.analysis.evaluation import (
        AnalogySet,
        SimilaritySet,
        evaluate_analogies,
        evaluate_similarity,
    )

    vectors = Embeddings.load(Path(path).parent if path.endswith("/model") else path)
    scores = {}
    for name in options.similarity:
        result = evaluate_similarity(vectors, SimilaritySet.read(name))
        scores[Path(name).stem] = 100 * result.spearman.value
    for name in options.analogies:
        found = evaluate_analogies(vectors, AnalogySet.read(name), restrict_vocabulary=30_000)
        scores[Path(name).stem] = 100 * found.total.accuracy.value
    return scores


def run_one(job: dict, options: argparse.Namespace) -> dict:
    """Returns what one training measured; runs in a process of its own."""
    train = train_ours if job["tool"] == "ours" else train_gensim
    measured = train(job, options.work, options.threads)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    scores = judge(measured.pop("vectors"), options)
    return {**job, **measured, "peak_mb": peak, "scores": scores}


def prepare_texts(options: argparse.Namespace) -> None:
    """Prepares the corpus once, and writes its token sequences as text for gensim."""
    import w2vtrain

    run = options.work / "run"
    config = w2vtrain.PrepareConfig(boundary=options.boundary)
    summary = w2vtrain.prepare(options.corpus, run, config)
    if not summary.unchanged:
        speed = summary.words_read / summary.seconds
        print(f"prepared {summary.words_read:,} words at {speed:,.0f} words/s", flush=True)
    text = options.work / "tokens.txt"
    if summary.unchanged and text.exists():
        return
    from w2vtrain.corpus.vocabulary import Vocabulary
    from w2vtrain.run.directory import RunDirectory

    names = RunDirectory(run)
    tokens = np.array(Vocabulary.load(names.corpus_vocabulary).tokens, dtype=object)
    ids = np.load(names.token_ids, mmap_mode="r")
    ends = np.load(names.boundaries)
    with text.open("w", encoding="utf-8") as file:
        for start, end in itertools.pairwise(ends):
            if end > start:
                file.write(" ".join(tokens[ids[start:end]]) + "\n")


def key(job: dict) -> tuple:
    """Returns what tells one training from another."""
    return job["tool"], job["name"], job["seed"], job.get("epochs")


def measure(options: argparse.Namespace) -> list[dict]:
    """Runs what has not been measured yet, each training in a fresh process."""
    record = options.work / "measured.jsonl"
    done = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
    known = {key(job) for job in done}
    for job in plan(options):
        if key(job) in known:
            continue
        command = [sys.executable, __file__, *options.corpus, "--one", json.dumps(job)]
        command += ["--work", str(options.work), "--threads", str(options.threads)]
        for flag, files in (
            ("--similarity", options.similarity),
            ("--analogies", options.analogies),
        ):
            command += [flag, *files] if files else []
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        result = json.loads(output.splitlines()[-1])
        with record.open("a") as file:
            file.write(json.dumps(result) + "\n")
        done.append(result)
        speed = result["words"] / result["seconds"]
        mean = statistics.mean(result["scores"].values()) if result["scores"] else float("nan")
        print(
            f"{job['tool']:7} {job['name']:20} seed {job['seed']} epochs {job['epochs']:3} "
            f"{result['seconds']:7.1f} s {speed:11,.0f} words/s mean score {mean:.2f}",
            flush=True,
        )
    return done


def rows_of(done: list[dict], tool: str, name: str) -> list[dict]:
    """Returns the measurements of one row, over its seeds."""
    return [job for job in done if job["tool"] == tool and job["name"] == name]


def cells(rows: list[dict], base: list[dict] | None = None) -> list[str]:
    """Returns speed, ratio and scores of a row as text: medians of speed, means of scores."""
    speeds = [row["words"] / row["seconds"] for row in rows]
    out = [
        f"{statistics.median(speeds) / 1e6:.3f}",
        f"{statistics.median(row['seconds'] for row in rows):.1f}",
    ]
    if base is None:
        out.append("1")
    else:  # seed by seed: the two ran one after the other
        ratios = [
            (a["words"] / a["seconds"]) / (b["words"] / b["seconds"])
            for a, b in zip(rows, base, strict=False)
        ]
        out.append(f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})")
    for name in rows[0]["scores"]:
        values = [row["scores"][name] for row in rows]
        spread = f" ± {(max(values) - min(values)) / 2:.1f}" if len(values) > 1 else ""
        out.append(f"{statistics.mean(values):.1f}{spread}")
    out.append(f"{statistics.mean(statistics.mean(r['scores'].values()) for r in rows):.2f}")
    out.append(f"{max(row['peak_mb'] for row in rows):,.0f}")
    return out


def report(done: list[dict], options: argparse.Namespace) -> str:
    """Returns the tables as Markdown."""
    names = list(done[0]["scores"])
    columns = ["trainer", "M words/s", "seconds", "ratio", *names, "mean", "peak MB"]
    lines = ["## Against gensim", "", machine(options), ""]

    def table(title: str, rows: list[tuple[str, str, str]]) -> None:
        found = [(label, rows_of(done, tool, name)) for label, tool, name in rows]
        base = rows_of(done, "gensim", "equal")
        lines.extend([f"### {title}", "", "| " + " | ".join(columns) + " |"])
        lines.append("|" + "---|" * len(columns))
        for label, measured in found:
            if measured:
                same = None if measured is base or measured == base else base
                lines.append(f"| {label} | " + " | ".join(cells(measured, same)) + " |")
        lines.append("")

    table(
        "Equal settings: D=100, window 5, 5 negatives, subsampling 1e-3, rate 0.025, 5 epochs",
        [
            ("gensim, skip-gram", "gensim", "equal"),
            ("w2v, log-uniform^0.75", "ours", "equal, log-uniform"),
            ("w2v, unigram^0.75", "ours", "equal, unigram"),
            ("w2v, log-uniform^0.75, bfloat16", "ours", "equal, bfloat16"),
        ],
    )
    table(
        "Each tool's defaults, 5 epochs",
        [
            ("gensim, skip-gram", "gensim", "equal"),
            ("gensim, CBOW (its default)", "gensim", "CBOW"),
            ("w2v", "ours", "defaults"),
        ],
    )
    lines.extend(["### Score against time, each tool's defaults", ""])
    lines.extend(["| trainer | epochs | seconds | mean score |", "|---|---|---|---|"])
    timed = [
        *rows_of(done, "gensim", "time"),
        *rows_of(done, "gensim", "equal")[:1],
        *rows_of(done, "ours", "time"),
        *rows_of(done, "ours", "defaults")[:1],
    ]
    for job in sorted(timed, key=lambda job: job["seconds"]):
        mean = statistics.mean(job["scores"].values())
        label = TOOL[job["tool"]].replace("w2vtrain", "w2v")
        lines.append(f"| {label} | {job['epochs']} | {job['seconds']:.1f} | {mean:.2f} |")
    return "\n".join(lines) + "\n"


def machine(options: argparse.Namespace) -> str:
    """Returns a sentence on command, machine and versions."""
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        names = [s for s in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in s]
        model = names[0].split(":")[1].strip() if names else model
    versions = ", ".join(f"{n} {version(n)}" for n in ("tensorflow", "keras", "gensim", "numpy"))
    corpus = ", ".join(Path(name).name for name in options.corpus)
    sets = ", ".join(Path(name).name for name in [*options.similarity, *options.analogies])
    return (
        f"`python benchmarks/against_gensim.py {corpus}` with {sets}; {os.cpu_count()} cores of "
        f"{model}; Python {platform.python_version()}, {versions}; {options.threads} threads for "
        "both. Speed: running words before subsampling, all epochs, median over seeds; the clock "
        "covers training only, our graph tracing included. Ratio: to gensim's skip-gram, same "
        "seed, median (least–most). Scores: Spearman x 100 of known pairs, analogies in % over the "
        "30,000 most frequent words, mean ± half the spread over seeds. Peak: of the whole process."
    )


def record(section: str) -> None:
    """Writes the section into benchmarks/RESULTS.md in place of the old one."""
    path = ROOT / "benchmarks/RESULTS.md"
    text = path.read_text(encoding="utf-8") if path.exists() else "# Benchmark results\n"
    head, _, rest = text.partition("## Against gensim")
    following = rest.find("\n## ")
    tail = rest[following + 1 :] if following >= 0 else ""
    path.write_text(head.rstrip() + "\n\n" + section + ("\n" + tail if tail else ""), "utf-8")


def main() -> None:
    """Measures, prints and, if asked, records."""
    options = arguments()
    if options.one:
        print(json.dumps(run_one(json.loads(options.one), options)))
        return
    options.work.mkdir(parents=True, exist_ok=True)
    prepare_texts(options)
    section = report(measure(options), options)
    print(section)
    if options.record:
        record(section)


if __name__ == "__main__":
    main()
