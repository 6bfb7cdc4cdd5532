"""From text to files: `w2v prepare`, `run`, `plan`, `export` and `convert`."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer

from w2vtrain.cli.interrupts import stoppable
from w2vtrain.cli.judge import AnalogySets, SimilaritySets, print_evaluation
from w2vtrain.cli.options import ConfigFile, config_options, merged
from w2vtrain.cli.output import Json, Output, command, note, say
from w2vtrain.cli.progress import prepare_progress, train_progress
from w2vtrain.cli.projector import report_check
from w2vtrain.cli.train import say_trained
from w2vtrain.config import ExportConfig, PrepareConfig, VectorFormat
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run_config import RunConfig
from w2vtrain.training.config import TrainConfig

if TYPE_CHECKING:
    from w2vtrain.analysis.evaluation.evaluate import EvaluationReport
    from w2vtrain.corpus.prepare import PrepareSummary
    from w2vtrain.training.plan import Plan
    from w2vtrain.vectors.export import ExportResult


def init(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Text files, folders, globs or tables.")
    ],
    file: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE.toml", help="File of settings to write."),
    ],
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="Run directory. (default: runs/NAME of FILE)"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE.toml.")] = False,
    as_json: Json = False,
) -> None:
    """Look at a text and write settings for it, with reasons.

    The first megabytes are looked at. The file is for `w2v run`, and for you to change.
    """
    from w2vtrain.corpus.suggestions import as_toml, observations, suggestions
    from w2vtrain.corpus.survey import survey
    from w2vtrain.run.files import atomic_write, translated_os_errors

    out = Output(as_json)
    if file.exists() and not force:
        raise W2VError(f"{file} is there already.", "Name another file, or replace it: --force.")
    found = survey(inputs)
    run_it = command("run", file)
    text = as_toml(inputs, run or f"runs/{file.stem}", found, suggestions(found), run_it)
    settings = tomllib.loads(text)
    RunConfig.from_mapping(settings, str(file))
    with translated_os_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(file, text.encode())

    def say_settings() -> None:
        for line in observations(found):
            say(line)
        say(f"\n{file}:")
        say(text[text.index("\ninputs = ") + 1 :].rstrip())

    record = {"file": file, "survey": found, "settings": settings}
    out.result(record, say_settings, then=run_it)


@config_options(prepare=PrepareConfig)
def prepare(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Text files, folders, globs, or - for standard input; also .gz .bz2 .xz .zip, "
            "and .csv .tsv .jsonl .parquet with --text-column.",
        ),
    ],
    run: Annotated[Path, typer.Option("--output", "-o", metavar="RUN", help="Run directory.")],
    config: ConfigFile = None,
    force: Annotated[
        bool, typer.Option("--force", help="Do it again even if nothing has changed.")
    ] = False,
    add: Annotated[
        bool, typer.Option("--update", help="Add the text to the run's: old words keep their ids.")
    ] = False,
    as_json: Json = False,
    *,
    given: dict[str, dict[str, Any]],
) -> None:
    """Read text into token ids and a vocabulary: RUN/corpus."""
    from w2vtrain.corpus.prepare import prepare as work
    from w2vtrain.corpus.update import prepared_settings, update

    out = Output(as_json)
    chosen = merged(PrepareConfig, "prepare", config, given["prepare"])
    if add:
        chosen = {**prepared_settings(run), **chosen}
    settings = PrepareConfig.from_mapping(chosen)
    with prepare_progress() as progress:
        if add:
            summary = update(inputs, run, settings, progress)
        else:
            summary = work(inputs, run, settings, force=force, progress=progress)
    out.result(summary, lambda: say_prepared(summary, settings), then=command("train", run))


def say_prepared(summary: "PrepareSummary", settings: PrepareConfig) -> None:
    """Print the closing lines of prepare for people."""
    if summary.unchanged:
        note(f"{summary.run}/corpus is up to date: same inputs, same settings (--force redoes it).")
    what = {"character": "characters", "subwords": "subword units"}.get(settings.split, "words")
    rows = f"{_count(summary.lines, 'line')} of {_count(summary.inputs, 'file')}"
    cut = f"--min-count {settings.min_count}"
    if settings.vocabulary_size is not None:
        cut += f", --vocabulary-size {settings.vocabulary_size}"
    say(f"Read        {summary.words_read:,} {what} in {rows}")
    say(f"Kept        {summary.words_kept:,} {what} ({summary.coverage:.2%} of the text)")
    say(f"Vocabulary  {summary.vocabulary:,} different {what}")
    if settings.phrases:
        say(f"Phrases     {summary.phrases:,} found, listed in {summary.run}/corpus/phrases.tsv")
    say(
        f"Left out    {summary.left_out_types:,} different {what}, seen "
        f"{_count(summary.left_out_words, 'time')} ({cut})"
    )
    say(f"Units       {summary.units:,} with text (--boundary {settings.boundary})")
    for thing, count in (
        ("word of more than 128 characters left out", summary.too_long_words),
        (
            f"word (seen {summary.pruned_below} times or less) pruned while counting",
            summary.pruned_types,
        ),
        ("row without text dropped", summary.missing),
        ("place did not decode and was replaced", summary.replaced),
    ):
        if count:
            note(f"Note: {_count(count, thing)}.")
    if not summary.unchanged:
        workers = f", {summary.workers} workers" if summary.workers > 1 else ""
        say(f"Written     {summary.run}/corpus in {summary.seconds:.1f} s{workers}")


def _count(number: int, thing: str) -> str:
    """Return `1 file` or `2 files`; the noun is the first word."""
    noun, _, rest = thing.partition(" ")
    plural = noun if number == 1 else noun + "s"
    if number != 1:
        rest = rest.replace("was ", "were ")
    return f"{number:,} {plural} {rest}".rstrip()


@config_options(prepare=PrepareConfig, train=TrainConfig, export=ExportConfig)
def run(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="Settings of a run.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="RUN", help="Run directory, instead of the file's."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Do every stage again even if nothing has changed.")
    ] = False,
    as_json: Json = False,
    *,
    given: dict[str, dict[str, Any]],
) -> None:
    """Prepare, train and export as a TOML file says.

    Options on the command line override the file's.
    """
    settings = RunConfig.load(config, given)
    place = output or Path(settings.run)
    run_stages(settings, place, force, as_json, then=command("projector", place))


def run_stages(
    settings: RunConfig,
    place: Path,
    force: bool = False,
    as_json: bool = False,
    then: str | None = None,
) -> None:
    """Prepare, train and export into the run directory `place`, and print what was done."""
    from w2vtrain.corpus.prepare import prepare
    from w2vtrain.run.lock import run_lock
    from w2vtrain.tensorflow_runtime import configure
    from w2vtrain.training.train import train
    from w2vtrain.vectors.export import export

    out = Output(as_json)
    configure(settings.train.threads)  # for all stages: they cannot change once it has started
    with run_lock(place):  # from the first stage to the last: each uses what the one before made
        with prepare_progress() as reading:
            prepared = prepare(settings.inputs, place, settings.prepare, force, reading)
        if not as_json:
            say_prepared(prepared, settings.prepare)
            say()
        with stoppable() as stop, train_progress() as training:
            trained = train(place, settings.train, force, training, stop=stop)
        if not as_json:
            say_trained(trained, settings.train)
            say()
        exported = export(place, settings.export)
    record = {"prepare": prepared, "train": trained, "export": exported}
    out.result(record, lambda: say_exported(exported), then=then)


@config_options(prepare=PrepareConfig, train=TrainConfig)
def plan(
    targets: Annotated[
        list[str], typer.Argument(metavar="RUN|INPUT...", help="A prepared run, or text files.")
    ],
    config: ConfigFile = None,
    as_json: Json = False,
    *,
    given: dict[str, dict[str, Any]],
) -> None:
    """Estimate time, memory and disk of a run, from a short probe."""
    from w2vtrain.training.plan import plan as work

    out = Output(as_json)
    note("Measuring for some seconds …")
    found = work(
        targets,
        PrepareConfig.from_mapping(merged(PrepareConfig, "prepare", config, given["prepare"])),
        TrainConfig.from_mapping(merged(TrainConfig, "train", config, given["train"])),
    )
    prepared = RunDirectory(Path(targets[0])).corpus.is_dir()
    out.result(
        found,
        lambda: _say_planned(found),
        then=command("train", targets[0])
        if prepared
        else command("prepare", *targets, "-o", "runs/NAME"),
    )


def _say_planned(found: "Plan") -> None:
    part = "all" if found.measured_on == 1 else f"{found.measured_on:.2%}"
    say(f"Words       {found.words:,}, {found.tokens:,} of them kept (from {part} of the text)")
    say(f"Vocabulary  {found.vocabulary:,} words")
    say(f"Pairs       {found.pairs:,} an epoch, {found.epochs} epochs")
    say(f"Disk        {_size(found.disk)} at its largest")
    processes = f", of {found.processes} processes" if found.processes > 1 else ""
    say(f"Memory      {_size(found.memory)} at its peak{processes}")
    if found.prepare_seconds:
        say(f"Prepare     {_time(found.prepare_seconds)}")
    say(f"Train       {_time(found.train_seconds)}")


def _size(count: int) -> str:
    for unit in ("kB", "MB"):
        count_of = count / 1000 ** (1 if unit == "kB" else 2)
        if count_of < 1000:
            return f"{count_of:.0f} {unit}"
    return f"{count / 1e9:.1f} GB"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


@config_options(export=ExportConfig)
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory with trained vectors.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder to write. (default: RUN/export/FORMAT)"),
    ] = None,
    config: ConfigFile = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Write nothing: say what the Projector would misread in folder RUN."
        ),
    ] = False,
    json: Json = False,
    *,
    given: dict[str, dict[str, Any]],
) -> None:
    """Write vectors for the Projector, gensim, spaCy or NumPy."""
    if check:
        report_check(run, json)
        return
    from w2vtrain.vectors.export import export as write

    settings = ExportConfig.from_mapping(merged(ExportConfig, "export", config, given["export"]))
    result = write(run, settings, output)
    then = command("projector", run) if result.format == "projector" else None
    Output(json).result(result, lambda: say_exported(result), then=then)


def say_exported(result: "ExportResult") -> None:
    """Print where the files lie, and to stderr how to open them."""
    say(f"{result.rows:,} vectors of {result.dim} numbers, format {result.format}:")
    for path in result.files:
        say(f"  {path}  ({path.stat().st_size:,} bytes)")
    for line in how_to_open(result.format, result.folder, result.files[0]):
        note(line)


def how_to_open(format: str, folder: Path, file: Path) -> list[str]:
    """Return what to tell the user to do with the files."""
    if format == "projector":
        return [
            "Open them in the browser: https://projector.tensorflow.org, Load, then",
            "  vectors.tsv as step 1 and metadata.tsv as step 2;",
            f"or on this machine: tensorboard --logdir {folder}",
        ]
    if format in ("word2vec-text", "word2vec-binary", "glove", "fasttext-vec"):
        options = {"word2vec-binary": ", binary=True", "glove": ", no_header=True"}.get(format, "")
        return [f'Open it with gensim: KeyedVectors.load_word2vec_format("{file}"{options})']
    place = folder if format in ("npy", "safetensors") else file
    return [f'Open it in Python: w2vtrain.Embeddings.load("{place}")']


_COMPRESSED = "Only for fasttext-compressed"
_COMPARED = 10_000  # words, the most frequent, before and after compression
_FORMAT_HELP = ", ".join(get_args(VectorFormat))


def convert(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="Run directory, vector file or folder.")
    ],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="File or folder to write.")],
    source_format: Annotated[
        str | None,
        typer.Option("--from", help=f"Format of IN: {_FORMAT_HELP}. (default: by content)"),
    ] = None,
    target_format: Annotated[
        str | None,
        typer.Option("--to", help=f"Format of OUT: {_FORMAT_HELP}. (default: by OUT's ending)"),
    ] = None,
    top: Annotated[
        int | None, typer.Option("--top", help="Only the first N rows. (default: all)")
    ] = None,
    normalize: Annotated[
        bool, typer.Option("--normalize", help="Scale every vector to length 1.")
    ] = False,
    ngrams: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Keep the N most frequent n-grams (default: 100000).",
            rich_help_panel=_COMPRESSED,
        ),
    ] = None,
    quantization: Annotated[
        Literal["none", "float16", "pq"] | None,
        typer.Option(
            "--quantize",
            help="Half precision, or a byte for 4 numbers (default: float16).",
            rich_help_panel=_COMPRESSED,
        ),
    ] = None,
    similarity: SimilaritySets = None,
    analogies: AnalogySets = None,
    json: Json = False,
) -> None:
    """Convert vectors between formats.

    A file whose name ends in .gz is compressed. --similarity and --analogies evaluate IN and OUT,
    to see what fasttext-compressed costs.
    """
    from w2vtrain.vectors.export import convert as run

    given = {"ngrams": ngrams, "quantization": quantization}
    options = {name: value for name, value in given.items() if value is not None}
    compressed = target_format == "fasttext-compressed" or target.suffix == ".ftnpz"
    if not compressed and (options or similarity or analogies):
        raise typer.BadParameter(
            "--ngrams, --quantize, --similarity and --analogies are for --to fasttext-compressed."
        )
    result = run(source, target, source_format, target_format, top, normalize, **options)
    record = {
        "from": result.source_format,
        "to": result.format,
        "output": target,
        "rows": result.rows,
        "dim": result.dim,
        "counts_lost": result.counts_lost,
    }
    report: EvaluationReport | None = None
    if compressed:
        cost, report = _cost(source, target, similarity or (), analogies or ())
        record |= cost

    def text() -> None:
        say(
            f"{result.rows:,} vectors of {result.dim} numbers: {source} ({result.source_format}) "
            f"-> {target} ({result.format})"
        )
        if result.counts_lost:
            note(f"{result.format} has no place for counts; they were left out.")
        if compressed:
            _say_cost(record)
        if report is not None:
            print_evaluation(report)

    readable = result.format != "floret"  # it holds no words
    then = command("projector", target) if readable else None
    Output(json).result(record, text, then=then)


def _say_cost(cost: dict[str, Any]) -> None:
    megabytes, ngrams = cost["bytes"] / 1e6, cost["ngrams"]
    say(
        f"{megabytes:,.1f} MB with {ngrams:,} n-grams; cosine with the originals, on average: "
        f"words {cost['cosine_of_words']:.3f}, "
        f"made from n-grams alone {cost['cosine_from_ngrams']:.3f}"
    )


def _cost(
    source: Path, target: Path, similarity: Sequence[Path], analogies: Sequence[Path]
) -> tuple[dict[str, Any], "EvaluationReport | None"]:
    """Return what a compression has cost, for JSON, and the evaluation if there are test sets."""
    import numpy as np

    from w2vtrain.analysis.evaluation.evaluate import evaluate
    from w2vtrain.analysis.evaluation.test_sets import AnalogySet, SimilaritySet
    from w2vtrain.vectors.embeddings import Embeddings
    from w2vtrain.vectors.formats.compressed_subwords import likeness

    sets = [SimilaritySet.read(path) for path in similarity]
    questions = [AnalogySet.read(path) for path in analogies]
    whole, kept = Embeddings.load(source), Embeddings.load(target)
    assert whole.subwords is not None
    assert kept.subwords is not None
    words = kept.tokens[:_COMPARED]
    cosines = np.einsum("wd,wd->w", whole.normalized[: len(words)], kept.normalized[: len(words)])
    record = {
        "bytes": target.stat().st_size,
        "ngrams": len(kept.subwords.vectors),
        "cosine_of_words": float(cosines.mean()),
        "cosine_from_ngrams": likeness(whole.subwords, kept.subwords, words),
    }
    if not sets and not questions:
        return record, None
    report = evaluate([(str(source), whole), (str(target), kept)], sets, questions)
    return {**record, "evaluation": report}, report
