import numpy as np
import pytest

from w2vtrain.errors import W2VError
from w2vtrain.show.pictures import layouts
from w2vtrain.show.pictures.layouts import layout, neighbors, principal_axes

# numba compiles UMAP for a quarter of a minute
METHODS = ["pca", "tsne", pytest.param("umap", marks=pytest.mark.slow)]


def groups(number=40, dim=12):
    """Three groups of vectors around three directions."""
    random = np.random.default_rng(0)
    centers = np.eye(dim)[:3] * 3
    points = np.repeat(centers, number, axis=0) + random.normal(scale=0.3, size=(3 * number, dim))
    return points.astype(np.float32), np.repeat(range(3), number)


def test_pca_is_sklearns_up_to_the_axes_signs():
    from sklearn.decomposition import PCA

    vectors, _ = groups()
    mean, axes = principal_axes(vectors)
    expected = PCA(2).fit(vectors)
    np.testing.assert_allclose(np.abs(axes.T), np.abs(expected.components_), atol=1e-4)
    np.testing.assert_allclose(mean, expected.mean_, atol=1e-5)
    assert (axes[np.abs(axes).argmax(axis=0), [0, 1]] > 0).all()


def test_each_axis_points_where_its_largest_coefficient_is_positive():
    for seed in range(20):
        vectors = np.random.default_rng(seed).normal(size=(30, 5)).astype(np.float32)
        _, axes = principal_axes(vectors)
        assert (axes[np.abs(axes).argmax(axis=0), [0, 1]] > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_groups_stay_together_and_a_seed_gives_the_same_places(method):
    vectors, of = groups()
    places = layout(vectors, method, seed=3)
    assert (places.shape, places.dtype) == ((120, 2), np.float32)
    # the nearest neighbor in the plane belongs to the same group
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert np.mean(of[apart.argmin(axis=1)] == of) > 0.95
    np.testing.assert_array_equal(places, layout(vectors, method, seed=3))


@pytest.mark.slow
def test_progress_reaches_its_end():
    vectors, _ = groups()
    told = []
    layout(vectors, "umap", progress=lambda task, done, total: told.append((task, done, total)))
    assert ("nearest neighbors", 120, 120) in told
    assert told[-1] == ("UMAP", 500, 500)


def test_two_numbers_are_taken_as_they_are():
    vectors = np.array([[1, 5], [3, -2]], np.float32)
    np.testing.assert_array_equal(layout(vectors, "vectors"), vectors)
    with pytest.raises(W2VError, match="have 3 numbers"):
        layout(np.ones((2, 3), np.float32), "vectors")


@pytest.mark.parametrize("number", [2, 3, 4, 5])
@pytest.mark.parametrize("method", METHODS)
def test_a_handful_of_words(number, method):
    vectors = np.random.default_rng(1).normal(size=(number, 6)).astype(np.float32)
    assert np.isfinite(layout(vectors, method)).all()


@pytest.mark.parametrize("method", METHODS)
def test_equal_and_zero_vectors(method):
    vectors = np.zeros((30, 4), np.float32)
    vectors[:20] = 1
    assert np.isfinite(layout(vectors, method)).all()


def test_neighbors_are_exact_or_nearly_so():
    vectors, _ = groups(300)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    rows, distances = neighbors(units, 5)
    far = np.linalg.norm(units[:, None] - units[None], axis=2)
    np.fill_diagonal(far, np.inf)
    np.testing.assert_allclose(distances, np.sort(far, axis=1)[:, :5], atol=1e-3)
    assert not (rows == np.arange(len(rows))[:, None]).any()


def test_a_row_that_equal_rows_push_out_of_its_own_list_loses_the_last_of_them():
    """Of five equal rows the search returns the first three, not always the row itself."""
    units = np.repeat(np.eye(2, dtype=np.float32), [5, 1], axis=0)
    rows, distances = neighbors(units, 2)
    np.testing.assert_allclose(distances[:5], 0, atol=1e-3)
    assert [set(found) for found in rows[:5].tolist()] == [{1, 2}, {0, 2}, {0, 1}, {0, 1}, {0, 1}]


@pytest.mark.slow
def test_many_words_take_the_approximate_way(monkeypatch):
    vectors, _ = groups(300)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    exact, _ = neighbors(units, 5)
    monkeypatch.setattr(layouts, "EXACT_ROWS", 100)
    rows, distances = neighbors(units, 5)
    assert rows.shape == distances.shape == (900, 5)
    assert not (rows == np.arange(900)[:, None]).any()
    shared = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(rows, exact, strict=True)])
    assert shared > 0.9
    np.testing.assert_array_equal(rows, neighbors(units, 5)[0])
