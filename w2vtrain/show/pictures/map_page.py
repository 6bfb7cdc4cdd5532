"""The map as one HTML file: zoom, search, hover, offline; the file asks for nothing else.

Not one of the plotting libraries: their pages carry 4 MB of script, cannot keep the labels of
100,000 words apart while one zooms, and search for nothing. This page is 11 kB and the data. Its
content security policy forbids every request.
"""

import html
import json
from pathlib import Path

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.run.files import atomic_write, translated_os_errors
from w2vtrain.show.pictures.drawing import COLORS, MARKS
from w2vtrain.show.pictures.layouts import fit_square
from w2vtrain.show.pictures.word_map import WordMap

_DIGITS = 5  # of a coordinate between -1 and 1
_METHODS = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA", "vectors": "the vectors themselves"}


def write_map_page(chart: WordMap, path: Path, title: str) -> None:
    """Write the map to one HTML file that needs no network.

    Raises:
        W2VError: the file's name does not end in .html, or it cannot be written.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise W2VError(f"{path} ends in {path.suffix!r}.", "Give a name that ends in .html.")
    places = np.round(fit_square(chart.places), _DIGITS)
    data = {
        "title": title,
        "about": f"{len(chart.tokens):,} words, placed by {_METHODS[chart.method]}",
        "words": chart.tokens,
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "home": _home(places),
        "counts": None if chart.counts is None else chart.counts.tolist(),
        "ranks": [rank + 1 for rank in chart.ranks],
        "highlighted": sorted(chart.highlighted),
        "groups": [
            {
                "name": name,
                "rows": sorted(rows),
                "color": COLORS[number % len(COLORS)],
                "mark": MARKS[number % len(MARKS)],
            }
            for number, (name, rows) in enumerate(chart.groups.items())
        ],
    }
    # In a script element only "</" and "<!--" could end the data; JSON may write < as an escape.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    template = Path(__file__).with_name("map_page.html").read_text(encoding="utf-8")
    start, rest = template.split("{{title}}")
    middle, end = rest.split("{{data}}")
    page = f"{start}{html.escape(title)}{middle}{text}{end}"
    with translated_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, page.encode())


def _home(places: np.ndarray) -> list[float]:
    """Return the center and the reach of the first view: far outliers do not make it small."""
    low, high = np.quantile(places, (0.005, 0.995), axis=0)
    center = (low + high) / 2
    return [*center.tolist(), max(float((high - low).max()) / 2 * 1.1, 1e-9)]
