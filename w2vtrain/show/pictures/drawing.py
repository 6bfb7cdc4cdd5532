"""What all pictures share: the libraries, colors that all eyes tell apart, fonts, written files.

The libraries come with the extra `w2vtrain[plot]`. Matplotlib takes a letter from the first font of
a list that has it, so the list is made from the letters that a picture needs; and it draws letters
from left to right as they are, so Arabic and Hebrew are joined and reordered before.
"""

import contextlib
import functools
import importlib
import importlib.util
import logging
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2vtrain.errors import W2VError
from w2vtrain.run.files import translated_os_errors

_LOG = logging.getLogger(__name__)
_LIBRARIES = ("matplotlib", "sklearn", "umap", "openTSNE", "PIL", "textalloc")

MARKS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
STILL = (".png", ".svg", ".pdf")


@dataclass(frozen=True)
class Theme:
    """The colors of a picture.

    Args:
        background, text: of the whole picture.
        muted: lines and points that matter less.
        faint: lines that only guide the eye.
        series: of curves and groups: Okabe and Ito's, ordered so that neighbors differ in lightness
            too; in gray, and to color-blind eyes, they stay apart.
        clusters: of groups of words: Paul Tol's "muted" and more, for color-blind eyes too.
    """

    background: str
    text: str
    muted: str
    faint: str
    series: tuple[str, ...]
    clusters: tuple[str, ...]


