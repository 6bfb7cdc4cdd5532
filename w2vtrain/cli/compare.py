"""Two spaces, two texts, two lists of words: `w2v align`, `change` and `bias`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from w2vtrain.cli.judge import Retrainings, retrained, with_interval
from w2vtrain.cli.options import ConfigFile, merged
from w2vtrain.cli.output import Json, Output, Tsv, command, note, print_table, say
from w2vtrain.cli.queries import Vectors, default_of
from w2vtrain.config import PrepareConfig
from w2vtrain.errors import W2VError
from w2vtrain.training.config import TrainConfig

if TYPE_CHECKING:
    from w2vtrain.analysis.alignment import Alignment
    from w2vtrain.analysis.bias import BiasReport, WordValue
    from w2vtrain.analysis.change import ChangeReport
    from w2vtrain.analysis.change.trainings import ChangeProgress

_ALIGN = "w2vtrain.analysis.alignment:align"
_CHANGE = "w2vtrain.analysis.change:change"
_BIAS = "w2vtrain.analysis.bias:measure_bias"


def align(
    a: Vectors,
    b: Annotated[Path, typer.Argument(metavar="RUN|FILE", help="The vectors to turn onto A.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File or folder to write.")],
    target_format: Annotated[
        str | None, typer.Option("--to", help="Format to write. (default: by the file's ending)")
    ] = None,
    anchors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Words that should meet, one a line. (default: all shared words)"
        ),
    ] = None,
    dictionary: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="For two languages: a word of A and its word of B on each line."
        ),
    ] = None,
    min_count: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Leave out shared words that are rarer in either as anchors. "
            "Where counts are known, 50 by default.",
        ),
    ] = None,
    trim: Annotated[
        float,
        typer.Option(min=0, max=0.9, help="Share of the anchors to drop, those that fit worst."),
    ] = default_of(_ALIGN, "trim"),
    held_out: Annotated[
        float,
        typer.Option(min=0, max=0.9, help="Share of the anchors kept from the fit, to measure it."),
    ] = default_of(_ALIGN, "held_out"),
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the choice of held-out anchors.")
    ] = default_of(_ALIGN, "seed"),
    json: Json = False,
) -> None:
    """Turn the vectors of B into the space of A.

    The fit is measured on anchors that were held out.

    --json prints anchors, trimmed, missing, held_out, cosine, precision_1, precision_5 and dim.
    """
    from w2vtrain.analysis.alignment import align as aligned
    from w2vtrain.analysis.alignment import read_anchors
    from w2vtrain.vectors.embeddings import Embeddings

    out = Output(json)
    if anchors and dictionary:
        raise typer.BadParameter("--anchors and --dictionary exclude each other.")
    if (anchors or dictionary) and min_count is not None:
        raise typer.BadParameter("--min-count goes with shared words, not with a list of anchors.")
    listed = anchors or dictionary
    pairs = read_anchors(listed) if listed else None
    first, second = Embeddings.load(a), Embeddings.load(b)
    turned, fit = aligned(first, second, pairs, min_count, trim, held_out, seed)
    turned.save(output, target_format)
    record = {**vars(fit), "output": output}
    then = command("neighbors", output, turned.tokens[0])
    out.result(record, lambda: _print_alignment(fit, len(turned), output), then=then)
    if fit.missing:
        note(f"{fit.missing:,} of the listed pairs have no vector in A or in B.")


def _print_alignment(fit: "Alignment", words: int, output: Path) -> None:
    left_out = f", {fit.trimmed:,} that fitted worst left out" if fit.trimmed else ""
    say(f"fitted on {fit.anchors:,} anchors{left_out}")
    say(
        f"on {fit.held_out:,} words held out: mean cosine {fit.cosine:.4f}, "
        f"counterpart found first {fit.precision_1:.1%}, among the first five {fit.precision_5:.1%}"
    )
    say(f"{words:,} vectors of {fit.dim} numbers: {output}")


def change(
    texts: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXT", help="Two or more runs, files or folders; or one table to cut."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Folder for trainings, table and page."),
    ],
    slice_column: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Cut one table by this column: a year, a newspaper, a group."
        ),
    ] = None,
    order: Annotated[
        Literal["slices", "groups"],
        typer.Option(
            help="Of three texts or more: hold slices against the first, groups against all others."
        ),
    ] = default_of(_CHANGE, "order"),
    method: Annotated[
        Literal["neighbors", "procrustes", "compass"],
        typer.Option(help="How a word is scored."),
    ] = default_of(_CHANGE, "method"),
    words: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD...", help="Show these words. (default: the best)"),
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="How many words to show.")] = default_of(
        _CHANGE, "top"
    ),
    cuts: Annotated[
        int, typer.Option(min=2, help="Random cuts that the noise floor is made of.")
    ] = default_of(_CHANGE, "cuts"),
    min_count: Annotated[
        int, typer.Option(min=1, help="Test words seen so often in all texts.")
    ] = default_of(_CHANGE, "min_count"),
    level: Annotated[
        float, typer.Option(min=0, max=1, help="Corrected p up to which a word is reported.")
    ] = default_of(_CHANGE, "level"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the cuts.")] = default_of(
        _CHANGE, "seed"
    ),
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that train at once; the result is the same.")
    ] = default_of(_CHANGE, "workers"),
    config: ConfigFile = None,
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Find the words whose use changed between texts.

    Every word is held against what chance does at its frequency: vectors are trained on each text,
    and on random cuts of all. Run again, it goes on where it was. Writes DIR/words.parquet and
    DIR/change.html; --config is read for its tables prepare and train.

    --tsv prints a tested word a line: token, score, low, high, p, corrected p, slice of the score,
    count in each.
    """
    from w2vtrain.analysis.change import change as compared
    from w2vtrain.analysis.change import write_words
    from w2vtrain.show.pictures.change_page import write_change_page

    out = Output(json, tsv)
    prepare = PrepareConfig.from_mapping(merged(PrepareConfig, "prepare", config, {}))
    train = TrainConfig.from_mapping(merged(TrainConfig, "train", config, {}))
    report = compared(
        texts, output, method, tuple(words or ()), top, cuts, min_count, level, seed, prepare,
        train, _note_training, slice_column, order, workers,
    )  # fmt: skip
    write_change_page(report, output / "change.html")
    write_words(report, output / "words.parquet")
    for text in report.cautions:
        note(f"Careful: {text}")
    lines = [
        (w.token, w.score, w.low, w.high, f"{w.p:.6f}", f"{w.p_corrected:.6f}", w.letter, *w.counts)
        for w in report.best_first
    ]
    out.result(report, lambda: _print_change(report, output), lines)


