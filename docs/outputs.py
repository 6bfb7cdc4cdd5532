"""Fills the pages' examples with what the commands print: `python docs/outputs.py README.md`.

In each fenced block that begins with `$ w2v`, what follows a command is replaced by its output, run
from the root of the project; standard error is left out. A command that fails stops it.
"""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```\n(\$ w2v .*?)^```$", re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[str]:
    """Returns the command lines of a block, without the `$ `."""
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


def output(command: str, root: Path = ROOT) -> str:
    """Returns what `command` prints, without trailing spaces.

    Raises:
        subprocess.CalledProcessError: it failed; its own words are on standard error.
    """
    path = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]
    environment = {**os.environ, "PATH": path, "COLUMNS": "100"}
    command = command.partition("        (")[0]  # a remark to the reader
    done = subprocess.run(
        command, shell=True, cwd=root, env=environment, check=True, stdout=-1, text=True
    )
    return "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())


def filled(block: str) -> str:
    """Returns the block with the commands' present output."""
    return "\n".join(f"$ {command}\n{output(command)}" for command in commands(block))


def main() -> None:
    """Rewrites the pages named on the command line."""
    for name in sys.argv[1:]:
        page = Path(name)
        text = page.read_text("utf-8")
        page.write_text(BLOCK.sub(lambda m: f"```\n{filled(m[1])}```", text), "utf-8")


if __name__ == "__main__":
    main()
