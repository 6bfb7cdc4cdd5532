"""The vocabulary file: golden bytes, any token there and back, and lines that are not one."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError


def test_golden_bytes(tmp_path):
    tokens = ("", "[UNK]", "the", "a\tb", "a\\tb", "line\nend", "é")
    Vocabulary(tokens, np.arange(7)).save(tmp_path / "v.tsv")
    assert (tmp_path / "v.tsv").read_bytes() == (
        b"\t0\n[UNK]\t1\nthe\t2\na\\tb\t3\na\\\\tb\t4\nline\\nend\t5\n\xc3\xa9\t6\n"
    )


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True))
def test_any_token_comes_back(tokens):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "v.tsv"
        Vocabulary(tuple(tokens), np.arange(len(tokens))).save(path)
        back = Vocabulary.load(path)
    assert back.tokens == tuple(tokens)
    assert back.counts.tolist() == list(range(len(tokens)))
    assert back.counts.dtype == np.int64


@pytest.mark.parametrize("line", ["word", "word\t", "word\tmany", "word\t-1", "word\t1\t2"])
def test_a_line_that_is_not_one(tmp_path, line):
    (tmp_path / "v.tsv").write_text(f"the\t5\n{line}\n", encoding="utf-8")
    with pytest.raises(W2VError, match="line 2"):
        Vocabulary.load(tmp_path / "v.tsv")


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(W2VError, match="Cannot read"):
        Vocabulary.load(tmp_path / "none.tsv")
    (tmp_path / "bad.tsv").write_bytes(b"\xff\xfe\t1\n")
    with pytest.raises(W2VError, match="Cannot read"):
        Vocabulary.load(tmp_path / "bad.tsv")
