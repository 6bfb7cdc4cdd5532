"""How the targets of the letters experiment are given, and what it costs.

    python benchmarks/letters_targets.py RUN

RUN has been prepared with configs/letters.toml. The usual notebook one-hot-encodes the target of
every pair; the same network takes sparse targets, or learns from the counts of all pairs. Processor
time of `STEPS` steps each, after as many to warm up; batches of 32 pairs.
"""

import sys
import time
from pathlib import Path

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.engine.dataset import BatchStream
from w2vtrain.engine.stream import Position, TextStream
from w2vtrain.run.directory import RunDirectory
from w2vtrain.tensorflow_runtime import configure
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.pairs import PairStream, full_extents
from w2vtrain.training.registry import make_objective

STEPS, BATCH = 2000, 32


def main() -> None:
    """Prints a line a way."""
    configure()
    corpus = Corpus.open(RunDirectory(Path(sys.argv[1])))
    config = TrainConfig(
        objective="full-softmax",
        context="next",
        window_size=1,
        embedding_dim=2,
        bias=True,
        batch_size=BATCH,
        subsample_threshold=0.0,
    )
    pairs = PairStream(
        TextStream(corpus, np.ones(len(corpus.counts), np.float32), config.seed),
        lambda kept, _: full_extents(kept, 1, "next"),
    )
    targets, contexts = (np.concatenate(parts) for parts in zip(*pairs.of_pass(0), strict=True))
    ids = len(corpus.counts)
    print(
        f"{len(targets):,} pairs, {ids} ids: one-hot targets {len(targets) * ids * 4 / 1e6:,.0f} MB"
    )
    for name, seconds in (
        ("one-hot targets (Keras Dense)", _keras(targets, contexts, ids, one_hot=True)),
        ("sparse targets (Keras Dense)", _keras(targets, contexts, ids, one_hot=False)),
        ("sparse targets (--pairs explicit)", _ours(corpus, config.replaced(pairs="explicit"))),
        ("counts of all pairs (the default)", _ours(corpus, config)),
    ):
        epoch = seconds / STEPS * len(targets) / BATCH
        print(f"{name:36} {seconds / STEPS * 1e6:7.0f} us a step, {epoch:6.1f} s an epoch")


def _keras(targets: np.ndarray, contexts: np.ndarray, ids: int, one_hot: bool) -> float:
    import keras

    model = keras.Sequential(
        [keras.layers.Embedding(ids, 2), keras.layers.Dense(ids, activation="softmax")]
    )
    loss = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"])
    few = STEPS * BATCH
    wanted = np.eye(ids, dtype=np.float32)[contexts[:few]] if one_hot else contexts[:few]
    seconds = 0.0
    for _ in range(2):
        start = time.process_time()
        model.fit(targets[:few], wanted, batch_size=BATCH, verbose=0)
        seconds = time.process_time() - start
    return seconds


def _ours(corpus: Corpus, config: TrainConfig) -> float:
    objective = make_objective(corpus, config, 1)
    batches = BatchStream(objective.batches, objective.signature(), Position())
    seconds = 0.0
    for _ in range(2):
        start = time.process_time()
        objective.model.fit(batches.dataset(), steps_per_epoch=STEPS, epochs=1, verbose=0)
        seconds = time.process_time() - start
    return seconds


if __name__ == "__main__":
    main()
