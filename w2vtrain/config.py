"""The settings of each stage, their defaults and their limits.

A default stands here and nowhere else: the command line reads these classes for its options, and a
TOML file (`run_config`) has one table for each of them. A field's `metadata["help"]` is its
option's help.
"""

import dataclasses
import re
from dataclasses import dataclass
from typing import Literal

from w2vtrain.errors import W2VError
from w2vtrain.settings import Config, flag, option

Standardize = Literal["lower-and-strip-punctuation", "lower", "none"]
Split = Literal["whitespace", "character"]
Boundary = Literal["line", "paragraph", "file"]
EncodingErrors = Literal["strict", "replace"]
Noise = Literal["log-uniform", "unigram"]
Pairs = Literal["stream", "explicit"]
Precision = Literal["float32", "bfloat16"]
Objective = Literal[
    "negative-sampling", "full-softmax", "sampled-softmax", "hierarchical-softmax", "tutorial"
]
Context = Literal["both", "next"]
FEW_EPOCHS = 10  # up to so many, the default learning rate is the higher one
TUTORIAL_REPAIRS = ("padding", "unknown", "positive", "truncation", "frozen")
# What can be written; how is in vectors/formats/registry.py.
VectorFormat = Literal[
    "projector",
    "word2vec-text",
    "word2vec-binary",
    "npy",
    "npz",
    "glove",
    "fasttext-vec",
    "safetensors",
    "parquet",
]
Table = Literal["target", "context", "mean"]


class MoreEpochs(int):
    """A number of epochs on top of those that a finished training has had: `--epochs +3`."""


def epochs_or_more(text: str) -> int:
    """Returns the epochs that `5` or `+3` stand for."""
    if not re.fullmatch(r"\+?\d{1,9}", text, re.ASCII):
        raise ValueError(f"{text!r} is no number of epochs.")
    return MoreEpochs(text) if text.startswith("+") else int(text)


@dataclass(frozen=True)
class PrepareConfig(Config):
    """How text becomes token ids."""

    text_column: str | None = option(None, "Column that holds the text (csv, tsv, jsonl, parquet).")
    encoding: str = option("utf-8", "Encoding of the text files.")
    encoding_errors: EncodingErrors = option(
        "strict", "What to do with bytes that do not decode: stop, or replace and count them."
    )
    standardize: Standardize = option(
        "lower-and-strip-punctuation", "What happens to the text before it is split."
    )
    split: Split = option("whitespace", "What a token is: a word, or one character.")
    boundary: Boundary = option("line", "What a context window may not cross.")
    min_count: int = option(5, "Words seen less often than this are left out.")
    vocabulary_size: int | None = option(None, "Keep at most this many words, the most frequent.")
    keep_oov: bool = option(False, "Keep left-out words as one token, [UNK], instead of dropping.")
    max_rows: int | None = option(
        None, "Read only the first N rows of tables and lines of text, all inputs together."
    )
    max_types: int | None = option(
        20_000_000, "Prune the rarest words while counting when more different ones are held."
    )

    def __post_init__(self) -> None:
        self._choice("encoding_errors", EncodingErrors)
        self._choice("standardize", Standardize)
        self._choice("split", Split)
        self._choice("boundary", Boundary)
        self._range("min_count", 1)
        self._range("vocabulary_size", 1, 2**31 - 3)
        self._range("max_rows", 1)
        self._range("max_types", 1, 2**31 - 3)
        try:
            "".encode(self.encoding)
        except (LookupError, ValueError):  # ValueError: the codec "undefined", a NUL in the name
            raise W2VError(
                f"Unknown --encoding {self.encoding!r}.", "Try utf-8, latin-1 or cp1252."
            ) from None


