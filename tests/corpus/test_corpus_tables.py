import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.byte_streams import ByteStream, InputFacts
from w2vtrain.corpus.tables import delimited_texts, json_line_texts, parquet_texts
from w2vtrain.errors import W2VError

TEXT = PrepareConfig(text_column="text")


def stream(data):
    facts = InputFacts("t")
    content = data if isinstance(data, bytes) else data.encode()
    return ByteStream(io.BytesIO(content), facts, "t", compressed=False), facts


def delimited(data, config=TEXT, delimiter=","):
    return list(delimited_texts(*stream(data), config, delimiter))


def json_lines(data, config=TEXT):
    return list(json_line_texts(*stream(data), config))


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
        delimited("Texts,n\na,1\n", PrepareConfig())
    assert "'Texts', 'n'" in raised.value.hint


def test_json_lines():
    data = '{"text": "a\\nb", "n": 1}\n\n{"n": 2}\n{"text": null}\n{"text": "日"}'
    assert json_lines(data) == ["a\nb", "", "", "日"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "b"', "t, line 2 is not JSON"),
        ("[1]", "t, line 2 holds no JSON object"),
        ('{"text": [1]}', r"t, line 2: 'text' is \[1\], not a text"),
        ('{"text": "\\u0000"}', "t, line 2 holds a NUL"),
        ('{"text": "\\ud800"}', "t, line 2 holds half of a surrogate pair"),
        ("[" * 100_000, "t, line 2 is not JSON"),
    ],
)
def test_broken_json_names_the_line(line, message):
    with pytest.raises(W2VError, match=message):
        json_lines('{"text": "a"}\n' + line + "\n")


def test_half_surrogates_and_bytes_are_replaced_and_counted():
    config = PrepareConfig(text_column="text", encoding_errors="replace")
    source, facts = stream(b'{"text": "a\\ud800"}\n{"text": "b\xff"}\n')
    assert list(json_line_texts(source, facts, config)) == ["a\ufffd", "b\ufffd"]
    assert facts.replaced == 2


def test_undecodable_csv_names_the_line():
    with pytest.raises(W2VError, match="t, line 2: 0xff"):
        delimited(b"text\n\xff\n")


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), "str")])
def test_parquet(tmp_path, kind):
    texts = ["a\nb", None, "", "日"] * 3000
    table = pa.table({"text": pa.array(texts).cast(kind), "n": list(range(12_000))})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=5000)
    facts = InputFacts("t")
    found = list(parquet_texts(tmp_path / "t.parquet", facts, TEXT))
    assert found == [text or "" for text in texts]
    assert facts.size == (tmp_path / "t.parquet").stat().st_size


def test_bad_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": ["a"] * 1000, "n": [1] * 1000}), path)
    with pytest.raises(W2VError, match=r"Column 'n' of .* holds int64, not text"):
        list(parquet_texts(path, InputFacts("t"), PrepareConfig(text_column="n")))
    with pytest.raises(W2VError, match="no column 'txt'"):
        list(parquet_texts(path, InputFacts("t"), PrepareConfig(text_column="txt")))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(W2VError, match="cannot be read as Parquet"):
        list(parquet_texts(path, InputFacts("t"), TEXT))
