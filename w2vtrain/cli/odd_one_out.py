"""`w2v odd-one-out`: which word does not belong?"""

from typing import Annotated

import typer

from w2vtrain.cli.output import Json, Tsv, print_json, print_table, print_tsv, say
from w2vtrain.cli.queries import Vectors, one_form, read_queries
from w2vtrain.vectors.embeddings import Embeddings


def odd_one_out(
    vectors: Vectors,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD...",
            help="Three words or more; none or - to read them from standard input, a set a line.",
        ),
    ] = None,
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Print the word that lies farthest from the mean of all, and the others' cosines to it.

    --tsv prints the odd word, its cosine to the mean, and the words asked, one set a line.
    """
    one_form(json, tsv)
    queries = read_queries(words, "three words or more", 3, None)
    embeddings = Embeddings.load(vectors)
    answers = []
    for query in queries:
        with query.blamed():
            answers.append((query.words, embeddings.odd_one_out(query.words)))
    if json:
        print_json({"queries": [_record(*answer) for answer in answers]})
    elif tsv:
        print_tsv([(*found[0], " ".join(asked)) for asked, found in answers])
    else:
        for number, (asked, found) in enumerate(answers):
            say(("\n" if number else "") + f"{found[0][0]} is the odd one of {', '.join(asked)}.")
            print_table(["word", "cosine to the mean"], found)


def _record(asked: tuple[str, ...], found: list[tuple[str, float]]) -> dict[str, object]:
    scores = [{"token": token, "cosine_to_mean": cosine} for token, cosine in found]
    return {"words": list(asked), "odd": found[0][0], "scores": scores}
