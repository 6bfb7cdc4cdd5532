"""Comparing texts: which words changed their use, held against what chance does."""

from w2vtrain.analysis.change.change import change
from w2vtrain.analysis.change.report import ChangedWord, ChangeReport, write_words

__all__ = ["ChangeReport", "ChangedWord", "change", "write_words"]
