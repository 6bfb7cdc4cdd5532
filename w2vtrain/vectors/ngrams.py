"""Character n-grams of words and the rows of a table that they share, by hashing.

A word's vector is the mean of the rows of its character n-grams (and of the word's own row, where
there is one), so that a word that was never seen has a vector too. fastText's layout has a row a
word and `buckets` rows for all n-grams; floret's has one small table, in which a word and each of
its n-grams have `hash_count` rows.

Source: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information", section 3.2;
fastText's dictionary.cc (`hash`, `computeSubwords`) and floret's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from w2vtrain.errors import W2VError

SubwordHash = Literal["fasttext", "floret"]
END_OF_SENTENCE = "</s>"  # fastText's token for the end of a line; it has no n-grams
MOST_HASHES = 4  # a 128-bit hash holds so many of 32 bits
FNV_BASIS, FNV_PRIME = np.uint32(2166136261), np.uint32(16777619)
_WORDS_AT_ONCE = 50_000


class WordRows(NamedTuple):
    """Rows of a table for each of some words.

    Attributes:
        rows: int64 array, shape `(uses,)`: the rows of the first word, of the second, …
        sizes: int64 array, shape `(words,)`: how many rows each word has.
    """

    rows: np.ndarray
    sizes: np.ndarray


@dataclass(frozen=True)
class Ngrams:
    """Which n-grams a word has, and which row each of them.

    Args:
        buckets: rows for n-grams.
        min_length, max_length: characters in an n-gram, `<` and `>` around the word included.
        hash: `fasttext`, where a word has a row of its own besides, or `floret`.
        hash_count: rows of an n-gram; more than 1 only with floret.
        hash_seed: of floret's hash.
        begin, end: put before and after a word.
    Raises:
        W2VError: lengths out of order, or a number out of range.
    """

    buckets: int = 2_000_000
    min_length: int = 3
    max_length: int = 6
    hash: SubwordHash = "fasttext"
    hash_count: int = 1
    hash_seed: int = 2166136261
    begin: str = "<"
    end: str = ">"

    def __post_init__(self) -> None:
        if not 1 <= self.min_length <= self.max_length:
            raise W2VError(
                f"N-grams of {self.min_length} to {self.max_length} characters: out of order.",
                "The shortest comes first, and has 1 character or more: 3 to 6 is usual.",
            )
        if not 1 <= self.buckets < 2**31:
            raise W2VError(f"{self.buckets:,} buckets: out of range.", "Give 1 to 2147483647.")
        most = MOST_HASHES if self.hash == "floret" else 1
        if not 1 <= self.hash_count <= most:
            raise W2VError(
                f"{self.hash_count} rows an n-gram: out of range.",
                f"An n-gram has 1 row with the fasttext hash, and 1 to {MOST_HASHES} with floret.",
            )

    def rows(self, words: Sequence[str]) -> WordRows:
        """Return the rows of the n-grams of each word, a row as often as it is used.

        A word that has no n-gram has no row. With floret the whole word is the first n-gram.
        """
        if self.hash == "floret":
            return self._floret_rows(words)
        parts = [
            self._fasttext_rows(words[start : start + _WORDS_AT_ONCE])
            for start in range(0, len(words), _WORDS_AT_ONCE)
        ]
        empty = WordRows(np.empty(0, np.int64), np.empty(0, np.int64))
        return WordRows(*(np.concatenate(arrays) for arrays in zip(empty, *parts, strict=True)))

    def _fasttext_rows(self, words: Sequence[str]) -> WordRows:
        """Hash all n-grams at once: a step of FNV-1a for every place of the words' text."""
        marked = [
            b"" if word == END_OF_SENTENCE else f"{self.begin}{word}{self.end}".encode()
            for word in words
        ]
        lengths = np.array([len(text) for text in marked])
        data = np.frombuffer(b"".join(marked), np.uint8)
        # as C++ does: a byte is a signed char, and its sign goes through all 32 bits
        signed = data.view(np.int8).astype(np.int32).view(np.uint32)
        starts = np.flatnonzero((data & 0xC0) != 0x80)  # of characters
        ends = np.append(starts[1:], len(data))
        last = np.repeat(np.cumsum(lengths), lengths)[starts]  # where the character's word ends
        first = np.repeat(np.cumsum(lengths) - lengths, lengths)[starts]
        hashes = np.full(len(starts), FNV_BASIS)
        found = np.zeros((len(starts), self.max_length), np.int64)
        inside = np.zeros(found.shape, bool)
        for length in range(1, self.max_length + 1):
            here = np.arange(len(starts) - length + 1)  # n-grams that begin at these characters
            at, stop = starts[here + length - 1], ends[here + length - 1]
            widths = stop - at
            for byte in range(int(widths.max(initial=0))):
                more = here[widths > byte]
                hashes[more] = (hashes[more] ^ signed[at[more] + byte]) * FNV_PRIME
            found[here, length - 1] = hashes[here]
            inside[here, length - 1] = stop <= last[here]
            if length == 1:  # a single character at either edge is `<` or `>`
                inside[:, 0] &= (starts > first) & (ends < last)
        inside[:, : self.min_length - 1] = False
        owner = np.repeat(np.arange(len(words)), lengths)[starts]
        sizes = np.bincount(owner, inside.sum(axis=1), len(words)).astype(np.int64)
        return WordRows(found[inside] % self.buckets, sizes)

    def _floret_rows(self, words: Sequence[str]) -> WordRows:
        known: dict[str, tuple[int, ...]] = {}
        rows: list[int] = []
        sizes = np.empty(len(words), np.int64)
        for number, word in enumerate(words):
            before = len(rows)
            for ngram in self._floret_ngrams(word):
                found = known.get(ngram)
                if found is None:
                    found = known[ngram] = self._murmur(ngram)
                rows.extend(found)
            sizes[number] = len(rows) - before
        return WordRows(np.array(rows, np.int64), sizes)

    def _floret_ngrams(self, word: str) -> Iterator[str]:
        marked = f"{self.begin}{word}{self.end}"
        yield marked
        if word == END_OF_SENTENCE:
            return
        for start in range(len(marked)):
            longest = min(self.max_length, len(marked) - start)
            for length in range(self.min_length, longest + 1):
                if length > 1 or 0 < start < len(marked) - 1:
                    yield marked[start : start + length]

    def _murmur(self, ngram: str) -> tuple[int, ...]:
        import mmh3

        both = mmh3.hash64(ngram.encode(), self.hash_seed, signed=False)
        halves = [half for number in both for half in (number & 0xFFFFFFFF, number >> 32)]
        return tuple(half % self.buckets for half in halves[: self.hash_count])
