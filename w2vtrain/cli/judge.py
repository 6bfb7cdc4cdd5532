"""How good, how sure, what changed: `w2v evaluate`, `diff`, `stability` and `groups`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vtrain.cli.output import Json, Output, Tsv, command, note, print_table, say
from w2vtrain.cli.progress import train_progress
from w2vtrain.cli.queries import AnalogyMethod, Vectors, VocabularyOnly, default_of
from w2vtrain.run.directory import RunDirectory

if TYPE_CHECKING:
    from w2vtrain.analysis.evaluation.analogies import AnalogyResult
    from w2vtrain.analysis.evaluation.evaluate import EvaluationReport, VectorsResult
    from w2vtrain.analysis.neighborhoods import Difference, Stability, WordStability
    from w2vtrain.analysis.results import Estimate

_EVALUATE = "w2vtrain.analysis.evaluation.evaluate:evaluate"
_DIFF = "w2vtrain.analysis.neighborhoods:diff"
_STABILITY = "w2vtrain.analysis.neighborhoods:stability"
_GROUPS = "w2vtrain.analysis.evaluation.groups:group_accuracy"


SimilaritySets = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE...", help="Word pairs with human scores: word, word, score."),
]
AnalogySets = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE...", help="Analogy questions in Google's layout."),
]
Retrainings = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="K", help="Train K times more with other seeds, into RUN/stability."
    ),
]


def evaluate(
    vectors: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN|FILE [RUN|FILE]",
            help="Run directory or vector file; a second one to compare with the first.",
        ),
    ],
    similarity: SimilaritySets = None,
    analogies: AnalogySets = None,
    restrict_vocabulary: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Analogies among the first N words only."),
    ] = None,
    method: Annotated[AnalogyMethod, typer.Option(help="How analogies are answered.")] = default_of(
        _EVALUATE, "method"
    ),
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")] = default_of(
        _EVALUATE, "resamples"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resampling.")] = default_of(
        _EVALUATE, "seed"
    ),
    vocabulary_only: VocabularyOnly = False,
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Evaluate vectors on test sets; of two, say which is better.

    Every figure has its 95 % interval; two sets of vectors are compared by a paired bootstrap.
    """
    from w2vtrain.analysis.evaluation.evaluate import evaluate as evaluate_vectors
    from w2vtrain.analysis.evaluation.test_sets import AnalogySet, SimilaritySet
    from w2vtrain.vectors.embeddings import Embeddings

    out = Output(json, tsv)
    if len(vectors) > 2:
        raise typer.BadParameter("Give one or two sets of vectors before the options.")
    pairs = [SimilaritySet.read(path) for path in similarity or ()]
    questions = [AnalogySet.read(path) for path in analogies or ()]
    given = vectors if pairs or questions else ()  # evaluate() says what is missing
    loaded = [(str(path), Embeddings.load(path, vocabulary_only=vocabulary_only)) for path in given]
    report = evaluate_vectors(
        loaded, pairs, questions, restrict_vocabulary, method, resamples, seed
    )
    out.result(
        report,
        lambda: print_evaluation(report),
        _evaluation_rows(report),
        command("diff", *vectors) if len(vectors) == 2 else None,
    )


_LETTERS = "AB"


def print_evaluation(report: "EvaluationReport") -> None:
    """Print the report for people: a table a kind of test, two sets of vectors side by side."""
    for letter, result in zip(_LETTERS, report.vectors, strict=False):
        mark = f"{letter}: " if len(report.vectors) > 1 else ""
        say(f"{mark}{result.path} ({result.tokens:,} words, {result.dim} numbers each)")
    if report.vectors[0].similarity:
        _print_similarity(report.vectors)
    for results in zip(*(result.analogies for result in report.vectors), strict=True):
        _print_analogies(results)
    if report.comparisons:
        _print_comparisons(report)


