"""What a training stage runs: a compiled model and the data of its epochs.

`TrainingText` is what every objective learns from; each objective (`block_training`,
`pair_training`) turns it and the settings into a `Training`, and the stage fits whatever it gets.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from w2vtrain.config import TrainConfig
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_ID, Vocabulary
from w2vtrain.engine.sampling import keep_probabilities, noise_probabilities
from w2vtrain.engine.text_stream import TokenFile
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory

HELD_OUT_EPOCH = 0  # whose draws held-out text gets every time
SMALLEST_RATE = 1e-4  # of the first rate, where the linear decay ends; as in word2vec.c


@dataclass(frozen=True)
class TrainingText:
    """The corpus of a run, as training sees it.

    Args:
        file: token ids and unit boundaries.
        vocabulary: a row an id, padding and out-of-vocabulary first.
        first_id: the first id that occurs in the text and can be noise: 2, or 1 with keep_oov.
        counted: int64 array, shape `(ids,)`: occurrences in `file`, where it is not all of the
            text that the vocabulary was made from.
    """

    file: TokenFile
    vocabulary: Vocabulary
    first_id: int
    counted: np.ndarray | None = None

    @classmethod
    def load(cls, run: RunDirectory, keep_oov: bool) -> "TrainingText":
        """Returns the corpus of `run`.

        Raises:
            W2VError: it holds no pair of neighbours, or a single word.
        """
        vocabulary = Vocabulary.load(run.corpus_vocabulary)
        text = cls(
            file=TokenFile(run.token_ids, run.boundaries),
            vocabulary=vocabulary,
            first_id=OOV_ID if keep_oov else FIRST_WORD_ID,
        )
        words = int(np.count_nonzero(text.counts))
        if words < 2:
            raise W2VError(
                f"The vocabulary of {run.root} holds {words} word: there is nothing to compare.",
                "Prepare more text, or with a lower --min-count.",
            )
        if np.diff(text.file.boundaries).max() < 2:
            raise W2VError(
                f"{run.root} holds not a single pair: no line has two words of the vocabulary.",
                "Prepare it with --boundary paragraph or file, or with a lower --min-count.",
            )
        return text

    @property
    def counts(self) -> np.ndarray:
        """Occurrences of each id in the text: int64, shape `(ids,)`; 0 for ids not in it."""
        counts = (self.vocabulary.counts if self.counted is None else self.counted).copy()
        counts[: self.first_id] = 0
        return counts

    def keep(self, config: TrainConfig) -> np.ndarray:
        """Returns the probability that a token of each id is kept: float32, shape `(ids,)`."""
        return keep_probabilities(self.counts, config.subsample_threshold)

    def kept_share(self, config: TrainConfig) -> float:
        """Returns the expected share of the running words that subsampling keeps."""
        return float((self.counts * self.keep(config)).sum() / self.counts.sum())

    def noise(self, config: TrainConfig) -> np.ndarray:
        """Returns the probability of each id as noise: float64, shape `(ids,)`."""
        return noise_probabilities(self.counts, config.noise, config.noise_exponent)


@dataclass
class Place:
    """A place in the data of a training.

    Args:
        epoch: the epoch, from 0.
        step: steps of it that have been done.
    """

    epoch: int = 0
    step: int = 0


@dataclass(frozen=True)
class Training:
    """A model ready for `fit`.

    Args:
        model: a compiled Keras model with `target_embedding` and `context_embedding` layers.
        dataset: a `tf.data.Dataset`; an iteration gives the steps from `place` to its epoch's end.
        steps: expected steps of an epoch.
        facts: what the objective chose, for the manifest and the summary.
        held_out: returns the steps of a text as a dataset with the same draws at each iteration.
        measure: returns the summed loss and the summed weight of the pairs of one such step.
        place: where the next iteration of `dataset` begins; `fit` moves it on.
    """

    model: Any
    dataset: Any
    steps: int
    facts: dict[str, Any]
    held_out: Callable[[TokenFile], Any]
    measure: Callable[[Any], tuple[Any, Any]]
    place: Place = field(default_factory=Place)


def linear_decay(learning_rate: float, steps: int) -> Any:
    """Returns the Keras schedule that falls linearly from `learning_rate` over `steps` steps."""
    import keras

    return keras.optimizers.schedules.PolynomialDecay(
        learning_rate, max(1, steps), learning_rate * SMALLEST_RATE
    )
