"""The command line. `main` is the only place that turns an error into text and an exit code."""

import os
import sys
from collections.abc import Sequence

from w2vtrain.cli.interrupts import terminable
from w2vtrain.cli.output import note
from w2vtrain.errors import W2VError
from w2vtrain.tensorflow_runtime import leave_out_extras


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `w2v` and exit: 0, 1 for a failure, 2 for wrong usage, 130 for an interrupt."""
    leave_out_extras()
    try:
        with terminable():
            from w2vtrain.cli.app import app

            app(args=None if arguments is None else list(arguments), prog_name="w2v")
    except W2VError as error:
        note(f"Error: {error.message}")
        if error.hint:
            note(f"Hint: {error.hint}")
        sys.exit(1)
    except KeyboardInterrupt:
        note("Interrupted.")
        sys.exit(130)
    except BrokenPipeError:  # the reader of a pipe has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
