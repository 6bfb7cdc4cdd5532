"""Honest validation: whole units that training never sees, and what the model makes of them.

The held-out loss has the same form as the training loss, a mean a pair, on the same draws of
subsampling and noise after every epoch, so that its curve moves only when the model does.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.config import TrainConfig
from w2vtrain.corpus.encoding import NpyWriter
from w2vtrain.engine.text_stream import TextStream, TokenFile
from w2vtrain.errors import W2VError
from w2vtrain.training.training import HELD_OUT_EPOCH, Training, TrainingText

_DRAW = 0x5E1D  # sets the choice of units apart from the draws of training, which share the seed
_AT_ONCE = 2**22
RECALL_AT = 10


def split_text(
    text: TrainingText, fraction: float, seed: int, folder: Path
) -> tuple[TrainingText, TokenFile]:
    """Returns the text without the units held out, and those units; both are written to `folder`.

    Args:
        text: the whole corpus.
        fraction: share of its units to hold out; at least one.
        seed: the same seed holds out the same units.
        folder: an empty folder.
    Raises:
        W2VError: there are too few units, or no pair is left on one side.
    """
    file = text.file
    sizes = np.diff(file.boundaries)
    held = _held_units(len(sizes), fraction, seed)
    counts = np.zeros(len(text.vocabulary), np.int64)
    with (
        NpyWriter(folder / "training.npy", np.int32) as training,
        NpyWriter(folder / "held_out.npy", np.int32) as held_out,
    ):
        for start in range(0, file.tokens, _AT_ONCE):
            tokens = file.read(start, min(start + _AT_ONCE, file.tokens))
            units = np.searchsorted(file.boundaries, start + np.arange(len(tokens)), "right") - 1
            out = held[units]
            counts += np.bincount(tokens[~out], minlength=len(counts))
            training.write(tokens[~out])
            held_out.write(tokens[out])
    files = []
    for name, mask in (("training", ~held), ("held_out", held)):
        ends = np.concatenate([[0], np.cumsum(sizes[mask])]).astype(np.int64)
        np.save(folder / f"{name}_boundaries.npy", ends)
        if len(ends) < 2 or sizes[mask].max() < 2:
            raise W2VError(
                f"--validation-fraction {fraction:g} leaves not a single pair in the "
                f"{name.replace('_', '-')} part: the corpus has {len(sizes):,} units.",
                "Prepare with --boundary line or paragraph, or give another fraction.",
            )
        files.append(TokenFile(folder / f"{name}.npy", folder / f"{name}_boundaries.npy"))
    return dataclasses.replace(text, file=files[0], counted=counts), files[1]


def _held_units(units: int, fraction: float, seed: int) -> np.ndarray:
    """Returns a bool array, shape `(units,)`: True where a unit is held out."""
    held = np.zeros(units, bool)
    number = min(units, max(1, round(fraction * units)))
    held[_generator(seed).choice(units, number, replace=False, shuffle=False)] = True
    return held


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64([seed, _DRAW]))


@dataclass(frozen=True)
class Validation:
    """What the model makes of the held-out text.

    Args:
        loss: mean a pair, as in training.
        mrr: mean of 1 / rank of the true context among all words; None if not asked for.
        recall: share of the pairs whose true context is among the first 10; None likewise.
    """

    loss: float
    mrr: float | None = None
    recall: float | None = None


class Validator:
    """Measures a model on held-out text, in the same way every time.

    Args:
        training: gives the model and the form of its loss.
        file: the held-out units.
        text: the training text, for the probabilities of words.
        config: its `validation_ranks` pairs are ranked; none if 0.
    """

    def __init__(
        self, training: Training, file: TokenFile, text: TrainingText, config: TrainConfig
    ) -> None:
        self._training = training
        self._dataset = training.held_out(file)
        self._sum: Any = None
        self._noise = text.noise(config)
        stream = TextStream(file, text.keep(config), config.seed)
        self._pairs = sampled_pairs(stream, config.window_size, config.validation_ranks)

    def measure(self) -> Validation:
        """Returns the figures for the model as it is now.

        Raises:
            W2VError: subsampling has left no pair in the held-out text.
        """
        loss, weight = self._summed()
        if weight == 0:
            raise W2VError(
                "Subsampling leaves no pair in the held-out text.",
                "Give a larger --validation-fraction, or --subsample-threshold 0.",
            )
        if not len(self._pairs[0]):
            return Validation(loss / weight)
        ranks = self._ranks()
        return Validation(
            loss / weight, float(np.mean(1 / ranks)), float(np.mean(ranks <= RECALL_AT))
        )

    def _summed(self) -> tuple[float, float]:
        import tensorflow as tf

        if self._sum is None:

            @tf.function
            def summed() -> Any:
                zero = tf.constant(0.0, tf.float64)
                return self._dataset.reduce(
                    (zero, zero),
                    lambda sums, batch: tuple(
                        old + tf.cast(new, tf.float64)
                        for old, new in zip(sums, self._training.measure(batch), strict=True)
                    ),
                )

            self._sum = summed
        loss, weight = self._sum()
        return float(loss), float(weight)

    def _ranks(self) -> np.ndarray:
        """Returns the rank of each sampled pair's context, from 1; ties share their mean rank.

        Words are ordered by score + log noise probability: trained to its optimum, that is the log
        of the probability of the context given the target, up to a constant.

        Source: Levy & Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization",
        section 3.1, solved for P(c | w).
        """
        targets, contexts = self._pairs
        model = self._training.model
        with np.errstate(divide="ignore"):
            prior = np.log(self._noise).astype(np.float32)
        columns = model.context_embedding.embeddings.numpy()
        rows = model.target_embedding.embeddings.numpy()[targets]
        ranks = np.empty(len(targets))
        few = max(1, 2**24 // len(columns))
        for start in range(0, len(targets), few):
            part = slice(start, start + few)
            scores = rows[part] @ columns.T + prior
            own = np.take_along_axis(scores, contexts[part, None], axis=1)
            ranks[part] = ((scores > own).sum(1) + (scores >= own).sum(1) + 1) / 2
        return ranks


def sampled_pairs(stream: TextStream, width: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns `number` random pairs of neighbours, or all there are in some million words.

    Args:
        stream: the held-out text; its subsampling applies.
        width: largest distance of a pair.
    Returns:
        two int32 arrays, shape `(pairs,)`: targets and contexts.
    """
    if number == 0:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    kept, generator = next(iter(stream.pools(HELD_OUT_EPOCH)))
    left, right = kept.reaches(width)
    places = generator.permutation(np.flatnonzero(left + right))[:number]
    drawn = generator.integers(left[places] + right[places])
    offset = np.where(drawn < left[places], -1 - drawn, drawn - left[places] + 1)
    return kept.tokens[places], kept.tokens[places + offset]
