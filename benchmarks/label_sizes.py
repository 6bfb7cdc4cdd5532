"""What embeddings are worth where labels are few: accuracy by training-set size and embedding.

    python benchmarks/label_sizes.py reviews.csv.gz --vectors runs/reviews \
        --text-column review --label-column sentiment

Every row is tested on the same texts. The words of every row are split alike, so that only the
embedding differs.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from w2vtrain.classify.settings import ClassifyConfig
from w2vtrain.classify.training import train_classifier


def main() -> None:
    """Prints one line a training, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts")
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--text-column", default="text")
    parser.add_argument("--label-column", default="label")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000, 0])
    given = parser.parse_args()
    kinds = {
        "one-hot": {"embedding": "one-hot"},
        "learned": {"embedding": "learned"},
        "reused, frozen": {"embedding": given.vectors},
        "reused, fine-tuned": {"embedding": given.vectors, "fine_tune": True},
    }
    print("| texts | embedding | accuracy | 95 % interval | best epoch | seconds |")
    print("|---|---|---|---|---|---|")
    for size in given.sizes:
        for name, settings in kinds.items():
            config = ClassifyConfig(
                text_column=given.text_column,
                label_column=given.label_column,
                tokens="words",
                train_size=size or None,
                patience=10 if 0 < size <= 1000 else 3,
                **settings,
            )
            with TemporaryDirectory() as folder:
                found = train_classifier(given.texts, Path(folder) / "run", config)
            print(
                f"| {found.train:,} | {name} | {found.test_accuracy:.4f} | "
                f"{found.test_low:.4f} to {found.test_high:.4f} | {found.best_epoch} | "
                f"{found.seconds:.0f} |"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
