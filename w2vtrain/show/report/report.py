"""Everything worth telling about a run, as `RUN/report/index.html` and `RUN/report/README.md`.

The page is one file that works without a network; the model card lies beside its pictures. What was
not done (no test sets, no retraining) is said, with the command that does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.analysis.evaluation.evaluate import EvaluationReport, evaluate
from w2vtrain.analysis.evaluation.test_sets import AnalogySet, SimilaritySet
from w2vtrain.analysis.neighborhoods import stability
from w2vtrain.analysis.provenance import differing_texts, model_is_stale
from w2vtrain.analysis.results import Estimate
from w2vtrain.corpus.vocabulary import LEFT_OUT, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import atomic_stage, read_corpus_manifest, read_manifest
from w2vtrain.show.pictures.curves import draw_history, read_history
from w2vtrain.show.pictures.drawing import THEMES
from w2vtrain.show.pictures.layouts import Method, Progress, no_progress
from w2vtrain.show.pictures.map_page import map_page
from w2vtrain.show.pictures.word_map import CLUSTERS, WordMap, draw_map, map_of
from w2vtrain.show.report.document import (
    Block,
    Code,
    Frame,
    Paragraph,
    Picture,
    Section,
    Table,
    cell_text,
    to_html,
    to_markdown,
)
from w2vtrain.vectors.embeddings import Embeddings

PAGE, CARD = "index.html", "README.md"
_NAMED = 20  # words that are named, of those left out
_NEIGHBORS = 5


@dataclass(frozen=True)
class ReportSettings:
    """What goes into a report.

    Args:
        similarity, analogies: test sets, as paths of files.
        words: whose neighbors are shown; by default a frequent word of each cluster.
        top: the most frequent words, which are on the map.
        seed: of the map, its clusters, and the resampling of the evaluation.
    """

    similarity: tuple[Path, ...] = ()
    analogies: tuple[Path, ...] = ()
    words: tuple[str, ...] = ()
    top: int = 1000
    seed: int = 1


def write_report(
    run: str | Path, settings: ReportSettings | None = None, progress: Progress = no_progress
) -> Path:
    """Write the report of a trained run; return its folder.

    Args:
        run: the run directory.
        settings: what goes into it.
        progress: is called with what is being done.
    Raises:
        W2VError: the run is not prepared and trained, a test set or a word does not fit, a library
            is missing, or the place cannot be written. A report that was there stays.
    """
    settings = settings or ReportSettings()
    paths = RunDirectory(Path(run))
    prepared = read_corpus_manifest(paths)
    trained = read_manifest(paths.model, made_by=f"w2v train {run}")
    if model_is_stale(paths):
        raise W2VError(
            f"The model in {run} was trained on another text than the run holds now.",
            f"Train it again: w2v train {run} --force",
        )
    embeddings = Embeddings.load(paths.root)
    embeddings.rows(settings.words)  # before the work: a word may be unknown, a file may not fit
    evaluated = _evaluate(str(run), embeddings, settings)
    method: Method = "vectors" if embeddings.dim == 2 else "tsne"
    chart = map_of(
        embeddings,
        method,
        top=settings.top,
        clusters=CLUSTERS,
        seed=settings.seed,
        progress=progress,
    )
    folder = paths.root / "report"
    name = paths.root.resolve().name
    record = {
        "stage": "report",
        "inputs": {"model": trained["files"].get(paths.vectors.name, {})},
        "summary": {"words": len(embeddings), "dim": embeddings.dim},
    }
    with atomic_stage(folder, record) as temporary:
        sections = [
            _summary(embeddings, prepared, trained),
            _map(temporary, chart, name, progress),
            _neighbors(embeddings, chart, settings.words),
            _evaluation(str(run), evaluated),
            _stability(paths, embeddings),
            _corpus(prepared),
            _missing(paths, prepared),
            _training(temporary, paths, trained),
            _loading(paths),
            _files(trained),
        ]
        title = f"Word vectors: {name}"
        (temporary / PAGE).write_text(to_html(title, sections), encoding="utf-8")
        (temporary / CARD).write_text(to_markdown(title, sections), encoding="utf-8")
    return folder


def _summary(embeddings: Embeddings, prepared: dict[str, Any], trained: dict[str, Any]) -> Section:
    corpus, config = prepared["summary"], trained["config"]
    rows = [
        ("words", len(embeddings)),
        ("numbers in a vector", embeddings.dim),
        ("objective", config.get("objective", "negative-sampling")),
        ("words of text", corpus["words_read"]),
        ("share of the text that the vocabulary covers", f"{corpus['coverage']:.1%}"),
        ("epochs", trained["summary"].get("epochs", config.get("epochs"))),
        ("trained", trained["finished"]),
        ("made with", f"w2vtrain {trained['w2vtrain']}, Python {trained['python']}"),
    ]
    return Section("Summary", [Table(("", ""), rows)])


def _map(folder: Path, chart: WordMap, name: str, progress: Progress) -> Section:
    for theme in THEMES:
        draw_map(chart, [folder / f"map-{theme}.png"], theme=THEMES[theme])
    number = f"the {len(chart.tokens):,} most frequent words"
    about = f"Map of {number}, colored by cluster, sized by frequency"
    picture = Picture(folder / "map-light.png", folder / "map-dark.png", about)
    note = Paragraph(
        "Near on the map means a high cosine, as far as a plane can show it. Clusters are groups "
        "of similar vectors (k-means), each named by frequent words from its middle."
    )
    return Section("Map", [Frame(map_page(chart, name, progress), picture), note])


def _neighbors(embeddings: Embeddings, chart: WordMap, words: Sequence[str]) -> Section:
    rows = []
    for word in words or _sample_words(chart):
        near = embeddings.most_similar(word, k=min(_NEIGHBORS, len(embeddings) - 1))
        listed = ", ".join(f"{token} {cosine:.2f}" for token, cosine in near)
        rows.append((word, embeddings.count(word), listed))
    return Section(
        "Sample neighbors", [Table(("word", "count", "nearest words, with their cosines"), rows)]
    )


def _sample_words(chart: WordMap) -> list[str]:
    """Return a frequent word of each cluster, past the most frequent of all, which say little."""
    assert chart.clusters is not None
    skipped = min(100, len(chart.tokens) // 4)
    chosen = []
    for cluster in range(len(chart.clusters.names)):
        members = chart.clusters.members(cluster)
        chosen.append(next((row for row in members if row >= skipped), members[0]))
    return [chart.tokens[row] for row in sorted(chosen)]


def _evaluate(
    run: str, embeddings: Embeddings, settings: ReportSettings
) -> EvaluationReport | None:
    similarity = [SimilaritySet.read(path) for path in settings.similarity]
    analogies = [AnalogySet.read(path) for path in settings.analogies]
    if not similarity and not analogies:
        return None
    return evaluate([(run, embeddings)], similarity, analogies, seed=settings.seed)


def _evaluation(run: str, report: EvaluationReport | None) -> Section:
    section = Section("Evaluation")
    if report is None:
        section.blocks = [
            Paragraph("Not evaluated: no test sets were given. With them:"),
            Code(f"w2v report {run} --similarity FILE... --analogies FILE...", "sh"),
        ]
        return section
    (result,) = report.vectors
    if result.similarity:
        text = "Similarity: correlation of cosines with human scores, over known pairs."
        headers = ["test set", "pairs", "known", "Spearman (95 %)", "Pearson (95 %)"]
        correlations = [
            (r.name, r.items, r.used, _estimate(r.spearman), _estimate(r.pearson))
            for r in result.similarity
        ]
        section.blocks += [Paragraph(text), Table(headers, correlations)]
    for analogies in result.analogies:
        text = f"Analogies: {analogies.name}, answered by {analogies.method}, over known questions."
        headers = ["section", "questions", "known", "accuracy (95 %)"]
        scores = [
            (score.name, score.questions, score.used, _estimate(score.accuracy))
            for score in analogies.scores
        ]
        section.blocks += [Paragraph(text), Table(headers, scores)]
    return section


def _estimate(estimate: Estimate | None) -> str:
    if estimate is None:
        return cell_text(None)
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def _stability(paths: RunDirectory, embeddings: Embeddings) -> Section:
    """Report how far neighbors come back in other trainings, where `w2v stability` made some."""
    runs = [path.parent for path in sorted(paths.stability.glob("seed-*/model"))]
    if not runs or differing_texts([paths.root, *runs]):
        return Section(
            "Stability",
            [
                Paragraph("Not measured: would another training find the same neighbors? Run:"),
                Code(f"w2v stability {paths.root} --seeds 2", "sh"),
            ],
        )
    result = stability([embeddings, *(Embeddings.load(run) for run in runs)])
    rows = [(band.band, band.words, band.overlap, band.trusted) for band in result.bands]
    headers = ("rank" if result.by_rank else "count", "words", "overlap", "trustworthy")
    text = (
        f"{result.runs} trainings that differ in the seed alone. Overlap: share of a word's "
        f"{result.k} nearest neighbors that two trainings have in common. {result.verdict}"
    )
    return Section("Stability", [Paragraph(text), Table(headers, rows)])


def _corpus(prepared: dict[str, Any]) -> Section:
    summary = prepared["summary"]
    inputs = [
        (i["path"], i["bytes"], i["lines"], i["words"], i["sha256"][:16])
        for i in prepared["inputs"]
    ]
    rows = [
        ("words read", summary["words_read"]),
        ("words that the vocabulary covers", summary["words_kept"]),
        ("different words in the vocabulary", summary["vocabulary"]),
        ("units that windows stay in", summary["units"]),
    ]
    headers = ("file", "bytes", "lines", "words", "SHA-256 begins")
    return Section(
        "Corpus",
        [Table(("", ""), rows), Table(headers, inputs), _settings(prepared["config"])],
    )


def _settings(config: dict[str, Any]) -> Table:
    rows = [(key.replace("_", "-"), _plain(v)) for key, v in config.items() if v is not None]
    return Table(("setting", "value"), rows)


def _plain(value: object) -> str:
    """Return a setting as it is written in a TOML file or on the command line."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _missing(paths: RunDirectory, prepared: dict[str, Any]) -> Section:
    """Report which words have no vector, and why."""
    left_out = Vocabulary.load(paths.corpus / LEFT_OUT)
    config, summary = prepared["config"], prepared["summary"]
    min_count = int(config["min_count"])
    rare = left_out.counts < min_count
    rows: list[tuple[str, int, int]] = [
        (f"seen fewer than {min_count} times (min-count)", *_sum(left_out.counts[rare])),
        (f"beyond vocabulary-size {config['vocabulary_size']}", *_sum(left_out.counts[~rare])),
    ]
    rows = [row for row in rows if row[1]]
    blocks: list[Block] = []
    if rows:
        order = np.argsort(-left_out.counts, kind="stable")[:_NAMED]
        named = ", ".join(f"{left_out.tokens[row]} ({left_out.counts[row]})" for row in order)
        blocks += [
            Table(("why", "different words", "occurrences"), rows),
            Paragraph(f"The most frequent of them: {named}."),
        ]
    else:
        blocks.append(Paragraph("Every word that was counted is in the vocabulary."))
    if summary.get("pruned_types"):
        text = (
            f"{summary['pruned_types']:,} more words, seen {summary['pruned_below']} times at "
            "most, were dropped while counting, to bound the memory."
        )
        blocks.append(Paragraph(text))
    blocks += [
        Paragraph(
            f"Words were split by {config['split']!r} after {config['standardize']!r}. What "
            "became of a word:"
        ),
        Code(f"w2v why-not {paths.root} WORD", "sh"),
    ]
    return Section("What is missing from the vocabulary", blocks)


