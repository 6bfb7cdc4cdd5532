"""fastText's binary model, read through gensim: its words and their vectors, subwords included."""

from pathlib import Path

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import reading_errors
from w2vtrain.vectors.formats.stream import VectorStream, of_matrix

MAGIC = (793712314).to_bytes(4, "little")


def read(path: Path) -> VectorStream:
    """Returns the words of a fastText model with their vectors and counts.

    Raises:
        W2VError: gensim is not installed, or the file is damaged.
    """
    try:
        from gensim.models.fasttext import load_facebook_vectors
    except ImportError:
        raise W2VError(
            f"{path} is a fastText model, which is read through gensim; it is not installed.",
            "Run `pip install 'w2vtrain[fasttext]'`.",
        ) from None
    with reading_errors(path):
        try:
            model = load_facebook_vectors(str(path))
        # gensim checks little: a damaged file shows as whatever Python object breaks first
        except (ValueError, AssertionError, KeyError, IndexError, MemoryError, OverflowError) as e:
            raise W2VError(f"{path} is damaged, or a fastText model of another kind: {e}") from None
        except (NotImplementedError, UnicodeDecodeError) as e:
            raise W2VError(f"{path} cannot be read: {e}") from None
    tokens = list(model.index_to_key)
    counts = None
    if "count" in model.expandos:
        counts = np.array([model.get_vecattr(token, "count") for token in tokens], np.int64)
    return of_matrix(tokens, np.asarray(model.vectors, np.float32), counts)
