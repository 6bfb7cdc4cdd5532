"""Tokenize blocks of text and count the tokens, under provisional ids in order of appearance.

The text is read once. While it is counted nobody knows which words will be kept, so each word gets
a provisional id at once, and the final ids come from one table when the counts are known.
"""

import functools
import itertools
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.documents import Block
from w2vtrain.corpus.encoding import UnitTable
from w2vtrain.corpus.normalization import normalize_text
from w2vtrain.corpus.stretches import stripped_words
from w2vtrain.corpus.subword_units import SubwordUnits
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_ID, OOV_TOKEN
from w2vtrain.corpus.word_boundaries import words_of_units
from w2vtrain.tensorflow_runtime import available_threads

# Longer "words" are encoded data or text without spaces. They are counted, but never kept: Keras
# stores a vocabulary as an array as wide as its longest word.
LONGEST_TOKEN = 128  # characters
TOO_LONG_ID = 0  # the provisional id they share

_STRIPPED = PrepareConfig(normalize="none")  # the default rules


@dataclass(frozen=True)
class TokenizedBlock:
    """The tokens of a block.

    Args:
        block: the text it came from.
        unique: distinct tokens as UTF-8.
        too_long: bool array, shape `(unique,)`.
        index: int32 array, shape `(tokens,)`: for each token its row in `unique`.
        lengths: int64 array, shape `(units,)`: tokens in each unit.
    """

    block: Block
    unique: list[bytes]
    too_long: np.ndarray
    index: np.ndarray
    lengths: np.ndarray


def tokenized(
    blocks: Iterable[Block],
    config: PrepareConfig,
    threads: int | None = None,
    tokenize: Callable[[Block], TokenizedBlock] | None = None,
    stop: Callable[[], None] | None = None,
) -> Generator[TokenizedBlock, None, None]:
    """Tokenize blocks, in their order, as the saved layer does.

    That is done in threads of its own while the next block is read and the last one counted.

    Args:
        blocks: of text, one unit a line.
        config: what `tokenized_block` uses of it.
        threads: how many blocks are tokenized at a time.
        tokenize: what does it in these threads; `tokenized_block` by default.
        stop: is called at the end, also by an error or Ctrl-C, before the threads are waited for.
    """
    threads = threads or min(2, available_threads())
    tokenize = tokenize or functools.partial(tokenized_block, config=config)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="tokenize")
    waiting: list[Future[TokenizedBlock]] = []
    try:
        for block in blocks:
            waiting.append(pool.submit(tokenize, block))
            if len(waiting) > threads:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
    finally:
        if stop is not None:
            stop()
        pool.shutdown(wait=True, cancel_futures=True)


def tokenized_block(block: Block, config: PrepareConfig) -> TokenizedBlock:
    """Tokenize one block.

    Args:
        block: of text.
        config: `normalize`, `standardize`, `split`, `keep_emoji` and `keep_tags` are used.
    """
    text = normalize_text(block.text, config.normalize)
    if config.split == "icu":
        words, index, rows = words_of_units(text, config)
        too_long = np.array([len(word) > LONGEST_TOKEN for word in words], bool)
        return TokenizedBlock(block, [word.encode() for word in words], too_long, index, rows)
    rules = ("standardize", "split", "keep_emoji", "keep_tags")
    same = PrepareConfig(normalize="none", **{name: getattr(config, name) for name in rules})
    if same == _STRIPPED:
        found, index, rows = stripped_words(text)
        too_long = np.array([len(word) > LONGEST_TOKEN for word in found], bool)  # bytes
        for place in np.flatnonzero(too_long).tolist():
            too_long[place] = len(found[place].decode()) > LONGEST_TOKEN
        return TokenizedBlock(block, found, too_long, index, rows)
    unique, lengths, index, rows = _tokenizer(same)(text.encode())
    too_long = lengths.numpy() > LONGEST_TOKEN
    return TokenizedBlock(block, unique.numpy().tolist(), too_long, index.numpy(), rows.numpy())