def _print_similarity(vectors: "tuple[VectorsResult, ...]") -> None:
    say("\nSimilarity: correlation with human scores (all: unknown words counted as 0)")
    headers = ["set", "pairs", "used", "Spearman", "95 %", "Pearson", "95 %"]
    headers += ["Spearman all", "Pearson all"]
    made = any(r.from_ngrams for result in vectors for r in result.similarity)
    if made:
        headers.append("from n-grams or units")
    rows: list[list[object]] = []
    for results in zip(*(result.similarity for result in vectors), strict=True):
        for letter, r in zip(_LETTERS, results, strict=False):
            row = [r.name, r.items, r.used, *with_interval(r.spearman), *with_interval(r.pearson)]
            row += [_value(r.spearman_all), _value(r.pearson_all)]
            row += [r.from_ngrams] if made else []
            rows.append([letter, *row] if len(vectors) > 1 else row)
    print_table(["", *headers] if len(vectors) > 1 else headers, rows)


def _print_analogies(results: "tuple[AnalogyResult, ...]") -> None:
    first = results[0]
    limit = first.restrict_vocabulary
    within = f"first {limit:,} words" if limit else "all words"
    say(f"\nAnalogies: {first.name} ({first.method}, {within}; all: unknown counted as wrong)")
    headers = ["section", "questions"]
    for letter, _ in zip(_LETTERS, results, strict=False):
        mark = f" {letter}" if len(results) > 1 else ""
        headers += [f"used{mark}", f"right{mark}", f"accuracy{mark}", "95 %", f"all{mark}"]
    rows = []
    for scores in zip(*(result.scores for result in results), strict=True):
        row: list[object] = [scores[0].name, scores[0].questions]
        for s in scores:
            row += [s.used, s.correct, *with_interval(s.accuracy), _value(s.accuracy_all)]
        rows.append(row)
    print_table(headers, rows)


def _print_comparisons(report: "EvaluationReport") -> None:
    say("\nIs B better than A? Paired bootstrap on the items that both know")
    names = {
        "first is better": "A is better",
        "second is better": "B is better",
        "no clear difference": "no clear difference",
        "undefined": "cannot be said",
    }
    rows: list[list[object]] = []
    for c in report.comparisons:
        row = [c.name, c.measure, c.used, c.first, c.second, *with_interval(c.difference)]
        rows.append([*row, c.second_better, names[c.verdict]])
    headers = ["set", "measure", "used", "A", "B", "B - A", "95 %", "share B > A", "verdict"]
    print_table(headers, rows)


def _evaluation_rows(report: "EvaluationReport") -> list[list[object]]:
    """Return one figure a row, under a header."""
    rows: list[list[object]] = [
        ["vectors", "set", "part", "measure", "items", "used", "value", "low", "high"]
    ]
    for result in report.vectors:
        for r in result.similarity:
            for measure in ("spearman", "pearson", "spearman_all", "pearson_all"):
                figure = _exact(getattr(r, measure))
                rows.append([result.path, r.name, "", measure, r.items, r.used, *figure])
        for answers in result.analogies:
            for s in answers.scores:
                for measure in ("accuracy", "accuracy_all"):
                    figure = _exact(getattr(s, measure))
                    row = [result.path, answers.name, s.name, measure, s.questions, s.used]
                    rows.append([*row, *figure])
    for c in report.comparisons:
        row = ["difference", c.name, "", c.measure, c.items, c.used]
        rows.append([*row, *_exact(c.difference)])
    return rows


