"""The names of the files in a run directory.

runs/novels/
  corpus/       made by prepare: vocabulary.tsv vectorizer.keras token_ids.npy boundaries.npy
  model/        made by train: word2vec.keras vectors.npy context_vectors.npy vocabulary.tsv …
  checkpoints/  a training that has not ended yet
  logs/         TensorBoard
  export/       made by export, a folder a format
  stability/    made by stability, a run a seed, which shares this one's corpus
  projector/    made by projector: the bundle that the Embedding Projector shows
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunDirectory:
    """The paths in one run directory; nothing is created or read by making this object."""

    root: Path

    @property
    def corpus(self) -> Path:
        return self.root / "corpus"

    @property
    def corpus_vocabulary(self) -> Path:
        return self.corpus / "vocabulary.tsv"

    @property
    def vectorizer(self) -> Path:
        return self.corpus / "vectorizer.keras"

    @property
    def token_ids(self) -> Path:
        return self.corpus / "token_ids.npy"

    @property
    def boundaries(self) -> Path:
        return self.corpus / "boundaries.npy"

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def keras_model(self) -> Path:
        return self.model / "word2vec.keras"

    @property
    def vectors(self) -> Path:
        return self.model / "vectors.npy"

    @property
    def context_vectors(self) -> Path:
        return self.model / "context_vectors.npy"

    @property
    def vocabulary(self) -> Path:
        return self.model / "vocabulary.tsv"

    @property
    def history(self) -> Path:
        return self.model / "history.csv"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def stability(self) -> Path:
        return self.root / "stability"

    @property
    def projector(self) -> Path:
        return self.root / "projector"

    @property
    def snapshots(self) -> Path:
        return self.model / "snapshots"

    @property
    def export(self) -> Path:
        return self.root / "export"
