"""The table of formats, and the two ways through it: read by content, write whole or not at all."""

import contextlib
import importlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2vtrain.errors import W2VError
from w2vtrain.run.stage import replace_folder, translated_os_errors
from w2vtrain.vectors.formats.recognise import recognise
from w2vtrain.vectors.formats.stream import VectorStream, checked


@dataclass(frozen=True)
class Format:
    """One format: a module of this package with `read` and, unless it is read only, `write`.

    Args:
        name: what `--from` and `--to` take.
        module: its module, imported when it is needed.
        extensions: endings that choose it for a file to write, `.gz` left off.
        folder: whether it is a folder of files.
        gzip: whether it can be written gzipped.
        writes: whether it can be written.
        counts: whether it has a place for counts.
    """

    name: str
    module: str
    extensions: tuple[str, ...] = ()
    folder: bool = False
    gzip: bool = False
    writes: bool = True
    counts: bool = False

    def load(self) -> Any:
        """Returns the format's module."""
        return importlib.import_module(f"w2vtrain.vectors.formats.{self.module}")


FORMATS = {
    format.name: format
    for format in (
        Format("word2vec-text", "word2vec_text", (".txt",), gzip=True),
        Format("word2vec-binary", "word2vec_binary", (".bin",), gzip=True),
        Format("glove", "glove", (".glove",), gzip=True),
        Format("fasttext-vec", "fasttext_vec", (".vec",), gzip=True),
        Format("npy", "npy", folder=True, counts=True),
        Format("npz", "npz", (".npz",), counts=True),
        Format("safetensors", "static_embedding", folder=True, counts=True),
        Format("parquet", "parquet", (".parquet",), counts=True),
        Format("projector", "projector", folder=True, counts=True),
        Format("fasttext-bin", "fasttext_bin", writes=False, counts=True),
    )
}


def named(name: str, writes: bool = False) -> Format:
    """Returns the format called `name`, one that can be written if `writes`.

    Raises:
        W2VError: there is no such format; the message lists those there are.
    """
    choices = [format.name for format in FORMATS.values() if format.writes or not writes]
    if name not in choices:
        verb = "written" if writes else "read"
        why = f"cannot be {verb}" if name in FORMATS else "is not known"
        raise W2VError(f"Format {name!r} {why}.", f"Formats: {', '.join(choices)}.")
    return FORMATS[name]


def format_for(path: Path) -> Format:
    """Returns the format that the ending of a file to write stands for."""
    ending = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    for format in FORMATS.values():
        if ending in format.extensions:
            return format
    endings = ", ".join(f"{e} ({f.name})" for f in FORMATS.values() for e in f.extensions)
    raise W2VError(
        f"The ending of {path} stands for no format.",
        f"Give --to FORMAT, or one of these endings: {endings}. "
        "Folders, which have no ending: npy, safetensors, projector.",
    )


def read(path: Path, format: str | None = None) -> VectorStream:
    """Returns the vectors in a file or folder, guarded against everything a table may not hold.

    Args:
        path: a file, or the folder of a format that is one.
        format: its format; by default its content tells.
    Raises:
        W2VError: no such file, a format that is not known, or a damaged file; also later, while
            the rows are taken.
    """
    name = format if format is not None else recognise(path)
    return checked(named(name).load().read(path), str(path))


def write(path: Path, stream: VectorStream, format: str | None = None) -> Format:
    """Writes the vectors whole or not at all; what stood at `path` stays until then.

    Raises:
        W2VError: a token that the format cannot carry, a folder with other files in it, a place
            that cannot be written.
    """
    chosen = format_for(path) if format is None else named(format, writes=True)
    module = chosen.load()
    _check_place(path, chosen, getattr(module, "FILES", ()))
    with _placed(path, chosen.folder) as temporary:
        module.write(temporary, checked(stream, "The source"))
    return chosen


def _check_place(path: Path, format: Format, files: tuple[str, ...]) -> None:
    if path.suffix == ".gz" and not format.gzip:
        packed = ", ".join(f.name for f in FORMATS.values() if f.gzip)
        raise W2VError(f"{format.name} is not written gzipped.", f"These can be: {packed}.")
    if not format.folder:
        if path.is_dir():
            raise W2VError(f"{path} is a folder, but {format.name} is a file.", "Name a file.")
        return
    if path.is_dir():
        others = sorted(p.name for p in path.iterdir() if p.name not in {*files, "manifest.json"})
        if others:
            raise W2VError(
                f"{path} holds other files ({', '.join(others[:3])}), which would go.",
                "Name a new folder, or an empty one.",
            )
    elif path.exists():
        raise W2VError(f"{path} is a file, but {format.name} is a folder.", "Name a folder.")


@contextlib.contextmanager
def _placed(path: Path, folder: bool) -> Iterator[Path]:
    """Yields a path beside `path`, of the same name, and puts what was written there in place."""
    path = path.absolute()
    with translated_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        try:
            yield aside / path.name
            if folder:
                replace_folder(aside / path.name, path)
            else:
                (aside / path.name).replace(path)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
