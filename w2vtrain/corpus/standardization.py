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

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.config import Normalize, Split, Standardize
from w2vtrain.corpus.normalization import normalize_text

_PACKAGE = "w2vtrain"

# Besides the ASCII letters I and J: those with conditions on the language, for no language.
_LOCALE_LETTERS = {"İ": "i\u0307", "Ì": "ì", "Í": "í", "Ĩ": "ĩ", "Į": "į"}
_INVISIBLE = (
    r"[\x{ad}\x{34f}\x{61c}\x{180b}-\x{180e}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}"
    r"\x{fe00}-\x{fe0f}\x{feff}\x{e0100}-\x{e01ef}]"
)
_JOINERS = r"'\x{2019}\x{200c}\x{200d}"
# RE2 has no lookaround. Two characters in a row that are not of a word always separate; one alone
# does unless it is a joiner (then it stands between two word characters) or the space itself.
_SEPARATORS = (
    r"[^\pL\pM\pN]{2,}"
    rf"|[^\pL\pM\pN {_JOINERS}]"
    rf"|^[{_JOINERS}]"
    rf"|[{_JOINERS}]$"
)
# What Unicode calls white space and TensorFlow's split, which knows ASCII only, does not.
_WIDE_SPACE = r"[\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"


@keras.saving.register_keras_serializable(package=_PACKAGE)
def lower_and_strip_punctuation(text: Any) -> Any:
    """Lower-case text and put single spaces between words; see the module's docstring.

    Args:
        text: string tensor of UTF-8, any shape.
    """
    text = tf.strings.regex_replace(lower(text), _INVISIBLE, "")
    text = tf.strings.regex_replace(text, _SEPARATORS, " ")
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


@keras.saving.register_keras_serializable(package=_PACKAGE)
class NormalizeAndStandardize:
    """Normalize text with Python's Unicode tables, then standardize it.

    Args:
        normalize: `nfc` or `nfkc`.
        standardize: as in `PrepareConfig`.
    """

    def __init__(self, normalize: Normalize, standardize: Standardize) -> None:
        self.normalize: Normalize = normalize
        self.standardize: Standardize = standardize

    def __call__(self, text: Any) -> Any:
        """Return text, normalized and standardized.

        Args:
            text: string tensor of UTF-8, any shape.
        """
        text = tf.convert_to_tensor(text)
        normal = tf.numpy_function(self._normalized, [text], tf.string, stateful=False)
        normal.set_shape(text.shape)
        standardize = standardizer(self.standardize)
        return normal if standardize is None else standardize(normal)

    def get_config(self) -> dict[str, str]:
        """Return the arguments, for Keras to save."""
        return {"normalize": self.normalize, "standardize": self.standardize}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "NormalizeAndStandardize":
        """Return the object that `get_config` describes."""
        return cls(**config)

    def _normalized(self, text: Any) -> Any:
        """Normalize an object array of UTF-8, or a single text, as TensorFlow hands it over."""
        texts = np.asarray(text, dtype=object)
        found = np.empty(texts.shape, dtype=object)
        for place, value in np.ndenumerate(texts):
            decoded = value.decode("utf-8", "replace")
            found[place] = normalize_text(decoded, self.normalize).encode()
        return found


def standardizer(name: Standardize, normalize: Normalize = "none") -> Any:
    """Return TextVectorization's `standardize` for the options: a callable, or None."""
    if normalize != "none":
        return NormalizeAndStandardize(normalize, name)
    known = {"lower-and-strip-punctuation": lower_and_strip_punctuation, "lower": lower}
    return known.get(name)


def splitter(name: Split) -> Any:
    """Return TextVectorization's `split` for the option: a function."""
    return {"whitespace": split_whitespace, "character": split_characters}[name]
