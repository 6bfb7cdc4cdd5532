"""Labelled texts into a classifier in RUN/model, whose vectors can be asked as any run's can."""

import csv
import dataclasses
import math
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.classify.accuracy import wilson_interval
from w2vtrain.classify.labelled_texts import LabelledTexts, read_labelled
from w2vtrain.classify.reused_vectors import FirstLayer, dim_of, first_layer
from w2vtrain.classify.settings import ONE_HOT, ClassifyConfig
from w2vtrain.classify.splitting import Split, shortened, split_texts
from w2vtrain.classify.token_rows import Batches, TokenRows
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.lock import run_lock
from w2vtrain.run.stage import MANIFEST, atomic_stage, read_manifest, sha256

STAGE = "classify"
CLASSIFIER = "classifier.keras"
EVALUATION_BATCH = 256  # texts; no gradients are kept

Progress = Callable[[int, Mapping[str, float]], None]


@dataclass(frozen=True)
class ClassifySummary:
    """What was trained, and how good it is on texts it has not seen.

    Args:
        run: the run directory.
        classes: their names.
        texts: with a text and a label; `empty` more had no text.
        repeated: texts identical to another one, kept in one part with it.
        train, validation, test: texts of each part.
        vocabulary: tokens with a vector.
        embedding_dim: numbers in a vector.
        found, distinct, found_share: tokens of the training texts that had a reused vector, of how
            many, and their share of the running tokens; None where no vectors were reused.
        cut: texts of which only the first tokens were read.
        tags: HTML tags removed.
        epochs, best_epoch: done, and the one that was kept.
        train_loss, validation_loss: of the best epoch; the first with dropout on.
        test_accuracy, test_low, test_high: accuracy on the test part, with its 95 % interval.
        test_loss: cross-entropy on the test part.
        majority: accuracy on the test part of always answering the most frequent class.
        seconds: from reading to the test; imports are not counted.
        seconds_per_epoch: of training, validation included.
    """

    run: str
    classes: tuple[str, ...]
    texts: int
    empty: int
    repeated: int
    train: int
    validation: int
    test: int
    vocabulary: int
    embedding_dim: int
    found: int | None
    distinct: int | None
    found_share: float | None
    cut: int
    tags: int
    epochs: int
    best_epoch: int
    train_loss: float
    validation_loss: float
    test_accuracy: float
    test_low: float
    test_high: float
    test_loss: float
    majority: float
    seconds: float
    seconds_per_epoch: float


def train_classifier(
    source: str | Path,
    run: str | Path,
    config: ClassifyConfig | None = None,
    progress: Progress | None = None,
) -> ClassifySummary:
    """Returns figures about the classifier that it trains on `source` and writes to `run`/model.

    The weights of the epoch with the lowest validation loss are kept; the test part is looked at
    once, at the end.

    Args:
        source: a folder with a folder a class, or a table.
        run: the run directory; a model in it is replaced.
        config: the settings; the defaults of `ClassifyConfig` if None.
        progress: called after each epoch with its number and its figures.
    Raises:
        W2VError: bad input, a loss that is not finite, or a full disk.
    """
    config = config or ClassifyConfig()
    directory = RunDirectory(Path(run))
    _check_replaceable(directory)
    begin = time.perf_counter()
    data = read_labelled(source, config)
    texts = len(data)
    data, split = _only_used(data, _split(data, config))
    read = time.perf_counter() - begin
    from w2vtrain.tensorflow_runtime import configure

    configure(config.threads)
    import keras

    begin = time.perf_counter() - read
    keras.utils.set_random_seed(config.seed)
    layer = first_layer([data.texts[place] for place in split.train], config)
    rows, cut = layer.tokens.encode(data.texts).cut(config.longest)
    model = _model(layer, config, len(data.classes))
    record: dict[str, Any] = {
        "stage": STAGE,
        "config": config.as_dict(),
        "classes": list(data.classes),
        "inputs": _inputs(Path(source)),
    }
    with run_lock(directory.root), atomic_stage(directory.model, record) as folder:
        trained = time.perf_counter()
        history = _fit(model, rows, data, split, config, folder, directory.logs, progress)
        each = (time.perf_counter() - trained) / len(history)
        best = keras.models.load_model(folder / CLASSIFIER)
        accuracy = _tested(best, rows, data, split, config)
        dimensions = _write(folder, best, layer, history)
        summary = ClassifySummary(
            run=str(run),
            classes=data.classes,
            texts=texts,
            empty=data.empty,
            repeated=split.repeated,
            train=len(split.train),
            validation=len(split.validation),
            test=len(split.test),
            vocabulary=len(layer.tokens.vocabulary),
            embedding_dim=dimensions,
            **_coverage(layer),
            cut=cut,
            tags=data.tags,
            epochs=len(history),
            **_best(history),
            **accuracy,
            seconds=time.perf_counter() - begin,
            seconds_per_epoch=each,
        )
        record["summary"] = dataclasses.asdict(summary)
    return summary


def _check_replaceable(directory: RunDirectory) -> None:
    """Refuses a run whose model is not a classifier: its vectors would be lost."""
    if not (directory.model / MANIFEST).exists():
        return
    made_by = f"w2v classify train TEXTS -o {directory.root}"
    if read_manifest(directory.model, made_by).get("stage") != STAGE:
        raise W2VError(
            f"{directory.root} holds word vectors, which a classifier would replace.",
            "Give another folder with --output.",
        )


