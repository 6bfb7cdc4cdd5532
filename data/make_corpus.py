"""Remake the bundled corpus and its planted truth: `python data/make_corpus.py`.

Writes corpus.txt, similarity.tsv and analogies.txt, the same bytes on every platform and Python.
"""

import argparse
from pathlib import Path

import truth
from dice import Dice
from sentences import Storyteller

SEED = 2013  # the year of word2vec
RUNNING_WORDS = 400_000


def corpus_lines(seed: int, running_words: int) -> list[str]:
    """Paragraphs until they hold `running_words` words."""
    storyteller = Storyteller(Dice(seed))
    lines: list[str] = []
    words = 0
    while words < running_words:
        line = storyteller.paragraph()
        words += line.count(" ") + 1
        lines.append(line)
    return lines


def write_all(folder: Path) -> None:
    """The three files into `folder`, UTF-8 with line feeds on every platform."""
    similarity = [
        f"{one}\t{other}\t{score:.1f}" for one, other, score in truth.similarity_pairs(SEED)
    ]
    files = {
        "corpus.txt": corpus_lines(SEED, RUNNING_WORDS),
        "similarity.tsv": similarity,
        "analogies.txt": truth.analogy_lines(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (folder / name).write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent, help="folder for the three files"
    )
    write_all(parser.parse_args().output)


if __name__ == "__main__":
    main()