def with_interval(estimate: "Estimate | None") -> tuple[float | None, str]:
    """Return the value and its interval as a text."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return _value(estimate), "-"
    return estimate.value, f"{estimate.low:.3f} to {estimate.high:.3f}"


def _value(estimate: "Estimate | None") -> float | None:
    return None if estimate is None else estimate.value


def _exact(estimate: "Estimate | None") -> tuple[object, object, object]:
    if estimate is None:
        return "", "", ""
    figures = (estimate.value, estimate.low, estimate.high)
    value, low, high = ("" if figure is None else f"{figure:.6f}" for figure in figures)
    return value, low, high


_SHOWN = 4  # neighbors of a moved word in the table for people


def diff(
    a: Vectors,
    b: Annotated[Path, typer.Argument(metavar="RUN|FILE", help="What to compare it with.")],
    k: Annotated[
        int, typer.Option("-k", "--k", min=1, help="Neighbors of a word to compare.")
    ] = default_of(_DIFF, "k"),
    words: Annotated[int, typer.Option(min=0, help="How many moved words to list.")] = default_of(
        _DIFF, "words"
    ),
    min_count: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Leave out words that are rarer in either; rare words move by chance. "
            "Where counts are known, 50 by default.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sampling.")] = default_of(
        _DIFF, "seed"
    ),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """List the words that moved most between two sets of vectors.

    --tsv prints the moved words: token, count in A, count in B, moved, share of neighbors kept,
    neighbors in A, neighbors in B.
    """
    from w2vtrain.analysis.neighborhoods import diff as difference
    from w2vtrain.vectors.embeddings import Embeddings

    out = Output(json, tsv)
    first, second = Embeddings.load(a), Embeddings.load(b)
    result = difference(first, second, k, min_count, words, seed=seed)

    def text() -> None:
        say(f"A: {a} ({len(first):,} words)\nB: {b} ({len(second):,} words)")
        _print_difference(result)

    out.result(
        result,
        text,
        [
            (w.token, w.count_a, w.count_b, w.moved, w.overlap, *map(" ".join, near))
            for w in result.words
            for near in [(w.neighbors_a, w.neighbors_b)]
        ],
        command("neighbors", b, *(w.token for w in result.words[:3])) if result.words else None,
    )


def _print_difference(result: "Difference") -> None:
    limit = f", seen {result.min_count:,} times or more" if result.min_count else ""
    say(f"compared: {result.shared:,} words that both know{limit}")
    if not result.determined:
        say("careful: too few words for so many dimensions; the rotation may hide real change")
    say(
        f"drift: half of the words moved by more than {result.moved:.3f}, "
        f"one in ten by more than {result.moved_90:.3f} (0: not at all, 1: unrelated)"
    )
    say(f"of the {result.k} nearest neighbors of a word, {result.overlap:.0%} are the same\n")
    rows = [[band.band, band.words, band.moved, f"{band.overlap:.0%}"] for band in result.bands]
    unit = "rank" if result.bands[0].band.startswith("rank") else "count"
    print_table([unit, "words", "moved (median)", "same neighbors"], rows)
    if result.words:
        say("\nwords that moved most")
        headers = ["word", "count A", "count B", "moved", "same", "near it in A", "near it in B"]
        print_table(headers, [_moved_row(result, i) for i in range(len(result.words))])


def _moved_row(result: "Difference", i: int) -> list[object]:
    word = result.words[i]
    near = [", ".join(found[:_SHOWN]) for found in (word.neighbors_a, word.neighbors_b)]
    return [word.token, word.count_a, word.count_b, word.moved, f"{word.overlap:.0%}", *near]


def stability(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN|FILE...",
            help="Trainings on the same text, two or more; or one run with --seeds.",
        ),
    ],
    seeds: Retrainings = None,
    words: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD...", help="Show which neighbors of these words come back."),
    ] = None,
    k: Annotated[
        int, typer.Option("-k", "--k", min=1, help="Neighbors of a word to compare.")
    ] = default_of(_STABILITY, "k"),
    trust: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of neighbors kept that makes a band trustworthy."),
    ] = default_of(_STABILITY, "trust"),
    samples: Annotated[
        int, typer.Option(min=1, help="Words of each frequency band to compare.")
    ] = default_of(_STABILITY, "samples"),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Say for which words the neighbors can be trusted.

    Several trainings on the same text are compared: chance moves the neighbors of rare words.

    --tsv prints a compared word a line: token, count, overlap, Jaccard index.
    """
    from w2vtrain.analysis.neighborhoods import stability as measured
    from w2vtrain.analysis.provenance import differing_texts
    from w2vtrain.vectors.embeddings import Embeddings

    out = Output(json, tsv)
    if seeds is not None:
        if len(runs) > 1:
            raise typer.BadParameter("--seeds goes with one run.")
        runs = [*runs, *retrained(runs[0], seeds)]
    if differing_texts(runs):
        note(
            "Careful: these vectors were not all trained on the same text, so what differs is not "
            "the luck of a training alone. `w2v diff` compares vectors of two texts."
        )
    sets = [Embeddings.load(run) for run in runs]
    result = measured(sets, k, tuple(words or ()), samples, trust)
    out.result(
        result,
        lambda: _print_stability(result, bool(words)),
        [(w.token, w.count, w.overlap, w.jaccard) for w in result.words],
        None if words else command("stability", *runs, "--words", result.words[0].token),
    )


