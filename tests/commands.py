"""`w2v` in this process, as the shell runs it."""

from typing import Any

import pytest

from w2vtrain.cli import main


def exit_code(*arguments: object) -> int:
    """Runs a command and returns its exit code."""
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


def w2v(capsys: Any, *arguments: object) -> tuple[int, str, str]:
    """Runs a command and returns its exit code, stdout and stderr."""
    code = exit_code(*arguments)
    out, err = capsys.readouterr()
    return code, out, err
