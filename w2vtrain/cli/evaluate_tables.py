"""The tables of `w2v evaluate`."""

from w2vtrain.analysis.evaluation.analogies import AnalogyResult
from w2vtrain.analysis.evaluation.evaluate import EvaluationReport, VectorsResult
from w2vtrain.analysis.results import Estimate
from w2vtrain.cli.output import print_table, print_tsv, say

_LETTERS = "AB"


def print_human(report: EvaluationReport) -> None:
    """Print the report for people: a table a kind of test, two sets of vectors side by side."""
    for letter, result in zip(_LETTERS, report.vectors, strict=False):
        mark = f"{letter}: " if len(report.vectors) > 1 else ""
        say(f"{mark}{result.path} ({result.tokens:,} words, {result.dim} numbers each)")
    if report.vectors[0].similarity:
        _similarity(report.vectors)
    for results in zip(*(result.analogies for result in report.vectors), strict=True):
        _analogies(results)
    if report.comparisons:
        _comparisons(report)


def _similarity(vectors: tuple[VectorsResult, ...]) -> None:
    say("\nSimilarity: correlation with human scores (all: unknown words counted as 0)")
    headers = ["set", "pairs", "used", "Spearman", "95 %", "Pearson", "95 %"]
    headers += ["Spearman all", "Pearson all"]
    rows: list[list[object]] = []
    for results in zip(*(result.similarity for result in vectors), strict=True):
        for letter, r in zip(_LETTERS, results, strict=False):
            row = [r.name, r.items, r.used, *_pair(r.spearman), *_pair(r.pearson)]
            row += [_value(r.spearman_all), _value(r.pearson_all)]
            rows.append([letter, *row] if len(vectors) > 1 else row)
    print_table(["", *headers] if len(vectors) > 1 else headers, rows)


def _analogies(results: tuple[AnalogyResult, ...]) -> None:
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
            row += [s.used, s.correct, *_pair(s.accuracy), _value(s.accuracy_all)]
        rows.append(row)
    print_table(headers, rows)


def _comparisons(report: EvaluationReport) -> None:
    say("\nIs B better than A? Paired bootstrap on the items that both know")
    names = {
        "first is better": "A is better",
        "second is better": "B is better",
        "no clear difference": "no clear difference",
        "undefined": "cannot be said",
    }
    rows: list[list[object]] = []
    for c in report.comparisons:
        row = [c.name, c.measure, c.used, c.first, c.second, *_pair(c.difference)]
        rows.append([*row, c.second_better, names[c.verdict]])
    headers = ["set", "measure", "used", "A", "B", "B - A", "95 %", "share B > A", "verdict"]
    print_table(headers, rows)


def print_lines(report: EvaluationReport) -> None:
    """Print one figure a line, tab-separated under a header line."""
    headers = ["vectors", "set", "part", "measure", "items", "used", "value", "low", "high"]
    rows: list[list[object]] = []
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
    print_tsv([headers, *rows])


def _pair(estimate: Estimate | None) -> tuple[float | None, str]:
    """Return the value and its interval as a text."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return _value(estimate), "-"
    return estimate.value, f"{estimate.low:.3f} to {estimate.high:.3f}"


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _exact(estimate: Estimate | None) -> tuple[object, object, object]:
    if estimate is None:
        return "", "", ""
    figures = (estimate.value, estimate.low, estimate.high)
    value, low, high = ("" if figure is None else f"{figure:.6f}" for figure in figures)
    return value, low, high
