"""Subword vectors of ours, of fastText itself and of gensim's FastText: speed, scores, memory.

    python benchmarks/subwords.py wiki.txt.gz --similarity ws353.txt men.txt \\
        --analogies questions-words.txt --fasttext VENV/bin/python

All read one file of tokens (`against_gensim.prepare_texts`), train in turn with rate 0.05 and
subsampling 1e-4, each in a process of its own, and are scored on words of the vocabulary.
`--fasttext` is the Python of an environment that has the `fasttext` package. With `--slice N` the
first N lines are trained for `--epochs` epochs and nothing is scored: speed alone.

Speed: running words before subsampling over the time of training. What fastText does before it
(reading the vocabulary, drawing its tables) is measured by a training of 0 epochs, and taken off.
"""

import argparse
import itertools
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from against_gensim import machine, prepare_texts, scores_of

NGRAMS = {"minn": 3, "maxn": 6, "bucket": 2_000_000}
TOOLS = ("fastText", "gensim FastText", "w2v --subwords", "w2v --subwords, bfloat16", "w2v")
FASTTEXT = """
import fasttext, json, resource, sys, time
text, out, threads, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
def train(epochs):
    begin = time.perf_counter()
    model = fasttext.train_unsupervised(
        text, model="skipgram", dim=100, ws=5, neg=5, lr=0.05, t=1e-4, minCount=1, minn=3, maxn=6,
        bucket=2000000, thread=threads, epoch=epochs, verbose=0)
    return model, time.perf_counter() - begin
setup = train(0)[1]
model, seconds = train(epochs)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
model.save_model(out)
print(json.dumps({"seconds": seconds - setup, "setup": setup, "peak_mb": peak, "vectors": out}))
"""


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", nargs="+", help="text files to prepare")
    parser.add_argument("--similarity", nargs="+", default=[], help="similarity sets")
    parser.add_argument("--analogies", nargs="+", default=[], help="analogy sets")
    parser.add_argument("--fasttext", help="Python that has the fasttext package")
    parser.add_argument("--tools", nargs="+", default=TOOLS, choices=TOOLS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--slice", type=int, help="train on so many lines, score nothing")
    parser.add_argument("--boundary", default="line")
    parser.add_argument("--work", type=Path, default=Path("runs/benchmark"))
    parser.add_argument("--one", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


def cut(options: argparse.Namespace) -> None:
    """Write the first lines of the tokens as a text of its own, and prepare it."""
    import w2vtrain

    whole = options.work
    options.work = whole / f"slice-{options.slice}"
    options.work.mkdir(exist_ok=True)
    text = options.work / "tokens.txt"
    if not text.exists():
        with (whole / "tokens.txt").open() as lines:
            text.write_text("".join(itertools.islice(lines, options.slice)))
        config = w2vtrain.PrepareConfig(standardize="none", min_count=1)
        w2vtrain.prepare([str(text)], options.work / "run", config)


def train_ours(options: argparse.Namespace) -> dict[str, Any]:
    """Train by the public `train`."""
    import w2vtrain

    config = w2vtrain.TrainConfig(
        subwords="--subwords" in options.one,
        precision="bfloat16" if "bfloat16" in options.one else "float32",
        epochs=options.epochs,
        learning_rate=0.05,
        threads=options.threads,
        seed=options.seed,
    )
    summary = w2vtrain.train(options.work / "run", config, force=True)
    return {"seconds": summary.seconds, "vectors": str(options.work / "run")}


def train_gensim(options: argparse.Namespace) -> dict[str, Any]:
    """Train gensim's FastText on a corpus file."""
    from gensim.models import FastText

    from w2vtrain import Embeddings

    text = str(options.work / "tokens.txt")
    ngrams = {"min_n": NGRAMS["minn"], "max_n": NGRAMS["maxn"], "bucket": NGRAMS["bucket"]}
    settings = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-4, "alpha": 0.05}
    workers = {"workers": options.threads, "seed": options.seed}
    model = FastText(sg=1, min_count=1, **settings, **ngrams, **workers)
    model.build_vocab(corpus_file=text)
    begin = time.perf_counter()
    model.train(corpus_file=text, total_words=model.corpus_total_words, epochs=options.epochs)
    seconds = time.perf_counter() - begin
    out = options.work / "gensim-fasttext.npz"
    Embeddings(model.wv.index_to_key, model.wv.vectors).save(out, "npz")
    return {"seconds": seconds, "vectors": str(out)}


def train_fasttext(options: argparse.Namespace) -> dict[str, Any]:
    """Train fastText through its Python package, in its own environment."""
    text, out = options.work / "tokens.txt", options.work / "fasttext.model"
    command = [options.fasttext, "-c", FASTTEXT, str(text), str(out)]
    command += [str(options.threads), str(options.epochs)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(found.splitlines()[-1])


def run_one(options: argparse.Namespace) -> dict[str, Any]:
    """Return what one training measured."""
    train = {"fastText": train_fasttext, "gensim FastText": train_gensim}
    measured = train.get(options.one, train_ours)(options)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    measured = {"peak_mb": peak, **measured}
    vectors = measured.pop("vectors")
    manifest = json.loads((options.work / "run/corpus/manifest.json").read_text())
    words = manifest["summary"]["tokens"] * options.epochs
    scores = {} if options.slice else scores_of(vectors, options)
    settings = {"threads": options.threads, "epochs": options.epochs, "seed": options.seed}
    return {
        "tool": options.one, "words": words, **settings, **measured, "scores": scores,
        "machine": machine(),
    }  # fmt: skip


def report(done: list[dict[str, Any]], options: argparse.Namespace) -> str:
    """Return a table; speeds are those of the medians, held to the first tool's."""
    sets = list(next((job["scores"] for job in done if job["scores"]), {}))
    columns = ["trainer", "runs", "M words/s", f"× {options.tools[0]}", *sets, "mean", "peak MB"]
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    first = [job for job in done if job["tool"] == options.tools[0]]
    base = statistics.median(job["words"] / job["seconds"] for job in first)
    for tool in options.tools:
        jobs = [job for job in done if job["tool"] == tool]
        speed = statistics.median(job["words"] / job["seconds"] for job in jobs)
        cells = [tool, str(len(jobs)), f"{speed / 1e6:.3f}", f"{speed / base:.2f}"]
        scores = [statistics.mean(job["scores"][name] for job in jobs) for name in sets]
        cells += [f"{score:.1f}" for score in scores]
        cells.append(f"{statistics.mean(scores):.2f}" if scores else "–")
        cells.append(f"{max(job['peak_mb'] for job in jobs):,.0f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and print."""
    options = arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    if not options.one:
        prepare_texts(options)
    if options.slice:
        cut(options)
    if options.one:
        print(json.dumps(run_one(options)))
        return
    done = []
    for seed in range(1, options.repeats + 1):
        for tool in options.tools:
            command = [sys.executable, *sys.argv, "--one", tool, "--seed", str(seed)]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            done.append(json.loads(output.splitlines()[-1]))
            print(json.dumps(done[-1]), flush=True)
    print(report(done, options))


if __name__ == "__main__":
    main()
