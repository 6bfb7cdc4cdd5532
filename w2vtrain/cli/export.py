"""`w2v export`: the vectors of a run as files for the Projector and for other programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vtrain.cli.bundle_check import report_check
from w2vtrain.cli.options import ConfigFile, config_options, merged
from w2vtrain.cli.output import Json, note, print_json, say
from w2vtrain.config import ExportConfig

if TYPE_CHECKING:
    from w2vtrain.vectors.export import ExportResult


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
    """Write a run's vectors as files: for the Embedding Projector, gensim, spaCy or NumPy."""
    if check:
        report_check(run, json)
        return
    from w2vtrain.vectors.export import export as write

    settings = ExportConfig.from_mapping(merged(ExportConfig, "export", config, given["export"]))
    result = write(run, settings, output)
    if json:
        print_json(result.as_dict())
    else:
        say_exported(result)


def say_exported(result: "ExportResult") -> None:
    """Prints where the files lie, and to stderr how to open them."""
    say(f"{result.rows:,} vectors of {result.dim} numbers, format {result.format}:")
    for path in result.files:
        say(f"  {path}  ({path.stat().st_size:,} bytes)")
    for line in how_to_open(result.format, result.folder, result.files[0]):
        note(line)


def how_to_open(format: str, folder: Path, file: Path) -> list[str]:
    """Returns what to tell the user to do with the files."""
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