def _note_training(progress: "ChangeProgress") -> None:
    left = progress.seconds_left
    time = "" if left is None else f", about {left / 60:,.0f} min left"
    note(f"training {progress.done + 1} of {progress.total} ({progress.name}){time}")


def _print_change(report: "ChangeReport", folder: Path) -> None:
    for part in report.slices:
        say(f"{part.letter}: {part.name} ({part.tokens:,} words in {part.units:,} units)")
    where = "both" if len(report.slices) == 2 else "all"
    say(
        f"tested: {report.tested:,} words seen {report.min_count:,} times or more in {where}; "
        f"reported at the corrected level {report.level:g}: {report.reported:,}"
    )
    chance = ", ".join(map(str, report.by_chance))
    say(f"had nothing changed, one would report (in {report.cuts} random cuts): {chance}\n")
    letters = [part.letter for part in report.slices]
    ordered = report.order == "slices"
    headers = ["word", *(f"count {letter}" for letter in letters)]
    headers += ["score", "95 %", "corrected p", "near it in A" if ordered else "elsewhere"]
    rows: list[list[object]] = []
    for w in report.words:
        here = letters.index(w.letter)
        other = 0 if here else 1
        near = [", ".join(w.neighbors[i][:4]) for i in (other, here)]
        score = [w.token, *w.counts, w.score, f"{w.low:.3f} to {w.high:.3f}"]
        shown = near[1] if len(letters) == 2 else f"{w.letter}: {near[1]}"
        rows.append([*score, f"{w.p_corrected:.4f}", near[0], shown])
    last = "near it in B" if len(letters) == 2 else "where it is farthest"
    print_table([*headers, last], rows)
    for w in report.words[:3]:
        for letter, passages in zip(letters, w.passages, strict=True):
            if passages:
                say(f"\n{w.token} in {letter}\n  {passages[0]}")
    if len(letters) > 2:
        say("\nscore in each " + ("slice, from A" if ordered else "group, from all others"))
        points = [[w.token, *(point.score for point in w.curve)] for w in report.words]
        print_table(["word", *(point.letter for point in report.words[0].curve)], points)
    say(f"\nall words: {folder / 'words.parquet'}; page: {folder / 'change.html'}")


