"""`w2v classify`: its two commands."""

import typer

from w2vtrain.cli import classify_predict, classify_train

app = typer.Typer(
    help="Classify texts: learn embeddings from labels, or reuse a run's.", no_args_is_help=True
)
app.command("train")(classify_train.classify_train)
app.command("predict")(classify_predict.classify_predict)
