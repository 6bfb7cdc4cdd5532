"""The settings of a training: those that all objectives share, and how an objective adds its own.

Each objective defines a subclass of `TrainConfig` in its own file. `TrainConfig(objective=...)`
makes an instance of the subclass of that objective, so a setting that the objective does not use
does not exist there and is refused.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from w2vtrain.config import MOST_USED, Noise
from w2vtrain.errors import W2VError
from w2vtrain.settings import Config, fields_and_types, flag, option

PairMaking = Literal["stream", "explicit"]
COMMON, EVALUATION, RESUMING = MOST_USED, "Held-out text", "Checkpoints"
STARTING = "Where it starts"
OWN = "Only for some objectives"


class MoreEpochs(int):
    """A number of epochs on top of those that a finished training has had: `--epochs +3`."""


def epochs_or_more(text: str) -> int:
    """Return the epochs that `5` or `+3` mean."""
    if not re.fullmatch(r"\+?\d{1,9}", text, re.ASCII):
        raise ValueError(f"{text!r} is no number of epochs.")
    return MoreEpochs(text) if text.startswith("+") else int(text)


@dataclass(frozen=True)
class TrainConfig(Config):
    """Settings that every objective has.

    `TrainConfig(objective="full-softmax", bias=True)` returns the config of that objective.

    Raises:
        W2VError: a setting that the objective does not use, or a value out of range.
    """

    embedding_dim: int = option(100, "Length of a vector.", panel=COMMON)
    window_size: int = option(5, "Tokens of context on each side.", panel=COMMON)
    epochs: int | None = option(
        None,
        "Passes over the text; by default they follow its size. +N goes on with a finished run.",
        parser=epochs_or_more,
        panel=COMMON,
    )
    learning_rate: float | None = option(
        None,
        "Rate of the first step; by default 0.05, from 11 epochs on 0.025, and it falls linearly; "
        "explicit pairs 0.002, other objectives 0.001.",
        panel=COMMON,
    )
    seed: int = option(1, "The same seed gives the same vectors.", panel=COMMON)
    threads: int | None = option(None, "Processor threads; by default all there are.", panel=COMMON)
    objective: str = option(
        "negative-sampling",
        "What is learned: to tell contexts from noise, or a probability for every word.",
        panel=COMMON,
    )
    checkpoint_every: str = option("5m", "Time between checkpoints: 30s, 5m, 2h.", panel=RESUMING)
    keep_checkpoints: int = option(2, "Checkpoints to keep, the newest.", panel=RESUMING)
    snapshots: bool = option(
        False, "Keep the vectors before training and after each epoch.", panel=RESUMING
    )
    validation_fraction: float = option(
        0.0,
        "Share of the lines (or other units) to hold out and measure the loss on.",
        panel=EVALUATION,
    )
    early_stopping: int | None = option(
        None,
        "Stop after N epochs without a lower held-out loss; implies --keep-best.",
        panel=EVALUATION,
    )
    keep_best: bool = option(
        False, "Take the vectors of the epoch with the lowest held-out loss.", panel=EVALUATION
    )

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        """Make an instance of the class of the objective that `settings` name."""
        chosen = cls.variant(settings)
        for name in settings:
            if name not in _names(chosen) and any(name in _names(c) for c in cls.variants()):
                raise unused(name, chosen)
        return object.__new__(chosen)

    @classmethod
    def variants(cls) -> list[type["TrainConfig"]]:
        """Return the config classes of all objectives, the default one first."""
        own = {c for c in _subclasses(TrainConfig) if "objective" in c.__annotations__}
        return sorted(own, key=lambda c: (c.objective != TrainConfig.objective, _title(c)))

    @classmethod
    def variant(cls, values: Mapping[str, Any]) -> type[Self]:
        """Return the config class of the objective, and way of making pairs, that `values` name."""
        if cls is not TrainConfig and "objective" not in values:
            return cls
        objective = values.get("objective", TrainConfig.objective)
        found = [c for c in cls.variants() if c.objective == objective]
        if not found:
            raise W2VError(
                f"--objective is {objective!r}, which is not a choice.",
                "Choose one of: " + ", ".join(objectives()) + ".",
            )
        same = [c for c in found if getattr(c, "pairs", None) == values.get("pairs", "stream")]
        return (same or found)[0]  # type: ignore[return-value]  # a subclass of cls, or cls itself

    @classmethod
    def unknown_key(cls, name: str, key: str, where: str) -> W2VError:
        """Return the error for a setting that this objective does not have."""
        if any(name in _names(c) for c in cls.variants()):
            return unused(name, cls)
        return super().unknown_key(name, key, where)

    def replaced(self, **changes: Any) -> Self:
        """Return a copy with `changes`, of another class where they name another objective.

        Settings that the other objective does not have are left out.
        """
        kept = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        chosen = TrainConfig.variant({**kept, **changes})
        own = {name: value for name, value in kept.items() if name in _names(chosen)}
        return TrainConfig(**{**own, **changes})  # type: ignore[return-value]

    @classmethod
    def from_recorded(cls, values: Mapping[str, Any], where: str = "the manifest") -> Self:
        """Return the settings of a training that has ended.

        Version 0.1 recorded the settings of all objectives with each training; those that the
        objective does not use are left out.
        """
        chosen = cls.variant(values)
        return chosen.from_mapping(
            {name: value for name, value in values.items() if name in _names(chosen)}, where
        )

    @classmethod
    def option_fields(cls) -> Iterator[tuple[Any, Any]]:
        """Yield the fields and types of the options of all objectives, each name once."""
        seen: set[str] = set()
        configs: list[type[TrainConfig]] = [TrainConfig, *cls.variants()]
        for config in configs:
            for field, hint in fields_and_types(config):
                if field.name == "objective":
                    hint = Literal[tuple(objectives())]
                if field.name not in seen:
                    seen.add(field.name)
                    yield field, hint

    def __post_init__(self) -> None:
        if isinstance(self.epochs, MoreEpochs):
            if not hasattr(self, "more_epochs"):
                raise unused("more_epochs", type(self))
            object.__setattr__(self, "more_epochs", int(self.epochs))
            object.__setattr__(self, "epochs", None)
        self._range("embedding_dim", 1, 8192)
        self._range("window_size", 1, 64)
        self._range("epochs", 1, 100_000)
        self._range("seed", 0, 2**63 - 1)
        self._range("threads", 1, 1024)
        self._range("keep_checkpoints", 1)
        self._range("early_stopping", 1)
        seconds(self.checkpoint_every, "checkpoint_every")
        if self.learning_rate is not None and not 0 < self.learning_rate <= 10:
            raise W2VError(
                f"--learning-rate is {self.learning_rate}, out of range.",
                "Give a number above 0 and up to 10; 0.025 to 0.05 is usual.",
            )
        self._check_validation()

    def _check_validation(self) -> None:
        if not 0 <= self.validation_fraction <= 0.5:
            raise W2VError(
                f"--validation-fraction is {self.validation_fraction:g}, out of range.",
                "Give a number from 0 to 0.5; 0.01 to 0.1 is usual.",
            )
        ranks: Any = getattr(self, "validation_ranks", 0)
        wants = self.early_stopping or self.keep_best or ranks
        if wants and not self.validation_fraction:
            raise W2VError(
                "--validation-ranks, --early-stopping and --keep-best go by held-out text, and "
                "none is held out.",
                "Give --validation-fraction, such as 0.05.",
            )

    @property
    def takes_best(self) -> bool:
        """Whether the vectors are those of the epoch with the lowest held-out loss."""
        return self.keep_best or self.early_stopping is not None

    def initial_learning_rate(self, epochs: int) -> float:
        """Return the learning rate of the first step of a training of so many epochs."""
        return 0.001 if self.learning_rate is None else self.learning_rate


@dataclass(frozen=True)
class SubsampledConfig(TrainConfig):
    """Settings of objectives that subsample frequent words."""

    subsample_threshold: float = option(
        1e-4,
        "Share of the text above which a word is thinned out; 0 keeps every word.",
        panel=OWN,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._range("subsample_threshold", 0, 1)


@dataclass(frozen=True)
class NoiseConfig(SubsampledConfig):
    """Settings of objectives that draw noise words from the vocabulary."""

    num_negatives: int = option(5, "Noise words for each pair.", panel=OWN)
    noise: Noise = option("log-uniform", "Distribution of the noise words.", panel=OWN)
    noise_exponent: float = option(
        0.75, "Power that the noise probabilities are raised to.", panel=OWN
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._range("num_negatives", 1, 1000)
        self._choice("noise", Noise)
        self._range("noise_exponent", 0, 4)


@dataclass(frozen=True)
class NegativeSamplingConfig(NoiseConfig):
    """Settings of skip-gram with negative sampling, however its pairs are made."""

    pairs: PairMaking = option(
        "stream", "stream: the fast way; explicit: batches of pairs, one by one.", panel=OWN
    )
    validation_ranks: int = option(
        0,
        "Held-out pairs whose context is ranked among all words: MRR and recall@10.",
        panel=EVALUATION,
    )
    more_epochs: int | None = option(
        None,
        "Go on with the run's finished vectors for N epochs; short: --epochs +N.",
        panel=STARTING,
    )
    start_from: str | None = option(
        None, "Vectors that known words start from: a run, or a file of any format.", panel=STARTING
    )
    freeze_known: bool = option(
        False,
        "Keep the vectors of --start-from as they are; new words alone learn.",
        panel=STARTING,
    )
    freeze_contexts: bool = option(
        False,
        "Of --start-from take only the context vectors, and keep them (the compass of TWEC).",
        panel=STARTING,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._choice("pairs", PairMaking)
        self._range("validation_ranks", 0, 10_000_000)
        self._range("more_epochs", 1, 100_000)
        if self.epochs and self.more_epochs:
            raise W2VError(
                "--epochs and --more-epochs are given, and only one can be.",
                "--more-epochs goes on with finished vectors; --epochs starts from nothing.",
            )
        if self.start_from and self.more_epochs:
            raise W2VError(
                "--start-from and --more-epochs are given, and only one can be.",
                "--more-epochs starts from the run's own vectors.",
            )
        if (self.freeze_known or self.freeze_contexts) and not self.start_from:
            raise W2VError(
                "--freeze-known and --freeze-contexts keep the vectors of --start-from, and it is "
                "not given.",
                "Give --start-from RUN or FILE.",
            )
        if self.freeze_known and self.freeze_contexts:
            raise W2VError(
                "--freeze-known and --freeze-contexts are given, and only one can be.",
                "--freeze-known keeps both tables of known words, --freeze-contexts one table.",
            )


def objectives() -> list[str]:
    """Return the names of all objectives."""
    return list(dict.fromkeys(c.objective for c in TrainConfig.variants()))


def unused(name: str, config: type[TrainConfig]) -> W2VError:
    """Return the error for a setting that an objective does not use."""
    users = ", ".join(_title(c) for c in TrainConfig.variants() if name in _names(c))
    return W2VError(
        f"{flag(name)} does nothing with --objective {_title(config)}.",
        f"Leave it out, or choose an objective that uses it: {users}.",
    )


def seconds(text: str, name: str) -> float:
    """Return the seconds that `30s`, `5m`, `2h` or a plain number of seconds mean.

    Raises:
        W2VError: `text`, the value of the option `name`, is no time.
    """
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smh]?)", text, re.ASCII)
    if match is None:
        raise W2VError(f"{flag(name)} is {text!r}.", "Give a time such as 30s, 5m or 2h.")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def _title(config: type[TrainConfig]) -> str:
    """Return the options that choose a config class, without `--objective` before them."""
    two_ways = config.objective == TrainConfig.objective
    explicit = getattr(config, "pairs", None) == "explicit"
    return config.objective + (" --pairs explicit" if two_ways and explicit else "")


def _names(config: type[TrainConfig]) -> set[str]:
    return {field.name for field in dataclasses.fields(config)}


def _subclasses(config: type[TrainConfig]) -> Iterator[type[TrainConfig]]:
    for child in config.__subclasses__():
        yield child
        yield from _subclasses(child)
