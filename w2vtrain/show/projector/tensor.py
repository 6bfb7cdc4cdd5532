"""The `.bytes` form of a tensor: a fifth of a TSV, and read at once.

TensorBoard has no setting that says which form a `tensor_path` has: it reads the file as TSV, line
by line, and takes it for raw float32 only where a line is not UTF-8. So a few tensors (about one
in a hundred) fail there: those whose first bytes happen to be text up to a line end. The page
outside TensorBoard goes by the name's ending and reads them all.
"""

from pathlib import Path

import numpy as np

BYTES_FILE = "vectors.bytes"


def write_bytes(path: Path, vectors: np.ndarray) -> None:
    """Writes raw little-endian float32, row by row, without a header.

    Args:
        path: the file; the page asks that its name end in `.bytes`.
        vectors: float array, shape `(tokens, dim)`; may be memory-mapped.
    """
    np.ascontiguousarray(vectors, dtype="<f4").tofile(path)


def tensorboard_reads_bytes(path: Path) -> bool:
    """Returns whether TensorBoard takes the file for raw float32, as it is meant.

    It does where a line is not UTF-8, if every line before it is empty or numbers in text.
    """
    with path.open("rb") as file:
        for line in file:
            try:
                text = line.decode("utf-8").rstrip("\n")
                [float(cell) for cell in text.split("\t") if text]
            except UnicodeDecodeError:
                return True
            except ValueError:
                return False
    return False
