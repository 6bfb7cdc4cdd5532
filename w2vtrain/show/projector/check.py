"""Whether the Embedding Projector shows a bundle as it is meant, found without a browser.

Every row that its page would drop, shift, coerce or mangle is named, with its line.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from w2vtrain.show.projector import page
from w2vtrain.show.projector.bookmark_rules import bookmark_findings
from w2vtrain.show.projector.configs import Embedding, config_findings, embeddings_of
from w2vtrain.show.projector.findings import Finding
from w2vtrain.show.projector.metadata_rules import metadata_findings
from w2vtrain.show.projector.tensor_rules import TENSORBOARD_ROWS, page_tensor, server_tensor


@dataclass(frozen=True)
class Shown:
    """What one viewer shows of one tensor.

    Args:
        viewer: `tensorboard`, or `page` for the page that fetches the files itself.
        config: the config file; empty for an upload by hand.
        name: the tensor's name.
        points, dimensions: 0 where nothing is shown.
        label: the column that points are labelled and searched by; None without metadata.
    """

    viewer: str
    config: str
    name: str
    points: int
    dimensions: int
    label: str | None


@dataclass(frozen=True)
class Report:
    """What a check found: what each viewer shows, and each thing that differs from the files."""

    shown: tuple[Shown, ...]
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings but for the page's own limits, which no bundle can mend."""
        return tuple(finding for finding in self.findings if finding.kind != "limit")


def check(folder: Path) -> Report:
    """Returns what TensorBoard and the page would make of the bundle in `folder`.

    Raises:
        W2VError: there is no bundle, or its config cannot be read.
    """
    shown, findings = [], []
    for embedding in embeddings_of(folder):
        wrong = list(config_findings(embedding, folder))
        findings += wrong
        if not wrong:
            one, more = _checked(embedding)
            shown.append(one)
            findings += more
    return Report(tuple(shown), tuple(dict.fromkeys(findings)))


def _checked(embedding: Embedding) -> tuple[Shown, list[Finding]]:
    on_server = embedding.viewer == "tensorboard"
    assert embedding.tensor is not None  # config_findings has seen to it
    tensor = (server_tensor if on_server else page_tensor)(embedding.tensor, embedding.shape)
    findings = list(tensor.findings)
    label = None
    if embedding.metadata is not None:
        content = embedding.metadata.read_bytes()
        findings += _served_findings(embedding.metadata.name, content) if on_server else ()
        content = _sent(content) if on_server else content
        findings += metadata_findings(embedding.metadata.name, content, tensor.points or None)
        label = _label(content)
    if embedding.bookmarks is not None and tensor.points:
        findings += bookmark_findings(embedding.bookmarks, tensor.points)
    shown = Shown(
        embedding.viewer, embedding.config, embedding.name, tensor.points, tensor.dim, label
    )
    return shown, findings


def _label(content: bytes) -> str | None:
    try:
        return page.parse_metadata(content).label
    except page.PageError:
        return None


def _served_findings(file: str, content: bytes) -> Iterator[Finding]:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        yield Finding(
            "refused", file, line, "is not UTF-8: TensorBoard's server fails on the file."
        )


def _sent(content: bytes) -> bytes:
    """Returns the lines that TensorBoard's server sends: the header and 100,000, blanks counted."""
    lines = content.split(b"\n", TENSORBOARD_ROWS + 1)
    kept = TENSORBOARD_ROWS + (b"\t" in lines[0])
    if len(lines) <= kept:
        return content
    return b"".join(line + b"\n" for line in itertools.islice(lines, kept))
