"""The training loop: one `fit` over an endless stream of batches, checkpointed and resumable."""

import logging
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from w2vtrain.engine.dataset import BatchStream, as_dataset
from w2vtrain.engine.stream import Position
from w2vtrain.errors import TrainingStopped, W2VError
from w2vtrain.training.checkpoints import CheckpointFolder
from w2vtrain.training.held_out import RECALL_AT, ContextRanks
from w2vtrain.training.objective import Objective
from w2vtrain.training.progress import Recorder, TrainProgress, best_epoch

# The end of an epoch is worth a checkpoint only when so many seconds have passed since the last.
SHORTEST_PAUSE = 10.0
_LOG = logging.getLogger(__name__)


class TrainingLoop:
    """Trains an objective, from nothing or from a checkpoint.

    Args:
        objective: what is trained.
        first_epoch: from 0; more than 0 when a finished training goes on.
        epochs: of the whole training, those before included.
        checkpoints: where they are written and found.
    """

    def __init__(
        self, objective: Objective, first_epoch: int, epochs: int, checkpoints: CheckpointFolder
    ) -> None:
        self.objective, self.model = objective, objective.model
        self.first_epoch, self.epochs = first_epoch, epochs
        self.checkpoints = checkpoints
        start = Position(pass_number=first_epoch)
        self._stream = BatchStream(objective.batches, objective.signature(), start)
        self._metrics: list[np.ndarray] = []

    def resume(self) -> list[TrainProgress]:
        """Go to the last checkpoint, if there is one, and return the history until there."""
        checkpoint = self.checkpoints.latest()
        if checkpoint is None:
            return []
        checkpoint.restore(self.model)
        self._stream.start = checkpoint.position
        self._metrics = [v.numpy() for m in self.model.metrics for v in m.variables]
        _LOG.warning("Going on from %s.", checkpoint.folder)  # worth knowing, as a warning is
        return checkpoint.rows

    @property
    def start(self) -> Position:
        """The position of the next batch."""
        return self._stream.start

    @property
    def at_start(self) -> bool:
        """Whether the next batch is the first of the training."""
        return self.start.batch == 0

    def position(self, epoch: int, batch: int) -> Position:
        """Return the position after the first `batch` batches of an epoch."""
        each = self.objective.batches_per_epoch
        return self._stream.position_after((epoch - self.first_epoch) * each + batch)

    def save(self, epoch: int, batch: int, rows: Sequence[TrainProgress]) -> None:
        """Write a checkpoint after the first `batch` batches of an epoch."""
        at = self.position(epoch, batch)
        epoch = self.first_epoch + at.batch // self.objective.batches_per_epoch
        self.checkpoints.save(self.model, epoch, at, rows)

    def fit(self, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        """Train to the end of the last epoch.

        The rest of an epoch that a checkpoint has interrupted is a `fit` of its own.
        """
        epochs, each = divmod(self._stream.start.batch, self.objective.batches_per_epoch)
        epoch = self.first_epoch + epochs
        if each:
            restored = _RestoredMetrics(self._metrics)
            rest = self.objective.batches_per_epoch - each
            self._fit(epoch, epoch + 1, rest, [restored, _Shifted(each, callbacks)])
            epoch += 1
            if self.model.stop_training:
                return
            self._stream.start = self.position(epoch, 0)
        if epoch < self.epochs:
            self._fit(epoch, self.epochs, self.objective.batches_per_epoch, list(callbacks))

    def _fit(self, first: int, epochs: int, batches: int, callbacks: list[Any]) -> None:
        self.model.fit(
            self._stream.dataset(),
            initial_epoch=first,
            epochs=epochs,
            steps_per_epoch=batches,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )


class _RestoredMetrics(keras.callbacks.Callback):
    """Sets the metrics to those of a checkpoint, which `fit` resets before each epoch."""

    def __init__(self, values: list[np.ndarray]) -> None:
        super().__init__()
        self._values = values

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        variables = [v for m in self.model.metrics for v in m.variables]
        for variable, value in zip(variables, self._values, strict=True):
            variable.assign(value)


class _Shifted(keras.callbacks.CallbackList):
    """Callbacks that see the numbers of the batches of a whole epoch, not of the rest of one."""

    def __init__(self, shift: int, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        super().__init__(list(callbacks))
        self._shift = shift

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_begin(batch + self._shift, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_end(batch + self._shift, logs)


@dataclass
class Checkpointer(keras.callbacks.Callback):
    """Writes checkpoints by time and by epoch, and one more when the training is to stop.

    Args:
        loop: writes them.
        recorder: holds the history.
        every: seconds between two checkpoints within an epoch.
        stop: returns whether the training shall stop; asked after each call of the training
            function.
    Raises:
        TrainingStopped: `stop` said so; a checkpoint has been written.
    """

    loop: TrainingLoop
    recorder: Recorder
    every: float
    stop: Callable[[], bool]

    def __post_init__(self) -> None:
        super().__init__()
        self._last = time.monotonic()
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note the number of the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Write a checkpoint when it is time, or when the training is to stop.

        Not after the last batch of an epoch: a training that went on from there would miss what
        belongs to the end of the epoch, its validation and its snapshot.
        """
        if batch + 1 < self.loop.objective.batches_per_epoch:
            self._checkpoint(self._epoch, batch + 1, self.every)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write a checkpoint at the start of the next epoch."""
        self._checkpoint(epoch + 1, 0, min(self.every, SHORTEST_PAUSE))

    def _checkpoint(self, epoch: int, batch: int, every: float) -> None:
        stopping = self.stop()
        if stopping or time.monotonic() - self._last >= every:
            self._save(epoch, batch)
        if stopping:
            row = self.recorder.rows[-1]
            raise TrainingStopped(
                f"Stopped in epoch {row.epoch} of {row.epochs}, after "
                f"{row.words / row.words_total:.1%} of the words; a checkpoint is written.",
                "The same command goes on from there.",
            )

    def _save(self, epoch: int, batch: int) -> None:
        self.loop.save(epoch, batch, self.recorder.rows)
        self._last = time.monotonic()


class Validation(keras.callbacks.Callback):
    """Measures the model on held-out text after each epoch, keeps the best, stops in time.

    Args:
        loop: the training.
        recorder: gets the figures.
        corpus: the held-out units.
        ranks: ranks some held-out pairs; None does not.
        keep_best: keep the state of the epoch with the lowest loss.
        patience: stop after so many epochs without a lower loss; None never stops.
    Raises:
        W2VError: subsampling has left no pair in the held-out text.
    """

    def __init__(
        self,
        loop: TrainingLoop,
        recorder: Recorder,
        corpus: Any,
        ranks: ContextRanks | None,
        keep_best: bool,
        patience: int | None,
    ) -> None:
        super().__init__()
        self._loop, self._recorder, self._ranks = loop, recorder, ranks
        self._keep_best, self._patience = keep_best, patience
        objective = loop.objective
        self._dataset = as_dataset(
            lambda: objective.held_out_batches(corpus), objective.held_out_signature()
        )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure, record, keep the best and stop when patience has run out."""
        found = self._recorder.add_validation(**self._measured())
        figures = {
            "val_loss": found.val_loss,
            "val_mrr": found.val_mrr,
            f"val_recall_at_{RECALL_AT}": found.val_recall,
        }
        if logs is not None:  # Keras gives the same dict to the callbacks after this one
            logs.update({name: value for name, value in figures.items() if value is not None})
        rows = self._recorder.rows
        if self._keep_best and best_epoch(rows) == found.epoch:
            self._loop.checkpoints.save_best(self.model, self._loop.position(epoch + 1, 0), rows)
        if self.out_of_patience():
            self.model.stop_training = True

    def _measured(self) -> dict[str, float | None]:
        with warnings.catch_warnings():
            # How many batches there are is known only when they are at an end.
            warnings.filterwarnings("ignore", message="Your input ran out of data")
            found = self.model.evaluate(self._dataset, return_dict=True, verbose=0)
        if not found or not found["loss"] > 0:  # 0 is the mean over no pair
            raise W2VError(
                "Subsampling leaves no pair in the held-out text.",
                "Give a larger --validation-fraction, or --subsample-threshold 0.",
            )
        if self._ranks is None:
            return {"val_loss": found["loss"]}
        mrr, recall = self._ranks.measure(self.model)
        return {"val_loss": found["loss"], "val_mrr": mrr, "val_recall": recall}

    def out_of_patience(self) -> bool:
        """Return whether the last `patience` epochs brought no lower held-out loss."""
        best = best_epoch(self._recorder.rows)
        if self._patience is None or best is None:
            return False
        last = max(row.epoch for row in self._recorder.rows if row.val_loss is not None)
        return last - best >= self._patience
