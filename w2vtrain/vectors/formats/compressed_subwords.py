"""Subword vectors for small devices: frequent n-grams only, in half precision or quantized.

An .npz file of our own: the rule of the n-grams as JSON, tokens and counts, the buckets that were
kept, and two tables, `words` and `ngrams`. A table is one float32 or float16 array, or a product
quantization: its rows at length 1 are cut into parts of `_PART` numbers, each replaced by the index
of the nearest of 256 centroids, and the lengths are kept in half precision.

Source: Jegou et al. 2011, "Product Quantization for Nearest Neighbor Search"; Joulin et al. 2016,
"FastText.zip", for words with n-grams.
"""

import dataclasses
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats.compressed import check_expansion
from w2vtrain.vectors.formats.fasttext import required_subwords
from w2vtrain.vectors.formats.npy import member, opened, read_array
from w2vtrain.vectors.formats.stream import ENDING_IN_NUL, VectorStream, carried, collect, of_matrix
from w2vtrain.vectors.ngrams import Ngrams
from w2vtrain.vectors.search import row_norms, scales_of
from w2vtrain.vectors.subwords import Subwords

Quantization = Literal["none", "float16", "pq"]
MOST_NGRAMS = 100_000  # kept by default
RULE = "ngrams.json"  # the first member: tells the format
_PART = 4  # numbers that share a centroid
_CENTROIDS, _SAMPLE, _ROUNDS = 256, 20_000, 12


def write(
    path: Path,
    stream: VectorStream,
    ngrams: int = MOST_NGRAMS,
    quantization: Quantization = "float16",
) -> None:
    """Write words and the most frequent n-grams.

    Args:
        ngrams: how many n-grams to keep.
        quantization: of the vectors.
    Raises:
        W2VError: the source has no n-grams.
    """
    subwords = required_subwords(stream, "fasttext-compressed")
    stream = carried(stream, "fasttext-compressed", ENDING_IN_NUL)
    tokens, vectors, counts = collect(stream)
    buckets = frequent_buckets(subwords, tokens, counts, ngrams)
    arrays = {
        "tokens": np.array(tokens, np.str_),
        "buckets": buckets.astype(np.int32),
        **_packed("words", np.asarray(vectors), quantization),
        **_packed("ngrams", subwords.rows_of(buckets), quantization),
    }
    if counts is not None:
        arrays["counts"] = counts
    rule = json.dumps(dataclasses.asdict(subwords.ngrams))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        first = zipfile.ZipInfo(RULE, member(RULE).date_time)
        archive.writestr(first, rule)
        for name, array in arrays.items():
            with archive.open(member(name), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def likeness(whole: Subwords, kept: Subwords, words: Sequence[str]) -> float:
    """Return the mean cosine of the words' vectors, made from all n-grams and from those kept."""
    one, other = (table.vectors_of(words) for table in (whole, kept))
    dots = np.einsum("wd,wd->w", one, other)
    return float(np.mean(dots * scales_of(row_norms(one)) * scales_of(row_norms(other))))


def frequent_buckets(
    subwords: Subwords, tokens: list[str], counts: np.ndarray | None, most: int
) -> np.ndarray:
    """Return the buckets of the n-grams that occur most often in the text, ascending.

    Args:
        counts: of the tokens; None counts each once.
    """
    found = subwords.ngrams.rows(tokens)
    weights = np.repeat(np.ones(len(tokens)) if counts is None else counts, found.sizes)
    buckets, uses = np.unique(found.rows, return_inverse=True)
    total = np.bincount(uses, weights, len(buckets))
    return np.sort(buckets[np.argsort(-total, kind="stable")[:most]])


def read(path: Path) -> VectorStream:
    """Return the words and the n-grams that were kept.

    Raises:
        W2VError: the file is damaged, or a decompression bomb.
    """
    with opened(path) as archive:
        check_expansion(path, sum(info.file_size for info in archive.infolist()))
        names = {name.removesuffix(".npy") for name in archive.namelist()}
        try:
            rule = Ngrams(**json.loads(archive.read(RULE)))
            arrays = {n: read_array(archive, f"{n}.npy", path) for n in names if n != RULE}
            words, rows = (_unpacked(name, arrays) for name in ("words", "ngrams"))
            tokens, buckets = arrays["tokens"].tolist(), arrays["buckets"]
        except (KeyError, ValueError, TypeError, IndexError, zipfile.BadZipFile) as error:
            raise W2VError(f"{path} is damaged: {error}", "Write it again.") from None
    if len(rows) != len(buckets):
        raise W2VError(f"{path} is damaged: {len(rows)} rows of {len(buckets)} n-grams.")
    subwords = Subwords(rule, rows, buckets, np.arange(len(buckets)))
    table = of_matrix(tokens, words, arrays.get("counts"))
    return dataclasses.replace(table, subwords=subwords)


def _packed(name: str, vectors: np.ndarray, quantization: Quantization) -> dict[str, np.ndarray]:
    if quantization != "pq":
        return {name: vectors.astype("<f4" if quantization == "none" else "<f2")}
    from scipy.cluster import vq

    norms = row_norms(vectors)
    units = vectors * scales_of(norms)[:, np.newaxis]
    parts = range(0, units.shape[1], _PART)
    sample = np.random.default_rng(1).permutation(len(units))[:_SAMPLE]
    codes = np.empty((len(units), len(parts)), np.uint8)
    centroids = np.zeros((len(parts), min(_CENTROIDS, len(units)), _PART), np.float32)
    for number, start in enumerate(parts):
        part = units[:, start : start + _PART]
        found, _ = vq.kmeans2(
            part[sample], centroids.shape[1], _ROUNDS, minit="points", missing="warn", rng=1
        )
        codes[:, number] = vq.vq(part, found)[0]
        centroids[number, :, : part.shape[1]] = found
    return {
        f"{name}_codes": codes,
        f"{name}_centroids": centroids,
        f"{name}_lengths": norms.astype("<f2"),
        f"{name}_dim": np.array([units.shape[1]]),
    }


def _unpacked(name: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    if name in arrays:
        return arrays[name].astype(np.float32)
    codes, centroids = arrays[f"{name}_codes"], arrays[f"{name}_centroids"]
    parts = centroids[np.arange(len(centroids)), codes]  # (rows, parts, _PART)
    units = parts.reshape(len(codes), -1)[:, : int(arrays[f"{name}_dim"][0])]
    return units * arrays[f"{name}_lengths"].astype(np.float32)[:, np.newaxis]
