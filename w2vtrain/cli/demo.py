"""`w2v demo`: from the bundled corpus to vectors, with some questions to them."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from w2vtrain.cli.ask import analogy, neighbors
from w2vtrain.cli.output import say
from w2vtrain.cli.pipeline import run_stages
from w2vtrain.errors import W2VError
from w2vtrain.run.files import atomic_write
from w2vtrain.run_config import RunConfig

# In a wheel these lie in w2vtrain/demo, in a checkout at its root; see pyproject.toml.
SETTINGS = "configs/demo.toml"
BUNDLED = ("data/corpus.txt", "data/similarity.tsv", "data/analogies.txt", SETTINGS)
RUN = Path("runs/demo")


def demo(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Folder for the text, its settings and the run; made if missing."
        ),
    ] = Path(),
) -> None:
    """Train on the bundled corpus, ask some questions: a minute."""
    copy_bundled(folder)
    with contextlib.chdir(folder):
        run_stages(RunConfig.load(Path(SETTINGS)), RUN)
        say(f"\n$ w2v neighbors {RUN.as_posix()} doctor rain sailor -k 5")
        neighbors(RUN, ["doctor", "rain", "sailor"], k=5)
        say(
            f"\n$ w2v analogy {RUN.as_posix()} man woman king        "
            "(man is to woman as king is to ...)"
        )
        analogy(RUN, ["man", "woman", "king"], method="3cosadd", k=1)
    say("\nGo on" + ("" if folder == Path() else f" in {folder}") + " with:")
    for command, what in (
        (f"w2v projector {RUN.as_posix()}", "the vectors in the browser"),
        (
            f"w2v evaluate {RUN.as_posix()} --similarity {BUNDLED[1]} --analogies {BUNDLED[2]}",
            "how good they are",
        ),
        ("w2v prepare TEXTS -o runs/mine", "your own text; then w2v train runs/mine"),
    ):
        say(f"  {command}\n      {what}")


def copy_bundled(folder: Path) -> None:
    """Copy the bundled files into `folder`, where it lacks them.

    Raises:
        W2VError: one of them is there with another content, or cannot be written.
    """
    packaged = Path(__file__).parents[1] / "demo"
    source = packaged if packaged.is_dir() else Path(__file__).parents[2]
    contents = {folder / name: (source / name).read_bytes() for name in BUNDLED}
    for path, content in contents.items():
        if path.exists() and path.read_bytes() != content:
            raise W2VError(
                f"{path} is there already and is not the bundled one.",
                "Give an empty folder: w2v demo DIR.",
            )
    for path, content in contents.items():
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(path, content)
