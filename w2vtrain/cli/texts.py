"""Sentences and documents: `w2v embed` and `w2v search`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vtrain.cli.output import (
    Json,
    Output,
    Tsv,
    command,
    note,
    print_json,
    print_table,
    print_tsv,
    say,
)
from w2vtrain.cli.queries import Vectors, read_queries
from w2vtrain.config import DEFAULT_POOLING, Pooling
from w2vtrain.errors import W2VError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from w2vtrain.vectors.sentences import TextEncoder

_SHOWN = 90  # characters of a text in a table

PoolingOption = Annotated[
    Pooling,
    typer.Option(help="How the vectors of the words become one: their mean, plain or weighted."),
]
TextColumn = Annotated[
    str | None,
    typer.Option("--text-column", help="Column that holds the text (csv, tsv, jsonl, parquet)."),
]
Encoding = Annotated[str, typer.Option(help="Encoding of the text files.")]


def embed(
    vectors: Vectors,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE...",
            help="Texts: a line each, a row of a table each; none or - for standard input.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File to write: .npy, .parquet or .tsv. (default: print TSV)"
        ),
    ] = None,
    pooling: PoolingOption = DEFAULT_POOLING,
    text_column: TextColumn = None,
    whole_files: Annotated[
        bool, typer.Option("--whole-files", help="A file is one text, and its name is the label.")
    ] = False,
    encoding: Encoding = "utf-8",
    json: Json = False,
) -> None:
    """Turn sentences or documents into vectors.

    Compare them by their cosine. .parquet and .tsv hold the texts beside the vectors, .npy the
    vectors alone, in order.
    """
    from w2vtrain.corpus.sources import STDIN, find_sources
    from w2vtrain.vectors.embeddings import Embeddings
    from w2vtrain.vectors.text_search import read_texts, write_text_vectors

    names = find_sources(files or [STDIN]).names
    encoder = Embeddings.load(vectors).text_encoder(pooling)

    def texts() -> "Iterator[str]":
        for name in names:
            yield from read_texts(name, text_column, encoding, whole_files)

    if output is None:
        _print_vectors(encoder, texts(), names if whole_files else None, json)
        return
    written = write_text_vectors(encoder, texts(), output, names if whole_files else None)
    summary = _summary(encoder, written.texts, written.without_words)

    def text() -> None:
        say(f"{written.texts:,} vectors of {encoder.dim} numbers, {pooling}: {output}")
        _note_without_words(written.without_words)

    then = None
    if files and not whole_files:
        column = ("--text-column", text_column) if text_column else ()
        then = command("search", vectors, files[0], *column, "--query", "A SENTENCE")
    Output(json).result({**summary, "output": output}, text, then=then)


def _print_vectors(
    encoder: "TextEncoder", texts: "Iterator[str]", labels: tuple[str, ...] | None, json: bool
) -> None:
    from w2vtrain.vectors.text_search import text_vectors, tsv_lines

    records: list[dict[str, object]] = []
    done = without_words = 0
    for part, rows in text_vectors(encoder, texts):
        shown = part if labels is None else labels[done : done + len(part)]
        done += len(part)
        without_words += int((~rows.any(axis=1)).sum())
        if json:
            pairs = zip(shown, rows.tolist(), strict=True)
            records += [{"text": text, "vector": vector} for text, vector in pairs]
        else:
            print_tsv(line.decode()[:-1].split("\t") for line in tsv_lines(shown, rows))
    if not done:
        raise W2VError("There is no text to embed.", "Is the input empty?")
    if json:
        print_json({**_summary(encoder, done, without_words), "vectors": records})
    else:
        _note_without_words(without_words)


def _summary(encoder: "TextEncoder", texts: int, without_words: int) -> dict[str, Any]:
    summary = {"texts": texts, "dim": encoder.dim, "pooling": encoder.pooling}
    return {**summary, "without_words": without_words}


def _note_without_words(number: int) -> None:
    if number:
        note(f"Texts without a word of the vocabulary, whose vectors are zeros: {number:,}.")


def search(
    vectors: Vectors,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Texts: a line each, or a row of a table each.")
    ],
    query: Annotated[
        list[str] | None,
        typer.Option(
            "--query",
            "-q",
            help="What to search for; may be given several times. (default: lines of stdin)",
        ),
    ] = None,
    k: Annotated[int, typer.Option("-k", "--k", min=1, help="How many texts a query.")] = 10,
    pooling: PoolingOption = DEFAULT_POOLING,
    text_column: TextColumn = None,
    approximate: Annotated[
        bool,
        typer.Option("--approximate", help="Search by a graph, for millions of texts (extra ann)."),
    ] = False,
    encoding: Encoding = "utf-8",
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Print the texts of a file that are nearest to a query.

    Near means a high cosine of the texts' vectors.

    --tsv prints query, line or row from 1, cosine, text.
    """
    from w2vtrain.vectors.embeddings import Embeddings
    from w2vtrain.vectors.text_search import TextIndex, read_texts

    out = Output(json, tsv)
    queries = read_queries(query, "a query")
    held = list(read_texts(file, text_column, encoding))
    index = TextIndex(Embeddings.load(vectors).text_encoder(pooling), held, approximate)
    answers = []
    for asked in queries:
        with asked.with_line_number():
            (words,) = asked.words
            answers.append((words, index.search(words, k)))

    def text() -> None:
        for number, (asked, found) in enumerate(answers):
            if len(answers) > 1:
                say(("\n" if number else "") + asked)
            rows = [(match.cosine, match.place + 1, _shortened(match.text)) for match in found]
            print_table(["cosine", "row", "text"], rows)
        _note_without_words(len(held) - len(index))

    records = [
        {"query": asked, "matches": [_record(*match) for match in found]}
        for asked, found in answers
    ]
    summary = {"texts": len(held), "searchable": len(index), "pooling": pooling}
    rows = [(asked, m.place + 1, m.cosine, m.text) for asked, found in answers for m in found]
    out.result({**summary, "queries": records}, text, rows)


def _record(place: int, cosine: float, text: str) -> dict[str, object]:
    return {"row": place + 1, "cosine": cosine, "text": text}


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
