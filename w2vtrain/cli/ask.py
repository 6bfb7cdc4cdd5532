"""Questions to vectors: `w2v neighbors`, `analogy`, `similarity`, `odd-one-out`, `vector`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vtrain.cli.output import Json, Output, Tsv, command, print_table, say
from w2vtrain.cli.queries import (
    WORDS_HELP,
    AnalogyMethod,
    Query,
    Vectors,
    VocabularyOnly,
    default_of,
    explain_command,
    read_queries,
    say_made,
)

if TYPE_CHECKING:
    from w2vtrain.vectors.embeddings import Embeddings

_EMBEDDINGS = "w2vtrain.vectors.embeddings:Embeddings."


def neighbors(
    vectors: Vectors,
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD...", help=WORDS_HELP)] = None,
    k: Annotated[
        int, typer.Option("-k", "--k", min=1, help="How many neighbors a word.")
    ] = default_of(_EMBEDDINGS + "most_similar", "k"),
    vocabulary_only: VocabularyOnly = False,
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Print the words nearest to a word.

    Near means a high cosine of the vectors.

    --tsv prints word, neighbor, cosine.
    """
    out = Output(json, tsv)
    # a word that is not known is reported with its line, before all are looked up together
    queries = read_queries(words, "a word")
    embeddings, known = _ask(vectors, queries, lambda e, asked: e[asked], vocabulary_only)
    asked = [word for (word,), _ in known]
    answers = list(zip(asked, embeddings.most_similar_batch(asked, k), strict=True))

    def text() -> None:
        for number, (word, found) in enumerate(answers):
            if len(answers) > 1:
                say(("\n" if number else "") + word)
            if embeddings.counts is None:
                print_table(["neighbor", "cosine"], found)
            else:
                rows = [(t, c, embeddings.count(t)) for t, c in found]
                print_table(["neighbor", "cosine", "count"], rows)

    word, found = answers[0]
    out.result(
        {
            "queries": [
                {"word": word, "neighbors": _records("cosine", found)} for word, found in answers
            ],
            **_made(embeddings, queries),
        },
        text,
        [(word, *neighbor) for word, found in answers for neighbor in found],
        explain_command(vectors, word, found[0][0]) if found and word in embeddings else None,
    )


def analogy(
    vectors: Vectors,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="A B C", help="Three words; none or - to read three a line from standard input."
        ),
    ] = None,
    method: Annotated[
        AnalogyMethod,
        typer.Option(help="3cosadd: nearest to B - A + C; 3cosmul: a ratio of cosines."),
    ] = default_of(_EMBEDDINGS + "analogy", "method"),
    k: Annotated[int, typer.Option("-k", "--k", min=1, help="How many answers.")] = default_of(
        _EMBEDDINGS + "analogy", "k"
    ),
    vocabulary_only: VocabularyOnly = False,
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Answer "A is to B as C is to ...".

    --tsv prints a, b, c, answer, score.
    """
    out = Output(json, tsv)
    queries = read_queries(words, "three words", 3, 3)
    embeddings, answers = _ask(
        vectors,
        queries,
        lambda e, asked: e.analogy(asked[0], asked[1], asked[2], k, method),
        vocabulary_only,
    )

    def text() -> None:
        for number, ((a, b, c), found) in enumerate(answers):
            say(("\n" if number else "") + f"{a} : {b} = {c} : ?")
            print_table(["answer", "score"], found)

    (a, b, c), found = answers[0]
    out.result(
        {
            "method": method,
            "queries": [
                {"a": a, "b": b, "c": c, "answers": _records("score", found)}
                for (a, b, c), found in answers
            ],
            **_made(embeddings, queries),
        },
        text,
        [(*asked, *answer) for asked, found in answers for answer in found],
        command("plot", "analogy", vectors, f"{a}:{b}", f"{c}:{found[0][0]}")
        if found and all(word in embeddings for word in (a, b, c))
        else None,
    )


def similarity(
    vectors: Vectors,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="A B", help="Two words; none or - to read two a line from standard input."
        ),
    ] = None,
    vocabulary_only: VocabularyOnly = False,
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Print the cosine of two words, from -1 to 1.

    --tsv prints a, b, cosine.
    """
    out = Output(json, tsv)
    queries = read_queries(words, "two words", 2, 2)
    embeddings, answers = _ask(
        vectors, queries, lambda e, asked: e.similarity(*asked), vocabulary_only
    )
    rows = [(*asked, cosine) for asked, cosine in answers]
    a, b = queries[0].words
    out.result(
        {
            "queries": [dict(zip(("a", "b", "cosine"), row, strict=True)) for row in rows],
            **_made(embeddings, queries),
        },
        lambda: print_table(["a", "b", "cosine"], rows),
        rows,
        explain_command(vectors, a, b) if a in embeddings and b in embeddings else None,
    )


