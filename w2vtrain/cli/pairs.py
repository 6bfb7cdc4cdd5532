"""`w2v pairs RUN`: what a training is shown."""

import dataclasses
from typing import Annotated, Any

import typer

from w2vtrain.cli.options import ConfigFile, config_options, merged
from w2vtrain.cli.output import Json, print_json, print_table, say
from w2vtrain.config import TrainConfig

EXAMPLES = 20


@config_options(train=TrainConfig)
def pairs(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run directory made by prepare.")],
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="Pairs to print.")] = EXAMPLES,
    config: ConfigFile = None,
    as_json: Json = False,
    *,
    given: dict[str, dict[str, Any]],
) -> None:
    """Print training pairs with their noise words and labels, and count all of an epoch."""
    from w2vtrain.training.pair_examples import pair_examples

    settings = TrainConfig.from_mapping(merged(TrainConfig, "train", config, given["train"]))
    found = pair_examples(run, settings, count)
    if as_json:
        print_json(dataclasses.asdict(found))
        return
    print_table(
        ["target", "id", "context (label 1)", "noise (label 0)"],
        [
            (
                example.target,
                example.target_id,
                f"{example.contexts[0]} {example.context_ids[0]}",
                ", ".join(
                    f"{word} {number}"
                    for word, number in zip(
                        example.contexts[1:], example.context_ids[1:], strict=True
                    )
                ),
            )
            for example in found.examples
        ],
    )
    say()
    say(f"Positives  {found.positives:,} pairs of a target and a word near it")
    say(f"Negatives  {found.negatives:,} noise words")
    for number, what in (
        (found.noise_padding, "padding, which no text holds"),
        (found.noise_unknown, "[UNK], which stands for no word"),
        (found.noise_positive, "the pair's own context, right and wrong at once"),
    ):
        if number:
            say(f"           {number:,} ({number / found.negatives:.1%}) are {what}")
