import numpy as np
import pytest

from w2vtrain.analysis.evaluation.groups import group_accuracy, read_groups
from w2vtrain.errors import W2VError


def test_the_word_itself_is_left_out_of_its_groups_center():
    # On a line: a at 0, b at 1, c at 4 (group x); d at 5, e at 6 (group y).
    # c: own center without it 0.5 (distance 3.5), the other 5.5 (1.5): wrong. d: own 6 (1), other
    # 5 / 3 (3.3): right. a: own 2.5 (2.5), other 5.5: right. b: own 2, other 5.5: right. e: right.
    # With itself included, c's own center would be 5 / 3 at 2.3, still further than 1.5.
    points = np.array([[0.0], [1], [4], [5], [6]])
    result = group_accuracy("abcde", points, dict(zip("abcde", "xxxyy", strict=True)), shuffles=9)
    assert result.accuracy == pytest.approx(4 / 5)
    assert result.groups == {"x": 3, "y": 2}


def test_a_lone_pair_apart_is_wrong_both_times():
    # a at 0 and b at 10 (x), c at 1 and d at 11 (y): each is nearest to the other group's center.
    points = np.array([[0.0], [10], [1], [11]])
    result = group_accuracy("abcd", points, dict(zip("abcd", "xxyy", strict=True)), shuffles=9)
    assert result.accuracy == 0


def test_shuffled_groups_tell_chance():
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 20)
    words = [str(i) for i in range(60)]
    groups = {word: str(label) for word, label in zip(words, labels, strict=True)}
    apart = generator.normal(size=(60, 2)) + 20 * labels[:, None]
    clear = group_accuracy(words, apart, groups, shuffles=200)
    assert clear.accuracy == 1
    assert clear.p_value == pytest.approx(1 / 201)
    assert 0.2 < clear.shuffled < 0.45
    mixed = group_accuracy(words, generator.normal(size=(60, 2)), groups, shuffles=200)
    assert mixed.p_value > 0.05


def test_words_without_a_vector_and_groups_of_one_are_left_out():
    points = np.array([[0.0], [1], [5], [6], [9]])
    groups = {"a": "x", "b": "x", "c": "y", "d": "y", "e": "z", "missing": "x"}
    result = group_accuracy("abcde", points, groups, shuffles=3)
    assert result.words == 4
    assert result.missing == ("missing",)
    with pytest.raises(W2VError, match="1 of the groups"):
        group_accuracy("abcde", points, {"a": "x", "b": "x", "c": "y"})


@pytest.mark.parametrize("content", ["a\n", "a\tx\na\ty\n", "a\t\n"])
def test_a_bad_line_is_named(tmp_path, content):
    path = tmp_path / "groups.tsv"
    path.write_text(content)
    with pytest.raises(W2VError, match="line"):
        read_groups(path)
