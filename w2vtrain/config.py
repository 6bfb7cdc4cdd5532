"""The settings of preparing and exporting, their defaults and their limits.

A default is defined here and nowhere else: the command line reads these classes for its options,
and a TOML file (`run_config`) has one table for each of them. A field's `metadata["help"]` is the
help of its option. The settings of training are in `training.config`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from w2vtrain.errors import W2VError
from w2vtrain.settings import Config, flag, option

Standardize = Literal["lower-and-strip-punctuation", "lower", "none"]
Split = Literal["whitespace", "character", "icu", "subwords"]
SubwordModel = Literal["unigram", "bpe"]
Normalize = Literal["nfc", "nfkc", "none"]
Boundary = Literal["line", "paragraph", "file"]
EncodingErrors = Literal["strict", "replace"]
PhraseScore = Literal["npmi", "word2vec"]
Noise = Literal["log-uniform", "unigram"]
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
    "fasttext-bin",
    "floret",
    "fasttext-compressed",
]
Table = Literal["target", "context", "mean"]
Pooling = Literal["mean", "sif", "zipfian-whitening"]
DEFAULT_POOLING: Pooling = "sif"  # the best of the three on STS-B: docs/sentences.md
# Headings of options in a command's help.
MOST_USED, _READING, _COUNTING = "Most used", "How files are read", "The vocabulary"
SUBWORDS = 8_000  # units learned by default
_PHRASES = "Phrases"
# What --connector-words english stands for: those that gensim offers.
_ENGLISH_CONNECTORS = "a,an,and,at,by,for,from,in,of,on,or,the,to,with,without"


@dataclass(frozen=True)
class PrepareConfig(Config):
    """How text becomes token ids."""

    text_column: str | None = option(
        None, "Column that holds the text (csv, tsv, jsonl, parquet).", panel=MOST_USED
    )
    encoding: str = option("utf-8", "Encoding of the text files.", panel=_READING)
    encoding_errors: EncodingErrors = option(
        "strict",
        "What to do with bytes that do not decode: stop, or replace and count them.",
        panel=_READING,
    )
    strip_html: bool = option(
        False,
        "Take tags out of HTML and XML files, which are refused without it, and of tables.",
        panel=_READING,
    )
    normalize: Normalize = option(
        "nfc",
        "Unicode form of the text, so that what looks the same is the same: nfkc also resolves "
        "ligatures and full-width letters.",
        panel=_READING,
    )
    standardize: Standardize = option(
        "lower-and-strip-punctuation",
        "What happens to the text before it is split.",
        panel=MOST_USED,
    )
    split: Split = option(
        "whitespace",
        "What a token is: a word between spaces; a word by ICU's rules for all scripts (extra "
        "icu); a subword unit learned from the text; or one character.",
        panel=MOST_USED,
    )
    subword_model: SubwordModel | None = option(
        None, "How the units of --split subwords are learned; bpe by default.", panel=_COUNTING
    )
    keep_emoji: bool = option(False, "Keep emoji, each as a token.", panel=_COUNTING)
    keep_tags: bool = option(
        False, "Keep #hashtags and @mentions whole, with their sign.", panel=_COUNTING
    )
    boundary: Boundary = option("line", "What a context window may not cross.", panel=MOST_USED)
    min_count: int = option(5, "Words seen less often than this are left out.", panel=MOST_USED)
    vocabulary_size: int | None = option(
        None,
        f"Keep at most this many words, the most frequent; of subwords learn so many "
        f"(default: {SUBWORDS:,}).",
        panel=MOST_USED,
    )
    keep_oov: bool = option(
        False, "Keep left-out words as one token, [UNK], instead of dropping.", panel=_COUNTING
    )
    max_rows: int | None = option(
        None,
        "Read only the first N rows of tables and lines of text, all inputs together.",
        panel=_READING,
    )
    max_types: int | None = option(
        20_000_000,
        "Prune the rarest words while counting when more different ones are held.",
        panel=_COUNTING,
    )

    workers: int | None = option(
        None,
        "Processes that tokenize; the bytes are the same with any number (default: by the size of "
        "the inputs and the processors).",
        panel=_READING,
        compare=False,
    )
    cluster: str | None = option(
        None,
        "Tokenize on a Ray cluster, by its address, HOST:PORT; auto: the one that this machine is "
        "in; local: start one here (extra ray).",
        panel=_READING,
        compare=False,
    )
    phrases: bool = option(
        False, "Find words that come together often and join them: new_york.", panel=_PHRASES
    )
    phrase_score: PhraseScore = option(
        "npmi", "How pairs of words are scored: npmi from -1 to 1.", panel=_PHRASES
    )
    phrase_threshold: float | None = option(
        None,
        "Join pairs with a score above this (default: 0.5 for npmi, 10 for word2vec).",
        panel=_PHRASES,
    )
    phrase_min_count: int = option(
        5, "Pairs seen less often than this are not joined.", panel=_PHRASES
    )
    phrase_passes: int = option(
        1, "Passes over the text; a second one joins phrases to longer ones.", panel=_PHRASES
    )
    connector_words: str | None = option(
        None,
        "Words that may stand inside a phrase, not at its ends: of,the or `english` for 15 of "
        "them (default: none).",
        panel=_PHRASES,
    )

    def __post_init__(self) -> None:
        self._check_choices()
        self._range("min_count", 1)
        self._range("vocabulary_size", 1, 2**31 - 3)
        self._range("max_rows", 1)
        self._range("max_types", 1, 2**31 - 3)
        self._range("workers", 1, 1024)
        self._check_phrases()
        try:
            "".encode(self.encoding)
        except (LookupError, ValueError):  # ValueError: the codec "undefined", a NUL in the name
            raise W2VError(
                f"Unknown --encoding {self.encoding!r}.", "Try utf-8, latin-1 or cp1252."
            ) from None
        self._check_splitting()

    @property
    def subwords(self) -> int | None:
        """How many subword units are learned; None for another splitting."""
        return (self.vocabulary_size or SUBWORDS) if self.split == "subwords" else None

    def _check_splitting(self) -> None:
        if self.subword_model is not None and self.split != "subwords":
            raise W2VError("--subword-model is for --split subwords.", "Add that, or leave it out.")
        stripped = self.standardize == "lower-and-strip-punctuation" and self.split != "character"
        if (self.keep_emoji or self.keep_tags) and not (stripped or self.split == "icu"):
            raise W2VError(
                "--keep-emoji and --keep-tags are for words without punctuation; with "
                f"--standardize {self.standardize} and --split {self.split} nothing is taken out.",
                "Leave them out.",
            )

    def _check_phrases(self) -> None:
        if self.phrases and self.split == "subwords":
            raise W2VError(
                "--phrases joins words, and --split subwords cuts them.", "Leave one of them out."
            )
        self._range("phrase_threshold", *((-1, 1) if self.phrase_score == "npmi" else (0,)))
        self._range("phrase_min_count", 1)
        self._range("phrase_passes", 1, 9)
        for f, _ in self.option_fields():
            used = self.phrases or getattr(self, f.name) == f.default
            if f.metadata["panel"] == _PHRASES and not used:
                raise W2VError(
                    f"{flag(f.name)} is given, but no phrases are to be found.", "Add --phrases."
                )

    @property
    def threshold(self) -> float:
        """The score above which pairs are joined."""
        if self.phrase_threshold is None:
            return 0.5 if self.phrase_score == "npmi" else 10.0
        return self.phrase_threshold

    @property
    def connectors(self) -> tuple[str, ...]:
        """The connector words, one by one."""
        given = self.connector_words or ""
        words = _ENGLISH_CONNECTORS if given == "english" else given
        return tuple(words.replace(",", " ").split())

    @classmethod
    def from_manifest(cls, settings: Mapping[str, Any], where: str = "settings") -> Self:
        """Return the settings that a corpus was prepared with, by any version.

        Args:
            settings: `config` of the manifest; what it does not hold yet was not done. How many
                workers there were, and where, is forgotten.
            where: what errors call it.
        """
        forgotten = {"workers": None, "cluster": None}
        return cls.from_mapping({"normalize": "none", **settings, **forgotten}, where)


@dataclass(frozen=True)
class ExportConfig(Config):
    """Which vectors leave the run, and in what form."""

    format: VectorFormat = option("projector", "Form of the exported files.")
    top: int | None = option(None, "Only the N most frequent words.")
    normalize: bool = option(False, "Scale every vector to length 1.")
    vectors: Table = option("target", "Which table: target, context, or the mean of the two.")
    pooling: Pooling | None = option(
        None, "Weigh the vectors as `w2v embed` does, for programs that average those of a text."
    )

    def __post_init__(self) -> None:
        self._check_choices()
        if self.pooling not in (None, "mean") and self.normalize:
            raise W2VError(
                f"--pooling {self.pooling} and --normalize exclude each other.",
                "The weights are in the lengths of the vectors, which --normalize makes equal.",
            )
        self._range("top", 1)
