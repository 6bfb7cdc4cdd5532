"""Where the command line prints: results to stdout, everything else to stderr.

A result is one of three forms: a table for people, one JSON object with stable keys (`--json`), or
TSV for pipes (`--tsv`).
"""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Tsv = Annotated[bool, typer.Option("--tsv", help="Print tab-separated lines, for pipes.")]


def say(text: str = "") -> None:
    """Prints a line of the result to stdout."""
    print(text)


def note(text: str) -> None:
    """Prints a line about the work to stderr."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: Mapping[str, Any]) -> None:
    """Prints exactly one JSON object to stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_tsv(rows: Sequence[Sequence[object]]) -> None:
    """Prints rows as tab-separated lines; tabs and line ends inside a cell become spaces."""
    for row in rows:
        print("\t".join(" ".join(_text(cell).splitlines()).replace("\t", " ") for cell in row))


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints an aligned table: texts to the left, numbers to the right."""
    cells = [[_text(cell) for cell in row] for row in rows]
    widths = [
        max([len(header), *(len(row[i]) for row in cells)]) for i, header in enumerate(headers)
    ]
    numeric = [
        bool(rows) and all(isinstance(row[i], (int, float)) or row[i] is None for row in rows)
        for i in range(len(headers))
    ]
    for line in [list(headers), *cells]:
        padded = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        )
        print("  ".join(padded).rstrip())


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    return f"{cell:.4f}" if isinstance(cell, float) else str(cell)
