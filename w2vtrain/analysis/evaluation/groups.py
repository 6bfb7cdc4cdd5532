"""Do groups of words lie together: vowels, consonants and digits, or any other classes?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.run.files import translated_read_errors


@dataclass(frozen=True)
class GroupAccuracy:
    """How many words lie nearest to the center of their own group.

    Args:
        accuracy: share of the words.
        shuffled: mean accuracy when the groups are assigned at random: what chance gives.
        p_value: share of the shuffles (the true order among them) that do as well or better.
        words: how many were measured.
        groups: words in each group.
        missing: words of the list without a vector.
    """

    accuracy: float
    shuffled: float
    p_value: float
    words: int
    groups: dict[str, int]
    missing: tuple[str, ...]


def read_groups(path: Path) -> dict[str, str]:
    """Read the group of each word from a file with a line `word TAB group` each.

    Raises:
        W2VError: the file cannot be read, a line has another form, or a word is listed twice.
    """
    with translated_read_errors(path, "Give a file of word TAB group."):
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    groups: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        word, tab, group = line.partition("\t")
        if not tab or not word or not group.strip():
            raise W2VError(f"{path}, line {number}: not `word TAB group`: {line[:60]!r}")
        if word in groups:
            raise W2VError(f"{path}, line {number}: {word!r} is listed twice.", "Keep one line.")
        groups[word] = group.strip()
    return groups


def group_accuracy(
    tokens: Sequence[str],
    vectors: np.ndarray,
    groups: Mapping[str, str],
    shuffles: int = 1000,
    seed: int = 1,
) -> GroupAccuracy:
    """Measure how often the nearest group center is a word's own, the word itself left out of it.

    Args:
        tokens: the rows' texts.
        vectors: float array, shape `(tokens, dim)`.
        groups: word to group; groups of a single word with a vector are left out.
        shuffles: random assignments for the control.
        seed: of these.
    Raises:
        W2VError: fewer than two groups have two words or more with a vector.
    """
    row_of = {token: row for row, token in enumerate(tokens)}
    found = [word for word in groups if word in row_of]
    names = [groups[word] for word in found]
    kept = [place for place, name in enumerate(names) if names.count(name) > 1]
    classes = sorted({names[place] for place in kept})
    if len(classes) < 2:
        raise W2VError(
            f"{len(classes)} of the groups has two words or more with a vector.",
            "Two groups are needed. Are the words spelled as in the vocabulary?",
        )
    labels = np.array([classes.index(names[place]) for place in kept])
    points = vectors[[row_of[found[place]] for place in kept]].astype(np.float64)
    accuracy = _nearest_center(points, labels)
    generator = np.random.default_rng(seed)
    control = [_nearest_center(points, generator.permutation(labels)) for _ in range(shuffles)]
    as_good = sum(value >= accuracy for value in control)
    return GroupAccuracy(
        accuracy=accuracy,
        shuffled=float(np.mean(control)) if control else 0.0,
        p_value=(1 + as_good) / (1 + shuffles),
        words=len(labels),
        groups={name: int((labels == i).sum()) for i, name in enumerate(classes)},
        missing=tuple(word for word in groups if word not in row_of),
    )


def _nearest_center(points: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of points nearest to their own group's mean, computed without them."""
    member = np.eye(labels.max() + 1)[labels]  # (points, groups)
    sizes = member.sum(axis=0)
    sums = member.T @ points
    centers = np.broadcast_to((sums / sizes[:, None])[None], (len(points), *sums.shape)).copy()
    own = (sums[labels] - points) / (sizes[labels] - 1)[:, None]
    centers[np.arange(len(points)), labels] = own
    distances = np.linalg.norm(points[:, None] - centers, axis=2)  # (points, groups)
    return float((distances.argmin(axis=1) == labels).mean())
