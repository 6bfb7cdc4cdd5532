"""Parquet with columns `token`, `count` where known, and `vector`, a list of `dim` float32."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import check_expansion, reading_errors
from w2vtrain.vectors.formats.stream import Block, VectorStream, carried, rows_in_block


def read(path: Path) -> VectorStream:
    """Return the rows of a Parquet file, read in batches."""
    with _opened(path) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
        _check(schema, path)
        check_expansion(path, _bytes_in_memory(file.metadata))
        with_counts = "count" in schema.names
        dim = _dim(file)

    def generate() -> Iterator[Block]:
        columns = ["token", "vector", *(["count"] if with_counts else [])]
        with _opened(path) as opened:
            for group in range(opened.num_row_groups):  # all at once are read far ahead
                for batch in opened.iter_batches(rows_in_block(dim), [group], columns):
                    yield _block(batch, dim, path, with_counts)

    return VectorStream(rows, dim, generate(), with_counts)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[pyarrow.parquet.ParquetFile]:
    with reading_errors(path):
        try:
            with pyarrow.parquet.ParquetFile(path, page_checksum_verification=True) as file:
                yield file
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise W2VError(f"{path} is damaged, or is no Parquet file: {error}") from None


def _check(schema: pa.Schema, path: Path) -> None:
    for name in ("token", "vector"):
        if name not in schema.names:
            raise W2VError(
                f"{path} has no column `{name}`; it has: {', '.join(schema.names)}.",
                "Name the columns token, vector and, if there are counts, count.",
            )
    kind = schema.field("vector").type
    lists = pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind)
    if not lists or not pa.types.is_floating(kind.value_type):
        raise W2VError(f"{path}: column `vector` is of type {kind}, not a list of floats.")
    token = schema.field("token").type
    if not pa.types.is_string(token) and not pa.types.is_large_string(token):
        raise W2VError(f"{path}: column `token` is of type {token}, not text.")
    if "count" in schema.names and not pa.types.is_integer(schema.field("count").type):
        raise W2VError(f"{path}: column `count` does not hold whole numbers.")


def _bytes_in_memory(metadata: pyarrow.parquet.FileMetaData) -> int:
    """Return at least how many bytes the file grows to: a few runs can stand for many numbers."""
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    columns = [group.column(place) for group in groups for place in range(group.num_columns)]
    return sum(max(column.total_uncompressed_size, 4 * column.num_values) for column in columns)


def _dim(file: pyarrow.parquet.ParquetFile) -> int:
    kind = file.schema_arrow.field("vector").type
    if pa.types.is_fixed_size_list(kind):
        return int(kind.list_size)
    first = next(file.iter_batches(1, columns=["vector"]), None)
    return 0 if first is None else len(first.column(0)[0].as_py() or [])


def _block(batch: pa.RecordBatch, dim: int, path: Path, with_counts: bool) -> Block:
    vectors, tokens = batch.column("vector"), batch.column("token")
    counts = batch.column("count") if with_counts else None
    flat = vectors.flatten()
    lengths = pa.compute.unique(pa.compute.list_value_length(vectors)).to_pylist()
    if lengths != [dim] or len(flat) != dim * len(batch):
        raise W2VError(f"{path}: a vector is missing, or does not have {dim} numbers.")
    if tokens.null_count or flat.null_count or (counts is not None and counts.null_count):
        raise W2VError(f"{path} has empty cells.", "Every row needs a token and its numbers.")
    with np.errstate(over="ignore"):
        matrix = flat.to_numpy(zero_copy_only=False).astype(np.float32).reshape(-1, dim)
    numbers = None if counts is None else counts.to_numpy().astype(np.int64)
    return Block(tokens.to_pylist(), matrix, numbers)


def write(path: Path, stream: VectorStream) -> None:
    """Write a row group a block."""
    fields = [
        pa.field("token", pa.string(), nullable=False),
        *([pa.field("count", pa.int64(), nullable=False)] if stream.has_counts else []),
        pa.field("vector", pa.list_(pa.float32(), stream.dim)),
    ]
    schema = pa.schema(fields)
    with pyarrow.parquet.ParquetWriter(path, schema, write_page_checksum=True) as writer:
        for tokens, vectors, counts in carried(stream, "parquet", empty=True).blocks:
            flat = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
            columns = [
                pa.array(tokens, pa.string()),
                *([] if counts is None else [pa.array(counts, pa.int64())]),
                pa.FixedSizeListArray.from_arrays(flat, stream.dim),
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))
