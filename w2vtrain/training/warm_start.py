"""Where a training starts: from nothing, or from the vectors of a run that has ended."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest
from w2vtrain.training.config import TrainConfig
from w2vtrain.vectors.formats import npy


@dataclass(frozen=True)
class WarmStart:
    """A finished training to go on from.

    Args:
        run: its run directory.
        files: SHA-256 of its tables.
        epochs: epochs it has had.
        history: the rows of its `history.csv`.
    """

    run: Path
    files: dict[str, str]
    epochs: int
    history: list[dict[str, str]]

    @classmethod
    def load(cls, run: Path, config: TrainConfig) -> "WarmStart":
        """Read what `run` holds.

        Raises:
            W2VError: it holds no vectors, damaged ones, or ones of another size.
        """
        names = RunDirectory(run)
        manifest = read_manifest(names.model, f"w2v train {run}", verify=True)
        dim = npy.mapped(names.vectors).shape[1]
        if dim != config.embedding_dim:
            raise W2VError(
                f"{names.model} has vectors of {dim} numbers, not {config.embedding_dim}.",
                f"Give --embedding-dim {dim} to go on with them.",
            )
        if config.learning_rate is None:
            raise W2VError(
                "To go on with a finished training, the learning rate must be given.",
                "It falls linearly from there: try --learning-rate 0.01.",
            )
        with names.history.open(newline="", encoding="utf-8") as file:
            history = list(csv.DictReader(file))
        tables = (names.vectors.name, names.context_vectors.name)
        files = {name: manifest["files"][name]["sha256"] for name in tables}
        return cls(run, files, int(history[-1]["epoch"]), history)

    def initialize(self, model: Any, corpus: Corpus) -> None:
        """Set the rows of words that both vocabularies hold; new words keep their start.

        Args:
            model: has `target_embedding` and `context_embedding` layers with a row an id.
            corpus: of the training that begins.
        """
        names, tokens = RunDirectory(self.run), corpus.vocabulary.tokens
        known = {t: row for row, t in enumerate(Vocabulary.load(names.vocabulary).tokens)}
        ids = [i for i in range(corpus.first_id, len(tokens)) if tokens[i] in known]
        rows = [known[tokens[i]] for i in ids]
        for layer, path in (
            (model.target_embedding, names.vectors),
            (model.context_embedding, names.context_vectors),
        ):
            table = layer.embeddings.numpy().copy()
            table[ids] = np.load(path, allow_pickle=False)[rows]
            layer.embeddings.assign(table)
