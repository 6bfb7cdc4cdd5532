"""Two words are neighbors because they occur in the same contexts: in which, and where?

The rows of positive pointwise mutual information (PPMI) of the two words are compared: skip-gram
with negative sampling factorizes a shifted version of this table (Levy and Goldberg, Neural Word
Embedding as Implicit Matrix Factorization, NIPS 2014), so what two rows share is what pulls the two
vectors together. The cosine of the rows is a sum over shared contexts, hence each has its share.
PMI overrates what was seen once or twice, so the rows are discounted where counts are small.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.analysis.provenance import model_is_stale, model_manifest
from w2vtrain.analysis.results import Result
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import reads
from w2vtrain.training.config import TrainConfig
from w2vtrain.vectors.embeddings import Embeddings

BLOCK = 2**20  # tokens held at once


@dataclass(frozen=True)
class Passage(Result):
    """A piece of the prepared text, without the words that were left out.

    Args:
        unit: which line, paragraph or file of the corpus, from 0, as `boundary` has it.
        tokens: the words.
        marked: which of them the passage is shown for.
    """

    unit: int
    tokens: tuple[str, ...]
    marked: tuple[int, ...]

    def __str__(self) -> str:
        return " ".join(f"[{t}]" if i in self.marked else t for i, t in enumerate(self.tokens))


@dataclass(frozen=True)
class SharedContext(Result):
    """A word that occurs in the windows of both.

    Args:
        token, count: the context word and its occurrences.
        with_a, with_b: pairs that it makes with each word.
        pmi_a, pmi_b: pointwise mutual information with each, in bits; above 0: more than by chance.
        contribution: to the cosine of the two discounted PPMI rows, whose sum the cosine is.
        passage_a, passage_b: the first place where it occurs near each.
    """

    token: str
    count: int
    with_a: int
    with_b: int
    pmi_a: float
    pmi_b: float
    contribution: float
    passage_a: Passage
    passage_b: Passage


@dataclass(frozen=True)
class Explanation(Result):
    """What the corpus says about two words.

    Args:
        a, b: the words; `count_a`, `count_b`: their occurrences.
        window_size: tokens of context on each side.
        together: how often one occurs in the window of the other.
        pmi: of the two words with each other, in bits; None where they never meet.
        ppmi_cosine: of their discounted PPMI rows: 1 for the same contexts, 0 for none shared.
        vector_cosine: of their vectors; None where the run has not been trained, or was trained on
            another corpus than it holds now.
        stale_model: whether the run was trained on another corpus than it holds now.
        shared_contexts: how many words add to `ppmi_cosine`.
        contexts: those that add most, best first.
        passages: the first places where the two occur in one window.
    """

    a: str
    b: str
    count_a: int
    count_b: int
    window_size: int
    together: int
    pmi: float | None
    ppmi_cosine: float
    vector_cosine: float | None
    stale_model: bool
    shared_contexts: int
    contexts: tuple[SharedContext, ...]
    passages: tuple[Passage, ...]


@reads("corpus", "model")
def explain(
    run: str | Path,
    a: str,
    b: str,
    window_size: int | None = None,
    k: int = 10,
    passages: int = 3,
) -> Explanation:
    """Compare the contexts of two words in the prepared corpus of a run.

    Args:
        run: a run directory with a prepared corpus.
        a, b: two different words of its vocabulary.
        window_size: tokens of context on each side; by default what the run was trained with.
        k: how many shared contexts to list.
        passages: how many passages to show where both occur together.
    Raises:
        W2VError: no corpus, an unknown word, or the same word twice.
    """
    directory = RunDirectory(Path(run))
    if a == b:
        raise W2VError(f"{a!r} was given twice.", "Give two different words.")
    corpus = Corpus.open(directory)
    ids = corpus.id_of(a), corpus.id_of(b)
    a, b = (corpus.vocabulary.tokens[i] for i in ids)
    window = window_size or _trained_window(directory)
    texts = [WordContexts(corpus, i, window) for i in ids]
    rows = np.stack([text.counts() for text in texts])  # (2, ids): pairs with each context
    pairs = pair_counts(corpus, window)
    pmi = pointwise_mutual_information(rows, pairs)
    ppmi = np.maximum(pmi, 0) * _discount(rows, pairs)
    norms = np.sqrt((ppmi**2).sum(axis=1))
    products = ppmi[0] * ppmi[1] / (norms.prod() or 1)
    best = np.argsort(-products, kind="stable")[:k]
    best = best[products[best] > 0]
    examples = [text.first_passages(best) for text in texts]
    counts = corpus.vocabulary.counts
    contexts = tuple(
        SharedContext(
            token=corpus.vocabulary.tokens[i],
            count=int(counts[i]),
            with_a=int(rows[0, i]),
            with_b=int(rows[1, i]),
            pmi_a=float(pmi[0, i]),
            pmi_b=float(pmi[1, i]),
            contribution=float(products[i]),
            passage_a=examples[0][i],
            passage_b=examples[1][i],
        )
        for i in best.tolist()
    )
    together = int(rows[0, ids[1]])
    stale = model_is_stale(directory)
    return Explanation(
        a=a,
        b=b,
        count_a=int(counts[ids[0]]),
        count_b=int(counts[ids[1]]),
        window_size=window,
        together=together,
        pmi=float(pmi[0, ids[1]]) if together else None,
        ppmi_cosine=float(products.sum()),
        vector_cosine=None if stale else _vector_cosine(directory, a, b),
        stale_model=stale,
        shared_contexts=int((products > 0).sum()),
        contexts=contexts,
        passages=texts[0].passages_with(ids[1], passages),
    )


@dataclass(frozen=True)
class WordContexts:
    """The windows around the occurrences of one word, read a block of the text at a time.

    Args:
        corpus: the text.
        token_id: of the word.
        window_size: tokens of context on each side.
    """

    corpus: Corpus
    token_id: int
    window_size: int

    def pairs(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield the pairs of an occurrence and a context, an offset of a block at a time.

        Yields:
            positions of the word, positions of the context, ids of the context: int arrays of one
            shape; positions are offsets into the text.
        """
        size = self.window_size
        for start in range(0, self.corpus.tokens, BLOCK):
            stop = min(start + BLOCK, self.corpus.tokens)
            low, high = max(0, start - size), min(self.corpus.tokens, stop + size)
            ids = self.corpus.read(low, high)
            centers = np.flatnonzero(ids[start - low : stop - low] == self.token_id) + start
            unit = units_of(self.corpus, centers)
            first, last = self.corpus.boundaries[unit], self.corpus.boundaries[unit + 1]
            for offset in [*range(-size, 0), *range(1, size + 1)]:
                inside = (centers + offset >= first) & (centers + offset < last)
                contexts = centers[inside] + offset
                yield centers[inside], contexts, ids[contexts - low]

    def counts(self) -> np.ndarray:
        """Count the pairs with each context: int64 array, shape `(ids,)`."""
        row = np.zeros(len(self.corpus.vocabulary), dtype=np.int64)
        for _, _, ids in self.pairs():
            row += np.bincount(ids, minlength=len(row))
        return row

    def first_passages(self, wanted: np.ndarray) -> dict[int, Passage]:
        """Return for each wanted context id the first place of the word that has it near."""
        first: dict[int, tuple[int, int]] = {}
        flags = np.zeros(len(self.corpus.vocabulary), dtype=bool)
        flags[wanted] = True
        for centers, contexts, ids in self.pairs():
            here = np.flatnonzero(flags[ids])
            found, index = np.unique(ids[here], return_index=True)  # the first of each
            for token_id, at in zip(found.tolist(), here[index].tolist(), strict=True):
                pair = int(centers[at]), int(contexts[at])
                first[token_id] = min(first.get(token_id, pair), pair)
        return {i: self._passage(pair) for i, pair in first.items()}

    def passages_with(self, other: int, limit: int) -> tuple[Passage, ...]:
        """Return the first passages, one a unit, where the word has `other` in its window."""
        pairs: dict[int, tuple[int, int]] = {}
        for centers, contexts, ids in self.pairs():
            here = np.flatnonzero(ids == other)
            units, index = np.unique(units_of(self.corpus, centers[here]), return_index=True)
            first = here[index[:limit]].tolist()
            for unit, at in zip(units[:limit].tolist(), first, strict=True):
                pair = int(centers[at]), int(contexts[at])
                pairs[unit] = min(pairs.get(unit, pair), pair)
        return tuple(self._passage(pairs[unit]) for unit in sorted(pairs)[:limit])

    def _passage(self, pair: tuple[int, int]) -> Passage:
        """Return the window around two positions, within their unit."""
        corpus = self.corpus
        unit = int(units_of(corpus, np.array(pair[:1]))[0])
        low = max(int(corpus.boundaries[unit]), min(pair) - self.window_size)
        high = min(int(corpus.boundaries[unit + 1]), max(pair) + self.window_size + 1)
        tokens = tuple(corpus.vocabulary.tokens[i] for i in corpus.read(low, high).tolist())
        return Passage(unit, tokens, tuple(sorted(position - low for position in pair)))


