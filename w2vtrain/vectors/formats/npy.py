"""NumPy's files: a folder with `vectors.npy`, which can be memory-mapped, or one `.npz`.

Beside `vectors.npy` the folder has `vocabulary.tsv`: a line `token TAB count` a row, or `token`
alone where counts are unknown; a backslash, tab or line end inside a token is written `\\\\`,
`\\t`, `\\n`, `\\r`. An `.npz` holds arrays `vectors`, `tokens` and, where known, `counts`.

The folder of a run's model may hold besides `context_vectors.npy` and, in a folder `subwords`, the
rows of n-grams: `ngrams.json`, `vectors.npy`, and `buckets.npy`: buckets and their rows.
"""

import contextlib
import dataclasses
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from w2vtrain.corpus.encoding import HEADER_ERRORS
from w2vtrain.corpus.vocabulary import escaped, unescaped
from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import check_expansion, read_text, reading_errors
from w2vtrain.vectors.formats.stream import (
    ENDING_IN_NUL,
    Block,
    VectorStream,
    carried,
    of_matrix,
    rows_in_block,
)
from w2vtrain.vectors.ngrams import Ngrams
from w2vtrain.vectors.subwords import Subwords

VECTORS = "vectors.npy"
VOCABULARY = "vocabulary.tsv"
CONTEXT, SUBWORDS = "context_vectors.npy", "subwords"
_TOKENS = ("tokens", "words", "vocabulary")  # names that others use are read too
_VECTORS = ("vectors", "embeddings")
# beside a bad archive: a way of packing that Python does not know, and an archive with a password
_ZIP_ERRORS = (*HEADER_ERRORS, zipfile.BadZipFile, NotImplementedError, RuntimeError)
_DATED = (1980, 1, 1, 0, 0, 0)  # of every member: same content, same bytes


def read(path: Path) -> VectorStream:
    """Return the rows of a folder, or of its `vectors.npy`; the matrix is memory-mapped."""
    folder = path if path.is_dir() else path.parent
    tokens, counts = _read_vocabulary(folder / VOCABULARY)
    vectors = mapped(folder / VECTORS if path.is_dir() else path)
    if len(tokens) != len(vectors):
        raise W2VError(
            f"{folder / VOCABULARY} has {len(tokens):,} tokens, but {VECTORS} has "
            f"{len(vectors):,} rows.",
            "The two files do not belong together.",
        )
    context, subwords = folder / CONTEXT, folder / SUBWORDS
    return dataclasses.replace(
        of_matrix(tokens, vectors, counts),
        context=mapped(context) if path.is_dir() and context.exists() else None,
        subwords=read_subwords(subwords) if path.is_dir() and subwords.is_dir() else None,
    )


def read_subwords(folder: Path) -> Subwords:
    """Return what `write_subwords` has written; the rows are memory-mapped.

    Raises:
        W2VError: a file is missing or damaged.
    """
    try:
        ngrams = Ngrams(**json.loads(read_text(folder / "ngrams.json")))
    except (ValueError, TypeError) as error:
        raise W2VError(f"{folder / 'ngrams.json'} is damaged: {error}") from None
    vectors, path = mapped(folder / VECTORS), folder / "buckets.npy"
    with reading_errors(path):
        try:
            table = np.load(path, allow_pickle=False)
        except HEADER_ERRORS as error:
            raise W2VError(f"{path} is damaged: {error}") from None
    if table.ndim != 2 or len(table) != 2 or not (table[1] < len(vectors)).all():
        raise W2VError(f"{path} does not fit {VECTORS}.", "Train again with --force.")
    return Subwords(ngrams, vectors, *table)


def write_subwords(folder: Path, subwords: Subwords) -> None:
    """Write the rows of n-grams into a new folder."""
    folder.mkdir()
    settings = json.dumps(dataclasses.asdict(subwords.ngrams), indent=2)
    (folder / "ngrams.json").write_text(settings + "\n", encoding="utf-8")
    np.save(folder / VECTORS, subwords.vectors)
    np.save(folder / "buckets.npy", np.array([subwords.buckets, subwords.places], np.int32))


