"""Questions to vectors: `w2v neighbors`, `analogy`, `similarity`, `odd-one-out`, `vector`."""

from typing import Annotated

import typer

from w2vtrain.cli.output import Json, Tsv, print_json, print_table, print_tsv, say
from w2vtrain.cli.queries import WORDS_HELP, Vectors, default_of, one_form, read_queries
from w2vtrain.vectors.embeddings import Embeddings, Method


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
        print_json(
            {"queries": [_neighbors_record(*pair) for pair in zip(asked, answers, strict=True)]}
        )
        return
    if tsv:
        print_tsv([(w, t, c) for w, found in zip(asked, answers, strict=True) for t, c in found])
        return
    for number, (word, found) in enumerate(zip(asked, answers, strict=True)):
        if len(asked) > 1:
            say(("\n" if number else "") + word)
        _print_neighbors(embeddings, found)


def _neighbors_record(word: str, found: list[tuple[str, float]]) -> dict[str, object]:
    near = [{"token": token, "cosine": cosine} for token, cosine in found]
    return {"word": word, "neighbors": near}


def _print_neighbors(embeddings: Embeddings, found: list[tuple[str, float]]) -> None:
    if embeddings.counts is None:
        print_table(["neighbor", "cosine"], found)
        return
    rows = [(t, c, int(embeddings.counts[embeddings.row(t)])) for t, c in found]
    print_table(["neighbor", "cosine", "count"], rows)


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
        records = [_analogy_record(asked, found) for asked, found in answers]
        print_json({"method": method, "queries": records})
    elif tsv:
        print_tsv([(*asked, token, score) for asked, found in answers for token, score in found])
    else:
        for number, ((a, b, c), found) in enumerate(answers):
            say(("\n" if number else "") + f"{a} : {b} = {c} : ?")
            print_table(["answer", "score"], found)


def _analogy_record(
    asked: tuple[str, str, str], found: list[tuple[str, float]]
) -> dict[str, object]:
    a, b, c = asked
    answers = [{"token": token, "score": score} for token, score in found]
    return {"a": a, "b": b, "c": c, "answers": answers}


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
        print_json({"queries": [_odd_record(*answer) for answer in answers]})
    elif tsv:
        print_tsv([(*found[0], " ".join(asked)) for asked, found in answers])
    else:
        for number, (asked, found) in enumerate(answers):
            say(("\n" if number else "") + f"{found[0][0]} is the odd one of {', '.join(asked)}.")
            print_table(["word", "cosine to the mean"], found)


def _odd_record(asked: tuple[str, ...], found: list[tuple[str, float]]) -> dict[str, object]:
    scores = [{"token": token, "cosine_to_mean": cosine} for token, cosine in found]
    return {"words": list(asked), "odd": found[0][0], "scores": scores}


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
