"""An objective: settings, a Keras model and its batches, for the one training loop."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.engine.sampling import keep_probabilities
from w2vtrain.engine.stream import Position, TextStream
from w2vtrain.training.config import SubsampledConfig, TrainConfig
from w2vtrain.vectors.subwords import Subwords

SMALLEST_RATE = 1e-4  # of the initial rate, where the linear decay ends; as in word2vec.c
MOST_BATCHES_PER_CALL = 64  # a call from Python costs as much as a tenth of a fast step


class Objective(ABC):
    """One way to learn word vectors from a corpus.

    A subclass sets `config_class`, and in its `__init__`, after that of this class, `model` (a
    compiled Keras model with `word_vectors()` and `context_vectors()`, whose `fit` and `evaluate`
    take the objective's batches), `steps_per_epoch`, `batches_per_epoch` and `untrained_loss`.

    Args:
        corpus: the text to train on.
        config: an instance of `config_class`.
        epochs: of the training, for the schedule of the learning rate.

    Attributes:
        steps_per_epoch: updates of the tables in an epoch: as many as one pass over the text makes.
        batches_per_epoch: Keras batches in an epoch; a batch may hold several steps.
        untrained_loss: loss of a model that gives every word the same score.
        details: what the objective chose, for the manifest and the summary.
    """

    config_class: ClassVar[type[TrainConfig]]
    model: Any
    steps_per_epoch: int
    batches_per_epoch: int
    untrained_loss: float

    def __init__(self, corpus: Corpus, config: Any, epochs: int) -> None:
        self.corpus, self.config, self.epochs = corpus, config, epochs
        self.learning_rate = config.initial_learning_rate(epochs)
        self.details: dict[str, Any] = {"learning_rate": self.learning_rate}

    @abstractmethod
    def batches(self, start: Position) -> Iterator[tuple[Any, Position]]:
        """Yield batches without end from `start` on, each with the position after it."""

    @abstractmethod
    def signature(self) -> Any:
        """Return a nest of `tf.TensorSpec` of the form of a batch."""

    @abstractmethod
    def held_out_batches(self, corpus: Corpus) -> Iterator[Any]:
        """Yield the batches of held-out text, with the same draws at every call."""

    def held_out_signature(self) -> Any:
        """Return a nest of `tf.TensorSpec` of the form of a batch of held-out text."""
        return self.signature()

    def scale_updates(self, targets: np.ndarray, contexts: np.ndarray, rate: float) -> None:
        """Scale the updates of rows of the tables from now on; here by 0, which freezes them.

        Args:
            targets, contexts: bool arrays, shape `(ids,)`: which rows.
            rate: what their updates are multiplied by.
        """
        import keras

        layers = (self.model.target_embedding, self.model.context_embedding)
        for layer, rows in zip(layers, (targets, contexts), strict=True):
            values, mask = keras.ops.copy(layer.embeddings), rows[:, None]

            def put_back(table: Any, values: Any = values, mask: Any = mask) -> Any:
                return keras.ops.where(mask, values, table)

            layer.embeddings.constraint = put_back  # Keras calls it after every update

    def save_parts(self, folder: Path) -> None:  # noqa: B027  # most objectives have none
        """Write into the model's folder what a run has besides its two tables."""

    def start_ngrams(
        self, ids: Sequence[int], vectors: np.ndarray, subwords: Subwords | None
    ) -> bool:
        """Set the n-gram rows that word vectors are made from, if they are.

        Args:
            ids: of words of this training that have a vector to start from.
            vectors: float32 array, shape `(ids, dim)`.
            subwords: the n-gram rows that they were made from.
        Returns:
            whether the word vectors are made from n-grams.
        """
        return False

    def text_stream(self, corpus: Corpus | None = None) -> TextStream:
        """Return the subsampled passes over the text, or over another one by the same rule."""
        return TextStream(corpus or self.corpus, self.keep(), self.config.seed)

    def keep(self) -> np.ndarray:
        """Return the probability that a token of each id is kept: float32, shape `(ids,)`."""
        subsampled = isinstance(self.config, SubsampledConfig)
        threshold = self.config.subsample_threshold if subsampled else 0.0
        return keep_probabilities(self.corpus.counts, threshold)


def batches_per_call(batches: int, most: int) -> int:
    """Return how many batches one call of the training function shall run: at most `most`.

    So few that an epoch has some calls, between which progress is shown and checkpoints are made.
    """
    return max(1, min(most, batches // 8))


def whole_calls(batches: float, most: int) -> tuple[int, int]:
    """Return the batches of an epoch, near `batches`, and how many one call runs: a divisor."""
    each = batches_per_call(round(batches), most)
    return max(1, round(batches / each)) * each, each


def linear_decay(learning_rate: float, steps: int) -> Any:
    """Return the Keras schedule that falls linearly from `learning_rate` over `steps` steps."""
    import keras

    return keras.optimizers.schedules.PolynomialDecay(
        learning_rate, max(1, steps), learning_rate * SMALLEST_RATE
    )
