"""Two words are neighbours because they keep the same company: which company, and where?

The rows of positive pointwise mutual information (PPMI) of the two words are compared: skip-gram
with negative sampling factorises a shifted version of this table (Levy and Goldberg, Neural Word
Embedding as Implicit Matrix Factorization, NIPS 2014), so what two rows share is what pulls the two
vectors together. The cosine of the rows is a sum over shared contexts, hence each has its share.
PMI overrates what was seen once or twice, so the rows are discounted where counts are small.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.analysis.token_stream import TokenStream
from w2vtrain.config import TrainConfig
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import MANIFEST, read_manifest
from w2vtrain.vectors.embeddings import Embeddings


@dataclass(frozen=True)
class Passage:
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
class SharedContext:
    """A word that stands in the windows of both.

    Args:
        token, count: the context word and its occurrences.
        with_a, with_b: pairs that it makes with each word.
        pmi_a, pmi_b: pointwise mutual information with each, in bits; above 0: more than by chance.
        contribution: to the cosine of the two discounted PPMI rows, whose sum the cosine is.
        passage_a, passage_b: the first place where it stands near each.
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
class Explanation:
    """What the corpus says about two words.

    Args:
        a, b: the words; `count_a`, `count_b`: their occurrences.
        window_size: tokens of context on each side.
        together: how often one stands in the window of the other.
        pmi: of the two words with each other, in bits; None where they never meet.
        ppmi_cosine: of their discounted PPMI rows: 1 for the same company, 0 for none shared.
        vector_cosine: of their vectors; None where the run has not been trained.
        shared_contexts: how many words add to `ppmi_cosine`.
        contexts: those that add most, best first.
        passages: the first places where the two stand in one window.
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
    shared_contexts: int
    contexts: tuple[SharedContext, ...]
    passages: tuple[Passage, ...]

    def as_dict(self) -> dict[str, Any]:
        """Returns the explanation as JSON-ready values."""
        return asdict(self)


def explain(
    run: str | Path,
    a: str,
    b: str,
    window_size: int | None = None,
    k: int = 10,
    passages: int = 3,
) -> Explanation:
    """Returns the company that two words share in the prepared corpus of a run.

    Args:
        run: a run directory with a prepared corpus.
        a, b: two different words of its vocabulary.
        window_size: tokens of context on each side; by default what the run was trained with.
        k: how many shared contexts to list.
        passages: how many passages to show where both stand together.
    Raises:
        W2VError: no corpus, an unknown word, or the same word twice.
    """
    directory = RunDirectory(Path(run))
    if a == b:
        raise W2VError(f"{a!r} was given twice.", "Give two different words.")
    stream = TokenStream.load(directory)
    ids = stream.id_of(a), stream.id_of(b)
    window = window_size or _trained_window(directory)
    places = [stream.occurrences(i) for i in ids]
    rows = np.stack([_row(stream, p, window) for p in places])  # (2, ids): pairs with each context
    pairs = stream.pair_counts(window)
    pmi = pointwise_mutual_information(rows, pairs)
    ppmi = np.maximum(pmi, 0) * _discount(rows, pairs)
    norms = np.sqrt((ppmi**2).sum(axis=1))
    products = ppmi[0] * ppmi[1] / (norms.prod() or 1)
    best = np.argsort(-products, kind="stable")[:k]
    best = best[products[best] > 0]
    examples = [_first_passages(stream, p, window, best) for p in places]
    counts = stream.vocabulary.counts
    contexts = tuple(
        SharedContext(
            token=stream.vocabulary.tokens[i],
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
    return Explanation(
        a=a,
        b=b,
        count_a=int(counts[ids[0]]),
        count_b=int(counts[ids[1]]),
        window_size=window,
        together=together,
        pmi=float(pmi[0, ids[1]]) if together else None,
        ppmi_cosine=float(products.sum()),
        vector_cosine=_vector_cosine(directory, a, b),
        shared_contexts=int((products > 0).sum()),
        contexts=contexts,
        passages=_meetings(stream, places[0], window, ids[1], passages),
    )


def pointwise_mutual_information(rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Returns `log2(n(w, c) N / (n(w) n(c)))`; minus infinity where a pair never occurs.

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
    """Returns factors under 1 for pairs of small counts: at most 1/2 where a pair was seen once.

    Source: Pantel and Lin, Discovering Word Senses from Text (KDD 2002), section 3.

    Args:
        rows: int64 array, shape `(words, ids)`: pairs of each word with each context.
        pairs: int64 array, shape `(ids,)`: pairs of each context with any word.
    """
    rarer = np.minimum(rows.sum(axis=1, keepdims=True), pairs)
    return rows / (rows + 1) * rarer / (rarer + 1)


def _row(stream: TokenStream, places: np.ndarray, window_size: int) -> np.ndarray:
    """Returns how many pairs a word makes with each context: int64 array, shape `(ids,)`."""
    row = np.zeros(len(stream.vocabulary), dtype=np.int64)
    for _, _, contexts in stream.windows(places, window_size):
        row += np.bincount(contexts, minlength=len(row))
    return row


def _first_passages(
    stream: TokenStream, places: np.ndarray, window_size: int, wanted: np.ndarray
) -> dict[int, Passage]:
    """Returns for each wanted context the first place of the word that has it in its window."""
    first: dict[int, tuple[int, int]] = {}
    flags = np.zeros(len(stream.vocabulary), dtype=bool)
    flags[wanted] = True
    for centres, contexts, ids in stream.windows(places, window_size):
        here = np.flatnonzero(flags[ids])
        found, index = np.unique(ids[here], return_index=True)  # the first of each
        for token_id, at in zip(found.tolist(), here[index].tolist(), strict=True):
            pair = int(centres[at]), int(contexts[at])
            first[token_id] = min(first.get(token_id, pair), pair)
    return {i: _passage(stream, pair, window_size) for i, pair in first.items()}


def _meetings(
    stream: TokenStream, places: np.ndarray, window_size: int, other: int, limit: int
) -> tuple[Passage, ...]:
    """Returns the first passages, one a unit, where a word has `other` in its window."""
    pairs: dict[int, tuple[int, int]] = {}
    for centres, contexts, ids in stream.windows(places, window_size):
        here = np.flatnonzero(ids == other)
        units = stream.unit_of(centres[here])
        _, index = np.unique(units, return_index=True)
        for unit, at in zip(
            units[index[:limit]].tolist(), here[index[:limit]].tolist(), strict=True
        ):
            pair = int(centres[at]), int(contexts[at])
            pairs[unit] = min(pairs.get(unit, pair), pair)
    return tuple(_passage(stream, pairs[unit], window_size) for unit in sorted(pairs)[:limit])


def _passage(stream: TokenStream, pair: tuple[int, int], window_size: int) -> Passage:
    """Returns the window around two places, within their unit."""
    unit = int(stream.unit_of(np.array(pair[:1]))[0])
    low = max(int(stream.boundaries[unit]), min(pair) - window_size)
    high = min(int(stream.boundaries[unit + 1]), max(pair) + window_size + 1)
    tokens = tuple(stream.vocabulary.tokens[i] for i in stream.ids[low:high].tolist())
    return Passage(unit, tokens, tuple(sorted(place - low for place in pair)))


def _trained_window(directory: RunDirectory) -> int:
    """Returns the window that the run was trained with, or the default of an untrained one."""
    if not (directory.model / MANIFEST).exists():
        return TrainConfig().window_size
    manifest = read_manifest(directory.model, made_by=f"w2v train {directory.root}")
    return int(manifest.get("config", {}).get("window_size", TrainConfig().window_size))


def _vector_cosine(directory: RunDirectory, a: str, b: str) -> float | None:
    if not (directory.model / MANIFEST).exists():
        return None
    embeddings = Embeddings.load(directory.root)
    return embeddings.similarity(a, b) if a in embeddings and b in embeddings else None
