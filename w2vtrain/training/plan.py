"""The plan of a run: a probe of the text, some seconds of real training steps, and their sums."""

import itertools
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.engine.sampling import kept_share
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.negative_sampling import BlockNegativeSampling
from w2vtrain.training.objective import Objective
from w2vtrain.training.registry import make_objective
from w2vtrain.training.text_probe import probe_text
from w2vtrain.training.train import epochs_for
from w2vtrain.training.workers import number_of_workers

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
        memory: peak bytes of memory, of all processes.
        processes: that train.
        prepare_seconds: 0 for a run that is prepared.
        train_seconds: of the training, measured with all shards in one process.
    """

    measured_on: float
    words: int
    tokens: int
    vocabulary: int
    pairs: int
    epochs: int
    disk: int
    memory: int
    processes: int
    prepare_seconds: float
    train_seconds: float


def plan(
    targets: Sequence[str],
    prepare_config: PrepareConfig | None = None,
    train_config: TrainConfig | None = None,
    seconds: float = PROBE_SECONDS,
) -> Plan:
    """Return what a run will take; nothing of it is written.

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
    with tempfile.TemporaryDirectory(prefix="w2v-plan-") as folder:
        if len(targets) == 1 and RunDirectory(Path(targets[0])).corpus.exists():
            run = RunDirectory(Path(targets[0]))
            manifest = read_manifest(run.corpus, "w2v prepare INPUT... -o RUN", verify=True)
            text, summary = Corpus.open(run), manifest["summary"]
            text.require_pairs()
            facts = _Facts(1.0, summary["words_read"], text.tokens, summary["units"], 0, 0, 0.0)
        else:
            prepare_config = prepare_config or PrepareConfig()
            probe = probe_text(targets, prepare_config, Path(folder))
            text = probe.text
            spool = 4 * probe.words + 8 * probe.units
            if prepare_config.phrases:  # a second one, and the keys of the pairs
                spool += max(spool, 8 * probe.words)
            facts = _Facts(
                1 / probe.scale,
                probe.words,
                probe.tokens,
                probe.units,
                probe.types,
                spool,
                probe.seconds,
            )
        return _planned(text, facts, train_config, seconds)


@dataclass(frozen=True)
class _Facts:
    """Of the whole text; `types` is 0 when it is prepared already.

    `spool` is the bytes of temporary files that prepare still has to write.
    """

    measured_on: float
    words: int
    tokens: int
    units: int
    types: int
    spool: int
    prepare_seconds: float


def _planned(text: Corpus, facts: _Facts, config: TrainConfig, seconds: float) -> Plan:
    epochs = getattr(config, "more_epochs", None) or config.epochs or epochs_for(facts.tokens)
    objective = make_objective(text, config, epochs)
    processes = number_of_workers(config, facts.tokens * epochs)
    once, step = _timed(objective, seconds)
    # The fast engine counts its steps by the expected counts of the whole text, others by the
    # pairs of the text at hand.
    fast = isinstance(objective, BlockNegativeSampling)
    steps = objective.steps_per_epoch * (1 if fast else facts.tokens / text.tokens)
    kept = kept_share(text.counts, objective.keep())
    table = 4 * len(text.vocabulary) * config.embedding_dim
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
        pairs=round(facts.tokens * kept * (config.window_size + 1)),
        epochs=epochs,
        disk=max(corpus + facts.spool, corpus + split + model),
        memory=max(processes * (peak + 2 * table), peak + _TYPE_BYTES * facts.types),
        processes=processes,
        prepare_seconds=facts.prepare_seconds,
        train_seconds=once + step * steps * epochs,
    )


def _timed(objective: Objective, seconds: float) -> tuple[float, float]:
    """Return the seconds that a training takes once, for tracing, and those of a step."""
    import keras

    from w2vtrain.engine.dataset import BatchStream
    from w2vtrain.engine.stream import Position

    class Clock(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.marks = [(time.perf_counter(), 0)]

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps = int(self.model.optimizer.iterations.numpy())
            self.marks.append((time.perf_counter(), steps))
            passed = self.marks[-1][0] - self.marks[1][0]
            if passed > seconds and len(self.marks) > FEWEST_EXECUTIONS:
                self.model.stop_training = True

    clock = Clock()
    objective.model.fit(
        BatchStream(objective.batches, objective.signature(), Position()).dataset(),
        steps_per_epoch=objective.batches_per_epoch,
        epochs=10**6,
        shuffle=False,
        verbose=0,
        callbacks=[clock],
    )
    marks = clock.marks
    rates = [(b[0] - a[0]) / (b[1] - a[1]) for a, b in itertools.pairwise(marks)]
    step = statistics.median(rates[1:])
    return max(0.0, rates[0] * marks[1][1] - step * marks[1][1]), step
