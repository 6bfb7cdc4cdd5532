"""A document of sections that is written as Markdown and as one HTML page.

The same blocks make both, so that they say the same. The page holds its pictures and asks for
nothing: its content security policy forbids every request.
"""

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from w2vtrain.show.pictures.map_page import filled

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")  # what Markdown may take for its own


@dataclass(frozen=True)
class Paragraph:
    """Plain text."""

    text: str

    def markdown(self) -> str:
        return _escape(self.text)

    def html(self) -> str:
        return f"<p>{html.escape(self.text)}</p>"


@dataclass(frozen=True)
class Table:
    """Rows of cells; numbers are right-aligned, None is shown as a dash."""

    headers: Sequence[str]
    rows: Sequence[Sequence[object]]

    def markdown(self) -> str:
        ruler = ["--:" if numeric else "---" for numeric in self._numeric()]
        lines = [[_escape(header) for header in self.headers], ruler]
        lines += [[_escape(cell_text(cell)) for cell in row] for row in self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def html(self) -> str:
        classes = [' class="number"' if numeric else "" for numeric in self._numeric()]
        head = "".join(
            f"<th{c}>{html.escape(text)}</th>"
            for c, text in zip(classes, self.headers, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(
                f"<td{c}>{html.escape(cell_text(cell))}</td>"
                for c, cell in zip(classes, row, strict=True)
            )
            + "</tr>\n"
            for row in self.rows
        )
        return f'<div class="wide"><table><tr>{head}</tr>\n{body}</table></div>'

    def _numeric(self) -> list[bool]:
        """Return for each column whether it holds only numbers."""
        return [
            bool(self.rows) and all(isinstance(row[n], int | float | None) for row in self.rows)
            for n in range(len(self.headers))
        ]


@dataclass(frozen=True)
class Code:
    """Lines of a program or commands."""

    text: str
    language: str

    def markdown(self) -> str:
        return f"```{self.language}\n{self.text}\n```"

    def html(self) -> str:
        return f"<pre><code>{html.escape(self.text)}</code></pre>"


@dataclass(frozen=True)
class Picture:
    """A PNG beside the Markdown, and within the page: a light and a dark one."""

    light: Path
    dark: Path
    about: str

    def markdown(self) -> str:
        return f"![{_escape(self.about)}]({self.light.name})"

    def html(self) -> str:
        dark = f'<source media="(prefers-color-scheme: dark)" srcset="{_data_address(self.dark)}">'
        image = f'<img src="{_data_address(self.light)}" alt="{html.escape(self.about)}">'
        return f"<picture>{dark}{image}</picture>"


@dataclass(frozen=True)
class Frame:
    """A whole HTML page within the page; in Markdown and in print its picture."""

    page: str
    picture: Picture

    def markdown(self) -> str:
        return f"{self.picture.markdown()}\n\nTo zoom and search: `index.html`."

    def html(self) -> str:
        title, page = html.escape(self.picture.about), html.escape(self.page)
        frame = f'<iframe sandbox="allow-scripts" title="{title}" srcdoc="{page}"></iframe>'
        return f'{frame}<div class="print">{self.picture.html()}</div>'


Block = Paragraph | Table | Code | Picture | Frame


@dataclass
class Section:
    """A heading and its blocks."""

    title: str
    blocks: list[Block] = field(default_factory=list)


def to_markdown(title: str, sections: Sequence[Section]) -> str:
    """Return the document as GitHub's Markdown."""
    parts = [f"# {_escape(title)}"]
    for section in sections:
        parts += [f"## {_escape(section.title)}", *(block.markdown() for block in section.blocks)]
    return "\n\n".join(parts) + "\n"


def to_html(title: str, sections: Sequence[Section]) -> str:
    """Return the document as one HTML page."""
    body = [f"<h1>{html.escape(title)}</h1>"]
    names = [re.sub(r"[^a-z]+", "-", section.title.lower()).strip("-") for section in sections]
    links = zip(names, sections, strict=True)
    body.append(
        "<nav>"
        + "".join(f'<a href="#{name}">{html.escape(s.title)}</a>' for name, s in links)
        + "</nav>"
    )
    for name, section in zip(names, sections, strict=True):
        body.append(f'<section id="{name}"><h2>{html.escape(section.title)}</h2>')
        body += [block.html() for block in section.blocks]
        body.append("</section>")
    return filled(Path(__file__).with_name("report.html"), title, "\n".join(body))


def cell_text(cell: object) -> str:
    """Return a table's cell as text: numbers with separators, four digits after the point."""
    if cell is None:
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell:,.4f}" if isinstance(cell, float) else str(cell)


def _escape(text: str) -> str:
    return " ".join(_SPECIAL.sub(r"\\\1", text).split())


def _data_address(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
