import numpy as np

from w2vtrain.show.clusters import find_clusters


def test_clusters_are_groups_of_one_direction_the_largest_first_named_by_their_middle():
    sizes = (30, 20, 10)
    directions = np.repeat(np.eye(3, dtype=np.float32), sizes, axis=0)
    noise = np.random.default_rng(1).normal(scale=0.05, size=directions.shape)
    units = (directions + noise).astype(np.float32)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    tokens = [f"w{i}" for i in range(60)]
    found = find_clusters(tokens, units, 3, seed=1)
    assert found.of_rows.tolist() == np.repeat(range(3), sizes).tolist()
    assert found.members(1).tolist() == list(range(30, 50))
    # of the ten words nearest to the center, the three most frequent, that is, the first
    center = units[:30].mean(axis=0)
    middle = np.sort(np.argsort(-(units[:30] @ center))[:10])[:3]
    assert found.names[0] == " ".join(tokens[row] for row in middle)
    assert find_clusters(tokens, units, 3, seed=1).names == found.names


def test_more_clusters_than_words_and_equal_words():
    units = np.tile(np.array([[1, 0]], np.float32), (5, 1))
    found = find_clusters(list("abcde"), units, 12, seed=1)
    assert found.of_rows.max() + 1 == len(found.names)
    assert sum(len(found.members(c)) for c in range(len(found.names))) == 5
