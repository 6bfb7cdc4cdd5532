import itertools

import numpy as np
import pytest

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.prepare import prepare
from w2vtrain.errors import TrainingStopped
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.train import train


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    generator = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("text") / "text.txt"
    lines = [" ".join(f"w{i}" for i in generator.integers(0, 30, 12)) for _ in range(600)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    "settings",
    [
        {"objective": "full-softmax", "subsample_threshold": 0.01},
        {"objective": "full-softmax", "pairs": "explicit", "subsample_threshold": 0.0},
        {"objective": "sampled-softmax", "num_negatives": 8, "subsample_threshold": 0.0},
        {"objective": "hierarchical-softmax", "subsample_threshold": 0.0},
        {"objective": "tutorial", "corrected": True},
    ],
)
def test_a_stopped_training_goes_on_to_the_same_bytes(text, tmp_path, settings):
    config = TrainConfig(
        window_size=2,
        embedding_dim=6,
        batch_size=128,
        epochs=2,
        snapshots=True,
        validation_fraction=0.1,
        **settings,
    )
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for run in (whole, parts):
        prepare([str(text)], run, PrepareConfig(keep_oov=True))
    summary = train(whole, config)
    assert summary.val_loss is not None
    calls = itertools.count()
    with pytest.raises(TrainingStopped):
        train(parts, config, stop=lambda: next(calls) == 5)
    assert next(calls) == 6  # in the middle of the first epoch
    train(parts, config)
    one, other = (np.load(run / "model/vectors.npy") for run in (whole, parts))
    np.testing.assert_array_equal(one, other)
    names = [path.name for path in sorted((parts / "model/snapshots").iterdir())]
    assert names == ["epoch-0000.npy", "epoch-0001.npy", "epoch-0002.npy"]
    start = [np.load(run / "model/snapshots/epoch-0000.npy") for run in (whole, parts)]
    np.testing.assert_array_equal(*start)
