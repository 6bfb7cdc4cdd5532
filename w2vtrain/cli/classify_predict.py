"""`w2v classify predict RUN TEXT...`: the classes of new texts."""

import dataclasses
from typing import Annotated

import typer

from w2vtrain.cli.output import Json, Tsv, print_json, print_table, print_tsv
from w2vtrain.cli.queries import one_form, read_queries


def classify_predict(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run directory of a classifier.")],
    texts: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT...", help="Texts; none or - for one a line of stdin."),
    ] = None,
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Print the class of each text, how probable it is, and how many of its tokens are known."""
    one_form(json, tsv)
    queries = [query.words[0] for query in read_queries(texts, "a text")]
    from w2vtrain.classify.prediction import Classifier

    found = Classifier.load(run).predict(queries)
    if json:
        print_json({"predictions": [dataclasses.asdict(prediction) for prediction in found]})
        return
    rows = [(p.label, p.probabilities[p.label], f"{p.known} of {p.tokens}", p.text) for p in found]
    if tsv:
        print_tsv(rows)
    else:
        print_table(
            ["class", "probability", "known", "text"],
            [(*row[:3], row[3] if len(row[3]) <= 60 else row[3][:59] + "…") for row in rows],
        )
