"""`w2v why-not`: where was a word lost?"""

from pathlib import Path
from typing import Annotated

import typer

from w2vtrain.cli.output import Json, print_json, say


def why_not(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory with its corpus.")],
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The word as the text has it.")],
    json: Json = False,
) -> None:
    """Say where a word was lost between the text and the vocabulary, and which option keeps it."""
    from w2vtrain.analysis.why_not import why_not as traced

    trace = traced(run, token)
    if json:
        print_json(trace.as_dict())
        return
    width = max(len(step.stage) for step in trace.steps)
    for step in trace.steps:
        say(f"{'ok  ' if step.passed else 'LOST'}  {step.stage.ljust(width)}  {step.happened}")
    say(f"\n{trace.conclusion}")
    if trace.advice:
        say(f"{trace.advice.removesuffix('.')}.")
