"""fastText's binary model, read through gensim: its words and their vectors, subwords included."""

import struct
from pathlib import Path
from typing import IO

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import is_compressed, most_bytes, open_read, reading_errors
from w2vtrain.vectors.formats.stream import VectorStream, of_matrix

MAGIC = (793712314).to_bytes(4, "little")
_NEW_SETTINGS, _OLD_SETTINGS = 56, 48  # bytes, after magic and version or, in old files, dim and ws
_AFTER_WORD = 10  # bytes: NUL, count (int64), kind (int8)
_CHUNK = 1 << 22  # bytes read at once; a longer word means that the place in the file is lost


def read(path: Path) -> VectorStream:
    """Return the words of a fastText model with their vectors and counts.

    Raises:
        W2VError: gensim is not installed, the file is damaged, or it is a quantized or supervised
            model.
    """
    try:
        from gensim.models.fasttext import load_facebook_vectors
    except ImportError:
        raise W2VError(
            f"{path} is a fastText model, which is read through gensim; it is not installed.",
            "Run `pip install 'w2vtrain[fasttext]'`.",
        ) from None
    _check_layout(path)
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


def _check_layout(path: Path) -> None:
    """Refuse what gensim would read forever, or as numbers that mean something else.

    Source: fastText's args.cc, dictionary.cc and densematrix.cc, the `save` functions.
    """
    if is_compressed(path) and path.suffix != ".gz":
        raise W2VError(f"{path} is compressed.", "Decompress it first.")
    with open_read(path) as file:
        new = file.read(4) == MAGIC
        file.read(4 + (_NEW_SETTINGS if new else _OLD_SETTINGS))
        entries, _, labels, _ = _unpacked(file, "<3iq", path)
        if labels > 0:
            raise W2VError(f"{path} is a supervised model, which holds no word vectors alone.")
        pruned = _unpacked(file, "<q", path)[0] if new else 0
        rest = _after_dictionary(file, entries, path)
        rest = (rest + file.read(max(0, 8 * pruned + 17 - len(rest))))[8 * max(0, pruned) :]
        if new and rest[:1] not in (b"", b"\0"):
            raise W2VError(f"{path} is a quantized model.", "Convert the unquantized .bin instead.")
        sizes = rest[new : new + 16]
        rows, dim = struct.unpack("<2q", sizes) if len(sizes) == 16 else (0, 0)
        if min(rows, dim) < 1 or 4 * rows * dim > most_bytes(path):
            raise _damaged(path)
        while is_compressed(path) and file.read(_CHUNK):  # to the end, past the guard against bombs
            pass


def _after_dictionary(file: IO[bytes], entries: int, path: Path) -> bytes:
    """Read past the dictionary's words; return what was read beyond them."""
    data, place = b"", 0
    for _ in range(entries):
        while (end := data.find(b"\0", place)) < 0 or end + _AFTER_WORD > len(data):
            more = file.read(_CHUNK)
            if not more or len(data) - place > _CHUNK:
                raise _damaged(path)
            data, place = data[place:] + more, 0
        place = end + _AFTER_WORD
    return data[place:]


def _unpacked(file: IO[bytes], form: str, path: Path) -> tuple[int, ...]:
    data = file.read(struct.calcsize(form))
    if len(data) < struct.calcsize(form):
        raise _damaged(path)
    return struct.unpack(form, data)


def _damaged(path: Path) -> W2VError:
    return W2VError(f"{path} is damaged or cut short: no fastText model.", "Fetch it again.")
