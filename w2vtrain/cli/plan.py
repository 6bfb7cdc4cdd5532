"""`w2v plan RUN|INPUT...`: what a run will take, before it."""

import dataclasses
from typing import Annotated, Any

import typer

from w2vtrain.cli.options import ConfigFile, config_options, merged
from w2vtrain.cli.output import Json, note, print_json, say
from w2vtrain.config import PrepareConfig, TrainConfig


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
    """Say how long a run will take, and how much memory and disk, from a short probe."""
    from w2vtrain.training.plan import plan as work

    note("Measuring for some seconds …")
    found = work(
        targets,
        PrepareConfig.from_mapping(merged(PrepareConfig, "prepare", config, given["prepare"])),
        TrainConfig.from_mapping(merged(TrainConfig, "train", config, given["train"])),
    )
    if as_json:
        print_json(dataclasses.asdict(found))
        return
    part = "all" if found.measured_on == 1 else f"{found.measured_on:.2%}"
    say(f"Words       {found.words:,}, {found.tokens:,} of them kept (from {part} of the text)")
    say(f"Vocabulary  {found.vocabulary:,} words")
    say(f"Pairs       {found.pairs:,} an epoch, {found.epochs} epochs")
    say(f"Disk        {_size(found.disk)} at its largest")
    say(f"Memory      {_size(found.memory)} at its peak")
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
