"""The rules of standardization and splitting, by example and against a rule written in Python."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vtrain.config import PrepareConfig
from w2vtrain.errors import W2VError
from w2vtrain.tensorflow_runtime import configure


@pytest.fixture(scope="module", autouse=True)
def tensorflow():
    return configure()


def words(text: str, standardize: str = "lower-and-strip-punctuation", split="whitespace", **kept):
    import tensorflow as tf

    from w2vtrain.corpus.standardization import splitter, standardizer

    config = PrepareConfig(normalize="none", standardize=standardize, split=split, **kept)
    standard = standardizer(config)
    tensor = tf.constant([text])
    tokens = splitter(config)(tensor if standard is None else standard(tensor))
    return [token.decode() for token in tokens[0].numpy().tolist()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The end.Begin", ["the", "end", "begin"]),
        ("the U.S. and 3.14", ["the", "u", "s", "and", "3", "14"]),
        ("don't Don’t dog's dogs' 'tis", ["don't", "don't", "dog's", "dogs", "tis"]),
        ("rock 'n' roll ''quoted'' l''x", ["rock", "n", "roll", "quoted", "l", "x"]),
        ("a' 'b ' ' c", ["a", "b", "c"]),
        ("'", []),
        ("well-known e‑mail snake_case", ["well", "known", "e", "mail", "snake", "case"]),
        ("ÄRGER ΣΊΣΥΦΟΣ Москва", ["ärger", "σίσυφος", "москва"]),
        ("«Что?» — он… ¿qué? 「日本」、語。", ["что", "он", "qué", "日本", "語"]),
        ("5€ + 3$ = x^2", ["5", "3", "x", "2"]),
        ("great😀day 👨\u200d👩 ❤️ 1️⃣", ["great", "day", "1\u20e3"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("co\u00adoperate \ufeffstart", ["cooperate", "start"]),
        ("می\u200cخواهم \u200cx", ["می\u200cخواهم", "x"]),
        ("a\u00a0b\u2028c\u0085d\u3000e\tf\x0bg", ["a", "b", "c", "d", "e", "f", "g"]),
        ("हिन्दी עִבְרִית", ["हिन्दी", "עִבְרִית"]),
    ],
)
def test_lower_and_strip_punctuation(text, expected):
    assert words(text) == expected


EMOJI = "😀 Day 👨\u200d👩\u200d👧 ❤️👍🏽🇩🇪🇫🇷 ©™"
TAGS = "#My_tag,@user_1 @_so_ a@b.com x#y &#39; snake_case _e_"


@pytest.mark.parametrize("emoji", [False, True])
@pytest.mark.parametrize("tags", [False, True])
def test_emoji_hashtags_and_mentions(emoji, tags):
    expected = ["great", *("😀 day 👨\u200d👩\u200d👧 ❤ 👍🏽 🇩🇪 🇫🇷" if emoji else "day").split(" ")]
    begin, name = ("#my_tag @user_1", "snake_case") if tags else ("my tag user 1", "snake case")
    expected += f"{begin} so a b com x y 39 {name} e".split(" ")
    assert words(f"Great{EMOJI} {TAGS}", keep_emoji=emoji, keep_tags=tags) == expected


def test_options_that_would_do_nothing_are_refused():
    with pytest.raises(W2VError, match="--keep-emoji and --keep-tags are for words without"):
        PrepareConfig(standardize="lower", keep_emoji=True)
    with pytest.raises(W2VError, match="--subword-model is for --split subwords"):
        PrepareConfig(subword_model="bpe")


def test_lower_keeps_punctuation():
    assert words("Ärger, Don’t U.S.", "lower") == ["ärger,", "don’t", "u.s."]


def test_none_changes_nothing_and_splits_at_unicode_white_space():
    text = "The\u00a0U.S.\u2028don’t\u3000End"
    assert words(text, "none") == ["The", "U.S.", "don’t", "End"]


def test_characters_are_code_points_with_white_space_as_underscore():
    assert words("Hé,  日\u3000b", split="character") == ["h", "é", "_", "日", "_", "b"]
    assert words("A b\t\n c", "none", "character") == ["A", "_", "b", "_", "c"]


def by_the_rule(text: str) -> list[str]:
    """The default rule, character by character."""
    plain = text.lower().replace("\u00ad", "").replace("\u200e", "")
    belongs = [unicodedata.category(c)[0] in "LMN" for c in plain]
    kept = []
    for place, character in enumerate(plain):
        between = 0 < place < len(plain) - 1 and belongs[place - 1] and belongs[place + 1]
        joins = character in "'’\u200c\u200d" and between
        kept.append(character if belongs[place] or joins else " ")
    return "".join(kept).replace("’", "'").split(" ") if kept else []


ALPHABET = "aZéßЖ日ि\u0301١5'’\u200c\u200d-_.,!«»€+😀 \u00a0\u2028\u0085\t\u00ad\u200e"


@settings(max_examples=300)
@given(st.text(ALPHABET, max_size=30))
def test_default_rule_equals_the_rule_in_python(text):
    assert words(text) == [word for word in by_the_rule(text) if word]


@settings(max_examples=100)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_standardizing_twice_changes_nothing(text):
    once = words(text)
    assert words(" ".join(once)) == once
