"""The logs are read back with TensorBoard's own code: the event reader and the Projector plugin."""

import numpy as np
import pytest

from w2vtrain.errors import W2VError
from w2vtrain.training.logs import LogsCallback, TrainingLogs

TOKENS = ["whale", "ship", "sea|man", "\u3000", "007"]
COUNTS = np.array([9, 7, 5, 3, 1])
VECTORS = np.array([[1, 0.1], [0.9, 0.2], [0.8, 0.7], [-1, 0], [0, -1]], dtype=np.float32)


def events(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def points(folder, name):
    import tensorflow as tf

    return [(e.step, float(tf.make_ndarray(e.tensor_proto))) for e in events(folder).Tensors(name)]


def texts(folder, name):
    import tensorflow as tf

    tensors = events(folder).Tensors(name)
    return [(e.step, tf.make_ndarray(e.tensor_proto).item().decode()) for e in tensors]


def projector(folder):
    """The Projector plugin as a web client, on the logs in `folder`."""
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin
    from werkzeug.test import Client
    from werkzeug.wrappers import Response

    runs = plugin_event_multiplexer.EventMultiplexer()
    runs.AddRunsFromDirectory(str(folder))
    runs.Reload()
    provider = data_provider.MultiplexerDataProvider(runs, str(folder))
    plugin = ProjectorPlugin(base_plugin.TBContext(logdir=str(folder), data_provider=provider))
    apps = plugin.get_plugin_apps()
    return lambda route, **query: Client(apps[route], Response).get(route, query_string=query)


def test_curves_hold_what_was_written(tmp_path):
    with TrainingLogs(tmp_path / "logs", TOKENS, COUNTS) as logs:
        logs.scalars(10, {"loss": 2.5, "learning_rate": 0.05})
        logs.scalars(20, {"loss": 2.25})
    assert points(tmp_path / "logs", "loss") == [(10, 2.5), (20, 2.25)]
    assert points(tmp_path / "logs", "learning_rate") == [(10, pytest.approx(0.05))]


def test_the_projector_plugin_shows_the_last_embedding(tmp_path):
    with TrainingLogs(tmp_path, TOKENS, COUNTS) as logs:
        logs.embedding(0, VECTORS * 0 + 3.3)
        logs.embedding(1, VECTORS + 0.3)
    get = projector(tmp_path)
    (run,) = get("/runs").get_json()
    (info,) = get("/info", run=run).get_json()["embeddings"]
    assert info["tensorShape"] == [5, 2]
    tensor = get("/tensor", run=run, name=info["tensorName"], num_rows=100000).data
    np.testing.assert_array_equal(np.frombuffer(tensor, "<f4").reshape(5, 2), VECTORS + 0.3)
    metadata = get("/metadata", run=run, name=info["tensorName"], num_rows=100000).data.decode()
    assert metadata.split("\n") == [
        *["token\tcount", "whale\t9", "ship\t7", "sea|man\t5", '"\u3000"\t3', '"007"\t1', ""]
    ]


def test_a_tensor_whose_bytes_are_text_is_written_as_tsv(tmp_path):
    with TrainingLogs(tmp_path, TOKENS, COUNTS) as logs:
        logs.embedding(0, np.full((5, 2), 2.0, np.float32))  # 00 00 00 40 is valid UTF-8
    get = projector(tmp_path)
    (run,) = get("/runs").get_json()
    tensor = get("/tensor", run=run, name="word_vectors").data
    np.testing.assert_array_equal(np.frombuffer(tensor, "<f4"), np.full(10, 2.0))


def test_neighbors_of_watched_words_for_each_epoch(tmp_path):
    with TrainingLogs(tmp_path, TOKENS, COUNTS, watch=["whale", "whale"]) as logs:
        logs.embedding(0, VECTORS)
        logs.embedding(1, -VECTORS[::-1])
    (first, table), (second, _) = texts(tmp_path, "neighbors/whale")
    assert (first, second) == (0, 1)
    lines = table.split("\n")
    # cosine of (1, 0.1) and (0.9, 0.2): 0.92 / (sqrt(1.01) * sqrt(0.85)) = 0.9929
    assert lines[2] == "| ship | 0.993 |"
    assert lines[3].startswith("| sea\\|man |")


def test_an_unknown_watched_word_is_named(tmp_path):
    with pytest.raises(W2VError, match="'Whale' is not in the vocabulary of 5 words"):
        TrainingLogs(tmp_path, TOKENS, COUNTS, watch=["Whale"])


def test_a_new_training_drops_the_old_curves_and_a_resumed_one_keeps_them(tmp_path):
    for resume in (False, True):
        with TrainingLogs(tmp_path, TOKENS, COUNTS, resume=resume) as logs:
            logs.scalars(1 + resume, {"loss": 1.0})
    assert [step for step, _ in points(tmp_path, "loss")] == [1, 2]
    with TrainingLogs(tmp_path, TOKENS, COUNTS) as logs:
        logs.scalars(5, {"loss": 1.0})
    assert [step for step, _ in points(tmp_path, "loss")] == [5]


def test_the_callback_writes_curves_and_embeddings_during_fit(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.125), loss="mse")
    with TrainingLogs(tmp_path, TOKENS, COUNTS, watch=["ship"]) as logs:
        callback = LogsCallback(
            logs, lambda: VECTORS, words_per_epoch=1000, steps_per_epoch=8, points_per_epoch=2
        )
        x = np.ones((8, 1), np.float32)
        model.fit(x, x, batch_size=1, epochs=2, verbose=0, callbacks=[callback])
    assert [step for step, _ in points(tmp_path, "loss")] == [4, 8, 12, 16]
    assert {rate for _, rate in points(tmp_path, "learning_rate")} == {0.125}
    assert all(speed > 0 for _, speed in points(tmp_path, "words_per_second"))
    assert [step for step, _ in texts(tmp_path, "neighbors/ship")] == [0, 1, 2]
    assert "tensor_shape: 5" in (tmp_path / "projector_config.pbtxt").read_text()
