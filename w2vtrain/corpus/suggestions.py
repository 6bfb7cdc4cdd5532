"""Suggest settings for a text that a survey has looked at, as a TOML file with reasons."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from w2vtrain.corpus.survey import Survey

_SMALL = 500_000  # words; below, training sees each of them often anyway
_WITH_CJK = ("HIRAGANA", "KATAKANA", "HANGUL")
_COLUMN = 30  # where comments begin


@dataclass(frozen=True)
class Suggestion:
    """One setting.

    Args:
        stage: table of the TOML file.
        key: its name there.
        value: of the type that the setting has.
        reason: why, in a few words.
    """

    stage: str
    key: str
    value: str | int | float | bool
    reason: str


def suggestions(found: Survey) -> list[Suggestion]:
    """Return the settings that a text needs, in the order of the stages."""
    reason = "for the Projector; word2vec-text for gensim"
    export = Suggestion("export", "format", "projector", reason)
    return [*_prepare(found), *_train(found), export]


def _prepare(found: Survey) -> Iterator[Suggestion]:
    if found.text_column is not None:
        others = [column for column in found.columns if column != found.text_column]
        reason = f"it has the longest texts; the others: {', '.join(others)}" if others else "all"
        yield Suggestion("prepare", "text-column", found.text_column, reason)
    if found.encoding != "utf-8":
        reason = "a guess: it is not UTF-8; look whether accents are right"
        yield Suggestion("prepare", "encoding", found.encoding, reason)
    if found.html or (found.text_column is not None and found.markup > 1):
        yield Suggestion("prepare", "strip-html", True, "tags would become words")
    yield Suggestion("prepare", "boundary", *_boundary(found))
    if not found.spaced:
        reason = "this script has no spaces; it needs pip install 'w2vtrain[icu]'"
        yield Suggestion("prepare", "split", "icu", reason)
    yield Suggestion("prepare", "min-count", *_min_count(found.words))


def _boundary(found: Survey) -> tuple[str, str]:
    if found.lines is None:
        return "line", "each row is a text of its own"
    if found.lines.single_words:
        return "file", "a line is a single word, so contexts have to cross lines"
    if found.lines.wrapped:
        return (
            "paragraph",
            f"lines are wrapped at about {found.lines.characters:.0f} characters; a blank line "
            "ends a paragraph",
        )
    return "line", f"a line holds a text of {found.lines.words:.0f} words on average"


def _min_count(words: int) -> tuple[int, str]:
    if words < 20_000:
        return 1, "so small a text needs every word"
    if words < 200_000:
        return 2, "a small text: 5, the default, would leave few words"
    return 5, "rarer words get no vector: a few contexts teach little"


def _train(found: Survey) -> Iterator[Suggestion]:
    if found.words < _SMALL:
        yield Suggestion("train", "embedding-dim", 64, "a small text fills no more numbers")
        yield Suggestion(
            "train", "subsample-threshold", 1e-3, "in so small a text every word counts"
        )
    else:
        yield Suggestion("train", "embedding-dim", 100, "the default; 300 for very large texts")
    yield Suggestion("train", "window-size", 5, "2 finds words used alike, 10 words of one topic")


def observations(found: Survey) -> list[str]:
    """Return what a look has found, a sentence a line."""
    size = f"{found.bytes / 1e6:,.1f} MB" if found.bytes >= 1e5 else f"{found.bytes / 1e3:,.1f} kB"
    files = "1 file" if found.files == 1 else f"{found.files:,} files"
    kinds = ", ".join(kind or "no ending" for kind in found.kinds[:4])
    scripts = ", ".join(f"{_script(name)} {share:.0%}" for name, share in found.scripts.items())
    lines = [
        f"{files} ({kinds}), {size}, about {_rounded(found.words):,} words; "
        f"{found.encoding.upper()}.",
        f"Letters: {scripts}.",
    ]
    # Japanese is written in three scripts, Korean in two
    writing = {"CJK" if n in _WITH_CJK else n for n, s in found.scripts.items() if s > 0.1}
    if len(writing) > 1:
        lines.append("Several scripts: texts of different languages are better trained apart.")
    if found.markup > 1:
        lines.append("There are HTML tags in the text; their names would become words.")
    if found.licensed:
        lines.append("Project Gutenberg's header and license are in it; they would become words.")
    return lines


def as_toml(
    inputs: Sequence[str], run: str, found: Survey, settings: Sequence[Suggestion], command: str
) -> str:
    """Return a file of settings for `w2v run`, with a comment on each.

    Args:
        inputs: what to read, as the user named it.
        run: the run directory to write.
        found: what the text is like.
        settings: from `suggestions`.
        command: how to run the file, for its first comment.
    """
    lines = [f"# {line}" for line in (f"{command}    trains with these settings.", "")]
    lines += [f"# {line}" for line in observations(found)]
    lines += ["", f"inputs = [{', '.join(map(_literal, inputs))}]", f"run = {_literal(run)}"]
    stage = ""
    for setting in settings:
        if setting.stage != stage:
            stage = setting.stage
            lines += ["", f"[{stage}]"]
        assignment = f"{setting.key} = {_literal(setting.value)}"
        lines.append(f"{assignment.ljust(_COLUMN)}# {setting.reason}")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _script(name: str) -> str:
    return "Chinese characters" if name == "CJK" else name.capitalize()


def _rounded(number: int) -> int:
    """Return the number with two digits: an estimate knows no more."""
    return round(number, 2 - len(str(number)))


def _literal(value: str | int | float | bool) -> str:
    """Return a value as TOML writes it; its basic strings escape as JSON's do."""
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
