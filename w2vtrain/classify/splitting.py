"""Training, validation and test texts, with identical texts in one part only.

A text that stands in two parts is remembered, not understood: the accuracy on it says nothing about
new texts. Film reviews are posted twice, headlines are syndicated, so this happens by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2vtrain.errors import W2VError


@dataclass(frozen=True)
class Split:
    """The places of the texts of each part.

    Args:
        train, validation, test: int64 arrays of places, without a common one.
        repeated: texts that are identical to an earlier one.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    repeated: int


def split_texts(
    texts: Sequence[str],
    labels: np.ndarray,
    classes: Sequence[str],
    validation_share: float,
    test_share: float,
    seed: int,
) -> Split:
    """Returns a random split, with about the same share of each class in every part.

    Texts that differ in white space or case only count as identical, and go to one part together.

    Args:
        texts: shape `(texts,)`.
        labels: int array, shape `(texts,)`: places in `classes`.
    Raises:
        W2VError: a class has fewer than three different texts.
    """
    group_of, first = _groups(texts)
    generator = np.random.default_rng([seed, 0])
    part_of_group = np.zeros(len(first), np.int8)  # 0 train, 1 validation, 2 test
    for number, name in enumerate(classes):
        groups = np.flatnonzero(labels[first] == number)
        if len(groups) < 3:
            raise W2VError(
                f"Class {name!r} has {len(groups)} different text{'s' * (len(groups) != 1)}: one "
                "each is needed to train, to validate and to test.",
                "Give more texts of this class.",
            )
        generator.shuffle(groups)
        test = min(max(1, round(test_share * len(groups))), len(groups) - 2)
        validation = min(max(1, round(validation_share * len(groups))), len(groups) - test - 1)
        part_of_group[groups[:test]] = 2
        part_of_group[groups[test : test + validation]] = 1
    parts = part_of_group[group_of]
    train, validated, tested = (np.flatnonzero(parts == part) for part in range(3))
    return Split(train, validated, tested, len(texts) - len(first))


def shortened(
    train: np.ndarray, labels: np.ndarray, classes: Sequence[str], size: int, seed: int
) -> np.ndarray:
    """Returns `size` of the training texts, each class by its share, in the order of their places.

    A larger size holds all texts of a smaller one, so that a learning curve adds texts only.

    Raises:
        W2VError: there are fewer, or a class would have none.
    """
    if size > len(train):
        raise W2VError(
            f"--train-size is {size:,}, but the training part holds {len(train):,} texts.",
            "Give a smaller number, or leave it out.",
        )
    generator = np.random.default_rng([seed, 1])
    place = np.empty(len(train))
    for number, name in enumerate(classes):
        own = np.flatnonzero(labels[train] == number)
        if len(own) * size < len(train):
            raise W2VError(
                f"--train-size {size:,} leaves no text of class {name!r}.", "Give a larger number."
            )
        # The k-th of n texts of a class stands at (k + 0.5) / n of the common order.
        place[generator.permutation(own)] = (np.arange(len(own)) + 0.5) / len(own)
    return np.sort(train[np.argsort(place, kind="stable")[:size]])


def _groups(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Returns for each text the number of its group, and for each group its first text."""
    numbers: dict[str, int] = {}
    first: list[int] = []
    group_of = np.empty(len(texts), np.int64)
    for place, text in enumerate(texts):
        key = " ".join(text.split()).casefold()
        if key not in numbers:
            numbers[key] = len(first)
            first.append(place)
        group_of[place] = numbers[key]
    return group_of, np.array(first, np.int64)
