"""Train a classifier on labeled texts into RUN/model; its vectors can be asked as any run's can."""

import csv
import dataclasses
import math
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.classify.labeled_texts import LabeledTexts, Split, read_labeled, shorten, split_texts
from w2vtrain.classify.settings import ClassifyConfig
from w2vtrain.classify.tokens import FirstLayer, make_first_layer
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import sha256
from w2vtrain.run.lock import run_lock
from w2vtrain.run.stage import MANIFEST, atomic_stage, read_manifest

STAGE = "classify"
CLASSIFIER = "classifier.keras"
EVALUATION_BATCH = 256  # texts; no gradients are kept
POOL_BATCHES = 50  # batches are cut from so many, sorted by length: little padding, still random

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
    """Train a classifier on `source`, write it to `run`/model, and return figures about it.

    The weights of the epoch with the lowest validation loss are kept; the test part is looked at
    once, at the end.

    Args:
        source: a folder with a folder for each class, or a table.
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
    data = read_labeled(source, config)
    texts = len(data)
    data, split = _split(data, config)
    seconds_read = time.perf_counter() - begin
    from w2vtrain.tensorflow_runtime import configure

    configure(config.threads)
    import keras

    begin = time.perf_counter() - seconds_read
    keras.utils.set_random_seed(config.seed)
    layer = make_first_layer([data.texts[index] for index in split.train], config)
    rows = layer.tokens.encode(data.texts)
    cut = sum(len(row) > (config.longest or len(row)) for row in rows)
    rows = [row[: config.longest] for row in rows]
    model = _compiled(layer, config, len(data.classes))
    record: dict[str, Any] = {
        "stage": STAGE,
        "config": config.as_dict(),
        "classes": list(data.classes),
        "inputs": _inputs(Path(source)),
    }
    with run_lock(directory.root), atomic_stage(directory.model, record) as folder:
        shutil.rmtree(directory.logs / STAGE, ignore_errors=True)  # of a replaced classifier
        trained = time.perf_counter()
        callbacks = _callbacks(config, folder / CLASSIFIER, directory.logs / STAGE)
        history = _fit(model, rows, data.labels, split, config, callbacks, progress)
        seconds_per_epoch = (time.perf_counter() - trained) / len(history)
        best = keras.models.load_model(folder / CLASSIFIER, compile=False)
        accuracy = _test(best, rows, data.labels, split)
        embedding_dim = _write(folder, best, layer, history)
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
            embedding_dim=embedding_dim,
            **_coverage(layer),
            cut=cut,
            tags=data.tags,
            epochs=len(history),
            **_best(history),
            **accuracy,
            seconds=time.perf_counter() - begin,
            seconds_per_epoch=seconds_per_epoch,
        )
        record["summary"] = dataclasses.asdict(summary)
    return summary


def _check_replaceable(directory: RunDirectory) -> None:
    """Refuse a run whose model is not a classifier: its vectors would be lost."""
    if not (directory.model / MANIFEST).exists():
        return
    made_by = f"w2v classify train TEXTS -o {directory.root}"
    if read_manifest(directory.model, made_by).get("stage") != STAGE:
        raise W2VError(
            f"{directory.root} holds word vectors, which a classifier would replace.",
            "Give another folder with --output.",
        )


def _split(data: LabeledTexts, config: ClassifyConfig) -> tuple[LabeledTexts, Split]:
    """Split the texts; return those that are in a part, and the parts' indices among them."""
    shares = (config.validation_share, config.test_share)
    split = split_texts(data.texts, data.labels, data.classes, *shares, config.seed)
    if config.train_size is None:
        return data, split
    train = shorten(split.train, data.labels, data.classes, config.train_size, config.seed)
    used = np.sort(np.concatenate([train, split.validation, split.test]))
    kept = dataclasses.replace(
        data, texts=[data.texts[index] for index in used], labels=data.labels[used]
    )
    train, validation, test = (
        np.searchsorted(used, part) for part in (train, split.validation, split.test)
    )
    return kept, Split(train, validation, test, split.repeated)


