"""The default rules, stretch by stretch: the words of the saved layer's functions."""

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.counting import tokenized_block
from w2vtrain.corpus.documents import Block
from w2vtrain.corpus.standardization import lower_and_strip_punctuation, split_whitespace
from w2vtrain.corpus.stretches import stripped_words

# Letters that are lowered by their neighbors, joiners, what is invisible, white space, controls.
LETTERS = "aZ9' _-.:^\t\x0b\x01\x7f\r\u0085\u00a0\u00adéŁ’İΑΣ\u0301\u200d\u200c水"


def words_of_lines(lines):
    words, index, lengths = stripped_words("\n".join(lines))
    ends = np.cumsum(lengths)
    return [
        [words[i].decode() for i in index[end - length : end]]
        for length, end in zip(lengths, ends, strict=True)
    ]


@given(st.lists(st.text(LETTERS), min_size=1))
def test_words_are_those_of_the_layer(lines):
    """TensorFlow sees each line whole."""
    text = "\n".join(lines)
    units = Block(text, True, ((0, len(lines)),))
    found = tokenized_block(units, PrepareConfig(normalize="none"))
    expected = split_whitespace(lower_and_strip_punctuation(tf.constant(lines)))
    assert [found.unique[i] for i in found.index] == expected.flat_values.numpy().tolist()
    assert found.lengths.tolist() == expected.row_lengths().numpy().tolist()


def test_a_letter_is_lowered_by_its_neighbors_beyond_ascii_signs():
    # A sigma is a final one unless a letter follows, signs like . and : or none in between.
    assert words_of_lines(["ΑΣ.Β ΑΣ Β", "ΑΣ-Β"]) == [["ασ", "β", "ας", "β"], ["ας", "β"]]


def test_different_words_come_in_the_order_of_their_first_places():
    words, index, lengths = stripped_words("b – a\n\n“b”—c’s A\n")
    assert words == [b"b", b"a", b"c's"]
    assert index.tolist() == [0, 1, 0, 2, 1]
    assert lengths.tolist() == [2, 0, 3, 0]
