"""`w2v run CONFIG.toml`: prepare, train and export in turn."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from w2vtrain.cli.export import say_exported
from w2vtrain.cli.interrupts import stoppable
from w2vtrain.cli.options import config_options
from w2vtrain.cli.output import Json, print_json, say
from w2vtrain.cli.prepare import prepare_progress, say_prepared
from w2vtrain.cli.train import say_trained, train_progress
from w2vtrain.config import ExportConfig, PrepareConfig, TrainConfig
from w2vtrain.run_config import RunConfig


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
    """Do all that a TOML file says: prepare, train, export. Options override the file's."""
    from w2vtrain.corpus.prepare import prepare
    from w2vtrain.run.lock import run_lock
    from w2vtrain.tensorflow_runtime import configure
    from w2vtrain.training.train import train
    from w2vtrain.vectors.export import export

    settings = RunConfig.load(config, given)
    place = output or Path(settings.run)
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
    if as_json:
        print_json(
            {
                "prepare": dataclasses.asdict(prepared),
                "train": dataclasses.asdict(trained),
                "export": exported.as_dict(),
            }
        )
    else:
        say_exported(exported)
