"""The contract of every model: what a Keras user expects of one."""

import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import w2vtrain
from w2vtrain.errors import W2VError
from w2vtrain.models import (
    HierarchicalWord2Vec,
    SampledSoftmaxWord2Vec,
    SoftmaxWord2Vec,
    Word2Vec,
)

IDS, DIM, BATCH = 12, 4, 6
COUNTS = np.array([0, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1])
TARGETS = np.array([2, 3, 4, 5, 6, 7], np.int32)
CONTEXTS = np.array([3, 4, 5, 6, 7, 8], np.int32)
MANY = np.stack([CONTEXTS, np.full(BATCH, 9, np.int32)], axis=1)
LABELS = np.tile(np.array([[1, 0]], np.float32), (BATCH, 1))


@dataclass
class Case:
    """A model with what it is called with, trained on and evaluated on."""

    model: Any
    inputs: Any
    shape: tuple[int, ...]
    batch: Any
    compiled: dict[str, Any] = field(default_factory=dict)
    evaluated: Any = None
    frozen: tuple[str, ...] = ()

    @property
    def held_out(self) -> Any:
        return self.batch if self.evaluated is None else self.evaluated


def cases() -> dict[str, Any]:
    from_logits = {"from_logits": True}
    return {
        "word2vec": lambda: Case(
            Word2Vec(IDS, DIM, seed=5),
            (TARGETS, MANY),
            (BATCH, 2),
            ((TARGETS, MANY), LABELS),
            {
                "loss": keras.losses.BinaryCrossentropy(**from_logits),
                "metrics": [keras.metrics.BinaryAccuracy(threshold=0.0)],
            },
        ),
        "softmax": lambda: Case(
            SoftmaxWord2Vec(IDS, DIM, first_id=2, bias=True),
            TARGETS,
            (BATCH, IDS),
            (TARGETS, CONTEXTS),
            {"loss": keras.losses.SparseCategoricalCrossentropy(**from_logits)},
        ),
        "sampled": lambda: Case(
            SampledSoftmaxWord2Vec(IDS, DIM, first_id=2),
            TARGETS,
            (BATCH, IDS),
            ((TARGETS, np.full(BATCH, 9, np.int32)), CONTEXTS),
            evaluated=(TARGETS, CONTEXTS),
            frozen=("context_bias", "noise_log_probabilities"),
        ),
        "hierarchical": lambda: Case(
            HierarchicalWord2Vec.for_counts(COUNTS, DIM),
            (TARGETS, CONTEXTS),
            (BATCH,),
            ((TARGETS, CONTEXTS),),
            frozen=("path_nodes", "path_turns"),
        ),
    }


@pytest.fixture(params=list(cases()))
def case(request) -> Case:
    made = cases()[request.param]()
    made.model.compile("adam", jit_compile=False, **made.compiled)
    return made


def data(batch: Any, repeated: int = 1) -> Any:
    return tf.data.Dataset.from_tensors(batch).repeat(repeated)


def test_it_is_built_and_gives_scores_of_its_shape(case):
    assert case.model.built
    scores = case.model(case.inputs)
    assert tuple(scores.shape) == case.shape
    assert scores.dtype == tf.float32
    np.testing.assert_allclose(
        case.model.predict(case.inputs, verbose=0), scores, rtol=1e-6, atol=1e-7
    )
    assert case.model.word_vectors().shape == (IDS, DIM)
    contexts = case.model.context_vectors()
    assert contexts is None or contexts.shape == (IDS, DIM)


def test_training_moves_every_table_and_lowers_what_evaluate_measures(case):
    before = {v.path: v.numpy() for v in case.model.variables}
    untrained = case.model.evaluate(data(case.held_out), return_dict=True, verbose=0)["loss"]
    history = case.model.fit(
        data(case.batch, 80), epochs=2, validation_data=data(case.held_out), verbose=0
    ).history
    for variable in case.model.weights:
        moved = (variable.numpy() != before[variable.path]).any()
        assert moved == (variable.name not in case.frozen), variable.path
    trained = case.model.evaluate(data(case.held_out), return_dict=True, verbose=0)["loss"]
    assert trained < untrained
    assert history["val_loss"][-1] == pytest.approx(trained, rel=1e-5)


