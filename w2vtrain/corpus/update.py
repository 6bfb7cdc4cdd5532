"""Add new text to a corpus: `w2v prepare --update`.

Old words keep their ids, new ones follow them, and the old text stays as it is.
"""

import dataclasses
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.encoding import NpyWriter
from w2vtrain.corpus.phrases import Phrases
from w2vtrain.corpus.prepare import (
    PrepareProgress,
    PrepareSummary,
    Reading,
    new_record,
    write_words,
)
from w2vtrain.corpus.sources import STDIN, Sources, find_sources
from w2vtrain.corpus.subword_units import SubwordUnits
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, LEFT_OUT, OOV_ID, OOV_TOKEN, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import sha256
from w2vtrain.run.lock import run_lock
from w2vtrain.run.stage import atomic_stage, read_manifest

_AT_ONCE = 2**22  # token ids copied at once
# Settings that an update may change: they belong to the new files, or to words not yet in.
_FREE = {
    "text_column",
    "encoding",
    "encoding_errors",
    "min_count",
    "vocabulary_size",
    "max_rows",
    "strip_html",
    "workers",
    "cluster",
}


def update(
    inputs: Sequence[str | Path],
    run: str | Path,
    config: PrepareConfig | None = None,
    progress: Callable[[PrepareProgress], None] | None = None,
) -> PrepareSummary:
    """Add the text in `inputs` to the corpus of `run`; return a summary of the whole.

    Old words keep their ids and new words follow them, so vectors trained before can be trained
    on. The same update again does nothing.

    Args:
        inputs: as in `prepare`.
        run: a run directory that `prepare` has written to.
        config: the settings for the new text; those of the corpus if None.
        progress: as in `prepare`.

    Raises:
        W2VError: as in `prepare`; or a file is in the corpus already, or a setting that must stay
            differs from that of the corpus.
    """
    directory = RunDirectory(Path(run))
    made_by = f"w2v prepare INPUT... -o {run}"
    read_manifest(directory.corpus, made_by)
    sources = find_sources(
        [str(name) for name in inputs], directory.root, (config or PrepareConfig()).strip_html
    )
    with run_lock(directory.root):
        manifest = read_manifest(directory.corpus, made_by, verify=True)
        before = PrepareConfig.from_manifest(manifest["config"])
        config = config or before
        _check_update(before, config)
        record = new_record(config)
        _check_icu(manifest.get("icu"), record.get("icu"))
        if _just_added(manifest, sources):
            return PrepareSummary(**{**manifest["summary"], "unchanged": True})
        with atomic_stage(directory.corpus, record) as folder:
            summary = _grow(directory, folder, manifest, sources, config, record, progress)
            record["summary"] = dataclasses.asdict(summary)
    return summary


def prepared_settings(run: str | Path) -> dict[str, Any]:
    """Return the settings that the corpus of a run was made with, as `PrepareConfig` has them."""
    directory = RunDirectory(Path(run))
    settings = read_manifest(directory.corpus, f"w2v prepare INPUT... -o {run}")["config"]
    return PrepareConfig.from_manifest(settings).as_dict()


def _check_update(before: PrepareConfig, config: PrepareConfig) -> None:
    for name, value in before.as_dict().items():
        if name not in _FREE and config.as_dict()[name] != value:
            flag = "--" + name.replace("_", "-")
            raise W2VError(
                f"The corpus was prepared with {flag} {value}, not {config.as_dict()[name]}.",
                "An update goes by the same rules; prepare all text anew to change them.",
            )


def _check_icu(before: str | None, now: str | None) -> None:
    if before != now:
        raise W2VError(
            f"The corpus was split by ICU {before}, and this is ICU {now}.",
            "Their dictionaries may differ: install that version, or prepare all text anew.",
        )


def _just_added(manifest: dict[str, Any], sources: Sources) -> bool:
    """Tell whether the last update added these files; raise W2VError if another one did."""
    known = {facts["sha256"]: facts["path"] for facts in manifest["inputs"]}
    digests = [
        sha256(Path(name)) if name != STDIN and Path(name).is_file() else ""
        for name in sources.names
    ]
    last = [facts["sha256"] for facts in manifest.get("grown", [{"inputs": []}])[-1]["inputs"]]
    if digests == last:
        return True
    for name, digest in zip(sources.names, digests, strict=True):
        if digest in known:
            raise W2VError(
                f"The corpus holds the text of {name} already, as {known[digest]}.",
                "Leave that file out.",
            )
    return False


