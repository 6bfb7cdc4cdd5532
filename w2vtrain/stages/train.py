"""Stage 2: token ids into vectors, from RUN/corpus to RUN/model."""

import csv
import dataclasses
import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vtrain.config import TrainConfig
from w2vtrain.config import seconds as duration
from w2vtrain.errors import W2VError
from w2vtrain.run_directory import RunDirectory, read_manifest, writing_stage
from w2vtrain.run_lock import run_lock
from w2vtrain.vocabulary import Vocabulary

if TYPE_CHECKING:
    from w2vtrain.skipgram.callbacks import TrainProgress
    from w2vtrain.skipgram.training import Training, TrainingText

# A small text needs more passes: enough for about so many words in all, within these bounds.
WORDS_TO_SEE = 20_000_000
FEWEST_EPOCHS, MOST_EPOCHS = 5, 50
# Settings that change nothing in the vectors: a training may go on with others.
NOT_DECISIVE = {"threads", "checkpoint_every", "keep_checkpoints"}


@dataclass(frozen=True)
class TrainSummary:
    """What train made, in figures.

    Args:
        unchanged: the run held it already; nothing was done.
        run: the run directory.
        vocabulary: rows of vectors.
        embedding_dim: numbers in each.
        words: running words of the text.
        epochs: passes over it.
        loss: mean a pair in the last epoch.
        first_loss: mean a pair in the first epoch.
        seconds: of training, tracing included; imports, loading and saving are not.
        words_per_second: running words, before subsampling, of all epochs over `seconds`.
        kept_share: expected share of the running words that subsampling keeps.
        facts: what the objective chose: tokens a step, noise words, damped rows.
    """

    unchanged: bool
    run: str
    vocabulary: int
    embedding_dim: int
    words: int
    epochs: int
    loss: float
    first_loss: float
    seconds: float
    words_per_second: float
    kept_share: float
    facts: dict[str, Any]


def epochs_for(words: int) -> int:
    """Returns the default number of epochs for a text of so many running words.

    `WORDS_TO_SEE` / words, rounded up, from 5 to 50: 50 for a text of 400,000 words or fewer, 25
    for a book shelf of 800,000, 5 from 4 million on.
    """
    return min(MOST_EPOCHS, max(FEWEST_EPOCHS, math.ceil(WORDS_TO_SEE / max(1, words))))


def train(
    run: str | Path,
    config: TrainConfig | None = None,
    force: bool = False,
    progress: Callable[["TrainProgress"], None] | None = None,
    callbacks: Sequence[Any] = (),
    watch: Sequence[str] = (),
    stop: Callable[[], bool] = lambda: False,
) -> TrainSummary:
    """Returns figures about the vectors that it learns from `run`/corpus and writes to `run`/model.

    A training that was stopped or killed goes on from its last checkpoint in `run`/checkpoints, and
    ends with the same bytes in `vectors.npy` as if it had not been.

    Args:
        run: a run directory that `prepare` has written to.
        config: the settings; the defaults of `TrainConfig` if None.
        force: train anew, even when corpus and settings are those of the run's model; checkpoints
            of a training that has not ended are dropped.
        progress: called about twice a second with a `TrainProgress`.
        callbacks: Keras callbacks that `fit` calls too.
        watch: words whose nearest neighbours TensorBoard shows for each epoch.
        stop: asked every few steps; when it returns True, a checkpoint is written and
            `TrainingStopped` raised.
    Raises:
        TrainingStopped: `stop` said so.
        W2VError: no corpus, or one without a pair; a loss that is not finite; a full disk; another
            process writes to the run; a checkpoint of a training with other settings.
    """
    config = config or TrainConfig()
    directory = RunDirectory(Path(run))
    read_manifest(directory.corpus, f"w2v prepare INPUT... -o {run}")
    with run_lock(directory.root):
        return _train(directory, config, force, progress, callbacks, watch, stop)


