"""Where did a word get lost on its way from the text to the vocabulary?"""

from w2vtrain.analysis.why_not.trace import Step, Trace, why_not

__all__ = ["Step", "Trace", "why_not"]
