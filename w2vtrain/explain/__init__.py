"""Why are two words neighbours? Read from the corpus, not from the vectors."""

from w2vtrain.explain.explanation import Explanation, Passage, SharedContext, explain

__all__ = ["Explanation", "Passage", "SharedContext", "explain"]
