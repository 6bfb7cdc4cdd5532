"""Spool provisional ids while the text is read; write token ids and boundaries afterwards."""

import os
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from w2vtrain.corpus.vocabulary import OOV_ID

# NumPy reads the header of a .npy file as Python's own syntax, and lets whatever goes wrong there
# through.
HEADER_ERRORS = (
    *(ValueError, TypeError, EOFError, OverflowError, MemoryError, RecursionError),
    *(SyntaxError, tokenize.TokenError),
)
_NPY_HEADER = 128  # bytes; what NumPy writes for any one-dimensional array


class Frame(NamedTuple):
    """A part of a text in ids.

    Args:
        ids: int32 array, shape `(tokens,)`.
        lengths: int64 array, shape `(units,)`: tokens in each unit; their sum is `tokens`.
        ends: False when the last unit goes on in the next frame.
    """

    ids: np.ndarray
    lengths: np.ndarray
    ends: bool


class TokenSpool:
    """Keep provisional ids and unit lengths on disk, in the order of the text.

    Args:
        folder: where the two temporary files lie; `close` removes them.
        name: of the files.

    Attributes:
        tokens: how many there are.
    """

    def __init__(self, folder: Path, name: str = "provisional") -> None:
        self.tokens = 0
        self._paths = (folder / f"{name}_ids.tmp", folder / f"{name}_lengths.tmp")
        self._ids, self._lengths = (path.open("w+b") for path in self._paths)
        self._frames: list[tuple[int, int, bool]] = []  # tokens, units, does the last unit end

    def append(self, ids: np.ndarray, lengths: np.ndarray, ends: bool) -> None:
        """Add a frame."""
        self._ids.write(ids.astype(np.int32, copy=False).data)
        self._lengths.write(lengths.astype(np.int64, copy=False).data)
        self._frames.append((len(ids), len(lengths), ends))
        self.tokens += len(ids)

    def frames(self) -> Iterator[Frame]:
        """Yield the frames that were added."""
        self._ids.seek(0)
        self._lengths.seek(0)
        for tokens, units, ends in self._frames:
            ids = _read(self._ids, tokens, np.int32)
            yield Frame(ids, _read(self._lengths, units, np.int64), ends)

    def encode(
        self,
        final_ids: np.ndarray,
        keep_oov: bool,
        token_ids: Path,
        boundaries: Path,
        table: "UnitTable | None" = None,
    ) -> "Encoded":
        """Write `token_ids` and `boundaries`, block by block.

        Units without a token are left out.

        Args:
            final_ids: int32 array from provisional to final ids; 1 for words left out.
            keep_oov: write id 1 instead of dropping those words.
            token_ids: path of the int32 array to write, shape `(tokens,)`.
            boundaries: path of the int64 array to write, shape `(units + 1,)`.
            table: puts the ids of subword units, and their lengths, in the place of words'.
        """
        with NpyWriter(token_ids, np.int32) as tokens, NpyWriter(boundaries, np.int64) as ends:
            ends.write(np.zeros(1, dtype=np.int64))
            last_end = 0
            for provisional, lengths, frame_ends in self.frames():
                ids = final_ids[provisional]
                if table is not None:
                    ids, lengths = table.spread(ids, lengths)
                unit_ends = tokens.size + _kept_before(ids, np.cumsum(lengths), keep_oov)
                tokens.write(ids if keep_oov else ids[ids != OOV_ID])
                if not frame_ends:
                    unit_ends = unit_ends[:-1]
                unit_ends = unit_ends[np.diff(unit_ends, prepend=last_end) > 0]
                ends.write(unit_ends)
                last_end = int(unit_ends[-1]) if len(unit_ends) else last_end
            if last_end < tokens.size:
                ends.write(np.array([tokens.size], dtype=np.int64))
        return Encoded(tokens=tokens.size, units=ends.size - 1)

    def close(self) -> None:
        """Remove the temporary files."""
        for file, path in zip((self._ids, self._lengths), self._paths, strict=True):
            file.close()
            path.unlink(missing_ok=True)


class UnitTable:
    """The ids of the units of each word.

    Args:
        sizes: int64 array, shape `(words + 1,)`: units of each word; 1 for what is no word.
        ids: int32 array, shape `(sum of sizes,)`: their ids, one word after the other.
    """

    def __init__(self, sizes: np.ndarray, ids: np.ndarray) -> None:
        self._sizes, self._ids = sizes, ids.astype(np.int32)
        self._starts = np.cumsum(sizes) - sizes

    def spread(self, ids: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Put the ids of units in the place of those of words.

        Args:
            ids: int32 array, shape `(words,)`, from 1 for what is no word.
            lengths: int64 array, shape `(units of text,)`: words in each.

        Returns:
            the same of subword units.
        """
        rows = ids - 1
        sizes = self._sizes[rows]
        before = np.concatenate([[0], np.cumsum(sizes)])  # units before each word
        places = np.repeat(self._starts[rows] - before[:-1], sizes) + np.arange(before[-1])
        return self._ids[places], np.diff(before[np.cumsum(lengths)], prepend=0)


@dataclass(frozen=True)
class Encoded:
    """How many token ids and units were written."""

    tokens: int
    units: int


def _kept_before(ids: np.ndarray, ends: np.ndarray, keep_oov: bool) -> np.ndarray:
    """Count the ids kept before each of `ends`: int64, shape `(ends,)`."""
    if keep_oov:
        return ends
    kept = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(ids != OOV_ID)])
    return kept[ends]


def _read(file: BinaryIO, count: int, dtype: Any) -> np.ndarray:
    data = np.fromfile(file, dtype=dtype, count=count)
    if len(data) != count:
        raise OSError(f"The temporary file {file.name} lost data.")
    return data


class NpyWriter:
    """Write a one-dimensional .npy file piece by piece; its length is filled in at the end."""

    def __init__(self, path: Path, dtype: Any) -> None:
        self._file = path.open("wb")
        self._dtype = np.dtype(dtype).newbyteorder("<")
        self.size = 0

    def __enter__(self) -> "NpyWriter":
        self._file.write(b"\0" * _NPY_HEADER)
        return self

    def write(self, values: np.ndarray) -> None:
        self._file.write(np.ascontiguousarray(values, dtype=self._dtype).data)
        self.size += len(values)

    def __exit__(self, kind: Any, *rest: object) -> None:
        with self._file as file:
            if kind is None:
                file.seek(0)
                header = {
                    "descr": self._dtype.str,
                    "fortran_order": False,
                    "shape": (self.size,),
                }
                np.lib.format.write_array_header_1_0(file, header)
                if file.tell() != _NPY_HEADER:
                    raise ValueError(f"NumPy's header takes {file.tell()} bytes.")
                file.flush()
                os.fsync(file.fileno())
