"""What each defect of the tutorial's pairs costs: held-out loss, and the truth of the bundled text.

    python benchmarks/tutorial_repairs.py RUN --epochs 10

RUN has been prepared with configs/tutorial.toml. Every row is one training of RUN with 5 % of its
lines held out; the held-out loss is always taken on repaired pairs, so the rows compare.
"""

import argparse
import sys
from pathlib import Path

from w2vtrain.analysis.evaluation.similarity import evaluate_similarity
from w2vtrain.analysis.evaluation.test_sets import SimilaritySet
from w2vtrain.settings import read_toml
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.train import train
from w2vtrain.training.tutorial import REPAIRS
from w2vtrain.vectors.embeddings import Embeddings

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Prints one line a training, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--similarity", default=str(ROOT / "data" / "similarity.tsv"))
    parser.add_argument("--word", default="king")
    given = parser.parse_args()
    table = read_toml(ROOT / "configs" / "tutorial.toml")["train"]
    base = TrainConfig.from_mapping(table)
    pairs = SimilaritySet.read(given.similarity)
    print(
        "| repaired | training loss | held-out loss | accuracy | Spearman | nearest to the word |"
    )
    print("|---|---|---|---|---|---|")
    for repairs in ("none", *REPAIRS, ",".join(REPAIRS)):
        config = base.replaced(epochs=given.epochs, repairs=repairs, validation_fraction=0.05)
        found = train(given.run, config, force=True)
        vectors = Embeddings.load(given.run)
        rank = evaluate_similarity(vectors, pairs, resamples=100).spearman
        near = ", ".join(word for word, _ in vectors.most_similar(given.word, k=4))
        name = "all" if "," in repairs else repairs
        print(
            f"| {name} | {found.loss:.4f} | {found.val_loss:.4f} | {found.accuracy:.4f} | "
            f"{rank.value if rank else float('nan'):.3f} | {near} |"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
