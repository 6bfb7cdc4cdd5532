"""Turning one space of vectors onto another, so that vectors of two trainings can be compared.

Two trainings give spaces that differ by a rotation even where they say the same. The rotation that
brings anchor words closest together is found by orthogonal Procrustes analysis. Rows are scaled to
length 1, centered, and scaled again before: centering takes out the direction that all words of a
space have in common, which would make every word look unmoved.

Source: Schönemann, A generalized solution of the orthogonal Procrustes problem (Psychometrika 31,
1966); Hamilton, Leskovec and Jurafsky, Diachronic Word Embeddings Reveal Statistical Laws of
Semantic Change (ACL 2016), section 3.2, for aligning word vectors with it; Schlechtweg et al., A
Wind of Change (ACL 2019), for mean-centering; Conneau et al., Word Translation Without Parallel
Data (ICLR 2018), for precision at k of a dictionary's held-out entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.analysis.results import Result
from w2vtrain.errors import W2VError
from w2vtrain.run.files import translated_read_errors
from w2vtrain.vectors.embeddings import Embeddings

MIN_COUNT = 50  # of an anchor word, where counts are known
FEWEST_HELD_OUT = 5
_TRIM_ROUNDS = 5
Pair = tuple[str, str]


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Scale rows to length 1; a zero row stays zero.

    Args:
        vectors: float array, shape `(rows, dim)`.
    Returns:
        float64 array of the same shape.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms == 0, 1, norms)


def centered_rows(vectors: np.ndarray) -> np.ndarray:
    """Scale rows to length 1, take off their mean, and scale again: float64, `(rows, dim)`."""
    unit = unit_rows(vectors)
    return unit_rows(unit - unit.mean(axis=0))


def best_rotation(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the matrix R with orthonormal rows or columns that minimizes `|source R - target|`.

    Args:
        source: float array, shape `(rows, source dim)`.
        target: float array, shape `(rows, target dim)`.
    Returns:
        float64 array, shape `(source dim, target dim)`.
    """
    left, _, right = np.linalg.svd(source.T @ target, full_matrices=False)
    return left @ right


