"""Do a run's vectors belong to its corpus? A model outlives the corpus that it was trained on.

A model's manifest holds the SHA-256 of every file of the corpus that it was trained on, and the
corpus' own manifest holds those of the corpus that is there now.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from w2vtrain.config import PrepareConfig
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import MANIFEST, read_corpus_manifest, read_manifest


def model_manifest(run: RunDirectory) -> dict[str, Any] | None:
    """Return the manifest of a run's model, or None for a run that has not been trained."""
    if not (run.model / MANIFEST).exists():
        return None
    return read_manifest(run.model, made_by=f"w2v train {run.root}")


def model_is_stale(run: RunDirectory) -> bool:
    """Tell whether a run's model was trained on another corpus than the run holds now.

    A run without a model, or one whose manifest does not say, is not stale.
    """
    model = model_manifest(run)
    trained_on = model.get("corpus") if model else None
    return trained_on is not None and trained_on != _digests(read_corpus_manifest(run))


def require_current_model(run: RunDirectory) -> None:
    """Raise a W2VError where the model was trained on another corpus than the run holds now."""
    if model_is_stale(run):
        raise W2VError(
            f"The vectors of {run.root} were trained on another corpus than it holds now.",
            f"Run `w2v train {run.root}` first.",
        )


def differing_texts(paths: Sequence[str | Path]) -> bool:
    """Tell whether two of some runs were trained on different corpora; files are passed over."""
    manifests = [model_manifest(RunDirectory(Path(path))) for path in paths]
    known = [m["corpus"] for m in manifests if m is not None and "corpus" in m]
    return any(digests != known[0] for digests in known[1:])


def require_same_splitting(runs: Sequence[RunDirectory]) -> None:
    """Raise a W2VError where the texts of two runs were split by different rules.

    The rules are `--split`, and with it the version of ICU or the subword units.
    """
    rules, units = [], []
    for run in runs:
        manifest = read_corpus_manifest(run)
        config = PrepareConfig.from_manifest(manifest["config"], str(run.corpus))
        version = f" (ICU {manifest['icu']})" if "icu" in manifest else ""
        rules.append(f"{run.root} with --split {config.split}{version}")
        units.append((config.split, version, _digests(manifest).get(run.subword_units.name)))
    if len(set(units)) > 1:
        raise W2VError(
            f"They were split differently: {' and '.join(rules)}.",
            "Prepare both alike (subword units are learned on each text: two texts have others).",
        )


def _digests(manifest: dict[str, Any]) -> dict[str, str]:
    return {name: facts["sha256"] for name, facts in manifest["files"].items()}
