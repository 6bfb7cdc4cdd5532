"""Raw text into word vectors with Keras/TensorFlow.

    import w2vtrain
    w2vtrain.prepare(["novels/*.txt"], "runs/novels", w2vtrain.PrepareConfig(min_count=5))
    w2vtrain.train("runs/novels", w2vtrain.TrainConfig(embedding_dim=100))
    vectors = w2vtrain.Embeddings.load("runs/novels")
    vectors.most_similar("whale", k=10)

The names below are imported when they are first used, so that `import w2vtrain` stays instant.
"""

import importlib
from typing import TYPE_CHECKING, Any

from w2vtrain.version import VERSION as __version__

if TYPE_CHECKING:
    from w2vtrain.config import ExportConfig, PrepareConfig
    from w2vtrain.corpus.prepare import prepare
    from w2vtrain.errors import W2VError
    from w2vtrain.models import Word2Vec
    from w2vtrain.run_config import RunConfig
    from w2vtrain.training.config import TrainConfig
    from w2vtrain.training.train import train
    from w2vtrain.vectors.approximate import ApproximateIndex
    from w2vtrain.vectors.embeddings import Embeddings
    from w2vtrain.vectors.export import export

_HOMES = {
    "prepare": "w2vtrain.corpus.prepare",
    "train": "w2vtrain.training.train",
    "export": "w2vtrain.vectors.export",
    "Embeddings": "w2vtrain.vectors.embeddings",
    "ApproximateIndex": "w2vtrain.vectors.approximate",
    "PrepareConfig": "w2vtrain.config",
    "TrainConfig": "w2vtrain.training.config",
    "Word2Vec": "w2vtrain.models",
    "ExportConfig": "w2vtrain.config",
    "RunConfig": "w2vtrain.run_config",
    "W2VError": "w2vtrain.errors",
}

__all__ = [
    "ApproximateIndex",
    "Embeddings",
    "ExportConfig",
    "PrepareConfig",
    "RunConfig",
    "TrainConfig",
    "W2VError",
    "Word2Vec",
    "__version__",
    "export",
    "prepare",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
