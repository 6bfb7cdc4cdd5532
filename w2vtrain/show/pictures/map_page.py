"""The map as one HTML file: zoom, search, neighbors on hover, offline; it asks for nothing else.

Not one of the plotting libraries: their pages carry 4 MB of script, cannot keep the labels of
100,000 words apart while one zooms, and search for nothing. This page is 16 kB and the data. Its
content security policy forbids every request.
"""

import base64
import html
import json
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.run.files import atomic_write, translated_os_errors
from w2vtrain.show.pictures.drawing import MARKS, THEMES
from w2vtrain.show.pictures.layouts import Progress, fit_square, neighbors, no_progress
from w2vtrain.show.pictures.word_map import WordMap, densest_place
from w2vtrain.vectors import search

NEIGHBORS = 8  # of each word, shown under the pointer
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
_START = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
"""
_METHODS = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA", "vectors": "the vectors themselves"}


def write_map_page(
    chart: WordMap, path: Path, title: str, progress: Progress = no_progress
) -> None:
    """Write the map to one HTML file that needs no network.

    Raises:
        W2VError: the file's name does not end in .html, or it cannot be written.
    """
    write_page(path, map_page(chart, title, progress))


def map_page(chart: WordMap, title: str, progress: Progress = no_progress) -> str:
    """Return the page's HTML."""
    template = Path(__file__).with_name("map_page.html")
    return filled(template, title, as_script_data(_data(chart, title, progress)))


def as_script_data(data: dict[str, Any]) -> str:
    """Return data as JSON that can stand in a script element of HTML."""
    # There only "</" and "<!--" could end it; JSON may write < as an escape.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def filled(template: Path, title: str, content: str) -> str:
    """Return a page that asks for nothing: a template, from its title on, and what goes into it.

    Args:
        title: as text.
        content: as HTML.
    """
    start, rest = template.read_text(encoding="utf-8").split("{{title}}")
    middle, end = rest.split("{{content}}")
    return f"{_START}{start}{html.escape(title)}{middle}{content}{end}"


def write_page(path: Path, page: str) -> None:
    """Write a page; raise W2VError for a name without .html, or a place that cannot be written."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise W2VError(f"{path} ends in {path.suffix!r}.", "Give a name that ends in .html.")
    with translated_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, page.encode())


def _data(chart: WordMap, title: str, progress: Progress) -> dict[str, Any]:
    """Return what the page's script reads; numbers of many words are base64 of raw integers."""
    places = fit_square(chart.places)
    near, distances = neighbors(search.unit_rows(chart.vectors), NEIGHBORS, progress=progress)
    cosines = np.clip(1 - distances**2 / 2, -1, 1)  # of vectors at length 1
    return {
        "title": title,
        "about": f"{len(chart.tokens):,} words, placed by {_METHODS[chart.method]}",
        "words": chart.tokens,
        "places": _packed(places, "<f4"),
        "home": _home(places),
        "counts": None if chart.counts is None else _packed(chart.counts, "<f8"),
        "ranks": _packed(np.array(chart.ranks) + 1, "<u4"),
        "sizes": _packed(chart.weights() * 255, "<u1"),
        "near": _packed(near, "<u4"),
        "cosines": _packed(np.round(cosines * 100), "<i1"),
        "highlighted": sorted(chart.highlighted),
        "groups": _groups(chart),
        "clusters": _clusters(chart, places),
    }


def _packed(numbers: np.ndarray, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers, dtype=kind).tobytes()).decode()


def _groups(chart: WordMap) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "rows": sorted(rows),
            "mark": MARKS[number % len(MARKS)],
            "colors": [theme.series[number % len(theme.series)] for theme in THEMES.values()],
        }
        for number, (name, rows) in enumerate(chart.groups.items())
    ]


def _clusters(chart: WordMap, places: np.ndarray) -> dict[str, Any] | None:
    if chart.clusters is None:
        return None
    rows = [chart.clusters.members(cluster) for cluster in range(len(chart.clusters.names))]
    return {
        "of": _packed(chart.clusters.of_rows, "<u1"),
        "names": chart.clusters.names,
        "at": [densest_place(places[members]).tolist() for members in rows],
        "colors": [
            [theme.clusters[cluster % len(theme.clusters)] for theme in THEMES.values()]
            for cluster in range(len(rows))
        ],
    }


def _home(places: np.ndarray) -> list[float]:
    """Return the center and the reach of the first view: far outliers do not make it small."""
    low, high = np.quantile(places, (0.005, 0.995), axis=0)
    center = (low + high) / 2
    return [*center.tolist(), *np.maximum((high - low) / 2 * 1.1, 1e-9).tolist()]
