"""A small trained run, written by hand: what export and the vector commands start from."""

from pathlib import Path

import numpy as np

from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import atomic_stage


def write_run(
    root: Path,
    tokens: list[str],
    vectors: np.ndarray,
    context: np.ndarray | None = None,
    counts: list[int] | None = None,
) -> Path:
    """Returns `root`, now a run directory whose model holds these vectors."""
    run = RunDirectory(root)
    numbers = counts if counts is not None else list(range(len(tokens), 0, -1))
    with atomic_stage(run.model, {"stage": "train"}) as folder:
        Vocabulary(tuple(tokens), np.array(numbers, np.int64)).save(folder / run.vocabulary.name)
        np.save(folder / run.vectors.name, vectors.astype(np.float32))
        other = vectors[::-1] if context is None else context
        np.save(folder / run.context_vectors.name, np.ascontiguousarray(other, np.float32))
    return root
