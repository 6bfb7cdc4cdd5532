"""What a change shows: a word's neighbors in each slice, the passages that differ most, a map."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from w2vtrain.analysis.alignment import best_rotation, unit_rows
from w2vtrain.analysis.change.report import ChangedWord
from w2vtrain.analysis.change.slices import SlicedText
from w2vtrain.analysis.explain import Passage
from w2vtrain.analysis.neighborhoods.shared_words import SharedWords, nearest_tokens

_OCCURRENCES = 2000  # of a word in a slice, that passages are chosen from
_AROUND = 8  # words of a passage on each side
_NEIGHBORS = 10
_PASSAGES = 3


class Details:
    """Neighbors, passages and a small map of single words.

    Args:
        text: the slices.
        shared: the tested words with their vectors in each.
    """

    def __init__(self, text: SlicedText, shared: SharedWords) -> None:
        self._text, self._shared, self._slices = text, shared, text.slices()
        centered = []
        for one in shared.sets:
            units = unit_rows(one.vectors)
            centered.append(units - units.mean(axis=0))
        first = centered[0]
        self._aligned = [first, *(each @ best_rotation(each, first) for each in centered[1:])]
        table = np.zeros((len(text.tokens), first.shape[1]))
        self._row_of = {token: row for row, token in enumerate(text.tokens)}
        table[[self._row_of[token] for token in shared.tokens]] = unit_rows(first)
        self._contexts = table

    def add_to(self, word: ChangedWord) -> ChangedWord:
        """Return the word with its neighbors, passages and map."""
        row = self._shared.sets[0].row(word.token)
        near = tuple(
            nearest_tokens(each, np.array([row]), _NEIGHBORS)[0] for each in self._shared.sets
        )
        vectors = np.array([each[row] for each in self._aligned])  # (slices, dim)
        passages = []
        for number, units in enumerate(self._slices):
            others = np.delete(vectors, number, axis=0).mean(axis=0)
            direction = unit_rows((vectors[number] - others)[None])[0]
            passages.append(self._passages(self._row_of[word.token], units, direction))
        places = self._places(row, near)
        return replace(word, neighbors=near, passages=tuple(passages), places=places)

    def _passages(
        self, token_id: int, units: np.ndarray, direction: np.ndarray
    ) -> tuple[Passage, ...]:
        """Return the passages of some units whose words lie farthest in a direction."""
        text = self._text
        positions = np.flatnonzero(text.ids == token_id)
        unit = np.searchsorted(text.boundaries, positions, side="right") - 1
        inside = units[unit]
        positions, unit = positions[inside], unit[inside]
        step = max(1, -(-len(positions) // _OCCURRENCES))
        found = []
        for position, number in zip(positions[::step].tolist(), unit[::step].tolist(), strict=True):
            low = max(int(text.boundaries[number]), position - _AROUND)
            high = min(int(text.boundaries[number + 1]), position + _AROUND + 1)
            ids = text.ids[low:high]
            context = self._contexts[ids[ids != token_id]].sum(axis=0)
            value = float(context @ direction) / max(1, len(ids) - 1)
            found.append((-value, number, low, high, position))
        best: list[Passage] = []
        for _, number, low, high, position in sorted(found):
            if number not in {passage.unit for passage in best}:
                tokens = tuple(text.tokens[i] for i in text.ids[low:high].tolist())
                best.append(Passage(number, tokens, (position - low,)))
            if len(best) == _PASSAGES:
                break
        return tuple(best)

    def _places(self, row: int, near: Sequence[tuple[str, ...]]) -> tuple[tuple[float, float], ...]:
        """Return places on the plane of the first two principal components."""
        of_neighbors = [
            each[[self._shared.sets[0].row(token) for token in tokens]]
            for each, tokens in zip(self._aligned, near, strict=True)
        ]
        points = np.concatenate([[each[row] for each in self._aligned], *of_neighbors])
        centered = points - points.mean(axis=0)
        _, _, axes = np.linalg.svd(centered, full_matrices=False)
        return tuple((float(x), float(y)) for x, y in centered @ axes[:2].T)
