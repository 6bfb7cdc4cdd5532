"""`w2v --help` and its commands: groups, one line a command, defaults, completion."""

import re

import pytest
import typer
from rich.text import Text

from w2vtrain.cli import main
from w2vtrain.cli.app import app

GROUPS = {
    "Make": ["run", "prepare", "train", "plan", "pairs", "classify"],
    "Ask": ["neighbors", "analogy", "similarity", "odd-one-out", "vector", "explain", "why-not"],
    "Judge": ["evaluate", "diff", "stability", "groups"],
    "Show": ["projector", "plot"],
    "Take along": ["export", "convert"],
}


def printed(capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    out, err = capsys.readouterr()
    assert not stop.value.code, err
    return out


def commands() -> list[tuple[str, ...]]:
    root = typer.main.get_command(app)
    found: list[tuple[str, ...]] = []
    for name, command in root.commands.items():
        below = getattr(command, "commands", None)
        found += [(name, part) for part in below] if below else [(name,)]
    return found


def test_the_commands_are_listed_in_groups(capsys):
    out = printed(capsys, "--help")
    headings = re.findall(r"^╭─ ([\w ]+)", out, re.MULTILINE)
    assert [h.strip() for h in headings if h.strip() != "Options"] == list(GROUPS)
    panels = dict(zip(headings, out.split("╭─")[1:], strict=True))
    for group, names in GROUPS.items():
        lines = next(text for heading, text in panels.items() if heading.strip() == group)
        listed = re.findall(r"^│ ([a-z-]+) ", lines, re.MULTILINE)
        assert set(names) <= set(listed)


def test_each_command_takes_one_line_of_80_characters(capsys):
    out = printed(capsys, "--help")
    described = out[out.index("╭─ Make") :]
    assert not re.findall(r"^│ {8,}\w", described, re.MULTILINE)


def test_no_help_has_brackets_that_are_taken_for_markup():
    """Rich takes `[default: x]` for a style and leaves it out; `(default: x)` is shown."""
    for path in commands():
        command = typer.main.get_command(app)
        for name in path:
            command = command.commands[name]
        for parameter in command.params:
            text = getattr(parameter, "help", None) or ""
            assert Text.from_markup(text).plain == text, (path, parameter.name)


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_each_command_explains_itself(capsys, command):
    assert "Usage: w2v " + " ".join(command) in printed(capsys, *command, "--help")


def test_defaults_shown_are_the_library_s(capsys):
    from w2vtrain.analysis.neighborhoods.difference import MIN_COUNT
    from w2vtrain.vectors.embeddings import Embeddings

    k = Embeddings.most_similar.__defaults__[-2]  # of positive, negative, k, restrict_vocabulary
    shown = " ".join(printed(capsys, "neighbors", "--help").replace("│", "").split())
    assert re.search(rf"-k .*default: {k}\]", shown)
    shown = " ".join(printed(capsys, "diff", "--help").replace("│", "").split())
    assert f"{MIN_COUNT} by default" in shown


def test_the_shell_completes_a_command(capsys, monkeypatch):
    monkeypatch.setenv("_W2V_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "w2v neigh")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert printed(capsys).split() == ["neighbors"]
