"""`w2v vector`: the numbers themselves."""

from typing import Annotated

import typer

from w2vtrain.cli.output import Json, Tsv, print_json, print_tsv, say
from w2vtrain.cli.queries import WORDS_HELP, Vectors, one_form, read_queries
from w2vtrain.vectors.embeddings import Embeddings


def vector(
    vectors: Vectors,
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD...", help=WORDS_HELP)] = None,
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Print the vectors of words, every number so that it reads back to the same float32.

    A line is the word and its numbers, set apart by spaces; with --tsv by tabs.
    """
    one_form(json, tsv)
    queries = read_queries(words, "a word")
    embeddings = Embeddings.load(vectors)
    found = []
    for query in queries:
        with query.blamed():
            found.append((query.words[0], [str(x) for x in embeddings[query.words[0]]]))
    if json:
        records = [{"word": word, "vector": [float(x) for x in row]} for word, row in found]
        print_json({"dim": embeddings.dim, "queries": records})
    elif tsv:
        print_tsv([(word, *row) for word, row in found])
    else:
        for word, row in found:
            say(" ".join([word, *row]))