def _sum(counts: np.ndarray) -> tuple[int, int]:
    return len(counts), int(counts.sum())


def _training(folder: Path, paths: RunDirectory, trained: dict[str, Any]) -> Section:
    history = read_history(paths.root)
    for theme in THEMES:
        draw_history([history], [folder / f"history-{theme}.png"], theme=THEMES[theme])
    about = "Loss, learning rate and speed over the training"
    picture = Picture(folder / "history-light.png", folder / "history-dark.png", about)
    summary = trained["summary"]
    rows = [
        (name, round(summary[key]) if summary[key] > 1000 else summary[key])
        for name, key in (
            ("loss, first", "first_loss"),
            ("loss, last", "loss"),
            ("held-out loss, last", "val_loss"),
            ("words a second", "words_per_second"),
            ("seconds", "seconds"),
        )
        if summary.get(key) is not None
    ]
    return Section("Training", [picture, Table(("", ""), rows), _settings(trained["config"])])


def _loading(paths: RunDirectory) -> Section:
    run = paths.root
    python = (
        "import w2vtrain\n\n"
        f'vectors = w2vtrain.Embeddings.load("{run}")\n'
        "vectors.most_similar(WORD, k=5)\n"
        "lookup, embedding = vectors.to_keras()  # layers for a Keras model"
    )
    shell = (
        f"w2v neighbors {run} WORD\n"
        f"w2v projector {run}\n"
        f"w2v convert {run} vectors.bin  # gensim: load_word2vec_format('vectors.bin', binary=True)"
    )
    return Section("How to load it", [Code(python, "python"), Code(shell, "sh")])


def _files(trained: dict[str, Any]) -> Section:
    rows = [
        (name, entry["bytes"], entry["sha256"])
        for name, entry in trained["files"].items()
        if "/" not in name
    ]
    note = Paragraph("The same text, settings and seed give the same bytes of vectors.npy.")
    return Section("Files of the model", [Table(("file", "bytes", "SHA-256"), rows), note])
