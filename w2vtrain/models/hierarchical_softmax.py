"""Skip-gram with a hierarchical softmax: probabilities along the paths of a Huffman tree."""

import heapq
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf

from w2vtrain.models.softmax import refuse_own_loss
from w2vtrain.models.word2vec import embedding_table


@keras.saving.register_keras_serializable(package="w2vtrain")
class HierarchicalWord2Vec(keras.Model):
    """Skip-gram whose probabilities are products along the paths of a Huffman tree.

    With the inner nodes n of word c's path and its turns s = 1 (left) or -1 (right),

        p(c | t) = product of sigmoid(s x e_t . node row n)

    so a pair costs about log2(vocabulary) scores, and the probabilities still sum to 1. `fit` and
    `evaluate` take `((targets, contexts),)`: the loss is the mean of -log p(c | t).

    Args:
        vocabulary_size: rows of the target table.
        embedding_dim: length of a row.
        num_nodes: inner nodes of the tree.
        path_length: nodes of the longest path.
        seed: of the initial target table; the nodes start at zero, as in word2vec.c.

    Call arguments:
        inputs: `(targets, contexts)`: int tensors, shape `(batch,)` each.

    Returns:
        float32 tensor, shape `(batch,)`: log p(context | target).

    Source: Morin and Bengio 2005; Mikolov et al. 2013, section 2.1, equation 3; Huffman codes as
    in word2vec.c.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        num_nodes: int,
        path_length: int,
        seed: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, self.embedding_dim, self.seed = vocabulary_size, embedding_dim, seed
        self.num_nodes, self.path_length = num_nodes, path_length
        edge = 0.5 / embedding_dim
        start = keras.initializers.RandomUniform(-edge, edge, seed=seed)
        self.target_embedding = embedding_table(vocabulary_size, embedding_dim, start, "target")
        self.node_embedding = embedding_table(num_nodes, embedding_dim, "zeros", "node")
        self.path_nodes, self.path_turns = (
            self.add_weight(
                shape=(vocabulary_size, path_length),
                initializer="zeros",
                dtype="int32",
                trainable=False,
                name=name,
            )
            for name in ("path_nodes", "path_turns")
        )
        self.built = True

    @classmethod
    def for_counts(
        cls, counts: np.ndarray, embedding_dim: int, seed: int = 1, **kwargs: Any
    ) -> Self:
        """Make the model of the Huffman tree of a vocabulary.

        Args:
            counts: int array, shape `(vocabulary_size,)`; an id of count 0 has probability 0.
        """
        nodes, turns = huffman_paths(counts)
        model = cls(
            len(counts), embedding_dim, int(nodes.max()) + 1, nodes.shape[1], seed, **kwargs
        )
        model.path_nodes.assign(nodes)
        model.path_turns.assign(turns)
        return model

    def call(self, inputs: Any) -> Any:
        targets, contexts = inputs
        vectors = self.target_embedding(targets)
        nodes = tf.gather(self.path_nodes.value, contexts)  # (batch, path)
        turns = tf.cast(tf.gather(self.path_turns.value, contexts), vectors.dtype)
        scores = tf.einsum("bd,bpd->bp", vectors, self.node_embedding(nodes))
        steps = -tf.nn.softplus(-turns * scores)  # log sigmoid
        return tf.reduce_sum(tf.where(turns == 0, tf.zeros_like(steps), steps), axis=1)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the mean of -log p(context | target)."""
        return -tf.reduce_mean(y_pred)

    def compile(
        self, optimizer: Any = "adam", loss: Any = None, metrics: Any = None, **kwargs: Any
    ) -> None:
        """Set the optimizer.

        Raises:
            W2VError: a loss or metrics; the model has its own.
        """
        refuse_own_loss("HierarchicalWord2Vec", loss, metrics)
        super().compile(optimizer=optimizer, **kwargs)

    def context_probabilities(self, targets: Any) -> np.ndarray:
        """Return p(c | t): float32, shape `(targets, vocabulary_size)`; 0 without a path."""
        words = tf.range(self.vocabulary_size)
        rows = [tf.exp(self((tf.fill([len(words)], target), words))) for target in targets]
        return np.stack(rows) * (self.path_turns.numpy() != 0).any(axis=1)

    def word_vectors(self) -> np.ndarray:
        """Return the vector of each id: float32 array, shape `(vocabulary_size, dim)`."""
        return self.target_embedding.embeddings.numpy()

    def context_vectors(self) -> None:
        """Return None: the inner nodes of the tree are no words."""

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make the same model again; the paths are weights."""
        names = ("vocabulary_size", "embedding_dim", "num_nodes", "path_length", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a model from the result of `get_config`."""
        if "nodes" not in config:
            return cls(**config)
        # Models saved by version 0.1 hold the paths in the config.
        nodes, turns = (np.asarray(config.pop(name), np.int32) for name in ("nodes", "turns"))
        model = cls(num_nodes=int(nodes.max()) + 1, path_length=nodes.shape[1], **config)
        model.path_nodes.assign(nodes)
        model.path_turns.assign(turns)
        return model

    def load_own_variables(self, store: Any) -> None:
        """Load the paths, where the file holds them as weights."""
        if len(store.keys()):
            super().load_own_variables(store)


def huffman_paths(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each word's path from the root of the Huffman tree: frequent words get short paths.

    Args:
        counts: int array, shape `(ids,)`; an id of count 0 gets no path. At least two others.
    Returns:
        nodes: int32, shape `(ids, longest)`: inner nodes on the path, the root (0) first, filled up
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
    return _path_tables(children, len(counts))


def _path_tables(children: list[tuple[int, int]], ids: int) -> tuple[np.ndarray, np.ndarray]:
    """Walk the tree; a negative child is a leaf, -1 - id; the root is the last that was made."""
    paths: dict[int, tuple[list[int], list[int]]] = {}
    waiting: list[tuple[int, list[int], list[int]]] = [(len(children) - 1, [], [])]
    while waiting:
        node, nodes, turns = waiting.pop()
        if node < 0:
            paths[-1 - node] = (nodes, turns)
            continue
        path = [*nodes, len(children) - 1 - node]  # the root becomes 0
        for child, turn in zip(children[node], (1, -1), strict=True):
            waiting.append((child, path, [*turns, turn]))
    longest = max(len(nodes) for nodes, _ in paths.values())
    table = np.zeros((2, ids, longest), np.int32)
    for word, (nodes, turns) in paths.items():
        table[0, word, : len(nodes)] = nodes
        table[1, word, : len(turns)] = turns
    return table[0], table[1]
