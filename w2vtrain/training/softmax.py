"""The objectives with a probability for every word: full, sampled and hierarchical softmax."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.engine.sampling import NoiseSampler, noise_probabilities
from w2vtrain.engine.stream import HELD_OUT_PASS, Position
from w2vtrain.errors import W2VError
from w2vtrain.settings import option
from w2vtrain.training.config import OWN, NoiseConfig, PairMaking, SubsampledConfig
from w2vtrain.training.objective import MOST_BATCHES_PER_CALL, Objective, whole_calls
from w2vtrain.training.pairs import Context, PairStream, batch_generator, cut, full_extents

if TYPE_CHECKING:
    from w2vtrain.models.softmax import PairCounts

MOST_WORDS = 2**16  # of a full softmax: 2**32 scores for every look at all pairs
_SCORES = 2**22  # of the whole vocabulary, held at once for held-out pairs
_NOISE_DRAW = 3


@dataclass(frozen=True)
class SoftmaxConfig(SubsampledConfig):
    """Settings of objectives that learn the probability of every pair in a window."""

    context: Context = option(
        "both", "Where contexts lie: on both sides, or only in what comes next.", panel=OWN
    )
    batch_size: int = option(1024, "Pairs in a step.", panel=OWN)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._choice("context", Context)
        self._range("batch_size", 1, 2**24)


@dataclass(frozen=True)
class FullSoftmaxConfig(SoftmaxConfig):
    """Settings of the softmax over the whole vocabulary."""

    objective: str = "full-softmax"
    bias: bool = option(False, "Give every word a bias.", panel=OWN)
    pairs: PairMaking = option(
        "stream", "stream: the counts of all pairs at once; explicit: batches.", panel=OWN
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._choice("pairs", PairMaking)


@dataclass(frozen=True)
class SampledSoftmaxConfig(SoftmaxConfig, NoiseConfig):
    """Settings of the softmax that is estimated from noise words."""

    objective: str = "sampled-softmax"
    bias: bool = option(False, "Give every word a bias.", panel=OWN)


@dataclass(frozen=True)
class HierarchicalSoftmaxConfig(SoftmaxConfig):
    """Settings of the softmax along the paths of a Huffman tree."""

    objective: str = "hierarchical-softmax"


class PairObjective(Objective):
    """What the objectives share that learn the probabilities of pairs, by Adam."""

    def __init__(self, corpus: Corpus, config: Any, epochs: int) -> None:
        super().__init__(corpus, config, epochs)
        self._pairs = self._pair_stream(corpus)
        self._number = self._pairs.count()
        self.batches_per_epoch, self._each = whole_calls(
            self._number / config.batch_size, MOST_BATCHES_PER_CALL
        )
        self.steps_per_epoch = self.batches_per_epoch
        self.untrained_loss = math.log(max(2, int(np.count_nonzero(corpus.counts))))
        self.details["pairs_per_step"] = config.batch_size

    def _compile(self, **loss: Any) -> None:
        import keras

        self.model.compile(
            optimizer=keras.optimizers.Adam(self.learning_rate),
            steps_per_execution=self._each,
            jit_compile=False,
            **loss,
        )

    def batches(self, start: Position) -> Iterator[tuple[Any, Position]]:
        """Yield `(targets, contexts)` without end, each with the position after it."""
        for (targets, contexts), _, after in self._pairs.batches(self.config.batch_size, start):
            yield (targets, contexts), after

    def signature(self) -> Any:
        """Return the `tf.TensorSpec` of each array of a batch."""
        import tensorflow as tf

        return (tf.TensorSpec((None,), tf.int32),) * 2

    def held_out_batches(self, corpus: Corpus) -> Iterator[Any]:
        """Yield all pairs of held-out text, with the same draws at every call."""
        size = max(1, min(self.config.batch_size, _SCORES // len(corpus.counts)))
        for items in self._pair_stream(corpus).of_pass(HELD_OUT_PASS):
            yield from cut(items, size)

    def _pair_stream(self, corpus: Corpus) -> PairStream:
        window_size, context = self.config.window_size, self.config.context
        return PairStream(
            self.text_stream(corpus), lambda kept, _: full_extents(kept, window_size, context)
        )


class FullSoftmax(PairObjective):
    """A `SoftmaxWord2Vec` on all of the vocabulary.

    With `pairs="stream"` a step takes the exact gradient over all pairs of the text, from their
    counts; where subsampling drops words, it draws anew for each epoch. An epoch has as many steps
    as batches of pairs would make. With `pairs="explicit"` a step is a batch of pairs.

    Raises:
        W2VError: the vocabulary is too large.
    """

    config_class = FullSoftmaxConfig

    def __init__(self, corpus: Corpus, config: FullSoftmaxConfig, epochs: int) -> None:
        import keras

        from w2vtrain.models.softmax import PairCountTrainer, SoftmaxWord2Vec

        ids = len(corpus.counts)
        if ids > MOST_WORDS:
            raise W2VError(
                f"A full softmax over {ids:,} words scores every word against every word: "
                f"{ids * ids * 4 / 2**30:,.0f} GiB of scores for each look at the text.",
                f"Prepare with --vocabulary-size {MOST_WORDS:,} or less, or train with --objective "
                "sampled-softmax or hierarchical-softmax.",
            )
        super().__init__(corpus, config, epochs)
        self._counts: dict[int, PairCounts] = {}
        softmax = SoftmaxWord2Vec(
            ids, config.embedding_dim, corpus.first_id, config.seed, config.bias, name="word2vec"
        )
        self.details |= {"pairs": self._number, "steps_per_epoch": self.steps_per_epoch}
        if config.pairs == "stream":
            self.model = PairCountTrainer(softmax)
            self._compile()
            del self.details["pairs_per_step"]
            self.details["distinct_pairs"] = len(self.pair_counts(0).counts)
        else:
            self.model = softmax
            self._compile(
                loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
            )

    def batches(self, start: Position) -> Iterator[tuple[Any, Position]]:
        """Yield batches without end from `start` on, each with the position after it."""
        if self.config.pairs == "explicit":
            yield from super().batches(start)
            return
        while True:
            counts = self.pair_counts(start.pass_number)
            start = Position(start.batch + 1, start.pass_number, start.offset + 1)
            if start.offset == self.batches_per_epoch:
                start = Position(start.batch, start.pass_number + 1, 0)
            yield counts, start

    def pair_counts(self, pass_number: int) -> "PairCounts":
        """Return the counts of all pairs of a pass; those of the last pass asked for are kept."""
        drawn = pass_number if (self.keep() < 1).any() else 0  # nothing is dropped: all are alike
        if drawn not in self._counts:
            self._counts = {drawn: _counted(self._pairs, drawn, len(self.corpus.counts))}
        return self._counts[drawn]

    def signature(self) -> Any:
        """Return the `tf.TensorSpec` of each array of a batch."""
        if self.config.pairs == "explicit":
            return super().signature()
        import tensorflow as tf

        from w2vtrain.models.softmax import PairCounts

        integers = tf.TensorSpec((None,), tf.int32)
        return PairCounts(integers, integers, integers, tf.TensorSpec((None,), tf.float32))

    def held_out_batches(self, corpus: Corpus) -> Iterator[Any]:
        """Yield all pairs of held-out text, or their counts, with the same draws at every call."""
        if self.config.pairs == "explicit":
            yield from super().held_out_batches(corpus)
        else:
            yield _counted(self._pair_stream(corpus), HELD_OUT_PASS, len(corpus.counts))


class SampledSoftmax(PairObjective):
    """A `SampledSoftmaxWord2Vec`, which scores a step's pairs against some noise words."""

    config_class = SampledSoftmaxConfig

    def __init__(self, corpus: Corpus, config: SampledSoftmaxConfig, epochs: int) -> None:
        from w2vtrain.models.sampled_softmax import SampledSoftmaxWord2Vec

        super().__init__(corpus, config, epochs)
        noise = noise_probabilities(corpus.counts, config.noise, config.noise_exponent)
        self._sampler = NoiseSampler(noise)
        self.model = SampledSoftmaxWord2Vec(
            len(noise),
            config.embedding_dim,
            corpus.first_id,
            config.seed,
            config.bias,
            name="word2vec",
        )
        self.model.set_noise(noise)
        self._compile()
        self.details["noise_words_per_step"] = config.num_negatives

    def batches(self, start: Position) -> Iterator[tuple[Any, Position]]:
        """Yield `((targets, noise), contexts)` without end, each with the position after it."""
        size = self.config.batch_size
        for (targets, contexts), first, after in self._pairs.batches(size, start):
            generator = batch_generator(self.config.seed, _NOISE_DRAW, first)
            noise = self._sampler.draw(generator, (self.config.num_negatives,))
            yield ((targets, noise), contexts), after

    def signature(self) -> Any:
        """Return the `tf.TensorSpec` of each array of a batch."""
        targets, contexts = super().signature()
        return (targets, targets), contexts

    def held_out_signature(self) -> Any:
        """Return a nest of `tf.TensorSpec` of the form of a batch of held-out text."""
        return super().signature()


