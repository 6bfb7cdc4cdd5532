"""`w2v classify train` and `w2v classify predict`: labeled texts into a classifier, and its use."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vtrain.classify.settings import ClassifyConfig
from w2vtrain.cli.options import ConfigFile, config_options, merged
from w2vtrain.cli.output import Json, Output, Tsv, command, note, print_table, say
from w2vtrain.cli.queries import read_queries

if TYPE_CHECKING:
    from w2vtrain.classify.prediction_files import FilePrediction
    from w2vtrain.classify.training import ClassifySummary


@config_options(classify=ClassifyConfig)
def classify_train(
    texts: Annotated[
        Path,
        typer.Argument(metavar="TEXTS", help="A folder with a folder a class, or a table."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="RUN", help="Run directory to write.")
    ],
    config: ConfigFile = None,
    as_json: Json = False,
    *,
    given: dict[str, dict[str, Any]],
) -> None:
    """Train a classifier on labeled texts; its vectors can be asked and exported as any run's."""
    from w2vtrain.classify.training import train_classifier

    out = Output(as_json)
    settings = ClassifyConfig.from_mapping(
        merged(ClassifyConfig, "classify", config, given["classify"])
    )
    summary = train_classifier(texts, output, settings, _note_epoch)
    out.result(
        summary,
        lambda: _say_trained(summary, settings),
        then=command("classify", "predict", output, "TEXT"),
    )


def _note_epoch(epoch: int, figures: Mapping[str, float]) -> None:
    if epoch == 1:
        note("epoch  train loss  accuracy  validation loss  accuracy")
    note(
        f"{epoch:5}  {figures['loss']:10.4f}  {figures['accuracy']:8.4f}  "
        f"{figures['val_loss']:15.4f}  {figures['val_accuracy']:8.4f}"
    )


def _say_trained(summary: "ClassifySummary", settings: ClassifyConfig) -> None:
    say(
        f"Texts      {summary.texts:,} in {len(summary.classes)} classes "
        f"({', '.join(summary.classes[:8])}{', …' if len(summary.classes) > 8 else ''})"
    )
    for number, what in (
        (summary.empty, "without a text, left out"),
        (summary.tags, "HTML tags removed"),
        (summary.repeated, "identical to another one, kept in one part with it"),
        (summary.cut, f"cut after {settings.longest} tokens"),
    ):
        if number:
            say(f"           {number:,} {what}")
    say(
        f"Parts      {summary.train:,} to train, {summary.validation:,} to validate, "
        f"{summary.test:,} to test"
    )
    say(
        f"Vectors    {summary.vocabulary:,} {settings.token_kind} x {summary.embedding_dim} "
        f"numbers, {_origin(settings)}"
    )
    if summary.found is not None and summary.found_share is not None:
        say(
            f"           found for {summary.found:,} of {summary.distinct:,} "
            f"{settings.token_kind} of the training texts, {summary.found_share:.1%} of the text"
        )
    say(
        f"Epochs     {summary.epochs}, the best is {summary.best_epoch}: validation loss "
        f"{summary.validation_loss:.4f}, training loss {summary.train_loss:.4f}"
    )
    say(
        f"Test       accuracy {summary.test_accuracy:.4f}, 95 % interval {summary.test_low:.4f} "
        f"to {summary.test_high:.4f} (the most frequent class alone: {summary.majority:.4f})"
    )
    say(f"Time       {summary.seconds:.1f} s, {summary.seconds_per_epoch:.1f} s an epoch")
    say(f"Written    {summary.run}/model; curves: tensorboard --logdir {summary.run}/logs")


def _origin(settings: ClassifyConfig) -> str:
    if not settings.pretrained:
        return "learned" if settings.embedding == "learned" else "the first kernel's rows (one-hot)"
    return f"from {settings.embedding}, {'trained on' if settings.fine_tune else 'frozen'}"


def classify_predict(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run directory of a classifier.")],
    texts: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT...", help="Texts; none or - for one a line of stdin."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--input",
            "-i",
            metavar="FILE",
            help="Classify the texts of a csv, tsv, jsonl or parquet, or the lines of a text file.",
        ),
    ] = None,
    text_column: Annotated[
        str | None,
        typer.Option(help="Column of --input that holds the text; by default as in training."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write --input there, with predictions added."
        ),
    ] = None,
    json: Json = False,
    tsv: Tsv = False,
) -> None:
    """Print the class of each text, or add the classes to a file.

    Also how probable the class is, and how many of the text's tokens are known.
    """
    out = Output(json, tsv)
    if file is None and (text_column is not None or output is not None):
        raise typer.BadParameter("--text-column and --output need --input.")
    if file is not None and texts:
        raise typer.BadParameter("Give texts or --input, not both.")
    if output is not None and tsv:
        raise typer.BadParameter("--tsv prints predictions, but --output writes them to a file.")
    queries = [] if file else [query.words[0] for query in read_queries(texts, "a text")]
    from w2vtrain.classify.prediction import Classifier
    from w2vtrain.classify.prediction_files import file_texts, predict_file

    classifier = Classifier.load(run)
    if file is not None and output is not None:
        written = predict_file(classifier, file, output, text_column)
        out.result(written, lambda: _say_written(written))
        return
    found = classifier.predict(file_texts(file, text_column, classifier) if file else queries)
    rows = [(p.label, p.probabilities[p.label], f"{p.known} of {p.tokens}", p.text) for p in found]
    out.result(
        {"predictions": found},
        lambda: print_table(
            ["class", "probability", "known", "text"],
            [(*row[:3], row[3] if len(row[3]) <= 60 else row[3][:59] + "…") for row in rows],
        ),
        rows,
        command("classify", "predict", run, "--input", "texts.csv", "--output", "classes.csv"),
    )


def _say_written(written: "FilePrediction") -> None:
    say(f"Written    {written.output}: {written.rows:,} rows with 4 columns more")
    if written.empty:
        say(f"           rows without a text, and so without a prediction: {written.empty:,}")
    width = max(map(len, written.classes))
    for name, count in written.classes.items():
        say(f"           {name:{width}}  {count:,}")


app = typer.Typer(help="Classify texts with embeddings learned or reused.", no_args_is_help=True)
app.command("train")(classify_train)
app.command("predict")(classify_predict)
