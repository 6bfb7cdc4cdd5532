"""Turning one space of vectors onto another, so that vectors of two trainings can be compared.

Two trainings give spaces that differ by a rotation even where they say the same. The rotation that
brings the shared words closest together is found by orthogonal Procrustes analysis. Rows are scaled
to length 1, centered, and scaled again before: centering takes out the direction that all words of
a space have in common, which would make every word look unmoved.

Source: Hamilton, Leskovec and Jurafsky, Diachronic Word Embeddings Reveal Statistical Laws of
Semantic Change (ACL 2016), section 3.2, for the alignment; Schlechtweg et al., A Wind of Change
(ACL 2019), for mean-centering before it.
"""

import numpy as np


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


def aligned_cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the cosine of each row of `a` with the same row of `b` turned onto `a`.

    Source: Schönemann, A generalized solution of the orthogonal Procrustes problem (Psychometrika
    31, 1966). The narrower of two matrices is widened with zeros.

    Args:
        a, b: float arrays, shape `(tokens, dim)`; the dims may differ.
    Returns:
        float64 array, shape `(tokens,)`.
    """
    from scipy.linalg import orthogonal_procrustes

    dim = max(a.shape[1], b.shape[1])
    a, b = (np.pad(centered_rows(x), ((0, 0), (0, dim - x.shape[1]))) for x in (a, b))
    rotation, _ = orthogonal_procrustes(b, a)
    return np.einsum("id,id->i", b @ rotation, a)
