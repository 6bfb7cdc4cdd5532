"""Fonts for the scripts that words are written in, and the forms in which Arabic is drawn.

Matplotlib takes a letter from the first font of a list that has it, so the list is made from the
letters that a picture needs. It draws them from left to right, each as it stands: Arabic and Hebrew
are turned and joined before.
"""

import functools
import logging
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from w2vtrain.show.pictures.extra import library

_LOG = logging.getLogger(__name__)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# Tried first, in this order; then every other installed font.
_PREFERRED = (
    "DejaVu Sans",  # comes with Matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew, Armenian
    "Noto Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Noto Sans JP",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Arial Unicode MS",
)


def families(texts: Iterable[str]) -> tuple[list[str], str]:
    """Returns the fonts that show `texts`, and the letters that no installed font has.

    Args:
        texts: as they are drawn, that is, after `drawn`.
    """
    letters = {letter for text in texts for letter in text}
    missing = {c for c in letters if unicodedata.category(c) not in ("Cc", "Cf", "Zs", "Zl", "Zp")}
    chosen = ["DejaVu Sans"]
    missing -= _letters("DejaVu Sans")
    for family in [*_PREFERRED[1:], *_installed()]:
        if not missing:
            break
        found = missing & _letters(family)
        if found:
            chosen.append(family)
            missing -= found
    return chosen, "".join(sorted(missing))


def missing_message(letters: str) -> str:
    """Returns what to say about letters that no font has: which scripts, and what to install."""
    scripts = sorted({unicodedata.name(letter, "unnamed").split()[0].lower() for letter in letters})
    return (
        f"No installed font has {' '.join(letters[:12])}{' …' * (len(letters) > 12)} "
        f"({', '.join(scripts)}): boxes stand for them. "
        "Install fonts for them, such as Debian's fonts-noto-core and fonts-noto-cjk."
    )


def drawn(text: str) -> str:
    """Returns `text` in the order and the forms in which it is drawn from left to right."""
    if not _RIGHT_TO_LEFT.search(text):
        return text
    shaped = library("arabic_reshaper", "Drawing Arabic").reshape(text)
    return str(library("bidi.algorithm", "Drawing Arabic").get_display(shaped))


@functools.cache
def _installed() -> tuple[str, ...]:
    manager = library("matplotlib.font_manager", "A picture").fontManager
    return tuple(dict.fromkeys(entry.name for entry in manager.ttflist))


@functools.cache
def _letters(family: str) -> frozenset[str]:
    """Returns the letters that a font has; none if it is not installed."""
    found = _font(family)
    return frozenset() if found is None else frozenset(map(chr, found.get_charmap()))


def _font(family: str) -> Any:
    if family not in _installed():
        return None
    fonts = library("matplotlib.font_manager", "A picture")
    try:
        return fonts.get_font(fonts.findfont(family, fallback_to_default=False))
    except (ValueError, RuntimeError, OSError) as error:  # a broken or odd font file
        _LOG.debug("font %s cannot be read: %s", family, error)
        return None