def _grow(
    directory: RunDirectory,
    folder: Path,
    manifest: dict[str, Any],
    sources: Sources,
    config: PrepareConfig,
    record: dict[str, Any],
    progress: Callable[[PrepareProgress], None] | None,
) -> PrepareSummary:
    """Write the grown corpus into `folder`; the new text passes through a folder in it."""
    part = RunDirectory(folder / "new")
    part.corpus.mkdir(parents=True)
    every_word = config.replaced(min_count=1, vocabulary_size=None)
    phrases = Phrases.load(directory.phrases) if config.phrases else None
    old = Vocabulary.load(directory.corpus_vocabulary)
    subwords = None
    if config.split == "subwords":
        subwords = SubwordUnits.load(directory.subword_units, old.tokens)
    reading = Reading(sources, every_word, part.corpus, progress, subwords, phrases)
    new = reading.run(str(directory.root))
    grown = grown_vocabulary(
        old,
        Vocabulary.load(directory.corpus / LEFT_OUT),
        Vocabulary.load(part.corpus_vocabulary),
        config,
    )
    tokens, units = append_text(directory, part, grown.table, config.keep_oov, folder)
    shutil.rmtree(part.root)
    write_words(folder, grown.vocabulary, grown.left_out, config, subwords, phrases)
    words = len(grown.vocabulary) - FIRST_WORD_ID
    added = reading.records()
    record["inputs"] = [*manifest["inputs"], *added]
    step = {"inputs": added, "old_words": len(old) - FIRST_WORD_ID, "words": words}
    record["grown"] = [*manifest.get("grown", []), step]
    kept = int(grown.vocabulary.counts[FIRST_WORD_ID:].sum())
    was = PrepareSummary(**manifest["summary"])
    read = was.words_read + new.words_read
    return dataclasses.replace(
        was,
        unchanged=False,
        inputs=len(record["inputs"]),
        passed_over=(*was.passed_over, *sources.passed_over),
        words_read=read,
        words_kept=kept,
        vocabulary=words,
        coverage=kept / read,
        left_out_types=len(grown.left_out),
        left_out_words=read - kept,
        too_long_words=was.too_long_words + new.too_long_words,
        pruned_types=was.pruned_types + new.pruned_types,
        pruned_below=max(was.pruned_below, new.pruned_below),
        units=units,
        tokens=tokens,
        lines=was.lines + new.lines,
        missing=was.missing + new.missing,
        replaced=was.replaced + new.replaced,
        seconds=new.seconds,
    )


@dataclass(frozen=True)
class GrownVocabulary:
    """The vocabulary of the old and the new text together.

    Args:
        vocabulary: padding and `[UNK]`, the old words with their ids, then the new ones by falling
            count in the new text. A count is that of the word's occurrences in the token ids: those
            of a new word in the old text were left out then, and stay so.
        left_out: words under the cut-off, by falling count.
        table: int32 array from the ids of the new text's own vocabulary to these.
    """

    vocabulary: Vocabulary
    left_out: Vocabulary
    table: np.ndarray


def grown_vocabulary(
    old: Vocabulary, old_left_out: Vocabulary, new: Vocabulary, config: PrepareConfig
) -> GrownVocabulary:
    """Merge the vocabularies of both texts.

    A new word is taken in when it occurs `min_count` times in the old and the new text together,
    as long as there is room under `vocabulary_size`.

    Args:
        old, old_left_out: of the corpus so far.
        new: every word of the new text; its ids are those of its token ids.
        config: `min_count` and `vocabulary_size` are used.
    """
    left_out = dict(zip(old_left_out.tokens, old_left_out.counts.tolist(), strict=True))
    tokens, counts = list(old.tokens), old.counts.tolist()
    most = config.vocabulary_size
    table = np.full(len(new), OOV_ID, np.int32)
    table[0] = 0
    for new_id in range(FIRST_WORD_ID, len(new)):
        token, count = new.tokens[new_id], int(new.counts[new_id])
        place = old.rows.get(token)
        if place is not None:
            counts[place] += count
            table[new_id] = place
        elif (
            count + left_out.get(token, 0) >= config.min_count
            and token != OOV_TOKEN
            and (most is None or len(tokens) - FIRST_WORD_ID < most)
        ):
            left_out.pop(token, None)  # its old places stay left out, and counted as such
            table[new_id] = len(tokens)
            tokens.append(token)
            counts.append(count)
        else:
            left_out[token] = left_out.get(token, 0) + count
            counts[OOV_ID] += count
    counts[OOV_ID] += int(new.counts[OOV_ID])
    order = sorted(left_out, key=lambda token: (-left_out[token], token))
    rest = np.array([left_out[token] for token in order], np.int64)
    return GrownVocabulary(
        Vocabulary(tuple(tokens), np.array(counts, np.int64)), Vocabulary(tuple(order), rest), table
    )


def append_text(
    old: RunDirectory, new: RunDirectory, table: np.ndarray, keep_oov: bool, folder: Path
) -> tuple[int, int]:
    """Write the token ids and boundaries of both texts into `folder`.

    Args:
        old, new: hold the two texts; `new` under its own ids.
        table: from those ids to the common ones.
        keep_oov: keep id 1 instead of dropping it.

    Returns:
        the number of tokens and of units.
    """
    first, second = (np.load(run.token_ids, mmap_mode="r") for run in (old, new))
    ends = np.load(new.boundaries)
    kept_before = np.zeros(len(ends), np.int64)  # kept tokens of the new text before each end
    with NpyWriter(folder / old.token_ids.name, np.int32) as tokens:
        for start in range(0, len(first), _AT_ONCE):
            tokens.write(first[start : start + _AT_ONCE])
        for start in range(0, len(second), _AT_ONCE):
            part = table[second[start : start + _AT_ONCE]]
            kept = np.ones(len(part), bool) if keep_oov else part != OOV_ID
            low, high = np.searchsorted(ends, [start, start + len(part)], "right")
            running = np.concatenate([[0], np.cumsum(kept)])
            kept_before[low:high] = tokens.size - len(first) + running[ends[low:high] - start]
            tokens.write(part[kept])
    units = kept_before[1:][np.diff(kept_before) > 0]
    boundaries = np.concatenate([np.load(old.boundaries), len(first) + units])
    np.save(folder / old.boundaries.name, boundaries)
    return tokens.size, len(boundaries) - 1
