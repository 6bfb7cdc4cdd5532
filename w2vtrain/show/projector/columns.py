"""Columns for the Projector to color by and to search: clusters, first letters, the user's own."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from w2vtrain.errors import W2VError
from w2vtrain.run.files import translated_read_errors
from w2vtrain.show.clusters import find_clusters
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.formats.projector import COLUMNS, COLUMNS_WITH_COUNTS, reads_as_number

COLORS = 50  # distinct values of a column that the page can color as categories
CLUSTERS = 10  # as many as the page has distinct colors
_RESERVED = ("__seq_next__", "__next__", "__proto__")  # names that the page takes for itself


def first_characters(tokens: Sequence[str]) -> list[str]:
    """Return each token's first character; the rare ones as `other`, to fit the page's colors."""
    firsts = [token[:1] or "empty" for token in tokens]
    kept = {first for first, _ in Counter(firsts).most_common(COLORS - 1)}
    return [_as_text(first) if first in kept else "other" for first in firsts]


def clusters(embeddings: Embeddings, number: int = CLUSTERS, seed: int = 1) -> list[str]:
    """Return the name of each row's cluster.

    Args:
        embeddings: the vectors.
        number: how many clusters; the page has 10 distinct colors, and colors 50 values at most.
        seed: of the choice of the first centers.
    """
    if not 2 <= number <= COLORS:
        raise W2VError(f"--clusters is {number}.", f"Give a number from 2 to {COLORS}.")
    found = find_clusters(embeddings.tokens, embeddings.normalized, number, seed)
    return [_as_text(found.names[cluster]) for cluster in found.of_rows.tolist()]


def user_columns(path: Path, tokens: Sequence[str]) -> tuple[dict[str, list[str]], int]:
    """Return the columns of a user's table, a cell for each token, and how many tokens it has.

    Args:
        path: a CSV or TSV file with a header; its first column holds the tokens.
        tokens: the rows.
    Raises:
        W2VError: the file cannot be read, has no second column, names a column that the page or
            the bundle already has, or has a token twice.
    """
    header, rows = _read_table(path)
    taken = {*COLUMNS, *COLUMNS_WITH_COUNTS, "first", "cluster", *_RESERVED}
    for name in header[1:]:
        if name in taken or not name.strip() or header.count(name) > 1:
            raise W2VError(
                f"{path} has the column {name!r}, which the bundle cannot take.",
                f"Rename it; these are taken: {', '.join(sorted(taken))}.",
            )
    found = sum(token in rows for token in tokens)
    if not found:
        raise W2VError(
            f"None of the {len(rows):,} words in {path} is a token here.",
            f"Its first column, {header[0]!r}, must hold the tokens.",
        )
    columns = {}
    for place, name in enumerate(header[1:]):
        texts = {cells[place] for cells in rows.values() if cells[place]}
        missing = "" if all(map(reads_as_number, texts)) else "none"
        columns[name] = [(rows[t][place] if t in rows else "") or missing for t in tokens]
    return columns, found


def _read_table(path: Path) -> tuple[list[str], Mapping[str, list[str]]]:
    delimiter = "\t" if path.suffix in (".tsv", ".tab") else ","
    readable = translated_read_errors(path, "Give a CSV or TSV file.")
    with readable, path.open(encoding="utf-8-sig", newline="") as file:
        header, *lines = list(csv.reader(file, delimiter=delimiter)) or [[]]
    if len(header) < 2:
        raise W2VError(
            f"{path} has {len(header)} columns.", "Give a header: token, then a column or more."
        )
    rows: dict[str, list[str]] = {}
    for number, line in enumerate(lines, start=2):
        if not line:
            continue
        if len(line) != len(header):
            raise W2VError(
                f"{path}, row {number}: {len(line)} cells, the header has {len(header)}."
            )
        if line[0] in rows:
            raise W2VError(f"{path}, row {number}: {line[0]!r} is there twice.")
        rows[line[0]] = line[1:]
    return header, rows


def _as_text(cell: str) -> str:
    """Return a cell that the page does not take for a number."""
    return f'"{cell}"' if reads_as_number(cell) else cell