def _compiled(layer: FirstLayer, config: ClassifyConfig, classes: int) -> Any:
    import keras

    from w2vtrain.classify.model import build_model

    token_ids = FIRST_WORD_ID + len(layer.tokens.vocabulary)
    model = build_model(token_ids, layer.dim, classes, config, layer.rows)
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def _callbacks(config: ClassifyConfig, classifier: Path, logs: Path) -> list[Any]:
    """Keep the best epoch's model in `classifier`, stop when no better one comes, and log."""
    import keras

    return [
        keras.callbacks.ModelCheckpoint(classifier, monitor="val_loss", save_best_only=True),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=config.patience),
        keras.callbacks.TensorBoard(logs, write_graph=False),
    ]


def _fit(
    model: Any,
    rows: Sequence[np.ndarray],
    labels: np.ndarray,
    split: Split,
    config: ClassifyConfig,
    callbacks: list[Any],
    progress: Progress | None,
) -> list[dict[str, float]]:
    """Train; return the figures of each epoch."""
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

    training = Batches(rows, labels, split.train, config.batch_size, config.seed)
    validation = Batches(rows, labels, split.validation, EVALUATION_BATCH)
    model.fit(
        training.dataset(),
        validation_data=validation.dataset(),
        epochs=config.epochs,
        shuffle=False,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=note), *callbacks],
    )
    return history


class Batches:
    """Padded batches of some texts with their labels, for `fit`.

    Args:
        rows: the token ids of all texts, int32 arrays of shape `(tokens,)`.
        labels: int32 array, shape `(texts,)`.
        indices: int array: which texts.
        batch_size: texts in a batch; the last may hold fewer.
        seed: of the order, new in each epoch; None keeps texts of like length together, for
            evaluation.
    """

    def __init__(
        self,
        rows: Sequence[np.ndarray],
        labels: np.ndarray,
        indices: np.ndarray,
        batch_size: int,
        seed: int | None = None,
    ) -> None:
        self._rows, self._labels, self._indices = rows, labels, indices
        self._lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        self._size, self._seed = batch_size, seed
        self._epoch = 0

    def __len__(self) -> int:
        return -(-len(self._indices) // self._size)

    def members(self) -> Iterator[np.ndarray]:
        """Yield the indices of the texts of each batch, for the next epoch."""
        if self._seed is None:
            generator, order = None, self._indices
        else:
            generator = np.random.default_rng([self._seed, 2, self._epoch])
            order = generator.permutation(self._indices)
        self._epoch += 1
        for start in range(0, len(order), self._size * POOL_BATCHES):
            pool = order[start : start + self._size * POOL_BATCHES]
            pool = pool[np.argsort(self._lengths[pool], kind="stable")]
            batches = np.split(pool, np.arange(self._size, len(pool), self._size))
            for number in generator.permutation(len(batches)) if generator else range(len(batches)):
                yield batches[number]

    def dataset(self) -> Any:
        """Return a `tf.data.Dataset` of (int32 `(batch, tokens)`, int32 `(batch,)`)."""
        import tensorflow as tf

        def generate() -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for batch in self.members():
                yield padded([self._rows[index] for index in batch]), self._labels[batch]

        signature = (tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None,), tf.int32))
        dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
        return dataset.apply(tf.data.experimental.assert_cardinality(len(self))).prefetch(4)


def padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Return token ids as an int32 array, shape `(texts, tokens of the longest, at least 1)`."""
    import keras

    longest = max(1, max(map(len, rows), default=1))
    return keras.utils.pad_sequences(rows, longest, padding="post")


def _test(
    model: Any, rows: Sequence[np.ndarray], labels: np.ndarray, split: Split
) -> dict[str, Any]:
    """Evaluate on the test part; return accuracy with its interval, loss and the majority's share.

    Source: the interval is Wilson's (1927), which has a width at 100 % and stays within 0 and 1.
    """
    from scipy.stats import binomtest

    test = Batches(rows, labels, split.test, EVALUATION_BATCH)
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = model.evaluate(test.dataset(), verbose=0)
    correct = round(accuracy * len(split.test))
    interval = binomtest(correct, len(split.test)).proportion_ci(0.95, method="wilson")
    majority = np.bincount(labels[split.train]).argmax()
    return {
        "test_accuracy": correct / len(split.test),
        "test_low": float(interval.low),
        "test_high": float(interval.high),
        "test_loss": float(loss),
        "majority": float((labels[split.test] == majority).mean()),
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
    """Write vectors, vocabulary and history; return how many numbers a vector has."""
    from w2vtrain.classify.model import embedding_vectors

    names = RunDirectory(folder.parent)
    vectors = embedding_vectors(model)[FIRST_WORD_ID:]
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