@functools.cache  # a second call need not trace again
def _tokenizer(config: PrepareConfig) -> Any:
    """Return what tokenizes a block by the settings."""
    import tensorflow as tf

    from w2vtrain.corpus.standardization import splitter, standardizer

    standardize, split = standardizer(config), splitter(config)
    if config.standardize == "lower-and-strip-punctuation" and config.split != "character":
        split = tf.strings.split  # the same and faster: only single spaces are left

    @tf.function(input_signature=[tf.TensorSpec((), tf.string)])
    def tokenize(text: Any) -> Any:
        units = tf.strings.split(text, "\n")
        tokens = split(units if standardize is None else standardize(units))
        unique, index = tf.unique(tokens.flat_values)
        return unique, tf.strings.length(unique, "UTF8_CHAR"), index, tokens.row_lengths()

    return tokenize


class TokenCounter:
    """Count tokens, with a stated bound on memory.

    When more than `max_types` different tokens are held, the rarest are pruned: all seen once, then
    at the next time all seen twice or less, and so on, as word2vec's `ReduceVocab` does. A pruned
    token that comes again starts from zero, and its earlier places count as left out.

    Args:
        max_types: different tokens held at most; None for no bound.
    """

    def __init__(self, max_types: int | None = None) -> None:
        self.max_types = max_types
        self.pruned_below = 0  # tokens seen at most this often may have been pruned
        self.pruned_types = 0
        self._ids: dict[bytes, int] = {}
        self._counts = np.zeros(1 << 16, dtype=np.int64)
        self._next_id = TOO_LONG_ID + 1

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def counts(self) -> np.ndarray:
        """Occurrences of each provisional id: int64, shape `(provisional ids,)`."""
        return self._counts[: self._next_id]

    @counts.setter
    def counts(self, counts: np.ndarray) -> None:
        self._counts = counts

    def known(self, word: str) -> int | None:
        """Return the provisional id of a word, if it has one."""
        return self._ids.get(word.encode())

    def add_word(self, word: str) -> int:
        """Return the provisional id of a word, a new one if it has none."""
        if (found := self.known(word)) is not None:
            return found
        self._ids[word.encode()] = self._next_id
        self._next_id += 1
        self._grow()
        return self._next_id - 1

    def spellings(self, ids: set[int]) -> dict[int, str]:
        """Return the words that have these provisional ids."""
        return {i: word.decode() for word, i in self._ids.items() if i in ids}

    def add(self, tokens: TokenizedBlock) -> np.ndarray:
        """Count a block; return the provisional ids of its tokens: int32, shape `(tokens,)`."""
        ids = self._ids_of(tokens)
        self._grow()
        found = ids[tokens.index]
        counts = np.bincount(tokens.index, minlength=len(ids))
        # `ids` repeat where several tokens are too long, so a plain += would lose some.
        np.add.at(self._counts, ids, counts)
        if self.max_types is not None and len(self._ids) > self.max_types:
            self._prune()
        return found

    def _ids_of(self, tokens: TokenizedBlock) -> np.ndarray:
        known, unique = self._ids, tokens.unique
        found = map(known.get, unique, itertools.repeat(-1))
        ids = np.fromiter(found, np.int32, len(unique))
        ids[tokens.too_long] = TOO_LONG_ID
        for place in np.flatnonzero(ids < 0).tolist():
            known[unique[place]] = ids[place] = self._next_id
            self._next_id += 1
        return ids

    def _grow(self) -> None:
        if self._next_id > len(self._counts):
            room = np.zeros(2 * self._next_id - len(self._counts), dtype=np.int64)
            self._counts = np.concatenate([self._counts, room])

    def _prune(self) -> None:
        while self.max_types is not None and len(self._ids) > self.max_types:
            self.pruned_below += 1
            before = len(self._ids)
            counts = self._counts
            self._ids = {t: i for t, i in self._ids.items() if counts[i] > self.pruned_below}
            self.pruned_types += before - len(self._ids)

    def result(self, config: PrepareConfig) -> "Counted":
        """Decide which words are kept, by `min_count` and `vocabulary_size`."""
        encoded = list(self._ids)
        by_spelling = np.array(
            sorted(range(len(encoded)), key=encoded.__getitem__), dtype=np.int64
        )  # the order of UTF-8 bytes is that of code points
        ids = np.fromiter(self._ids.values(), dtype=np.int64, count=len(encoded))[by_spelling]
        falling = np.argsort(-self._counts[ids], kind="stable")
        falling = falling[: np.count_nonzero(self._counts[ids])]  # others became part of phrases
        ids = ids[falling]
        tokens = [encoded[row].decode() for row in by_spelling[falling].tolist()]
        return _cut_off(tokens, self._counts[ids], ids, self._counts[: self._next_id], config)


