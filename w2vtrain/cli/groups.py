"""`w2v groups`: do groups of words lie together, before and after training?"""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from w2vtrain.analysis.evaluation.groups import group_accuracy, read_groups
from w2vtrain.cli.output import Json, note, print_json, print_table, say
from w2vtrain.cli.queries import Vectors, default_of
from w2vtrain.run.directory import RunDirectory
from w2vtrain.vectors.embeddings import Embeddings


def groups(
    vectors: Vectors,
    file: Annotated[Path, typer.Argument(metavar="GROUPS", help="Lines of word TAB group.")],
    shuffles: Annotated[
        int, typer.Option("--shuffles", min=1, help="Random groupings for the control.")
    ] = default_of(group_accuracy, "shuffles"),
    seed: Annotated[int, typer.Option("--seed", help="Of the control.")] = default_of(
        group_accuracy, "seed"
    ),
    json: Json = False,
) -> None:
    """Print how many words lie nearest to the center of their own group.

    A run with snapshots (w2v train --snapshots) is measured before training too.
    """
    listed = read_groups(file)
    embeddings = Embeddings.load(vectors)
    tables: list[tuple[str, Any]] = [("trained", embeddings.vectors)]
    before = RunDirectory(vectors).snapshots / "epoch-0000.npy"
    if before.is_file():
        tables.insert(0, ("before training", np.load(before)))
    results = [
        (name, group_accuracy(embeddings.tokens, table, listed, shuffles, seed))
        for name, table in tables
    ]
    if json:
        print_json({"results": [{"vectors": n, **dataclasses.asdict(r)} for n, r in results]})
        return
    _, last = results[-1]
    sizes = ", ".join(f"{size} {name}" for name, size in last.groups.items())
    say(f"{last.words} words: {sizes}")
    if last.missing:
        note(f"Without a vector: {' '.join(last.missing[:20])}")
    print_table(
        ["vectors", "nearest center is its own", "shuffled groups", "p"],
        [(name, r.accuracy, r.shuffled, r.p_value) for name, r in results],
    )
