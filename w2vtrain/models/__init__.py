"""The Keras models; importing this package registers them all, so that saved ones load."""

from w2vtrain.models.hierarchical_softmax import HierarchicalWord2Vec
from w2vtrain.models.sampled_softmax import SampledSoftmaxWord2Vec
from w2vtrain.models.softmax import SoftmaxWord2Vec
from w2vtrain.models.word2vec import Word2Vec

__all__ = ["HierarchicalWord2Vec", "SampledSoftmaxWord2Vec", "SoftmaxWord2Vec", "Word2Vec"]
