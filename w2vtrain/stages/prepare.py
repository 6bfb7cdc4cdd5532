"""Stage prepare; to be written."""

from typing import Any


def prepare(*args: Any, **kwargs: Any) -> None:
    raise NotImplementedError
