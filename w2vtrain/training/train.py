"""Stage 2: token ids into vectors, from RUN/corpus to RUN/model."""

import dataclasses
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from w2vtrain.config import TrainConfig
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.lock import run_lock
from w2vtrain.run.stage import atomic_stage, read_manifest, translated_os_errors
from w2vtrain.training.session import Hooks, Session

if TYPE_CHECKING:
    from w2vtrain.training.callbacks import TrainProgress

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
        val_loss: held-out loss of the epoch whose vectors these are; None without held-out text.
        best_epoch: the epoch with the lowest held-out loss, from 1; None likewise.
        facts: what the objective chose: tokens a step, noise words, damped rows.
        accuracy: share of the pairs of the last epoch whose context got the highest probability;
            None where the objective does not know it.
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
    val_loss: float | None
    best_epoch: int | None
    facts: dict[str, Any]
    accuracy: float | None = None


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
    directory = RunDirectory(Path(run))
    made_by = f"w2v prepare INPUT... -o {run}"
    read_manifest(
        directory.corpus, made_by
    )  # before the lock: a place without a run stays as it is
    with run_lock(directory.root):
        corpus = read_manifest(directory.corpus, made_by, verify=True)
        hooks = Hooks(progress, callbacks, watch, stop)
        return _train(directory, corpus, config or TrainConfig(), force, hooks)


def _train(
    directory: RunDirectory,
    corpus: dict[str, Any],
    config: TrainConfig,
    force: bool,
    hooks: Hooks,
) -> TrainSummary:
    from w2vtrain.training.continuing import Origin

    settings = _settings(config, corpus)
    unchanged = _unchanged(directory, settings)
    if unchanged and not force and not hooks.callbacks and not config.more_epochs:
        shutil.rmtree(directory.checkpoints, ignore_errors=True)  # of the training that made it
        return unchanged
    from w2vtrain.tensorflow_runtime import configure

    configure(config.threads)
    if config.more_epochs and (done := _just_done(directory)):
        shutil.rmtree(directory.checkpoints)
        return done
    origin = Origin.load(directory.root, config) if config.more_epochs else None
    if origin is not None:
        settings["origin"] = origin.files
    from w2vtrain.training.checkpoints import CheckpointFolder

    checkpoints = CheckpointFolder(directory.checkpoints, settings, config.keep_checkpoints)
    if force:
        checkpoints.remove()
    record: dict[str, Any] = {"stage": "train", **settings}
    with (
        translated_os_errors(directory.root),
        TemporaryDirectory(prefix=".split-", dir=directory.root) as split,
    ):
        session = Session(directory, corpus, config, origin, Path(split))
        session.fit(checkpoints, hooks)
        with atomic_stage(directory.model, record) as folder:
            session.write(RunDirectory(folder.parent), folder)
            summary = _summary(str(directory.root), session, config)
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


def _just_done(directory: RunDirectory) -> TrainSummary | None:
    """Returns the summary of a training that was killed when only clearing up was left to do."""
    from w2vtrain.training.checkpoints import newest_settings

    settings = newest_settings(directory.checkpoints)
    return _unchanged(directory, settings) if settings else None


def trained_settings(run: str | Path) -> dict[str, Any]:
    """Returns the settings of the run's finished training, to go on with.

    Raises:
        W2VError: the run has no vectors.
    """
    config = read_manifest(RunDirectory(Path(run)).model, f"w2v train {run}")["config"]
    fresh = {"epochs": None, "more_epochs": None, "learning_rate": None}
    return {**config, **fresh}


def _summary(run: str, session: Session, config: TrainConfig) -> TrainSummary:
    from w2vtrain.training.fitting import best_epoch

    history, text = session.history, session.text
    best = best_epoch(history)
    ends = {row.epoch: row for row in history}
    last = ends[best if config.takes_best and best is not None else history[-1].epoch]
    return TrainSummary(
        unchanged=False,
        run=run,
        vocabulary=len(text.vocabulary) - text.first_id,
        embedding_dim=config.embedding_dim,
        words=text.file.tokens,
        epochs=history[-1].epoch,
        loss=last.loss,
        first_loss=ends[history[0].epoch].loss,
        seconds=session.seconds,
        words_per_second=text.file.tokens * len(ends) / session.seconds,
        kept_share=text.kept_share(config),
        accuracy=last.accuracy,
        val_loss=last.val_loss,
        best_epoch=best,
        facts=session.training.facts,
    )
