"""What the commands that ask vectors share: where queries come from, and which words they hold."""

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from w2vtrain.errors import W2VError

Vectors = Annotated[
    Path, typer.Argument(metavar="RUN|FILE", help="Run directory, or a vector file of any format.")
]
WORDS_HELP = "Words; none or - to read queries from standard input, one a line."


@dataclass(frozen=True)
class Query:
    """The words of one question, and where it was asked: a line of standard input, or 0."""

    words: tuple[str, ...]
    line: int = 0

    @contextlib.contextmanager
    def blamed(self) -> Iterator[None]:
        """Adds the line of standard input to an error that this query causes."""
        try:
            yield
        except W2VError as error:
            if not self.line:
                raise
            message = f"Standard input, line {self.line}: {error.message}"
            raise W2VError(message, error.hint) from None


def default_of(function: Callable[..., Any], name: str) -> Any:
    """Returns the default of a library function's argument, for the option of the same name."""
    return inspect.signature(function).parameters[name].default


def read_queries(
    words: Sequence[str] | None, expected: str, low: int = 1, high: int | None = 1
) -> list[Query]:
    """Returns the queries on the command line, or of standard input.

    Args:
        words: from the command line; None, empty or `-` for standard input.
        expected: what a query is, for the message: "two words".
        low, high: how many words a query holds; None for no limit. Queries of one word each may
            stand together on the command line; on standard input a line of one is a whole token,
            spaces included, and a line of several is split at tabs, or else at spaces.
    Raises:
        W2VError: a line of standard input holds another number of words, or no line holds any.
        typer.BadParameter: the command line does.
    """
    single = high == 1
    if words and list(words) != ["-"]:
        queries = [Query((word,)) for word in words] if single else [Query(tuple(words))]
        for query in queries:
            if not _fits(query, low, high):
                raise typer.BadParameter(f"Received {len(words)} words; give {expected}.")
        return queries
    if not words and sys.stdin.isatty():
        raise typer.BadParameter(f"Give {expected}, or send queries to standard input.")
    queries = list(_from_lines(single))
    for query in queries:
        if not _fits(query, low, high):
            raise W2VError(
                f"Standard input, line {query.line}: {len(query.words)} words.",
                f"Give {expected} a line.",
            )
    if not queries:
        raise W2VError("Standard input holds no query.", f"Give {expected} a line.")
    return queries


def one_form(json: bool, tsv: bool) -> None:
    """Refuses --json and --tsv together."""
    if json and tsv:
        raise typer.BadParameter("--json and --tsv exclude each other.")


def _fits(query: Query, low: int, high: int | None) -> bool:
    return low <= len(query.words) and (high is None or len(query.words) <= high)


def _from_lines(single: bool) -> Iterator[Query]:
    reader = sys.stdin.buffer if hasattr(sys.stdin, "buffer") else None
    try:
        text = reader.read().decode("utf-8-sig") if reader else sys.stdin.read()
    except UnicodeDecodeError as error:
        raise W2VError(
            f"Standard input is not UTF-8 text (byte {error.start:,}).", "Send UTF-8."
        ) from None
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip("\r")
        if line.strip():
            several = line.split("\t") if "\t" in line else line.split()
            words = [line.strip()] if single else [w.strip() for w in several if w.strip()]
            yield Query(tuple(words), number)
