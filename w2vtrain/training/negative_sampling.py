"""The fast objective: negative sampling on blocks of text, with skip-gram or CBOW."""

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.engine import encoded_rows, steps
from w2vtrain.engine.blocks import Architecture, BlockShape, row_damping, row_weights
from w2vtrain.engine.sampling import noise_probabilities
from w2vtrain.engine.shards import (
    MOST_SHARDS,
    endless_rounds,
    round_signature,
    shard_seed,
    steps_per_round,
)
from w2vtrain.engine.stream import Position, TextStream
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.settings import option
from w2vtrain.tensorflow_runtime import computes_bfloat16
from w2vtrain.training.config import OWN, STARTING
from w2vtrain.training.objective import (
    MOST_BATCHES_PER_CALL,
    Objective,
    batches_per_call,
    linear_decay,
)
from w2vtrain.training.subwords import SubwordConfig, WordNgrams
from w2vtrain.vectors.subwords import Subwords

_LOG = logging.getLogger(__name__)
Precision = Literal["float32", "bfloat16"]
FEW_EPOCHS = 10  # up to so many, the default learning rate is the higher one
SHARDS = "Shards"
STEPS_PER_BATCH = 8  # made at a time: enough to amortize the calls, few enough to stay in the cache
STEPS_PER_ENCODED_BATCH = 24  # with subwords: the more, the fewer rows of n-grams for each step


def number_or_auto(text: str) -> int | None:
    """Return the number that `4` means, or None for `auto`."""
    if text == "auto":
        return None
    if not text.isdecimal():
        raise ValueError(f"{text!r} is neither a number nor auto.")
    return int(text)


def number_of_shards(text: str) -> int:
    """Return the number that `4` means; `auto` is 1.

    The number decides the vectors, so it cannot depend on the processors: on two, more shards gain
    no speed, on 16 they gain two thirds, and they cost up to half a point (docs/shards.md).
    """
    number = number_or_auto(text)
    return 1 if number is None else number


