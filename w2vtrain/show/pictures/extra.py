"""The libraries of the extra `w2vtrain[plot]`, or an error that names it."""

import importlib
import importlib.util
import sys
from typing import Any

from w2vtrain.errors import W2VError

_LIBRARIES = ("matplotlib", "sklearn", "umap", "openTSNE", "PIL")


def library(name: str, purpose: str) -> Any:
    """Returns the module `name`, which is needed for `purpose`.

    Raises:
        W2VError: the extra is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        raise W2VError(
            f"{purpose} needs {name.partition('.')[0]}, which is not installed.",
            "Install the extra: pip install 'w2vtrain[plot]'.",
        ) from None


def installed() -> bool:
    """Returns whether the extra is there; imports nothing."""
    return all(importlib.util.find_spec(name) is not None for name in _LIBRARIES)


def umap_library() -> Any:
    """Returns the module `umap`, without the TensorFlow that it would import for another model."""
    hidden = "tensorflow" not in sys.modules and "umap" not in sys.modules
    if hidden:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        return library("umap", "A UMAP layout")
    finally:
        if hidden:
            del sys.modules["tensorflow"]
