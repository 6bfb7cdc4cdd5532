"""The Projector's rules, one test a rule, read back by a copy of its parser's logic."""

import json
import math
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vtrain.errors import W2VError
from w2vtrain.vectors.formats import projector, stream

ODD = ["the", "", "007", "1e5", "0x1F", "a\tb", "a\nb", "a\r\nb", "a\\tb", "\u00a0", "\u3000"]


def written(path: Path, tokens: list[str], counts: list[int] | None = None, dim: int = 2) -> Path:
    vectors = np.arange(len(tokens) * dim, dtype=np.float32).reshape(-1, dim)
    numbers = None if counts is None else np.array(counts, np.int64)
    projector.write(path, stream.of_matrix(tokens, vectors, numbers))
    return path


def projectors_rows(text: str) -> list[list[str]]:
    """What the Projector's parser makes of the metadata: blank lines go, a header goes."""
    lines = [line for line in text.split("\n") if projector.trim(line)]
    return [line.split("\t") for line in lines[1 if "\t" in lines[0] else 0 :]]


def test_metadata_has_a_header_and_several_columns(tmp_path: Path) -> None:
    lines = (written(tmp_path, ["a", "b"], [120, 9]) / "metadata.tsv").read_text().split("\n")
    assert lines == [
        "token\tcount\trank\tband\tlog10_count",
        "a\t120\t1\t100-999\t2.079",
        "b\t9\t2\t1-9\t0.954",
        "",
    ]


def test_without_counts_the_header_still_holds_a_tab(tmp_path: Path) -> None:
    text = (written(tmp_path, ["a"]) / "metadata.tsv").read_text()
    assert text == "token\trank\na\t1\n"


def test_blank_tokens_shift_no_label(tmp_path: Path) -> None:
    rows = projectors_rows((written(tmp_path, ODD) / "metadata.tsv").read_bytes().decode())
    assert [int(row[1]) for row in rows] == list(range(1, len(ODD) + 1))


def test_no_cell_of_the_token_column_is_coerced_to_a_number(tmp_path: Path) -> None:
    tokens = ["007", "1e5", "0x1F", "", " ", "-.5", "Infinity", "0b1", "5.", "٣", "NaN", "1_0"]
    rows = projectors_rows((written(tmp_path, tokens) / "metadata.tsv").read_text())
    cells = [row[0] for row in rows]
    assert cells[:4] == ['"007"', '"1e5"', '"0x1F"', '""']
    assert cells[-3:] == ["٣", "NaN", "1_0"]  # JavaScript: not numbers
    assert not any(projector.reads_as_number(cell) for cell in cells)


def test_the_token_comes_first(tmp_path: Path) -> None:
    """The default label is the first column that is not all numbers."""
    rows = projectors_rows((written(tmp_path, ["1", "2"], [5, 5]) / "metadata.tsv").read_text())
    assert [row[0] for row in rows] == ['"1"', '"2"']


def test_each_file_ends_with_a_newline(tmp_path: Path) -> None:
    files = list(written(tmp_path, ["a"]).iterdir())
    assert len(files) == 4
    assert all(file.read_bytes().endswith(b"\n") for file in files)


def test_no_tab_newline_or_carriage_return_inside_a_token(tmp_path: Path) -> None:
    data = (written(tmp_path, ODD) / "metadata.tsv").read_bytes()
    assert b"\r" not in data
    assert data.count(b"\n") == len(ODD) + 1
    assert all(line.count(b"\t") == 1 for line in data.split(b"\n")[:-1])
    assert b"a\\tb" in data
    assert b"a\\\\tb" in data


@pytest.mark.parametrize("lead", range(4))
def test_no_character_lies_across_a_chunk_of_a_million_bytes(tmp_path: Path, lead: int) -> None:
    tokens = ["x" * lead + "€" * 1000 + str(i) for i in range(1000)]  # 3 MB of 3-byte characters
    data = (written(tmp_path, tokens) / "metadata.tsv").read_bytes()
    assert len(data) > 3_000_000
    parts = [data[at : at + 1_000_000].decode("utf-8") for at in range(0, len(data), 1_000_000)]
    rows = projectors_rows("".join(parts))
    assert [row[0] for row in rows] == tokens
    assert [int(row[1]) for row in rows] == list(range(1, 1001))


def test_vectors_have_no_header_and_plain_finite_numbers(tmp_path: Path) -> None:
    vectors = np.float32([[0.1, -1e-7], [1e20, 3]])
    projector.write(tmp_path, stream.of_matrix(["a", "b"], vectors))
    assert (tmp_path / "vectors.tsv").read_text() == "0.1\t-1e-7\n1e+20\t3\n"


def test_one_number_a_vector_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(W2VError, match="rejects vectors of one number"):
        written(tmp_path, ["a"], dim=1)


def test_no_column_draws_lines() -> None:
    assert "__seq_next__" not in projector.COLUMNS_WITH_COUNTS


def test_at_most_fifty_values_to_color_by() -> None:
    bands = {projector.band(n) for d in range(19) for n in (10**d, 10**d * 9)} | {projector.band(0)}
    assert len(bands) == 20
    assert not any(projector.reads_as_number(name) for name in bands)


def test_rows_are_aligned(tmp_path: Path) -> None:
    folder = written(tmp_path, ODD, dim=3)
    vectors = np.loadtxt(folder / "vectors.tsv", delimiter="\t", ndmin=2)
    assert len(vectors) == len(projectors_rows((folder / "metadata.tsv").read_text()))
    assert vectors[4].tolist() == [12, 13, 14]


def test_config_of_the_standalone_projector(tmp_path: Path) -> None:
    config = json.loads(
        (written(tmp_path, ["a", "b"], dim=3) / "projector_config.json").read_text()
    )
    assert config["embeddings"] == [
        {
            "tensorName": "word_vectors",
            "tensorShape": [2, 3],
            "tensorPath": "vectors.tsv",
            "metadataPath": "metadata.tsv",
        }
    ]


