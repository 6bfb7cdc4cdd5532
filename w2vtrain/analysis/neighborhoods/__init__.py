"""What changes from one set of vectors to another: words that moved, neighbors that came back."""

from w2vtrain.analysis.neighborhoods.difference import Difference, MovedWord, diff
from w2vtrain.analysis.neighborhoods.stability import Stability, WordStability, stability

__all__ = ["Difference", "MovedWord", "Stability", "WordStability", "diff", "stability"]
