"""All that the Projector can use of some vectors, in one folder.

The two TSVs for an upload by hand; the tensor as raw bytes, which loads at once; columns to color
by; saved views with layouts that the page could not compute itself; a config for TensorBoard and
one for the page alone.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import sha256
from w2vtrain.run.stage import atomic_stage, read_manifest
from w2vtrain.show.pictures.drawing import libraries_installed
from w2vtrain.show.pictures.layouts import METHODS, Method, Progress, layout, no_progress
from w2vtrain.show.projector import columns
from w2vtrain.show.projector.bookmarks import write_bookmarks
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.formats import projector as tsv
from w2vtrain.vectors.formats.stream import of_matrix

BOOKMARKS_FILE = "bookmarks.json"


@dataclass(frozen=True)
class BundleSettings:
    """What goes into a bundle.

    Args:
        top: the most frequent words; TensorBoard shows 100,000 at most.
        layouts: the saved views, each computed for every point. None: `vectors` where they have two
            numbers, else `umap` where the extra `w2vtrain[plot]` is installed.
        clusters: k-means groups to color by; 0 for none.
        seed: of the layouts and the clusters.
        metadata: a CSV or TSV file with more columns; its first column holds the tokens.
    """

    top: int = 100_000
    layouts: tuple[Method, ...] | None = None
    clusters: int = columns.CLUSTERS
    seed: int = 1
    metadata: str | None = None

    def __post_init__(self) -> None:
        if self.top < 1:
            raise W2VError(f"--top is {self.top}.", "Give a number of words, at least 1.")
        for method in self.layouts or ():
            if method not in METHODS:
                raise W2VError(
                    f"--layout is {method!r}, which is not a choice.",
                    f"Choose from {', '.join(METHODS)}.",
                )


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk.

    Args:
        folder: where it is.
        rows: points.
        dim: numbers in a vector.
        rows_in_all: how many rows the source has before `top` cuts them.
        joined: words that the user's table has a row for; None without a table.
        reused: whether it was there already, made from the same vectors with the same settings.
    """

    folder: Path
    rows: int
    dim: int
    rows_in_all: int
    joined: int | None
    reused: bool


def make_bundle(
    source: Path,
    folder: Path,
    settings: BundleSettings | None = None,
    force: bool = False,
    progress: Progress = no_progress,
) -> Bundle:
    """Make the bundle of a run or a vector file in `folder`, unless it is there and not stale.

    Args:
        source: a run directory, or a vector file of a known format.
        folder: the folder to write; an older bundle there is replaced.
        settings: what goes in.
        force: make it anew even if it is not stale.
        progress: is called with what is being done.
    Raises:
        W2VError: no vectors, other files in `folder`, a setting that does not fit, or a place that
            cannot be written. What was there stays.
    """
    settings = settings or BundleSettings()
    wanted = {
        **asdict(settings),
        "layouts": None if settings.layouts is None else list(settings.layouts),
    }
    inputs = _inputs(source, settings)
    existing = _existing_manifest(folder)
    if existing and not force and (existing["config"], existing["inputs"]) == (wanted, inputs):
        return Bundle(folder, **existing["summary"], reused=True)
    whole = Embeddings.load(source)
    top = slice(0, settings.top)
    counts = None if whole.counts is None else whole.counts[top]
    embeddings = Embeddings(whole.tokens[top], whole.vectors[top], counts)
    progress("columns", 0, 1)
    extra, joined = _columns(embeddings, settings)
    summary = {
        "rows": len(embeddings),
        "dim": embeddings.dim,
        "rows_in_all": len(whole),
        "joined": joined,
    }
    record = {"stage": "projector", "config": wanted, "inputs": inputs, "summary": summary}
    with atomic_stage(folder, record) as temporary:
        _write(temporary, embeddings, extra, settings, progress)
    return Bundle(folder, **summary, reused=False)  # type: ignore[arg-type]


def _inputs(source: Path, settings: BundleSettings) -> dict[str, str]:
    """Return the checksums of what the bundle is made from."""
    run = RunDirectory(source)
    if run.model.is_dir():
        files = read_manifest(run.model, made_by=f"w2v train {source}")["files"]
        whole = json.dumps(
            {path.name: files.get(path.name) for path in (run.vectors, run.vocabulary)}
        )
        inputs = {"vectors": hashlib.sha256(whole.encode()).hexdigest()}
    elif source.is_file():
        inputs = {"vectors": sha256(source)}
    elif source.is_dir():
        whole = "".join(f"{p.name} {sha256(p)}\n" for p in sorted(source.iterdir()) if p.is_file())
        inputs = {"vectors": hashlib.sha256(whole.encode()).hexdigest()}
    else:
        raise W2VError(f"No such run or file: {source}", "Give a run directory or a vector file.")
    if settings.metadata is not None and Path(settings.metadata).is_file():
        inputs["metadata"] = sha256(Path(settings.metadata))
    return inputs


def _existing_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of the bundle in `folder`; None where there is nothing."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    try:
        manifest = read_manifest(folder, made_by="w2v projector")
    except W2VError:
        manifest = {}
    if manifest.get("stage") != "projector":
        raise W2VError(
            f"{folder} holds something other than a bundle, which would be replaced.",
            "Give a new folder with --output.",
        )
    return manifest


def _write(
    folder: Path,
    embeddings: Embeddings,
    extra: Mapping[str, Sequence[str]],
    settings: BundleSettings,
    progress: Progress,
) -> None:
    progress("files", 0, 1)
    stream = of_matrix(embeddings.tokens, embeddings.vectors, embeddings.counts)
    tsv.write(folder, stream, extra)
    tsv.write_bytes(folder / tsv.BYTES_FILE, embeddings.vectors)
    layouts: dict[str, np.ndarray] = {
        method: layout(embeddings.vectors, method, settings.seed, progress)
        for method in _layouts(settings, embeddings.dim)
    }
    if layouts:
        color = "cluster" if settings.clusters else None
        write_bookmarks(folder / BOOKMARKS_FILE, layouts, embeddings.dim, tsv.COLUMNS[0], color)
    raw = tsv.BYTES_FILE
    board_tensor = raw if tsv.tensorboard_reads_bytes(folder / raw) else tsv.VECTORS
    shape, bookmarks = (len(embeddings), embeddings.dim), BOOKMARKS_FILE if layouts else None
    tsv.write_configs(folder, shape, raw, board_tensor, bookmarks)


def _layouts(settings: BundleSettings, dim: int) -> tuple[Method, ...]:
    if settings.layouts is not None:
        return tuple(dict.fromkeys(settings.layouts))
    if dim == 2:
        return ("vectors",)
    return ("umap",) if libraries_installed() else ()


def _columns(
    embeddings: Embeddings, settings: BundleSettings
) -> tuple[Mapping[str, Sequence[str]], int | None]:
    extra: dict[str, Sequence[str]] = {"first": columns.first_characters(embeddings.tokens)}
    if settings.clusters:
        extra["cluster"] = columns.clusters(embeddings, settings.clusters, settings.seed)
    joined = None
    if settings.metadata is not None:
        more, joined = columns.user_columns(Path(settings.metadata), embeddings.tokens)
        extra.update(more)
    return extra, joined
