"""The commands of the README and the tour, run as a newcomer would."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def page_maker():
    spec = importlib.util.spec_from_file_location("outputs", ROOT / "docs" / "outputs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_every_command_of_the_pages_works_on_the_demo_run(tmp_path):
    outputs = page_maker()
    for name in ("data", "configs"):
        (tmp_path / name).symlink_to(ROOT / name)
    outputs.output("w2v run configs/demo.toml", tmp_path)
    pages = [(ROOT / name).read_text("utf-8") for name in ("README.md", "docs/tour.md")]
    blocks = [block for page in pages for block in outputs.BLOCK.findall(page)]
    commands = [command for block in blocks for command in outputs.commands(block)]
    shown = {command.split()[1] for command in commands}
    assert shown >= {"neighbors", "analogy", "similarity", "odd-one-out", "vector", "evaluate"}
    assert shown >= {"explain", "why-not", "diff", "stability", "convert"}
    for command in commands:
        assert outputs.output(command, tmp_path).strip(), command


def test_a_block_is_filled_with_the_output_of_its_commands():
    outputs = page_maker()
    page = "before\n```\n$ w2v --version        (which one)\nold\n```\nafter\n```\nkept\n```\n"
    filled = outputs.BLOCK.sub(lambda m: f"```\n{outputs.filled(m[1])}```", page)
    lines = filled.splitlines()
    assert lines[:3] == ["before", "```", "$ w2v --version        (which one)"]
    assert lines[3].startswith("w2v ")
    assert lines[4:] == ["```", "after", "```", "kept", "```"]
