"""Defects of version 0.1, seen through the public API alone."""

import random

import pytest

import w2vtrain

SMALL = {"embedding_dim": 8, "window_size": 2, "epochs": 2}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Short lines, drawn from 40 words by Zipf's law."""
    folder = tmp_path_factory.mktemp("defects")
    draw = random.Random(3)
    words, weights = [f"w{i}" for i in range(40)], [1 / (i + 1) for i in range(40)]
    lines = (" ".join(draw.choices(words, weights, k=3)) for _ in range(4000))
    (folder / "text.txt").write_text("\n".join(lines))
    w2vtrain.prepare([folder / "text.txt"], folder / "run")
    return folder / "run"


def rows_of(run, **settings):
    rows = []
    config = w2vtrain.TrainConfig(**{**SMALL, **settings})
    w2vtrain.train(run, config, force=True, progress=rows.append)
    return rows


def test_the_rate_of_explicit_pairs_falls_to_its_end(run):
    rows = rows_of(run, pairs="explicit", learning_rate=0.01, subsample_threshold=0.0, epochs=3)
    assert rows[-1].learning_rate == pytest.approx(0.01 * 1e-4, rel=1e-3)
    assert rows[-1].step == rows[-1].steps


def test_a_full_softmax_draws_its_subsample_anew(run):
    # at a rate of nearly nothing the loss of an epoch differs only by the pairs drawn for it
    rows = rows_of(
        run, objective="full-softmax", learning_rate=1e-9, subsample_threshold=1e-3, batch_size=256
    )
    first, second = ([row.loss for row in rows if row.epoch == epoch][-1] for epoch in (1, 2))
    assert first != pytest.approx(second, abs=1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"objective": "sampled-softmax", "pairs": "explicit"},
        {"objective": "hierarchical-softmax", "pairs": "explicit"},
        {"objective": "hierarchical-softmax", "noise": "unigram"},
        {"objective": "full-softmax", "noise_exponent": 0.5},
        {"objective": "full-softmax", "num_negatives": 7},
        {"objective": "tutorial", "pairs": "explicit"},
        {"objective": "tutorial", "noise": "unigram"},
        {"objective": "tutorial", "subsample_threshold": 0.5},
    ],
)
def test_options_that_do_nothing_are_refused(settings):
    with pytest.raises(w2vtrain.W2VError, match=r"does nothing with --objective"):
        w2vtrain.TrainConfig(**settings)


def test_words_of_held_out_text_alone_are_not_exported(tmp_path, caplog):
    lines = [f"alone{n} apart{n} " * 3 for n in range(10)]
    (tmp_path / "text.txt").write_text("\n".join([*lines, *["a b c d e f"] * 100]))
    config = w2vtrain.PrepareConfig(min_count=1)
    w2vtrain.prepare([tmp_path / "text.txt"], tmp_path / "run", config)
    settings = {**SMALL, "validation_fraction": 0.5, "subsample_threshold": 0.0}
    w2vtrain.train(tmp_path / "run", w2vtrain.TrainConfig(**settings))
    vectors = w2vtrain.Embeddings.load(tmp_path / "run")
    lost = 26 - len(vectors)
    assert lost > 0
    assert {"a", "b", "c", "d", "e", "f"} <= set(vectors.tokens)
    assert f"{lost} words occur only in held-out text" in caplog.text


def test_the_largest_seed_trains_a_sampled_softmax(run):
    rows = rows_of(
        run, objective="sampled-softmax", seed=2**63 - 1, subsample_threshold=0.0, epochs=1
    )
    assert rows


def test_a_rate_far_too_high_is_warned_of(run, caplog):
    rows_of(run, pairs="explicit", learning_rate=9.0, epochs=1)
    assert "too high" in caplog.text
