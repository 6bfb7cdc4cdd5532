"""Progress of a long task on stderr, in a terminal only: bars of one shape."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from w2vtrain.corpus.prepare import PrepareProgress
    from w2vtrain.training.progress import TrainProgress


def progress_bar(description: str, unit: str = "it", total: int | None = None) -> Any:
    """Return a tqdm bar that is gone when it ends; silent where stderr is no terminal."""
    from tqdm import tqdm

    return tqdm(
        desc=description,
        unit=unit,
        total=total,
        unit_scale=True,
        disable=None,
        leave=False,
        dynamic_ncols=True,
    )


@contextlib.contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that shows a bar for each task: its name, steps done, steps in all."""
    bar: Any = None
    task = ""

    def show(name: str, done: int, total: int) -> None:
        nonlocal bar, task
        if bar is None or name != task:
            if bar is not None:
                bar.close()
            bar, task = progress_bar(name, total=total), name
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()


@contextlib.contextmanager
def prepare_progress() -> "Iterator[Callable[[PrepareProgress], None]]":
    """Yield a callback that shows the bytes read, words/s and the time left."""
    bar = progress_bar("Starting TensorFlow", "B")
    first: list[tuple[float, int]] = []  # time and words at the first call

    def show(progress: "PrepareProgress") -> None:
        now = time.monotonic()
        if not first:
            first.append((now, progress.words))
            bar.reset(total=progress.bytes_total)
            bar.set_description("Reading", refresh=False)
        start, words = first[0]
        if now > start:
            speed = (progress.words - words) / (now - start) / 1e6
            bar.set_postfix_str(f"{speed:.2f}M words/s", refresh=False)
        bar.update(progress.bytes_read - bar.n)

    with bar:
        yield show


@contextlib.contextmanager
def train_progress() -> "Iterator[Callable[[TrainProgress], None]]":
    """Yield a callback that shows loss, rate, words/s and the time left."""
    held_out = ""

    def show(progress: "TrainProgress") -> None:
        nonlocal held_out
        if progress.val_loss is not None:
            held_out = f", held out {progress.val_loss:.3f}"
        bar.total = progress.words_total
        bar.set_description(f"Epoch {progress.epoch}/{progress.epochs}", refresh=False)
        bar.set_postfix_str(
            f"loss {progress.loss:.3f}{held_out}, rate {progress.learning_rate:.4f}", refresh=False
        )
        bar.update(progress.words - bar.n)

    with progress_bar("Starting TensorFlow", " words") as bar:
        yield show