class HierarchicalSoftmax(PairObjective):
    """A `HierarchicalWord2Vec` over the Huffman tree of the vocabulary."""

    config_class = HierarchicalSoftmaxConfig

    def __init__(self, corpus: Corpus, config: HierarchicalSoftmaxConfig, epochs: int) -> None:
        from w2vtrain.models.hierarchical_softmax import HierarchicalWord2Vec

        super().__init__(corpus, config, epochs)
        counts = corpus.counts
        self.model = HierarchicalWord2Vec.for_counts(
            counts, config.embedding_dim, config.seed, name="word2vec"
        )
        self._compile()
        lengths = (self.model.path_turns.numpy() != 0).sum(axis=1)
        mean = float((lengths * counts).sum() / counts.sum())
        self.untrained_loss = mean * math.log(2)
        self.details |= {"longest_path": int(lengths.max()), "mean_path": round(mean, 2)}

    def batches(self, start: Position) -> Iterator[tuple[Any, Position]]:
        """Yield `((targets, contexts),)` without end, each with the position after it."""
        for batch, after in super().batches(start):
            yield (batch,), after

    def signature(self) -> Any:
        """Return the `tf.TensorSpec` of each array of a batch."""
        return (super().signature(),)

    def held_out_batches(self, corpus: Corpus) -> Iterator[Any]:
        """Yield all pairs of held-out text, with the same draws at every call."""
        for batch in super().held_out_batches(corpus):
            yield (batch,)


def _counted(pairs: PairStream, pass_number: int, ids: int) -> "PairCounts":
    """Count the pairs of a pass."""
    import scipy.sparse

    from w2vtrain.models.softmax import PairCounts

    total = scipy.sparse.csr_array((ids, ids), dtype=np.float64)
    for targets, contexts in pairs.of_pass(pass_number):
        ones = np.ones(len(targets))
        total += scipy.sparse.csr_array((ones, (targets, contexts)), shape=(ids, ids))
    targets = np.flatnonzero(np.diff(total.indptr))
    return PairCounts(
        targets=targets.astype(np.int32),
        offsets=np.append(total.indptr[targets], total.nnz).astype(np.int32),
        contexts=total.indices.astype(np.int32),
        counts=total.data.astype(np.float32),
    )
