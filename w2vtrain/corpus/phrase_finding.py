"""Find the phrases of a text, in memory that does not grow with the text.

Pairs of neighboring words become int64 keys, which are spread over files by a hash and sorted a
file at a time. Counts and scores are those of gensim's `Phrases`.
"""

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from w2vtrain.config import PhraseScore, PrepareConfig
from w2vtrain.corpus.counting import LONGEST_TOKEN, TokenCounter
from w2vtrain.corpus.encoding import TokenSpool
from w2vtrain.corpus.phrases import NO_KEY, NO_PHRASES, Joiner, PairKeys, Phrase, Phrases

_LOG = logging.getLogger(__name__)
_KEYS_AT_ONCE = 1 << 23  # sorted in memory; more of them are spread over files


def count_keys(
    parts: Iterable[np.ndarray], tokens: int, min_count: int, folder: Path
) -> tuple[np.ndarray, np.ndarray, int]:
    """Count keys in bounded memory.

    Args:
        parts: of the keys: int64 arrays, shape `(keys,)`.
        tokens: about how many keys come in all.
        min_count: keys seen less often than this are not returned.
        folder: for temporary files, if there are many keys.

    Returns:
        the keys, in order, and their counts: int64 arrays of one shape; how many different keys
        there are.
    """
    number = max(1, math.ceil(tokens / _KEYS_AT_ONCE))
    keys, counts, distinct = [], [], 0
    for some in [np.concatenate(list(parts))] if number == 1 else _spread(parts, number, folder):
        some.sort()
        starts = np.flatnonzero(np.diff(some, prepend=NO_KEY))
        times = np.diff(starts, append=len(some))
        distinct += len(starts)
        keys.append(some[starts[times >= min_count]])
        counts.append(times[times >= min_count])
    order = np.argsort(all_keys := np.concatenate(keys))
    return all_keys[order], np.concatenate(counts)[order], distinct


def _spread(parts: Iterable[np.ndarray], number: int, folder: Path) -> Iterator[np.ndarray]:
    """Yield the keys in `number` arrays; all occurrences of a key are in one of them."""
    paths = [folder / f"pairs_{i}.tmp" for i in range(number)]
    files = [path.open("wb") for path in paths]
    try:
        for keys in parts:
            hashes = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)
            place = (hashes % np.uint64(number)).astype(np.uint16)
            keys = keys[np.argsort(place, kind="stable")]
            ends = np.cumsum(np.bincount(place, minlength=number))
            for file, some in zip(files, np.split(keys, ends[:-1]), strict=True):
                file.write(some.data)
        for file, path in zip(files, paths, strict=True):
            file.close()
            yield np.fromfile(path, np.int64)
            path.unlink()
    finally:
        for file, path in zip(files, paths, strict=True):
            file.close()
            path.unlink(missing_ok=True)


def scores(
    score: PhraseScore,
    together: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    words: int,
    types: int,
    min_count: int,
) -> np.ndarray:
    """Return the scores of pairs of words: float64 array, shape `(pairs,)`.

    - `npmi`: ln(p(a, b) / (p(a) p(b))) / -ln p(a, b), from -1 to 1. Source: Bouma 2009, "Normalized
      (Pointwise) Mutual Information in Collocation Extraction".
    - `word2vec`: (n(a, b) - min_count) N / (n(a) n(b)). Source: Mikolov et al. 2013, "Distributed
      Representations of Words and Phrases and their Compositionality", section 4; with N as in
      gensim the number of different words and pairs (word2vec's own program takes the running
      words).

    Args:
        score: which.
        together, first, second: int64 arrays, shape `(pairs,)`: how often the pair and each of its
            words occur.
        words: running words.
        types: different words and pairs.
        min_count: the discount.
    """
    if score == "word2vec":
        return (together - min_count) / (first * second) * types
    share = together / words
    with np.errstate(divide="ignore", invalid="ignore"):  # a text of nothing but one pair
        return np.log(share / ((first / words) * (second / words))) / -np.log(share)


class TextJoiner:
    """Find the phrases of a text that has been counted, or take known ones, and join them.

    Args:
        counter: holds the words and their counts; gets the phrases as words, and the new counts.
        config: the settings.
        known: the phrases to join; None finds them in the text.
        folder: for temporary files.

    Attributes:
        phrases: those joined.
    """

    def __init__(
        self, counter: TokenCounter, config: PrepareConfig, known: Phrases | None, folder: Path
    ) -> None:
        self.phrases = known or NO_PHRASES
        self._counter, self._config, self._folder = counter, config, folder
        self._known = known

    def run(self, spool: TokenSpool) -> TokenSpool:
        """Return the text with the phrases joined; the spool given is closed."""
        passes = len(self._known.passes) if self._known else self._config.phrase_passes
        for number in range(passes):
            if self._known is None:
                found = self._find(spool)
                self.phrases = Phrases((*self.phrases.passes, found))
            spool = self._joined(spool, self.phrases.passes[number], number)
        return spool

    def _find(self, spool: TokenSpool) -> tuple[Phrase, ...]:
        """Return the phrases of one pass, the most frequent first."""
        config, counts = self._config, self._counter.counts
        connectors = [self._counter.known(word) for word in config.connectors]
        ids = [i for i in connectors if i is not None]
        if connectors and not ids:
            _LOG.warning("None of the --connector-words is a word of the text.")
        keys = PairKeys(len(counts), ids)
        found, together, pairs = count_keys(
            keys.of_frames(spool.frames()), spool.tokens, config.phrase_min_count, self._folder
        )
        words = int(np.count_nonzero(counts)) - int(np.count_nonzero(counts[ids]))
        first, second = (counts[end] for end in keys.ends(found))
        values = scores(
            config.phrase_score,
            *(together, first, second),
            int(counts.sum()),
            words + pairs,
            config.phrase_min_count,
        )
        best = np.flatnonzero(values > config.threshold)
        parts = [keys.words(key) for key in found[best].tolist()]
        names = self._counter.spellings({i for part in parts for i in part})
        phrases = [
            Phrase(tuple(names[i] for i in part), count, value)
            for part, count, value in zip(
                parts, together[best].tolist(), values[best].tolist(), strict=True
            )
            if all(i in names for i in part)  # not pruned
        ]
        phrases = [phrase for phrase in phrases if len(phrase.spelling) <= LONGEST_TOKEN]
        return tuple(sorted(phrases, key=lambda phrase: (-phrase.count, phrase.words)))

    def _joined(self, spool: TokenSpool, phrases: Sequence[Phrase], number: int) -> TokenSpool:
        words = {word for phrase in phrases for word in phrase.words}
        ids = {word: i for word in words if (i := self._counter.known(word)) is not None}
        for phrase in phrases:
            if all(word in ids for word in phrase.words):
                ids[phrase.spelling] = self._counter.add_word(phrase.spelling)
        counts = np.zeros(len(self._counter.counts), np.int64)
        joiner = Joiner(phrases, ids, len(counts))
        joined = TokenSpool(self._folder, f"joined_{number}")
        try:
            for frame in joiner.join(spool.frames()):
                counts += np.bincount(frame.ids, minlength=len(counts))
                joined.append(*frame)
        except BaseException:
            joined.close()
            raise
        spool.close()
        self._counter.counts = counts
        return joined
