"""Checkpoints: all that a training needs to go on as if it had never stopped.

A checkpoint is a folder in RUN/checkpoints, made under another name and renamed when every byte is
on the disk. It holds each variable as `.npy` (the tables, the optimizer's step, the running loss)
and a manifest with the position in the data, the history so far, what decides the vectors (settings
and corpus) and the SHA-256 of every file.
"""

import contextlib
import dataclasses
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2vtrain.corpus.encoding import HEADER_ERRORS
from w2vtrain.engine.stream import Position
from w2vtrain.errors import W2VError
from w2vtrain.run.stage import MANIFEST, atomic_stage, read_manifest
from w2vtrain.training.progress import TrainProgress

_LOG = logging.getLogger(__name__)
BEST = "best"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on the disk.

    Args:
        folder: where it lies.
        settings: what decides the vectors of its training.
        position: of the next batch in the data.
        rows: the history so far.
    """

    folder: Path
    settings: dict[str, Any]
    position: Position
    rows: list[TrainProgress]

    @classmethod
    def load(cls, folder: Path) -> "Checkpoint":
        """Load the checkpoint in `folder`, and compare every file with its SHA-256.

        Raises:
            W2VError: it is damaged or of another version.
        """
        manifest = read_manifest(folder, "w2v train", verify=True)
        try:
            return cls(
                folder,
                manifest["settings"],
                Position(**manifest["position"]),
                [TrainProgress(**row) for row in manifest["rows"]],
            )
        except (KeyError, TypeError) as error:
            raise W2VError(f"{folder / MANIFEST} is no checkpoint's: {error!r}") from None

    def restore(self, model: Any) -> None:
        """Set the variables of `model` to the values of the checkpoint."""
        for number, variable in enumerate(variables_of(model)):
            path = self.folder / _file_name(number)
            try:
                value = np.load(path, allow_pickle=False)
            except (OSError, *HEADER_ERRORS) as error:
                raise W2VError(f"Cannot read {path}: {error}", _ANEW) from None
            if value.shape != tuple(variable.shape):
                raise W2VError(
                    f"{path} has shape {value.shape}, not {tuple(variable.shape)}.", _ANEW
                )
            variable.assign(value)


_ANEW = "Start anew with --force."


class CheckpointFolder:
    """The checkpoints of one run.

    Args:
        folder: RUN/checkpoints.
        settings: what decides the vectors of the training at hand; JSON-ready.
        keep: how many checkpoints to keep, the newest.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], keep: int) -> None:
        self._folder, self._settings, self._keep = folder, dict(settings), keep

    def save(
        self, model: Any, epoch: int, position: Position, rows: Sequence[TrainProgress]
    ) -> Path:
        """Write a checkpoint and return its folder; older ones beyond `keep` are removed.

        Args:
            epoch: from 0, that the next batch belongs to.
        Raises:
            W2VError: the disk is full or not writable; the older checkpoints stay.
        """
        folder = self._folder / f"epoch-{epoch + 1:06d}-step-{position.batch:09d}"
        self._write(folder, model, position, rows)
        for old in self._folders()[: -self._keep]:
            shutil.rmtree(old)
        return folder

    def save_best(self, model: Any, position: Position, rows: Sequence[TrainProgress]) -> None:
        """Write the state with the lowest held-out loss so far, beside the checkpoints."""
        self._write(self._folder / BEST, model, position, rows)

    def restore_best(self, model: Any) -> None:
        """Set `model` to the state that `save_best` wrote last."""
        Checkpoint.load(self._folder / BEST).restore(model)

    def _write(
        self, folder: Path, model: Any, position: Position, rows: Sequence[TrainProgress]
    ) -> None:
        record = {
            "stage": "checkpoint",
            "settings": self._settings,
            "position": dataclasses.asdict(position),
            "rows": [dataclasses.asdict(row) for row in rows],
        }
        with atomic_stage(folder, record) as temporary:
            for number, variable in enumerate(variables_of(model)):
                value = variable.numpy()
                np.save(temporary / _file_name(number), value, allow_pickle=False)

    def latest(self) -> Checkpoint | None:
        """Return the newest whole checkpoint of this training, or None when there is none.

        Raises:
            W2VError: the newest belongs to a training with other settings or another corpus.
        """
        for folder in reversed(self._folders()):
            try:
                checkpoint = Checkpoint.load(folder)
            except W2VError as error:
                _LOG.warning("Passed over a checkpoint: %s", error.message)
                continue
            self._check(checkpoint)
            return checkpoint
        return None

    def _check(self, checkpoint: Checkpoint) -> None:
        differences = list(_differences(checkpoint.settings, self._settings))
        if differences:
            raise W2VError(
                f"{self._folder} holds a training that has not ended, with other settings: "
                f"{'; '.join(differences)}.",
                "Give the same settings to go on with it, or --force to start anew without it.",
            )

    def remove(self) -> None:
        """Remove all checkpoints."""
        if self._folder.exists():
            shutil.rmtree(self._folder)

    def _folders(self) -> list[Path]:
        return sorted(self._folder.glob("epoch-*-step-*"))


def newest_settings(folder: Path) -> dict[str, Any] | None:
    """Return the settings of the newest whole checkpoint in `folder`, whatever they are."""
    for checkpoint in sorted(folder.glob("epoch-*-step-*"), reverse=True):
        with contextlib.suppress(W2VError):
            return Checkpoint.load(checkpoint).settings
    return None


def variables_of(model: Any) -> list[Any]:
    """Return every variable that training changes: tables, optimizer state, running metrics."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    metrics = {id(v): v for metric in model.metrics for v in metric.variables}
    return [*model.weights, *model.optimizer.variables, *metrics.values()]


def _file_name(number: int) -> str:
    return f"variable-{number:02d}.npy"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return in words how the settings of a checkpoint differ from those at hand."""
    texts = [
        f"--{name.replace('_', '-')} {_shown(old.get('config', {}).get(name))} "
        f"there, {_shown(new['config'].get(name))} here"
        for name in sorted({*old.get("config", {}), *new["config"]})
        if old.get("config", {}).get(name) != new["config"].get(name)
    ]
    files = {*old.get("corpus", {}), *new["corpus"]}
    changed = [f for f in sorted(files) if old.get("corpus", {}).get(f) != new["corpus"].get(f)]
    if changed:
        texts.append(f"another corpus ({', '.join(changed)})")
    rest = {*old, *new} - {"config", "corpus"}
    texts += [f"another {name}" for name in sorted(rest) if old.get(name) != new.get(name)]
    return texts


def _shown(value: object) -> str:
    return "by default" if value is None else str(value)
