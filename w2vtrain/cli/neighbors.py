"""`w2v neighbors`: the nearest words."""

from typing import Annotated

import typer

from w2vtrain.cli.output import Json, Tsv, print_json, print_table, print_tsv, say
from w2vtrain.cli.queries import WORDS_HELP, Vectors, default_of, one_form, read_queries
from w2vtrain.vectors.embeddings import Embeddings


def neighbors(
    vectors: Vectors,
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD...", help=WORDS_HELP)] = None,
    k: Annotated[
        int, typer.Option("-k", "--k", min=1, help="How many neighbours a word.")
    ] = default_of(Embeddings.most_similar, "k"),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Print the words nearest to each word, by the cosine of their vectors.

    --tsv prints word, neighbour, cosine.
    """
    one_form(json, tsv)
    queries = read_queries(words, "a word")
    embeddings = Embeddings.load(vectors)
    for query in queries:
        with query.blamed():
            embeddings.rows(query.words)
    asked = [query.words[0] for query in queries]
    answers = embeddings.most_similar_batch(asked, k)
    if json:
        print_json({"queries": [_record(*pair) for pair in zip(asked, answers, strict=True)]})
        return
    if tsv:
        print_tsv([(w, t, c) for w, found in zip(asked, answers, strict=True) for t, c in found])
        return
    for number, (word, found) in enumerate(zip(asked, answers, strict=True)):
        if len(asked) > 1:
            say(("\n" if number else "") + word)
        _print_one(embeddings, found)


def _record(word: str, found: list[tuple[str, float]]) -> dict[str, object]:
    near = [{"token": token, "cosine": cosine} for token, cosine in found]
    return {"word": word, "neighbors": near}


def _print_one(embeddings: Embeddings, found: list[tuple[str, float]]) -> None:
    if embeddings.counts is None:
        print_table(["neighbor", "cosine"], found)
        return
    rows = [(t, c, int(embeddings.counts[embeddings.row(t)])) for t, c in found]
    print_table(["neighbor", "cosine", "count"], rows)
