"""Vectors apart from the trainer that made them: tokens, a matrix, and questions to them.

The conventions are gensim's, so that its users get the numbers they know: cosines of unit vectors,
the mean of unit vectors for lists of words, and the words of a question never among its answers.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from w2vtrain.config import DEFAULT_POOLING, Normalize, Pooling
from w2vtrain.corpus.normalization import normalize_text
from w2vtrain.corpus.subword_units import BEGIN, WordCutter, splitting_of
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory, is_run
from w2vtrain.run.stage import MANIFEST, read_manifest, reading
from w2vtrain.vectors import search
from w2vtrain.vectors.results import Results, html_table
from w2vtrain.vectors.sentences import TextEncoder
from w2vtrain.vectors.subwords import Subwords

if TYPE_CHECKING:
    import pandas as pd

Query = str | np.ndarray
Neighbors = Results[tuple[str, float]]  # tokens with their cosines or scores, best first
Method = Literal["3cosadd", "3cosmul"]
COSINE_COLUMNS = ("token", "cosine")
_SHOWN_ROWS = 5  # of a notebook's view of the vectors


class Embeddings:
    """Tokens and their vectors, row by row, most frequent first where counts are known.

    Args:
        tokens: distinct texts.
        vectors: float array, shape `(tokens, dim)`, finite; kept as float32; may be memory-mapped.
        counts: int64 array, shape `(tokens,)`, or None where unknown.
        subwords: rows of n-grams, from which words that are no token get vectors; or None.
    Raises:
        W2VError: a token has two rows or is no text, the shapes do not fit, or a number is NaN or
            infinite.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        vectors: np.ndarray,
        counts: np.ndarray | None = None,
        subwords: Subwords | None = None,
    ) -> None:
        self.subwords = subwords
        self.tokens = tuple(tokens)
        self.vectors = _checked_vectors(vectors, len(self.tokens))
        self.counts = None if counts is None else _checked_counts(counts, len(self.tokens))
        if not all(isinstance(token, str) for token in self.tokens):
            other = next(token for token in self.tokens if not isinstance(token, str))
            raise W2VError(f"Token {other!r} is no text.", "Give tokens as str.")
        self._rows = {token: row for row, token in enumerate(self.tokens)}
        if len(self._rows) != len(self.tokens):
            row = next(i for i, token in enumerate(self.tokens) if self._rows[token] != i)
            raise W2VError(
                f"Token {self.tokens[row]!r} has two vectors, "
                f"in rows {row} and {self._rows[self.tokens[row]]}.",
                "Keep one row a token.",
            )
        norms = search.row_norms(self.vectors)
        if not np.isfinite(norms).all():
            row = int(np.argmin(np.isfinite(norms)))
            raise W2VError(
                f"The vector of {self.tokens[row]!r} (row {row}) holds NaN or infinity.",
                "Vectors must be finite numbers that fit float32.",
            )
        self._scales = search.scales_of(norms)
        self.run: Path | None = None  # the run directory that they were loaded from
        self.cutter: WordCutter | None = None  # of a run whose tokens are subword units
        self._normalize: Normalize = "nfc"  # of words that are asked for

    @classmethod
    def load(
        cls, path: str | Path, format: str | None = None, vocabulary_only: bool = False
    ) -> "Embeddings":
        """Return the vectors of a run directory, or of a file or folder of any known format.

        Args:
            path: where they are.
            format: its name, as `--from` takes it; by default the content tells.
            vocabulary_only: make no words from n-grams or subword units, so that only the
                vocabulary has vectors.
        Raises:
            W2VError: nothing there, a run without training, an unknown format or a damaged file.
        """
        from w2vtrain.vectors.formats import registry, stream

        run = RunDirectory(Path(path))
        if format is None and is_run(run.root):
            with reading(run.model):
                read_manifest(run.model, made_by=f"w2v train {path}")
                embeddings = cls.load(run.model, "npy", vocabulary_only)
            embeddings.run = run.root
            embeddings._follow(run, vocabulary_only)
            return embeddings
        table = registry.read(Path(path), format)
        return cls(*stream.collect(table), None if vocabulary_only else table.subwords)

    def _follow(self, run: RunDirectory, vocabulary_only: bool) -> None:
        """Take words that are asked for as the text of the run was taken."""
        if not (run.corpus / MANIFEST).exists():
            return
        config, units = splitting_of(run)
        self._normalize = config.normalize
        if units is not None and not vocabulary_only:
            units.require(self.tokens, run.subword_units)
            self.cutter = WordCutter(units, config)

    def save(self, path: str | Path, format: str | None = None) -> None:
        """Write the vectors to a file or folder, whole or not at all.

        Args:
            path: where to.
            format: its name, as `--to` takes it; by default the ending tells.
        Raises:
            W2VError: a token that the format cannot carry, or a place that cannot be written.
        """
        from w2vtrain.vectors.formats import registry, stream

        table = stream.of_matrix(self.tokens, self.vectors, self.counts)
        registry.write(Path(path), dataclasses.replace(table, subwords=self.subwords), format)

    def to_keras(self, **options: Any) -> tuple[Any, Any]:
        """Return Keras layers, texts to ids and ids to vectors: see `keras_layers.to_keras`."""
        from w2vtrain.vectors.keras_layers import to_keras

        return to_keras(self.tokens, self.vectors, run=self.run, subwords=self.subwords, **options)

    def text_encoder(self, pooling: Pooling = DEFAULT_POOLING) -> TextEncoder:
        """Return what turns texts into vectors, to be used many times; see `embed`."""
        return TextEncoder(self.tokens, self.vectors, self.counts, pooling, self.run)

    def embed(self, texts: Sequence[str], pooling: Pooling = DEFAULT_POOLING) -> np.ndarray:
        """Return a vector for each sentence or document, to be compared by cosine.

        A text is tokenized as the text of the run was that these vectors were loaded from, or as
        `TextEncoder` says; words that have no vector are passed over.

        Args:
            texts: sentences or documents.
            pooling: `mean` of the words' vectors, `sif`, which weighs frequent words less, or
                `zipfian-whitening`; see `sentences.pooled_vectors`.
        Returns:
            float32 array, shape `(texts, dim)`; zeros for a text without a known word.
        Raises:
            W2VError: the pooling needs counts, and there are none.
        """
        if isinstance(texts, str):
            raise W2VError("Received one text where a list is needed.", "Give [text].")
        return self.text_encoder(pooling).encode(texts)

    def __repr__(self) -> str:
        first = ", ".join(map(repr, self.tokens[:3])) + (", …" if len(self) > 3 else "")
        counts = "no counts" if self.counts is None else "with counts"
        return f"Embeddings({len(self):,} tokens, dim {self.dim}, {counts}: {first})"

    def _repr_html_(self) -> str:
        """Return the most frequent tokens and their neighbors, for a notebook."""
        tokens = self.tokens[:_SHOWN_ROWS]
        near = [", ".join(t for t, _ in found) for found in self.most_similar_batch(tokens, k=5)]
        counts = [] if self.counts is None else [("count", self.counts[: len(tokens)].tolist())]
        columns, cells = zip(("token", tokens), *counts, ("nearest", near), strict=True)
        title = f"{len(self):,} tokens, {self.dim} numbers each; the first {len(tokens)}:"
        return f"<p>{title}</p>{html_table(columns, zip(*cells, strict=True))}"

    def to_pandas(self) -> "pd.DataFrame":
        """Return the vectors as a `pandas.DataFrame`: the tokens are its index."""
        import pandas as pd

        return pd.DataFrame(self.vectors, index=pd.Index(self.tokens, name="token"))

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return isinstance(token, str) and self._row_of(token) is not None

    def _row_of(self, word: str) -> int | None:
        """Return the row of a token, or of the one that a word is in this text."""
        row = self._rows.get(word)
        return self._rows.get(self.token_of(word)) if row is None else row

    def token_of(self, word: str) -> str:
        """Return the token that a word is in the text: normalized, or its only subword unit.

        A word that has several units is returned as it is.
        """
        if self.cutter is None:
            return word if word in self._rows else normalize_text(word, self._normalize)
        units = self.cutter.units(word)
        return units[0] if len(units) == 1 else word

    @overload
    def __getitem__(self, token: str) -> np.ndarray: ...
    @overload
    def __getitem__(self, token: Sequence[str]) -> np.ndarray: ...
    def __getitem__(self, token: str | Sequence[str]) -> np.ndarray:
        """Return the vector of a token, shape `(dim,)`, or of a list, shape `(tokens, dim)`.

        With `subwords` a word that is no token gets the mean of its n-grams' rows; in a run whose
        tokens are subword units the mean of its units'.

        Raises:
            W2VError: the word is no token, and cannot be made from n-grams or units.
        """
        if not isinstance(token, str):
            if any(one not in self for one in token):
                return np.stack([self[one] for one in token])
            return self.vectors[self.rows(token)]
        if not self.makes_words or token in self:
            return self.vectors[self.row(token)]
        made = self.make([token])[0]
        if not made.any():
            parts = "n-grams" if self.subwords is not None else "units"
            raise W2VError(
                f"{token!r} is not in the vocabulary, and none of its {parts} has a vector.",
                suggest_spellings(token, self._rows),
            )
        return made

    @property
    def makes_words(self) -> bool:
        """Whether words that are no token can get a vector."""
        return self.subwords is not None or self.cutter is not None

    def make(self, words: Sequence[str]) -> np.ndarray:
        """Return vectors of words that are no token, from their n-grams or subword units.

        Returns:
            float32 array, shape `(words, dim)`; zeros for a word that cannot be made.
        """
        made = np.zeros((len(words), self.dim), np.float32)
        if self.subwords is not None:
            return self.subwords.vectors_of(words)
        for place, word in enumerate(words if self.cutter is not None else ()):
            units = [unit for unit in self.units(word) if unit in self._rows]
            if units not in ([], [BEGIN]):  # which is all that is known of foreign letters
                made[place] = self[units].mean(axis=0)
        return made

    def units(self, word: str) -> list[str]:
        """Return the subword units that a word is cut into; of other vectors the word itself."""
        if self.cutter is None or (word in self._rows and self.token_of(word) == word):
            return [word]
        return self.cutter.units(word)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The tokens as words of a text are spelled; empty for units inside of words."""
        if self.cutter is None:
            return self.tokens
        return tuple(t.removeprefix(BEGIN) if t.startswith(BEGIN) else "" for t in self.tokens)

    def made_from_ngrams(self, words: Iterable[str]) -> list[str]:
        """Return those of `words` that are not in the vocabulary, each once."""
        return list(dict.fromkeys(word for word in words if word not in self))

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return int(self.vectors.shape[1])

    def row(self, token: str) -> int:
        """Return the row of `token`.

        Raises:
            W2VError: the word is not in the vocabulary; the hint offers the nearest spellings.
        """
        row = self._row_of(token) if isinstance(token, str) else None
        if row is None:
            raise W2VError(
                f"{token!r} is not in the vocabulary of {len(self):,} tokens.",
                suggest_spellings(str(token), self._rows),
            )
        return row

    def rows(self, tokens: Iterable[str]) -> list[int]:
        """Return the rows of several tokens."""
        return [self.row(token) for token in tokens]

    def count(self, token: str) -> int | None:
        """Return how often a token occurs in the text; None where counts are unknown."""
        return None if self.counts is None else int(self.counts[self.row(token)])

    def _known_rows(self, words: Iterable[str]) -> list[int]:
        """Return the rows of words, or of the subword units that they are made of."""
        tokens = (t for word in words for t in ([word] if word in self else self.units(word)))
        return [row for token in tokens if (row := self._row_of(token)) is not None]

    @cached_property
    def normalized(self) -> np.ndarray:
        """float32 array, shape `(tokens, dim)`: rows of length 1; a zero row stays zero."""
        return self.vectors * self._scales[:, np.newaxis]

    def unit(self, token: str) -> np.ndarray:
        """Return the vector of `token` at length 1: float32, shape `(dim,)`."""
        row = self._row_of(token)
        return _unit(self[token]) if row is None else self.vectors[row] * self._scales[row]

    def most_similar(
        self,
        positive: Query | Sequence[Query] = (),
        negative: Query | Sequence[Query] = (),
        k: int = 10,
        restrict_vocabulary: int | None = None,
    ) -> Neighbors:
        """Return the `k` nearest tokens with their cosines, best first, without those asked.

        Args:
            positive: a word, a vector, or a list of them.
            negative: a word, a vector, or a list of them, which count against.
            k: how many.
            restrict_vocabulary: look at the first so many rows only.
        Raises:
            W2VError: an unknown word, a vector of another length, or nothing asked.
        """
        mean, asked = self.question(positive, negative)
        end = _limit(restrict_vocabulary, len(self))
        scores = (self.vectors[:end] @ mean) * self._scales[:end]
        return self._best(scores, asked, k, COSINE_COLUMNS)

    def most_similar_batch(
        self,
        queries: Sequence[str] | np.ndarray,
        k: int = 10,
        restrict_vocabulary: int | None = None,
        exclude: Sequence[Iterable[int]] | None = None,
    ) -> list[Neighbors]:
        """Return for each query its `k` nearest tokens, as `most_similar` does, but many at once.

        Args:
            queries: words, or a float array, shape `(queries, dim)`.
            k: how many.
            restrict_vocabulary: look at the first so many rows only.
            exclude: for each query the rows left out; by default a word's own row.
        """
        if isinstance(queries, np.ndarray):
            matrix = self._fitting(queries, 2)
            own = [set[int]() for _ in matrix]
        else:
            matrix = self[queries]
            own = [set(self._known_rows([word])) for word in queries]
        left_out = own if exclude is None else [*map(set, exclude)]
        if len(left_out) != len(matrix):
            raise W2VError(f"{len(matrix)} queries, but `exclude` is for {len(left_out)}.")
        matrix = search.unit_rows(matrix)
        end = _limit(restrict_vocabulary, len(self))
        wanted = k + max(map(len, left_out), default=0) if k > 0 else 0
        found, scores = search.nearest(self.vectors[:end], self._scales[:end], matrix, wanted)
        answers = zip(found.tolist(), scores.tolist(), left_out, strict=True)
        return [self.named(rows, cosines, out, k) for rows, cosines, out in answers]

    def named(
        self, rows: Sequence[int], cosines: Sequence[float], left_out: set[int], k: int
    ) -> Neighbors:
        """Return tokens and cosines of the first `k` of `rows` that are not in `left_out`."""
        pairs = zip(rows, cosines, strict=True)
        kept = [(self.tokens[row], cosine) for row, cosine in pairs if row not in left_out]
        return Results(kept[:k], COSINE_COLUMNS)

    def analogy(
        self,
        a: str,
        b: str,
        c: str,
        k: int = 1,
        method: Method = "3cosadd",
        restrict_vocabulary: int | None = None,
    ) -> Neighbors:
        """Return the `k` best answers, with their scores, to "a is to b as c is to ?".

        Source: 3CosAdd and 3CosMul are equations (3) and (4) of Levy and Goldberg 2014,
        "Linguistic Regularities in Sparse and Explicit Word Representations".

        Args:
            a, b, c: words; `analogy("man", "king", "woman")` asks for the queen.
            method: "3cosadd" (cosine with b - a + c) or "3cosmul" (a ratio, not a cosine).
        """
        if method == "3cosadd":
            return self.most_similar([b, c], [a], k, restrict_vocabulary)
        if method != "3cosmul":
            raise W2VError(f"Unknown method {method!r}.", "Choose 3cosadd or 3cosmul.")
        end = _limit(restrict_vocabulary, len(self))
        scores = search.cosmul(
            self.vectors[:end],
            self._scales[:end],
            np.stack([self.unit(b), self.unit(c)]),
            self.unit(a)[np.newaxis],
        )
        return self._best(scores, self._known_rows([a, b, c]), k, ("token", "score"))

    def similarity(self, a: str, b: str) -> float:
        """Return the cosine of two tokens' vectors; 0 where one of them is a zero vector."""
        return float(np.dot(self.unit(a), self.unit(b)))

    def odd_one_out(self, words: Sequence[str]) -> Neighbors:
        """Return the words with their cosine to the mean of all, the odd one first."""
        if isinstance(words, str) or len(words) < 2:
            raise W2VError(f"Received {words!r}: too few words.", "Give three words or more.")
        units = np.stack([self.unit(word) for word in words])
        scores = units @ _unit(units.mean(axis=0))
        ranked = sorted(zip(words, scores.tolist(), strict=True), key=lambda pair: pair[1])
        return Results(ranked, ("token", "cosine to the mean"))

    def question(
        self, positive: Query | Sequence[Query], negative: Query | Sequence[Query] = ()
    ) -> tuple[np.ndarray, list[int]]:
        """Return the vector that a question stands for, and the rows of its words.

        The vector is the mean, scaled to length 1, of words at length 1 and of vectors as they are.
        """
        plus, minus = _listed(positive), _listed(negative)
        if not plus + minus:
            raise W2VError("Nothing was asked.", "Give a word, a vector, or a list of them.")
        terms = [self.unit(q) if isinstance(q, str) else self._fitting(q, 1) for q in plus + minus]
        signs = np.array([1] * len(plus) + [-1] * len(minus), np.float32)
        rows = self._known_rows(item for item in plus + minus if isinstance(item, str))
        return _unit(signs @ np.stack(terms)), rows

    def _best(
        self, scores: np.ndarray, left_out: Sequence[int], k: int, columns: Sequence[str]
    ) -> Neighbors:
        rows = search.best(scores, k + len(set(left_out)) if k > 0 else 0)
        kept = [row for row in rows.tolist() if row not in left_out][:k]
        return Results(((self.tokens[row], float(scores[row])) for row in kept), columns)

    def _fitting(self, query: np.ndarray, axes: int) -> np.ndarray:
        vector = np.asarray(query, np.float32)
        if vector.ndim != axes or vector.shape[-1] != self.dim or not np.isfinite(vector).all():
            raise W2VError(
                f"A query of shape {vector.shape} does not fit vectors of {self.dim} numbers.",
                "Give finite vectors of the same length.",
            )
        return vector


