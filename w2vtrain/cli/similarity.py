"""`w2v similarity`: the cosine of two words."""

from typing import Annotated

import typer

from w2vtrain.cli.output import Json, Tsv, print_json, print_table, print_tsv
from w2vtrain.cli.queries import Vectors, one_form, read_queries
from w2vtrain.vectors.embeddings import Embeddings


def similarity(
    vectors: Vectors,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="A B", help="Two words; none or - to read two a line from standard input."
        ),
    ] = None,
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Print the cosine of the vectors of two words, from -1 to 1.

    --tsv prints a, b, cosine.
    """
    one_form(json, tsv)
    queries = read_queries(words, "two words", 2, 2)
    embeddings = Embeddings.load(vectors)
    rows = []
    for query in queries:
        with query.blamed():
            a, b = query.words
            rows.append((a, b, embeddings.similarity(a, b)))
    if json:
        print_json({"queries": [{"a": a, "b": b, "cosine": cosine} for a, b, cosine in rows]})
    elif tsv:
        print_tsv(rows)
    else:
        print_table(["a", "b", "cosine"], rows)