def _train(
    directory: RunDirectory,
    config: TrainConfig,
    force: bool,
    progress: Callable[["TrainProgress"], None] | None,
    callbacks: Sequence[Any],
    watch: Sequence[str],
    stop: Callable[[], bool],
) -> TrainSummary:
    run = str(directory.root)
    corpus = read_manifest(directory.corpus, f"w2v prepare INPUT... -o {run}", verify=True)
    settings = _settings(config, corpus)
    if not force and not callbacks and (summary := _unchanged(directory, settings)) is not None:
        shutil.rmtree(directory.checkpoints, ignore_errors=True)  # of the training that made it
        return summary
    from w2vtrain.tensorflow_runtime import configure

    configure(config.threads)
    from w2vtrain.skipgram.callbacks import Recorder
    from w2vtrain.skipgram.checkpoints import CheckpointFolder
    from w2vtrain.skipgram.fitting import Checkpointer, fit, resume
    from w2vtrain.skipgram.training import TrainingText

    text = TrainingText.load(directory, corpus["config"]["keep_oov"])
    epochs = config.epochs or epochs_for(text.file.tokens)
    record: dict[str, Any] = {"stage": "train", **settings}
    checkpoints = CheckpointFolder(directory.checkpoints, settings, config.keep_checkpoints)
    if force:
        checkpoints.remove()
    start = time.perf_counter()
    training = _training(text, config, epochs)
    before = resume(training, checkpoints)
    logs = _logs(directory, training, text, watch, resumed=bool(before))
    recorder = Recorder(epochs, training.steps, text.file.tokens, training.place, progress, before)
    every = duration(config.checkpoint_every, "checkpoint_every")
    checkpointer = Checkpointer(checkpoints, training.place, recorder, every, stop)
    fit(training, epochs, [recorder, logs, *callbacks, checkpointer])
    seconds = time.perf_counter() - start + (before[-1].seconds if before else 0.0)
    with writing_stage(directory.model, record) as folder:
        _write(RunDirectory(folder.parent), folder, training, text, recorder.rows)
        summary = _summary(run, text, config, training, recorder.rows, seconds)
        record["summary"] = dataclasses.asdict(summary)
    checkpoints.remove()
    return summary


def _settings(config: TrainConfig, corpus: dict[str, Any]) -> dict[str, Any]:
    """Returns what decides the vectors: the settings, and the files of the corpus."""
    kept = {k: v for k, v in config.as_dict().items() if k not in NOT_DECISIVE}
    return {"config": kept, "corpus": {k: f["sha256"] for k, f in corpus["files"].items()}}


def _unchanged(directory: RunDirectory, settings: dict[str, Any]) -> TrainSummary | None:
    try:
        manifest = read_manifest(directory.model, "w2v train", verify=True)
        if any(manifest.get(key) != value for key, value in settings.items()):
            return None
        return TrainSummary(**{**manifest["summary"], "unchanged": True})
    except (W2VError, KeyError, TypeError):
        return None


def _training(text: "TrainingText", config: TrainConfig, epochs: int) -> "Training":
    if config.pairs == "explicit":
        from w2vtrain.skipgram.pair_training import pair_training

        return pair_training(text, config, epochs)
    from w2vtrain.skipgram.block_training import block_training

    return block_training(text, config, epochs)


def _logs(
    directory: RunDirectory,
    training: "Training",
    text: "TrainingText",
    watch: Sequence[str],
    resumed: bool,
) -> Any:
    """Returns the callback that writes RUN/logs for TensorBoard."""
    from w2vtrain.tensorboard_logs import TrainingLogs, keras_callback

    rows = slice(text.first_id, None)
    tokens, counts = text.vocabulary.tokens[rows], text.vocabulary.counts[rows]
    return keras_callback(
        TrainingLogs(directory.logs, tokens, counts, watch, resumed),
        lambda: training.model.target_embedding.embeddings.numpy()[rows],
        words_per_epoch=text.file.tokens,
        steps_per_epoch=training.steps,
    )


def _write(
    names: RunDirectory,
    folder: Path,
    training: "Training",
    text: "TrainingText",
    history: Sequence["TrainProgress"],
) -> None:
    rows = slice(text.first_id, None)
    for path, layer in (
        (names.vectors, training.model.target_embedding),
        (names.context_vectors, training.model.context_embedding),
    ):
        table = layer.embeddings.numpy()[rows]
        if not np.isfinite(table).all():
            raise W2VError(
                "The vectors hold NaN or infinite numbers.",
                "Lower --learning-rate and train again.",
            )
        np.save(folder / path.name, table)
    Vocabulary(text.vocabulary.tokens[rows], text.vocabulary.counts[rows]).save(
        folder / names.vocabulary.name
    )
    training.model.save(folder / names.keras_model.name)
    with (folder / names.history.name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        columns = ["epoch", "step", "loss", "learning_rate", "words_per_second", "seconds"]
        writer.writerow(columns)
        writer.writerows([f"{getattr(row, name):.6g}" for name in columns] for row in history)


def _summary(
    run: str,
    text: "TrainingText",
    config: TrainConfig,
    training: "Training",
    history: Sequence["TrainProgress"],
    seconds: float,
) -> TrainSummary:
    last = history[-1]
    first = [row for row in history if row.epoch == 1][-1]
    return TrainSummary(
        unchanged=False,
        run=run,
        vocabulary=len(text.vocabulary) - text.first_id,
        embedding_dim=config.embedding_dim,
        words=text.file.tokens,
        epochs=last.epochs,
        loss=last.loss,
        first_loss=first.loss,
        seconds=seconds,
        words_per_second=text.file.tokens * last.epochs / seconds,
        kept_share=text.kept_share(config),
        facts=training.facts,
    )
