"""The settings of a classifier, their defaults and their limits."""

from dataclasses import dataclass
from typing import Literal

from w2vtrain.config import Normalize, Standardize
from w2vtrain.errors import W2VError
from w2vtrain.settings import Config, option

Encoder = Literal["average", "lstm"]
TokenKind = Literal["words", "subwords"]
LEARNED, ONE_HOT = "learned", "one-hot"

VOCABULARY_SIZE = 8_000  # of a vocabulary learned from the training texts
EMBEDDING_DIM = 16
UNITS = {"average": 16, "lstm": 32}
LSTM_TOKENS = 600

_TEXTS, _MODEL, _TRAINING = "The texts", "The model", "The training"  # groups of options


@dataclass(frozen=True)
class ClassifyConfig(Config):
    """How labeled texts become a classifier."""

    text_column: str = option(
        "text", "Column that holds the text (csv, tsv, jsonl, parquet).", panel=_TEXTS
    )
    label_column: str = option("label", "Column that holds the class.", panel=_TEXTS)
    strip_html: bool = option(True, "Replace HTML tags in the texts by spaces.", panel=_TEXTS)
    encoder: Encoder = option(
        "average",
        "How a text becomes one vector: mean of its vectors, or a bidirectional LSTM.",
        panel=_MODEL,
    )
    embedding: str = option(
        LEARNED, "learned, one-hot, or a run or vector file whose vectors are reused.", panel=_MODEL
    )
    fine_tune: bool = option(
        False, "Go on training reused vectors; by default they stay frozen.", panel=_MODEL
    )
    tokens: TokenKind | None = option(
        None,
        "words or subwords; by default subwords where the average encoder learns them.",
        panel=_MODEL,
    )
    standardize: Standardize | None = option(
        None,
        "What happens to the text before it is split into words; by default "
        "lower-and-strip-punctuation, or as in a run whose vectors are reused.",
        panel=_TEXTS,
    )
    normalize: Normalize | None = option(
        None,
        "Unicode form of the text; by default nfc, or as in a run whose vectors are reused.",
        panel=_TEXTS,
    )
    vocabulary_size: int | None = option(
        None,
        f"Tokens with a vector; by default {VOCABULARY_SIZE:,}, or all of a reused file.",
        panel=_MODEL,
    )
    embedding_dim: int | None = option(
        None,
        f"Numbers in a vector; by default {EMBEDDING_DIM}, or those of a reused file.",
        panel=_MODEL,
    )
    units: int | None = option(
        None,
        "Units of the dense layer (default 16), or of the LSTM each way (default 32).",
        panel=_MODEL,
    )
    max_tokens: int | None = option(
        None, f"Tokens read of a text; by default all, for the LSTM {LSTM_TOKENS}.", panel=_MODEL
    )
    dropout: float = option(
        0.3, "Share of the encoder's outputs set to 0 while training.", panel=_MODEL
    )
    validation_share: float = option(
        0.1, "Share of the texts that choose the best epoch.", panel=_TEXTS
    )
    test_share: float = option(
        0.1, "Share of the texts held out for the final accuracy.", panel=_TEXTS
    )
    train_size: int | None = option(None, "Use only so many of the training texts.", panel=_TEXTS)
    epochs: int = option(100, "Passes over the training texts at most.", panel=_TRAINING)
    patience: int = option(
        3, "Stop after so many epochs without a better validation loss.", panel=_TRAINING
    )
    batch_size: int = option(32, "Texts in a step.", panel=_TRAINING)
    learning_rate: float = option(0.002, "Of the optimizer, Adam.", panel=_TRAINING)
    seed: int = option(
        1, "The same seed gives the same split and the same classifier.", panel=_TRAINING
    )
    threads: int | None = option(
        None, "Processor threads; by default all there are.", panel=_TRAINING
    )

    def __post_init__(self) -> None:
        self._check_choices()
        self._range("vocabulary_size", 1, 2**31 - 3)
        self._range("embedding_dim", 1, 8192)
        self._range("units", 1, 8192)
        self._range("max_tokens", 1)
        self._range("dropout", 0, 0.95)
        self._range("validation_share", 0.01, 0.9)
        self._range("test_share", 0.01, 0.9)
        self._range("train_size", 2)
        self._range("epochs", 1, 100_000)
        self._range("patience", 1)
        self._range("batch_size", 1, 65_536)
        self._range("learning_rate", 1e-8, 10)
        self._range("seed", 0, 2**31 - 1)
        self._range("threads", 1, 1024)
        if self.validation_share + self.test_share > 0.95:
            raise W2VError(
                f"--validation-share {self.validation_share:g} and --test-share "
                f"{self.test_share:g} leave too little to train on.",
                "Give shares that sum to 0.5 or less; 0.1 and 0.1 are usual.",
            )
        if self.fine_tune and not self.pretrained:
            raise W2VError(
                f"--fine-tune is for reused vectors, but --embedding is {self.embedding!r}.",
                "Give --embedding a run or a vector file, or leave --fine-tune out.",
            )
        if self.embedding == ONE_HOT and self.embedding_dim is not None:
            raise W2VError(
                "One-hot vectors are as long as the vocabulary; --embedding-dim does not apply.",
                "Leave it out, or choose --embedding learned.",
            )

    @property
    def pretrained(self) -> bool:
        """Whether vectors of a run or a file are reused."""
        return self.embedding not in (LEARNED, ONE_HOT)

    @property
    def token_kind(self) -> TokenKind:
        """Words, or subwords."""
        if self.tokens is not None:
            return self.tokens
        return "words" if self.pretrained or self.encoder == "lstm" else "subwords"

    @property
    def layer_units(self) -> int:
        """Units of the layer after the vectors."""
        return self.units or UNITS[self.encoder]

    @property
    def longest(self) -> int | None:
        """Tokens read of a text, or None for all."""
        return self.max_tokens or (LSTM_TOKENS if self.encoder == "lstm" else None)