def _split(data: LabelledTexts, config: ClassifyConfig) -> Split:
    split = split_texts(
        data.texts,
        data.labels,
        data.classes,
        config.validation_share,
        config.test_share,
        config.seed,
    )
    if config.train_size is None:
        return split
    train = shortened(split.train, data.labels, data.classes, config.train_size, config.seed)
    return dataclasses.replace(split, train=train)


def _only_used(data: LabelledTexts, split: Split) -> tuple[LabelledTexts, Split]:
    """Returns the texts that stand in a part, and the parts' places among them."""
    used = np.sort(np.concatenate([split.train, split.validation, split.test]))
    kept = dataclasses.replace(
        data, texts=[data.texts[place] for place in used], labels=data.labels[used]
    )
    train, validation, test = (
        np.searchsorted(used, part) for part in (split.train, split.validation, split.test)
    )
    return kept, Split(train, validation, test, split.repeated)


def _model(layer: FirstLayer, config: ClassifyConfig, classes: int) -> Any:
    import keras

    from w2vtrain.classify import encoders

    ids, units = FIRST_WORD_ID + len(layer.tokens.vocabulary), config.layer_units
    if config.embedding == ONE_HOT:
        build = {"average": encoders.one_hot_average, "lstm": encoders.one_hot_lstm}
        model = build[config.encoder](ids, classes, units, config.dropout)
    else:
        make = {"average": encoders.average_encoder, "lstm": encoders.lstm_encoder}
        trainable = config.fine_tune or not config.pretrained
        dim = dim_of(layer, config)
        model = make[config.encoder](
            ids, dim, classes, units, config.dropout, layer.rows, trainable
        )
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def _fit(
    model: Any,
    rows: TokenRows,
    data: LabelledTexts,
    split: Split,
    config: ClassifyConfig,
    folder: Path,
    logs: Path,
    progress: Progress | None,
) -> list[dict[str, float]]:
    """Trains; returns the figures of each epoch, and leaves the best one's model in `folder`."""
    import keras

    history: list[dict[str, float]] = []

    def note(epoch: int, figures: Mapping[str, float]) -> None:
        if not math.isfinite(figures["loss"] + figures["val_loss"]):
            raise W2VError(
                f"The loss became {figures['loss']} in epoch {epoch + 1}, the validation loss "
                f"{figures['val_loss']}.",
                f"The learning rate, {config.learning_rate:g}, is probably too high.",
            )
        history.append(dict(figures))
        if progress is not None:
            progress(epoch + 1, figures)

    shutil.rmtree(logs / STAGE, ignore_errors=True)  # of a classifier that this one replaces
    training = Batches(rows, data.labels, split.train, config.batch_size, config.seed)
    validation = Batches(rows, data.labels, split.validation, EVALUATION_BATCH)
    model.fit(
        training.dataset(),
        validation_data=validation.dataset(),
        epochs=config.epochs,
        shuffle=False,
        verbose=0,
        callbacks=[
            keras.callbacks.LambdaCallback(on_epoch_end=note),
            keras.callbacks.ModelCheckpoint(
                folder / CLASSIFIER, monitor="val_loss", save_best_only=True
            ),
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=config.patience),
            keras.callbacks.TensorBoard(logs / STAGE, write_graph=False),
        ],
    )
    return history


def _tested(
    model: Any, rows: TokenRows, data: LabelledTexts, split: Split, config: ClassifyConfig
) -> dict[str, Any]:
    test = Batches(rows, data.labels, split.test, EVALUATION_BATCH)
    loss, accuracy = model.evaluate(test.dataset(), verbose=0)
    correct = round(accuracy * len(split.test))
    low, high = wilson_interval(correct, len(split.test))
    most = np.bincount(data.labels[split.train]).argmax()
    return {
        "test_accuracy": correct / len(split.test),
        "test_low": low,
        "test_high": high,
        "test_loss": float(loss),
        "majority": float((data.labels[split.test] == most).mean()),
    }


def _best(history: list[dict[str, float]]) -> dict[str, Any]:
    best = min(range(len(history)), key=lambda epoch: history[epoch]["val_loss"])
    return {
        "best_epoch": best + 1,
        "train_loss": history[best]["loss"],
        "validation_loss": history[best]["val_loss"],
    }


def _coverage(layer: FirstLayer) -> dict[str, Any]:
    if layer.coverage is None:
        return {"found": None, "distinct": None, "found_share": None}
    return dataclasses.asdict(layer.coverage)


def _write(folder: Path, model: Any, layer: FirstLayer, history: list[dict[str, float]]) -> int:
    """Writes vectors, vocabulary and history; returns how many numbers a vector has."""
    from w2vtrain.classify.encoders import vectors_of

    names = RunDirectory(folder.parent)
    vectors = vectors_of(model)[FIRST_WORD_ID:]
    np.save(folder / names.vectors.name, vectors)
    layer.tokens.vocabulary.save(folder / names.vocabulary.name)
    layer.tokens.save(folder)
    columns = ["loss", "accuracy", "val_loss", "val_accuracy"]
    with (folder / names.history.name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["epoch", *columns])
        for epoch, figures in enumerate(history, start=1):
            writer.writerow([epoch, *(f"{figures[name]:.6g}" for name in columns)])
    return int(vectors.shape[1])


def _inputs(source: Path) -> dict[str, Any]:
    if source.is_dir():
        return {"path": str(source)}
    return {"path": str(source), "sha256": sha256(source)}
