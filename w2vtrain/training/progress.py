"""The history of a training: a row after each call of the training function."""

import csv
import dataclasses
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from w2vtrain.errors import W2VError
from w2vtrain.training.objective import Objective

_LOG = logging.getLogger(__name__)
COLUMNS = ("epoch", "step", "loss", "learning_rate", "words_per_second", "seconds")
HELD_OUT_COLUMNS = ("val_loss", "val_mrr", "val_recall")


@dataclass(frozen=True)
class TrainProgress:
    """How far a training is.

    Args:
        epoch: the current one, from 1.
        epochs: of the whole training.
        step: steps done, over all epochs of this training.
        steps: steps of this training.
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
    """Records the loss, the learning rate and the speed after each call of the training function.

    Args:
        objective: what is trained.
        first_epoch: of this training, from 0; more than 0 when it goes on with a finished one.
        epochs: of the whole training, those before included.
        show: called with each new `TrainProgress`.
        rows: the history before, when a training goes on from a checkpoint.
    Raises:
        W2VError: the loss is not finite.
    """

    def __init__(
        self,
        objective: Objective,
        first_epoch: int,
        epochs: int,
        show: Callable[[TrainProgress], None] | None = None,
        rows: Sequence[TrainProgress] = (),
    ) -> None:
        super().__init__()
        self.rows = list(rows)
        self._objective, self._first, self._epochs = objective, first_epoch, epochs
        self._show = show or (lambda row: None)
        self._epoch = first_epoch
        self._began = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Start the clock: what follows includes the tracing of the first step."""
        self._began = time.perf_counter() - (self.rows[-1].seconds if self.rows else 0.0)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note the number of the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Record where the training is."""
        logs = logs or {}
        steps, words = self._objective.steps_per_epoch, self._objective.corpus.tokens
        step = int(self.model.optimizer.iterations.numpy())
        loss = float(logs["loss"])
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        if not math.isfinite(loss):
            raise W2VError(
                f"The loss became {loss} in epoch {self._epoch + 1}, step {step}.",
                f"The learning rate is probably too high: it started at "
                f"{self._objective.learning_rate:g}; try half of it.",
            )
        seconds = time.perf_counter() - self._began
        done = words * step / steps
        row = TrainProgress(
            epoch=self._epoch + 1,
            epochs=self._epochs,
            step=step,
            steps=steps * (self._epochs - self._first),
            loss=loss,
            learning_rate=rate,
            words=done,
            words_total=words * (self._epochs - self._first),
            words_per_second=done / seconds,
            seconds=seconds,
            accuracy=float(logs["accuracy"]) if "accuracy" in logs else None,
        )
        self.rows.append(row)
        self._show(row)

    def on_train_end(self, logs: Any = None) -> None:
        """Warn of a training that has learned nothing."""
        if self.rows and self.rows[-1].loss > self._objective.untrained_loss:
            _LOG.warning(
                "The loss is %.4g; guessing has %.4g. The learning rate, %g at first, is too high.",
                self.rows[-1].loss,
                self._objective.untrained_loss,
                self._objective.learning_rate,
            )

    def add_validation(self, **figures: Any) -> TrainProgress:
        """Add held-out figures to the last row of the epoch that has just ended; return the row."""
        self.rows[-1] = dataclasses.replace(self.rows[-1], **figures)
        self._show(self.rows[-1])
        return self.rows[-1]


def best_epoch(rows: Sequence[TrainProgress]) -> int | None:
    """Return the first epoch, from 1, with the lowest held-out loss; None if none is measured."""
    measured = [(row.val_loss, row.epoch) for row in rows if row.val_loss is not None]
    return min(measured)[1] if measured else None


def write_history(
    path: Path, rows: Sequence[TrainProgress], earlier: Sequence[dict[str, str]] = ()
) -> None:
    """Write `history.csv`: a row after each call of the training function.

    Args:
        earlier: the rows of the file of the training that this one has gone on with.
    """
    columns = [*COLUMNS, *(HELD_OUT_COLUMNS if any(r.val_loss is not None for r in rows) else ())]
    columns += ["accuracy"] if rows[-1].accuracy is not None else []
    step = int(float(earlier[-1]["step"])) if earlier else 0
    seconds = float(earlier[-1]["seconds"]) if earlier else 0.0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([[row.get(name) or "" for name in columns] for row in earlier])
        for row in rows:
            total = dataclasses.replace(row, step=step + row.step, seconds=seconds + row.seconds)
            writer.writerow([_cell(getattr(total, name)) for name in columns])


def _cell(value: float | int | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"
