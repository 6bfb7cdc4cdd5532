"""What a training is shown, to look at: pairs with their noise words, as words and as ids."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.config import TrainConfig
from w2vtrain.corpus.vocabulary import OOV_ID, PADDING_ID
from w2vtrain.engine.sampling import NoiseSampler
from w2vtrain.engine.text_stream import TextStream
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest, reads
from w2vtrain.training.pairs import Pairs, epoch_pairs
from w2vtrain.training.training import TrainingText
from w2vtrain.training.tutorial_training import tutorial_pairs

PADDING_NAME = "[PAD]"


@dataclass(frozen=True)
class Example:
    """One pair.

    Args:
        target, target_id: the word whose vector is trained.
        contexts, context_ids: the true context first, then the noise words.
        labels: 1 for the true context, 0 for noise.
    """

    target: str
    target_id: int
    contexts: tuple[str, ...]
    context_ids: tuple[int, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True)
class PairExamples:
    """Some pairs of an epoch, and counts of all of them.

    Args:
        examples: drawn at random.
        positives: pairs of the first epoch.
        negatives: their noise words.
        noise_padding, noise_unknown, noise_positive: noise words that are padding, `[UNK]`, or the
            pair's own context.
    """

    examples: tuple[Example, ...]
    positives: int
    negatives: int
    noise_padding: int
    noise_unknown: int
    noise_positive: int


@reads("corpus")
def pair_examples(run: str | Path, config: TrainConfig, count: int = 20) -> PairExamples:
    """Returns `count` of the pairs that a training of `run` with these settings sees first.

    Args:
        run: a run directory that `prepare` has written to.
        config: objective `tutorial`, or `negative-sampling` with its explicit pairs.
        count: how many.
    Raises:
        W2VError: no corpus, or an objective without noise words.
    """
    if config.objective not in ("tutorial", "negative-sampling"):
        raise W2VError(
            f"--objective {config.objective} has no noise words of a pair's own.",
            "Choose tutorial or negative-sampling.",
        )
    directory = RunDirectory(Path(run))
    corpus = read_manifest(directory.corpus, f"w2v prepare INPUT... -o {run}")
    text = TrainingText.load(directory, corpus["config"]["keep_oov"])
    pairs = _pairs(text, config)
    noise = pairs.contexts[:, 1:]
    chosen = np.random.default_rng(config.seed).permutation(len(pairs.targets))[:count]
    tokens = (PADDING_NAME, *text.vocabulary.tokens[1:])
    return PairExamples(
        examples=tuple(_example(tokens, pairs, row) for row in chosen.tolist()),
        positives=len(pairs.targets),
        negatives=noise.size,
        noise_padding=int((noise == PADDING_ID).sum()),
        noise_unknown=int((noise == OOV_ID).sum()),
        noise_positive=int((noise == pairs.contexts[:, :1]).sum()),
    )


def _pairs(text: TrainingText, config: TrainConfig) -> Pairs:
    if config.objective == "tutorial":
        return tutorial_pairs(text, config, 0)
    stream = TextStream(text.file, text.keep(config), config.seed)
    sampler = NoiseSampler(text.noise(config))
    parts = list(epoch_pairs(stream, config.window_size, config.num_negatives, sampler, 0))
    return Pairs(
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.contexts for part in parts]),
    )


def _example(tokens: tuple[str, ...], pairs: Pairs, row: int) -> Example:
    ids = tuple(pairs.contexts[row].tolist())
    return Example(
        target=tokens[pairs.targets[row]],
        target_id=int(pairs.targets[row]),
        contexts=tuple(tokens[i] for i in ids),
        context_ids=ids,
        labels=(1,) + (0,) * (len(ids) - 1),
    )