@dataclass(frozen=True)
class TrainConfig(Config):
    """How token ids become vectors."""

    embedding_dim: int = option(100, "Numbers in a vector.")
    window_size: int = option(5, "Tokens of context on each side.")
    num_negatives: int = option(5, "Noise words for each pair.")
    noise: Noise = option("log-uniform", "Distribution of the noise words.")
    noise_exponent: float = option(0.75, "Power that the noise probabilities are raised to.")
    subsample_threshold: float = option(
        1e-4, "Share of the text above which a word is thinned out; 0 keeps every word."
    )
    epochs: int | None = option(
        None,
        "Passes over the text; by default they follow its size. +N goes on with a finished run.",
        parser=epochs_or_more,
    )
    learning_rate: float | None = option(
        None,
        "Rate of the first step, which falls linearly; by default 0.05, from 11 epochs on 0.025; "
        "explicit pairs 0.002, other objectives 0.001.",
    )
    seed: int = option(1, "The same seed gives the same vectors.")
    threads: int | None = option(None, "Processor threads; by default all there are.")
    pairs: Pairs = option(
        "stream", "stream: the fast engine; explicit: pairs through tf.data and an optimizer."
    )
    precision: Precision = option(
        "float32", "Of the products; bfloat16 is faster on processors that compute with it."
    )
    checkpoint_every: str = option("5m", "Time between checkpoints: 30s, 5m, 2h.")
    keep_checkpoints: int = option(2, "Checkpoints to keep, the newest.")
    validation_fraction: float = option(
        0.0, "Share of the lines (or other units) to hold out and measure the loss on."
    )
    validation_ranks: int = option(
        0, "Held-out pairs whose context is ranked among all words: MRR and recall@10."
    )
    early_stopping: int | None = option(
        None, "Stop after N epochs without a lower held-out loss; implies --keep-best."
    )
    keep_best: bool = option(False, "Take the vectors of the epoch with the lowest held-out loss.")
    more_epochs: int | None = option(
        None, "Go on with the run's finished vectors for N epochs; short: --epochs +N."
    )

    objective: Objective = option(
        "negative-sampling",
        "What is learned: to tell contexts from noise, or a probability for every word.",
    )
    context: Context = option(
        "both", "Where contexts lie: on both sides, or only in what comes next."
    )
    batch_size: int | None = option(
        None, "Pairs in a step, for the softmax objectives and the tutorial; by default 1024."
    )
    bias: bool = option(False, "Give every word a bias in a full or sampled softmax.")
    corrected: bool = option(False, "Repair all defects of the tutorial's pairs.")
    repairs: str = option(
        "none", "Some of them, with commas: " + ", ".join(TUTORIAL_REPAIRS) + "; or none."
    )
    snapshots: bool = option(False, "Keep the vectors before training and after each epoch.")

    def __post_init__(self) -> None:
        self._range("keep_checkpoints", 1)
        self._range("validation_ranks", 0, 10_000_000)
        self._range("early_stopping", 1)
        self._range("more_epochs", 1, 100_000)
        if isinstance(self.epochs, MoreEpochs):
            object.__setattr__(self, "more_epochs", int(self.epochs))
            object.__setattr__(self, "epochs", None)
        if not 0 <= self.validation_fraction <= 0.5:
            raise W2VError(
                f"--validation-fraction is {self.validation_fraction:g}, out of range.",
                "Give a number from 0 to 0.5; 0.01 to 0.1 is usual.",
            )
        if not self.validation_fraction and (
            self.validation_ranks or self.early_stopping or self.keep_best
        ):
            raise W2VError(
                "--validation-ranks, --early-stopping and --keep-best go by held-out text, and "
                "none is held out.",
                "Give --validation-fraction, such as 0.05.",
            )
        if self.epochs and self.more_epochs:
            raise W2VError(
                "--epochs and --more-epochs are given, and only one can be.",
                "--more-epochs goes on with finished vectors; --epochs starts from nothing.",
            )
        seconds(self.checkpoint_every, "checkpoint_every")
        self._choice("noise", Noise)
        self._choice("pairs", Pairs)
        self._choice("precision", Precision)
        self._choice("objective", Objective)
        self._choice("context", Context)
        self._range("batch_size", 1, 2**24)
        self._check_objective()
        self._range("embedding_dim", 1, 8192)
        self._range("window_size", 1, 64)
        self._range("num_negatives", 1, 1000)
        self._range("noise_exponent", 0, 4)
        self._range("subsample_threshold", 0, 1)
        self._range("epochs", 1, 100_000)
        self._range("seed", 0, 2**63 - 1)
        self._range("threads", 1, 1024)
        if self.learning_rate is not None and not 0 < self.learning_rate <= 10:
            raise W2VError(
                f"--learning-rate is {self.learning_rate}, out of range.",
                "Give a number above 0 and up to 10; 0.025 to 0.05 is usual.",
            )

    @property
    def takes_best(self) -> bool:
        """Whether the vectors are those of the epoch with the lowest held-out loss."""
        return self.keep_best or self.early_stopping is not None

    def first_rate(self, epochs: int) -> float:
        """Returns the rate of the first step of so many epochs: of SGD on summed pairs, or of Adam.

        Many passes over a small text want smaller steps than few passes over a large one
        (measured: docs/training.md).
        """
        if self.learning_rate is not None:
            return self.learning_rate
        if self.objective != "negative-sampling":
            return 0.001
        if self.pairs == "explicit":
            return 0.002
        return 0.05 if epochs <= FEW_EPOCHS else 0.025

    @property
    def tutorial_repairs(self) -> frozenset[str]:
        """Which defects of the tutorial's pairs are repaired."""
        if self.corrected:
            return frozenset(TUTORIAL_REPAIRS)
        return frozenset() if self.repairs == "none" else frozenset(self.repairs.split(","))

    def _check_objective(self) -> None:
        """Refuses settings that the objective would not use."""
        fast = self.objective == "negative-sampling" and self.pairs == "stream"
        if self.precision != "float32" and not fast:
            raise W2VError(
                "--precision is for the products of the fast engine, which is not used here.",
                "Leave it out, or train with --pairs stream.",
            )
        for name in sorted(self.tutorial_repairs - set(TUTORIAL_REPAIRS)):
            raise W2VError(
                f"--repairs names {name!r}, which is no defect of the tutorial's pairs.",
                "Choose from: " + ", ".join(TUTORIAL_REPAIRS) + ".",
            )
        softmax = self.objective in ("full-softmax", "sampled-softmax")
        for name, used in (
            ("context", softmax or self.objective == "hierarchical-softmax"),
            ("bias", softmax),
            ("batch_size", self.objective != "negative-sampling"),
            ("corrected", self.objective == "tutorial"),
            ("repairs", self.objective == "tutorial"),
            ("validation_ranks", self.objective == "negative-sampling"),
            ("more_epochs", self.objective == "negative-sampling"),
        ):
            default = next(f.default for f in dataclasses.fields(self) if f.name == name)
            if getattr(self, name) != default and not used:
                raise W2VError(
                    f"{flag(name)} does nothing with --objective {self.objective}.",
                    "Leave it out, or choose another objective, for example full-softmax.",
                )


@dataclass(frozen=True)
class ExportConfig(Config):
    """Which vectors leave the run, and in what form."""

    format: VectorFormat = option("projector", "Form of the exported files.")
    top: int | None = option(None, "Only the N most frequent words.")
    normalize: bool = option(False, "Scale every vector to length 1.")
    vectors: Table = option("target", "Which table: target, context, or the mean of the two.")

    def __post_init__(self) -> None:
        self._choice("format", VectorFormat)
        self._choice("vectors", Table)
        self._range("top", 1)


def seconds(text: str, name: str) -> float:
    """Returns the seconds that `30s`, `5m`, `2h` or a plain number of seconds stand for.

    Raises:
        W2VError: `text`, the value of the option `name`, is no time.
    """
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smh]?)", text, re.ASCII)
    if match is None:
        raise W2VError(f"{flag(name)} is {text!r}.", "Give a time such as 30s, 5m or 2h.")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]
