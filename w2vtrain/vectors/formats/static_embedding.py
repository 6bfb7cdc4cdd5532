"""A Hugging Face static embedding: a folder that model2vec and sentence-transformers both load.

`model.safetensors` holds the vectors under the key `embeddings`, model2vec's, which
sentence-transformers takes too. `tokenizer.json` cuts a text at white space and punctuation
(apostrophes inside words stay, and so do hyphens and underscores if tokens have them) and knows
whole words only. It needs a row for unknown words: where the tokens have no `[UNK]`, a row of zeros
is added at the end, and `read` drops it.
"""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import reading_errors
from w2vtrain.vectors.formats.stream import VectorStream, carried, of_matrix

TENSORS = "model.safetensors"
TOKENIZER = "tokenizer.json"
CONFIG, MODULES = "config.json", "modules.json"
UNKNOWN = "[UNK]"
_LETTERS = r"[\p{L}\p{M}\p{N}]+"
_ADDED = "w2vtrain_added_unknown"  # in the file's metadata: the last row is not the user's
_KEYS = ("embeddings", "embedding.weight")
_TYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I64": "<i8"}
_RESERVED = 512  # bytes for the header, which is known only when the rows have been written
_MOST_HEADER = 100_000_000  # as in the safetensors library


def read(path: Path) -> VectorStream:
    """Return the rows of a folder, or of its `model.safetensors`; float32 is memory-mapped."""
    file = path / TENSORS if path.is_dir() else path
    header, start = _read_header(file)
    key = next((key for key in _KEYS if key in header), None)
    if key is None or "mapping" in header:
        raise W2VError(
            f"{file} holds no plain table of embeddings; its keys: {', '.join(header) or 'none'}.",
            f"The table must have the key {' or '.join(_KEYS)}.",
        )
    matrix = _tensor(file, header[key], key, start)
    counts = _tensor(file, header["counts"], "counts", start) if "counts" in header else None
    tokens = _read_tokens(file.parent / TOKENIZER)
    if matrix.ndim != 2 or len(matrix) != len(tokens):
        raise W2VError(
            f"{file}: {key} is of shape {matrix.shape}, but {TOKENIZER} has {len(tokens):,} tokens."
        )
    if header.get("__metadata__", {}).get(_ADDED) == "true":
        tokens, matrix = tokens[:-1], matrix[:-1]
    if counts is not None and (counts.shape != (len(tokens),) or counts.dtype.kind != "i"):
        raise W2VError(f"{file}: `counts` does not hold a whole number for each token.")
    if matrix.dtype != np.float32:
        with np.errstate(over="ignore"):
            matrix = matrix.astype(np.float32)
    return of_matrix(tokens, matrix, counts)


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    """Return the header of a safetensors file and where its data begins."""
    with reading_errors(path), path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\xff"))
        if length > min(_MOST_HEADER, path.stat().st_size):
            raise W2VError(f"{path} is damaged, or is no safetensors file.")
        text = file.read(length)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise W2VError(f"{path} is damaged: its header is not JSON: {error}") from None
    if not isinstance(header, dict) or not all(isinstance(v, dict) for v in header.values()):
        raise W2VError(f"{path} is damaged: its header is not a table of tensors.")
    return header, 8 + length


def _tensor(path: Path, entry: dict[str, Any], key: str, start: int) -> np.ndarray:
    """Return one tensor, memory-mapped, after checking what the header says of it."""
    try:
        dtype, shape = np.dtype(_TYPES[entry["dtype"]]), tuple(map(int, entry["shape"]))
        begin, end = map(int, entry["data_offsets"])
    except (KeyError, TypeError, ValueError):
        raise W2VError(f"{path}: {key} is of a type that is not read: {entry}") from None
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if min((0, begin, *shape)) < 0 or end - begin != size or start + end > path.stat().st_size:
        raise W2VError(
            f"{path}: the header says {key} has shape {shape}, which does not fit the file's "
            f"{path.stat().st_size:,} bytes.",
            "The file is cut short, or its header is wrong.",
        )
    if size == 0:
        raise W2VError(f"{path}: {key} is empty.")
    with reading_errors(path):
        return np.memmap(path, dtype, "r", start + begin, shape)


