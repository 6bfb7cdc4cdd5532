"""The training stage: token ids into vectors, from RUN/corpus to RUN/model."""

import contextlib
import dataclasses
import logging
import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.engine.sampling import kept_share
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import translated_os_errors
from w2vtrain.run.lock import run_lock
from w2vtrain.run.stage import atomic_stage, read_manifest
from w2vtrain.training.config import TrainConfig, seconds
from w2vtrain.training.registry import make_objective
from w2vtrain.training.warm_start import WarmStart

if TYPE_CHECKING:
    from w2vtrain.training.checkpoints import CheckpointFolder
    from w2vtrain.training.progress import TrainProgress

_LOG = logging.getLogger(__name__)
# Settings that change nothing in the vectors: a training may go on with others.
NOT_DECISIVE = {"threads", "workers", "cluster", "checkpoint_every", "keep_checkpoints"}
# Settings of a finished training that do not hold for what goes on with it.
NOT_GONE_ON_WITH = {
    *("epochs", "more_epochs", "learning_rate"),
    *("start_from", "known_rate", "freeze_known", "freeze_contexts"),
}
# A small text needs more passes: enough for about so many words in all, within these bounds.
WORDS_TO_SEE = 20_000_000
FEWEST_EPOCHS, MOST_EPOCHS = 5, 50


