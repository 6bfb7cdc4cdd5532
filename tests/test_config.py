"""Settings: defaults, TOML, overrides, and errors that name the key and offer the nearest."""

import copy
import pickle

import pytest

from w2vtrain.config import ExportConfig, PrepareConfig
from w2vtrain.errors import W2VError
from w2vtrain.run_config import RunConfig
from w2vtrain.training.config import TrainConfig

FILE = """
inputs = ["a.txt", "b/*.txt"]
run = "runs/a"
[prepare]
min-count = 2
[train]
embedding-dim = 7
subsample_threshold = 0
noise = "unigram"
[export]
normalize = true
"""


def load(tmp_path, text, overrides=None):
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8")
    return RunConfig.load(path, overrides)


def test_a_toml_file_fills_the_stages_and_flags_override_it(tmp_path):
    config = load(tmp_path, FILE, {"train": {"embedding_dim": 9}, "export": {}})
    assert config.inputs == ("a.txt", "b/*.txt")
    assert config.run == "runs/a"
    assert config.prepare == PrepareConfig(min_count=2)
    assert config.train == TrainConfig(embedding_dim=9, subsample_threshold=0.0, noise="unigram")
    assert config.export == ExportConfig(normalize=True)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (FILE + "normalise = true", "Unknown key 'normalise'", "Did you mean 'normalize'?"),
        (FILE.replace("[train]", "[trian]"), "Unknown key 'trian'", "Did you mean 'train'?"),
        (FILE.replace("min-count = 2", 'min-count = "2"'), "min-count", "whole number"),
        (FILE.replace("min-count = 2", "min-count = true"), "min-count", "whole number"),
        (FILE.replace("normalize = true", "normalize = 1"), "normalize", "true/false"),
        (FILE.replace('run = "runs/a"', ""), "where to write", "run ="),
        (FILE.replace('["a.txt", "b/*.txt"]', '"a.txt"'), "inputs", "list of texts"),
        (FILE.replace("[prepare]", "[prepare"), "not valid TOML", "Correct"),
        (FILE.replace("embedding-dim = 7", "embedding-dim = 0"), "out of range", "from 1 to 8192"),
        (FILE.replace('"unigram"', '"uniform"'), "not a choice", "log-uniform"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path, text, message, hint):
    with pytest.raises(W2VError) as caught:
        load(tmp_path, text)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_missing_file(tmp_path):
    with pytest.raises(W2VError, match="No such file"):
        RunConfig.load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "settings",
    [
        {"window_size": 0},
        {"window_size": 65},
        {"num_negatives": 0},
        {"learning_rate": 0.0},
        {"learning_rate": 11.0},
        {"epochs": 0},
        {"seed": -1},
        {"subsample_threshold": 1.5},
        {"noise_exponent": -1.0},
        {"pairs": "all"},
        {"precision": "float16"},
        {"precision": "bfloat16", "pairs": "explicit"},
        {"precision": "bfloat16", "objective": "full-softmax"},
    ],
)
def test_values_out_of_range(settings):
    with pytest.raises(W2VError):
        TrainConfig(**settings)


def test_the_default_rate_follows_the_number_of_epochs():
    assert [TrainConfig().initial_learning_rate(epochs) for epochs in (1, 10, 11, 50)] == [
        0.05, 0.05, 0.025, 0.025,
    ]  # fmt: skip
    assert TrainConfig(learning_rate=0.03).initial_learning_rate(50) == 0.03
    assert TrainConfig(pairs="explicit").initial_learning_rate(50) == 0.002
    assert TrainConfig(objective="full-softmax").initial_learning_rate(5) == 0.001


def test_every_option_has_help_and_as_dict_reads_back():
    for config in (PrepareConfig(), TrainConfig(), ExportConfig()):
        assert all(field.metadata["help"] for field, _ in config.option_fields())
        assert type(config).from_mapping(config.as_dict()) == config


def test_an_encoding_that_does_not_exist():
    with pytest.raises(W2VError, match="utf-9"):
        PrepareConfig(encoding="utf-9")


OBJECTIVES = ["full-softmax", "sampled-softmax", "hierarchical-softmax", "tutorial"]


@pytest.mark.parametrize(
    ("objective", "unused"),
    [
        ("negative-sampling", {"bias": True}),
        ("negative-sampling", {"batch_size": 64}),
        ("full-softmax", {"noise": "unigram"}),
        ("full-softmax", {"num_negatives": 3}),
        ("hierarchical-softmax", {"noise_exponent": 0.5}),
        ("hierarchical-softmax", {"pairs": "explicit"}),
        ("sampled-softmax", {"pairs": "explicit"}),
        ("sampled-softmax", {"more_epochs": 2}),
        ("tutorial", {"pairs": "explicit"}),
        ("tutorial", {"noise": "unigram"}),
        ("tutorial", {"subsample_threshold": 0.001}),
        ("tutorial", {"validation_ranks": 5, "validation_fraction": 0.1}),
    ],
)
def test_an_option_that_the_objective_does_not_use_is_refused(objective, unused):
    name = next(iter(unused)).replace("_", "-")
    with pytest.raises(W2VError, match=f"--{name} does nothing with --objective {objective}"):
        TrainConfig(objective=objective, **unused)
    with pytest.raises(W2VError, match=f"--{name} does nothing with --objective {objective}"):
        TrainConfig.from_mapping({"objective": objective, **unused})


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_each_objective_has_settings_of_its_own_class_that_copy_and_pickle(objective):
    config = TrainConfig(objective=objective, window_size=3)
    assert type(config) is not type(TrainConfig())
    assert config.replaced(seed=7) == TrainConfig(objective=objective, window_size=3, seed=7)
    assert pickle.loads(pickle.dumps(config)) == config
    assert copy.copy(config) == config
    assert type(config)(window_size=3) == config


def test_settings_that_version_0_1_recorded_are_read():
    # its manifests hold the settings of all objectives
    recorded = {
        "embedding_dim": 50, "objective": "tutorial", "noise": "log-uniform", "pairs": "stream",
        "bias": False, "batch_size": 512, "precision": "float32", "context": "both",
    }  # fmt: skip
    config = TrainConfig.from_recorded(recorded)
    assert config == TrainConfig(objective="tutorial", embedding_dim=50, batch_size=512)
