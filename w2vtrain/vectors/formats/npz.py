"""NumPy's .npz with arrays `vectors`, `tokens` and, where known, `counts`."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import reading_errors
from w2vtrain.vectors.formats.npy import HEADER_ERRORS, write_header
from w2vtrain.vectors.formats.stream import Block, VectorStream, rows_in_block
from w2vtrain.vectors.formats.tokens import ENDING_IN_NUL, carried

NAME = "npz"
_TOKENS = ("tokens", "words", "vocabulary")  # names that others use are read too
_VECTORS = ("vectors", "embeddings")
# beside a bad archive: a way of packing that Python does not know, and an archive with a password
_ERRORS = (*HEADER_ERRORS, zipfile.BadZipFile, NotImplementedError, RuntimeError)


def read(path: Path) -> VectorStream:
    """Returns the rows of an .npz file; the vectors are read block by block."""
    with _opened(path) as archive:
        names = {name.removesuffix(".npy"): name for name in archive.namelist()}
        matrix = next((names[name] for name in _VECTORS if name in names), None)
        words = next((names[name] for name in _TOKENS if name in names), None)
        if matrix is None or words is None:
            raise W2VError(
                f"{path} has no arrays `vectors` and `tokens`.",
                f"It has: {', '.join(names) or 'none'}.",
            )
        tokens = _array(archive, words, path)
        if tokens.ndim != 1 or tokens.dtype.kind != "U":
            raise W2VError(f"{path}: {words} is not a list of texts.")
        counts = _array(archive, "counts.npy", path) if "counts" in names else None
        if counts is not None and (counts.dtype.kind not in "iu" or counts.shape != tokens.shape):
            raise W2VError(f"{path}: counts.npy does not hold a whole number for each token.")
        rows, dim, dtype = _shape(archive, matrix, path)
    if rows != len(tokens):
        raise W2VError(f"{path} has {rows:,} vectors, but {len(tokens):,} tokens.")
    blocks = _blocks(path, matrix, tokens.tolist(), dim, dtype, counts)
    return VectorStream(rows, dim, blocks, counts is not None)


def _opened(path: Path) -> zipfile.ZipFile:
    with reading_errors(path):
        try:
            return zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise W2VError(f"{path} is damaged, or is no .npz file: {error}") from None


def _array(archive: zipfile.ZipFile, name: str, path: Path) -> np.ndarray:
    with reading_errors(path):
        try:
            _header(archive, name, path)
            return np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
        except _ERRORS as error:
            raise W2VError(f"{path}: {name} is damaged: {error}") from None


def _header(
    archive: zipfile.ZipFile, name: str, path: Path, file: IO[bytes] | None = None
) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Returns shape, Fortran order and type of an array, checked against its size in the file."""
    if file is None:
        with archive.open(name) as opened:
            return _header(archive, name, path, opened)
    version = np.lib.format.read_magic(file)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise W2VError(f"{path}: {name} has version {version} of NumPy's format.")
    shape, fortran, dtype = read_header(file)
    if dtype.hasobject or int(np.prod(shape, dtype=object)) * dtype.itemsize > _size(archive, name):
        raise W2VError(f"{path}: {name} announces more than the file holds: {shape} of {dtype}.")
    return shape, fortran, dtype


def _size(archive: zipfile.ZipFile, name: str) -> int:
    entry = archive.getinfo(name)
    # the archive's own word on its size may lie: deflate shrinks at most 1,032 times
    return min(entry.file_size, 1032 * entry.compress_size)


def _shape(archive: zipfile.ZipFile, name: str, path: Path) -> tuple[int, int, np.dtype]:
    with reading_errors(path):
        try:
            shape, fortran, dtype = _header(archive, name, path)
        except _ERRORS as error:
            raise W2VError(f"{path}: {name} is damaged: {error}") from None
    if len(shape) != 2 or dtype.kind != "f" or fortran:
        raise W2VError(
            f"{path}: {name} is of shape {shape} and type {dtype}"
            f"{', in Fortran order' if fortran else ''}.",
            "Save it as a float32 table, row by row.",
        )
    return shape[0], shape[1], dtype


def _blocks(
    path: Path,
    name: str,
    tokens: list[str],
    dim: int,
    dtype: np.dtype,
    counts: np.ndarray | None,
) -> Iterator[Block]:
    size = rows_in_block(dim)
    with reading_errors(path), _opened(path) as archive, archive.open(name) as file:
        _header(archive, name, path, file)
        for start in range(0, len(tokens), size):
            part = slice(start, min(start + size, len(tokens)))
            wanted = (part.stop - part.start) * dim * dtype.itemsize
            try:
                data = file.read(wanted)
            except zipfile.BadZipFile as error:
                raise W2VError(f"{path}: {name} is damaged: {error}") from None
            if len(data) != wanted:
                raise W2VError(f"{path} ends after {start:,} of {len(tokens):,} rows.")
            with np.errstate(over="ignore"):
                vectors = np.frombuffer(data, dtype).reshape(-1, dim).astype(np.float32, copy=False)
            numbers = None if counts is None else counts[part].astype(np.int64)
            yield Block(tokens[part], vectors, numbers)


def write(path: Path, stream: VectorStream) -> None:
    """Writes the arrays uncompressed, as `numpy.savez` does; the vectors row by row."""
    stream = carried(stream, NAME, ENDING_IN_NUL, empty=True, others="npy, safetensors or parquet")
    tokens: list[str] = []
    counts: list[np.ndarray] = []
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open(_member("vectors"), "w", force_zip64=True) as file:
            write_header(file, stream.rows, stream.dim)
            for block in stream.blocks:
                file.write(np.ascontiguousarray(block.vectors, "<f4").tobytes())
                tokens.extend(block.tokens)
                if block.counts is not None:
                    counts.append(block.counts)
        arrays = {"tokens": np.array(tokens, dtype=np.str_)}
        if stream.has_counts:
            arrays["counts"] = np.concatenate(counts)
        for name, array in arrays.items():
            with archive.open(_member(name), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def _member(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(f"{name}.npy")  # always dated 1980: same content, same bytes