def units_of(corpus: Corpus, positions: np.ndarray) -> np.ndarray:
    """Return the unit that each position lies in: int64 array, the shape of `positions`."""
    return np.searchsorted(corpus.boundaries, positions, side="right") - 1


def pair_counts(corpus: Corpus, window_size: int) -> np.ndarray:
    """Count the (token, context) pairs that each token is a part of: int64 array, `(ids,)`.

    A token with `l` tokens of its unit before it and `r` after it is in
    `min(l, window_size) + min(r, window_size)` pairs.
    """
    counts = np.zeros(len(corpus.vocabulary), dtype=np.float64)
    for start in range(0, corpus.tokens, BLOCK):
        stop = min(start + BLOCK, corpus.tokens)
        position = np.arange(start, stop)
        first, last = units_of(corpus, np.array([start, stop - 1]))
        edges = corpus.boundaries[first : last + 2]
        lengths = np.diff(np.clip(edges, start, stop))  # of each unit within the block
        before = position - np.repeat(edges[:-1], lengths)
        after = np.repeat(edges[1:], lengths) - 1 - position
        pairs = np.minimum(before, window_size) + np.minimum(after, window_size)
        counts += np.bincount(corpus.read(start, stop), weights=pairs, minlength=len(counts))
    return counts.astype(np.int64)


