"""Seeded choices that come out alike on every platform and Python version.

Only `random.Random(seed).random()` is promised to stay the same between Python versions, so every
choice here is drawn from it, and weights need nothing but division.
"""

import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any


class Dice:
    """Choices from one seeded stream."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random
        self._cumulative: dict[tuple[int, float], list[float]] = {}

    def chance(self, probability: float) -> bool:
        return self._random() < probability

    def even(self, items: Sequence) -> Any:
        """One item, all equally likely."""
        return items[int(self._random() * len(items))]

    def falling(self, items: Sequence, shift: float) -> Any:
        """One item, number i (from 0) with weight 1 / (i + shift): Zipf's law, softened."""
        key = (len(items), shift)
        if key not in self._cumulative:
            self._cumulative[key] = list(accumulate(1 / (i + shift) for i in range(len(items))))
        return items[self._at(self._cumulative[key])]

    def weighted(self, items: Sequence, weights: Sequence[float]) -> Any:
        return items[self._at(list(accumulate(weights)))]

    def shuffled(self, items: Sequence) -> list:
        """The items in a random order (Fisher-Yates)."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = int(self._random() * (last + 1))
            order[last], order[other] = order[other], order[last]
        return order

    def _at(self, cumulative: list[float]) -> int:
        place = bisect_right(cumulative, self._random() * cumulative[-1])
        return min(place, len(cumulative) - 1)
