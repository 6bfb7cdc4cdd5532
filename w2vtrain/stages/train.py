"""Stage train; to be written."""

from typing import Any


def train(*args: Any, **kwargs: Any) -> None:
    raise NotImplementedError
