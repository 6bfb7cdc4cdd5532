"""Standardize and split text, by TensorFlow functions that a saved layer names.

The rule of `lower-and-strip-punctuation`, the default:

1. Letters become lower-case, in every script, by Unicode's rules for no language in particular:
   a Turkish or Lithuanian locale changes nothing.
2. A word is a run of letters, their combining marks, and digits. An apostrophe (' or ’), or a
   zero-width joiner or non-joiner, belongs to a word when it stands alone between two such
   characters: `don't`, `dog's`.
3. Everything else separates words and is dropped: punctuation and symbols of every script, hyphens,
   underscores, emoji, white space and control characters. `well-known` is two words, `end.Begin`
   too, `U.S.` is `u` and `s`, `3.14` is `3` and `14`.
4. ’ becomes '.

Soft hyphens, variation selectors and other marks that only steer the display are removed first, so
that they split no word. Text is normalized before all of this (see `normalization`).
"""

from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.config import Normalize, PrepareConfig, Standardize
from w2vtrain.corpus.normalization import EMOJI, EMOJI_SEQUENCE, INVISIBLE, normalize_text
from w2vtrain.corpus.phrases import Phrase, Phrases, WordJoiner
from w2vtrain.corpus.subword_units import SubwordUnits
from w2vtrain.corpus.word_boundaries import words_of_units

_PACKAGE = "w2vtrain"

# Besides the ASCII letters I and J: those with conditions on the language, for no language.
_LOCALE_LETTERS = {"İ": "i\u0307", "Ì": "ì", "Í": "í", "Ĩ": "ĩ", "Į": "į"}
_JOINERS = r"'\x{2019}\x{200c}\x{200d}"
_WORD = r"\pL\pM\pN"
# They stand for the signs of a hashtag and a mention while punctuation is dropped: noncharacters.
_SIGNS = {"#": "\ufdd0", "@": "\ufdd1"}
# What Unicode calls white space and TensorFlow's split, which knows ASCII only, does not.
_WIDE_SPACE = r"[\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"


@keras.saving.register_keras_serializable(package=_PACKAGE)
def lower_and_strip_punctuation(text: Any) -> Any:
    """Lower-case text and put single spaces between words; see the module's docstring.

    Args:
        text: string tensor of UTF-8, any shape.
    """
    return _strip(lower(text))


def _strip(text: Any, keep_emoji: bool = False, keep_tags: bool = False) -> Any:
    """Put single spaces between words; with `keep_emoji` between emoji, too.

    With `keep_tags`, `#` and `@` belong to the word that they begin, and an underscore alone
    between two characters of a word belongs to it.
    """
    word, joiners = _WORD, _JOINERS
    text = tf.strings.regex_replace(text, f"[{INVISIBLE}]", "")
    if keep_emoji:
        text = tf.strings.regex_replace(text, f"({EMOJI_SEQUENCE})", r" \1 ")
        word += EMOJI
    if keep_tags:
        for sign, mark in _SIGNS.items():
            begins = rf"(^|[^{_WORD}_&]){sign}([{_WORD}])"
            text = tf.strings.regex_replace(text, begins, rf"\1 {mark}\2")
            word += mark
        joiners += "_"
    # RE2 has no lookaround. Two characters in a row that are not of a word always separate; one
    # alone does unless it is a joiner (then it stands between two word characters) or the space.
    separators = rf"[^{word}]{{2,}}|[^{word} {joiners}]|^[{joiners}]|[{joiners}]$"
    text = tf.strings.regex_replace(text, separators, " ")
    for sign, mark in _SIGNS.items() if keep_tags else ():
        text = tf.strings.regex_replace(text, mark, sign)
    return tf.strings.regex_replace(text, "\u2019", "'")


@keras.saving.register_keras_serializable(package=_PACKAGE)
def lower(text: Any) -> Any:
    """Lower-case the letters of every script.

    ICU, which TensorFlow asks, follows the locale of the process for the letters that Turkish,
    Azerbaijani and Lithuanian lower in their own way. All of these are lowered before it is asked.

    Args:
        text: string tensor of UTF-8, any shape.

    Source: Unicode 15.0, SpecialCasing.txt, "Language-Sensitive Mappings".
    """
    text = tf.strings.lower(text)  # ASCII, by bytes: I and J among it
    for letter, lowered in _LOCALE_LETTERS.items():
        text = tf.strings.regex_replace(text, letter, lowered)
    return tf.strings.lower(text, encoding="utf-8")


