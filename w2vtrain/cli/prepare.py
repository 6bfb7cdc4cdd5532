"""`w2v prepare INPUT... -o RUN`: text into token ids."""

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2vtrain.cli.options import ConfigFile, config_options, merged
from w2vtrain.cli.output import Json, note, print_json, say
from w2vtrain.config import PrepareConfig

if TYPE_CHECKING:
    from w2vtrain.corpus.prepare import PrepareProgress, PrepareSummary


@config_options(prepare=PrepareConfig)
def prepare(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Text files, folders, globs, or - for standard input; also .gz .bz2 .xz .zip, "
            "and .csv .tsv .jsonl .parquet with --text-column.",
        ),
    ],
    run: Annotated[Path, typer.Option("--output", "-o", metavar="RUN", help="Run directory.")],
    config: ConfigFile = None,
    force: Annotated[
        bool, typer.Option("--force", help="Do it again even if nothing has changed.")
    ] = False,
    add: Annotated[
        bool, typer.Option("--update", help="Add the text to the run's: old words keep their ids.")
    ] = False,
    as_json: Json = False,
    *,
    given: dict[str, dict[str, Any]],
) -> None:
    """Read text: vocabulary, token ids and vectorizer into RUN/corpus."""
    from w2vtrain.corpus.prepare import prepare as work
    from w2vtrain.corpus.update import prepared_settings, update

    chosen = merged(PrepareConfig, "prepare", config, given["prepare"])
    if add:
        chosen = {**prepared_settings(run), **chosen}
    settings = PrepareConfig.from_mapping(chosen)
    with prepare_progress() as progress:
        if add:
            summary = update(inputs, run, settings, progress)
        else:
            summary = work(inputs, run, settings, force=force, progress=progress)
    if as_json:
        print_json(dataclasses.asdict(summary))
    else:
        say_prepared(summary, settings)


@contextmanager
def prepare_progress() -> "Iterator[Callable[[PrepareProgress], None]]":
    """Yields a callback that shows bytes, words/s and the time left, on a terminal's stderr."""
    from tqdm import tqdm

    bar: Any = tqdm(
        desc="Starting TensorFlow",
        unit="B",
        unit_scale=True,
        disable=None,
        leave=False,
        dynamic_ncols=True,
    )
    first: list[tuple[float, int]] = []  # time and words at the first call

    def show(progress: "PrepareProgress") -> None:
        now = time.monotonic()
        if not first:
            first.append((now, progress.words))
            bar.reset(total=progress.bytes_total)
            bar.set_description("Reading", refresh=False)
        start, words = first[0]
        if now > start:
            speed = (progress.words - words) / (now - start) / 1e6
            bar.set_postfix_str(f"{speed:.2f}M words/s", refresh=False)
        bar.update(progress.bytes_read - bar.n)

    with bar:
        yield show


def say_prepared(summary: "PrepareSummary", settings: PrepareConfig) -> None:
    """Prints the closing lines of prepare for people."""
    if summary.unchanged:
        note(f"{summary.run}/corpus is up to date: same inputs, same settings (--force redoes it).")
    what = "characters" if settings.split == "character" else "words"
    rows = f"{_count(summary.lines, 'line')} of {_count(summary.inputs, 'file')}"
    cut = f"--min-count {settings.min_count}"
    if settings.vocabulary_size is not None:
        cut += f", --vocabulary-size {settings.vocabulary_size}"
    say(f"Read        {summary.words_read:,} {what} in {rows}")
    say(f"Kept        {summary.words_kept:,} {what} ({summary.coverage:.2%} of the text)")
    say(f"Vocabulary  {summary.vocabulary:,} different {what}")
    say(
        f"Left out    {summary.left_out_types:,} different {what}, seen "
        f"{_count(summary.left_out_words, 'time')} ({cut})"
    )
    say(f"Units       {summary.units:,} with text (--boundary {settings.boundary})")
    for thing, count in (
        ("word of more than 128 characters left out", summary.too_long_words),
        (
            f"word (seen {summary.pruned_below} times or less) pruned while counting",
            summary.pruned_types,
        ),
        ("row without text dropped", summary.missing),
        ("place did not decode and was replaced", summary.replaced),
    ):
        if count:
            note(f"Note: {_count(count, thing)}.")
    if not summary.unchanged:
        say(f"Written     {summary.run}/corpus in {summary.seconds:.1f} s")


def _count(number: int, thing: str) -> str:
    """Returns `1 file` or `2 files`; the noun is the first word."""
    noun, _, rest = thing.partition(" ")
    plural = noun if number == 1 else noun + "s"
    if number != 1:
        rest = rest.replace("was ", "were ")
    return f"{number:,} {plural} {rest}".rstrip()
