"""The names of the files in a run directory.

runs/novels/
  corpus/       made by prepare
  model/        made by train
  checkpoints/  a training that has not ended yet
  logs/         TensorBoard
  export/       made by export, a folder a format
  stability/    made by stability, a run a seed, which shares this one's corpus
  projector/    made by projector: the bundle that the Embedding Projector shows
"""

from dataclasses import dataclass
from pathlib import Path


class _Name:
    """An attribute of a run directory that is the path of this name in it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, run: "RunDirectory", owner: type) -> Path:
        return run.root / self._name


@dataclass(frozen=True)
class RunDirectory:
    """The paths in one run directory; nothing is created or read by making this object."""

    root: Path

    corpus = _Name("corpus")
    corpus_vocabulary = _Name("corpus/vocabulary.tsv")
    vectorizer = _Name("corpus/vectorizer.keras")
    subword_units = _Name("corpus/subword_units.json")
    phrases = _Name("corpus/phrases.tsv")
    token_ids = _Name("corpus/token_ids.npy")
    boundaries = _Name("corpus/boundaries.npy")
    model = _Name("model")
    keras_model = _Name("model/word2vec.keras")
    vectors = _Name("model/vectors.npy")
    context_vectors = _Name("model/context_vectors.npy")
    subwords = _Name("model/subwords")
    vocabulary = _Name("model/vocabulary.tsv")
    history = _Name("model/history.csv")
    snapshots = _Name("model/snapshots")
    checkpoints = _Name("checkpoints")
    logs = _Name("logs")
    stability = _Name("stability")
    projector = _Name("projector")
    export = _Name("export")


def is_run(path: Path) -> bool:
    """Return whether a folder holds what a run does: a corpus or a model."""
    return RunDirectory(path).corpus.is_dir() or RunDirectory(path).model.is_dir()
