import numpy as np
import pytest

from w2vtrain.show.pictures.drawing import figure
from w2vtrain.show.pictures.labels import Label, write_labels

RANDOM = np.random.default_rng(0)


def written(points, texts, required=frozenset(), titles=frozenset(), lines=()):
    """Writes the labels in a picture; returns how many, and each one's box in pixels."""
    with figure(texts, 4, 4) as (_, axes):
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_axis_off()
        labels = [
            Label(text, points[row], required=row in required, is_title=row in titles)
            for row, text in enumerate(texts)
        ]
        number = len(write_labels(axes, labels, points, lines))
        boxes = {t.get_text(): t.get_window_extent() for t in axes.texts}
        corners = axes.transData.transform(points)
        frame = axes.get_window_extent()
    return number, boxes, corners, frame


def overlapping(a, b):
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1


@pytest.mark.parametrize("required", [0, 5])
def test_labels_overlap_neither_one_another_nor_points_and_stay_within(required):
    points = RANDOM.uniform(0.05, 0.95, size=(60, 2))
    texts = [f"word{i}" for i in range(60)]
    number, boxes, corners, frame = written(points, texts, required=frozenset(range(required)))
    assert 15 < number < 60
    assert len(boxes) == number
    assert all(f"word{i}" in boxes for i in range(required))
    names = list(boxes)
    for n, name in enumerate(names):
        a = boxes[name]
        assert a.x0 >= frame.x0 - 1
        assert a.x1 <= frame.x1 + 1
        assert not any(overlapping(a, boxes[other]) for other in names[n + 1 :])
        assert not any(a.x0 < x < a.x1 and a.y0 < y < a.y1 for x, y in corners)


def test_the_first_in_order_win_and_required_ones_are_all_written():
    points = np.tile([[0.5, 0.5]], (30, 1))
    texts = [f"word{i}" for i in range(30)]
    number, boxes, *_ = written(points, texts)
    assert number < 10
    assert "word0" in boxes
    number, boxes, *_ = written(points, texts, required=frozenset(range(30)))
    assert number == 30
    all_boxes = list(boxes.values())
    assert not any(overlapping(a, b) for n, a in enumerate(all_boxes) for b in all_boxes[n + 1 :])


def test_titles_come_first_and_stay_near_their_place():
    points = RANDOM.uniform(0.3, 0.7, size=(200, 2))
    texts = [*(f"word{i}" for i in range(199)), "a title"]
    _, boxes, corners, frame = written(points, texts, titles=frozenset([199]))
    box = boxes["a title"]
    middle = np.array([box.x0 + box.x1, box.y0 + box.y1]) / 2
    assert np.linalg.norm(middle - corners[199]) < 0.3 * frame.width
    assert not any(overlapping(box, boxes[name]) for name in boxes if name != "a title")


def test_labels_avoid_lines_and_nothing_is_printed_where_there_is_no_room(capsys):
    points = np.array([[0.5, 0.5]])
    line = np.array([[0.3, 0.56], [0.7, 0.56]])
    number, boxes, *_ = written(points, ["a word"], lines=[line])
    box = boxes["a word"]
    assert number == 1
    assert not box.y0 < 0.56 * 400 < box.y1  # the axes fill most of 400 pixels
    assert written(points, ["w" * 100])[0] == 0
    assert capsys.readouterr().out == ""
