"""What all results of this package share: a form for JSON, and an estimate with its interval."""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar

import numpy as np


class Result:
    """A base for frozen dataclasses that hold a result.

    A subclass names the properties that belong to its JSON form in `derived`.
    """

    derived: ClassVar[tuple[str, ...]] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the fields and the derived properties as JSON-ready values."""
        assert is_dataclass(self)
        names = [*(field.name for field in fields(self)), *self.derived]
        return {name: _plain(getattr(self, name)) for name in names}


@dataclass(frozen=True)
class Estimate(Result):
    """A figure with its 95 % interval.

    Args:
        value: the figure.
        low, high: ends of the interval; None where it cannot be known, as for a correlation that
            is perfect in every resample.
    """

    value: float
    low: float | None
    high: float | None


def _plain(value: Any) -> Any:
    """Return a value with its dataclasses as dictionaries and its tuples as lists."""
    if isinstance(value, Result):
        return value.as_dict()
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.item() if isinstance(value, np.generic) else value