def bias(
    vectors: Vectors,
    tests: Annotated[
        Path,
        typer.Argument(
            metavar="TESTS", help="TOML or JSON with tables weat, sc-weat and projection."
        ),
    ],
    seeds: Retrainings = None,
    plot: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Draw the projections into a .png or .svg file."),
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=1, help="Resamples of the word lists.")
    ] = default_of(_BIAS, "resamples"),
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of resampling and sampled partitions.")
    ] = default_of(_BIAS, "seed"),
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Test which words lie nearer to one list than to another.

    WEAT, SC-WEAT and projections, with p-values and intervals.

    --tsv prints a figure a line: kind, test, word, value, low, high, p, share of the
    most frequent words that reach it.
    """
    from w2vtrain.analysis.bias import measure_bias, read_tests
    from w2vtrain.vectors.embeddings import Embeddings

    out = Output(json, tsv)
    listed = read_tests(tests)
    if plot and not listed.get("projection"):
        raise W2VError(f"{tests} holds no [[projection]] to draw.", "Leave out --plot.")
    runs = [vectors, *(retrained(vectors, seeds) if seeds else ())]
    report = measure_bias([Embeddings.load(run) for run in runs], listed, resamples, seed)
    if plot:
        from w2vtrain.show.pictures.relations import draw_projections

        draw_projections(report.projection, plot)
    _note_missing_words(report)
    drawn = plot or not report.projection
    then = None if drawn else command("bias", vectors, tests, "--plot", "bias.png")
    out.result(report, lambda: _print_bias(report), _bias_lines(report), then)


def _note_missing_words(report: "BiasReport") -> None:
    missing: list[tuple[str, tuple[str, ...]]] = []
    for test in report.weat:
        words = [word for each in (*test.targets, *test.attributes) for word in each.missing]
        missing.append((test.name, tuple(words)))
    for sc in report.sc_weat:
        words = [word for each in sc.attributes for word in each.missing]
        missing.append((sc.name, (*sc.missing, *words)))
    for projection in report.projection:
        pairs = tuple(" - ".join(pair) for pair in projection.missing_pairs)
        missing.append((projection.name, (*projection.missing, *pairs)))
    for name, absent in missing:
        if absent:
            note(f"{name}: {len(absent)} without a vector: {', '.join(absent[:20])}")


def _print_bias(report: "BiasReport") -> None:
    more = report.trainings > 1
    trained = [f"mean of {report.trainings} trainings", "95 %"] if more else []
    if report.weat:
        say("WEAT: effect size d, -2 to 2; p one-sided, by exchanging target words")
        rows: list[list[object]] = []
        for t in report.weat:
            sizes = " ".join(str(len(each.words)) for each in (*t.targets, *t.attributes))
            row = [t.name, sizes, *with_interval(t.effect), _p_value(t.p, t.exact)]
            rows.append([*row, *(with_interval(t.over_trainings) if more else ())])
        print_table(["test", "words", "d", "95 %", "p", *trained], rows)
    for sc in report.sc_weat:
        one, other = (each.name for each in sc.attributes)
        say(f"\nSC-WEAT: {sc.name}; above 0: {one}, below 0: {other}; p two-sided")
        headers = ["word", "d", "95 %", "reached by", "p", *trained]
        print_table(headers, [_word_row(w, more) for w in sc.words])
    for projection in report.projection:
        ends = ", ".join(f"{a} - {b}" for a, b in projection.pairs)
        say(f"\nprojection: {projection.name} ({ends})")
        rows = [_word_row(word, more) for word in projection.words]
        headers = ["word", "cosine", "95 %", "reached by", *trained]
        print_table(headers, [[*r[:4], *r[5:]] for r in rows])
    if report.sc_weat or report.projection:
        say("\nreached by: share of the most frequent words that lie at least as far from 0")


def _word_row(word: "WordValue", more: bool) -> list[object]:
    p = None if word.p is None else f"{word.p:.4f}"
    value = [word.token, *with_interval(word.value), f"{word.reached_by:.1%}", p]
    return [*value, *(with_interval(word.over_trainings) if more else ())]


def _bias_lines(report: "BiasReport") -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [
        ("weat", t.name, "", t.effect.value, t.effect.low, t.effect.high, t.p, None)
        for t in report.weat
    ]
    for kind, results in (("sc-weat", report.sc_weat), ("projection", report.projection)):
        for result in results:
            for w in result.words:
                figures = (w.value.value, w.value.low, w.value.high, w.p, w.reached_by)
                rows.append((kind, result.name, w.token, *figures))
    return rows


def _p_value(p: float, exact: bool) -> str:
    return f"{p:.5f}" if exact else f"{p:.5f} (sampled)"