def _read_tokens(path: Path) -> list[str]:
    """Return the tokens of a tokenizer.json in the order of their ids."""
    with reading_errors(path):
        raw = path.read_bytes()
    try:
        tokenizer = json.loads(raw)
        vocabulary = tokenizer["model"]["vocab"]
        if isinstance(vocabulary, list):  # of [token, score] pairs, as Unigram has it
            ids = {token: place for place, (token, _) in enumerate(vocabulary)}
        else:
            ids = dict(vocabulary)
        ids.update({added["content"]: added["id"] for added in tokenizer.get("added_tokens") or []})
        tokens = sorted(ids, key=ids.__getitem__)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise W2VError(f"{path} is no tokenizer with a vocabulary: {error!r}") from None
    if not all(isinstance(token, str) for token in tokens):
        raise W2VError(f"{path}: its vocabulary holds a token that is no text.")
    if [ids[token] for token in tokens] != list(range(len(tokens))):
        raise W2VError(f"{path}: the ids of its {len(tokens):,} tokens have gaps or occur twice.")
    return tokens


def write(path: Path, stream: VectorStream) -> None:
    """Write the folder's four files; the vectors row by row, the tokens at the end."""
    path.mkdir(parents=True, exist_ok=True)
    tokens: list[str] = []
    counts: list[np.ndarray] = []
    with (path / TENSORS).open("w+b") as file:
        file.write(b" " * (8 + _RESERVED))
        for block in carried(stream, "safetensors", empty=True).blocks:
            file.write(np.ascontiguousarray(block.vectors, "<f4").tobytes())
            tokens.extend(block.tokens)
            if block.counts is not None:
                counts.append(block.counts)
        added = UNKNOWN not in tokens
        if added:
            file.write(b"\0" * (4 * stream.dim))
        if counts:
            file.write(np.concatenate(counts).astype("<i8").tobytes())
        file.seek(0)
        file.write(_header(stream, added))
    _write_tokenizer(path, [*tokens, UNKNOWN] if added else tokens)


def _header(stream: VectorStream, added: bool) -> bytes:
    rows = stream.rows + added
    end = 4 * rows * stream.dim
    header: dict[str, Any] = {
        "embeddings": {"dtype": "F32", "shape": [rows, stream.dim], "data_offsets": [0, end]}
    }
    if stream.has_counts:
        offsets = [end, end + 8 * stream.rows]
        header["counts"] = {"dtype": "I64", "shape": [stream.rows], "data_offsets": offsets}
    header["__metadata__"] = {_ADDED: "true" if added else "false"}
    return struct.pack("<Q", _RESERVED) + json.dumps(header).encode().ljust(_RESERVED)


def _write_tokenizer(path: Path, tokens: list[str]) -> None:
    words = [token for token in tokens if token != UNKNOWN]
    # A hyphen or underscore is a part of words only where the vocabulary has such words.
    joiners = "'’" + "".join(sign for sign in "_-" if any(sign in word for word in words))
    normalizers: list[dict[str, Any]] = []
    if not any("’" in word for word in words):
        normalizers += [{"type": "Replace", "pattern": {"String": "’"}, "content": "'"}]
    if all(word == word.lower() for word in words):
        normalizers += [{"type": "Lowercase"}]
    tokenizer: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": normalizers} if normalizers else None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {
                    "type": "Split",
                    "pattern": {"Regex": f"{_LETTERS}(?:[{joiners}]{_LETTERS})*"},
                    "behavior": "Isolated",
                    "invert": False,
                },
            ],
        },
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {token: row for row, token in enumerate(tokens)},
            "unk_token": UNKNOWN,
        },
    }
    module = {
        "idx": 0,
        "name": "0",
        "path": ".",
        "type": "sentence_transformers.models.StaticEmbedding",
    }
    files = {TOKENIZER: tokenizer, CONFIG: {"normalize": False}, MODULES: [module]}
    for name, content in files.items():
        text = json.dumps(content, ensure_ascii=False) + "\n"
        (path / name).write_text(text, encoding="utf-8")
