"""The Huffman tree of a vocabulary: frequent words get short paths."""

import heapq

import numpy as np


def huffman_paths(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns each word's way from the root of the Huffman tree.

    Args:
        counts: int array, shape `(ids,)`; an id of count 0 gets no path. At least two others.
    Returns:
        nodes: int32, shape `(ids, longest)`: inner nodes on the way, the root (0) first, filled up
            with 0; turns: int32 of the same shape: 1 left, -1 right, 0 after the end.

    Source: Huffman 1952.
    """
    words = np.flatnonzero(counts)
    heap = [(int(counts[word]), order, -1 - int(word)) for order, word in enumerate(words)]
    heapq.heapify(heap)
    children: list[tuple[int, int]] = []
    while len(heap) > 1:  # equal counts: what was made first
        (low, _, left), (high, _, right) = heapq.heappop(heap), heapq.heappop(heap)
        heapq.heappush(heap, (low + high, len(words) + len(children), len(children)))
        children.append((left, right))
    return _tables(children, len(counts))


def _tables(children: list[tuple[int, int]], ids: int) -> tuple[np.ndarray, np.ndarray]:
    """Walks the tree; a negative child is a leaf, -1 - id; the root is the last that was made."""
    paths: dict[int, tuple[list[int], list[int]]] = {}
    waiting: list[tuple[int, list[int], list[int]]] = [(len(children) - 1, [], [])]
    while waiting:
        node, nodes, turns = waiting.pop()
        if node < 0:
            paths[-1 - node] = (nodes, turns)
            continue
        way = [*nodes, len(children) - 1 - node]  # the root becomes 0
        for child, turn in zip(children[node], (1, -1), strict=True):
            waiting.append((child, way, [*turns, turn]))
    longest = max(len(nodes) for nodes, _ in paths.values())
    table = np.zeros((2, ids, longest), np.int32)
    for word, (nodes, turns) in paths.items():
        table[0, word, : len(nodes)] = nodes
        table[1, word, : len(turns)] = turns
    return table[0], table[1]
