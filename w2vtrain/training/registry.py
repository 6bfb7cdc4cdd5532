"""The registry of objectives."""

from w2vtrain.corpus.corpus import Corpus
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.explicit_pairs import ExplicitNegativeSampling
from w2vtrain.training.negative_sampling import BlockNegativeSampling
from w2vtrain.training.objective import Objective
from w2vtrain.training.softmax import FullSoftmax, HierarchicalSoftmax, SampledSoftmax
from w2vtrain.training.tutorial import Tutorial

OBJECTIVES: tuple[type[Objective], ...] = (
    BlockNegativeSampling,
    ExplicitNegativeSampling,
    FullSoftmax,
    SampledSoftmax,
    HierarchicalSoftmax,
    Tutorial,
)


def make_objective(corpus: Corpus, config: TrainConfig, epochs: int) -> Objective:
    """Return the objective of `config`, ready to train on `corpus` for so many epochs."""
    chosen = next(o for o in OBJECTIVES if o.config_class is type(config))
    return chosen(corpus, config, epochs)
