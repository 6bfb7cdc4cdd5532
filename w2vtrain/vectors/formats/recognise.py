"""Which format a file or folder is in, told by its content; its name plays no part."""

from pathlib import Path

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import open_read

PROBE = 1 << 20  # bytes of a file's start that are looked at

# A folder is told by the files in it.
_FOLDERS = {
    "projector": ("vectors.tsv", "metadata.tsv"),
    "npy": ("vectors.npy", "vocabulary.tsv"),
    "safetensors": ("model.safetensors", "tokenizer.json"),
}
_MAGIC = {
    b"\x93NUMPY": "npy",
    b"PK\x03\x04": "npz",
    b"PAR1": "parquet",
    (793712314).to_bytes(4, "little"): "fasttext-bin",
}


def recognise(path: Path) -> str:
    """Returns the name of the format that `path` is in.

    Raises:
        W2VError: the content is of no known format.
    """
    if path.is_dir():
        for name, files in _FOLDERS.items():
            if all((path / file).is_file() for file in files):
                return name
        raise W2VError(
            f"{path} is no run directory, and no folder of vectors that is known.",
            "Expected " + ", or ".join(" and ".join(files) for files in _FOLDERS.values()) + ".",
        )
    with open_read(path) as file:
        start = file.read(PROBE)
    known = _of_bytes(start)
    if known is None:
        raise W2VError(
            f"{path} is empty." if not start else f"{path} holds no vectors in a known format.",
            "Give --from FORMAT if you know it.",
        )
    return known


def _of_bytes(start: bytes) -> str | None:
    from w2vtrain.vectors.formats.glove import numbers_at_end
    from w2vtrain.vectors.formats.text_rows import is_number
    from w2vtrain.vectors.formats.word2vec_text import read_header

    for magic, name in _MAGIC.items():
        if start.startswith(magic):
            return name
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 100_000_000:
        return "safetensors"
    line, end, rest = start.partition(b"\n")
    second = rest.partition(b"\n")[0]
    sizes = read_header(line + end)
    if sizes is not None:
        return "word2vec-text" if _is_row(second, sizes[1]) else "word2vec-binary"
    cells = line.rstrip(b"\r").split(b"\t")
    if len(cells) > 1 and all(map(is_number, cells)):
        return "projector"
    return "glove" if numbers_at_end(line) > 0 and b"\0" not in line else None


def _is_row(line: bytes, dim: int) -> bool:
    """Returns whether a line is text: a token and numbers, though maybe too few or too many."""
    from w2vtrain.vectors.formats.text_rows import is_number

    cells = line.rstrip(b" \r").split(b" ")[1:]
    return bool(cells) and (len(cells) == dim or is_number(cells[0])) and b"\0" not in line
