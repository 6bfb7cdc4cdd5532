"""Which files a bundle's configs name: for TensorBoard, for the page alone, or for an upload."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from w2vtrain.errors import W2VError
from w2vtrain.show.projector.findings import Finding

TENSORBOARD_CONFIG = "projector_config.pbtxt"  # the one name that TensorBoard looks for
PAGE_CONFIG = "projector_config.json"
Viewer = Literal["tensorboard", "page"]


@dataclass(frozen=True)
class Embedding:
    """One tensor of a bundle, as one viewer finds it.

    Args:
        viewer: TensorBoard's server and page, or the page that fetches the files itself.
        config: the name of the config file; empty where the user uploads the files.
        name: the tensor's name.
        shape: (points, dimensions) where the config says it.
        tensor, metadata, bookmarks: the files; None where the config names none.
    """

    viewer: Viewer
    config: str
    name: str
    shape: tuple[int, int] | None
    tensor: Path | None
    metadata: Path | None
    bookmarks: Path | None


def embeddings_of(folder: Path) -> list[Embedding]:
    """Returns every tensor that the configs in `folder` name, or the two TSVs where there is none.

    Raises:
        W2VError: nothing there is a bundle, or a config cannot be read.
    """
    if not folder.is_dir():
        raise W2VError(f"No such folder: {folder}", "Give the folder that holds the bundle.")
    found: list[Embedding] = []
    if (folder / TENSORBOARD_CONFIG).is_file():
        config = _read_pbtxt(folder / TENSORBOARD_CONFIG)
        found += [_embedding(e, "tensorboard", TENSORBOARD_CONFIG, folder) for e in config]
    if (folder / PAGE_CONFIG).is_file():
        config = _read_json(folder / PAGE_CONFIG)
        found += [_embedding(e, "page", PAGE_CONFIG, folder) for e in config]
    if found:
        return found
    tensor = _one_of(folder, "vectors.tsv", "tensors.tsv", "tensor.tsv", "embeddings.tsv")
    if tensor is None:
        raise W2VError(
            f"{folder} holds neither {TENSORBOARD_CONFIG}, {PAGE_CONFIG} nor vectors.tsv.",
            "Make a bundle with `w2v export RUN --format projector`.",
        )
    metadata = _one_of(folder, "metadata.tsv", "labels.tsv", "meta.tsv")
    return [Embedding("page", "", tensor.stem, None, tensor, metadata, None)]


def config_findings(embedding: Embedding, folder: Path) -> Iterator[Finding]:
    """Yields what is wrong with the files that a config names, before any of them is read."""
    if set(embedding.name) & set("&#%+"):
        yield Finding(
            "refused",
            embedding.config,
            None,
            f"tensor name {embedding.name!r} goes into an address as it is: use no & # % or +.",
        )
    if embedding.tensor is None:
        yield Finding(
            "refused", embedding.config, None, f"{embedding.name!r} names no tensor file."
        )
    home = folder.resolve()
    for path in (embedding.tensor, embedding.metadata, embedding.bookmarks):
        if path is None:
            continue
        if not path.is_file():
            yield Finding("refused", embedding.config, None, f"names {path}, which is no file.")
        elif embedding.viewer == "tensorboard" and not path.resolve().is_relative_to(home):
            yield Finding(
                "refused",
                embedding.config,
                None,
                f"names {path}; TensorBoard reads nothing outside the config's folder.",
            )


def _embedding(entry: dict[str, Any], viewer: Viewer, config: str, folder: Path) -> Embedding:
    def path(key: str) -> Path | None:
        return folder / str(entry[key]) if entry.get(key) else None

    shape = [int(n) for n in entry.get("tensorShape", [])]
    tensor = path("tensorPath")
    return Embedding(
        viewer=viewer,
        config=config,
        name=str(entry.get("tensorName") or (tensor.name if tensor else "")),
        shape=(shape[0], shape[1]) if len(shape) == 2 else None,
        tensor=tensor,
        metadata=path("metadataPath"),
        bookmarks=path("bookmarksPath"),
    )


def _read_pbtxt(path: Path) -> list[dict[str, Any]]:
    from google.protobuf import json_format, text_format
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    try:
        config = text_format.Parse(path.read_text(encoding="utf-8"), ProjectorConfig())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise W2VError(
            f"{path} is no Projector config: {error}", "Export the bundle anew."
        ) from None
    return list(json_format.MessageToDict(config).get("embeddings", []))


def _read_json(path: Path) -> list[dict[str, Any]]:
    try:
        embeddings = json.loads(path.read_bytes())["embeddings"]
        if not all(isinstance(entry, dict) for entry in embeddings):
            raise TypeError("an embedding is not an object")
    except (ValueError, KeyError, TypeError) as error:
        raise W2VError(
            f"{path} is no Projector config: {error!r}", "Export the bundle anew."
        ) from None
    return list(embeddings)


def _one_of(folder: Path, *names: str) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)
