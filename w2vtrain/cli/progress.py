"""Progress of a long task on stderr, in a terminal only."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from tqdm import tqdm


@contextlib.contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """Yields a function that shows a bar for each task: its name, steps done, steps in all."""
    bar: tqdm | None = None
    task = ""

    def show(name: str, done: int, total: int) -> None:
        nonlocal bar, task
        if bar is None or name != task:
            if bar is not None:
                bar.close()
            bar, task = tqdm(total=total, desc=name, disable=not sys.stderr.isatty()), name
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()
