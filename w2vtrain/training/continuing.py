"""Where a training starts: from nothing, or from the vectors of a run that has ended."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.config import TrainConfig
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest
from w2vtrain.vectors.formats import npy


@dataclass(frozen=True)
class Origin:
    """A finished training to go on from.

    Args:
        run: its run directory.
        files: SHA-256 of its tables.
        epochs: it has had.
        history: the rows of its `history.csv`.
    """

    run: Path
    files: dict[str, str]
    epochs: int
    history: list[dict[str, str]]

    @classmethod
    def load(cls, run: Path, config: TrainConfig) -> "Origin":
        """Returns what `run` holds.

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

    def give(self, model: Any, tokens: tuple[str, ...], first_id: int) -> None:
        """Gives the words that both vocabularies hold their vectors; new words keep their start.

        Args:
            model: a `Word2Vec`; its rows are those of `tokens`.
            tokens: of the corpus.
            first_id: the first that is trained.
        """
        names = RunDirectory(self.run)
        known = {t: row for row, t in enumerate(Vocabulary.load(names.vocabulary).tokens)}
        ids = [i for i in range(first_id, len(tokens)) if tokens[i] in known]
        rows = [known[tokens[i]] for i in ids]
        for layer, path in (
            (model.target_embedding, names.vectors),
            (model.context_embedding, names.context_vectors),
        ):
            table = layer.embeddings.numpy().copy()
            table[ids] = np.load(path, allow_pickle=False)[rows]
            layer.embeddings.assign(table)

    def lines(self, columns: list[str]) -> list[list[str]]:
        """Returns its history as cells of `columns`."""
        return [[row.get(name) or "" for name in columns] for row in self.history]

    @property
    def step(self) -> int:
        """Steps done, over all its epochs."""
        return int(float(self.history[-1]["step"]))

    @property
    def seconds(self) -> float:
        """Of its training."""
        return float(self.history[-1]["seconds"])
