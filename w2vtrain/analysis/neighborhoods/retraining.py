"""The same training with other seeds, in run directories of their own under RUN/stability."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from w2vtrain.analysis.provenance import require_current_model
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import translated_os_errors
from w2vtrain.run.lock import run_lock
from w2vtrain.run.stage import MANIFEST, read_manifest
from w2vtrain.training.config import TrainConfig

if TYPE_CHECKING:
    from w2vtrain.training.progress import TrainProgress

_LOG = logging.getLogger(__name__)


def retrain(
    run: str | Path,
    seeds: int,
    progress: Callable[["TrainProgress"], None] | None = None,
    started: Callable[[int, float], None] | None = None,
) -> list[Path]:
    """Train as `run` was, but with the seeds that follow its own; return the run directories.

    They share the run's corpus through a link, and those that are there already are not trained
    again. The run is locked meanwhile, so that nobody prepares another corpus.

    Args:
        run: a trained run directory.
        seeds: how many trainings.
        progress: called during each training, as by `train`.
        started: called before each training with its seed and the seconds that the run's took.
    Raises:
        W2VError: the run has not been trained, its folder cannot be written, or another process
            writes to it.
    """
    directory = RunDirectory(Path(run))
    read_manifest(directory.model, f"w2v train {run}")  # before the lock makes a folder
    with run_lock(directory.root):
        return _retrain(directory, seeds, progress, started)


def _retrain(
    directory: RunDirectory,
    seeds: int,
    progress: Callable[["TrainProgress"], None] | None,
    started: Callable[[int, float], None] | None,
) -> list[Path]:
    from w2vtrain.training.train import train

    require_current_model(directory)
    manifest = read_manifest(directory.model, made_by=f"w2v train {directory.root}")
    where = f"{directory.model / MANIFEST}"
    config = TrainConfig.from_recorded(manifest["config"], where)
    made = []
    for seed in range(config.seed + 1, config.seed + 1 + seeds):
        child = RunDirectory(directory.stability / f"seed-{seed}")
        _link_corpus(directory, child)
        if started is not None:
            started(seed, manifest["summary"]["seconds"])
        summary = train(child.root, config.replaced(seed=seed), progress=progress)
        if summary.unchanged:
            _LOG.info("%s is up to date.", child.root)
        made.append(child.root)
    return made


def _link_corpus(run: RunDirectory, child: RunDirectory) -> None:
    """Make the child's `corpus` a relative link to the run's, so that the run can be moved."""
    target = os.path.relpath(run.corpus, child.root)
    with translated_os_errors(child.root):
        child.root.mkdir(parents=True, exist_ok=True)
        if child.corpus.is_symlink() and str(child.corpus.readlink()) == target:
            return
        if child.corpus.is_symlink() or child.corpus.exists():
            raise W2VError(
                f"{child.corpus} is not the link that `w2v stability` makes.", "Move it away."
            )
        try:
            child.corpus.symlink_to(target, target_is_directory=True)
        except OSError as error:
            raise W2VError(
                f"Cannot link {child.corpus} to {run.corpus}: {error.strerror}.",
                "The place must allow symbolic links; Windows does in its developer mode.",
            ) from error
