"""Phrases, ours and gensim's, on the same tokens: seconds to find and join them, memory.

    w2v prepare wiki.txt.gz -o runs/wiki && python benchmarks/phrases.py runs/wiki

The tools take turns, each measurement in a process of its own, whose JSON line goes to
benchmarks/results/phrases.jsonl. Both get units of tokens from memory; the time for that is
subtracted for gensim. `--repeat N` reads the text N times over, to see whether memory grows.
"""

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.counting import TokenCounter
from w2vtrain.corpus.encoding import TokenSpool
from w2vtrain.corpus.phrase_finding import TextJoiner
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.run.directory import RunDirectory

RAW = Path(__file__).parent / "results/phrases.jsonl"
CONFIG = PrepareConfig(phrases=True)
UNITS = 5000  # in a frame


def ours(tokens: list[str], ids: np.ndarray, ends: np.ndarray, repeat: int) -> dict[str, float]:
    counter = TokenCounter()
    for token in tokens[1:]:
        counter.add_word(token)
    counter.counts = repeat * np.bincount(ids, minlength=len(tokens))
    with tempfile.TemporaryDirectory() as folder:
        spool = TokenSpool(Path(folder))
        for _ in range(repeat):
            for first in range(0, len(ends) - 1, UNITS):
                part = ends[first : first + UNITS + 1]
                spool.append(ids[part[0] : part[-1]], np.diff(part), True)
        start = time.perf_counter()
        joiner = TextJoiner(counter, CONFIG, None, Path(folder))
        joined = joiner.run(spool)
        seconds = time.perf_counter() - start
        joined.close()
    return {"seconds": seconds, "phrases": len(joiner.phrases), "tokens": joined.tokens}


def gensims(tokens: list[str], ids: np.ndarray, ends: np.ndarray, repeat: int) -> dict[str, float]:
    from gensim.models.phrases import Phrases

    class Units:
        def __iter__(self):
            for _ in range(repeat):
                for first, last in itertools.pairwise(ends):
                    yield words[ids[first:last]].tolist()

    words = np.array(tokens, dtype=object)
    start = time.perf_counter()
    for _ in Units():
        pass
    reading = time.perf_counter() - start
    start = time.perf_counter()
    found = Phrases(
        Units(), CONFIG.phrase_min_count, CONFIG.threshold, scoring=CONFIG.phrase_score
    ).freeze()
    joined = sum(len(found[unit]) for unit in Units())
    seconds = time.perf_counter() - start - 2 * reading
    return {"seconds": seconds, "phrases": len(found.phrasegrams), "tokens": joined}


def measure(run: RunDirectory, tool: str, repeat: int) -> None:
    tokens = list(Vocabulary.load(run.corpus_vocabulary).tokens)
    text = tokens, np.load(run.token_ids), np.load(run.boundaries), repeat
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {"w2v": ours, "gensim": gensims}[tool](*text)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sizes = {"peak_mb": peak / 1024, "more_mb": (peak - before) / 1024}
    print(json.dumps({"tool": tool, "words": len(text[1]) * repeat, **found, **sizes}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="a prepared run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--tools", nargs="+", default=["w2v", "gensim"])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure(RunDirectory(given.run), given.one, given.repeat)
        return
    RAW.parent.mkdir(exist_ok=True)
    for _ in range(given.rounds):
        for tool in given.tools:
            command = [sys.executable, __file__, str(given.run), "--one", tool]
            command += ["--repeat", str(given.repeat)]
            line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            print(line, end="")
            with RAW.open("a") as file:
                file.write(line)


if __name__ == "__main__":
    main()
