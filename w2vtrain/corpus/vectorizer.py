"""Make, save and load the TextVectorization layer of a run.

    vectorizer = load_vectorizer(Path("runs/novels/corpus/vectorizer.keras"))
    vectorizer(["Call me Ishmael."])  # ragged int64 ids, shape (texts, None)

Ids are those of `vocabulary.tsv`: 0 padding, 1 for words left out, then the words.
"""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.phrases import Phrases
from w2vtrain.corpus.subword_units import SubwordUnits
from w2vtrain.errors import W2VError

_NAME = "vectorizer"


def make_vectorizer(
    words: Sequence[str],
    config: PrepareConfig,
    units: SubwordUnits | None = None,
    phrases: Phrases | None = None,
) -> Any:
    """Make a TextVectorization layer that turns texts into ragged ids.

    The vocabulary is given, not adapted: it then lies in the saved layer as JSON. (Keras would
    otherwise save one word a line and read it back with `splitlines`, which also splits at U+2028
    and U+0085.)

    Args:
        words: without padding and `[UNK]`; the first gets id 2.
        config: its `normalize`, `standardize`, `split`, `keep_emoji` and `keep_tags` are used.
        units: into which words are cut.
        phrases: to be joined.
    """
    import keras
    import numpy as np

    from w2vtrain.corpus.standardization import splitter, standardizer

    return keras.layers.TextVectorization(
        standardize=standardizer(config),
        split=splitter(config, units, phrases),
        output_mode="int",
        ragged=True,
        vocabulary=np.array(words, dtype=object),
        name=_NAME,
    )


def save_vectorizer(vectorizer: Any, path: Path) -> None:
    """Save the layer as a Keras model of text to ids, without code: it loads in safe mode.

    A process that saves the same layer writes the same bytes, so that a corpus prepared again is
    known to be the same. (Keras numbers a second layer of one process, also in its file.)
    """
    import keras

    texts = keras.Input(shape=(), dtype="string", name="texts")
    model = keras.Sequential([texts, vectorizer], name="text_to_ids")
    model.save(path)
    _make_reproducible(path)


def _make_reproducible(path: Path) -> None:
    """Write a `.keras` file again without the time of saving and the addresses of objects."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name in ("metadata.json", "config.json"):
        members[name] = json.dumps(json.loads(members[name], object_hook=_lasting)).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # dated 1980


def _lasting(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if k not in ("date_saved", "shared_object_id")}


def load_vectorizer(path: Path) -> Any:
    """Load the TextVectorization layer; it takes a list of texts or a string tensor.

    Raises:
        W2VError: the file is missing or is not a saved vectorizer.
    """
    import keras

    import w2vtrain.corpus.standardization  # noqa: F401 (registers what the file names)

    try:
        model = keras.models.load_model(path, safe_mode=True)
        return model.get_layer(_NAME)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise W2VError(
            f"Cannot load {path}: {error}", "Run `w2v prepare` again with --force."
        ) from None
