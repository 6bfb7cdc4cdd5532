"""`w2v evaluate`: how good are these vectors, how sure is that, and are others better?"""

from pathlib import Path
from typing import Annotated

import typer

from w2vtrain.analysis.evaluation.evaluate import evaluate as evaluate_vectors
from w2vtrain.analysis.evaluation.test_sets import AnalogySet, SimilaritySet
from w2vtrain.cli.evaluate_tables import print_human, print_lines
from w2vtrain.cli.output import Json, Tsv, print_json
from w2vtrain.cli.queries import default_of, one_form
from w2vtrain.vectors.embeddings import Embeddings, Method


def evaluate(
    vectors: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN|FILE [RUN|FILE]",
            help="Run directory or vector file; a second one to compare with the first.",
        ),
    ],
    similarity: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE...", help="Word pairs with human scores: word, word, score."),
    ] = None,
    analogies: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE...", help="Analogy questions in Google's layout."),
    ] = None,
    restrict_vocabulary: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Analogies among the first N words only."),
    ] = default_of(evaluate_vectors, "restrict_vocabulary"),
    method: Annotated[Method, typer.Option(help="How analogies are answered.")] = default_of(
        evaluate_vectors, "method"
    ),
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")] = default_of(
        evaluate_vectors, "resamples"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resampling.")] = default_of(
        evaluate_vectors, "seed"
    ),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Evaluate vectors on test sets, with 95 % intervals; with two, say whether one is better."""
    one_form(json, tsv)
    if len(vectors) > 2:
        raise typer.BadParameter("Give one or two sets of vectors before the options.")
    pairs = [SimilaritySet.read(path) for path in similarity or ()]
    questions = [AnalogySet.read(path) for path in analogies or ()]
    given = vectors if pairs or questions else ()  # evaluate() says what is missing
    loaded = [(str(path), Embeddings.load(path)) for path in given]
    report = evaluate_vectors(
        loaded, pairs, questions, restrict_vocabulary, method, resamples, seed
    )
    if json:
        print_json(report.as_dict())
    elif tsv:
        print_lines(report)
    else:
        print_human(report)