THEMES = {
    "light": Theme(
        background="#FFFFFF",
        text="#1F1F1F",
        muted="#767676",
        faint="#BDBDBD",
        series=("#0072B2", "#E69F00", "#000000", "#56B4E9", "#D55E00", "#009E73", "#CC79A7"),
        clusters=(
            "#332288", "#CC6677", "#117733", "#AA4499", "#44AA99", "#882255",
            "#4477AA", "#999933", "#EE7733", "#88CCEE", "#BBAA55", "#777777",
        ),
    ),
    "dark": Theme(
        background="#16181D",
        text="#E8E8E8",
        muted="#A0A0A0",
        faint="#5A5E66",
        series=("#4DA3DC", "#F0B840", "#FFFFFF", "#8CD0F5", "#F07F3C", "#2FC79A", "#E3A0C5"),
        clusters=(
            "#8F84E0", "#E88C9A", "#4DB372", "#D67FCB", "#6FD1C2", "#CF6A9B",
            "#7FAEE0", "#C4C45A", "#F5A26B", "#A8DDF5", "#DDCB8A", "#ABABAB",
        ),
    ),
}  # fmt: skip

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_PREFERRED_FONTS = (  # tried first, in this order; then every other installed font
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


def library(name: str, purpose: str) -> Any:
    """Return the module `name`, which is needed for `purpose`.

    Raises:
        W2VError: the extra is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        raise W2VError(
            f"{purpose} needs {name.partition('.')[0]}, which is not installed.",
            "Install the extra: pip install 'w2vtrain[plot]'.",
        ) from None


def libraries_installed() -> bool:
    """Return whether the extra is installed, without importing anything."""
    return all(importlib.util.find_spec(name) is not None for name in _LIBRARIES)


def umap_library() -> Any:
    """Return the module `umap`, without the TensorFlow that it would import for another model."""
    hidden = "tensorflow" not in sys.modules and "umap" not in sys.modules
    if hidden:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        return library("umap", "A UMAP layout")
    finally:
        if hidden:
            del sys.modules["tensorflow"]


@contextlib.contextmanager
def figure(
    texts: Iterable[str],
    width: float,
    height: float,
    rows: int = 1,
    columns: int = 1,
    theme: Theme = THEMES["light"],
    **grid: Any,
) -> Iterator[tuple[Any, Any]]:
    """Yield a Matplotlib figure and its axes, with fonts that show `texts`.

    Nothing of the caller's Matplotlib changes: no backend, no settings.

    Args:
        texts: all texts that will be drawn, after `shape_bidi`.
        width, height: inches.
        rows, columns: of the axes.
        theme: colors of everything that is not given a color.
        grid: more arguments of Matplotlib's `Figure.subplots`.
    """
    matplotlib = library("matplotlib", "A picture")
    agg = library("matplotlib.backends.backend_agg", "A picture")
    plotting = library("matplotlib.figure", "A picture")
    fonts, missing = font_families(texts)
    if missing:
        _LOG.warning(missing_letters_message(missing))
    settings = {
        "font.family": fonts,
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.hashsalt": "w2v",  # the same picture, the same bytes
        "svg.fonttype": "path",  # the file shows its letters where their font is missing
        "axes.unicode_minus": False,
        "pdf.fonttype": 42,  # letters stay letters, which printers and editors like
        "figure.facecolor": theme.background,
        "axes.facecolor": theme.background,
        "savefig.facecolor": theme.background,
        "text.color": theme.text,
        "axes.edgecolor": theme.muted,
        "axes.labelcolor": theme.text,
        "xtick.color": theme.text,
        "ytick.color": theme.text,
    }
    logging.getLogger("matplotlib.font_manager").addFilter(_is_not_about_fonts)
    with matplotlib.rc_context(settings):
        drawing = plotting.Figure(figsize=(width, height), layout="constrained")
        agg.FigureCanvasAgg(drawing)
        yield drawing, drawing.subplots(rows, columns, **grid)


def _is_not_about_fonts(record: logging.LogRecord) -> bool:
    return "findfont" not in record.getMessage()


def write_figure(drawing: Any, paths: Sequence[Path], dpi: int = 200) -> None:
    """Write a figure as PNG, SVG or PDF by the files' endings; the same figure, the same bytes.

    Raises:
        W2VError: another ending, or a place that cannot be written.
    """
    for path in paths:
        if path.suffix.lower() not in STILL:
            raise W2VError(
                f"{path} ends in {path.suffix!r}.", f"Choose one of: {', '.join(STILL)}."
            )
    for path in paths:
        ending = path.suffix.lower()
        metadata = {".png": {"Software": None}, ".svg": {"Date": None}}.get(
            ending, {"CreationDate": None}
        )
        smaller = {"pil_kwargs": {"optimize": True}} if ending == ".png" else {}
        with translated_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            drawing.savefig(path, dpi=dpi, metadata=metadata, **smaller)


def shape_bidi(text: str) -> str:
    """Return `text` in the order and the letter forms in which it is drawn from left to right."""
    if not _RIGHT_TO_LEFT.search(text):
        return text
    shaped = library("arabic_reshaper", "Drawing Arabic").reshape(text)
    return str(library("bidi.algorithm", "Drawing Arabic").get_display(shaped))


def font_families(texts: Iterable[str]) -> tuple[list[str], str]:
    """Return the fonts that show `texts`, and the letters that no installed font has."""
    letters = {letter for text in texts for letter in text}
    missing = {c for c in letters if unicodedata.category(c) not in ("Cc", "Cf", "Zs", "Zl", "Zp")}
    chosen = ["DejaVu Sans"]
    missing -= _letters("DejaVu Sans")
    for family in [*_PREFERRED_FONTS[1:], *_installed_fonts()]:
        if not missing:
            break
        found = missing & _letters(family)
        if found:
            chosen.append(family)
            missing -= found
    return chosen, "".join(sorted(missing))


def missing_letters_message(letters: str) -> str:
    """Return what to say about letters that no font has: which scripts, and what to install."""
    scripts = sorted({unicodedata.name(letter, "unnamed").split()[0].lower() for letter in letters})
    return (
        f"No installed font has {' '.join(letters[:12])}{' …' * (len(letters) > 12)} "
        f"({', '.join(scripts)}); they are drawn as boxes. "
        "Install fonts for them, such as Debian's fonts-noto-core and fonts-noto-cjk."
    )


@functools.cache
def _installed_fonts() -> tuple[str, ...]:
    """Return the fonts of this machine, also those that Matplotlib's own list is too old for."""
    fonts = library("matplotlib.font_manager", "A picture")
    manager = fonts.fontManager
    for path in sorted({*fonts.findSystemFonts()} - {entry.fname for entry in manager.ttflist}):
        with contextlib.suppress(ValueError, RuntimeError, OSError):  # a broken or odd font file
            manager.addfont(path)
    return tuple(dict.fromkeys(entry.name for entry in manager.ttflist))


@functools.cache
def _letters(family: str) -> frozenset[str]:
    """Return the letters that a font has; none if it is not installed or cannot be read."""
    if family not in _installed_fonts():
        return frozenset()
    fonts = library("matplotlib.font_manager", "A picture")
    try:
        font = fonts.get_font(fonts.findfont(family, fallback_to_default=False))
    except (ValueError, RuntimeError, OSError) as error:  # a broken or odd font file
        _LOG.debug("font %s cannot be read: %s", family, error)
        return frozenset()
    return frozenset(map(chr, font.get_charmap()))
