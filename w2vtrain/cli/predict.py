"""`w2v predict`: the words that a trained softmax expects near a word."""

from typing import Annotated

import typer

from w2vtrain.analysis.context_prediction import predict_contexts
from w2vtrain.cli.output import Json, Tsv, print_json, print_table, print_tsv
from w2vtrain.cli.queries import WORDS_HELP, default_of, one_form, read_queries


def predict(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Run trained with a softmax objective.")
    ],
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD...", help=WORDS_HELP)] = None,
    top: Annotated[int, typer.Option("--top", "-k", help="Words to print for each.")] = default_of(
        predict_contexts, "top"
    ),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Rank the vocabulary by its probability in the context of a word."""
    one_form(json, tsv)
    queries = [query.words[0] for query in read_queries(words, "a word")]
    found = predict_contexts(run, queries, top)
    rows = [
        (prediction.word, rank, word, probability)
        for prediction in found
        for rank, (word, probability) in enumerate(prediction.contexts, start=1)
    ]
    if json:
        queries_json = [
            {
                "word": prediction.word,
                "contexts": [{"word": w, "probability": p} for w, p in prediction.contexts],
            }
            for prediction in found
        ]
        print_json({"queries": queries_json})
    elif tsv:
        print_tsv(rows)
    else:
        print_table(["word", "rank", "context", "probability"], rows)
