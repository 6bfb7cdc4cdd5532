"""JavaScript's rules by ECMA-262, and against a real engine where there is one."""

import json
import math
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vtrain.vectors.javascript import number, number_text, trim

NUMBERS = [
    ("007", "7"),
    ("1e5", "100000"),
    ("0x1F", "31"),
    ("0b101", "5"),
    ("0o17", "15"),
    ("  12 ", "12"),
    ("\u3000", "0"),
    ("", "0"),
    (".5", "0.5"),
    ("5.", "5"),
    ("+3", "3"),
    ("-0", "0"),
    ("Infinity", "Infinity"),
    ("-Infinity", "-Infinity"),
    ("1e400", "Infinity"),
    ("1e21", "1e+21"),
    ("123456789012345678901", "123456789012345680000"),
    ("0.000001", "0.000001"),
    ("0.0000001", "1e-7"),
    ("1.5e-9", "1.5e-9"),
    ("100", "100"),
    ("12.50", "12.5"),
    ("\ufeff7", "7"),
]
NOT_NUMBERS = [
    *["infinity", "inf", "nan", "NaN", "1_000", "-0x1F", "0x", "1e", ".", "+", "e5", "1,5"],
    *["\u200b7", "\u0085", "٣", "7a", "--1", "0b2", "1 2"],
]


@pytest.mark.parametrize(("text", "shown"), NUMBERS)
def test_numbers_are_read_and_printed_as_javascript_does(text, shown):
    assert number_text(number(text)) == shown


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_what_javascript_does_not_take_for_a_number(text):
    assert math.isnan(number(text))


def test_trim_takes_ideographic_and_no_break_spaces_but_not_the_next_line_control():
    assert trim("\u3000\u00a0 a\u0085 \ufeff") == "a\u0085"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_reads_back(value):
    assert number(number_text(value)) == value


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@settings(max_examples=8)
@given(st.lists(st.text("0123456789.eE+-xXbo \u3000\u00a0Infty_", max_size=8), min_size=200))
def test_against_node(texts):
    program = "console.log(JSON.stringify(JSON.parse(process.argv[1]).map(t => String(Number(t)))))"
    answer = subprocess.run(
        ["node", "-e", program, json.dumps(texts)], capture_output=True, text=True, check=True
    )
    assert [number_text(number(text)) for text in texts] == json.loads(answer.stdout)