def retrained(run: Path, seeds: int) -> list[Path]:
    from w2vtrain.analysis.neighborhoods.retraining import retrain

    def started(seed: int, seconds: float) -> None:
        note(f"Training with seed {seed}; the run itself took {seconds:,.0f} s.")

    with train_progress() as progress:
        return retrain(run, seeds, progress, started)


def _print_stability(result: "Stability", asked: bool) -> None:
    say(f"{result.runs} trainings, {result.shared:,} shared words, {result.k} neighbors each")
    say("overlap: share of neighbors in common, averaged over all pairs of trainings\n")
    headers = ["rank" if result.by_rank else "count", "words", "compared", "overlap", "Jaccard"]
    rows: list[list[object]] = []
    for b in result.bands:
        figures = [b.sampled, b.overlap, b.jaccard, b.low_10]
        rows.append([b.band.removeprefix("rank "), b.words, *figures, "yes" if b.trusted else "no"])
    print_table([*headers, "90 % reach", "trust"], rows)
    say(f"\n{result.verdict}")
    for word in result.words if asked else ():
        _print_word(word, result.runs)


def _print_word(word: "WordStability", runs: int) -> None:
    seen = "" if word.count is None else f" ({word.count:,} times)"
    say(f"\n{word.token}{seen}: overlap {word.overlap:.2f}")
    for times in range(runs, 0, -1):
        found = [token for token, n in word.neighbors if n == times]
        if found:
            say(f"  in {times} of {runs}: {', '.join(found)}")


def groups(
    vectors: Vectors,
    file: Annotated[Path, typer.Argument(metavar="GROUPS", help="Lines of word TAB group.")],
    shuffles: Annotated[
        int, typer.Option("--shuffles", min=1, help="Random groupings for the control.")
    ] = default_of(_GROUPS, "shuffles"),
    seed: Annotated[int, typer.Option("--seed", help="Of the control.")] = default_of(
        _GROUPS, "seed"
    ),
    json: Json = False,
) -> None:
    """Count the words that are nearest to their own group.

    A run with snapshots (w2v train --snapshots) is measured before training too.
    """
    import numpy as np

    from w2vtrain.analysis.evaluation.groups import group_accuracy, read_groups
    from w2vtrain.vectors.embeddings import Embeddings

    listed = read_groups(file)
    embeddings = Embeddings.load(vectors)
    tables: list[tuple[str, Any]] = [("trained", embeddings.vectors)]
    before = RunDirectory(vectors).snapshots / "epoch-0000.npy"
    if before.is_file():
        tables.insert(0, ("before training", np.load(before)))
    results = [
        (name, group_accuracy(embeddings.tokens, table, listed, shuffles, seed))
        for name, table in tables
    ]
    _, last = results[-1]

    def text() -> None:
        sizes = ", ".join(f"{size} {name}" for name, size in last.groups.items())
        say(f"{last.words} words: {sizes}")
        if last.missing:
            note(f"Without a vector: {' '.join(last.missing[:20])}")
        print_table(
            ["vectors", "nearest center is its own", "shuffled groups", "p"],
            [(name, r.accuracy, r.shuffled, r.p_value) for name, r in results],
        )

    records = [{"vectors": name, **vars(result)} for name, result in results]
    Output(json).result({"results": records}, text, then=command("plot", "map", vectors))