@dataclass(frozen=True)
class BlockConfig(SubwordConfig):
    """Settings of negative sampling on blocks of text."""

    objective: str = "negative-sampling"
    architecture: Architecture = option(
        "skip-gram",
        "skip-gram: a word predicts each word around it; cbow: their mean predicts the word.",
        panel=OWN,
    )
    position_weights: bool = option(
        False,
        "With cbow: learn how much each place of the window counts, for each number of a vector.",
        panel=OWN,
    )
    known_rate: float = option(
        0.02,
        "Share of the learning rate at which words of --start-from move; new words take all of it.",
        panel=STARTING,
    )
    precision: Precision = option(
        "float32",
        "Of the products; bfloat16 may be faster on processors that compute with it.",
        panel=OWN,
    )
    shards: int = option(
        number_of_shards("auto"),
        "Replicas that learn side by side, merged every few steps; their number decides the "
        "vectors. auto: 1, the best score.",
        parser=number_of_shards,
        panel=SHARDS,
    )
    workers: int | None = option(
        None,
        "Processes that carry out the shards; auto: one for each two processors, if the training "
        "is long.",
        parser=number_or_auto,
        panel=SHARDS,
    )
    cluster: str | None = option(
        None,
        "Carry out the shards on a Ray cluster, by its address; auto: the one that this machine is "
        "in; local: start one here (extra ray).",
        panel=SHARDS,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._choice("architecture", Architecture)
        self._choice("precision", Precision)
        self._range("known_rate", 0, 1)
        used = self.start_from and not (self.freeze_known or self.freeze_contexts or self.subwords)
        if self.known_rate != BlockConfig.known_rate and not used:
            raise W2VError(
                "--known-rate is for words of --start-from that are not frozen.",
                "Leave it out, or give --start-from without --freeze-known, --freeze-contexts and "
                "--subwords.",
            )
        if self.position_weights and (self.architecture != "cbow" or self.shards > 1):
            raise W2VError(
                "--position-weights is for --architecture cbow, in one shard.",
                "Leave it out, or give --architecture cbow and no --shards.",
            )
        if self.architecture == "cbow" and self.validation_ranks:
            raise W2VError(
                "--validation-ranks ranks the contexts of a word, which CBOW does not predict.",
                "Leave it out (--validation-fraction alone measures the loss), or train skip-gram.",
            )
        self._range("shards", 1, MOST_SHARDS)
        self._range("workers", 1, MOST_SHARDS)
        if self.cluster and self.shards == 1:
            raise W2VError(
                "--cluster spreads the shards of a training, and this one has a single shard.",
                "Give --shards too (which decides the vectors), or leave --cluster out.",
            )

    def initial_learning_rate(self, epochs: int) -> float:
        """Return the learning rate of the first step: of SGD on the sum over pairs.

        Many passes over a small text want smaller steps than few passes over a large one
        (measured: docs/training.md).
        """
        if self.learning_rate is not None:
            return self.learning_rate
        return 0.05 if epochs <= FEW_EPOCHS else 0.025


class BlockNegativeSampling(Objective):
    """Negative sampling with the fast engine: `engine.BlockTrainer` on blocks of text."""

    config_class = BlockConfig

    def __init__(self, corpus: Corpus, config: BlockConfig, epochs: int) -> None:
        import keras

        super().__init__(corpus, config, epochs)
        if config.precision == "bfloat16" and not computes_bfloat16():
            _LOG.warning(
                "This processor has no instructions for bfloat16: --precision float32 is faster "
                "here."
            )
        rate, counts, keep = self.learning_rate, corpus.counts, self.keep()
        noise = noise_probabilities(counts, config.noise, config.noise_exponent)
        kept = float((counts * keep).sum())
        shape = BlockShape.fitting(
            config.embedding_dim,
            config.window_size,
            config.num_negatives,
            rate,
            kept,
            config.architecture,
        )
        self._noise, share = noise, counts * keep / kept
        self._damping = damping = row_damping(shape, rate, share, noise)
        self._maker = steps.StepMaker(shape, noise, *damping)
        self.shards = config.shards
        slices = len(corpus.slice_offsets()) - 1
        if self.shards > slices:
            raise W2VError(
                f"--shards {self.shards}, but the text has only {slices} slices to deal to them.",
                "Leave --shards out: one shard learns a small text best.",
            )
        self.own: Sequence[int] = range(self.shards)
        self.scaled: tuple[np.ndarray, np.ndarray, float] | None = None
        each_shard = max(1, round(kept / shape.tokens / self.shards))
        self.steps_per_epoch = each_shard * self.shards
        together = STEPS_PER_ENCODED_BATCH if config.subwords else STEPS_PER_BATCH
        if self.shards > 1:
            together = steps_per_round(self.shards)
        batches = each_shard / together
        each = batches_per_call(round(batches), max(1, MOST_BATCHES_PER_CALL // together))
        self.batches_per_epoch = min(each_shard, max(1, math.ceil(batches / each)) * each)
        self._sizes = steps.BatchSizes(each_shard, self.batches_per_epoch)
        self.untrained_loss = (1 + config.num_negatives) * math.log(2)
        self._words = self._encoder = None
        if config.subwords:
            tokens = corpus.vocabulary.tokens
            self._words = WordNgrams(tokens, config.ngrams(), config.embedding_dim)
            weight = shape.input_weight(share) * damping[0] * together
            words = self._words.words
            self._encoder = encoded_rows.RowEncoder(words, words.limits(weight))
        self.model = self._trainer(shape, row_weights(shape, share, noise))
        self.model.compile(
            keras.optimizers.SGD(linear_decay(rate, self.steps_per_epoch * epochs)),
            steps_per_execution=each,
            jit_compile=False,  # the step's sums have varying sizes, which XLA would compile anew
        )
        self.details |= {
            "tokens_per_step": shape.tokens,
            "noise_per_block": shape.noise_size,
            "damped_input_rows": int((damping[0] < 1).sum()),
            "damped_output_rows": int((damping[1] < 1).sum()),
            "shards": self.shards,
        }
        if self._words is not None and self._encoder is not None:
            self.details |= {
                "ngram_rows": self._words.words.number,
                "damped_ngram_rows": int((self._encoder.limits < rate).sum()),
            }

    def scale_updates(self, targets: np.ndarray, contexts: np.ndarray, rate: float) -> None:
        """Multiply the updates of rows by `rate`; 0 keeps their bytes."""
        rows = zip(self._damping, (targets, contexts), strict=True)
        damping = [np.where(chosen, np.float32(rate), 1) * factors for factors, chosen in rows]
        self.scaled = (targets, contexts, rate)
        self._maker = steps.StepMaker(self._maker.shape, self._noise, *damping)

    def _trainer(self, shape: BlockShape, weights: tuple[np.ndarray, np.ndarray]) -> Any:
        from w2vtrain.engine.block_trainer import BlockTrainer
        from w2vtrain.engine.cbow_trainer import CbowTrainer
        from w2vtrain.engine.position_trainer import PositionTrainer
        from w2vtrain.engine.sharded_trainer import ShardedTrainer
        from w2vtrain.engine.subword_trainer import (
            SubwordCbowTrainer,
            SubwordPositionTrainer,
            SubwordTrainer,
        )
        from w2vtrain.models.cbow import Cbow
        from w2vtrain.models.word2vec import Word2Vec

        config, cbow = self.config, self.config.architecture == "cbow"
        positions = 2 * config.window_size if config.position_weights else 0
        kinds: tuple[type[BlockTrainer], ...]
        kinds = (CbowTrainer, PositionTrainer) if cbow else (BlockTrainer,)
        model: Any
        if self._words is not None:
            kinds = (SubwordCbowTrainer, SubwordPositionTrainer) if cbow else (SubwordTrainer,)
            model = self._words.model(config.seed, cbow, positions)
            words = weights[0] * self._damping[0]
            weights = self._words.words.weights(words), weights[1]
        else:
            sizes = (len(self.corpus.counts), config.embedding_dim, config.seed)
            model = (
                Cbow(*sizes, positions, name="cbow") if cbow else Word2Vec(*sizes, name="word2vec")
            )
        dtype = "float32" if config.precision == "float32" else "mixed_bfloat16"
        trainer = kinds[positions > 0](model, shape, dtype=dtype)
        return trainer if self.shards == 1 else ShardedTrainer(trainer, weights, self.shards)

    def batches(self, start: Position) -> Iterator[tuple[Any, Position]]:
        """Yield batches of steps without end from `start` on, each with the position after it.

        With shards, a batch is a round, and each shard goes on from where the model says it is.
        """
        if self.shards == 1:
            return self._steps(self.text_stream(), self.config.seed, start)
        places = self.model.positions.numpy()
        if start.batch == 0:
            places[:] = start.pass_number, 0
        shards = [self._shard(k, Position(start.batch, *places[k].tolist())) for k in self.own]
        return endless_rounds(shards, self._touched, start, self.shards)

    def _shard(self, shard: int, start: Position) -> Iterator[tuple[Any, Position]]:
        seed = shard_seed(self.config.seed, shard)
        stream = TextStream(self.corpus, self.keep(), seed, (shard, self.shards))
        return self._steps(stream, seed, start)

    def _steps(
        self, stream: TextStream, seed: int, start: Position
    ) -> Iterator[tuple[Any, Position]]:
        made = steps.endless_steps(stream, self._maker, self._sizes, seed, start)
        for batch, after in made:
            yield self._encoded(batch), after

    def _touched(self, batch: Any) -> list[np.ndarray]:
        """Return the distinct rows of each table that a batch of a shard touches."""
        step = batch if self._encoder is None else batch[0]
        inputs = self._distinct(step.inputs.rows) if self._encoder is None else batch[1].rows
        return [inputs, self._distinct(step.outputs.rows)]

    def _distinct(self, ids: np.ndarray) -> np.ndarray:
        """Return the distinct ids, ascending: int32; `np.unique` takes ten times as long."""
        there = np.zeros(len(self.corpus.counts), bool)
        there[ids] = True
        return np.flatnonzero(there).astype(np.int32)

    def signature(self) -> Any:
        """Return the `tf.TensorSpec` of each array of a batch."""
        batch = self.held_out_signature()
        if self.shards == 1:
            return batch
        return round_signature(batch, len(self.model.trainer.trained_tables), len(self.own))

    def held_out_signature(self) -> Any:
        """Return the `tf.TensorSpec` of each array of a batch of held-out text."""
        signature = steps.signature(self._maker.shape)
        return signature if self._encoder is None else (signature, encoded_rows.signature())

    def held_out_batches(self, corpus: Corpus) -> Iterator[Any]:
        """Yield the steps of held-out text, with the same draws at every call."""
        return map(self._encoded, steps.held_out_steps(self.text_stream(corpus), self._maker))

    def _encoded(self, batch: steps.Step) -> Any:
        return batch if self._encoder is None else (batch, self._encoder.encode(batch.inputs.rows))

    def start_ngrams(
        self, ids: Sequence[int], vectors: np.ndarray, subwords: Subwords | None
    ) -> bool:
        """Set the n-gram rows, if there are any, to those that a training starts from."""
        if self._words is None:
            return False
        self._words.start(self.model.word2vec, ids, vectors, subwords)
        return True

    def save_parts(self, folder: Path) -> None:
        """Write the n-gram rows, if there are any, beside the vectors."""
        if self._words is not None:
            self._words.save(self.model.word2vec, folder / RunDirectory(folder).subwords.name)
