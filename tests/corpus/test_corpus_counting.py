import numpy as np
import pytest

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.counting import TokenCounter, TokenizedBlock, tokenized
from w2vtrain.corpus.documents import Block
from w2vtrain.tensorflow_runtime import configure


def block(text, too_long=()):
    """A block as the tokenizer would give it, for one unit of words between spaces."""
    tokens = text.split()
    unique = list(dict.fromkeys(tokens))
    return TokenizedBlock(
        Block(text, True, ((0, 1),)),
        [token.encode() for token in unique],
        np.array([token in too_long for token in unique]),
        np.array([unique.index(token) for token in tokens], dtype=np.int32),
        np.array([len(tokens)]),
    )


def count(*texts, max_types=None, too_long=(), **settings):
    counter = TokenCounter(max_types)
    ids = [counter.add(block(text, too_long)) for text in texts]
    counted = counter.result(PrepareConfig(**settings))
    return counted, [counted.final_ids[these].tolist() for these in ids], counter


def test_ids_follow_falling_count_and_ties_the_code_point():
    counted, ids, _ = count("b é a b", "é z Z 😀", min_count=1)
    assert counted.words == ["b", "é", "Z", "a", "z", "😀"]
    assert counted.counts.tolist() == [2, 2, 1, 1, 1, 1]
    assert ids == [[2, 3, 5, 2], [3, 6, 4, 7]]


def test_min_count_and_vocabulary_size():
    counted, ids, _ = count("a a a b b c c d", min_count=2, vocabulary_size=2)
    assert (counted.words, counted.left_out) == (["a", "b"], ["c", "d"])
    assert counted.left_out_counts.tolist() == [2, 1]
    assert ids == [[2, 2, 2, 3, 3, 1, 1, 1]]
    assert counted.tokens == 8


def test_the_name_of_what_is_left_out_is_left_out_and_takes_no_place():
    counted, ids, _ = count("[UNK] [UNK] a b", min_count=1, vocabulary_size=1)
    assert (counted.words, counted.left_out) == (["a"], ["[UNK]", "b"])
    assert ids == [[1, 1, 2, 1]]


def test_words_too_long_share_one_provisional_id_and_are_never_kept():
    counted, ids, counter = count("xxx yyy a xxx", "xxx yyy", too_long=("xxx", "yyy"), min_count=1)
    assert counted.words == ["a"]
    assert counted.too_long == 5
    assert ids == [[1, 1, 2, 1], [1, 1]]
    assert len(counter) == 1


def test_pruning_drops_the_rarest_and_what_comes_again_starts_anew():
    # After the first block 4 types are held, one too many: b and c, seen once, are dropped.
    # b comes again and starts from zero; its first place stays left out.
    counted, ids, counter = count("a a b c d d", "b b a", max_types=3, min_count=1)
    assert counted.words == ["a", "b", "d"]
    assert counted.counts.tolist() == [3, 2, 2]
    assert ids == [[2, 2, 1, 1, 4, 4], [3, 3, 2]]
    assert (counter.pruned_types, counter.pruned_below) == (2, 1)
    assert counted.tokens == 9


def test_pruning_raises_its_mark_until_enough_is_gone():
    _, _, counter = count("a a a b b c c", max_types=2, min_count=1)
    assert (len(counter), counter.pruned_below) == (1, 2)


def test_tokenizer_keeps_the_order_of_blocks_and_counts_units():
    configure()
    blocks = [Block(f"One {n}\n\nthree, four", True, ((0, 3),)) for n in range(20)]
    found = list(tokenized(iter(blocks), PrepareConfig()))
    assert [tokens.block for tokens in found] == blocks
    for n, tokens in enumerate(found):
        assert tokens.lengths.tolist() == [2, 0, 2]
        words = [tokens.unique[row].decode() for row in tokens.index]
        assert words == ["one", str(n), "three", "four"]


def test_tokenizer_marks_words_by_characters_not_bytes():
    configure()
    text = "é" * 128 + " " + "é" * 129
    (tokens,) = tokenized([Block(text, True, ((0, 1),))], PrepareConfig())
    assert tokens.too_long.tolist() == [False, True]


def test_an_error_while_reading_ends_the_tokenizer():
    configure()

    def blocks():
        yield Block("a", True, ((0, 1),))
        raise RuntimeError("reader")

    with pytest.raises(RuntimeError, match="reader"):
        list(tokenized(blocks(), PrepareConfig()))
