"""Stage 1 again, for more text: `prepare --update` adds to RUN/corpus what a run has not seen."""

import dataclasses
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.byte_streams import InputFacts
from w2vtrain.corpus.growing import LEFT_OUT, append_text, grown_vocabulary
from w2vtrain.corpus.prepare import PrepareProgress, PrepareSummary, Reading, write_words
from w2vtrain.corpus.sources import STDIN, Sources, find_sources
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.lock import run_lock
from w2vtrain.run.stage import atomic_stage, read_manifest, sha256

# Settings that an update may change: they belong to the new files, or to words not yet in.
_FREE = {"text_column", "encoding", "encoding_errors", "min_count", "vocabulary_size", "max_rows"}


def update(
    inputs: Sequence[str | Path],
    run: str | Path,
    config: PrepareConfig | None = None,
    progress: Callable[[PrepareProgress], None] | None = None,
) -> PrepareSummary:
    """Adds the text in `inputs` to the corpus of `run` and returns figures about the whole.

    Old words keep their ids and new words follow them, so vectors trained before can be trained
    on. The same update again does nothing.

    Args:
        inputs: as in `prepare`.
        run: a run directory that `prepare` has written to.
        config: the settings for the new text; those of the corpus if None.
        progress: as in `prepare`.
    Raises:
        W2VError: as in `prepare`; or a file is in the corpus already, or a setting differs from
            the corpus' that must not.
    """
    directory = RunDirectory(Path(run))
    made_by = f"w2v prepare INPUT... -o {run}"
    read_manifest(directory.corpus, made_by)
    sources = find_sources([str(name) for name in inputs])
    with run_lock(directory.root):
        manifest = read_manifest(directory.corpus, made_by, verify=True)
        before = PrepareConfig.from_mapping(manifest["config"])
        config = config or before
        _check_update(before, config)
        if _just_added(manifest, sources):
            return PrepareSummary(**{**manifest["summary"], "unchanged": True})
        from w2vtrain.tensorflow_runtime import configure

        configure()
        record: dict[str, Any] = {"stage": "prepare", "config": config.as_dict()}
        with atomic_stage(directory.corpus, record) as folder:
            summary = _grow(directory, folder, manifest, sources, config, record, progress)
            record["summary"] = dataclasses.asdict(summary)
    return summary


def prepared_settings(run: str | Path) -> dict[str, Any]:
    """Returns the settings that the run's corpus was made with, as `PrepareConfig` has them."""
    directory = RunDirectory(Path(run))
    settings = read_manifest(directory.corpus, f"w2v prepare INPUT... -o {run}")["config"]
    return dict(settings)


def _check_update(before: PrepareConfig, config: PrepareConfig) -> None:
    for name, value in before.as_dict().items():
        if name not in _FREE and config.as_dict()[name] != value:
            flag = "--" + name.replace("_", "-")
            raise W2VError(
                f"The corpus was prepared with {flag} {value}, not {config.as_dict()[name]}.",
                "An update goes by the same rules; prepare all text anew to change them.",
            )


def _just_added(manifest: dict[str, Any], sources: Sources) -> bool:
    """Returns whether the last update added these files; raises W2VError if another did."""
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
    """Writes the grown corpus into `folder`; the new text passes through a folder in it."""
    part = RunDirectory(folder / "new")
    part.corpus.mkdir(parents=True)
    every_word = config.replaced(min_count=1, vocabulary_size=None)
    facts = [InputFacts(name) for name in sources.names]
    work = Reading(facts, every_word, part.corpus, progress)
    new = work.run(part, sources, str(directory.root))
    old = Vocabulary.load(directory.corpus_vocabulary)
    grown = grown_vocabulary(
        old,
        Vocabulary.load(directory.corpus / LEFT_OUT),
        Vocabulary.load(part.corpus_vocabulary),
        config,
    )
    tokens, units = append_text(directory, part, grown.table, config.keep_oov, folder)
    shutil.rmtree(part.root)
    words = grown.vocabulary.tokens[FIRST_WORD_ID:]
    write_words(folder, grown.vocabulary, grown.left_out, words, config)
    added = [known.as_dict() for known in facts]
    record["inputs"] = [*manifest["inputs"], *added]
    step = {"inputs": added, "old_words": len(old) - FIRST_WORD_ID, "words": len(words)}
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
        vocabulary=len(words),
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
