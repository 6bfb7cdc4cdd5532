"""The layouts that test sets come in, and what is refused."""

import pytest

from w2vtrain.analysis.evaluation import AnalogySet, SimilaritySet
from w2vtrain.errors import W2VError

WANTED = (("tiger", "cat"), ("Jerusalem", "Israel"))


@pytest.mark.parametrize(
    "content",
    [
        b"tiger\tcat\t7.35\nJerusalem\tIsrael\t8.5\n",
        b"tiger\tcat\t7.35\r\nJerusalem\tIsrael\t8.5\r\n",
        b"\xef\xbb\xbftiger cat 7.35\nJerusalem  Israel 8.5",
        b"Word 1,Word 2,Human (mean)\ntiger,cat,7.35\nJerusalem,Israel,8.5\n",
        b"word1;word2;score\ntiger;cat;7,35\nJerusalem;Israel;8,5\n",
        b'"tiger","cat","7.35"\n"Jerusalem","Israel","8.5"\n',
        b"# a comment\n// another\n\ntiger cat 7,35\n# more\nJerusalem Israel 8,5\n",
        b"word1\tword2\tPOS\tSimLex999\tconc\ntiger\tcat\tN\t7.35\t1\nJerusalem\tIsrael\tN\t8.5\t2\n",
    ],
    ids=["tab", "crlf", "bom-space", "csv-header", "semicolon", "quotes", "comments", "simlex"],
)
def test_a_layout_is_read(tmp_path, content):
    path = tmp_path / "set.txt"
    path.write_bytes(content)
    read = SimilaritySet.read(path)
    assert read.pairs == WANTED
    assert read.scores.tolist() == [7.35, 8.5]
    assert read.name == "set.txt"


def test_a_comma_inside_quotes_stays_in_its_word(tmp_path):
    path = tmp_path / "set.csv"
    path.write_text('"a,b",c,1\nd,e,2\n')
    assert SimilaritySet.read(path).pairs == (("a,b", "c"), ("d", "e"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\tb\t1\nc\td\tx\n", "line 2: not two words and a score: 'c"),
        ("a\tb\t1\n\nc\td\n", "line 3: not two words"),
        ("a\tb\t1\nc\t\t2\n", "line 2: not two words"),
        ("a\tb\t1\nc\td\tnan\n", "line 2"),
        ("just words\nno numbers\n", "line 1: no score after two words"),
        ("", "holds no word pairs"),
        ("# only this\n", "holds no word pairs"),
    ],
)
def test_a_line_that_is_no_pair_is_refused_with_its_number(tmp_path, content, message):
    path = tmp_path / "set.txt"
    path.write_text(content)
    with pytest.raises(W2VError, match=message):
        SimilaritySet.read(path)


def test_other_encodings_and_missing_files_are_refused(tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes("café\tthé\t1\n".encode("latin-1"))
    with pytest.raises(W2VError, match=r"not UTF-8 text \(byte 3\)"):
        SimilaritySet.read(path)
    with pytest.raises(W2VError, match="No such file"):
        AnalogySet.read(tmp_path / "none.txt")
    with pytest.raises(W2VError, match="Is a directory"):
        AnalogySet.read(tmp_path)


def test_analogies_are_read_by_section(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_bytes(
        b"\xef\xbb\xbf// Copyright\r\na b c d\r\n: capital-world\r\nAthens Greece Oslo Norway\r\n"
        b": gram1\r\n# note\r\nbig bigger\tsmall smaller\r\n"
        b": capital-world\r\nRome Italy Oslo Norway\r\n"
    )
    read = AnalogySet.read(path)
    assert [(s.name, len(s.questions), s.syntactic) for s in read.sections] == [
        ("questions", 1, False),
        ("capital-world", 2, False),
        ("gram1", 1, True),
    ]
    assert read.sections[2].questions == (("big", "bigger", "small", "smaller"),)


def test_a_question_of_three_words_is_refused_with_its_line(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(": one\na b c d\na b c\n")
    with pytest.raises(W2VError, match="line 3: 3 words, not four"):
        AnalogySet.read(path)
    path.write_text(": one\n")
    with pytest.raises(W2VError, match="holds no questions"):
        AnalogySet.read(path)
