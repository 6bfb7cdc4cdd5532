"""Measure the bundled corpus with gensim's skip-gram, controls included (gensim is a dev extra).

`python data/check_with_gensim.py` prints the table that data/README.md records: analogies by
3CosAdd over the whole vocabulary without the question's own words, and Spearman of the pairs.
"""

import argparse
import re
import time
from pathlib import Path

import numpy as np
from gensim.models import Word2Vec
from scipy.stats import spearmanr

HERE = Path(__file__).parent
SETTINGS = [  # name, corpus, training settings
    ("D=50, 5 epochs, sample 1e-3", "text", {"vector_size": 50, "epochs": 5, "sample": 1e-3}),
    ("D=100, 10 epochs, sample 1e-3", "text", {"vector_size": 100, "epochs": 10, "sample": 1e-3}),
    ("D=100, 10 epochs, sample 1e-4", "text", {"vector_size": 100, "epochs": 10, "sample": 1e-4}),
    ("D=64, 20 epochs, sample 1e-3", "text", {"vector_size": 64, "epochs": 20, "sample": 1e-3}),
    ("D=100, 40 epochs, sample 1e-4", "text", {"vector_size": 100, "epochs": 40, "sample": 1e-4}),
    ("words shuffled, D=100, 10 epochs", "shuffled", {"vector_size": 100, "epochs": 10}),
    ("untrained, D=100", "untrained", {"vector_size": 100}),
]


def sentences() -> list[list[str]]:
    """Lower-cased words of each line, marks stripped but for inner apostrophes and hyphens."""
    text = (HERE / "corpus.txt").read_text(encoding="utf-8").lower()
    return [re.findall(r"\w+(?:['-]\w+)*", line) for line in text.splitlines()]


def shuffled(lines: list[list[str]], seed: int) -> list[list[str]]:
    """The same words and line lengths, every word at a random place of the text."""
    words = np.array([word for line in lines for word in line], dtype=object)
    words = np.random.default_rng(seed).permutation(words)
    ends = np.cumsum([len(line) for line in lines])
    return [list(part) for part in np.split(words, ends[:-1])]


def analogies(tokens: list[str], vectors: np.ndarray) -> tuple[float, dict[str, float]]:
    """Share of the questions answered right, overall and by section."""
    ids = {token: i for i, token in enumerate(tokens)}
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    rows: dict[str, list[list[int]]] = {}
    for line in (HERE / "analogies.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(":"):
            section = rows.setdefault(line[2:], [])
        else:
            section.append([ids[word.lower()] for word in line.split()])
    right = {}
    for name, questions in rows.items():
        a, b, c, d = np.array(questions).T
        score = (unit[b] - unit[a] + unit[c]) @ unit.T  # (questions, vocabulary)
        for excluded in (a, b, c):
            score[np.arange(len(a)), excluded] = -np.inf
        right[name] = score.argmax(axis=1) == d
    overall = np.concatenate(list(right.values())).mean()
    return float(overall), {name: float(hits.mean()) for name, hits in right.items()}


def similarity(tokens: list[str], vectors: np.ndarray) -> float:
    """Spearman of the planted pairs with the vectors' cosines."""
    ids = {token: i for i, token in enumerate(tokens)}
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    lines = (HERE / "similarity.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines]
    cosines = [float(unit[ids[one]] @ unit[ids[other]]) for one, other, _ in pairs]
    return float(spearmanr(cosines, [float(score) for *_, score in pairs]).statistic)


def train(lines: list[list[str]], seed: int, corpus: str, settings: dict) -> Word2Vec:
    if corpus == "shuffled":
        lines = shuffled(lines, seed)
    model = Word2Vec(sg=1, window=5, negative=5, min_count=5, workers=1, seed=seed, **settings)
    model.build_vocab(lines)
    if corpus != "untrained":
        model.train(lines, total_examples=len(lines), epochs=model.epochs)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="seeds 1 to N of every setting")
    parser.add_argument("--only", default="", help="settings whose name holds this text")
    arguments = parser.parse_args()
    lines = sentences()
    for name, corpus, settings in SETTINGS:
        if arguments.only not in name:
            continue
        for seed in range(1, arguments.seeds + 1):
            start = time.perf_counter()
            keyed = train(lines, seed, corpus, settings).wv
            overall, by_section = analogies(keyed.index_to_key, keyed.vectors)
            spearman = similarity(keyed.index_to_key, keyed.vectors)
            sections = " ".join(f"{section} {share:.2f}" for section, share in by_section.items())
            seconds = time.perf_counter() - start
            print(
                f"{name}, seed {seed}: analogies {100 * overall:.1f} %, Spearman {spearman:.3f}"
                f" ({len(keyed)} words, {seconds:.0f} s) | {sections}",
                flush=True,
            )


if __name__ == "__main__":
    main()
