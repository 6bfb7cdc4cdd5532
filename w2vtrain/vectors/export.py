"""Stage export: the vectors of a run, written as files that other programs open."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.config import ExportConfig
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.lock import run_lock
from w2vtrain.run.stage import atomic_stage, read_manifest
from w2vtrain.vectors.formats import npy, projector, stream, word2vec_binary, word2vec_text

# What each format writes in its folder: one file, or the files that make the folder up.
_FILES = {
    "projector": projector.FILES,
    "word2vec-text": ("vectors.txt",),
    "word2vec-binary": ("vectors.bin",),
    "npy": npy.FILES,
}


@dataclass(frozen=True)
class ExportResult:
    """What an export wrote.

    Args:
        format: its name.
        folder: where the files lie.
        files: their paths.
        rows: vectors written.
        dim: numbers in a vector.
    """

    format: str
    folder: Path
    files: tuple[Path, ...]
    rows: int
    dim: int

    def as_dict(self) -> dict[str, object]:
        """Returns the same as JSON-ready values."""
        return {
            "format": self.format,
            "folder": str(self.folder),
            "files": [str(path) for path in self.files],
            "rows": self.rows,
            "dim": self.dim,
        }


def export(
    run: str | Path, config: ExportConfig | None = None, output: str | Path | None = None
) -> ExportResult:
    """Writes the vectors of a run and returns where.

    Args:
        run: the run directory.
        config: format, table and rows.
        output: the folder to write; by default `RUN/export/FORMAT`.
    Raises:
        W2VError: the run has no vectors, a token does not fit the format, or the place is not
            writable. What stood there stays.
    """
    config = config or ExportConfig()
    paths = RunDirectory(Path(run))
    manifest = read_manifest(paths.model, made_by=f"w2v train {run}", verify=True)
    table = _table(paths, config)
    folder = paths.export / config.format if output is None else Path(output)
    if output is not None:
        _check_replaceable(folder, config.format)
    record = {
        "stage": "export",
        "config": config.as_dict(),
        "inputs": {"model": manifest["files"].get(paths.vectors.name, {})},
        "summary": {"rows": table.rows, "dim": table.dim},
    }
    lock = run_lock(paths.root) if output is None else contextlib.nullcontext()
    with lock, atomic_stage(folder, record) as temporary:
        _write(config.format, temporary, stream.checked(table, str(paths.model)))
    files = tuple(folder / name for name in _FILES[config.format])
    return ExportResult(config.format, folder, files, table.rows, table.dim)


def _table(paths: RunDirectory, config: ExportConfig) -> stream.VectorStream:
    vocabulary = Vocabulary.load(paths.vocabulary)
    if config.vectors == "mean":
        matrix = _mean(npy.mapped(paths.vectors), npy.mapped(paths.context_vectors))
    else:
        matrix = npy.mapped(paths.vectors if config.vectors == "target" else paths.context_vectors)
    table = stream.of_matrix(vocabulary.tokens, matrix, vocabulary.counts)
    table = stream.first(table, config.top)
    return stream.normalized(table) if config.normalize else table


def _mean(target: np.ndarray, context: np.ndarray) -> np.ndarray:
    if target.shape != context.shape:
        raise W2VError(
            f"The tables differ: target {target.shape}, context {context.shape}.",
            "Run `w2v train` again with --force.",
        )
    return (target + context) / np.float32(2)


def _write(format: str, folder: Path, table: stream.VectorStream) -> None:
    if format == "projector":
        projector.write(folder, table)
    elif format == "npy":
        npy.write(folder, table)
    elif format == "word2vec-text":
        word2vec_text.write(folder / _FILES[format][0], table)
    else:
        word2vec_binary.write(folder / _FILES[format][0], table)


def _check_replaceable(folder: Path, format: str) -> None:
    """Refuses a folder with other files in it: an export replaces the folder that it writes."""
    if not folder.is_dir():
        return
    ours = {*_FILES[format], "manifest.json"}
    others = sorted(path.name for path in folder.iterdir() if path.name not in ours)
    if others:
        raise W2VError(
            f"{folder} holds other files ({', '.join(others[:3])}), and an export replaces its "
            "folder.",
            "Give a new folder, or an empty one.",
        )
