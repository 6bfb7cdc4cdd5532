"""`w2v plot`: pictures of vectors and trainings, for reports and for the browser."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from w2vtrain.cli.options import several_values
from w2vtrain.cli.output import Json, Output, command, note, say
from w2vtrain.cli.queries import Vectors, explain_command
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory, is_run
from w2vtrain.show.pictures.drawing import STILL, THEMES

if TYPE_CHECKING:
    from w2vtrain.show.pictures.drawing import Theme
    from w2vtrain.show.pictures.layouts import Progress
    from w2vtrain.show.pictures.word_map import WordMap
    from w2vtrain.vectors.embeddings import Embeddings

plot = typer.Typer(
    help="Draw a map of words, a training, frequencies, similarities.",
    no_args_is_help=True,
)

Run = Annotated[Path, typer.Argument(metavar="RUN", help="Run directory.")]
OutputFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--output", "-o", help="File to write; its ending says the format; may be repeated."
    ),
]
Title = Annotated[str | None, typer.Option(help="Title of the picture.")]
ThemeName = Annotated[
    str, typer.Option("--theme", help="Colors: light, or dark for dark slides and pages.")
]
_WRITTEN = (".png", ".svg")  # where no --output says otherwise
_METHOD = (
    "pca, tsne, umap, or vectors where they have 2 numbers. "
    "(default: vectors for those; tsne up to 5,000 words, umap above; pca with --checkpoints)"
)
_TSNE_WORDS = 5000  # t-SNE spreads words evenly, which labels need; UMAP is faster for many


@plot.command("map", cls=several_values("--words", "--highlight", "--neighbors-of"))
def map_(
    vectors: Vectors,
    method: Annotated[str | None, typer.Option(help=_METHOD, show_default=False)] = None,
    top: Annotated[int, typer.Option(min=2, help="The N most frequent words.")] = 1000,
    words: Annotated[list[str] | None, typer.Option("--words", help="These words instead.")] = None,
    highlight: Annotated[list[str] | None, typer.Option(help="Words that stand out.")] = None,
    neighbors_of: Annotated[
        list[str] | None,
        typer.Option(help="Words to show with their neighbors instead."),
    ] = None,
    k: Annotated[int, typer.Option("-k", "--k", min=1, help="Neighbors of each.")] = 15,
    checkpoints: Annotated[
        bool,
        typer.Option("--checkpoints", help="Before, during and after the training, and moving."),
    ] = False,
    clusters: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Groups of similar words to color by, named by their words; 0 for none. "
            "(default: 12, or none where words are chosen)",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the layout and the groups.")] = 1,
    theme: ThemeName = "light",
    title: Title = None,
    output: OutputFiles = None,
    json: Json = False,
) -> None:
    """Draw words in the plane: PNG, SVG, PDF, and an HTML page to zoom and search, offline."""
    from w2vtrain.cli.progress import bars
    from w2vtrain.show.pictures.layouts import METHODS
    from w2vtrain.show.pictures.word_map import CLUSTERS, map_of
    from w2vtrain.vectors.embeddings import Embeddings

    moving = ".gif" if checkpoints else ".html"
    paths = _paths(vectors, "training-map" if checkpoints else "map", output, moving)
    colors = _theme(theme)
    if clusters is None:
        clusters = 0 if words or neighbors_of or checkpoints else CLUSTERS
    elif clusters and neighbors_of:
        raise W2VError("--clusters and --neighbors-of both choose the colors.", "Leave one out.")
    embeddings = Embeddings.load(vectors)
    way = method or _default_method(embeddings.dim, min(top, len(embeddings)), checkpoints)
    if way not in METHODS:
        raise W2VError(f"--method is {way!r}.", f"Choose one of: {', '.join(METHODS)}.")
    with bars() as progress:
        chart = map_of(
            embeddings,
            "pca" if checkpoints else way,
            top=top,
            words=words or (),
            highlight=highlight or (),
            neighbors_of=neighbors_of or (),
            k=k,
            clusters=clusters,
            seed=seed,
            progress=progress,
        )
        if checkpoints:
            _draw_checkpoints(vectors, chart, way, seed, paths, progress, colors)
        else:
            _draw_map(chart, paths, title or f"{vectors}", colors, progress)
    then = command("report" if is_run(vectors) else "projector", vectors)
    _report(paths, {"words": len(chart.tokens), "method": way, "seed": seed}, json, then)


@plot.command()
def history(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Trained runs.")],
    by_epochs: Annotated[
        bool, typer.Option("--by-epochs", help="Draw over epochs, not over steps.")
    ] = False,
    theme: ThemeName = "light",
    output: OutputFiles = None,
    json: Json = False,
) -> None:
    """Draw loss, learning rate and speed over the training; several runs over one another."""
    from w2vtrain.show.pictures.curves import draw_history, read_history

    paths = _paths(runs[0], "history", output)
    draw_history([read_history(run) for run in runs], paths, by_epochs, _theme(theme))
    then = command("plot", "map", runs[0])
    _report(paths, {"runs": runs}, json, then)


@plot.command()
def frequency(
    run: Run,
    subsample_threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Threshold to show. (default: the training's)"),
    ] = None,
    theme: ThemeName = "light",
    title: Title = None,
    output: OutputFiles = None,
    json: Json = False,
) -> None:
    """Draw how often words occur by rank, where they are cut off, what subsampling keeps."""
    from w2vtrain.show.pictures.curves import draw_frequencies, read_frequencies

    paths = _paths(run, "frequency", output)
    counts = read_frequencies(run, subsample_threshold)
    draw_frequencies(counts, paths, f"{run}" if title is None else title, _theme(theme))
    record = {
        "words": len(counts.kept),
        "left_out": len(counts.left_out),
        "subsample_threshold": counts.threshold,
        "kept_share": float(counts.after_subsampling.sum() / max(counts.kept.sum(), 1)),
    }
    trained = RunDirectory(run).model.is_dir()
    then = command("plot", "history", run) if trained else command("train", run)
    _report(paths, record, json, then)


@plot.command()
def similarity(
    vectors: Vectors,
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="Two words or more.")],
    theme: ThemeName = "light",
    title: Title = None,
    output: OutputFiles = None,
    json: Json = False,
) -> None:
    """Draw the cosines between words as a heat map, similar words side by side."""
    from w2vtrain.show.pictures.relations import draw_heat_map
    from w2vtrain.vectors.embeddings import Embeddings

    paths = _paths(vectors, "similarity", output)
    order = draw_heat_map(Embeddings.load(vectors), words, paths, title or "", _theme(theme))
    _report(paths, {"words": order}, json, explain_command(vectors, *order[:2]))


@plot.command()
def analogy(
    vectors: Vectors,
    pairs: Annotated[list[str], typer.Argument(metavar="A:B...", help="Pairs: king:queen …")],
    theme: ThemeName = "light",
    title: Title = None,
    output: OutputFiles = None,
    json: Json = False,
) -> None:
    """Draw the pairs of a relation as arrows, in the plane of their mean offset."""
    from w2vtrain.show.pictures.relations import draw_relation, relation
    from w2vtrain.vectors.embeddings import Embeddings

    paths = _paths(vectors, "analogy", output)
    embeddings = Embeddings.load(vectors)
    found = relation(embeddings, [_pair(text, embeddings) for text in pairs])
    draw_relation(found, paths, title or "", _theme(theme))
    rows = zip(found.pairs, found.agreement.tolist(), strict=True)
    record = {"pairs": [{"from": a, "to": b, "agreement": c} for (a, b), c in rows]}
    _report(paths, record, json, command("analogy", vectors, *found.pairs[0], found.pairs[-1][0]))


def _default_method(dim: int, words: int, checkpoints: bool) -> str:
    if dim == 2:
        return "vectors"
    if checkpoints:
        return "pca"
    return "tsne" if words <= _TSNE_WORDS else "umap"


def _pair(text: str, embeddings: "Embeddings") -> tuple[str, str]:
    """Return the two words of `a:b`; where words hold colons, the cut that leaves known words."""
    cuts = [i for i, letter in enumerate(text) if letter == ":" and 0 < i < len(text) - 1]
    if not cuts:
        raise W2VError(f"{text!r} is no pair.", "Give two words with a colon between: king:queen.")
    pairs = [(text[:cut], text[cut + 1 :]) for cut in cuts]
    return next((p for p in pairs if p[0] in embeddings and p[1] in embeddings), pairs[0])


def _theme(name: str) -> "Theme":
    if name not in THEMES:
        raise W2VError(f"--theme is {name!r}.", f"Choose one of: {', '.join(THEMES)}.")
    return THEMES[name]


def _draw_map(
    chart: "WordMap", paths: list[Path], title: str, theme: "Theme", progress: "Progress"
) -> None:
    from w2vtrain.show.pictures.map_page import write_map_page
    from w2vtrain.show.pictures.word_map import draw_map

    still = [path for path in paths if path.suffix.lower() in STILL]
    if still:
        labeled = draw_map(chart, still, title, theme)
        if labeled < len(chart.tokens):
            note(f"{labeled:,} of {len(chart.tokens):,} words have room for a label.")
    for path in paths:
        if path not in still:
            write_map_page(chart, path, title, progress)


def _draw_checkpoints(
    run: Path,
    chart: "WordMap",
    method: str,
    seed: int,
    paths: list[Path],
    progress: "Progress",
    theme: "Theme",
) -> None:
    from w2vtrain.show.pictures import snapshots as over_time

    kept = over_time.read_snapshots(run)
    places = over_time.places_over_time(kept, chart.ranks, method, seed, progress)  # type: ignore[arg-type]
    still = [path for path in paths if path.suffix.lower() in STILL]
    if still:
        own_scale = method == "vectors"
        over_time.draw_side_by_side(
            chart, places, kept.epochs, still, theme=theme, own_scale=own_scale
        )
    for path in paths:
        if path not in still:
            over_time.draw_animation(chart, places, kept.epochs, path, progress, theme)


def _paths(source: Path, name: str, given: list[Path] | None, more: str = "") -> list[Path]:
    """Return the files to write; refuse an unknown ending before any work is done."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")  # letters that no font has
    forms = (*STILL, more) if more else STILL
    if given:
        for path in given:
            if path.suffix.lower() not in forms:
                raise W2VError(f"{path} ends in {path.suffix!r}.", f"Choose: {', '.join(forms)}.")
        return given
    folder = source / "pictures" if is_run(source) else Path()
    written = (*_WRITTEN, more) if more else _WRITTEN
    return [folder / f"{name}{form}" for form in written]


def _report(paths: list[Path], record: Mapping[str, object], json: bool, then: str | None) -> None:
    def text() -> None:
        for path in paths:
            say(f"{path}  ({path.stat().st_size:,} bytes)")

    Output(json).result({**record, "files": paths}, text, then=then)
