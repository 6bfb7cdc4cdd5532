"""Settings of the documentation site: `make docs`.

Sphinx, since it renders the docstrings that we have (napoleon reads Google's style), checks links,
and its search works from the disk without a server. Zensical was looked at: it is in its alpha, and
calls its own API reference preliminary. Furo is a quiet theme that asks no other host for anything.
"""

import os
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from w2vtrain.version import VERSION

project = "w2v"
author = "The w2v developers"
copyright = author
version = release = VERSION

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["site", "jupyter_execute"]  # what builds leave here
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
nb_execution_mode = "off"  # notebooks are shown as `make notebooks` has run them
default_role = "code"  # of `names` in docstrings

myst_heading_anchors = 3
myst_enable_extensions = ["attrs_inline", "colon_fence"]
suppress_warnings = ["misc.highlighting_failure"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_class_signature = "separated"
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Source"]

html_theme = "furo"
html_title = "w2v"
html_static_path = ["static"]
html_css_files = ["w2v.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "footer_icons": [],
    "light_css_variables": {
        "font-stack": "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif",
        "font-stack--monospace": "ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
    },
}
linkcheck_timeout = 10

# Pages that the site shows from elsewhere in the project, and where links to them lead.
FROM_ROOT = {
    "benchmarks": "benchmarks/RESULTS.md",
    "security": "SECURITY.md",
    "changes": "CHANGELOG.md",
    "contributing": "CONTRIBUTING.md",
}
_LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)#\s]+)")


def read_page(app: Any, name: str, source: list[str]) -> None:
    """Take a page from the project's root; turn links to such pages into links to the site's."""
    folder = (ROOT / "docs" / name).parent
    site = folder
    if name in FROM_ROOT:
        path = ROOT / FROM_ROOT[name]
        folder, source[0] = path.parent, path.read_text("utf-8")
    if name == "index":  # a page that no list above names is found all the same
        listed = source[0].split()
        others = sorted(page.stem for page in folder.glob("*.md") if page.stem not in listed)
        names = "\n".join(other for other in others if other != "index")
        source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: More\n\n{names}\n```\n" * bool(names)
    targets = {ROOT / path: f"{page}.md" for page, path in FROM_ROOT.items()}

    def site_link(found: re.Match[str]) -> str:
        target = (folder / found[1]).resolve()
        page = ROOT / "docs" / targets[target] if target in targets else target
        return Path(os.path.relpath(page, site)).as_posix()

    source[0] = _LINK.sub(site_link, source[0])


def setup(app: Any) -> None:
    """Register what this file adds to Sphinx."""
    app.connect("source-read", read_page)
