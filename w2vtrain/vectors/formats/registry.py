"""The one table of formats: reading tells them by content, writing is whole or not at all.

Commands, `Embeddings.load` and `save`, exports and conversions all go by this table. A new format
is a module of this package, a row here and, if it can be written, its name in
`config.VectorFormat`.
"""

import contextlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2vtrain.errors import W2VError
from w2vtrain.run.files import replace_folder
from w2vtrain.run.stage import MANIFEST, workspace
from w2vtrain.vectors.formats.compressed import open_read
from w2vtrain.vectors.formats.stream import VectorStream, checked

_PROBE_BYTES = 1 << 20  # of a file's start that are looked at to tell its format
_MOST_HEADER = 100_000_000  # bytes of a safetensors header, as in its library


@dataclass(frozen=True)
class Format:
    """One format: its functions, what it writes, and how its files begin.

    Args:
        name: what `--from`, `--to` and `--format` take.
        reader, writer: `module.function` in this package, imported when needed; no reader if the
            format can only be written.
        files: what it writes in a folder of its own: one file, whose ending chooses the format for
            a file to write; or the files of a format that is a folder, the two that tell it first.
        gzip: whether it can be written gzipped.
        counts: whether it has a place for counts.
        magic: the first bytes of its file; empty if only a closer look tells it.
        ngrams: whether it holds rows of n-grams, and only vectors that have them can be written.
    """

    name: str
    reader: str
    writer: str
    files: tuple[str, ...]
    gzip: bool = False
    counts: bool = False
    magic: bytes = b""
    ngrams: bool = False

    @property
    def folder(self) -> bool:
        """Whether it is a folder of files."""
        return len(self.files) > 1

    @property
    def extension(self) -> str:
        """The ending that chooses the format for a file to write; empty if none does."""
        return Path(self.files[0]).suffix if len(self.files) == 1 else ""

    def read(self, path: Path) -> VectorStream:
        """Return the rows in a file or folder of this format; `registry.read` checks them too."""
        return _function(self.reader)(path)

    def write(self, path: Path, stream: VectorStream, **options: Any) -> None:
        """Write the rows to a new file or folder; `registry.write` replaces an old one too."""
        _function(self.writer)(path, stream, **options)


def _function(name: str) -> Any:
    module, _, function = name.partition(".")
    return getattr(importlib.import_module(f"w2vtrain.vectors.formats.{module}"), function)


_PROJECTOR_FILES = (
    *("vectors.tsv", "metadata.tsv"),
    *("projector_config.json", "projector_config.pbtxt"),
)
_STATIC_FILES = ("model.safetensors", "tokenizer.json", "config.json", "modules.json")
_TABLE = (
    Format(
        "word2vec-text", "word2vec.read_text", "word2vec.write_text", ("vectors.txt",), gzip=True
    ),
    Format(
        *("word2vec-binary", "word2vec.read_binary", "word2vec.write_binary", ("vectors.bin",)),
        gzip=True,
    ),
    Format("glove", "glove.read", "glove.write", ("vectors.glove",), gzip=True),
    Format("fasttext-vec", "word2vec.read_text", "word2vec.write_vec", ("vectors.vec",), gzip=True),
    Format(
        *("npy", "npy.read", "npy.write", ("vectors.npy", "vocabulary.tsv")),
        counts=True,
        magic=b"\x93NUMPY",
    ),
    Format(
        *("npz", "npy.read_npz", "npy.write_npz", ("vectors.npz",)),
        counts=True,
        magic=b"PK\x03\x04",
    ),
    Format(
        *("safetensors", "static_embedding.read", "static_embedding.write", _STATIC_FILES),
        counts=True,
    ),
    Format(
        *("parquet", "parquet.read", "parquet.write", ("vectors.parquet",)),
        counts=True,
        magic=b"PAR1",
    ),
    Format("projector", "projector.read", "projector.write", _PROJECTOR_FILES, counts=True),
    Format(
        *("fasttext-bin", "fasttext.read", "fasttext.write", ("vectors.fasttext",)),
        counts=True,
        magic=(793712314).to_bytes(4, "little"),
        ngrams=True,
    ),
    Format("floret", "", "floret.write", ("vectors.floret",), gzip=True, ngrams=True),
    Format(
        "fasttext-compressed",
        *("compressed_subwords.read", "compressed_subwords.write", ("vectors.ftnpz",)),
        counts=True,
        ngrams=True,
    ),
)
FORMATS = {format.name: format for format in _TABLE}


def format_named(name: str, writes: bool = False) -> Format:
    """Return the format called `name`, one that can be read unless `writes`.

    Raises:
        W2VError: there is no such format; the message lists those there are.
    """
    choices = [format.name for format in FORMATS.values() if format.reader or writes]
    if name not in choices:
        why = "cannot be read" if name in FORMATS else "is not known"
        raise W2VError(f"Format {name!r} {why}.", f"Formats: {', '.join(choices)}.")
    return FORMATS[name]


