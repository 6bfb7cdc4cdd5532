"""Ask a trained classifier about new texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2vtrain.classify.labeled_texts import remove_tags
from w2vtrain.classify.settings import ClassifyConfig
from w2vtrain.classify.tokens import TextTokens, load_tokens
from w2vtrain.classify.training import CLASSIFIER, EVALUATION_BATCH, STAGE, padded
from w2vtrain.corpus.vocabulary import OOV_ID, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest, reading


@dataclass(frozen=True)
class Prediction:
    """What the classifier says of one text.

    Args:
        text: as given.
        label: the class with the highest probability.
        probabilities: of every class.
        known: tokens read that have a vector.
        tokens: tokens read.
    """

    text: str
    label: str
    probabilities: dict[str, float]
    known: int
    tokens: int


class Classifier:
    """The classifier in a run directory.

        classifier = Classifier.load("runs/reviews")
        classifier.predict(["A film to forget."])[0].label

    Args:
        model: token ids to probabilities.
        tokens: text to token ids.
        classes: names of the outputs.
        config: the settings it was trained with.
    """

    def __init__(
        self, model: Any, tokens: TextTokens, classes: Sequence[str], config: ClassifyConfig
    ) -> None:
        self.model, self.tokens = model, tokens
        self.classes, self.config = tuple(classes), config

    @classmethod
    def load(cls, run: str | Path) -> "Classifier":
        """Load the classifier that `train_classifier` wrote to `run`.

        Raises:
            W2VError: the run holds none, or a damaged one.
        """
        directory = RunDirectory(Path(run))
        made_by = f"w2v classify train TEXTS -o {run}"
        manifest = read_manifest(directory.model, made_by)
        if manifest.get("stage") != STAGE:
            raise W2VError(f"{run} holds word vectors, but no classifier.", f"Run `{made_by}`.")
        from w2vtrain.tensorflow_runtime import configure

        configure()
        from w2vtrain.classify.model import load_model

        with reading(directory.model):
            manifest = read_manifest(directory.model, made_by)
            config = ClassifyConfig.from_mapping(manifest["config"], str(directory.model))
            vocabulary = Vocabulary.load(directory.vocabulary)
            model = load_model(directory.model / CLASSIFIER, len(manifest["classes"]), config)
            tokens = load_tokens(directory.model, vocabulary, config)
        return cls(model, tokens, manifest["classes"], config)

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Classify `texts`; return a prediction for each, in their order."""
        found: list[Prediction] = []
        for start in range(0, len(texts), EVALUATION_BATCH):
            batch = texts[start : start + EVALUATION_BATCH]
            cleaned = [remove_tags(text)[0] if self.config.strip_html else text for text in batch]
            rows = [ids[: self.config.longest] for ids in self.tokens.encode(cleaned)]
            scores = self.model.predict_on_batch(padded(rows))
            for text, ids, row in zip(batch, rows, scores, strict=True):
                probabilities = dict(zip(self.classes, map(float, row), strict=True))
                label = max(probabilities, key=probabilities.__getitem__)
                known = int((ids != OOV_ID).sum())
                found.append(Prediction(text, label, probabilities, known, len(ids)))
        return found
