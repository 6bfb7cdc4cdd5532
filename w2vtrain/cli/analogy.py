"""`w2v analogy`: A is to B as C is to what?"""

from typing import Annotated

import typer

from w2vtrain.cli.output import Json, Tsv, print_json, print_table, print_tsv, say
from w2vtrain.cli.queries import Vectors, default_of, one_form, read_queries
from w2vtrain.vectors.embeddings import Embeddings, Method


def analogy(
    vectors: Vectors,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="A B C", help="Three words; none or - to read three a line from standard input."
        ),
    ] = None,
    method: Annotated[
        Method, typer.Option(help="3cosadd: nearest to B - A + C; 3cosmul: a ratio of cosines.")
    ] = default_of(Embeddings.analogy, "method"),
    k: Annotated[int, typer.Option("-k", "--k", min=1, help="How many answers.")] = default_of(
        Embeddings.analogy, "k"
    ),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Answer "A is to B as C is to ...".

    --tsv prints a, b, c, answer, score.
    """
    one_form(json, tsv)
    queries = read_queries(words, "three words", 3, 3)
    embeddings = Embeddings.load(vectors)
    answers = []
    for query in queries:
        with query.blamed():
            a, b, c = query.words
            answers.append(((a, b, c), embeddings.analogy(a, b, c, k, method)))
    if json:
        records = [_record(asked, found) for asked, found in answers]
        print_json({"method": method, "queries": records})
    elif tsv:
        print_tsv([(*asked, token, score) for asked, found in answers for token, score in found])
    else:
        for number, ((a, b, c), found) in enumerate(answers):
            say(("\n" if number else "") + f"{a} : {b} = {c} : ?")
            print_table(["answer", "score"], found)


def _record(asked: tuple[str, str, str], found: list[tuple[str, float]]) -> dict[str, object]:
    a, b, c = asked
    answers = [{"token": token, "score": score} for token, score in found]
    return {"a": a, "b": b, "c": c, "answers": answers}
