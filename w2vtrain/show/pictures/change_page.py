"""A comparison of two texts as one HTML file: words, picture and passages, without a network."""

import html
import json
from pathlib import Path

from w2vtrain.analysis.change import ChangeReport
from w2vtrain.errors import W2VError
from w2vtrain.run.files import atomic_write, translated_os_errors


def write_change_page(report: ChangeReport, path: Path) -> None:
    """Write a comparison to one HTML file that needs no network.

    Raises:
        W2VError: the file's name does not end in .html, or it cannot be written.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise W2VError(f"{path} ends in {path.suffix!r}.", "Give a name that ends in .html.")
    # In a script element only "</" and "<!--" could end the data; JSON may write < as an escape.
    data = json.dumps(report.as_dict(), ensure_ascii=False, separators=(",", ":"))
    template = Path(__file__).with_name("change_page.html").read_text(encoding="utf-8")
    start, rest = template.split("{{title}}")
    middle, end = rest.split("{{data}}")
    title = html.escape(", ".join(part.name for part in report.slices))
    page = f"{start}{title}{middle}{data.replace('<', chr(92) + 'u003c')}{end}"
    with translated_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, page.encode())
