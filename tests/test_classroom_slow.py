"""The classroom's experiments on real text; they need the shared data and some minutes."""

import os
from pathlib import Path

import numpy as np
import pytest

from w2vtrain.analysis.context_prediction import predict_contexts
from w2vtrain.analysis.evaluation.groups import group_accuracy, read_groups
from w2vtrain.classify.settings import ClassifyConfig
from w2vtrain.classify.training import train_classifier
from w2vtrain.corpus.prepare import prepare
from w2vtrain.run_config import RunConfig
from w2vtrain.settings import read_toml
from w2vtrain.training.pair_examples import pair_examples
from w2vtrain.training.train import train
from w2vtrain.vectors.embeddings import Embeddings

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("W2V_SHARED", ROOT / "../shared")) / "data/corpora"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"no shared data in {SHARED}"),
]


def settings(name: str, **overrides) -> RunConfig:
    path = ROOT / "configs" / f"{name}.toml"
    return RunConfig.from_mapping(read_toml(path), str(path), overrides)


def test_letters_group_by_kind(tmp_path):
    config = settings("letters")
    summary = prepare([str(SHARED / "headlines.csv")], tmp_path / "run", config.prepare)
    assert summary.vocabulary == 111
    trained = train(tmp_path / "run", config.train)
    # the best with one character as context: loss 2.414, accuracy 0.277
    assert 2.5 < trained.loss < 2.8
    assert 0.24 < trained.accuracy < 0.277
    groups = read_groups(ROOT / "data" / "letters.tsv")
    vectors = Embeddings.load(tmp_path / "run")
    before = np.load(tmp_path / "run/model/snapshots/epoch-0000.npy")
    assert group_accuracy(vectors.tokens, before, groups).accuracy < 0.6
    after = group_accuracy(vectors.tokens, vectors.vectors, groups)
    assert after.accuracy > 0.7
    assert after.shuffled < 0.45
    assert after.p_value < 0.01


def test_the_full_softmax_knows_a_novels_phrases(tmp_path):
    novels = [str(path) for path in sorted((SHARED / "novels").glob("*.txt"))]
    config = settings("full_softmax", prepare={"boundary": "paragraph"}, train={"epochs": 20})
    prepare(novels, tmp_path / "run", config.prepare)
    trained = train(tmp_path / "run", config.train)
    assert trained.loss < trained.first_loss < np.log(1000)
    [found] = predict_contexts(tmp_path / "run", ["havisham"], top=1)
    assert found.contexts[0][0] == "miss"


def test_the_tutorial_on_novels_and_what_its_repairs_remove(tmp_path):
    novels = [str(path) for path in sorted((SHARED / "novels").glob("*.txt"))]
    config = settings("tutorial", train={"epochs": 3, "validation_fraction": 0.05})
    prepare(novels, tmp_path / "run", config.prepare)
    faithful = pair_examples(tmp_path / "run", config.train)
    assert faithful.noise_padding / faithful.negatives > 0.05
    trained = train(tmp_path / "run", config.train)
    assert trained.loss < trained.first_loss
    repaired = config.train.replaced(corrected=True)
    assert pair_examples(tmp_path / "run", repaired).noise_padding == 0
    better = train(tmp_path / "run", repaired)
    assert better.val_loss < trained.val_loss


def test_film_reviews_are_told_apart_at_0_87_or_better(tmp_path):
    config = ClassifyConfig(text_column="review", label_column="sentiment")
    found = train_classifier(SHARED / "imdb_train.csv.gz", tmp_path / "run", config)
    assert found.repeated == 98
    assert found.tags > 100_000
    assert found.test_accuracy >= 0.87
    vectors = Embeddings.load(tmp_path / "run")
    assert vectors.similarity("awful", "worst") > 0.5
    assert vectors.similarity("awful", "superb") < 0
