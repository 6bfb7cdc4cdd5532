"""Training pairs as TensorFlow's well-known word2vec tutorial makes them, but a million a second.

The tutorial's pairs have defects. Each has a name here, and can be repaired by itself:

- `padding`: noise words may be id 0, the padding; with the log-uniform sampler it is the likeliest.
- `unknown`: noise words may be id 1, `[UNK]`, the second likeliest.
- `positive`: noise words may be the pair's own context, which is then both right and wrong.
- `truncation`: only the first 10 tokens of a line are read.
- `frozen`: pairs and noise are drawn once, and every epoch sees the same.
"""

from dataclasses import dataclass

import numpy as np

from w2vtrain.config import TUTORIAL_REPAIRS
from w2vtrain.corpus.vocabulary import OOV_ID, PADDING_ID
from w2vtrain.training.pairs import Pairs

SEQUENCE_LENGTH = 10
SAMPLING_FACTOR = 1e-5  # of Keras' `make_sampling_table`
LINES_AT_ONCE = 2**16


@dataclass(frozen=True)
class TutorialPairs:
    """Makes the tutorial's pairs.

    Args:
        ids: size of the vocabulary, padding and `[UNK]` included; ids by falling count.
        window_size: tokens on each side.
        num_negatives: noise words a pair, all different.
        repairs: names of the defects to repair.
    """

    ids: int
    window_size: int
    num_negatives: int
    repairs: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        assert self.repairs <= set(TUTORIAL_REPAIRS)

    def make(
        self, tokens: np.ndarray, boundaries: np.ndarray, generator: np.random.Generator
    ) -> Pairs:
        """Returns the pairs of some lines, each with its noise words.

        Args:
            tokens: int32 array, shape `(tokens,)`.
            boundaries: int64 array, shape `(lines + 1,)`: line i is `tokens[b[i]:b[i + 1]]`.
            generator: draws the targets that are kept and the noise.
        """
        targets, contexts = self.positives(tokens, boundaries, generator)
        noise = self.noise(contexts, generator)
        return Pairs(targets, np.concatenate([contexts[:, None], noise], axis=1))

    def positives(
        self, tokens: np.ndarray, boundaries: np.ndarray, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns targets and contexts, int32 `(pairs,)` each, as Keras' `skipgrams` finds them.

        A frequent word is dropped as a target, by its rank, but stays a context.
        """
        starts, lengths = boundaries[:-1], np.diff(boundaries)
        if "truncation" not in self.repairs:
            lengths = np.minimum(lengths, SEQUENCE_LENGTH)
        before = np.cumsum(lengths) - lengths
        place = np.arange(int(lengths.sum())) - np.repeat(before, lengths)  # within the line
        read = tokens[np.repeat(starts, lengths) + place]
        left = np.repeat(lengths, lengths) - 1 - place  # tokens of the line that follow
        kept = generator.random(len(read)) < sampling_table(self.ids)[read]
        kept &= read != PADDING_ID
        parts = []
        for distance in range(1, self.window_size + 1):
            for reach, offset in ((place, -distance), (left, distance)):
                rows = np.flatnonzero(kept & (reach >= distance))
                parts.append((read[rows], read[rows + offset]))
        targets = np.concatenate([part[0] for part in parts]).astype(np.int32)
        return targets, np.concatenate([part[1] for part in parts]).astype(np.int32)

    def noise(self, contexts: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Returns noise words, int32 `(pairs, num_negatives)`, all different within a pair.

        Source: `tf.random.log_uniform_candidate_sampler` with unique=True: an id is
        floor(exp(u log(ids + 1))) - 1, and what a pair has already is drawn again.
        """
        noise = np.empty((len(contexts), self.num_negatives), np.int32)
        for column in range(self.num_negatives):
            rows = np.arange(len(contexts))
            while len(rows):
                drawn = self._log_uniform(len(rows), generator)
                noise[rows, column] = drawn
                bad = (noise[rows, :column] == drawn[:, None]).any(axis=1) | self._barred(drawn)
                if "positive" in self.repairs:
                    bad |= drawn == contexts[rows]
                rows = rows[bad]
        return noise

    def _log_uniform(self, count: int, generator: np.random.Generator) -> np.ndarray:
        values = np.exp(generator.random(count, dtype=np.float32) * np.log1p(self.ids)) - 1
        return np.minimum(values.astype(np.int32), self.ids - 1)  # float32 may round up

    def _barred(self, drawn: np.ndarray) -> np.ndarray:
        barred = np.zeros(len(drawn), bool)
        if "padding" in self.repairs:
            barred |= drawn == PADDING_ID
        if "unknown" in self.repairs:
            barred |= drawn == OOV_ID
        return barred

    @property
    def possible_noise(self) -> int:
        """How many ids can be noise of a pair."""
        return self.ids - len({"padding", "unknown", "positive"} & self.repairs)


def sampling_table(ids: int) -> np.ndarray:
    """Returns the probability that a target of each id is kept: float64, shape `(ids,)`.

    Source: Keras' `make_sampling_table`, which takes the frequency of rank r from Zipf's law,
    1 / (r (log r + 0.577) + 1/2 - 1 / (12 r)), and keeps with sqrt(1e-5 / frequency).
    """
    rank = np.maximum(np.arange(ids), 1).astype(np.float64)
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(SAMPLING_FACTOR * inverse))


def shuffled_by_buffer(count: int, buffer: int, generator: np.random.Generator) -> np.ndarray:
    """Returns 0 to `count` - 1 in the order that `tf.data`'s `shuffle(buffer)` gives.

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
