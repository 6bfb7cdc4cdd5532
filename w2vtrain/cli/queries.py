"""What the commands that question vectors share: queries, their words, defaults of options."""

import contextlib
import importlib
import inspect
import operator
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from w2vtrain.cli.output import command, note
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory

if TYPE_CHECKING:
    from w2vtrain.vectors.embeddings import Embeddings

Vectors = Annotated[
    Path, typer.Argument(metavar="RUN|FILE", help="Run directory, or a vector file of any format.")
]
VocabularyOnly = Annotated[
    bool,
    typer.Option("--vocabulary-only", help="Make no words from n-grams or subword units."),
]
AnalogyMethod = Literal["3cosadd", "3cosmul"]
WORDS_HELP = "Words; none or - to read queries from standard input, one a line."


@dataclass(frozen=True)
class Query:
    """The words of one question, and its line of standard input, or 0."""

    words: tuple[str, ...]
    line: int = 0

    @contextlib.contextmanager
    def with_line_number(self) -> Iterator[None]:
        """Add the line of standard input to an error that this query causes."""
        try:
            yield
        except W2VError as error:
            if not self.line:
                raise
            message = f"Standard input, line {self.line}: {error.message}"
            raise W2VError(message, error.hint) from None


@dataclass(frozen=True, repr=False)
class _LibraryDefault:
    """The default of a library function's argument, looked up when it is needed or shown."""

    function: str
    name: str

    def __call__(self) -> Any:
        module, _, path = self.function.partition(":")
        function = operator.attrgetter(path)(importlib.import_module(module))
        return inspect.signature(function).parameters[self.name].default

    def __str__(self) -> str:
        return str(self())


def default_of(function: str, name: str) -> Any:
    """Return the default of a library function's argument, for the option of the same name.

    The function is named as `module:function`, and imported only when its command runs or is
    explained, so that `w2v --help` imports none of them.
    """
    return _LibraryDefault(function, name)


def read_queries(
    words: Sequence[str] | None, expected: str, low: int = 1, high: int | None = 1
) -> list[Query]:
    """Return the queries on the command line, or of standard input.

    Args:
        words: from the command line; None, empty or `-` for standard input.
        expected: what a query is, for the message: "two words".
        low, high: how many words a query holds; None for no limit. The command line may hold
            several queries of one word each; on standard input a line of one is a whole token,
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


def explain_command(vectors: Path, a: str, b: str) -> str | None:
    """Return the command that shows why two words are neighbors; None without a run's text."""
    return command("explain", vectors, a, b) if RunDirectory(vectors).corpus.is_dir() else None


def say_made(embeddings: "Embeddings", made: Mapping[str, Any]) -> None:
    """Say which words were made from n-grams or units, and which have another spelling.

    Args:
        embeddings: the vectors.
        made: what --json says of it.
    """
    for word, units in made.get("units", {}).items():
        if units != [word]:
            note(f"{word} is cut into {' '.join(units)}.")
    words = made.get("made_from_ngrams", ())
    if words:
        note(f"Not in the vocabulary, made from n-grams: {', '.join(words)}.")
    for word in words:
        if word.lower() in embeddings:
            note(f"In the vocabulary: {word.lower()}.")


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