def odd_one_out(
    vectors: Vectors,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD...",
            help="Three words or more; none or - to read them from standard input, a set a line.",
        ),
    ] = None,
    vocabulary_only: VocabularyOnly = False,
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Print the word that does not belong to the others.

    It is the one farthest from the mean of all.

    --tsv prints the odd word, its cosine to the mean, and the words asked, one set a line.
    """
    out = Output(json, tsv)
    queries = read_queries(words, "three words or more", 3, None)
    embeddings, answers = _ask(
        vectors, queries, lambda e, asked: e.odd_one_out(asked), vocabulary_only
    )

    def text() -> None:
        for number, (asked, found) in enumerate(answers):
            say(("\n" if number else "") + f"{found[0][0]} is the odd one of {', '.join(asked)}.")
            print_table(["word", "cosine to the mean"], found)

    out.result(
        {
            "queries": [
                {
                    "words": list(asked),
                    "odd": found[0][0],
                    "scores": _records("cosine_to_mean", found),
                }
                for asked, found in answers
            ],
            **_made(embeddings, queries),
        },
        text,
        [(*found[0], " ".join(asked)) for asked, found in answers],
        command("plot", "similarity", vectors, *answers[0][0])
        if all(word in embeddings for word in answers[0][0])
        else None,
    )


def vector(
    vectors: Vectors,
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD...", help=WORDS_HELP)] = None,
    vocabulary_only: VocabularyOnly = False,
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Print the vectors of words, number by number.

    Every number reads back to the same float32. A line is the word and its numbers, separated
    by spaces; with --tsv by tabs.
    """
    out = Output(json, tsv)
    queries = read_queries(words, "a word")
    embeddings, answers = _ask(vectors, queries, lambda e, asked: e[asked[0]], vocabulary_only)
    rows = [(word, *map(str, row)) for (word,), row in answers]
    records = [{"word": row[0], "vector": [float(x) for x in row[1:]]} for row in rows]
    out.result(
        {"dim": embeddings.dim, "queries": records, **_made(embeddings, queries)},
        lambda: say("\n".join(" ".join(row) for row in rows)),
        rows,
        command("neighbors", vectors, rows[0][0]),
    )


def _ask(
    vectors: Path,
    queries: Sequence[Query],
    question: Callable[["Embeddings", Any], Any],
    vocabulary_only: bool,
) -> tuple["Embeddings", list[tuple[tuple[str, ...], Any]]]:
    """Return the loaded vectors, and the words and the answer of each query.

    Say which words were made from n-grams, or into which units they were cut.
    """
    from w2vtrain.vectors.embeddings import Embeddings

    embeddings = Embeddings.load(vectors, vocabulary_only=vocabulary_only)
    answers = []
    for query in queries:
        words = tuple(map(embeddings.token_of, query.words))
        with query.with_line_number():
            answers.append((words, question(embeddings, words)))
    say_made(embeddings, _made(embeddings, queries))
    return embeddings, answers


def _made(embeddings: "Embeddings", queries: Sequence[Query]) -> dict[str, Any]:
    """Return what --json says besides where words can be made from n-grams or units."""
    words = [word for query in queries for word in query.words]
    if embeddings.cutter is not None:
        return {"units": {word: embeddings.units(word) for word in words}}
    if embeddings.subwords is None:
        return {}
    return {"made_from_ngrams": embeddings.made_from_ngrams(words)}


def _records(measure: str, found: Sequence[tuple[str, float]]) -> list[dict[str, object]]:
    return [{"token": token, measure: value} for token, value in found]
