"""`fit`, entered at any place of any epoch, checkpointed on the way, and stopped when asked.

Keras' `fit` takes the number of steps that its first epoch had for that of all later ones. Here an
epoch's length depends on the draws, and the first epoch of a resumed training is only the rest of
one; so each epoch is a `fit` of its own, and the callbacks are shown a single training.
"""

import logging
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from w2vtrain.errors import TrainingStopped
from w2vtrain.training.callbacks import Recorder, TrainProgress
from w2vtrain.training.checkpoints import CheckpointFolder
from w2vtrain.training.held_out import RECALL_AT, Validator
from w2vtrain.training.training import Place, Training

# An epoch's end is worth a checkpoint only when so many seconds have passed since the last one.
SHORTEST_PAUSE = 10.0
_LOG = logging.getLogger(__name__)


@dataclass
class Checkpointer(keras.callbacks.Callback):
    """Writes checkpoints by time and by epoch, and one more when the training is to stop.

    Args:
        folder: where they go.
        place: the training's; says where the running epoch began.
        recorder: holds the history.
        every: seconds between two checkpoints within an epoch.
        stop: returns whether the training shall stop; asked after each execution.
    Raises:
        TrainingStopped: `stop` said so; a checkpoint has been written.
    """

    folder: CheckpointFolder
    place: Place
    recorder: Recorder
    every: float
    stop: Callable[[], bool]

    def __post_init__(self) -> None:
        super().__init__()
        self._last = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Writes a checkpoint when it is time, or when the training is to stop."""
        stopping = self.stop()
        if stopping or time.monotonic() - self._last >= self.every:
            self._save(Place(self.place.epoch, self.place.step + batch + 1))
        if stopping:
            row = self.recorder.rows[-1]
            raise TrainingStopped(
                f"Stopped in epoch {row.epoch} of {row.epochs}, after "
                f"{row.words / row.words_total:.1%} of the words; a checkpoint is written.",
                "The same command goes on from there.",
            )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes a checkpoint at the start of the next epoch."""
        if time.monotonic() - self._last >= min(self.every, SHORTEST_PAUSE):
            self._save(Place(epoch + 1, 0))

    def _save(self, place: Place) -> None:
        self.folder.save(self.model, place, self.recorder.rows)
        self._last = time.monotonic()


def resume(training: Training, checkpoints: CheckpointFolder) -> list[TrainProgress]:
    """Puts `training` where its last checkpoint was made and returns the history until there."""
    checkpoint = checkpoints.latest()
    if checkpoint is None:
        return []
    checkpoint.restore(training.model)
    training.place.epoch, training.place.step = checkpoint.place.epoch, checkpoint.place.step
    _LOG.warning("Going on from %s.", checkpoint.folder)  # worth knowing, as a warning is
    return checkpoint.rows


class _OneTraining(keras.callbacks.CallbackList):
    """Callbacks that see one training of single steps.

    In truth each epoch is a `fit` of its own, and a batch may hold several steps.
    """

    begun = False
    first = 0  # what the optimizer's counter was when this `fit` began

    def on_train_begin(self, logs: Any = None) -> None:
        if not self.begun:
            self.begun = True
            super().on_train_begin(logs)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.first = int(self.model.optimizer.iterations.numpy())
        super().on_epoch_begin(epoch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Gives the callbacks the number of the last step, from 0, for that of the last batch."""
        steps = int(self.model.optimizer.iterations.numpy()) - self.first
        super().on_train_batch_end(steps - 1, logs)

    def on_train_end(self, logs: Any = None) -> None:
        """Nothing yet: `end` is called when the last epoch is over."""

    def end(self) -> None:
        super().on_train_end()


def fit(training: Training, epochs: int, callbacks: Sequence[keras.callbacks.Callback]) -> None:
    """Trains from `training.place` to the end of epoch `epochs`.

    Args:
        training: its place, and the state of its model, may be those of a checkpoint.
        epochs: of the whole training.
        callbacks: called as `fit` would, in this order.
    """
    model, place = training.model, training.place
    metrics = [v.numpy() for m in model.metrics for v in m.variables] if place.step else []
    several = _OneTraining(
        [_Restored(metrics), *callbacks], add_history=True, model=model, epochs=epochs
    )
    while place.epoch < epochs:
        with warnings.catch_warnings():
            # An epoch ends where its data end: how many steps that is depends on the draws.
            warnings.filterwarnings("ignore", message="Your input ran out of data")
            model.fit(
                training.dataset,
                initial_epoch=place.epoch,
                epochs=place.epoch + 1,
                shuffle=False,
                verbose=0,
                callbacks=several,
            )
        place.epoch, place.step = place.epoch + 1, 0
        if model.stop_training:
            break
    if several.begun:
        several.end()


class _Restored(keras.callbacks.Callback):
    """Gives the metrics their values back, which `fit` resets before each epoch."""

    def __init__(self, values: list[Any]) -> None:
        super().__init__()
        self._values = values

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        variables = [v for m in self.model.metrics for v in m.variables]
        for variable, value in zip(variables, self._values, strict=False):
            variable.assign(value)
        self._values = []


@dataclass
class EpochJudge(keras.callbacks.Callback):
    """Measures the model on held-out text after each epoch, and judges by it.

    Args:
        validator: measures.
        recorder: notes the figures.
        folder: keeps the state of the best epoch, if `keep_best`.
        keep_best: whether the best epoch's vectors are wanted in the end.
        patience: stop after so many epochs without a lower loss; None never stops.
    """

    validator: Validator
    recorder: Recorder
    folder: CheckpointFolder
    keep_best: bool
    patience: int | None

    def __post_init__(self) -> None:
        super().__init__()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measures, notes, keeps the best and stops when patience has run out."""
        found = self.recorder.validated(self.validator.measure())
        figures = {
            "val_loss": found.val_loss,
            "val_mrr": found.val_mrr,
            f"val_recall_at_{RECALL_AT}": found.val_recall,
        }
        if logs is not None:  # Keras gives the same dict to the callbacks after this one
            logs.update({name: value for name, value in figures.items() if value is not None})
        rows = self.recorder.rows
        if self.keep_best and best_epoch(rows) == found.epoch:
            self.folder.save_best(self.model, Place(epoch + 1, 0), rows)
        if self.out_of_patience():
            self.model.stop_training = True

    def out_of_patience(self) -> bool:
        """Returns whether the last `patience` epochs brought no lower held-out loss."""
        best = best_epoch(self.recorder.rows)
        if self.patience is None or best is None:
            return False
        last = max(row.epoch for row in self.recorder.rows if row.val_loss is not None)
        return last - best >= self.patience


def best_epoch(rows: Sequence[TrainProgress]) -> int | None:
    """Returns the first epoch, from 1, with the lowest held-out loss; None if none is measured."""
    measured = [(row.val_loss, row.epoch) for row in rows if row.val_loss is not None]
    return min(measured)[1] if measured else None
