import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vtrain.show.pictures.labels import place_labels

FRAME = (400.0, 300.0)


def boxes(placed, sizes):
    return [(p.x, p.y, p.x + sizes[p.index][0], p.y + sizes[p.index][1]) for p in placed]


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 400), st.floats(0, 300), st.floats(4, 120), st.floats(6, 20), st.booleans()
        ),
        min_size=1,
        max_size=40,
    )
)
def test_no_two_labels_overlap_and_all_stay_within(points):
    places = np.array([p[:2] for p in points])
    sizes = np.array([p[2:4] for p in points])
    must = frozenset(i for i, p in enumerate(points) if p[4])
    placed = place_labels(places, sizes, range(len(points)), FRAME, must)
    found = boxes(placed, sizes)
    for n, a in enumerate(found):
        assert a[0] >= 0
        assert a[1] >= 0
        assert a[2] <= FRAME[0] + 1e-6
        assert a[3] <= FRAME[1] + 1e-6
        for b in found[n + 1 :]:
            assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def test_a_lone_label_stands_right_of_its_point_or_left_where_wished():
    at, size = np.array([[200.0, 150.0]]), np.array([[30.0, 10.0]])
    (right,) = place_labels(at, size, [0], FRAME)
    assert (right.x, right.y, right.far) == (205.0, 145.0, False)
    (left,) = place_labels(at, size, [0], FRAME, left=frozenset([0]))
    assert (left.x, left.y) == (165.0, 145.0)


def test_the_first_in_order_wins_and_must_moves_further():
    at = np.tile([[200.0, 150.0]], (30, 1))
    size = np.tile([[60.0, 12.0]], (30, 1))
    order = list(range(29, -1, -1))
    few = place_labels(at, size, order, FRAME)
    assert few[0].index == 29
    assert len(few) < 10
    must = place_labels(at, size, order, FRAME, must=frozenset(range(30)))
    assert len(must) == 30
    assert any(label.far for label in must)
