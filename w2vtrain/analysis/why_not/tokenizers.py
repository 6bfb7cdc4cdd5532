"""The tokens that a text becomes under each choice of standardisation and splitting."""

import typing
from collections.abc import Iterator
from typing import Any

from w2vtrain.config import PrepareConfig, Split, Standardize


class Tokenizers:
    """The functions that a run's saved vectorizer holds, and those of the other choices."""

    def __init__(self) -> None:
        from w2vtrain.tensorflow_runtime import configure

        self._tf: Any = configure()

    def tokens(self, text: str, standardize: Standardize, split: Split) -> list[str]:
        """Returns the tokens of one text."""
        from w2vtrain.corpus.standardization import splitter, standardizer

        texts = self._tf.constant([text])
        change = standardizer(standardize)
        pieces = splitter(split)(texts if change is None else change(texts))
        return [token.decode() for token in pieces.flat_values.numpy().tolist()]

    def other_choices(self, config: PrepareConfig) -> Iterator[tuple[str, Standardize, Split]]:
        """Yields the other choices as options, those that change one thing first."""
        both = [
            (standardize, split)
            for standardize in typing.get_args(Standardize)
            for split in typing.get_args(Split)
        ]
        both.sort(key=lambda c: (c[0] != config.standardize) + (c[1] != config.split))
        for standardize, split in both[1:]:
            options = []
            if standardize != config.standardize:
                options.append(f"--standardize {standardize}")
            if split != config.split:
                options.append(f"--split {split}")
            yield " ".join(options), standardize, split
