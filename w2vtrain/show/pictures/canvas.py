"""What all pictures share: fonts, colours that all eyes can tell apart, and written files."""

import contextlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from w2vtrain.errors import W2VError
from w2vtrain.run.stage import translated_os_errors
from w2vtrain.show.pictures.extra import library
from w2vtrain.show.pictures.fonts import families, missing_message

_LOG = logging.getLogger(__name__)

# Okabe and Ito's colours, ordered so that neighbours differ in lightness too: in grey, and to
# colour-blind eyes, they stay apart; the marks and dashes differ as well.
COLOURS = ("#0072B2", "#E69F00", "#000000", "#56B4E9", "#D55E00", "#009E73", "#CC79A7")
MARKS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
FAINT = "#B8B8B8"
STILL = (".png", ".svg")


@contextlib.contextmanager
def figure(
    texts: Iterable[str], width: float, height: float, rows: int = 1, columns: int = 1, **grid: Any
) -> Iterator[tuple[Any, Any]]:
    """Yields a Matplotlib figure and its axes, with fonts that show `texts`; closes it at the end.

    Nothing of the caller's Matplotlib changes: no backend, no settings.

    Args:
        texts: all that will be drawn, in the forms that are drawn.
        width, height: inches.
    """
    matplotlib = library("matplotlib", "A picture")
    agg = library("matplotlib.backends.backend_agg", "A picture")
    plotting = library("matplotlib.figure", "A picture")
    fonts, missing = families(texts)
    if missing:
        _LOG.warning(missing_message(missing))
    settings = {
        "font.family": fonts,
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.hashsalt": "w2v",  # the same picture, the same bytes
        "svg.fonttype": "path",  # the file shows its letters where their font is missing
        "axes.unicode_minus": False,
    }
    logging.getLogger("matplotlib.font_manager").addFilter(_quiet)
    with matplotlib.rc_context(settings):
        drawing = plotting.Figure(figsize=(width, height), layout="constrained")
        agg.FigureCanvasAgg(drawing)
        yield drawing, drawing.subplots(rows, columns, **grid)


def _quiet(record: logging.LogRecord) -> bool:
    return "findfont" not in record.getMessage()


def write(drawing: Any, paths: Sequence[Path], dpi: int = 144) -> None:
    """Writes a figure to files, PNG or SVG by their endings; the same figure gives the same bytes.

    Raises:
        W2VError: another ending, or a place that cannot be written.
    """
    for path in paths:
        if path.suffix.lower() not in STILL:
            raise W2VError(
                f"{path} ends in {path.suffix!r}.", f"Choose one of: {', '.join(STILL)}."
            )
    for path in paths:
        vector = path.suffix.lower() == ".svg"
        metadata = {"Date": None} if vector else {"Software": None}
        smaller = {} if vector else {"pil_kwargs": {"optimize": True}}
        with translated_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            drawing.savefig(path, dpi=dpi, metadata=metadata, **smaller)