@keras.saving.register_keras_serializable(package=_PACKAGE)
def split_whitespace(text: Any) -> Any:
    """Split text at white space, by Unicode's meaning of it.

    Args:
        text: string tensor of UTF-8, shape `(texts,)`.

    Returns:
        Ragged string tensor, shape `(texts, None)`.
    """
    return tf.strings.split(tf.strings.regex_replace(text, _WIDE_SPACE, " "))


@keras.saving.register_keras_serializable(package=_PACKAGE)
def split_characters(text: Any) -> Any:
    """Split text into characters (code points); a run of white space is one character, `_`.

    Args:
        text: string tensor of UTF-8, shape `(texts,)`.

    Returns:
        Ragged string tensor, shape `(texts, None)`.
    """
    text = tf.strings.regex_replace(text, rf"(?:\s|{_WIDE_SPACE})+", "_")
    return tf.strings.unicode_split(text, "UTF-8")


class _Saved:
    """A callable that Keras saves as its arguments, which it keeps in `arguments`."""

    arguments: dict[str, Any]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for Keras to save."""
        return {k: keras.saving.serialize_keras_object(v) for k, v in self.arguments.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Return the object that `get_config` describes."""
        return cls(**{k: keras.saving.deserialize_keras_object(v) for k, v in config.items()})


@keras.saving.register_keras_serializable(package=_PACKAGE)
class NormalizeAndStandardize(_Saved):
    """Normalize text with Python's Unicode tables, then standardize it.

    Args:
        normalize, standardize, keep_emoji, keep_tags: as in `PrepareConfig`.
    """

    def __init__(
        self,
        normalize: Normalize,
        standardize: Standardize,
        keep_emoji: bool = False,
        keep_tags: bool = False,
    ) -> None:
        self._options = {"keep_emoji": keep_emoji, "keep_tags": keep_tags}
        self.arguments = {"normalize": normalize, "standardize": standardize, **self._options}
        self._normalize: Normalize = normalize
        self._standardize: Standardize = standardize

    def __call__(self, text: Any) -> Any:
        """Return text, normalized and standardized.

        Args:
            text: string tensor of UTF-8, any shape.
        """
        text = tf.convert_to_tensor(text)
        if self._normalize != "none":
            normal = tf.numpy_function(self._normalized, [text], tf.string, stateful=False)
            normal.set_shape(text.shape)
            text = normal
        if self._standardize == "none":
            return text
        text = lower(text)
        return text if self._standardize == "lower" else _strip(text, **self._options)

    def _normalized(self, text: Any) -> Any:
        """Normalize an object array of UTF-8, or a single text, as TensorFlow hands it over."""
        texts = np.asarray(text, dtype=object)
        found = np.empty(texts.shape, dtype=object)
        for place, value in np.ndenumerate(texts):
            decoded = value.decode("utf-8", "replace")
            found[place] = normalize_text(decoded, self._normalize).encode()
        return found


def _ragged(function: Any, *texts: Any) -> Any:
    """Return what a Python function makes of texts, as a ragged tensor of strings.

    Args:
        function: takes an object array of UTF-8, shape `(texts,)`; returns the tokens of all and
            the number of each text's. Of texts already split it takes these two.
        texts: string tensor, shape `(texts,)`; or tokens, and the number of each text's.
    """
    kinds = (tf.string, tf.int64)
    tokens, lengths = tf.numpy_function(function, texts, kinds, stateful=False)
    tokens.set_shape([None])
    lengths.set_shape(texts[-1].shape)
    return tf.RaggedTensor.from_row_lengths(tokens, lengths, validate=False)


