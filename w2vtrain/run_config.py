"""A whole run in one TOML file: the settings of its stages, where the text is, where it goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2vtrain.config import ExportConfig, PrepareConfig
from w2vtrain.errors import W2VError
from w2vtrain.settings import Config, checked, read_toml, unknown_key
from w2vtrain.training.config import TrainConfig


@dataclass(frozen=True)
class RunConfig:
    """One TOML file: where the text is, where the run goes, and the settings of the three stages.

    Args:
        inputs: text files, directories or globs.
        run: the run directory.
    """

    inputs: tuple[str, ...]
    run: str
    prepare: PrepareConfig
    train: TrainConfig
    export: ExportConfig

    @classmethod
    def load(
        cls, path: Path, overrides: Mapping[str, Mapping[str, Any]] | None = None
    ) -> "RunConfig":
        """Return the settings in the TOML file at `path`, with `overrides` a stage over them.

        Raises:
            W2VError: the file is missing, is not TOML, or holds an unknown key or a wrong type.
        """
        return cls.from_mapping(read_toml(path), str(path), overrides)

    @classmethod
    def from_mapping(
        cls,
        values: Mapping[str, Any],
        where: str,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> "RunConfig":
        """Return the settings in `values`, the content of a TOML file named `where`."""
        stages: dict[str, type[Config]] = {
            "prepare": PrepareConfig,
            "train": TrainConfig,
            "export": ExportConfig,
        }
        known = ["inputs", "run", *stages]
        for key in values:
            if key not in known:
                raise unknown_key(key, known, where)
        inputs = checked(values.get("inputs", []), tuple[str, ...], "inputs", where)
        run = checked(values.get("run", ""), str, "run", where)
        if not inputs or not run:
            raise W2VError(
                f"{where} does not say {'what to read' if not inputs else 'where to write'}.",
                'Give inputs = ["text.txt"] and run = "runs/name" at the top of the file.',
            )
        made: dict[str, Any] = {}
        for stage, config in stages.items():
            table = checked(values.get(stage, {}), dict, stage, where)
            merged = {k.replace("-", "_"): v for k, v in table.items()}
            merged.update((overrides or {}).get(stage, {}))
            made[stage] = config.from_mapping(merged, f"[{stage}] of {where}")
        return cls(inputs=inputs, run=run, **made)
