"""Phrases, words that come together more often than by chance, and how to join them: `new_york`.

Everything works on token ids, a frame of the text at a time. Which words are a pair, and the greedy
choice from left to right, are those of gensim's `Phrases`, connector words included.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from w2vtrain.corpus.encoding import Frame
from w2vtrain.corpus.vocabulary import escaped, unescaped
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory

NO_WORD = 0  # the id of what is part of no phrase: words too long, or unknown
MOST_CONNECTORS = 8  # between the two words of a phrase
_DELIMITER = "_"
_HEADER = "phrase\tcount\tscore\tpass\twords\n"
_LARGEST_KEY = 2**63 - 1
_HASH = (1 << 20) - 1  # bits of a key
NO_KEY = -1


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as it was found.

    Args:
        words: the tokens that it is made of; in a later pass these may be phrases themselves.
        count: how often they came together when the phrase was found.
        score: its score.
    """

    words: tuple[str, ...]
    count: int
    score: float

    @property
    def spelling(self) -> str:
        """The token that the words become."""
        return _DELIMITER.join(self.words)


@dataclass(frozen=True)
class Phrases:
    """The phrases of a run, as `phrases.tsv` lists them.

    Args:
        passes: the phrases that each pass over the text joins, the most frequent first.
    """

    passes: tuple[tuple[Phrase, ...], ...] = ()

    def __len__(self) -> int:
        return sum(map(len, self.passes))

    def save(self, path: Path) -> None:
        """Write a line a phrase: spelling, count, score, pass, and its words with spaces."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write(_HEADER)
            for number, phrases in enumerate(self.passes, start=1):
                for phrase in phrases:
                    name, words = escaped(phrase.spelling), escaped(" ".join(phrase.words))
                    file.write(f"{name}\t{phrase.count}\t{phrase.score:.6g}\t{number}\t{words}\n")

    @classmethod
    def load(cls, path: Path) -> "Phrases":
        """Load what `save` wrote.

        Raises:
            W2VError: the file cannot be read, or is no list of phrases.
        """
        passes: list[list[Phrase]] = []
        try:
            lines = path.read_bytes().decode("utf-8").split("\n")
            if lines[0] + "\n" != _HEADER:
                raise ValueError(f"its first line is {lines[0]!r}")
            for line in lines[1:-1]:
                _, count, score, number, words = line.split("\t")
                passes.extend([] for _ in range(len(passes), int(number)))
                phrase = Phrase(tuple(unescaped(words).split(" ")), int(count), float(score))
                passes[int(number) - 1].append(phrase)
        except (OSError, ValueError, IndexError) as error:
            raise W2VError(
                f"{path} is no list of phrases: {error}", "Run `w2v prepare` again with --force."
            ) from None
        return cls(tuple(map(tuple, passes)))


NO_PHRASES = Phrases()


def phrases_of(run: Path | None) -> Phrases:
    """Return the phrases of a run; none where there is no run, or it joins none."""
    path = None if run is None else RunDirectory(run).phrases
    return NO_PHRASES if path is None or not path.exists() else Phrases.load(path)


def with_start(start: np.ndarray, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Return ids and lengths of a frame with some more ids at the start of its first unit."""
    lengths = frame.lengths.copy()
    lengths[0] += len(start)
    return np.concatenate([start, frame.ids]), lengths


class Pairs(NamedTuple):
    """Neighboring words of a text, connector words between them passed over.

    Args:
        first, second: int64 arrays, shape `(pairs,)`: their places.
        keys: int64 array, shape `(pairs,)`: the same for the same words, and for no others;
            `NO_KEY` where the two can be no phrase.
    """

    first: np.ndarray
    second: np.ndarray
    keys: np.ndarray


