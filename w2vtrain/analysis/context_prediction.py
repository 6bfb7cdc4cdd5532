"""The words that a trained softmax expects in a word's context, with their probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest, reads
from w2vtrain.vectors.embeddings import Embeddings


@dataclass(frozen=True)
class ContextPrediction:
    """What stands near a word.

    Args:
        word: the target.
        contexts: words with the probability that a context of `word` is this one, best first.
    """

    word: str
    contexts: list[tuple[str, float]]


@reads("model")
def predict_contexts(
    run: str | Path, words: Sequence[str], top: int = 10
) -> list[ContextPrediction]:
    """Return for each word the `top` most probable words in its context.

    Args:
        run: a run trained with a softmax objective.
        words: of its vocabulary.
        top: how many.
    Raises:
        W2VError: the run has learned no probabilities, or a word is not in its vocabulary.
    """
    if top < 1:
        raise W2VError(f"--top is {top}.", "Give 1 or more.")
    directory = RunDirectory(Path(run))
    manifest = read_manifest(directory.model, made_by=f"w2v train {run}")
    objective = str(manifest.get("config", {}).get("objective"))
    if not objective.endswith("softmax"):
        raise W2VError(
            f"{run} was trained to tell contexts from noise: its scores are no probabilities.",
            f"Train with one: w2v train {run} --objective full-softmax --force.",
        )
    vectors = Embeddings.load(directory.root)
    rows = vectors.rows(words)
    from w2vtrain.tensorflow_runtime import configure

    configure()
    import keras

    from w2vtrain import models  # noqa: F401 (registers what the file names)

    model = keras.models.load_model(directory.keras_model, compile=False)
    corpus = Corpus.open(directory)
    ids = np.array([corpus.id_of(token) for token in vectors.tokens])
    shares = model.context_probabilities(ids[rows])[:, ids]
    best = np.argsort(-shares, axis=1, kind="stable")[:, :top]
    return [
        ContextPrediction(word, [(vectors.tokens[i], float(share[i])) for i in order.tolist()])
        for word, share, order in zip(words, shares, best, strict=True)
    ]
