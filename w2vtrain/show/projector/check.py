"""A short lint of a bundle for the Embedding Projector, ours or anybody's.

It finds what misleads most often: files that a config names and that are not there, rows that do
not agree, a header too many or too few, labels that are blank or that the page turns into numbers,
values that are not finite, and more rows than a viewer takes. What the real page makes of our own
bundles is tested in a browser.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.projector import (
    CONFIG_JSON,
    CONFIG_PBTXT,
    reads_as_number,
    tensorboard_reads_bytes,
    trim,
)

TENSORBOARD_ROWS = 100_000
_FITTED_ROWS = {
    "t-SNE": 10_000,
    "UMAP": 5_000,
    "PCA": 50_000,
}  # rows they are computed on
_SAME_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]*[1-9])?")  # shown as it is written
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?")  # of the same value

# refused: an error, or nothing is shown; dropped: a row or cell is not shown; shifted: labels are
# at other rows' points; coerced: a text becomes a number; mangled: shown, but not as written;
# limit: as written, but the page computes some views on a part of the rows only.
Kind = Literal["refused", "dropped", "shifted", "coerced", "mangled", "limit"]


@dataclass(frozen=True)
class Finding:
    """One thing that the Projector would not show as `file` says; `line` counts from 1."""

    kind: Kind
    file: str
    line: int | None
    message: str


@dataclass(frozen=True)
class Shown:
    """What one viewer shows of one tensor.

    Args:
        viewer: `tensorboard`, or `page` for the page that fetches the files itself.
        config: the name of the config file; empty for an upload by hand.
        name: the tensor's name.
        points, dimensions: 0 where nothing is shown.
        label: the column that points are labeled and searched by; None without metadata.
    """

    viewer: str
    config: str
    name: str
    points: int
    dimensions: int
    label: str | None


@dataclass(frozen=True)
class Report:
    """What each viewer shows of a bundle, and each thing that would differ from its files."""

    shown: tuple[Shown, ...]
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings except the page's own limits, which no bundle can avoid."""
        return tuple(finding for finding in self.findings if finding.kind != "limit")


def check(folder: Path) -> Report:
    """Check the bundle in `folder`.

    Raises:
        W2VError: `folder` holds no bundle, or its config cannot be read.
    """
    shown, findings = [], []
    for viewer, config, entry in _entries(folder):
        name = str(entry.get("tensorName") or "")
        wrong = list(_check_config(entry, config, viewer, folder))
        findings += wrong
        if wrong:
            continue
        matrix, tensor_findings = _check_tensor(folder, entry, viewer)
        points, dim = (0, 0) if matrix is None else matrix.shape
        label: str | None = None
        label_findings: list[Finding] = []
        if entry.get("metadataPath"):
            label, label_findings = _check_metadata(folder / entry["metadataPath"], points)
        findings += [*tensor_findings, *label_findings]
        points = min(points, TENSORBOARD_ROWS) if viewer == "tensorboard" else points
        shown.append(Shown(viewer, config, name, points, dim, label))
    return Report(tuple(shown), tuple(dict.fromkeys(findings)))


