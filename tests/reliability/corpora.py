"""A small text whose words are drawn by Zipf's law from two topics."""

import random
from pathlib import Path


def write_text(path: Path, lines: int = 600, seed: int = 5, words: int = 60) -> Path:
    """Writes `lines` lines of ten words, each line of one of two topics; returns `path`."""
    draw = random.Random(seed)
    weights = [1 / (i + 1) for i in range(words)]
    text = []
    for _ in range(lines):
        topic = draw.choice("ab")
        text.append(" ".join(f"{topic}{i}" for i in draw.choices(range(words), weights, k=10)))
    path.write_text("\n".join(text) + "\n")
    return path