def mapped(path: Path) -> np.ndarray:
    """Return a float32 .npy file of two axes as a memory-mapped array."""
    with reading_errors(path):
        try:
            vectors = np.load(path, mmap_mode="r", allow_pickle=False)
        except HEADER_ERRORS as error:
            raise W2VError(f"{path} is damaged, or is no .npy file: {error}") from None
    if not isinstance(vectors, np.ndarray) or vectors.ndim != 2:
        raise W2VError(f"{path} holds {_what(vectors)}, not a table of two axes.")
    if vectors.dtype.kind != "f":
        raise W2VError(f"{path} holds numbers of type {vectors.dtype}.", "Save it as float32.")
    if vectors.dtype == np.float32 and vectors.flags.c_contiguous:
        return vectors
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(vectors, np.float32)


def _what(value: object) -> str:
    return f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else "no array"


def _read_vocabulary(path: Path) -> tuple[list[str], np.ndarray | None]:
    lines = read_text(path).split("\n")
    if lines.pop():
        raise W2VError(f"{path} is cut short: its last line has no end.")
    cells = [line.split("\t") for line in lines]
    with_counts = bool(cells) and len(cells[0]) == 2
    for number, row in enumerate(cells, start=1):
        count = row[-1]
        if len(row) != 1 + with_counts or (with_counts and not _is_count(count)):
            raise W2VError(f"{path}, line {number}: not `token TAB count`: {lines[number - 1]!r}")
    tokens = [unescaped(row[0]) for row in cells]
    counts = np.array([int(row[1]) for row in cells], np.int64) if with_counts else None
    return tokens, counts


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def write(path: Path, stream: VectorStream) -> None:
    """Write the folder's two files, row by row."""
    path.mkdir(parents=True, exist_ok=True)
    stream = carried(stream, "npy", empty=True)
    with (
        (path / VECTORS).open("wb") as file,
        (path / VOCABULARY).open("w", encoding="utf-8", newline="\n") as words,
    ):
        for matrix, lines in _pieces(file, stream):
            file.write(matrix)
            words.writelines(lines)


def write_header(file: IO[bytes], rows: int, dim: int) -> None:
    """Write the header of a float32 .npy file."""
    header = {"descr": "<f4", "fortran_order": False, "shape": (rows, dim)}
    np.lib.format.write_array_header_1_0(file, header)


def _pieces(file: IO[bytes], stream: VectorStream) -> Iterator[tuple[bytes, list[str]]]:
    write_header(file, stream.rows, stream.dim)
    for tokens, vectors, counts in stream.blocks:
        if counts is None:
            lines = [f"{escaped(token)}\n" for token in tokens]
        else:
            pairs = zip(tokens, counts.tolist(), strict=True)
            lines = [f"{escaped(token)}\t{count}\n" for token, count in pairs]
        yield np.ascontiguousarray(vectors, "<f4").tobytes(), lines


def read_npz(path: Path) -> VectorStream:
    """Return the rows of an .npz file; the vectors are read block by block."""
    with opened(path) as archive:
        check_expansion(path, sum(_size(archive, name) for name in archive.namelist()))
        names = {name.removesuffix(".npy"): name for name in archive.namelist()}
        matrix = next((names[name] for name in _VECTORS if name in names), None)
        words = next((names[name] for name in _TOKENS if name in names), None)
        if matrix is None or words is None:
            raise W2VError(
                f"{path} has no arrays `vectors` and `tokens`.",
                f"It has: {', '.join(names) or 'none'}.",
            )
        tokens = read_array(archive, words, path)
        if tokens.ndim != 1 or tokens.dtype.kind != "U":
            raise W2VError(f"{path}: {words} is not a list of texts.")
        counts = read_array(archive, "counts.npy", path) if "counts" in names else None
        if counts is not None and (counts.dtype.kind not in "iu" or counts.shape != tokens.shape):
            raise W2VError(f"{path}: counts.npy does not hold a whole number for each token.")
        rows, dim, dtype = _shape(archive, matrix, path)
    if rows != len(tokens):
        raise W2VError(f"{path} has {rows:,} vectors, but {len(tokens):,} tokens.")
    blocks = _blocks(path, matrix, tokens.tolist(), dim, dtype, counts)
    return VectorStream(rows, dim, blocks, counts is not None)