def test_its_config_makes_the_same_model_again(case):
    again = type(case.model).from_config(case.model.get_config())
    assert again.get_config() == case.model.get_config()
    assert [v.shape for v in again.weights] == [v.shape for v in case.model.weights]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Every model trained, saved, and loaded in one fresh process, which goes on training."""
    folder, wanted = tmp_path_factory.mktemp("models"), {}
    for name, make in cases().items():
        case = make()
        case.model.compile("adam", jit_compile=False, **case.compiled)
        case.model.fit(data(case.batch, 3), verbose=0)
        case.model.save(folder / f"{name}.keras")
        wanted[name] = np.array(case.model(case.inputs))
    code = f"""
import pathlib, numpy as np
from w2vtrain import Word2Vec
import keras
targets, contexts = np.array({TARGETS.tolist()}, np.int32), np.array({CONTEXTS.tolist()}, np.int32)
many = np.array({MANY.tolist()}, np.int32)
inputs = {{"word2vec": (targets, many), "hierarchical": (targets, contexts)}}
for path in pathlib.Path({str(folder)!r}).glob("*.keras"):
    model = keras.models.load_model(path, safe_mode=True)
    np.save(path.with_suffix(".npy"), model(inputs.get(path.stem, targets)))
    if path.stem == "word2vec":
        model.fit((targets, many), np.array({LABELS.tolist()}), verbose=0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
    return wanted, {name: np.load(folder / f"{name}.npy") for name in wanted}


@pytest.mark.parametrize("name", list(cases()))
def test_it_loads_in_a_fresh_process_with_the_same_scores(saved, name):
    wanted, found = saved
    np.testing.assert_allclose(found[name], wanted[name], rtol=1e-6)


@pytest.mark.parametrize("name", ["sampled", "hierarchical"])
def test_models_with_a_loss_of_their_own_refuse_another(name):
    with pytest.raises(W2VError, match="own loss: loss is refused"):
        cases()[name]().model.compile("adam", loss="mse")


def test_the_public_name_is_the_model():
    assert w2vtrain.Word2Vec is Word2Vec


def test_scores_are_dot_products():
    model = Word2Vec(IDS, DIM)
    for layer in (model.target_embedding, model.context_embedding):
        layer.embeddings.assign(np.random.default_rng(0).normal(size=(IDS, DIM)))
    scores = model((TARGETS, MANY)).numpy()
    for row in range(BATCH):
        wanted = model.context_vectors()[MANY[row]] @ model.word_vectors()[TARGETS[row]]
        np.testing.assert_allclose(scores[row], wanted, rtol=1e-5)


def test_tables_start_as_in_word2vec():
    target, context = Word2Vec(200, 10, seed=3).get_weights()
    assert not context.any()
    assert 0.04 < np.abs(target).max() <= 0.05  # 0.5 / 10
    np.testing.assert_array_equal(target, Word2Vec(200, 10, seed=3).get_weights()[0])
    assert (target != Word2Vec(200, 10, seed=4).get_weights()[0]).any()


def test_models_of_version_0_1_load_from_their_config():
    shape = {"blocks": 4, "block_size": 32, "window_size": 5, "noise_size": 16, "num_negatives": 5}
    old = {"vocabulary_size": IDS, "embedding_dim": DIM, "seed": 2, "shape": shape}
    assert Word2Vec.from_config(old).seed == 2
    nodes, turns = (
        [[0, 0], [0, 0], [0, 0], [0, 1], [0, 1]],
        [[0, 0], [0, 0], [1, 0], [-1, 1], [-1, -1]],
    )
    tree = HierarchicalWord2Vec.from_config(
        {"vocabulary_size": 5, "embedding_dim": DIM, "nodes": nodes, "turns": turns, "seed": 1}
    )
    np.testing.assert_array_equal(tree.path_turns.numpy(), turns)
    np.testing.assert_allclose(tree.context_probabilities([2]).sum(), 1, rtol=1e-6)
