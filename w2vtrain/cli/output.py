"""Where the command line prints: results to stdout, everything else to stderr.

A result has one of three forms: text for people, one JSON object with stable keys (`--json`), or
tab-separated lines for pipes (`--tsv`); `Output` knows which. A token can hold anything that a text
does, also the characters that move the cursor or rename the window of a terminal: people see those
escaped, as `\\x1b`.
"""

import dataclasses
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import Annotated, Any

import typer

_PANEL = "Output"
Json = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object instead of text.", rich_help_panel=_PANEL),
]
Tsv = Annotated[
    bool,
    typer.Option("--tsv", help="Print tab-separated lines, for pipes.", rich_help_panel=_PANEL),
]

# Control characters but for line ends and tabs, what reverses the direction of writing, and halves
# of surrogate pairs, which stand for the bytes of file names that are not UTF-8.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Return `text` with the characters that a terminal would obey, not show, as escapes."""
    return _UNPRINTABLE.sub(lambda found: repr(found[0])[1:-1], text)


@dataclasses.dataclass(frozen=True)
class Output:
    """The form in which a command prints its result; text if neither of the two is asked for.

    A command makes this object before its work, so that `--json --tsv` is refused at once.
    """

    json: bool
    tsv: bool = False

    def __post_init__(self) -> None:
        if self.json and self.tsv:
            raise typer.BadParameter("--json and --tsv exclude each other.")

    def result(
        self,
        record: Any,
        text: Callable[[], None],
        rows: Iterable[Sequence[object]] = (),
        then: str | None = None,
    ) -> None:
        """Print the result in the form that was asked for.

        Args:
            record: what --json prints: a mapping or a dataclass, with others and paths in it.
            text: prints the result for people.
            rows: what --tsv prints.
            then: a useful next command, noted on stderr after the text.
        """
        if self.json:
            print_json(record)
        elif self.tsv:
            print_tsv(rows)
        else:
            text()
            if then:
                note(f"Next: {then}")


def command(*words: object) -> str:
    """Return a `w2v` command line with its arguments quoted for the shell."""
    return shlex.join(["w2v", *map(str, words)])


def say(text: str = "") -> None:
    """Print a line of the result to stdout."""
    _print(printable(text))


def note(text: str) -> None:
    """Print a line about the work to stderr."""
    print(printable(text), file=sys.stderr, flush=True)


def print_json(record: Any) -> None:
    """Print exactly one JSON object to stdout, in ASCII where stdout is not UTF-8."""
    ascii_only = "utf" not in (sys.stdout.encoding or "").lower()
    text = json.dumps(record, ensure_ascii=ascii_only, indent=2, default=_plain)
    print(re.sub("[\x7f-\x9f\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text))


def print_tsv(rows: Iterable[Sequence[object]]) -> None:
    """Print rows as tab-separated lines; tabs and line ends inside a cell become spaces.

    A pipe gets the other control characters as they are; on a terminal they are escaped.
    """
    for row in rows:
        line = "\t".join(" ".join(_text(cell).splitlines()).replace("\t", " ") for cell in row)
        _print(printable(line) if sys.stdout.isatty() else line)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print an aligned table: texts to the left, numbers to the right."""
    cells = [[_in_one_line(printable(_text(cell))) for cell in row] for row in rows]
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
        _print("  ".join(padded).rstrip())


def _plain(value: Any) -> Any:
    """Return what JSON can hold for what it cannot: a result, another dataclass, or a path."""
    if isinstance(value, PurePath):
        return str(value)
    return value.as_dict() if hasattr(value, "as_dict") else dataclasses.asdict(value)


def _print(line: str) -> None:
    """Print a line to stdout; what its encoding does not have is escaped."""
    encoding = sys.stdout.encoding or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding))


def _in_one_line(text: str) -> str:
    return text.replace("\n", "\\n").replace("\t", "\\t")


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    return f"{cell:.4f}" if isinstance(cell, float) else str(cell)
