"""The softmaxes: one step of each against NumPy, pair by pair."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from w2vtrain.errors import W2VError
from w2vtrain.models import softmax
from w2vtrain.models.hierarchical_softmax import HierarchicalWord2Vec, huffman_paths
from w2vtrain.models.sampled_softmax import SampledSoftmaxWord2Vec
from w2vtrain.models.softmax import PairCounts, PairCountTrainer, SoftmaxWord2Vec
from w2vtrain.training.config import TrainConfig
from w2vtrain.training.registry import make_objective

IDS, DIM, FIRST = 7, 3, 2
PAIRS = np.array([(2, 3), (2, 3), (3, 2), (4, 6), (6, 5), (2, 4), (5, 2)], np.int32)


def made(bias: bool = True, kind: type = SoftmaxWord2Vec) -> SoftmaxWord2Vec:
    model = kind(IDS, DIM, FIRST, seed=3, bias=bias)
    generator = np.random.default_rng(0)
    for variable in (
        model.target_embedding.embeddings, model.context_embedding.embeddings, model.context_bias
    ):  # fmt: skip
        variable.assign(generator.normal(size=variable.shape))
    if not bias:
        model.context_bias.assign(np.zeros(IDS))
    return model


def tables(model) -> list[np.ndarray]:
    return [v.numpy().astype(np.float64) for v in (
        model.target_embedding.embeddings,
        model.context_embedding.embeddings,
        model.context_bias,
    )]  # fmt: skip


def numpy_step(target, context, bias, pairs):
    """Forward and backward pass of the textbook's skip-gram, pair by pair."""
    gradients = [np.zeros_like(target), np.zeros_like(context), np.zeros_like(bias)]
    loss = 0.0
    for t, c in pairs:
        hidden = target[t]  # one-hot input times the first matrix
        scores = context[FIRST:] @ hidden + bias[FIRST:]
        shares = np.exp(scores) / np.exp(scores).sum()
        loss -= np.log(shares[c - FIRST]) / len(pairs)
        error = shares.copy()
        error[c - FIRST] -= 1
        error /= len(pairs)
        gradients[1][FIRST:] += np.outer(error, hidden)
        gradients[0][t] += context[FIRST:].T @ error
        gradients[2][FIRST:] += error
    return loss, gradients


def counted(pairs) -> PairCounts:
    """The counts of `PAIRS`, by hand."""
    assert pairs is PAIRS
    return PairCounts(
        targets=tf.constant([2, 3, 4, 5, 6]),
        offsets=tf.constant([0, 2, 3, 4, 5, 6]),
        contexts=tf.constant([3, 4, 2, 6, 2, 5]),
        counts=tf.constant([2.0, 1, 1, 1, 1, 1]),
    )


def fitted(model, form: str) -> dict[str, float]:
    """Makes one step of SGD with rate 1 on all pairs."""
    if form == "counts":
        trainer = PairCountTrainer(model)
        trainer.compile(keras.optimizers.SGD(1.0), jit_compile=False)
        data = tf.data.Dataset.from_tensors(counted(PAIRS))
    else:
        trainer = model
        trainer.compile(
            keras.optimizers.SGD(1.0),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
            jit_compile=False,
        )
        data = tf.data.Dataset.from_tensors((PAIRS[:, 0], PAIRS[:, 1]))
    return {k: v[0] for k, v in trainer.fit(data, verbose=0).history.items()}


@pytest.mark.parametrize("form", ["pairs", "counts"])
@pytest.mark.parametrize("bias", [True, False])
def test_one_step_is_the_exact_gradient_of_the_textbook(form, bias):
    model = made(bias)
    before = tables(model)
    shares = model.context_probabilities(PAIRS[:, 0])
    logs = fitted(model, form)
    loss, gradients = numpy_step(*before, PAIRS)
    assert logs["loss"] == pytest.approx(loss, rel=1e-5)
    assert 0 < logs["accuracy"] < 1
    assert logs["accuracy"] == pytest.approx((shares.argmax(axis=1) == PAIRS[:, 1]).mean())
    if not bias:
        gradients[2][:] = 0
    for old, gradient, new in zip(before, gradients, tables(model), strict=True):
        np.testing.assert_allclose(old - new, gradient, atol=1e-6)


