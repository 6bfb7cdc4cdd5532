"""Vectors into files: those of a run for other programs, and any file into another format."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.config import ExportConfig
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory, is_run
from w2vtrain.run.lock import run_lock
from w2vtrain.run.stage import atomic_stage, read_manifest, reading
from w2vtrain.vectors.formats import npy, registry, stream
from w2vtrain.vectors.sentences import pooled_vectors


@dataclass(frozen=True)
class ExportResult:
    """What an export wrote.

    Args:
        format: its name.
        folder: where the files are.
        files: their paths.
        rows: vectors written.
        dim: numbers in a vector.
    """

    format: str
    folder: Path
    files: tuple[Path, ...]
    rows: int
    dim: int


def export(
    run: str | Path, config: ExportConfig | None = None, output: str | Path | None = None
) -> ExportResult:
    """Write the vectors of a run and return where.

    Args:
        run: the run directory.
        config: format, table and rows.
        output: the folder to write; by default `RUN/export/FORMAT`.
    Raises:
        W2VError: the run has no vectors, a token does not fit the format, `output` holds other
            files or is one, or the place is not writable. What was there stays.
    """
    config = config or ExportConfig()
    format = registry.format_named(config.format, writes=True)
    paths = RunDirectory(Path(run))
    with reading(paths.model):
        manifest = read_manifest(paths.model, made_by=f"w2v train {run}", verify=True)
        table = _table(paths, config)
    folder = paths.export / format.name if output is None else Path(output)
    if output is not None:
        registry.require_replaceable(folder, format)
    record = {
        "stage": "export",
        "config": config.as_dict(),
        "inputs": {"model": manifest["files"].get(paths.vectors.name, {})},
        "summary": {"rows": table.rows, "dim": table.dim},
    }
    lock = run_lock(paths.root) if output is None else contextlib.nullcontext()
    with lock, atomic_stage(folder, record) as temporary:
        place = temporary if format.folder else temporary / format.files[0]
        format.write(place, stream.checked(table, str(paths.model)))
    files = tuple(folder / name for name in format.files)
    return ExportResult(format.name, folder, files, table.rows, table.dim)


def _table(paths: RunDirectory, config: ExportConfig) -> stream.VectorStream:
    vocabulary = Vocabulary.load(paths.vocabulary)
    plain = config.vectors == "target" and config.pooling is None
    if plain:
        return _changed(registry.read(paths.model, "npy"), config.top, config.normalize)
    if config.vectors == "mean":
        matrix = _mean(npy.mapped(paths.vectors), npy.mapped(paths.context_vectors))
    else:
        matrix = npy.mapped(paths.vectors if config.vectors == "target" else paths.context_vectors)
    if config.pooling is not None:
        matrix = pooled_vectors(matrix, vocabulary.counts, config.pooling)
    table = stream.of_matrix(vocabulary.tokens, matrix, vocabulary.counts)
    return _changed(table, config.top, config.normalize)


def _mean(target: np.ndarray, context: np.ndarray) -> np.ndarray:
    if target.shape != context.shape:
        raise W2VError(
            f"The tables differ: target {target.shape}, context {context.shape}.",
            "Run `w2v train` again with --force.",
        )
    return (target + context) / np.float32(2)


def _changed(table: stream.VectorStream, top: int | None, normalize: bool) -> stream.VectorStream:
    table = stream.first(table, top)
    return stream.normalized(table) if normalize else table


@dataclass(frozen=True)
class ConvertResult:
    """What a conversion read and wrote.

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
    **options: Any,
) -> ConvertResult:
    """Write the vectors in `source` to `target` in another format, whole or not at all.

    Rows go through block by block, so that a file may be larger than memory.

    Args:
        source: a run directory, or a file or folder of any known format.
        target: the file or folder to write.
        source_format: by default the content of the source tells.
        target_format: by default the ending of the target tells.
        top: only the first so many rows.
        normalize: scale every vector to length 1.
        options: of the target format's writer: see `formats.compressed_subwords.write`.
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
    if source_format is None and is_run(path):
        with reading(run.model):
            read_manifest(run.model, made_by=f"w2v train {source}")
            found, table = "run", registry.read(run.model, "npy")
    else:
        found = source_format or registry.recognize(path).name
        table = registry.read(path, found)
    table = _changed(table, top, normalize)
    written = registry.write(target, table, target_format, **options)
    lost = table.has_counts and not written.counts
    return ConvertResult(found, written.name, table.rows, table.dim, lost)
