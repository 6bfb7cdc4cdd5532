"""Where a training starts: from nothing, from vectors of any kind, or from its own finished run."""

import csv
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.objective import Objective
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.formats.npy import read_subwords
from w2vtrain.vectors.subwords import Subwords


@dataclass(frozen=True)
class WarmStart:
    """Vectors to start from.

    Args:
        tokens: their words.
        vectors: float32 array, shape `(tokens, dim)`; None where words start as usual.
        contexts: float32 array of the same shape; None where there are none.
        rate: share of the learning rate for the rows that are set; 0 keeps them as they are.
        files: SHA-256 of each table.
        epochs: that a finished training has had which goes on; 0 for a new training.
        history: the rows of its `history.csv`.
        subwords: the n-gram rows that the vectors are made from, if they are.
    """

    tokens: tuple[str, ...]
    vectors: np.ndarray | None
    contexts: np.ndarray | None
    rate: float
    files: dict[str, str]
    epochs: int = 0
    history: list[dict[str, str]] = field(default_factory=list)
    subwords: Subwords | None = None

    @classmethod
    def load(cls, run: Path, config: TrainConfig) -> "WarmStart | None":
        """Read what the settings name: the vectors of `start_from`, or those that `run` holds.

        Raises:
            W2VError: there are no vectors, damaged ones, or ones of another size.
        """
        if getattr(config, "more_epochs", None):
            return cls._of_finished(run, config)
        path = getattr(config, "start_from", None)
        if path is None:
            return None
        embeddings = Embeddings.load(path)
        _check_dim(path, embeddings.dim, config)
        contexts = None
        if embeddings.run is not None:
            contexts = _contexts_or_none(RunDirectory(embeddings.run))
        only_contexts = getattr(config, "freeze_contexts", False)
        if only_contexts and contexts is None:
            raise W2VError(
                f"{path} has no context vectors to freeze.",
                "Give a run directory that was trained by negative sampling.",
            )
        vectors = None if only_contexts else embeddings.vectors
        frozen = only_contexts or getattr(config, "freeze_known", False)
        slow = not getattr(config, "subwords", False)  # n-gram rows belong to words old and new
        rate = 0.0 if frozen else getattr(config, "known_rate", 1.0) if slow else 1.0
        digests = {"tokens": _digest("\n".join(embeddings.tokens).encode())}
        tables = (("vectors", vectors), ("contexts", contexts))
        digests |= {name: _digest(table.tobytes()) for name, table in tables if table is not None}
        subwords = embeddings.subwords
        return cls(embeddings.tokens, vectors, contexts, rate, digests, subwords=subwords)

    @classmethod
    def _of_finished(cls, run: Path, config: TrainConfig) -> "WarmStart":
        names = RunDirectory(run)
        manifest = read_manifest(names.model, f"w2v train {run}", verify=True)
        vectors = np.load(names.vectors, allow_pickle=False)
        _check_dim(names.model, vectors.shape[1], config)
        if config.learning_rate is None:
            raise W2VError(
                "To go on with a finished training, the learning rate must be given.",
                "It falls linearly from there: try --learning-rate 0.01.",
            )
        with names.history.open(newline="", encoding="utf-8") as file:
            history = list(csv.DictReader(file))
        tables = (names.vectors.name, names.context_vectors.name)
        files = {name: manifest["files"][name]["sha256"] for name in tables}
        tokens = Vocabulary.load(names.vocabulary).tokens
        contexts = np.load(names.context_vectors, allow_pickle=False)
        subwords = read_subwords(names.subwords) if names.subwords.is_dir() else None
        epochs = int(history[-1]["epoch"])
        return cls(tokens, vectors, contexts, 1.0, files, epochs, history, subwords)

    def initialize(self, objective: Objective, corpus: Corpus) -> None:
        """Set the rows of words that both vocabularies hold; n-grams start new words, or nothing.

        Args:
            objective: its model has `target_embedding` and `context_embedding` layers with a row
                an id.
            corpus: of the training that begins.
        Raises:
            W2VError: no word of the text is among them.
        """
        ids, rows = self._known(corpus)
        if not ids:
            raise W2VError(
                "None of the words of the text has a vector to start from.",
                "Are they of one language, with the same upper or lower case?",
            )
        model, vectors = objective.model, self.vectors
        if vectors is not None and objective.start_ngrams(ids, vectors[rows], self.subwords):
            vectors = None
        masks = []
        for layer, start in (
            (model.target_embedding, vectors),
            (model.context_embedding, self.contexts),
        ):
            mask = np.zeros(len(corpus.vocabulary), bool)
            if start is not None:
                table = layer.embeddings.numpy().copy()
                table[ids] = start[rows] + 0.0  # -0 becomes 0, whose bytes an update by 0 keeps
                layer.embeddings.assign(table)
                mask[ids] = True
            masks.append(mask)
        if vectors is not None:
            made_ids, made = self._made_from_ngrams(corpus)
            table = model.target_embedding.embeddings.numpy().copy()
            table[made_ids] = made
            model.target_embedding.embeddings.assign(table)
        if self.rate < 1:
            objective.scale_updates(masks[0], masks[1], self.rate)

    def report(self, model: Any, corpus: Corpus) -> dict[str, Any]:
        """Return how many words were found and, of those, how far they moved: mean 1 - cosine."""
        ids, rows = self._known(corpus)
        found: dict[str, Any] = {"found": len(ids)}
        found["new"] = len(corpus.vocabulary) - corpus.first_id - len(ids)
        if self.vectors is not None and ids:
            tables = self.vectors[rows], model.word_vectors()[ids]
            start, end = (table.astype(np.float64) for table in tables)
            norms = np.linalg.norm(start, axis=1) * np.linalg.norm(end, axis=1)
            cosines = np.einsum("id,id->i", start, end) / np.where(norms == 0, 1, norms)
            found["moved"] = float(np.mean(1 - cosines))
            found["from_ngrams"] = len(self._made_from_ngrams(corpus)[0])
        return found

    def _known(self, corpus: Corpus) -> tuple[list[int], list[int]]:
        tokens = corpus.vocabulary.tokens
        known = {token: row for row, token in enumerate(self.tokens)}
        ids = [i for i in range(corpus.first_id, len(tokens)) if tokens[i] in known]
        return ids, [known[tokens[i]] for i in ids]

    def _made_from_ngrams(self, corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
        """Return the ids of new words that n-grams give a vector, and these vectors."""
        tokens = corpus.vocabulary.tokens
        known = set(self.tokens)
        ids = np.array(
            [i for i in range(corpus.first_id, len(tokens)) if tokens[i] not in known], np.int64
        )
        if self.subwords is None or not len(ids):
            return ids[:0], np.zeros((0, 0 if self.vectors is None else self.vectors.shape[1]))
        made = self.subwords.vectors_of([tokens[i] for i in ids.tolist()])
        given = made.any(axis=1)
        return ids[given], made[given]


def _contexts_or_none(names: RunDirectory) -> np.ndarray | None:
    if not names.context_vectors.exists():
        return None
    return np.load(names.context_vectors, allow_pickle=False)


def _check_dim(path: str | Path, dim: int, config: TrainConfig) -> None:
    if dim != config.embedding_dim:
        raise W2VError(
            f"{path} has vectors of {dim} numbers, not {config.embedding_dim}.",
            f"Give --embedding-dim {dim} to start from them.",
        )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
