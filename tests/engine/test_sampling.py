"""Keep probabilities and noise: hand-computed values, and the sampler against its distribution."""

import numpy as np
import pytest

from w2vtrain.engine.sampling import NoiseSampler, keep_probabilities, noise_probabilities


def test_keep_probabilities_by_hand():
    # f = 0.9, 0.09, 0.01; t = 0.01: sqrt(t/f) + t/f
    # 0.9: 0.105409 + 0.011111; 0.09: 0.333333 + 0.111111; 0.01: 1 + 1, so 1
    kept = keep_probabilities(np.array([900, 90, 10]), 0.01)
    np.testing.assert_allclose(kept, [0.116520, 0.444444, 1.0], rtol=1e-5)
    assert kept.dtype == np.float32


def test_keep_probabilities_are_gensims():
    gensim = pytest.importorskip("gensim")
    words = [["a"] * 500 + ["b"] * 50 + ["c"] * 5]
    model = gensim.models.Word2Vec(min_count=1, sample=1e-2)
    model.build_vocab(words)
    theirs = [model.wv.get_vecattr(word, "sample_int") / 2**32 for word in "abc"]
    ours = keep_probabilities(np.array([500, 50, 5]), 1e-2)
    np.testing.assert_allclose(ours, np.minimum(1, theirs), rtol=1e-4)


def test_a_word_that_does_not_occur_is_kept():
    # without the rule sqrt(0.1) + 0.1 = 0.416
    np.testing.assert_array_equal(keep_probabilities(np.array([10_000, 0]), 1e-5)[1], 1)


def test_threshold_zero_keeps_all():
    np.testing.assert_array_equal(keep_probabilities(np.array([5, 3, 0]), 0), [1, 1, 1])


def test_unigram_noise_by_hand():
    # 16^0.75 = 8, 81^0.75 = 27, 1^0.75 = 1; sum 36
    noise = noise_probabilities(np.array([0, 16, 81, 1]), "unigram", 0.75)
    np.testing.assert_allclose(noise, [0, 8 / 36, 27 / 36, 1 / 36])


def test_log_uniform_noise_is_tensorflows():
    import tensorflow as tf

    size = 50
    noise = noise_probabilities(np.arange(size, 0, -1), "log-uniform", 1.0)
    sampled = tf.random.log_uniform_candidate_sampler(
        tf.constant([list(range(size))], tf.int64), size, 1, False, size, seed=1
    )
    # expected counts of one draw are the probabilities
    np.testing.assert_allclose(noise, sampled.true_expected_count.numpy()[0], rtol=1e-5)


def test_log_uniform_ranks_by_count_not_by_id():
    noise = noise_probabilities(np.array([5, 100, 20]), "log-uniform", 1.0)
    # ranks 2, 0, 1: log(4/3), log(2), log(3/2) over log(4)
    np.testing.assert_allclose(noise, np.log([4 / 3, 2, 3 / 2]) / np.log(4))


def test_exponent_flattens():
    flat = noise_probabilities(np.array([100, 10, 1]), "log-uniform", 0.0)
    np.testing.assert_allclose(flat, [1 / 3] * 3)


def test_sampler_draws_its_distribution():
    wanted = np.array([0, 0.5, 0.3, 0.15, 0.05])
    drawn = NoiseSampler(wanted).draw(np.random.default_rng(1), (400, 500))
    assert drawn.dtype == np.int32
    share = np.bincount(drawn.ravel(), minlength=5) / drawn.size
    # standard deviation at 200,000 draws is 0.0011 at most
    np.testing.assert_allclose(share, wanted, atol=0.006)
    assert share[0] == 0