def test_counts_are_taken_in_blocks_with_the_same_result(monkeypatch):
    whole = PairCountTrainer(made()).gradients(counted(PAIRS))
    monkeypatch.setattr(softmax, "BLOCK_SCORES", 2 * IDS)  # two targets at a time
    parts = PairCountTrainer(made()).gradients(counted(PAIRS))
    for one, other in zip([*whole[0], *whole[1:]], [*parts[0], *parts[1:]], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_probabilities_sum_to_one_and_padding_gets_none():
    shares = made().context_probabilities([2, 5])
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    assert (shares[:, :FIRST] == 0).all()
    assert (shares[:, FIRST:] > 0).all()


def test_the_sampled_softmax_corrects_scores_by_the_expected_count():
    model = made(kind=SampledSoftmaxWord2Vec)
    noise_shares = np.array([0, 0, 0.4, 0.3, 0.1, 0.1, 0.1])
    model.set_noise(noise_shares)
    model.compile(keras.optimizers.SGD(1.0), jit_compile=False)
    target, context, bias = tables(model)
    noise = np.array([2, 5, 2, 6], np.int32)
    pairs = PAIRS[3:5]  # (4, 6), whose context is also noise, and (6, 5)
    losses = []
    for t, c in pairs:
        words = [c, *(n for n in noise if n != c)]  # noise that hits the context is left out
        scores = [
            context[w] @ target[t] + bias[w] - np.log(len(noise) * noise_shares[w]) for w in words
        ]
        losses.append(np.log(np.exp(scores).sum()) - scores[0])
    logs = model.train_step(((pairs[:, 0], noise), pairs[:, 1]))
    assert float(logs["loss"]) == pytest.approx(np.mean(losses), rel=1e-5)
    after = tables(model)
    assert not np.allclose(after[1][5], context[5])
    np.testing.assert_array_equal(after[1][3], context[3])  # neither a context nor noise


def test_huffman_paths_by_hand():
    # counts 5, 3, 1, 1: (c, d) -> 2, (that, b) -> 5, (a, that) -> 10
    nodes, turns = huffman_paths(np.array([0, 5, 3, 1, 1]))
    assert (turns != 0).sum(axis=1).tolist() == [0, 1, 2, 3, 3]
    assert nodes[1].tolist() == [0, 0, 0]
    assert nodes[3].tolist() == nodes[4].tolist() == [0, 1, 2]
    assert turns[3].tolist()[:2] == turns[4].tolist()[:2]
    assert turns[3][2] == -turns[4][2] != 0
    codes = {tuple(turn[turn != 0]) for turn in turns[1:]}
    assert len(codes) == 4


def test_hierarchical_probabilities_sum_to_one_and_its_step_descends_their_logarithm():
    counts = np.array([0, 0, 9, 5, 4, 2, 1])
    model = HierarchicalWord2Vec.for_counts(counts, DIM, seed=1)
    generator = np.random.default_rng(1)
    for table in (model.target_embedding, model.node_embedding):
        table.embeddings.assign(generator.normal(size=table.embeddings.shape))
    shares = model.context_probabilities([2, 4])
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    assert (shares[:, :2] == 0).all()
    model.compile(keras.optimizers.SGD(1.0), jit_compile=False)
    before = model.target_embedding.embeddings.numpy()

    def loss_at(row: np.ndarray) -> float:
        model.target_embedding.embeddings.assign(row)
        return -float(model((np.array([4]), np.array([5])))[0])

    slope = np.zeros(DIM)
    for axis in range(DIM):
        step = np.zeros_like(before)
        step[4, axis] = 1e-2
        slope[axis] = (loss_at(before + step) - loss_at(before - step)) / 2e-2
    model.target_embedding.embeddings.assign(before)
    model.train_step(((np.array([4]), np.array([5])),))
    moved = before - model.target_embedding.embeddings.numpy()
    np.testing.assert_allclose(moved[4], slope, rtol=1e-2, atol=1e-3)
    assert (moved[[2, 3, 5, 6]] == 0).all()


def test_a_vocabulary_too_large_for_the_full_softmax_names_memory_and_the_way_out():
    class Text:
        counts = np.ones(200_000, np.int64)

    with pytest.raises(W2VError, match="149 GiB") as error:
        make_objective(Text(), TrainConfig(objective="full-softmax"), 1)
    assert "sampled-softmax" in error.value.hint
