"""`w2v train RUN`: token ids into vectors."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vtrain.cli.interrupts import stoppable
from w2vtrain.cli.options import ConfigFile, config_options, merged
from w2vtrain.cli.output import Json, Output, command, note, say
from w2vtrain.cli.progress import train_progress
from w2vtrain.training.config import MoreEpochs, SubsampledConfig, TrainConfig

if TYPE_CHECKING:
    from w2vtrain.training.train import TrainSummary


@config_options(train=TrainConfig)
def train(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory made by prepare.")],
    config: ConfigFile = None,
    force: Annotated[
        bool, typer.Option("--force", help="Train again even if nothing has changed.")
    ] = False,
    watch: Annotated[
        list[str] | None,
        typer.Option("--watch", metavar="WORD", help="Word whose neighbors TensorBoard shows."),
    ] = None,
    as_json: Json = False,
    *,
    given: dict[str, dict[str, Any]],
) -> None:
    """Learn vectors from a prepared run: RUN/corpus into RUN/model."""
    from w2vtrain.training.train import train as work
    from w2vtrain.training.train import trained_settings

    out = Output(as_json)
    chosen = merged(TrainConfig, "train", config, given["train"])
    if isinstance(chosen.get("epochs"), MoreEpochs) or chosen.get("more_epochs"):
        chosen = {**trained_settings(run), **chosen}
    settings = TrainConfig.from_mapping(chosen)
    with stoppable() as stop, train_progress() as progress:
        summary = work(run, settings, force=force, progress=progress, watch=watch or (), stop=stop)
    out.result(summary, lambda: say_trained(summary, settings), then=command("projector", run))


def say_trained(summary: "TrainSummary", settings: TrainConfig) -> None:
    """Print the closing lines of train for people."""
    if summary.unchanged:
        note(f"{summary.run}/model is up to date: same corpus, same settings (--force redoes it).")
    own = settings.epochs or getattr(settings, "more_epochs", None)
    rule = "" if own else f" (for {summary.words:,} words; --epochs sets it)"
    say(f"Trained     {summary.epochs} epoch{'s' * (summary.epochs != 1)}{rule}")
    if isinstance(settings, SubsampledConfig):
        say(
            f"Subsampling {summary.kept_share:.1%} of the words kept "
            f"(--subsample-threshold {settings.subsample_threshold:g})"
        )
    if "learning_rate" in summary.facts:
        say(f"Rate        {summary.facts['learning_rate']:g} at first (--learning-rate)")
    if summary.start:
        say(f"Start       {_started(summary.start, settings)}")
    say(f"Loss        {summary.first_loss:.4f} in the first epoch, {summary.loss:.4f} in the last")
    if summary.val_loss is not None:
        say(f"Held out    loss {summary.val_loss:.4f}; lowest in epoch {summary.best_epoch}")
    if summary.accuracy is not None:
        say(f"Accuracy    {summary.accuracy:.4f} in the last epoch")
    if summary.facts.get("shards", 1) > 1:
        say(f"Shards      {_shards(summary.facts)}")
    say(f"Speed       {summary.words_per_second:,.0f} words/s, {summary.seconds:.1f} s")
    say(f"Vectors     {summary.vocabulary:,} words x {summary.embedding_dim} numbers")
    if not summary.unchanged:
        say(f"Written     {summary.run}/model")
        note(f"Curves and the embedding: tensorboard --logdir {summary.run}/logs")


def _started(start: dict[str, Any], settings: Any) -> str:
    known = f"{start['found']:,} words found in {settings.start_from}, {start['new']:,} are new"
    if "moved" not in start:
        return f"{known}; context vectors frozen"
    if start["from_ngrams"]:
        known += f" ({start['from_ngrams']:,} of them start from its n-grams)"
    moved = "frozen" if settings.freeze_known else f"moved by {start['moved']:.4f} (1 - cosine)"
    return f"{known}; those found {moved}"


def _shards(facts: dict[str, Any]) -> str:
    shards, workers = facts["shards"], facts["workers"]
    if workers == 1:
        return f"{shards} in this process (--shards, --workers)"
    return (
        f"{shards} in {workers} processes, {facts['exchange_seconds']:.1f} s of exchange, "
        f"{facts['start_seconds']:.1f} s to start them (--shards, --workers)"
    )
