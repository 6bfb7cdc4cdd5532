"""One training from its start to its files: text, model, checkpoints, history.

What a stage of the pipeline needs of `skipgram`: it makes a `Session`, fits it, has it written.
"""

import csv
import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vtrain.config import TrainConfig, seconds
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory

if TYPE_CHECKING:
    from w2vtrain.training.callbacks import TrainProgress
    from w2vtrain.training.checkpoints import CheckpointFolder
    from w2vtrain.training.continuing import Origin
    from w2vtrain.training.training import Training, TrainingText

# A small text needs more passes: enough for about so many words in all, within these bounds.
WORDS_TO_SEE = 20_000_000
FEWEST_EPOCHS, MOST_EPOCHS = 5, 50
HISTORY = ["epoch", "step", "loss", "learning_rate", "words_per_second", "seconds"]
HELD_OUT = ["val_loss", "val_mrr", "val_recall"]


def epochs_for(words: int) -> int:
    """Returns the default number of epochs for a text of so many running words.

    `WORDS_TO_SEE` / words, rounded up, from 5 to 50: 50 for a text of 400,000 words or fewer, 25
    for a book shelf of 800,000, 5 from 4 million on.
    """
    return min(MOST_EPOCHS, max(FEWEST_EPOCHS, math.ceil(WORDS_TO_SEE / max(1, words))))


@dataclass(frozen=True)
class Hooks:
    """What a caller of `train` wants to be told or asked; the fields are explained there."""

    progress: Callable[["TrainProgress"], None] | None
    callbacks: Sequence[Any]
    watch: Sequence[str]
    stop: Callable[[], bool]


