"""Each rule of the page's parser. The browser test holds them against the real page."""

import numpy as np
import pytest

from w2vtrain.show.projector.page import (
    CHUNK,
    PageError,
    parse_metadata,
    parse_tensor_tsv,
    stream_lines,
)


def labels(content):
    metadata = parse_metadata(content)
    return [row.get(metadata.label) for row in metadata.rows]


def test_one_column_has_no_header():
    assert labels(b"whale\nship\n") == ["whale", "ship"]


def test_a_tab_in_the_first_line_makes_it_the_header():
    metadata = parse_metadata(b"token\tcount\nwhale\t9\n")
    assert [column.name for column in metadata.columns] == ["token", "count"]
    assert metadata.rows == ({"token": "whale", "count": 9.0},)


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u3000", "\u00a0", "\ufeff", "\r"])
def test_lines_that_are_blank_after_trim_are_skipped(blank):
    assert labels(f"a\n{blank}\nb\n".encode()) == ["a", "b"]


def test_a_next_line_control_is_not_blank():
    assert labels("a\n\u0085\n".encode()) == ["a", "\u0085"]


def test_numeric_looking_cells_become_numbers_in_text_columns_too():
    assert labels(b"a\n007\n1e5\n0x1F\n") == ["a", 7.0, 100000.0, 31.0]


def test_the_label_is_the_first_column_with_a_text():
    assert parse_metadata(b"count\ttoken\n3\ta\n4\t5\n").label == "token"
    assert parse_metadata(b"count\trank\n3\t1\n").label == "count"


def test_an_empty_cell_is_none_and_a_missing_one_has_no_key():
    assert parse_metadata(b"a\tb\tc\n\tx\n").rows == ({"a": None, "b": "x"},)


def test_only_fifty_values_of_a_column_can_be_colours():
    def column(values):
        return parse_metadata(b"".join(b"w%d\n" % i for i in range(values))).columns[0]

    assert not column(50).too_many_values
    assert column(51).too_many_values


def test_without_a_line_end_in_the_last_piece_the_page_reads_forever():
    with pytest.raises(PageError, match="forever"):
        list(stream_lines(b"whale"))
    with pytest.raises(PageError, match="forever"):
        list(stream_lines(b"a" * (CHUNK - 1) + b"\n" + b"whale"))


def test_a_last_line_without_a_line_end_is_read_where_another_ends_in_its_piece():
    assert list(stream_lines(b"whale\nship")) == ["whale", "ship"]


def test_the_last_byte_of_a_file_one_byte_over_a_chunk_is_lost():
    content = b"a" * (CHUNK - 3) + b"\nxyz"  # 1,000,001 bytes
    assert list(stream_lines(content))[-1] == "xy"


def test_a_character_across_a_chunks_edge_is_broken():
    content = b"a" * (CHUNK - 2) + b"\n" + "é\nb\n".encode()
    assert list(stream_lines(content))[1:] == ["\ufffd\ufffd", "b"]


def test_a_byte_order_mark_is_taken_off_and_utf_16_is_obeyed():
    assert list(stream_lines("\ufeffa\n".encode())) == ["a"]
    assert list(stream_lines("a\nb\n".encode("utf-16"))) == ["a", "b"]


def test_tensor_rows():
    values, lines, labelled = parse_tensor_tsv(b"1\t2\n\n 3\t4 \n")
    np.testing.assert_array_equal(values, [[1, 2], [3, 4]])
    assert (values.dtype, lines, labelled) == (np.float32, [1, 3], 0)


def test_a_first_cell_that_is_no_number_is_a_label_and_so_is_one_too_many():
    values, _, labelled = parse_tensor_tsv(b"whale\t1\t2\n7\t3\t4\n")
    np.testing.assert_array_equal(values, [[1, 2], [3, 4]])
    assert labelled == 2


def test_an_empty_cell_is_zero_and_a_word_within_is_nan():
    values, _, _ = parse_tensor_tsv(b"1\t\t3\n0x10\tx\t1e2\n")
    np.testing.assert_array_equal(values, [[1, 0, 3], [16, np.nan, 100]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1\t2\n1\t2\t3\t4\n", "dimensions do not match"),
        (b"1\n2\n", "only one dimension"),
        (b"a\t1\n", "only one dimension"),
        (b"\n", "no vector"),
    ],
)
def test_tensors_that_the_page_refuses(content, message):
    with pytest.raises(PageError, match=message):
        parse_tensor_tsv(content)