def test_config_that_tensorboard_parses(tmp_path: Path) -> None:
    from google.protobuf import text_format
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    text = (written(tmp_path, ["a", "b"], dim=3) / "projector_config.pbtxt").read_text()
    (info,) = text_format.Parse(text, ProjectorConfig()).embeddings
    assert (info.tensor_name, info.tensor_path) == ("word_vectors", "vectors.tsv")
    assert (info.metadata_path, list(info.tensor_shape)) == ("metadata.tsv", [2, 3])
    assert not set("&#%/ ") & set(info.tensor_name)


@given(
    st.text(
        alphabet=st.one_of(
            st.sampled_from('"0123456789.eE+-xX\\tnr\t\n\r '), st.characters(codec="utf-8")
        )
    )
)
def test_token_cells_turn_back(token: str) -> None:
    cell = projector.token_cell(token)
    assert projector.token_of_cell(cell) == token
    assert not projector.reads_as_number(cell)
    assert not set("\t\n\r") & set(cell)


def test_files_of_others_are_read_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "vectors.tsv").write_text("1\t2\n3\t4")
    (tmp_path / "metadata.tsv").write_text('C:\\new\r\n\n"5"\r\n')
    tokens, vectors, counts = stream.collect(projector.read(tmp_path))
    assert tokens == ["C:\\new", '"5"']
    np.testing.assert_array_equal(vectors, [[1, 2], [3, 4]])
    assert counts is None


@pytest.mark.parametrize(
    ("metadata", "vectors", "match"),
    [
        ("a\n", "1\t2\n3\t4\n", "more rows than"),
        ("word\tn\na\n", "1\t2\n", "1 columns, not 2"),
        ("a\nb\n", "1\t2\n3\n", "line 2: 1 numbers, not 2"),
        ("a\nb\n", "1\t2\n3\tx\n", "line 2: 'x' is not a number"),
        ("a\nb\nc\n", "1\t2\n3\t4\n", "ends after 2 rows; 3 were announced"),
    ],
)
def test_damaged(tmp_path: Path, metadata: str, vectors: str, match: str) -> None:
    (tmp_path / "vectors.tsv").write_text(vectors)
    (tmp_path / "metadata.tsv").write_text(metadata)
    with pytest.raises(W2VError, match=match):
        stream.collect(stream.checked(projector.read(tmp_path), str(tmp_path)))


NUMBERS = [
    *[("007", 7), ("1e5", 100_000), ("0x1F", 31), ("0b101", 5), ("0o17", 15), ("  12 ", 12)],
    *[("\u3000", 0), ("", 0), (".5", 0.5), ("5.", 5), ("+3", 3), ("1e400", math.inf)],
    *[("-Infinity", -math.inf), ("\ufeff7", 7), ("0x" + "f" * 300, math.inf)],
]
NOT_NUMBERS = [
    *["infinity", "inf", "nan", "NaN", "1_000", "-0x1F", "0x", "1e", ".", "+", "e5", "1,5"],
    *["\u200b7", "\u0085", "٣", "7a", "--1", "0b2", "1 2"],
]


@pytest.mark.parametrize(("text", "value"), NUMBERS)
def test_numbers_are_read_as_javascript_does(text: str, value: float) -> None:
    assert projector.number(text) == value


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_what_javascript_does_not_take_for_a_number(text: str) -> None:
    assert math.isnan(projector.number(text))


def test_trim_takes_ideographic_and_no_break_spaces_but_not_the_next_line_control() -> None:
    assert projector.trim("\u3000\u00a0 a\u0085 \ufeff") == "a\u0085"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@settings(max_examples=8)
@given(st.lists(st.text("0123456789.eE+-xXbo \u3000\u00a0Infty_", max_size=8), min_size=200))
def test_numbers_against_node(texts: list[str]) -> None:
    program = "console.log(JSON.stringify(JSON.parse(process.argv[1]).map(t => String(Number(t)))))"
    answer = subprocess.run(
        ["node", "-e", program, json.dumps(texts)], capture_output=True, text=True, check=True
    )
    for text, theirs in zip(texts, json.loads(answer.stdout), strict=True):
        ours = projector.number(text)
        assert ours == float(theirs) or (math.isnan(ours) and theirs == "NaN")


def test_bytes_that_tensorboard_takes_for_text(tmp_path: Path) -> None:
    path = tmp_path / "v.bytes"
    projector.write_bytes(path, np.float64([[1, -2.5], [0.1, 3e-8]]))
    assert path.read_bytes() == struct.pack("<4f", 1, -2.5, 0.1, 3e-8)
    assert projector.tensorboard_reads_bytes(path)
    path.write_bytes(b"1\t2\n3\n\xff\xfe")  # numbers in text, then a line that is not UTF-8
    assert projector.tensorboard_reads_bytes(path)
    for text in (b"some text\n\xff", b"1\t2\n3\t4\n"):
        path.write_bytes(text)
        assert not projector.tensorboard_reads_bytes(path)


def test_config_with_bookmarks_and_other_names() -> None:
    names = ("embedding.bytes", "words.tsv", "views.json", "words")
    (entry,) = json.loads(projector.config_json((3, 2), *names))["embeddings"]
    assert entry["bookmarksPath"] == "views.json"
    assert projector.config_pbtxt((3, 2), *names) == (
        'embeddings {\n  tensor_name: "words"\n  metadata_path: "words.tsv"\n  tensor_shape: 3\n'
        '  tensor_shape: 2\n  tensor_path: "embedding.bytes"\n  bookmarks_path: "views.json"\n}\n'
    )
