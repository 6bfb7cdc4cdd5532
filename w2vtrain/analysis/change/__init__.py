"""Comparing two texts: which words changed their use, held against what chance does."""

from w2vtrain.analysis.change.change import ChangedWord, ChangeReport, change, write_words

__all__ = ["ChangeReport", "ChangedWord", "change", "write_words"]
