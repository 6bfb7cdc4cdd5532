"""What Unicode says of a text: which spellings are the same, which scripts have no spaces.

Text that looks the same is brought into the same code points, by Python's tables.

The rules of `nfc`, the default, and `nfkc`:

1. Soft hyphens and marks of byte order are removed. A zero-width space becomes a space.
2. A zero-width joiner or non-joiner is removed after a character of the Latin, Greek, Cyrillic and
   Armenian scripts, digits and punctuation of ASCII among them, none of which needs it. It stays
   after others: Persian, Indic scripts and emoji spell with it.
3. Unicode's normalization form of that name. NFC composes: `e` with a combining accent becomes `é`.
   NFKC also replaces compatibility characters: the ligature `ﬁ` becomes `fi`, `Ａ` becomes `A`,
   `①` becomes `1`, `½` becomes `1⁄2`.

Vowel marks of Arabic and Hebrew stay (their order becomes the canonical one).
"""

import functools
import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

import numpy as np

from w2vtrain.config import Normalize

UNICODE_VERSION = unicodedata.unidata_version


def _characters(*ranges: str) -> str:
    """Return ranges of code points in hexadecimal (`fe00-fe0f`) as a class of any regex engine."""
    ends = [[chr(int(end, 16)) for end in given.split("-")] for given in ranges]
    return "".join("-".join(pair) for pair in ends)


# What only steers the display: soft hyphens, variation selectors, marks of direction.
INVISIBLE = _characters(
    *("ad", "34f", "61c", "180b-180e", "200e-200f", "202a-202e", "2060-2069", "fe00-fe0f"),
    *("feff", "e0100-e01ef"),
)
# Pictographs that are emoji to their readers, without those that are punctuation (©, ‼, ↔).
_PICTOGRAPHS = _characters(
    *("231a-231b", "23e9-23f3", "23f8-23fa", "2600-2605", "2607-2612", "2614-2685", "2690-2705"),
    *("2708-2712", "2714", "2716", "271d", "2721", "2728", "2733-2734", "2744", "2747", "274c"),
    *("274e", "2753-2755", "2757", "2763-2767", "2795-2797", "27a1", "27b0", "27bf", "2b1b-2b1c"),
    *("2b50", "2b55", "1f004", "1f0cf", "1f18e", "1f191-1f19a", "1f300-1f3fa", "1f400-1f64f"),
    *("1f680-1f6ff", "1f7e0-1f7eb", "1f7f0", "1f900-1faff"),
)
_FLAGS, _SKINS, _TAGS = (_characters(c) for c in ("1f1e6-1f1ff", "1f3fb-1f3ff", "e0020-e007f"))
EMOJI = _PICTOGRAPHS + _FLAGS + _SKINS + _TAGS
_ONE = f"[{_PICTOGRAPHS}][{_SKINS}]?[{_TAGS}]*"
# One emoji: a flag, or pictographs that a zero-width joiner holds together. Without selectors.
# Source: Unicode Technical Standard 51, section 1.4.9.
EMOJI_SEQUENCE = f"(?:[{_FLAGS}][{_FLAGS}]?|{_ONE}(?:\u200d{_ONE})*)"

# Thai, Lao, Tibetan, Burmese, Khmer, Kana, Han.
_UNSPACED = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]"
)
_STRETCH = 5  # letters
LOOKED_AT = 100_000  # tokens that are enough to judge by
_FIRST_SUSPECTS = {"NFC": 0x300, "NFKC": 0xA0}  # text with what is below only is normal

_NON_JOINER, _JOINER = "\u200c", "\u200d"
# After these a joiner is needless: Latin, Greek, Cyrillic, Armenian and ASCII, but no line end.
_WITHOUT_JOINERS = re.compile("[\u0001-\t\u000b-\u058f\u1e00-\u1fff]")


def normalize_text(text: str, form: Normalize) -> str:
    """Normalize a text; line ends stay where they are.

    Args:
        text: of any length; a unit or many, one a line.
        form: `nfc`, `nfkc` or `none`, which returns the text as it is.

    Source: Unicode Standard Annex 15, "Unicode Normalization Forms".
    """
    if form == "none" or text.isascii():
        return text
    for character, replacement in (("\u00ad", ""), ("\ufeff", ""), ("\u200b", " ")):
        if character in text:
            text = text.replace(character, replacement)
    has_joiners = _JOINER in text or _NON_JOINER in text
    text = _normal_form(_without_needless_joiners(text), form)
    if has_joiners:  # after what NFKC has replaced by Latin letters, too
        text = _normal_form(_without_needless_joiners(text), form)
    return text


def _without_needless_joiners(text: str) -> str:
    for joiner in (_NON_JOINER, _JOINER, _NON_JOINER):  # the last for one that followed the other
        if joiner not in text:
            continue
        first, *rest = text.split(joiner)
        parts, last = [first], first[-1:]
        for part in rest:
            if not _WITHOUT_JOINERS.fullmatch(last):
                parts.append(joiner)
                last = joiner
            parts.append(part)
            last = part[-1:] or last
        text = "".join(parts)
    return text


def _normal_form(text: str, form: Normalize) -> str:
    """Normalize the lines that hold a suspect character; most have none."""
    name: Literal["NFC", "NFKC"] = "NFC" if form == "nfc" else "NFKC"
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    places = np.flatnonzero(codes >= _FIRST_SUSPECTS[name])
    places = places[_suspects(name)[codes[places]]]
    parts, copied, done = [], 0, 0
    for place in places.tolist():
        if place >= done:
            start = text.rfind("\n", done, place) + 1 or done
            end = text.find("\n", place)
            done = len(text) if end < 0 else end
            line = text[start:done]
            if not unicodedata.is_normalized(name, line):  # most are, and are not copied
                parts += [text[copied:start], unicodedata.normalize(name, line)]
                copied = done
    return "".join([*parts, text[copied:]]) if parts else text


@functools.cache
def _suspects(name: Literal["NFC", "NFKC"]) -> np.ndarray:
    """Return for each code point whether text with it may not be normal: bool, `(0x110000,)`.

    That is what the form replaces, what it may reorder, and what may join the character before.
    Beyond the Basic Multilingual Plane all are suspect, which saves their look-up.
    """
    suspects = np.ones(0x110000, bool)
    seconds = [*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)]  # Hangul vowels and finals
    for code in range(0x10000):
        character = chr(code)
        parts = unicodedata.decomposition(character).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            seconds.append(int(parts[1], 16))
        replaced = not unicodedata.is_normalized(name, character)
        suspects[code] = replaced or unicodedata.combining(character) > 0
    suspects[seconds] = True
    return suspects


def unspaced_share(tokens: Sequence[str], counts: np.ndarray) -> float:
    """Return the share of letters that are in stretches of a script without spaces.

    A stretch is a token with five letters or more of Chinese, Japanese, Thai, Lao, Khmer, Burmese
    or Tibetan: words of these languages are shorter, most of them.

    Args:
        tokens: distinct tokens.
        counts: integer array, shape `(tokens,)`: how often each occurs.
    """
    letters = stretched = 0
    for token, count in zip(tokens, counts.tolist(), strict=True):
        letters += len(token) * count
        if not token.isascii() and len(token) >= _STRETCH and _UNSPACED.search(token):
            found = sum(map(str.isalpha, _UNSPACED.findall(token)))
            stretched += len(token) * count if found >= _STRETCH else 0
    return stretched / letters if letters else 0.0