class PairKeys:
    """Number the pairs of words in a text whose ids are known.

    The key of words a and b with the connector words m between them is `(m W + a) W + b`, W being
    the number of ids; m numbers the sequences of connector words, 0 for none.

    Args:
        ids: the number of ids.
        connectors: ids of the connector words.
    """

    def __init__(self, ids: int, connectors: Sequence[int] = ()) -> None:
        self._ids = ids
        self._is_connector = np.zeros(ids, bool)
        self._is_connector[list(connectors)] = True
        self._numbers_of: dict[int, int] = {}  # from a sequence and the id after it to its number
        self._sequences: list[int] = []  # the same by number, from 1

    def of(self, ids: np.ndarray, lengths: np.ndarray) -> Pairs:
        """Return the pairs of neighboring words.

        Args:
            ids: int array, shape `(tokens,)`.
            lengths: int64 array, shape `(units,)`: tokens in each unit; no pair crosses its end.
        """
        places = np.flatnonzero(~self._is_connector[ids])
        first, second = places[:-1], places[1:]
        words = ids[places].astype(np.int64)
        units = np.repeat(np.arange(len(lengths)), lengths)[places]
        connectors = second - first - 1
        fits = (units[:-1] == units[1:]) & (connectors <= MOST_CONNECTORS)
        fits &= (words[:-1] != NO_WORD) & (words[1:] != NO_WORD)
        between = self._between(ids, first, np.where(fits, connectors, 0))
        keys = (between * self._ids + words[:-1]) * self._ids + words[1:]
        return Pairs(first, second, np.where(fits, keys, NO_KEY))

    def of_frames(self, frames: Iterable[Frame]) -> Iterator[np.ndarray]:
        """Yield the keys of the pairs in a text that comes in frames, without `NO_KEY`."""
        rest = np.zeros(0, np.int32)
        for frame in frames:
            ids, lengths = with_start(rest, frame)
            keys = self.of(ids, lengths).keys
            yield keys[keys != NO_KEY]
            rest = ids[len(ids) if frame.ends else self.open_word(ids, lengths) :]

    def open_word(self, ids: np.ndarray, lengths: np.ndarray) -> int:
        """Return the place of the last word that may go on in a later frame; else the end."""
        last = ids[len(ids) - min(int(lengths[-1]), MOST_CONNECTORS + 1) :]
        words = np.flatnonzero(~self._is_connector[last])
        return len(ids) - len(last) + int(words[-1]) if len(words) else len(ids)

    def _between(self, ids: np.ndarray, first: np.ndarray, connectors: np.ndarray) -> np.ndarray:
        """Return the numbers of the sequences of connector words that follow `first`."""
        numbers = np.zeros(len(first), np.int64)
        for step in range(1, int(connectors.max(initial=0)) + 1):
            here = np.flatnonzero(connectors >= step)
            longer = numbers[here] * self._ids + ids[first[here] + step]
            found, rows = np.unique(longer, return_inverse=True)
            numbers[here] = np.array([self._number(s) for s in found.tolist()], np.int64)[rows]
        return numbers

    def _number(self, longer: int) -> int:
        """Return the number of a sequence: that of all its words but the last, and the last."""
        if longer not in self._numbers_of:
            self._sequences.append(longer)
            self._numbers_of[longer] = len(self._sequences)
            if (len(self._sequences) + 1) * self._ids**2 > _LARGEST_KEY:
                raise W2VError(
                    f"{len(self._sequences):,} sequences of connector words among "
                    f"{self._ids:,} different words are too many.",
                    "Give fewer --connector-words, or a smaller --max-types.",
                )
        return self._numbers_of[longer]

    def key(self, words: Sequence[int]) -> int:
        """Return the key of a phrase, given by the ids of its words."""
        number = 0
        for connector in words[1:-1]:
            number = self._number(number * self._ids + connector)
        return (number * self._ids + words[0]) * self._ids + words[-1]

    def words(self, key: int) -> tuple[int, ...]:
        """Return the ids of the words of a key, those of connector words among them."""
        rest, second = divmod(key, self._ids)
        number, first = divmod(rest, self._ids)
        between: list[int] = []
        while number:
            number, connector = divmod(self._sequences[number - 1], self._ids)
            between.insert(0, connector)
        return (first, *between, second)

    def ends(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the first and the last word of each key."""
        return keys // self._ids % self._ids, keys % self._ids


class Joiner:
    """Join the phrases of one pass, greedily from left to right.

    Args:
        phrases: those of which a word, or what they become, has no id are left out.
        ids: ids of the words.
        number: how many ids there are in the text.
    """

    def __init__(self, phrases: Iterable[Phrase], ids: Mapping[str, int], number: int) -> None:
        known = [p for p in phrases if p.spelling in ids and all(w in ids for w in p.words)]
        # A connector word that is inside no phrase changes nothing.
        self._keys = PairKeys(number, [ids[word] for p in known for word in p.words[1:-1]])
        keys = np.array([self._keys.key([ids[w] for w in p.words]) for p in known], np.int64)
        become = np.array([ids[p.spelling] for p in known], np.int64)
        order = np.argsort(keys)
        self._phrases = np.append(keys[order], _LARGEST_KEY)  # with what no key is greater than
        self._become = become[order]
        self._hashed = np.zeros(1 << 20, bool)  # tells most other pairs at a glance
        self._hashed[keys & _HASH] = True

    def join(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield a text with the phrases joined; a word becomes part of one phrase at most."""
        rest = np.zeros(0, np.int32)
        for frame in frames:
            ids, lengths = with_start(rest, frame)
            first, second, become = self._chosen(ids, lengths)
            cut = len(ids) if frame.ends else self._keys.open_word(ids, lengths)
            cut = len(ids) if len(second) and second[-1] == cut else cut
            rest = ids[cut:]
            ids[first] = become
            inside = np.zeros(len(ids) + 1, np.int8)  # 1 in the rest of a phrase, once summed up
            inside[first + 1] += 1
            inside[second + 1] -= 1
            keep = np.cumsum(inside[:-1], dtype=np.int8) == 0
            keep[cut:] = False
            kept_before = np.concatenate([[0], np.cumsum(keep)])
            ends = kept_before[np.cumsum(lengths)]
            yield Frame(ids[keep], np.diff(ends, prepend=0), frame.ends)

    def _chosen(self, ids: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the places of the first and last words of phrases, and what they become."""
        first, second, keys = self._keys.of(ids, lengths)
        likely = np.flatnonzero(self._hashed[keys & _HASH])
        rows = np.searchsorted(self._phrases, keys[likely])
        found = self._phrases[rows] == keys[likely]
        pairs, rows = likely[found], rows[found]
        # Of pairs one after the other, which share a word, the first, the third and so on is taken.
        starts = np.diff(pairs, prepend=-2) > 1
        run_start = np.maximum.accumulate(np.where(starts, np.arange(len(pairs)), 0))
        taken = (np.arange(len(pairs)) - run_start) % 2 == 0
        pairs = pairs[taken]
        return first[pairs], second[pairs], self._become[rows[taken]]


class WordJoiner:
    """Join the phrases of a run in words that are spelled out.

    Args:
        phrases: of the run.
    """

    def __init__(self, phrases: Phrases) -> None:
        found = [phrase for part in phrases.passes for phrase in part]
        words = {word for phrase in found for word in (*phrase.words, phrase.spelling)}
        spellings = ["", *sorted(words)]  # the id 0 is that of every other word
        ids = {word: i for i, word in enumerate(spellings)}
        self._ids = {word.encode(): i for word, i in ids.items()}
        self._spellings = np.array(list(self._ids), dtype=object)
        self._joiners = [Joiner(part, ids, len(ids)) for part in phrases.passes]

    def join(self, words: Any, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the words of some texts, and their lengths, with the phrases joined.

        Args:
            words: object array of UTF-8, shape `(words,)`.
            lengths: int64 array, shape `(texts,)`: words in each text.
        """
        ids = np.fromiter((self._ids.get(word, 0) for word in words), np.int32, len(words))
        frame = Frame(ids, lengths, ends=True)
        for joiner in self._joiners:
            (frame,) = joiner.join([frame])
        joined = self._spellings[frame.ids]
        joined[frame.ids == 0] = words[ids == 0]  # as many as before, in the same order
        return joined, frame.lengths
