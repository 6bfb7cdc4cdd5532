"""What the Projector's page, and TensorBoard's server before it, make of a tensor file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.show.projector import page
from w2vtrain.show.projector.findings import Finding

TENSORBOARD_ROWS = 100_000
_LIMITS = (
    (10_000, "t-SNE runs on"),
    (5_000, "UMAP runs on"),
    (50_000, "PCA is fitted on"),
)


@dataclass(frozen=True)
class Tensor:
    """What arrived: `points` and `dim` are 0 where nothing did."""

    points: int
    dim: int
    findings: tuple[Finding, ...]


def page_tensor(path: Path, shape: tuple[int, int] | None) -> Tensor:
    """Returns what the page outside TensorBoard reads from a file that it fetches itself."""
    if path.suffix == ".bytes":
        return _bytes_on_page(path, shape)
    try:
        values, lines, labelled = page.parse_tensor_tsv(path.read_bytes())
    except page.PageError as error:
        return _refused(path, f"{error}.")
    found = list(_value_findings(path.name, values, lines))
    if labelled:
        found.append(
            Finding(
                "dropped",
                path.name,
                None,
                f"{labelled:,} lines begin with a cell that the page takes for a label.",
            )
        )
    return _arrived(path, values, found)


def server_tensor(path: Path, shape: tuple[int, int] | None) -> Tensor:
    """Returns what TensorBoard's server sends to the page.

    Source: TensorBoard 2.21, plugins/projector/projector_plugin.py, `_read_tensor_tsv_file` and
    `_read_tensor_binary_file`.
    """
    rows: list[np.ndarray] = []
    lines: list[int] = []
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                line = raw.decode("utf-8").rstrip("\n")
            except UnicodeDecodeError:
                return _bytes_on_server(path, shape)
            if not line:
                continue
            try:
                rows.append(np.array(list(map(float, line.split("\t"))), dtype=np.float32))
            except ValueError as error:
                return _refused(path, f"line {number}: {error}; TensorBoard's server fails.")
            lines.append(number)
    if not rows:
        return _refused(path, "it holds no vector.")
    for number, row in zip(lines, rows, strict=True):
        if len(row) != len(rows[0]):
            return _refused(
                path,
                f"line {number} has {len(row)} numbers, the first has {len(rows[0])}; "
                "TensorBoard's server fails.",
            )
    return _sent(path, np.array(rows), lines)


def _bytes_on_server(path: Path, shape: tuple[int, int] | None) -> Tensor:
    values = np.fromfile(path, dtype="<f4")
    if shape is None or values.size != shape[0] * shape[1]:
        return _refused(path, f"{values.size:,} numbers do not make the tensor_shape {shape}.")
    return _sent(path, values.reshape(shape), list(range(1, shape[0] + 1)))


def _sent(path: Path, values: np.ndarray, lines: list[int]) -> Tensor:
    found = []
    if len(values) > TENSORBOARD_ROWS:
        lost = len(values) - TENSORBOARD_ROWS
        found.append(
            Finding(
                "dropped",
                path.name,
                lines[TENSORBOARD_ROWS],
                f"and {lost - 1:,} rows after it: TensorBoard shows {TENSORBOARD_ROWS:,}.",
            )
        )
        values = values[:TENSORBOARD_ROWS]
    if values.shape[1] <= 1:
        return _refused(path, "its vectors have one dimension; the page needs two.")
    found += _value_findings(path.name, values, lines)
    return _arrived(path, values, found)


def _bytes_on_page(path: Path, shape: tuple[int, int] | None) -> Tensor:
    size = path.stat().st_size
    if shape is None:
        return _refused(path, "its config gives no tensorShape, which alone says the dimension.")
    if size % 4:
        return _refused(path, f"{size:,} bytes are not whole float32 numbers.")
    if (size // 4) % shape[1]:
        return _refused(path, f"{size // 4:,} numbers are not whole rows of {shape[1]}.")
    values = np.fromfile(path, dtype="<f4").reshape(-1, shape[1])
    found = list(_value_findings(path.name, values, list(range(1, len(values) + 1))))
    if len(values) != shape[0]:
        found.append(
            Finding(
                "shifted",
                path.name,
                None,
                f"holds {len(values):,} rows, its config's tensorShape says {shape[0]:,}.",
            )
        )
    return _arrived(path, values, found)


def _arrived(path: Path, values: np.ndarray, found: list[Finding]) -> Tensor:
    points, dim = values.shape
    return Tensor(points, dim, (*found, *_size_findings(path.name, points, dim)))


def _refused(path: Path, message: str) -> Tensor:
    return Tensor(0, 0, (Finding("refused", path.name, None, message),))


def _value_findings(file: str, values: np.ndarray, lines: list[int]) -> Iterator[Finding]:
    for row in np.flatnonzero(~np.isfinite(values).all(axis=1)).tolist():
        yield Finding(
            "mangled",
            file,
            lines[row],
            "holds a value that is no finite number: the page's first view ends in an error.",
        )


def _size_findings(file: str, points: int, dim: int) -> Iterator[Finding]:
    for limit, what in _LIMITS:
        if points > limit:
            yield Finding("limit", file, None, f"{what} {limit:,} of the {points:,} points.")
    if dim == 2:
        message = "two dimensions leave the page's first view empty: untick the third component."
        yield Finding("limit", file, None, message)
    if dim > 200:
        yield Finding("limit", file, None, f"{dim} dimensions are cut to 200 by chance before PCA.")
