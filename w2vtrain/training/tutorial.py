"""The objective of TensorFlow's word2vec tutorial, with its defects or without them.

The tutorial's pairs have defects. Each has a name here, and can be repaired by itself:

- `padding`: noise words may be id 0, the padding; with the log-uniform sampler it is the likeliest.
- `unknown`: noise words may be id 1, `[UNK]`, the second likeliest.
- `positive`: noise words may be the pair's own context, which is then both right and wrong.
- `truncation`: only the first 10 tokens of a line are read.
- `frozen`: pairs and noise are drawn once, and every epoch sees the same.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.vocabulary import OOV_ID, PADDING_ID
from w2vtrain.engine.stream import HELD_OUT_PASS, Items, KeptText, Position, endless_batches
from w2vtrain.errors import W2VError
from w2vtrain.settings import option
from w2vtrain.training.config import OWN, TrainConfig
from w2vtrain.training.objective import Objective, whole_calls
from w2vtrain.training.pairs import Pairs, cut, enumerate_pairs, pair_signature

REPAIRS = ("padding", "unknown", "positive", "truncation", "frozen")
SEQUENCE_LENGTH = 10
SAMPLING_FACTOR = 1e-5  # of Keras' `make_sampling_table`
SHUFFLE_BUFFER = 10_000
MOST_BATCHES_PER_CALL = 16


@dataclass(frozen=True)
class TutorialConfig(TrainConfig):
    """Settings of the tutorial's training."""

    objective: str = "tutorial"
    num_negatives: int = option(5, "Noise words for each pair.", panel=OWN)
    batch_size: int = option(1024, "Pairs in a step.", panel=OWN)
    corrected: bool = option(False, "Repair all defects of the tutorial's pairs.", panel=OWN)
    repairs: str = option(
        "none", "Some of them, with commas: " + ", ".join(REPAIRS) + "; or none.", panel=OWN
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._range("num_negatives", 1, 1000)
        self._range("batch_size", 1, 2**24)
        for name in sorted(self.tutorial_repairs - set(REPAIRS)):
            raise W2VError(
                f"--repairs names {name!r}, which is no defect of the tutorial's pairs.",
                "Choose from: " + ", ".join(REPAIRS) + ".",
            )

    @property
    def tutorial_repairs(self) -> frozenset[str]:
        """Which defects of the tutorial's pairs are repaired."""
        if self.corrected:
            return frozenset(REPAIRS)
        return frozenset() if self.repairs == "none" else frozenset(self.repairs.split(","))


class Tutorial(Objective):
    """A `Word2Vec` trained as in the tutorial.

    Categorical cross-entropy over a pair's context and its noise words, Adam, batches from a
    shuffle buffer.

    Raises:
        W2VError: the text makes less than one batch of pairs, or has fewer words than a pair has
            noise words.
    """

    config_class = TutorialConfig

    def __init__(self, corpus: Corpus, config: TutorialConfig, epochs: int) -> None:
        import keras

        from w2vtrain.models.word2vec import Word2Vec

        super().__init__(corpus, config, epochs)
        self._first = self.pairs_of_pass(0)
        size, pairs = config.batch_size, len(self._first.targets)
        if pairs < size:
            raise W2VError(
                f"The text makes {pairs:,} pairs: less than one batch of {size:,}.",
                "Give more text, or a smaller --batch-size.",
            )
        self.batches_per_epoch, each = whole_calls(pairs // size, MOST_BATCHES_PER_CALL)
        self.steps_per_epoch = self.batches_per_epoch
        self.untrained_loss = math.log(1 + config.num_negatives)
        self.model = Word2Vec(
            len(corpus.counts), config.embedding_dim, config.seed, name="word2vec"
        )
        for number, layer in enumerate((self.model.target_embedding, self.model.context_embedding)):
            generator = np.random.default_rng([config.seed, 5, number])  # Keras' default start
            layer.embeddings.assign(generator.uniform(-0.05, 0.05, layer.embeddings.shape))
        self.model.compile(
            optimizer=keras.optimizers.Adam(self.learning_rate),
            loss=keras.losses.CategoricalCrossentropy(from_logits=True),
            metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
            steps_per_execution=each,
            jit_compile=False,
        )
        self.details |= {
            "pairs_per_step": size,
            "pairs": pairs,
            "repairs": sorted(config.tutorial_repairs),
        }

    def batches(self, start: Position) -> Iterator[tuple[Any, Position]]:
        """Yield `((targets, contexts), labels)` without end, each with the position after it."""
        size = self.config.batch_size
        for items, _, after in endless_batches(self._items, lambda _: size, start):
            pairs = Pairs(*items)
            yield ((pairs.targets, pairs.contexts), pairs.labels), after

    def _items(self, pass_number: int) -> Iterator[Items]:
        """Yield the shuffled pairs of a pass, as many as fill whole batches."""
        frozen = "frozen" not in self.config.tutorial_repairs
        first = frozen or pass_number == 0
        pairs = self._first if first else self.pairs_of_pass(pass_number)
        generator = np.random.default_rng([self.config.seed, 6, pass_number])
        order = shuffled_by_buffer(len(pairs.targets), SHUFFLE_BUFFER, generator)
        order = order[: len(order) // self.config.batch_size * self.config.batch_size]
        yield pairs.targets[order], pairs.contexts[order]

    def signature(self) -> Any:
        """Return the `tf.TensorSpec` of each array of a batch."""
        return pair_signature(1 + self.config.num_negatives)

    def held_out_batches(self, corpus: Corpus) -> Iterator[Any]:
        """Yield the pairs of held-out text, always repaired.

        So the held-out losses of trainings with different repairs are measured alike.
        """
        repaired = self.config.replaced(corrected=True, repairs="none")
        pairs = tutorial_pairs(corpus, repaired, HELD_OUT_PASS)
        for targets, contexts in cut((pairs.targets, pairs.contexts), self.config.batch_size):
            batch = Pairs(targets, contexts)
            yield (batch.targets, batch.contexts), batch.labels

    def pairs_of_pass(self, pass_number: int) -> Pairs:
        """Return all pairs of a pass with their noise."""
        return tutorial_pairs(self.corpus, self.config, pass_number)


def tutorial_pairs(corpus: Corpus, config: TutorialConfig, pass_number: int) -> Pairs:
    """Make the tutorial's pairs of a pass; unless `frozen` is repaired, they are the first's.

    Raises:
        W2VError: fewer words than a pair has noise words.
    """
    repairs, ids = config.tutorial_repairs, len(corpus.counts)
    possible = ids - len({"padding", "unknown", "positive"} & repairs)
    if possible < config.num_negatives:
        raise W2VError(
            f"--num-negatives is {config.num_negatives}, but only {possible} ids can be noise, "
            "and a pair's are all different.",
            "Give a smaller number.",
        )
    drawn = pass_number if "frozen" in repairs else 0
    generator = np.random.default_rng([config.seed, 4, drawn])
    text = KeptText(corpus.read(), np.asarray(corpus.boundaries))
    targets, contexts = positive_pairs(text, ids, config.window_size, repairs, generator)
    noise = distinct_noise(contexts, ids, config.num_negatives, repairs, generator)
    return Pairs(targets, np.concatenate([contexts[:, None], noise], axis=1))


def positive_pairs(
    text: KeptText,
    ids: int,
    window_size: int,
    repairs: frozenset[str],
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return targets and contexts, int32 `(pairs,)` each, as Keras' `skipgrams` finds them.

    A frequent word is dropped as a target, by its rank, but stays a context.

    Args:
        text: the whole text.
        ids: size of the vocabulary, padding and `[UNK]` included; ids by falling count.
    """
    if "truncation" not in repairs:
        text = _truncated(text)
    kept = generator.random(len(text.tokens)) < sampling_table(ids)[text.tokens]
    kept &= text.tokens != PADDING_ID
    left, right = (np.where(kept, side, 0) for side in text.window_extents(window_size))
    return enumerate_pairs(text.tokens, (left, right))


def _truncated(text: KeptText) -> KeptText:
    """Return the first tokens of each line."""
    starts, lengths = text.unit_ends[:-1], np.minimum(np.diff(text.unit_ends), SEQUENCE_LENGTH)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    place = np.arange(ends[-1]) - np.repeat(ends[:-1], lengths)  # within the line
    return KeptText(text.tokens[np.repeat(starts, lengths) + place], ends)


def distinct_noise(
    contexts: np.ndarray,
    ids: int,
    num_negatives: int,
    repairs: frozenset[str],
    generator: np.random.Generator,
) -> np.ndarray:
    """Draw noise words, int32 `(pairs, num_negatives)`, all different within a pair.

    Source: `tf.random.log_uniform_candidate_sampler` with unique=True: an id is
    floor(exp(u log(ids + 1))) - 1, and what a pair has already is drawn again.
    """
    barred = np.zeros(ids, bool)
    barred[PADDING_ID], barred[OOV_ID] = "padding" in repairs, "unknown" in repairs
    noise = np.empty((len(contexts), num_negatives), np.int32)
    for column in range(num_negatives):
        rows = np.arange(len(contexts))
        while len(rows):
            values = np.exp(generator.random(len(rows), dtype=np.float32) * np.log1p(ids)) - 1
            drawn = np.minimum(values.astype(np.int32), ids - 1)  # float32 may round up
            noise[rows, column] = drawn
            bad = (noise[rows, :column] == drawn[:, None]).any(axis=1) | barred[drawn]
            if "positive" in repairs:
                bad |= drawn == contexts[rows]
            rows = rows[bad]
    return noise


def sampling_table(ids: int) -> np.ndarray:
    """Return the probability that a target of each id is kept: float64, shape `(ids,)`.

    Source: Keras' `make_sampling_table`, which takes the frequency of rank r from Zipf's law,
    1 / (r (log r + 0.577) + 1/2 - 1 / (12 r)), and keeps with sqrt(1e-5 / frequency).
    """
    rank = np.maximum(np.arange(ids), 1).astype(np.float64)
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(SAMPLING_FACTOR * inverse))


def shuffled_by_buffer(count: int, buffer: int, generator: np.random.Generator) -> np.ndarray:
    """Return 0 to `count` - 1 in the order that `tf.data`'s `shuffle(buffer)` gives.

    A buffer holds the next `buffer` items; one of them leaves at random, and its place is filled.
    """
    held = list(range(min(buffer, count)))
    order = np.empty(count, np.int64)
    filled = len(held)
    choices = generator.integers(filled, size=max(0, count - filled)).tolist() if count else []
    for number, choice in enumerate(choices):
        order[number] = held[choice]
        held[choice] = filled + number
    order[len(choices) :] = generator.permutation(held)
    return order
