"""Stage export; to be written."""

from typing import Any


def export(*args: Any, **kwargs: Any) -> None:
    raise NotImplementedError
