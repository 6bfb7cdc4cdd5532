"""Split text into words by ICU, whose rules and dictionaries know all scripts: `--split icu`.

1. Text is cut at the word boundaries of Unicode Standard Annex 29. Chinese, Japanese, Thai, Lao,
   Khmer and Burmese, which have no spaces, are cut by ICU's dictionaries. Which words they hold
   depends on ICU's version, which the manifest names.
2. A piece is a word when it holds a letter or a digit; all others are dropped: punctuation, symbols
   and white space. Numbers (`3.14`, `1,000`), contractions (`don't`) and abbreviations (`U.S`) are
   one word each, as is `snake_case`; `well-known` is two, and `_so_` is `so`.
3. With `--standardize none` that is all. Otherwise letters become lower-case, as Python lowers
   them, marks that only steer the display are removed, and ’ becomes '.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.normalization import EMOJI_SEQUENCE, INVISIBLE
from w2vtrain.errors import W2VError

_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_OUTER_UNDERSCORES = re.compile(r"\b_+|_+\b")
_EMOJI = re.compile(EMOJI_SEQUENCE)
_ROOT = "root"  # the locale of no language in particular


def icu_version() -> str:
    """Return the version of ICU.

    Raises:
        W2VError: the extra is not installed.
    """
    _breaker()
    from icu4py._version import icu_version as version

    return str(version)


def words_of_units(
    text: str, config: PrepareConfig
) -> tuple[Sequence[str], np.ndarray, np.ndarray]:
    """Split units into words.

    Args:
        text: normalized; units, one a line.
        config: `standardize`, `keep_emoji` and `keep_tags` are used.

    Returns:
        the distinct words; int32 array, shape `(words,)`: for each running word its place among
        them; int64 array, shape `(units,)`: words in each unit.

    Source: Unicode Standard Annex 29, "Unicode Text Segmentation", section 4.
    """
    if config.standardize != "none":
        text = text.lower()
        if not text.isascii():
            text = _INVISIBLE.sub("", text).replace("’", "'")
        if "_" in text:  # ICU takes it for a letter
            text = _OUTER_UNDERSCORES.sub("", text)
    pieces: Iterable[str] = _breaker()(text, _ROOT) if text else ()
    numbers = _Numbers()
    line_end = numbers["\n"]
    if config.keep_tags:
        pieces = _with_tags(pieces)
    index = np.fromiter(map(numbers.__getitem__, pieces), np.int32)
    is_word = np.array([_is_word(piece, config.keep_emoji) for piece in numbers])
    kept = is_word[index]
    before = np.concatenate([[0], np.cumsum(kept)])  # words before each piece
    ends = np.append(np.flatnonzero(index == line_end), len(index))
    lengths = np.diff(before[ends], prepend=0)
    places = (np.cumsum(is_word) - 1).astype(np.int32)
    words = [piece for piece, word in zip(numbers, is_word.tolist(), strict=True) if word]
    return words, places[index[kept]], lengths


class _Numbers(dict[str, int]):
    """Number texts in order of appearance."""

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        return number


def _is_word(piece: str, keep_emoji: bool) -> bool:
    if piece.isalnum() or any(map(str.isalnum, piece)):
        return True
    return keep_emoji and _EMOJI.fullmatch(piece) is not None


def _with_tags(pieces: Iterable[str]) -> Iterator[str]:
    """Join `#` and `@` to the word after it, unless a word is before it, as in an address."""
    before = sign = ""
    for piece in pieces:
        if sign and piece[0].isalnum():
            piece = sign + piece
        elif sign:
            yield sign
        sign = piece if piece in "#@" and not before[-1:].isalnum() and before != "&" else ""
        before = piece
        if not sign:
            yield piece
    if sign:
        yield sign


def _breaker() -> Any:
    try:
        from icu4py.breakers import WordBreaker
    except ImportError as error:
        raise W2VError(
            f"--split icu needs the package icu4py: {error}",
            "Install it: pip install 'w2vtrain[icu]'",
        ) from None
    return WordBreaker
