"""A comparison of two texts as one HTML file: words, picture and passages, without a network."""

from pathlib import Path

from w2vtrain.analysis.change import ChangeReport
from w2vtrain.show.pictures.map_page import as_script_data, filled, write_page


def write_change_page(report: ChangeReport, path: Path) -> None:
    """Write a comparison to one HTML file that needs no network.

    Raises:
        W2VError: the file's name does not end in .html, or it cannot be written.
    """
    title = ", ".join(part.name for part in report.slices)
    template = Path(__file__).with_name("change_page.html")
    write_page(path, filled(template, title, as_script_data(report.as_dict())))
