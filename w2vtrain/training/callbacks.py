"""What happens between the steps of `fit`: the history, the progress, the watch for NaN."""

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from w2vtrain.errors import W2VError
from w2vtrain.training.held_out import Validation
from w2vtrain.training.training import Place


@dataclass(frozen=True)
class TrainProgress:
    """How far a training is.

    Args:
        epoch: the current one, from 1.
        epochs: of the whole training.
        step: steps done, over all epochs of this training.
        steps: expected steps of this training.
        loss: mean a pair since the epoch began.
        learning_rate: of the next step.
        words: running words gone through, over all epochs, before subsampling.
        words_total: running words of all epochs.
        words_per_second: since training began, tracing included.
        seconds: since training began.
        val_loss: held-out loss, in the last row of an epoch; None where it is not measured.
        val_mrr: mean reciprocal rank of the true context, likewise.
        val_recall: share of true contexts among the first 10, likewise.
        accuracy: share of the pairs since the epoch began whose context scored highest, or None
            where the objective does not measure it.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    learning_rate: float
    words: float
    words_total: int
    words_per_second: float
    seconds: float
    val_loss: float | None = None
    val_mrr: float | None = None
    val_recall: float | None = None
    accuracy: float | None = None


class Recorder(keras.callbacks.Callback):
    """Notes the loss, the learning rate and the speed after each execution.

    Args:
        first_epoch: of this training, from 0; more than 0 when it goes on with a finished one.
        epochs: of the whole training, those before included.
        steps_per_epoch: expected.
        words_per_epoch: running words of the text.
        place: the training's; says where the running epoch began.
        progress: called with each `TrainProgress`.
        rows: the history before, when a training goes on.
    Raises:
        W2VError: the loss is not finite.
    """

    def __init__(
        self,
        first_epoch: int,
        epochs: int,
        steps_per_epoch: int,
        words_per_epoch: int,
        place: Place,
        progress: Callable[[TrainProgress], None] | None = None,
        rows: Sequence[TrainProgress] = (),
    ) -> None:
        super().__init__()
        self.rows = list(rows)
        self._place = place
        self._first, self._epochs, self._steps = first_epoch, epochs, steps_per_epoch
        self._words, self._progress = words_per_epoch, progress
        self._epoch = 0
        self._begin = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Starts the clock: what follows includes the tracing of the first step."""
        self._begin = time.perf_counter() - (self.rows[-1].seconds if self.rows else 0.0)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Notes the number of the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Notes where training is after one execution."""
        step = self._place.step + batch + 1
        loss = float((logs or {})["loss"])
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        if not math.isfinite(loss):
            raise W2VError(
                f"The loss became {loss} in epoch {self._epoch + 1}, step {step}.",
                f"The learning rate is probably too high: it started at "
                f"{self._first_rate(rate):g}; try half of it.",
            )
        share = min(1.0, step / self._steps)
        seconds = time.perf_counter() - self._begin
        words = self._words * (self._epoch - self._first + share)
        row = TrainProgress(
            epoch=self._epoch + 1,
            epochs=self._epochs,
            step=int(self.model.optimizer.iterations.numpy()),
            steps=self._steps * (self._epochs - self._first),
            loss=loss,
            learning_rate=rate,
            words=words,
            words_total=self._words * (self._epochs - self._first),
            words_per_second=words / seconds,
            seconds=seconds,
            accuracy=float(logs["accuracy"]) if logs and "accuracy" in logs else None,
        )
        self.rows.append(row)
        if self._progress is not None:
            self._progress(row)

    def validated(self, validation: Validation) -> TrainProgress:
        """Notes the held-out figures of the epoch that has just ended; returns its last row."""
        self.rows[-1] = dataclasses.replace(
            self.rows[-1],
            val_loss=validation.loss,
            val_mrr=validation.mrr,
            val_recall=validation.recall,
        )
        if self._progress is not None:
            self._progress(self.rows[-1])
        return self.rows[-1]

    def _first_rate(self, rate: float) -> float:
        return self.rows[0].learning_rate if self.rows else rate
