"""Examples of training pairs with their noise words, as words and as ids."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.vocabulary import OOV_ID, PADDING_ID
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import reads
from w2vtrain.training.config import NegativeSamplingConfig, TrainConfig
from w2vtrain.training.explicit_pairs import first_pairs
from w2vtrain.training.pairs import Pairs
from w2vtrain.training.tutorial import TutorialConfig, tutorial_pairs

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
    """Return `count` of the pairs that a training of `run` with these settings sees first.

    Args:
        run: a run directory that `prepare` has written to.
        config: objective `tutorial`, or `negative-sampling`, whose pairs are made one by one here.
        count: how many.
    Raises:
        W2VError: no corpus, or an objective without noise words.
    """
    corpus = Corpus.open(RunDirectory(Path(run)))
    corpus.require_pairs()
    pairs = _first_pairs(corpus, config)
    noise = pairs.contexts[:, 1:]
    chosen = np.random.default_rng(config.seed).permutation(len(pairs.targets))[:count]
    tokens = (PADDING_NAME, *corpus.vocabulary.tokens[1:])
    return PairExamples(
        examples=tuple(_example(tokens, pairs, row) for row in chosen.tolist()),
        positives=len(pairs.targets),
        negatives=noise.size,
        noise_padding=int((noise == PADDING_ID).sum()),
        noise_unknown=int((noise == OOV_ID).sum()),
        noise_positive=int((noise == pairs.contexts[:, :1]).sum()),
    )


def _first_pairs(corpus: Corpus, config: TrainConfig) -> Pairs:
    if isinstance(config, TutorialConfig):
        return tutorial_pairs(corpus, config, 0)
    if not isinstance(config, NegativeSamplingConfig):
        raise W2VError(
            f"--objective {config.objective} has no noise words of a pair's own.",
            "Choose tutorial or negative-sampling.",
        )
    return first_pairs(corpus, config)


def _example(tokens: tuple[str, ...], pairs: Pairs, row: int) -> Example:
    ids = tuple(pairs.contexts[row].tolist())
    return Example(
        target=tokens[pairs.targets[row]],
        target_id=int(pairs.targets[row]),
        contexts=tuple(tokens[i] for i in ids),
        context_ids=ids,
        labels=(1,) + (0,) * (len(ids) - 1),
    )