@dataclass(frozen=True)
class Counted:
    """The words kept and left out, and the table from provisional to final ids.

    Args:
        words: kept, by falling count, ties by code point.
        counts: int64 array, shape `(words,)`.
        left_out: words under the cut-off, in the same order.
        left_out_counts: int64 array, shape `(left_out,)`.
        final_ids: int32 array, shape `(provisional ids,)`: the id of each provisional id's token
            in `vocabulary.tsv`, or 1 where it is left out.
        tokens: running words read.
        too_long: running words of more than `LONGEST_TOKEN` characters.
    """

    words: list[str]
    counts: np.ndarray
    left_out: list[str]
    left_out_counts: np.ndarray
    final_ids: np.ndarray
    tokens: int
    too_long: int


def _cut_off(
    tokens: list[str],
    counts: np.ndarray,
    ids: np.ndarray,
    all_counts: np.ndarray,
    config: PrepareConfig,
) -> Counted:
    kept = counts >= config.min_count
    if OOV_TOKEN in tokens:  # the text spells the name of what is left out: it is left out
        kept[tokens.index(OOV_TOKEN)] = False
    if config.vocabulary_size is not None:
        kept &= np.cumsum(kept) <= config.vocabulary_size
    final_ids = np.ones(len(all_counts), dtype=np.int32)
    final_ids[ids[kept]] = np.arange(2, 2 + int(kept.sum()), dtype=np.int32)
    return Counted(
        words=[token for token, keep in zip(tokens, kept.tolist(), strict=True) if keep],
        counts=counts[kept],
        left_out=[token for token, keep in zip(tokens, kept.tolist(), strict=True) if not keep],
        left_out_counts=counts[~kept],
        final_ids=final_ids,
        tokens=int(all_counts.sum()),
        too_long=int(all_counts[TOO_LONG_ID]),
    )


def cut_into_units(block: TokenizedBlock, subwords: SubwordUnits) -> TokenizedBlock:
    """Return a block of words as one of their subword units."""
    words = [word.decode() for word in block.unique]
    cut = subwords.numbers(words)
    sizes = np.array([1, *map(len, cut)])
    table = UnitTable(sizes, np.array([0, *itertools.chain.from_iterable(cut)]))
    index, lengths = table.spread(block.index + FIRST_WORD_ID, block.lengths)
    units = [name.encode() for name in subwords.names]
    return TokenizedBlock(block.block, units, np.zeros(len(units), bool), index, lengths)


def count_units(
    counted: Counted, subwords: SubwordUnits, config: PrepareConfig
) -> tuple[Counted, UnitTable]:
    """Count units where words were counted.

    Args:
        counted: every word of the text.
        subwords: that the words are cut into.
        config: `min_count` is used.

    Returns:
        the counts of units, and the table that puts their ids in the place of words.
    """
    names = subwords.names
    cut = subwords.numbers(counted.words)
    sizes = np.fromiter(map(len, cut), np.int64, len(cut))
    units = np.fromiter(itertools.chain.from_iterable(cut), np.int64, sizes.sum())
    counts = np.zeros(len(names), np.int64)
    np.add.at(counts, units, np.repeat(counted.counts, sizes))
    order = np.array(sorted(np.flatnonzero(counts), key=lambda i: (-counts[i], names[i])))
    kept = (counts[order] >= config.min_count) & (order != names.index(OOV_TOKEN))
    ids = np.full(len(names), OOV_ID, np.int32)
    ids[order[kept]] = np.arange(FIRST_WORD_ID, FIRST_WORD_ID + kept.sum(), dtype=np.int32)
    result = Counted(
        words=[names[i] for i in order[kept]],
        counts=counts[order[kept]],
        left_out=[names[i] for i in order[~kept]],
        left_out_counts=counts[order[~kept]],
        final_ids=counted.final_ids,
        tokens=int(counts.sum()) + counted.tokens - int(counted.counts.sum()),
        too_long=counted.too_long,
    )
    return result, UnitTable(np.append([1], sizes), np.append([OOV_ID], ids[units]))
