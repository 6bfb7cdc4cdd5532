"""Vectors from one format into another, row by row, so that a file may be larger than memory."""

from dataclasses import dataclass
from pathlib import Path

from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest
from w2vtrain.vectors.formats import registry, stream


@dataclass(frozen=True)
class Converted:
    """What was read and written.

    Args:
        source_format, format: names of the two formats; "run" for a run directory.
        rows: vectors written.
        dim: numbers in a vector.
        counts_lost: whether the source had counts that the new format has no place for.
    """

    source_format: str
    format: str
    rows: int
    dim: int
    counts_lost: bool


def convert(
    source: str | Path,
    target: str | Path,
    source_format: str | None = None,
    target_format: str | None = None,
    top: int | None = None,
    normalize: bool = False,
) -> Converted:
    """Writes the vectors in `source` to `target` in another format, whole or not at all.

    Args:
        source: a run directory, or a file or folder of any known format.
        target: the file or folder to write.
        source_format: by default the content of the source tells.
        target_format: by default the ending of the target tells.
        top: only the first so many rows.
        normalize: scale every vector to length 1.
    Raises:
        W2VError: a damaged source, a token that the format cannot carry, a place that cannot be
            written.
    """
    if top is not None and top < 1:
        raise W2VError(f"--top is {top}, out of range.", "Give a number of rows, 1 or more.")
    path, target = Path(source), Path(target)
    if target_format is None:
        target_format = registry.format_for(target).name
    run = RunDirectory(path)
    if source_format is None and (run.model.is_dir() or run.corpus.is_dir()):
        read_manifest(run.model, made_by=f"w2v train {source}")
        found, table = "run", registry.read(run.model, "npy")
    else:
        found = source_format or registry.recognise(path)
        table = registry.read(path, found)
    table = stream.first(table, top)
    if normalize:
        table = stream.normalized(table)
    written = registry.write(target, table, target_format)
    lost = table.has_counts and not written.counts
    return Converted(found, written.name, table.rows, table.dim, lost)
