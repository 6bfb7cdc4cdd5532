"""The plan: a probe of the text, some seconds of real training steps, and the sums from them."""

import itertools
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2vtrain.config import PrepareConfig, TrainConfig
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest

if TYPE_CHECKING:
    from w2vtrain.training.training import TrainingText

PROBE_SECONDS = 8.0
FEWEST_EXECUTIONS = 4
_TYPE_BYTES = 200  # of memory for a word while prepare counts it: text, dictionary, counts


@dataclass(frozen=True)
class Plan:
    """What a run will take.

    Args:
        measured_on: share of the text that was read for it.
        words: running words.
        tokens: of them, those whose word is kept.
        vocabulary: words that get a vector.
        pairs: (target, context) pairs of an epoch after subsampling, expected.
        epochs: of the training.
        disk: bytes in the run directory when it is largest.
        memory: peak bytes of memory.
        prepare_seconds: 0 for a run that is prepared.
        train_seconds: of the training.
    """

    measured_on: float
    words: int
    tokens: int
    vocabulary: int
    pairs: int
    epochs: int
    disk: int
    memory: int
    prepare_seconds: float
    train_seconds: float


def plan(
    targets: Sequence[str],
    prepare_config: PrepareConfig | None = None,
    train_config: TrainConfig | None = None,
    seconds: float = PROBE_SECONDS,
) -> Plan:
    """Returns what a run will take; nothing of it is written.

    Args:
        targets: one run directory, or inputs as in `prepare`.
        prepare_config: settings of prepare, for inputs.
        train_config: settings of train.
        seconds: how long to train for the measurement, about.
    Raises:
        W2VError: as `prepare` and `train` would.
    """
    train_config = train_config or TrainConfig()
    from w2vtrain.tensorflow_runtime import configure

    configure(train_config.threads)
    from w2vtrain.training.text_probe import probe_text
    from w2vtrain.training.training import TrainingText

    with tempfile.TemporaryDirectory(prefix="w2v-plan-") as folder:
        if len(targets) == 1 and RunDirectory(Path(targets[0])).corpus.exists():
            run = RunDirectory(Path(targets[0]))
            corpus = read_manifest(run.corpus, "w2v prepare INPUT... -o RUN", verify=True)
            text = TrainingText.load(run, corpus["config"]["keep_oov"])
            summary = corpus["summary"]
            facts = _Facts(1.0, summary["words_read"], text.file.tokens, summary["units"], 0, 0.0)
        else:
            probe = probe_text(targets, prepare_config or PrepareConfig(), Path(folder))
            text = probe.text
            facts = _Facts(
                1 / probe.scale,
                probe.words,
                probe.tokens,
                probe.units,
                probe.types,
                probe.seconds,
            )
        return _planned(text, facts, train_config, seconds)


@dataclass(frozen=True)
class _Facts:
    """Of the whole text; `types` is 0 when it is prepared already."""

    measured_on: float
    words: int
    tokens: int
    units: int
    types: int
    prepare_seconds: float


def _planned(text: "TrainingText", facts: _Facts, config: TrainConfig, seconds: float) -> Plan:
    from w2vtrain.training.session import epochs_for, make_training

    epochs = config.more_epochs or config.epochs or epochs_for(facts.tokens)
    training = make_training(text, config, epochs)
    once, step = _timed(training, seconds)
    steps = training.steps * (facts.tokens / text.file.tokens if config.pairs == "explicit" else 1)
    table = 4 * len(text.vocabulary) * config.embedding_dim
    spool = 4 * facts.words + 8 * facts.units
    corpus = 4 * facts.tokens + 8 * facts.units + 20 * len(text.vocabulary)
    states = config.keep_checkpoints + (1 if config.takes_best else 0)
    model = 4 * table + 2 * table * states
    split = corpus if config.validation_fraction else 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
    return Plan(
        measured_on=facts.measured_on,
        words=facts.words,
        tokens=facts.tokens,
        vocabulary=len(text.vocabulary) - text.first_id,
        pairs=round(facts.tokens * text.kept_share(config) * (config.window_size + 1)),
        epochs=epochs,
        disk=max(corpus + (spool if facts.types else 0), corpus + split + model),
        memory=max(peak + 2 * table, peak + _TYPE_BYTES * facts.types),
        prepare_seconds=facts.prepare_seconds,
        train_seconds=once + step * steps * epochs,
    )


def _timed(training: Any, seconds: float) -> tuple[float, float]:
    """Returns the seconds that a training takes once, for tracing, and those of a step."""
    import keras

    from w2vtrain.training.fitting import fit

    class Clock(keras.callbacks.Callback):
        marks: list[tuple[float, int]]

        def on_train_begin(self, logs: Any = None) -> None:
            self.marks = [(time.perf_counter(), 0)]

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps = int(self.model.optimizer.iterations.numpy())
            self.marks.append((time.perf_counter(), steps))
            passed = self.marks[-1][0] - self.marks[1][0]
            if passed > seconds and len(self.marks) > FEWEST_EXECUTIONS:
                self.model.stop_training = True

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch >= 3 * FEWEST_EXECUTIONS and time.perf_counter() - self.marks[0][0] > seconds:
                self.model.stop_training = True

    clock = Clock()
    fit(training, 10**6, [clock])
    marks = clock.marks
    if len(marks) < 3:
        raise W2VError("The text is too short to measure.", "Just train: it takes seconds.")
    rates = [(b[0] - a[0]) / (b[1] - a[1]) for a, b in itertools.pairwise(marks) if b[1] > a[1]]
    step = statistics.median(rates)
    return max(0.0, marks[1][0] - marks[0][0] - step * marks[1][1]), step
