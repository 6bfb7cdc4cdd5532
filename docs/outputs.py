"""Fills pages and notebooks with what their commands and cells print now.

    python docs/outputs.py README.md docs/notebooks/letters.ipynb [--beside FILE...]

In each fenced block of a page that begins with `$ w2v`, what follows a command is replaced by its
output, run from the root of the project; standard error is left out. A notebook is run from its
first cell to its last, in a folder with nothing in it but the files of `--beside`. A command or a
cell that fails stops it.
"""

import argparse
import os
import re
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

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


def run_notebook(path: Path, folder: Path) -> Any:
    """Returns the notebook, run in `folder`; warnings and progress are left out of its outputs.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    places = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=600, record_timing=False, resources=places).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
    return notebook


def main() -> None:
    """Rewrites the pages and notebooks named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--beside", nargs="+", type=Path, default=[])
    given = parser.parse_args()
    for page in given.pages:
        if page.suffix == ".ipynb":
            import nbformat

            with tempfile.TemporaryDirectory() as folder:
                for file in given.beside:
                    Path(folder, file.name).symlink_to(file.resolve())
                nbformat.write(run_notebook(page, Path(folder)), page)
            continue
        text = page.read_text("utf-8")
        page.write_text(BLOCK.sub(lambda m: f"```\n{filled(m[1])}```", text), "utf-8")


if __name__ == "__main__":
    main()
