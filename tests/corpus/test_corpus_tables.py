import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from w2vtrain.corpus import tables
from w2vtrain.corpus.documents import read_table
from w2vtrain.corpus.sources import ByteStream
from w2vtrain.corpus.tables import Column, delimited_rows, json_rows, parquet_rows
from w2vtrain.corpus.text import decode
from w2vtrain.errors import W2VError

TEXT = [Column("text")]


def chunks(data, errors="strict"):
    content = data if isinstance(data, bytes) else data.encode()
    return decode(ByteStream(io.BytesIO(content), "t", lambda: 0), "utf-8", errors, 16)


def texts(rows):
    return [row.cells[0] for row in rows]


def delimited(data, columns=TEXT, delimiter=","):
    return texts(delimited_rows(chunks(data), delimiter, columns, "t"))


def json_lines(data, columns=TEXT, errors="strict"):
    return texts(json_rows(chunks(data, errors), columns, "t", errors))


def test_csv_with_quotes_line_ends_and_empty_cells():
    data = '\ufeffid,text\r\n1,"a, ""b""\nc"\r\n2,\r\n\r\n3,NA\r\n4\r\n5,x\u2028y\n'
    assert delimited(data) == ['a, "b"\nc', "", "NA", "", "x\u2028y"]


def test_tsv():
    assert delimited("text\tn\na b\t1\n", delimiter="\t") == ["a b"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('n,text\n1,"a\nb', r"t, line 3: unexpected end of data"),
        ('n,text\n1,"a"b\n', r"t, line 2: "),
        ("n,text\n1,a\n2,a,b\n", r"t, line 3: 3 cells, but the header names 2"),
        ("", "t is empty"),
    ],
)
def test_broken_csv_names_the_line(data, message):
    with pytest.raises(W2VError, match=message):
        delimited(data)


def test_missing_column_offers_the_nearest_and_lists_all():
    with pytest.raises(W2VError, match="no column 'text'") as raised:
        delimited("Texts,n\na,1\n")
    assert raised.value.hint == "Did you mean 'Texts'? The columns there are: 'Texts', 'n'."
    with pytest.raises(W2VError, match="which column") as raised:
        delimited("Texts,n\na,1\n", [Column(None)])
    assert "'Texts', 'n'" in raised.value.hint


def test_json_lines():
    data = '{"text": "a\\nb", "n": 1}\n\n{"n": 2}\n{"text": null}\n{"text": "日"}'
    assert json_lines(data) == ["a\nb", "", "", "日"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "b"', "t, line 2 is not JSON"),
        ("[1]", "t, line 2 holds no JSON object"),
        ('{"text": [1]}', "t, line 2: 'text' is a list"),
        ('{"text": "\\u0000"}', "t, line 2 holds a NUL"),
        ('{"text": "\\ud800"}', "t, line 2 holds half of a surrogate pair"),
        ("[" * 100_000, "t, line 2 is not JSON"),
    ],
)
def test_broken_json_names_the_line(line, message):
    with pytest.raises(W2VError, match=message):
        json_lines('{"text": "a"}\n' + line + "\n")


def test_half_surrogates_and_bytes_are_replaced_and_counted():
    data = chunks(b'{"text": "a\\ud800"}\n{"text": "b\xff"}\n', "replace")
    rows = list(json_rows(data, TEXT, "t", "replace"))
    assert texts(rows) == ["a\ufffd", "b\ufffd"]
    assert rows[-1].read.replaced == 2


def test_undecodable_csv_names_the_line():
    with pytest.raises(W2VError, match="t, line 2: 0xff"):
        delimited(b"text\n\xff\n")


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), "str")])
def test_parquet(tmp_path, kind):
    given = ["a\nb", None, "", "日"] * 3000
    table = pa.table({"text": pa.array(given).cast(kind), "n": list(range(12_000))})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=5000)
    rows = list(parquet_rows(tmp_path / "t.parquet", TEXT, "strict"))
    assert texts(rows) == [text or "" for text in given]
    assert rows[-1].read.bytes == (tmp_path / "t.parquet").stat().st_size


def test_bad_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": ["a"] * 1000, "n": [1] * 1000}), path)
    with pytest.raises(W2VError, match=r"Column 'n' of .* holds int64, not text"):
        list(parquet_rows(path, [Column("n")], "strict"))
    with pytest.raises(W2VError, match="no column 'txt'"):
        list(parquet_rows(path, [Column("txt")], "strict"))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(W2VError, match="cannot be read as Parquet"):
        list(parquet_rows(path, TEXT, "strict"))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('text\tn\n"a\nb"\t1\nc\t2\n', ["a\nb", "c"]),  # a quoted cell over two lines
        ('n\ttext\n1\t"a\n\nb"\n2\tc\n', ["a\n\nb", "c"]),  # the same in the last column
        ('text\tn\n"a\tb"\t1\n', ["a\tb"]),  # a quoted tab
        ('text\tn\n"a ""b"""\t1\nsay "x"\t2\n', ['a "b"', 'say "x"']),
        ('text\tn\n"a\t1\nb\t2\n', ['"a', "b"]),  # a stray quote: both lines are rows
        ('text\tn\nb\t2\n"a\t1', ["b", '"a']),  # the same in the last line
        ('text\n"a\nb\n', ['"a', "b"]),  # a single column: every line is a row
        ("text\tn\n\na\t1\nb\n", ["a", "b"]),  # an empty line, a short row
    ],
)
def test_quotes_in_tsv(data, expected):
    assert delimited(data, delimiter="\t") == expected


def test_an_open_quote_at_the_end_of_a_tsv():
    with pytest.raises(W2VError, match=r"t, line 3: .*") as raised:
        delimited('text\tn\na\t1\n"b', delimiter="\t")
    assert "The row begins in line 3" in raised.value.hint


def test_chosen_columns_and_their_places():
    rows = list(delimited_rows(chunks("n,text,m\n1,a,x\n2,b\n"), ",", [Column("m"), *TEXT], "t"))
    assert [row.cells for row in rows] == [("x", "a"), ("", "b")]
    assert [row.place for row in rows] == ["t, line 2", "t, line 3"]


def test_numbers_where_they_are_asked_for(tmp_path):
    label = Column("n", "--label-column", numbers=True)
    rows = json_rows(chunks('{"n": 1, "text": "a"}\n{"n": true}\n{"n": null}\n'), [label], "t", "")
    assert [row.cells for row in rows] == [("1",), ("True",), ("",)]
    pq.write_table(pa.table({"n": [3, None]}), tmp_path / "t.parquet")
    rows = read_table(tmp_path / "t.parquet", [label])
    assert [row.cells for row in rows] == [("3",), ("",)]
    with pytest.raises(W2VError, match="which column holds the label") as raised:
        list(read_table(tmp_path / "t.parquet", [label._replace(name=None)]))
    assert raised.value.hint == "Add --label-column with one of: 'n'."


def test_a_line_without_an_end_is_refused_at_a_limit(monkeypatch):
    monkeypatch.setattr(tables, "LONGEST_STRETCH", 100)
    with pytest.raises(W2VError, match="t, line 2 has more than 100 characters"):
        json_lines('{"text": "a"}\n' + "x" * 200)