@keras.saving.register_keras_serializable(package=_PACKAGE)
class SplitAtWordBoundaries(_Saved):
    """Split text into words by the rules and dictionaries of ICU; see `word_boundaries`.

    Args:
        standardize, keep_emoji, keep_tags: as in `PrepareConfig`.
    """

    def __init__(self, standardize: Standardize, keep_emoji: bool, keep_tags: bool) -> None:
        self.arguments = {
            "standardize": standardize,
            "keep_emoji": keep_emoji,
            "keep_tags": keep_tags,
        }
        self._prepare = PrepareConfig(split="icu", **self.arguments)

    def __call__(self, text: Any) -> Any:
        """Return the words of each text.

        Args:
            text: string tensor of UTF-8, shape `(texts,)`.

        Returns:
            Ragged string tensor, shape `(texts, None)`.
        """
        return _ragged(self._words, text)

    def _words(self, text: Any) -> tuple[np.ndarray, np.ndarray]:
        texts = [value.decode("utf-8", "replace").replace("\n", " ") for value in text]
        unique, index, lengths = words_of_units("\n".join(texts), self._prepare)
        words = np.array([word.encode() for word in unique], object)
        return words[index], lengths[: len(texts)]


@keras.saving.register_keras_serializable(package=_PACKAGE)
class SplitIntoSubwords(_Saved):
    """Split text at white space, and words into units; see `subword_units`.

    Args:
        units: as JSON.
    """

    def __init__(self, units: str) -> None:
        self.arguments = {"units": units}
        self._units = SubwordUnits.from_json(units)

    def __call__(self, text: Any) -> Any:
        """Return the units of each text.

        Args:
            text: string tensor of UTF-8, shape `(texts,)`.

        Returns:
            Ragged string tensor, shape `(texts, None)`.
        """
        words = split_whitespace(text)  # (texts, None)
        units = _ragged(self._cut, words.flat_values)  # (words of all texts, None)
        return tf.RaggedTensor.from_row_splits(units, words.row_splits).merge_dims(1, 2)

    def _cut(self, words: Any) -> tuple[np.ndarray, np.ndarray]:
        cut = self._units.cut([word.decode("utf-8", "replace") for word in words])
        flat = np.array([unit.encode() for units in cut for unit in units], object)
        return flat, np.array([len(units) for units in cut], np.int64)


def standardizer(config: PrepareConfig) -> Any:
    """Return TextVectorization's `standardize` for the settings: a callable, or None."""
    how = "none" if config.split == "icu" else config.standardize  # words are lowered as they split
    kept = (config.keep_emoji, config.keep_tags)
    if config.normalize != "none" or (any(kept) and how != "none"):
        return NormalizeAndStandardize(config.normalize, how, *kept)
    known = {"lower-and-strip-punctuation": lower_and_strip_punctuation, "lower": lower}
    return known.get(how)


@keras.saving.register_keras_serializable(package=_PACKAGE)
class SplitAndJoin(_Saved):
    """Split text, then join the phrases of a run, by the NumPy code of `prepare`.

    Args:
        split: another callable that splits text.
        passes: the phrases of each pass, as their words with spaces between them.
    """

    def __init__(self, split: Any, passes: Sequence[Sequence[str]]) -> None:
        self.arguments = {"split": split, "passes": passes}
        found = (tuple(Phrase(tuple(p.split(" ")), 0, 0.0) for p in part) for part in passes)
        self._joiner = WordJoiner(Phrases(tuple(found)))

    def __call__(self, text: Any) -> Any:
        """Return the tokens of texts.

        Args:
            text: string tensor of UTF-8, shape `(texts,)`, or a single text.

        Returns:
            Ragged string tensor, shape `(texts, None)`.
        """
        if text.shape.rank == 0:
            return self(text[tf.newaxis])[0]
        words = self.arguments["split"](text)
        return _ragged(self._joiner.join, words.flat_values, words.row_lengths())


def splitter(
    config: PrepareConfig, units: SubwordUnits | None = None, phrases: Phrases | None = None
) -> Any:
    """Return TextVectorization's `split` for the settings: a callable.

    Args:
        config: the settings.
        units: into which words are cut; without them words stay whole.
        phrases: to be joined.
    """
    if phrases is not None and len(phrases):
        passes = [[" ".join(phrase.words) for phrase in part] for part in phrases.passes]
        return SplitAndJoin(splitter(config), passes)
    if units is not None:
        return SplitIntoSubwords(units.to_json())
    if config.split == "icu":
        return SplitAtWordBoundaries(config.standardize, config.keep_emoji, config.keep_tags)
    return split_characters if config.split == "character" else split_whitespace