def aligned_cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the cosine of each row of `a` with the same row of `b` turned onto `a`.

    The narrower of two matrices is widened with zeros.

    Args:
        a, b: float arrays, shape `(tokens, dim)`; the dims may differ.
    Returns:
        float64 array, shape `(tokens,)`.
    """
    dim = max(a.shape[1], b.shape[1])
    a, b = (np.pad(centered_rows(x), ((0, 0), (0, dim - x.shape[1]))) for x in (a, b))
    return np.einsum("id,id->i", b @ best_rotation(b, a), a)


@dataclass(frozen=True)
class Alignment(Result):
    """How well one set of vectors could be turned onto another.

    Args:
        anchors: word pairs that the rotation was fitted on.
        trimmed: pairs left out of the fit because they fitted worst.
        missing: pairs of a list or dictionary of which a word has no vector.
        held_out: words that were kept from the fit; the figures below are over these.
        cosine: mean cosine of a word with its counterpart.
        precision_1, precision_5: share of them whose counterpart is the nearest word of A, or among
            the five nearest.
        dim: numbers of an aligned vector: those of A.
    """

    anchors: int
    trimmed: int
    missing: int
    held_out: int
    cosine: float
    precision_1: float
    precision_5: float
    dim: int


def align(
    a: Embeddings,
    b: Embeddings,
    anchors: Sequence[Pair] | None = None,
    min_count: int | None = None,
    trim: float = 0.0,
    held_out: float = 0.1,
    seed: int = 1,
) -> tuple[Embeddings, Alignment]:
    """Turn the vectors of `b` onto those of `a`.

    A row of `b` is scaled to length 1, the mean of the anchors is taken off, it is turned, the mean
    of the anchors in `a` is added, and it gets its length back.

    Args:
        a: the space to turn onto.
        b: the vectors to turn.
        anchors: pairs of a word of `a` and a word of `b` that should meet; None for all shared
            words that are frequent enough.
        min_count: leave out shared words that are rarer in either; None for 50 where counts are
            known, and for no limit where they are not.
        trim: share of the anchors to leave out, those that fit worst, in five rounds of fitting.
        held_out: share of the anchored words of `b` to keep from the fit, to measure it.
        seed: of the choice of held-out words.
    Returns:
        `b` in the space of `a`, and the fit on the held-out words.
    Raises:
        W2VError: too few anchors.
    """
    if anchors is None:
        pairs = _shared_anchors(a, b, min_count)
        missing = 0
    else:
        pairs = [pair for pair in dict.fromkeys(anchors) if pair[0] in a and pair[1] in b]
        missing = len(dict.fromkeys(anchors)) - len(pairs)
    fitted, tested = _split(pairs, held_out, seed)
    kept, rotation, means = _fit(a, b, fitted, trim)
    turned = (unit_rows(b.vectors) - means[1]) @ rotation + means[0]
    turned *= np.linalg.norm(b.vectors.astype(np.float64), axis=1, keepdims=True)
    result = Embeddings(b.tokens, turned.astype(np.float32), b.counts)
    cosine, first, fifth = _measure(a, result, tested)
    summary = Alignment(
        anchors=len(kept),
        trimmed=len(fitted) - len(kept),
        missing=missing,
        held_out=len({word for _, word in tested}),
        cosine=cosine,
        precision_1=first,
        precision_5=fifth,
        dim=a.dim,
    )
    return result, summary


def read_anchors(path: str | Path) -> list[Pair]:
    """Read word pairs: two words a line, of A and of B, or one word that both share.

    Words are set apart by a tab, or else by spaces; blank lines are passed over.

    Raises:
        W2VError: the file cannot be read, or a line holds another number of words.
    """
    path = Path(path)
    with translated_read_errors(path, "Give a UTF-8 list of words."):
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    pairs = []
    for number, line in enumerate(lines, start=1):
        words = [word.strip() for word in (line.split("\t") if "\t" in line else line.split())]
        if len(words) > 2 or "" in words:
            raise W2VError(
                f"{path}, line {number}: not one or two words: {line[:60]!r}",
                "Each line: a word of A, a word of B; or one word that both know.",
            )
        if words:
            pairs.append((words[0], words[-1]))
    if not pairs:
        raise W2VError(f"{path} holds no words.", "Each line: a word of A, a word of B.")
    return pairs


def _shared_anchors(a: Embeddings, b: Embeddings, min_count: int | None) -> list[Pair]:
    require_counts((a, b), min_count)
    limit = MIN_COUNT if min_count is None else min_count
    words = [word for word in a.tokens if word in b]
    for one in (a, b):
        if (counts := one.counts) is not None:
            words = [word for word in words if counts[one.row(word)] >= limit]
    return [(word, word) for word in words]


def require_counts(sets: Sequence[Embeddings], min_count: int | None) -> None:
    """Raise a W2VError where a smallest count is asked for, and no set of vectors has counts."""
    if min_count is not None and all(one.counts is None for one in sets):
        raise W2VError(
            "These vectors come without counts, so --min-count cannot apply.",
            "Leave it out, or give run directories.",
        )


def _split(pairs: list[Pair], share: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Split anchors into those to fit on and those held out, all pairs of a word of B together."""
    words = list(dict.fromkeys(word for _, word in pairs))
    number = round(share * len(words))
    if number < FEWEST_HELD_OUT or len(words) - number < 2 * FEWEST_HELD_OUT:
        raise W2VError(
            f"{len(words)} words can anchor the two sets of vectors, which leaves {number} to hold "
            "out: too few to fit and to measure the fit.",
            "Lower --min-count, raise --held-out, or give more anchors.",
        )
    drawn = np.random.default_rng(seed).choice(len(words), number, replace=False)
    chosen = {words[i] for i in drawn.tolist()}
    return [p for p in pairs if p[1] not in chosen], [p for p in pairs if p[1] in chosen]


def _fit(
    a: Embeddings, b: Embeddings, pairs: list[Pair], trim: float
) -> tuple[list[Pair], np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return the anchors kept, the rotation, and the mean unit row of the anchors in A and in B."""
    rows_a, rows_b = a.rows(x for x, _ in pairs), b.rows(y for _, y in pairs)
    unit_a, unit_b = unit_rows(a.vectors[rows_a]), unit_rows(b.vectors[rows_b])
    kept = np.arange(len(pairs))
    rounds = _TRIM_ROUNDS if trim else 0
    for step in range(rounds + 1):
        means = unit_a[kept].mean(axis=0), unit_b[kept].mean(axis=0)
        centered_a, centered_b = unit_rows(unit_a - means[0]), unit_rows(unit_b - means[1])
        rotation = best_rotation(centered_b[kept], centered_a[kept])
        if step < rounds:
            fit = np.einsum("id,id->i", centered_b @ rotation, centered_a)
            size = len(pairs) - round(trim * len(pairs) * (step + 1) / rounds)
            kept = np.sort(np.argsort(-fit, kind="stable")[:size])
    return [pairs[i] for i in kept.tolist()], rotation, means


def _measure(a: Embeddings, turned: Embeddings, pairs: list[Pair]) -> tuple[float, float, float]:
    """Return mean cosine, precision at 1 and precision at 5 of held-out pairs."""
    wanted: dict[str, set[str]] = {}
    for word_a, word_b in pairs:
        wanted.setdefault(word_b, set()).add(word_a)
    one, other = a[[x for x, _ in pairs]], turned[[y for _, y in pairs]]
    cosine = np.einsum("id,id->i", unit_rows(one), unit_rows(other)).mean()
    found = a.most_similar_batch(turned[list(wanted)], 5)
    ranked = [[token for token, _ in near] for near in found]
    both = list(zip(wanted.values(), ranked, strict=True))
    first, fifth = (np.mean([bool(right & set(near[:k])) for right, near in both]) for k in (1, 5))
    return float(cosine), float(first), float(fifth)