def opened(path: Path) -> zipfile.ZipFile:
    """Open an .npz file, or raise W2VError."""
    with reading_errors(path):
        try:
            return zipfile.ZipFile(path)
        except _ZIP_ERRORS as error:
            raise W2VError(f"{path} is damaged, or is no .npz file: {error}") from None


def read_array(archive: zipfile.ZipFile, name: str, path: Path) -> np.ndarray:
    """Return the member `name` of the archive at `path`, or raise W2VError."""
    with _opened_member(archive, name, path) as file:
        _read_header(archive, name, path, file)
        return np.load(io.BytesIO(archive.read(name)), allow_pickle=False)


@contextlib.contextmanager
def _opened_member(archive: zipfile.ZipFile, name: str, path: Path) -> Iterator[IO[bytes]]:
    with reading_errors(path):
        try:
            with archive.open(name) as file:
                yield file
        except _ZIP_ERRORS as error:
            raise W2VError(f"{path}: {name} is damaged: {error}") from None


def _read_header(
    archive: zipfile.ZipFile, name: str, path: Path, file: IO[bytes]
) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return shape, Fortran order and type of an array, checked against its size in the file."""
    version = np.lib.format.read_magic(file)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise W2VError(f"{path}: {name} has version {version} of NumPy's format.")
    shape, fortran, dtype = read_header(file)
    if dtype.hasobject:
        raise W2VError(
            f"{path}: {name} holds pickled Python objects, which are not read.",
            "Save it as a plain array: np.array(tokens, dtype=str).",
        )
    if int(np.prod(shape, dtype=object)) * dtype.itemsize > _size(archive, name):
        raise W2VError(f"{path}: {name} announces more than the file holds: {shape} of {dtype}.")
    return shape, fortran, dtype


def _size(archive: zipfile.ZipFile, name: str) -> int:
    return archive.getinfo(name).file_size  # zipfile reads no further, whatever is packed there


def _shape(archive: zipfile.ZipFile, name: str, path: Path) -> tuple[int, int, np.dtype]:
    with _opened_member(archive, name, path) as file:
        shape, fortran, dtype = _read_header(archive, name, path, file)
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
    with opened(path) as archive, _opened_member(archive, name, path) as file:
        _read_header(archive, name, path, file)
        for start in range(0, len(tokens), size):
            part = slice(start, min(start + size, len(tokens)))
            wanted = (part.stop - part.start) * dim * dtype.itemsize
            data = file.read(wanted)
            if len(data) != wanted:
                raise W2VError(f"{path} ends after {start:,} of {len(tokens):,} rows.")
            with np.errstate(over="ignore"):
                vectors = np.frombuffer(data, dtype).reshape(-1, dim).astype(np.float32, copy=False)
            numbers = None if counts is None else counts[part].astype(np.int64)
            yield Block(tokens[part], vectors, numbers)


def write_npz(path: Path, stream: VectorStream) -> None:
    """Write the arrays uncompressed, as `numpy.savez` does; the vectors row by row."""
    stream = carried(stream, "npz", ENDING_IN_NUL, empty=True, others="npy, safetensors or parquet")
    tokens: list[str] = []
    counts: list[np.ndarray] = []
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open(member("vectors"), "w", force_zip64=True) as file:
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
            with archive.open(member(name), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def member(name: str) -> zipfile.ZipInfo:
    """Return what an array is called in an archive; always of the same date."""
    return zipfile.ZipInfo(f"{name}.npy", _DATED)