@dataclass(frozen=True)
class TrainSummary:
    """Figures of a training.

    Args:
        unchanged: the run held it already; nothing was done.
        run: the run directory.
        vocabulary: rows of vectors.
        embedding_dim: length of a vector.
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
            None where the objective does not measure it.
        start: of a training that started from vectors: words `found` among them, words that are
            `new`, and how far those found have `moved`, the mean of 1 - cosine; None otherwise.
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
    start: dict[str, Any] | None = None


@dataclass(frozen=True)
class Hooks:
    """What a caller of `train` wants to be told or asked; the fields are explained there."""

    progress: Callable[["TrainProgress"], None] | None
    callbacks: Sequence[Any]
    watch: Sequence[str]
    stop: Callable[[], bool]


def train(
    run: str | Path,
    config: TrainConfig | None = None,
    force: bool = False,
    progress: Callable[["TrainProgress"], None] | None = None,
    callbacks: Sequence[Any] = (),
    watch: Sequence[str] = (),
    stop: Callable[[], bool] = lambda: False,
) -> TrainSummary:
    """Learn vectors from `run`/corpus and write them to `run`/model; return a summary.

    A training that was stopped or killed goes on from its last checkpoint in `run`/checkpoints, and
    ends with the same bytes in `vectors.npy` as if it had not been.

    Args:
        run: a run directory that `prepare` has written to.
        config: the settings; the defaults of `TrainConfig` if None.
        force: train anew, even when corpus and settings are those of the run's model; checkpoints
            of a training that has not ended are dropped.
        progress: called about twice a second with a `TrainProgress`.
        callbacks: Keras callbacks that `fit` calls too. A batch may hold several steps; the
            optimizer's `iterations` counts them. When a training is resumed within an epoch, its
            rest is a `fit` of its own.
        watch: words whose nearest neighbors TensorBoard shows for each epoch.
        stop: asked every few steps; when it returns True, a checkpoint is written and
            `TrainingStopped` raised.
    Raises:
        TrainingStopped: `stop` said so.
        W2VError: no corpus, or one without a pair; a loss that is not finite; a full disk; another
            process writes to the run; a checkpoint of a training with other settings.
    """
    directory = RunDirectory(Path(run))
    made_by = f"w2v prepare INPUT... -o {run}"
    # Before the lock: a place without a run stays as it is.
    read_manifest(directory.corpus, made_by)
    with run_lock(directory.root):
        corpus = read_manifest(directory.corpus, made_by, verify=True)
        hooks = Hooks(progress, callbacks, watch, stop)
        return _train(directory, corpus, config or TrainConfig(), force, hooks)


def _train(
    directory: RunDirectory,
    manifest: dict[str, Any],
    config: TrainConfig,
    force: bool,
    hooks: Hooks,
) -> TrainSummary:
    settings = _settings(config, manifest)
    more = getattr(config, "more_epochs", None)
    warm_start = None if more else WarmStart.load(directory.root, config)
    if warm_start is not None:
        settings["origin"] = warm_start.files
    unchanged = _unchanged(directory, settings)
    if unchanged and not force and not hooks.callbacks and not more:
        shutil.rmtree(directory.checkpoints, ignore_errors=True)  # of the training that made it
        return unchanged
    from w2vtrain.tensorflow_runtime import configure
    from w2vtrain.training.workers import number_of_workers

    corpus = Corpus.open(directory)
    epochs = more or config.epochs or epochs_for(corpus.tokens)
    processes = number_of_workers(config, corpus.tokens * epochs)
    if processes > 1 and getattr(config, "cluster", None):
        configure(config.threads or 1)
    else:
        configure(config.threads, processes)
    if more and (done := _just_done(directory)):
        shutil.rmtree(directory.checkpoints)
        return done
    if more and (warm_start := WarmStart.load(directory.root, config)):
        settings["origin"] = warm_start.files
    from w2vtrain.training.checkpoints import CheckpointFolder

    checkpoints = CheckpointFolder(directory.checkpoints, settings, config.keep_checkpoints)
    if force:
        checkpoints.remove()
    record: dict[str, Any] = {"stage": "train", **settings}
    with (
        translated_os_errors(directory.root),
        TemporaryDirectory(prefix=".scratch-", dir=directory.root) as scratch,
    ):
        grown = bool(manifest.get("grown"))
        training = TrainingRun(
            directory, corpus, config, processes, grown, warm_start, Path(scratch)
        )
        training.fit(checkpoints, hooks)
        with atomic_stage(directory.model, record) as folder:
            training.write(RunDirectory(folder.parent), folder)
            summary = training.summary()
            record["summary"] = dataclasses.asdict(summary)
    checkpoints.remove()
    return summary


class TrainingRun:
    """One training of a run: its text, its objective, and the history that grows on the way.

    Args:
        directory: the run.
        corpus: its text.
        config: the settings.
        processes: that carry it out.
        grown: whether text was added to the corpus, so that its ids are not by falling count.
        warm_start: the vectors to start from, if any.
        scratch: an empty folder, for the two parts of the text if some of it is held out, and for
            what worker processes need.
    """

    def __init__(
        self,
        directory: RunDirectory,
        corpus: Corpus,
        config: TrainConfig,
        processes: int,
        grown: bool,
        warm_start: WarmStart | None,
        scratch: Path,
    ) -> None:
        self._begin, self.seconds = time.perf_counter(), 0.0
        self._directory, self._config, self._warm_start = directory, config, warm_start
        self._processes, self._grown, self._scratch = processes, grown, scratch
        self.corpus, self._held_out = corpus, None
        self.corpus.require_pairs()
        if config.validation_fraction:
            fraction = config.validation_fraction
            self.corpus, self._held_out = self.corpus.split(fraction, config.seed, scratch)
        more = getattr(config, "more_epochs", None)
        epochs = more or config.epochs or epochs_for(self.corpus.tokens)
        self.first_epoch = warm_start.epochs if warm_start else 0
        self.epochs = self.first_epoch + epochs
        self.objective = make_objective(self.corpus, config, epochs)
        self.history: list[TrainProgress] = []
        if self._held_out is not None:
            self.objective.details["held_out_words"] = self._held_out.tokens
        if warm_start is not None:
            warm_start.initialize(self.objective, self.corpus)

    def fit(self, checkpoints: "CheckpointFolder", hooks: Hooks) -> None:
        """Train, from the last checkpoint if there is one."""
        from w2vtrain.training import logs
        from w2vtrain.training.loop import Checkpointer, TrainingLoop
        from w2vtrain.training.progress import Recorder

        config, model = self._config, self.objective.model
        workers = self._workers()
        loop = TrainingLoop(self.objective, self.first_epoch, self.epochs, checkpoints)
        rows = loop.resume()
        before = rows[-1].seconds if rows else 0.0
        recorder = Recorder(self.objective, self.first_epoch, self.epochs, hooks.progress, rows)
        every = seconds(config.checkpoint_every, "checkpoint_every")
        checkpointer = Checkpointer(loop, recorder, every, hooks.stop)
        validation = self._validation(loop, recorder)
        self._snapshots = (
            logs.Snapshots(self._directory.root / ".snapshots", self._word_vectors, loop.at_start)
            if config.snapshots
            else None
        )
        resumed = bool(rows or self.first_epoch)
        processes = workers.started(loop.start) if workers else contextlib.nullcontext()
        with processes, self._logs(hooks.watch, resumed) as writer:
            log = logs.LogsCallback(
                writer,
                self._logged_vectors,
                self.corpus.tokens,
                self.objective.steps_per_epoch,
                first=loop.at_start and not self.first_epoch,
            )
            exchange = workers.callback() if workers else None
            own = [recorder, validation, exchange, log, self._snapshots]
            own += [*hooks.callbacks, checkpointer]
            if validation is None or not validation.out_of_patience():
                loop.fit([callback for callback in own if callback is not None])
        self.history = recorder.rows
        if config.takes_best:
            checkpoints.restore_best(model)
        self.seconds = before + time.perf_counter() - self._begin

    def _validation(self, loop: Any, recorder: Any) -> Any:
        from w2vtrain.training.held_out import ContextRanks
        from w2vtrain.training.loop import Validation

        if self._held_out is None:
            return None
        config = self._config
        number = getattr(config, "validation_ranks", 0)
        ranks = ContextRanks(self.objective, self._held_out, number) if number else None
        return Validation(
            loop, recorder, self._held_out, ranks, config.takes_best, config.early_stopping
        )

    def _workers(self) -> Any:
        """Return the worker processes, or None where this process is the only one."""
        from w2vtrain.training.cluster import ClusterWorkers
        from w2vtrain.training.workers import Workers

        config, objective = self._config, self.objective
        number = objective.details["workers"] = self._processes
        if number == 1:
            return None
        if cluster := getattr(config, "cluster", None):
            return ClusterWorkers(cluster, objective, number, config.threads, self._scratch)
        return Workers(objective, number, config.threads, self._scratch)

    def _logs(self, watch: Sequence[str], resumed: bool) -> Any:
        from w2vtrain.training.logs import TrainingLogs

        words = slice(self.corpus.first_id, None)
        tokens, counts = self.corpus.vocabulary.tokens[words], self.corpus.vocabulary.counts[words]
        return TrainingLogs(self._directory.logs, tokens, counts, watch, resumed)

    def _logged_vectors(self) -> np.ndarray:
        return self.objective.model.word_vectors()[self.corpus.first_id :]

    def _word_vectors(self) -> np.ndarray:
        return self.objective.model.word_vectors()[self.rows()]

    def rows(self) -> np.ndarray:
        """Return the ids of the vectors that are written: those of words of the training text."""
        rows = np.arange(self.corpus.first_id, len(self.corpus.vocabulary))
        rows = rows[self.corpus.counts[rows] > 0]
        if self._grown:  # new ids follow the old ones there; here rows go by falling count
            rows = rows[np.argsort(-self.corpus.vocabulary.counts[rows], kind="stable")]
        return rows

    def write(self, names: RunDirectory, folder: Path) -> None:
        """Write vectors, vocabulary, model and history into `folder`.

        Raises:
            W2VError: a vector holds a number that is not finite.
        """
        from w2vtrain.training.progress import write_history

        vocabulary, rows, model = self.corpus.vocabulary, self.rows(), self.objective.model
        lost = len(vocabulary) - self.corpus.first_id - len(rows)
        if lost:
            _LOG.warning("%d words occur only in held-out text and get no vector.", lost)
        for path, table in (
            (names.vectors, model.word_vectors()),
            (names.context_vectors, model.context_vectors()),
        ):
            if table is None:  # a hierarchical softmax has inner nodes in place of contexts
                continue
            if not np.isfinite(table[rows]).all():
                raise W2VError(
                    "The vectors hold NaN or infinite numbers.",
                    "Lower --learning-rate and train again.",
                )
            np.save(folder / path.name, table[rows])
        tokens = tuple(vocabulary.tokens[row] for row in rows.tolist())
        Vocabulary(tokens, vocabulary.counts[rows]).save(folder / names.vocabulary.name)
        model.save(folder / names.keras_model.name)
        self.objective.save_parts(folder)
        earlier = self._warm_start.history if self._warm_start else ()
        write_history(folder / names.history.name, self.history, earlier)
        if self._snapshots is not None:
            self._snapshots.move_to(folder / names.snapshots.name)

    def summary(self) -> TrainSummary:
        """Return the figures of the training."""
        from w2vtrain.training.progress import best_epoch

        history, config, corpus = self.history, self._config, self.corpus
        best = best_epoch(history)
        ends = {row.epoch: row for row in history}
        last = ends[best if config.takes_best and best is not None else history[-1].epoch]
        return TrainSummary(
            unchanged=False,
            run=str(self._directory.root),
            vocabulary=len(self.rows()),
            embedding_dim=config.embedding_dim,
            words=corpus.tokens,
            epochs=history[-1].epoch,
            loss=last.loss,
            first_loss=ends[history[0].epoch].loss,
            seconds=self.seconds,
            words_per_second=corpus.tokens * len(ends) / self.seconds,
            kept_share=kept_share(corpus.counts, self.objective.keep()),
            accuracy=last.accuracy,
            val_loss=last.val_loss,
            best_epoch=best,
            facts=self.objective.details,
            start=self._warm_start.report(self.objective.model, corpus)
            if self._warm_start and not self.first_epoch
            else None,
        )


def epochs_for(words: int) -> int:
    """Return the default number of epochs for a text of so many running words.

    `WORDS_TO_SEE` / words, rounded up, from 5 to 50: 50 for a text of 400,000 words or fewer, 25
    for a book shelf of 800,000, 5 from 4 million on.
    """
    return min(MOST_EPOCHS, max(FEWEST_EPOCHS, math.ceil(WORDS_TO_SEE / max(1, words))))


def _settings(config: TrainConfig, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return what decides the vectors: the settings, and the files of the corpus."""
    kept = {k: v for k, v in config.as_dict().items() if k not in NOT_DECISIVE}
    return {"config": kept, "corpus": {k: f["sha256"] for k, f in manifest["files"].items()}}


def _unchanged(directory: RunDirectory, settings: dict[str, Any]) -> TrainSummary | None:
    try:
        manifest = read_manifest(directory.model, "w2v train", verify=True)
        if any(manifest.get(key) != value for key, value in settings.items()):
            return None
        return TrainSummary(**{**manifest["summary"], "unchanged": True})
    except (W2VError, KeyError, TypeError):
        return None


def _just_done(directory: RunDirectory) -> TrainSummary | None:
    """Return the summary of a training that was killed when only clearing up was left to do."""
    from w2vtrain.training.checkpoints import newest_settings

    settings = newest_settings(directory.checkpoints)
    return _unchanged(directory, settings) if settings else None


def trained_settings(run: str | Path) -> dict[str, Any]:
    """Return the settings of the run's finished training, to go on with.

    Raises:
        W2VError: the run has no vectors.
    """
    config = read_manifest(RunDirectory(Path(run)).model, f"w2v train {run}")["config"]
    settings = TrainConfig.from_recorded(config).as_dict()
    return {name: value for name, value in settings.items() if name not in NOT_GONE_ON_WITH}