def pointwise_mutual_information(rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return `log2(n(w, c) N / (n(w) n(c)))`; minus infinity where a pair never occurs.

    Source: Church and Hanks, Word Association Norms, Mutual Information, and Lexicography
    (Computational Linguistics 16(1), 1990), with pairs within a window as the events.

    Args:
        rows: int64 array, shape `(words, ids)`: pairs of each word with each context.
        pairs: int64 array, shape `(ids,)`: pairs of each context with any word.
    """
    totals = rows.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log2(rows) + np.log2(pairs.sum()) - np.log2(totals) - np.log2(pairs)
    return np.where(rows > 0, pmi, -np.inf)


def _discount(rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return factors under 1 for pairs of small counts: at most 1/2 where a pair was seen once.

    Source: Pantel and Lin, Discovering Word Senses from Text (KDD 2002), section 3.

    Args:
        rows: int64 array, shape `(words, ids)`: pairs of each word with each context.
        pairs: int64 array, shape `(ids,)`: pairs of each context with any word.
    """
    rarer = np.minimum(rows.sum(axis=1, keepdims=True), pairs)
    return rows / (rows + 1) * rarer / (rarer + 1)


def _trained_window(directory: RunDirectory) -> int:
    """Return the window that the run was trained with, or the default of an untrained one."""
    manifest = model_manifest(directory) or {}
    return int(manifest.get("config", {}).get("window_size", TrainConfig().window_size))


def _vector_cosine(directory: RunDirectory, a: str, b: str) -> float | None:
    if model_manifest(directory) is None:
        return None
    embeddings = Embeddings.load(directory.root)
    return embeddings.similarity(a, b) if a in embeddings and b in embeddings else None