class Session:
    """One training: its text and model, and the history that grows on the way.

    Args:
        directory: the run.
        corpus: the manifest of its corpus.
        config: the settings.
        origin: the finished training to go on with, if any.
        split: an empty folder for the two parts of the text, if some of it is held out.
    """

    def __init__(
        self,
        directory: RunDirectory,
        corpus: Mapping[str, Any],
        config: TrainConfig,
        origin: "Origin | None",
        split: Path,
    ) -> None:
        from w2vtrain.training.held_out import Validator, split_text
        from w2vtrain.training.training import TrainingText

        self._directory, self._config, self._origin = directory, config, origin
        self._grown = bool(corpus.get("grown"))
        self.text = TrainingText.load(directory, corpus["config"]["keep_oov"])
        self._validator: Validator | None = None
        self.history: list[TrainProgress] = []
        self._begin, self._before, self.seconds = time.perf_counter(), 0.0, 0.0
        held_out = None
        if config.validation_fraction:
            self.text, held_out = split_text(
                self.text, config.validation_fraction, config.seed, split
            )
        epochs = config.more_epochs or config.epochs or epochs_for(self.text.file.tokens)
        self._first = origin.epochs if origin else 0
        self._epochs = self._first + epochs
        self.training = make_training(self.text, config, epochs)
        self.training.place.epoch = self._first
        if origin is not None:
            origin.give(self.training.model, self.text.vocabulary.tokens, self.text.first_id)
        if held_out is not None:
            self.training.facts["held_out_words"] = held_out.tokens
            self._validator = Validator(self.training, held_out, self.text, config)
        self._snapshots = self._make_snapshots() if config.snapshots else None

    def fit(self, checkpoints: "CheckpointFolder", hooks: Hooks) -> None:
        """Trains, from the last checkpoint if there is one."""
        from w2vtrain.training.callbacks import Recorder
        from w2vtrain.training.fitting import Checkpointer, EpochJudge, fit, resume

        config, training, place = self._config, self.training, self.training.place
        rows = resume(training, checkpoints)
        self._before = rows[-1].seconds if rows else 0.0
        recorder = Recorder(
            self._first,
            self._epochs,
            training.steps,
            self.text.file.tokens,
            place,
            hooks.progress,
            rows,
        )
        every = seconds(config.checkpoint_every, "checkpoint_every")
        checkpointer = Checkpointer(checkpoints, place, recorder, every, hooks.stop)
        judges = []
        if self._validator is not None:
            judge = EpochJudge(
                self._validator, recorder, checkpoints, config.takes_best, config.early_stopping
            )
            judges.append(judge)
            if judge.out_of_patience():  # it was killed after its last epoch
                place.epoch, place.step = self._epochs, 0
        logs = _logs(self._directory, training, self.text, hooks.watch, bool(rows or self._origin))
        kept = [self._snapshots] if self._snapshots else []
        callbacks = [recorder, *judges, logs, *kept, *hooks.callbacks, checkpointer]
        fit(training, self._epochs, callbacks)
        self.history = recorder.rows
        if config.takes_best:
            checkpoints.restore_best(training.model)
        self.seconds = self._before + time.perf_counter() - self._begin

    def write(self, names: RunDirectory, folder: Path) -> None:
        """Writes vectors, vocabulary, model and history into `folder`."""
        vocabulary, rows = self.text.vocabulary, self._rows()
        for path, layer in (
            (names.vectors, self.training.model.target_embedding),
            (names.context_vectors, self.training.model.context_embedding),
        ):
            if layer is None:  # a hierarchical softmax has inner nodes in place of contexts
                continue
            table = layer.embeddings.numpy()[rows]
            if not np.isfinite(table).all():
                raise W2VError(
                    "The vectors hold NaN or infinite numbers.",
                    "Lower --learning-rate and train again.",
                )
            np.save(folder / path.name, table)
        tokens = tuple(vocabulary.tokens[row] for row in rows.tolist())
        Vocabulary(tokens, vocabulary.counts[rows]).save(folder / names.vocabulary.name)
        self.training.model.save(folder / names.keras_model.name)
        self._write_history(folder / names.history.name)
        if self._snapshots is not None:
            self._snapshots.move_to(folder / names.snapshots.name)

    def _rows(self) -> np.ndarray:
        """Returns the ids of the vectors that are written, in their order."""
        counts = self.text.vocabulary.counts
        rows = np.arange(self.text.first_id, len(counts))
        if self._grown:  # new ids follow the old ones there; here rows go by falling count
            rows = rows[np.argsort(-counts[rows], kind="stable")]
        return rows

    def _make_snapshots(self) -> Any:
        from w2vtrain.training.snapshots import Snapshots
        from w2vtrain.training.training import Place

        layer, rows = self.training.model.target_embedding, self._rows()
        return Snapshots(
            self._directory.root / ".snapshots",
            lambda: layer.embeddings.numpy()[rows],
            Place(self._first, 0),
            self.training.place,
        )

    def _write_history(self, path: Path) -> None:
        columns = [*HISTORY, *(HELD_OUT if self._validator else [])]
        columns += ["accuracy"] if self.history[-1].accuracy is not None else []
        step, seconds = (self._origin.step, self._origin.seconds) if self._origin else (0, 0.0)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(self._origin.lines(columns) if self._origin else [])
            for row in self.history:
                total = dataclasses.replace(
                    row, step=step + row.step, seconds=seconds + row.seconds
                )
                writer.writerow([_cell(getattr(total, name)) for name in columns])


def _cell(value: float | int | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def make_training(text: "TrainingText", config: TrainConfig, epochs: int) -> "Training":
    """Returns the training of the objective that `config` names."""
    if config.objective.endswith("softmax"):
        from w2vtrain.training import softmax_training

        makers = {
            "full-softmax": softmax_training.full_softmax_training,
            "sampled-softmax": softmax_training.sampled_softmax_training,
            "hierarchical-softmax": softmax_training.hierarchical_softmax_training,
        }
        return makers[config.objective](text, config, epochs)
    if config.objective == "tutorial":
        from w2vtrain.training.tutorial_training import tutorial_training

        return tutorial_training(text, config, epochs)
    if config.pairs == "explicit":
        from w2vtrain.training.pair_training import pair_training

        return pair_training(text, config, epochs)
    from w2vtrain.training.block_training import block_training

    return block_training(text, config, epochs)


def _logs(
    directory: RunDirectory,
    training: "Training",
    text: "TrainingText",
    watch: Sequence[str],
    resume: bool,
) -> Any:
    """Returns the callback that writes RUN/logs for TensorBoard."""
    from w2vtrain.training.tensorboard_logs import TrainingLogs, keras_callback

    rows = slice(text.first_id, None)
    tokens, counts = text.vocabulary.tokens[rows], text.vocabulary.counts[rows]
    return keras_callback(
        TrainingLogs(directory.logs, tokens, counts, watch, resume),
        lambda: training.model.target_embedding.embeddings.numpy()[rows],
        words_per_epoch=text.file.tokens,
        steps_per_epoch=training.steps,
        place=training.place,
    )