def suggest_spellings(word: str, vocabulary: Mapping[str, int]) -> str:
    """Return a hint that names the spellings in the vocabulary nearest to `word`.

    Other capitals come first, then what differs by the fewest letters.
    """
    from rapidfuzz import fuzz, process

    forms = [form for form in (word.lower(), word.title(), word.upper()) if form in vocabulary]
    near = process.extract(word, vocabulary.keys(), scorer=fuzz.ratio, limit=3, score_cutoff=60)
    spellings = list(dict.fromkeys([*forms, *(token for token, *_ in near)]))[:3]
    if not spellings:
        return "No token of the vocabulary is spelled like it."
    return f"Did you mean {' or '.join(map(repr, spellings))}?"


def _listed(query: Query | Sequence[Query]) -> list[Query]:
    if isinstance(query, str) or (isinstance(query, np.ndarray) and query.ndim == 1):
        return [query]
    return list(query)


def _unit(vector: np.ndarray) -> np.ndarray:
    """Return `vector` at length 1 as float32, or zeros for a zero vector."""
    length = float(np.linalg.norm(vector.astype(np.float64)))
    return (vector / (length or 1)).astype(np.float32)


def _limit(restrict: int | None, rows: int) -> int:
    if restrict is not None and restrict < 1:
        raise W2VError(f"restrict_vocabulary is {restrict}.", "Give a number of rows, 1 or more.")
    return rows if restrict is None else min(restrict, rows)


def _checked_vectors(vectors: np.ndarray, rows: int) -> np.ndarray:
    if vectors.ndim != 2 or len(vectors) != rows or rows == 0 or vectors.shape[1] == 0:
        raise W2VError(
            f"{rows} tokens do not fit vectors of shape {vectors.shape}.",
            "Give one row a token, at least one row, and at least one number a row.",
        )
    if vectors.dtype.kind not in "fiu":
        raise W2VError(f"Vectors of type {vectors.dtype} are not numbers.", "Give float32.")
    if vectors.dtype == np.float32:
        return vectors
    with np.errstate(over="ignore"):
        return vectors.astype(np.float32)


def _checked_counts(counts: np.ndarray, rows: int) -> np.ndarray:
    array = np.asarray(counts)
    if array.shape != (rows,) or array.dtype.kind not in "iu" or (array < 0).any():
        raise W2VError(f"Counts of shape {array.shape} do not fit {rows} tokens.", "One a token.")
    return array.astype(np.int64)