def format_for(path: Path) -> Format:
    """Return the format that the ending of a file to write stands for."""
    ending = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    for format in FORMATS.values():
        if ending and ending == format.extension:
            return format
    endings = ", ".join(f"{f.extension} ({f.name})" for f in FORMATS.values() if f.extension)
    folders = ", ".join(format.name for format in FORMATS.values() if format.folder)
    raise W2VError(
        f"The ending of {path} stands for no format.",
        f"Give --to FORMAT, or one of these endings: {endings}. "
        f"Folders, which have no ending: {folders}.",
    )


def recognize(path: Path) -> Format:
    """Return the format of a file or folder, told by its content; its name plays no part.

    Raises:
        W2VError: the content is of no known format.
    """
    if path.is_dir():
        folders = [format for format in FORMATS.values() if format.folder]
        for format in folders:
            if all((path / file).is_file() for file in format.files[:2]):
                return format
        raise W2VError(
            f"{path} is no run directory, and no folder of vectors that is known.",
            "Expected " + ", or ".join(" and ".join(f.files[:2]) for f in folders) + ".",
        )
    with open_read(path) as file:
        start = file.read(_PROBE_BYTES)
    name = _name_by_bytes(start)
    if name is None:
        raise W2VError(
            f"{path} is empty." if not start else f"{path} holds no vectors in a known format.",
            "Give --from FORMAT if you know it.",
        )
    return FORMATS[name]


def _name_by_bytes(start: bytes) -> str | None:
    from w2vtrain.vectors.formats.glove import numbers_at_end
    from w2vtrain.vectors.formats.text_rows import is_number
    from w2vtrain.vectors.formats.word2vec import parse_header

    if start.startswith(b"PK\x03\x04") and start[30:].startswith(b"ngrams.json"):
        return "fasttext-compressed"
    for format in FORMATS.values():
        if format.magic and start.startswith(format.magic):
            return format.name
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < _MOST_HEADER:
        return "safetensors"
    line, end, rest = start.partition(b"\n")
    cells = line.rstrip(b"\r").split(b"\t")
    if len(cells) > 1 and all(map(is_number, cells)):
        return "projector"
    sizes = parse_header(line + end)
    if sizes is not None:
        # text: a token and numbers, though maybe too few or too many
        row = rest.partition(b"\n")[0]
        cells = row.rstrip(b" \r").split(b" ")[1:]
        text = bool(cells) and (len(cells) == sizes[1] or is_number(cells[0])) and b"\0" not in row
        return "word2vec-text" if text else "word2vec-binary"
    return "glove" if numbers_at_end(line) > 0 and b"\0" not in line else None


def read(path: Path, format: str | None = None) -> VectorStream:
    """Return the vectors in a file or folder, guarded against everything a table may not hold.

    Args:
        path: a file, or the folder of a format that is one.
        format: its format; by default its content tells.
    Raises:
        W2VError: no such file, a format that is not known, or a damaged file; also later, while
            the rows are taken.
    """
    chosen = recognize(path) if format is None else format_named(format)
    return checked(chosen.read(path), str(path))


def write(path: Path, stream: VectorStream, format: str | None = None, **options: Any) -> Format:
    """Write the vectors whole or not at all; what is at `path` stays until then.

    Args:
        options: of the format's own writer.
    Raises:
        W2VError: a token that the format cannot carry, a folder with other files in it, a place
            that cannot be written.
    """
    chosen = format_for(path) if format is None else format_named(format, writes=True)
    if path.suffix == ".gz" and not chosen.gzip:
        packed = ", ".join(f.name for f in FORMATS.values() if f.gzip)
        raise W2VError(f"{chosen.name} is not written gzipped.", f"These can be: {packed}.")
    if chosen.folder:
        require_replaceable(path, chosen)
    elif path.is_dir():
        raise W2VError(f"{path} is a folder, but {chosen.name} is a file.", "Name a file.")
    with placed(path, chosen.folder) as temporary:
        chosen.write(temporary, checked(stream, "The source"), **options)
    return chosen


def require_replaceable(folder: Path, format: Format) -> None:
    """Raise W2VError if `folder` is a file, or holds files that are not of `format`."""
    if not folder.is_dir():
        if folder.exists():
            raise W2VError(f"{folder} is a file, but {format.name} is a folder.", "Name a folder.")
        return
    ours = {*format.files, MANIFEST}
    others = sorted(path.name for path in folder.iterdir() if path.name not in ours)
    if others:
        raise W2VError(
            f"{folder} holds other files ({', '.join(others[:3])}), and the whole folder would be "
            "replaced.",
            "Name a new folder, or an empty one.",
        )


@contextlib.contextmanager
def placed(path: Path, folder: bool) -> Iterator[Path]:
    """Yield a path beside `path`, of the same name, and put what was written there in place."""
    path = path.absolute()
    with workspace(path) as aside:
        yield aside / path.name
        if folder:
            replace_folder(aside / path.name, path)
        else:
            (aside / path.name).replace(path)