def _entries(folder: Path) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return viewer, config and entry of each tensor; the two TSVs where there is no config."""
    if not folder.is_dir():
        raise W2VError(f"No such folder: {folder}", "Give the folder that holds the bundle.")
    entries: list[tuple[str, str, Mapping[str, Any]]] = []
    if (folder / CONFIG_PBTXT).is_file():
        entries += [("tensorboard", CONFIG_PBTXT, e) for e in _read_pbtxt(folder / CONFIG_PBTXT)]
    if (folder / CONFIG_JSON).is_file():
        entries += [("page", CONFIG_JSON, e) for e in read_config(folder / CONFIG_JSON)]
    if entries:
        return entries
    tensor = _first_file(folder, "vectors.tsv", "tensors.tsv", "tensor.tsv", "embeddings.tsv")
    if tensor is None:
        raise W2VError(
            f"{folder} holds neither {CONFIG_PBTXT}, {CONFIG_JSON} nor vectors.tsv.",
            "Make a bundle with `w2v export RUN --format projector`.",
        )
    metadata = _first_file(folder, "metadata.tsv", "labels.tsv", "meta.tsv")
    entry = {"tensorName": Path(tensor).stem, "tensorPath": tensor, "metadataPath": metadata}
    return [("page", "", entry)]


def _first_file(folder: Path, *names: str) -> str | None:
    return next((name for name in names if (folder / name).is_file()), None)


def _read_pbtxt(path: Path) -> list[dict[str, Any]]:
    from google.protobuf import json_format, text_format
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    try:
        config = text_format.Parse(path.read_text(encoding="utf-8"), ProjectorConfig())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise W2VError(f"{path} is no Projector config: {error}", "Export it anew.") from None
    return list(json_format.MessageToDict(config).get("embeddings", []))


def read_config(path: Path) -> list[dict[str, Any]]:
    """Return the entries of a `projector_config.json`, one a tensor.

    Raises:
        W2VError: the file is missing or is no such config.
    """
    try:
        entries = json.loads(path.read_bytes())["embeddings"]
        if not all(isinstance(entry, dict) for entry in entries):
            raise TypeError("an embedding is not an object")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise W2VError(f"{path} is no Projector config: {error!r}", "Export it anew.") from None
    return list(entries)


def _check_config(
    entry: Mapping[str, Any], config: str, viewer: str, folder: Path
) -> Iterator[Finding]:
    if not entry.get("tensorPath"):
        yield Finding("refused", config, None, "names no tensor file.")
    for key in ("tensorPath", "metadataPath", "bookmarksPath"):
        path = folder / str(entry.get(key) or "")
        if path != folder and not path.is_file():
            yield Finding("refused", config, None, f"names {path}, which is no file.")
        elif viewer == "tensorboard" and not path.resolve().is_relative_to(folder.resolve()):
            message = f"names {path}; TensorBoard reads nothing outside the config's folder."
            yield Finding("refused", config, None, message)


def _check_tensor(
    folder: Path, entry: Mapping[str, Any], viewer: str
) -> tuple[np.ndarray | None, list[Finding]]:
    """Return the vectors, None where nothing would be shown, and what is wrong with them."""
    path = folder / str(entry["tensorPath"])
    raw = path.suffix == ".bytes"
    try:
        matrix, lines = _read_bytes(path, entry, viewer) if raw else _read_rows(path)
    except ValueError as error:
        return None, [Finding("refused", path.name, None, f"{error}.")]
    rows, dim = matrix.shape
    found = [
        Finding("mangled", path.name, lines[row], "holds a value that is no finite number.")
        for row in np.flatnonzero(~np.isfinite(matrix).all(axis=1)).tolist()
    ]
    if viewer == "tensorboard" and rows > TENSORBOARD_ROWS:
        message = f"and every row after it: TensorBoard shows {TENSORBOARD_ROWS:,} of {rows:,}."
        found.append(Finding("dropped", path.name, lines[TENSORBOARD_ROWS], message))
    return matrix, [*found, *_limits(path.name, rows, dim)]


def _limits(file: str, rows: int, dim: int) -> Iterator[Finding]:
    for method, limit in _FITTED_ROWS.items():
        if rows > limit:
            yield Finding(
                "limit", file, None, f"{method} is computed on {limit:,} of {rows:,} points."
            )
    if dim == 2:
        message = "two dimensions leave the page's first view empty: untick the third component."
        yield Finding("limit", file, None, message)


def _read_rows(path: Path) -> tuple[np.ndarray, list[int]]:
    """Return the numbers of a TSV and the line of each row."""
    rows: list[np.ndarray] = []
    lines = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = np.array([float(cell) for cell in line.split(b"\t")], dtype=np.float32)
        except ValueError:
            raise ValueError(f"line {number} holds a cell that is no number") from None
        if rows and len(row) != len(rows[0]):
            raise ValueError(f"line {number} has {len(row)} numbers, the first {len(rows[0])}")
        rows.append(row)
        lines.append(number)
    if not rows or len(rows[0]) < 2:
        raise ValueError("it holds no vector of two numbers or more")
    return np.array(rows), lines


def _read_bytes(path: Path, entry: Mapping[str, Any], viewer: str) -> tuple[np.ndarray, list[int]]:
    shape = [int(size) for size in entry.get("tensorShape") or ()]
    size = path.stat().st_size
    if len(shape) != 2 or shape[1] < 2 or size != 4 * shape[0] * shape[1]:
        raise ValueError(f"its {size:,} bytes are not the float32 numbers of a shape {shape}")
    if viewer == "tensorboard" and not tensorboard_reads_bytes(path):
        raise ValueError("its first bytes are text, and TensorBoard takes it for a TSV")
    return np.fromfile(path, dtype="<f4").reshape(shape), list(range(1, shape[0] + 1))


def _check_metadata(path: Path, points: int) -> tuple[str | None, list[Finding]]:
    """Return the column that labels points, and what is wrong with the file."""
    content = path.read_bytes()
    try:
        lines = content.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        bad_line = content.count(b"\n", 0, error.start) + 1
        return None, [Finding("refused", path.name, bad_line, "is not UTF-8.")]
    found = []
    if content and not content.endswith(b"\n"):
        message = "has no line feed at its end: the page may read forever."
        found.append(Finding("refused", path.name, None, message))
    for number, line in enumerate(lines, start=1):
        if not trim(line):
            message = "is blank to the page and skipped: every later label moves up by one row."
            found.append(Finding("dropped", path.name, number, message))
    rows = [(n, line.split("\t")) for n, line in enumerate(lines, start=1) if trim(line)]
    has_header = bool(rows) and len(rows[0][1]) > 1  # if and only if the first line holds a tab
    names = rows.pop(0)[1] if has_header else ["label"]
    label = _label_column(names, [cells for _, cells in rows])
    if label:
        message = f"{names[0]!r} holds only numbers: points are labeled by {names[label]!r}."
        found.append(Finding("mangled", path.name, None, message))
    found += _check_cells(path.name, names, rows, label)
    found += _check_rows(path.name, points, len(rows), has_header)
    return names[label], found


def _label_column(names: list[str], rows: list[list[str]]) -> int:
    """Return the column that the page labels points by: the first that holds a text."""
    for column in range(len(names)):
        if not all(reads_as_number(cells[column]) for cells in rows if column < len(cells)):
            return column
    return 0


def _check_cells(
    file: str, names: list[str], rows: list[tuple[int, list[str]]], label: int
) -> Iterator[Finding]:
    for line, cells in rows:
        if len(cells) != len(names):
            message = f"has {len(cells)} cells, not {len(names)}."
            yield Finding("dropped" if len(cells) > len(names) else "mangled", file, line, message)
        elif not cells[label]:
            message = f"has no text in {names[label]!r}, the label: the page's search fails at it."
            yield Finding("mangled", file, line, message)
        for column, (name, cell) in enumerate(zip(names, cells, strict=False)):
            same = _SAME_NUMBER if column == label else _NUMBER
            if cell and reads_as_number(cell) and not same.fullmatch(cell.strip(" ")):
                message = f"{name} {cell!r} is turned into a number."
                yield Finding("coerced", file, line, message)


def _check_rows(file: str, points: int, rows: int, has_header: bool) -> Iterator[Finding]:
    message = f"{rows:,} labels for {points:,} points"
    if not points or rows == points:
        return
    if rows == points + (-1 if has_header else 1):
        rule = "several columns must have a" if has_header else "one column must have no"
        yield Finding("refused", file, 1, f"{message}: a file of {rule} header line.")
    else:
        yield Finding("shifted", file, None, f"{message}: they do not belong together.")
