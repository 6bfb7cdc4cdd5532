"""Text that looks the same becomes the same tokens, in `prepare` and in the saved layer."""

import json
import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2vtrain import PrepareConfig, prepare
from w2vtrain.corpus.normalization import normalize_text, unspaced_share
from w2vtrain.corpus.vectorizer import load_vectorizer
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError

FRENCH = "Le café d'été où l'élève naïf dégusta crêpes, pâtés et bœuf à Noël.\nÇa coûte 5 € déjà.\n"
ODD = "ae\u0301\u0323ßﬁ\n\u00ad\u200b\u200c\u200dㅎ가가म\u093c"
COMPOSING = "ae\u0301\u0323\n\u1100\u1161\u11a8가カ\u3099ﬁé\u212b\U0001d15f\u0bc6\u0bbe"
RUSSIAN = "Ёлка стоит у моей двери.\nЁж и йод, мой чай; всё твоё.\n"


def words(path, **options):
    config = PrepareConfig(min_count=1, **options)
    prepare([path], path.parent / "run", config, force=True)
    return Vocabulary.load(path.parent / "run/corpus/vocabulary.tsv").tokens[2:]


@pytest.mark.parametrize("text", [FRENCH, RUSSIAN])
def test_nfd_and_nfc_copies_of_a_text_give_the_same_bytes(tmp_path, text):
    for form in ("NFC", "NFD"):
        path = tmp_path / f"{form}.txt"
        path.write_text(unicodedata.normalize(form, text) * 3, encoding="utf-8")
        prepare([path], tmp_path / form, PrepareConfig(min_count=1))
    assert (tmp_path / "NFC.txt").read_bytes() != (tmp_path / "NFD.txt").read_bytes()
    for name in ("vocabulary.tsv", "token_ids.npy", "boundaries.npy"):
        one, two = (tmp_path / form / "corpus" / name for form in ("NFC", "NFD"))
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("none", {"café": 1, "cafe\u0301": 1, "ﬁne": 1, "fine": 1, "ａｂｃ": 1, "abc": 1}),
        ("nfc", {"café": 2, "ﬁne": 1, "fine": 1, "ａｂｃ": 1, "abc": 1}),
        ("nfkc", {"café": 2, "fine": 2, "abc": 2}),
    ],
)
def test_what_looks_the_same(tmp_path, form, expected):
    path = tmp_path / "a.txt"
    path.write_text("café cafe\u0301 ﬁne fine ＡＢＣ abc", encoding="utf-8")
    assert set(words(path, normalize=form)) == set(expected)
    counts = Vocabulary.load(tmp_path / "run/corpus/vocabulary.tsv").counts[2:]
    assert sorted(counts) == sorted(expected.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("co\u00adoperate", "cooperate"),
        ("ភាសា\u200bខ្មែរ", "ភាសា ខ្មែរ"),
        ("\ufeffa", "a"),
        ("Auf\u200clage a\u200d", "Auflage a"),  # Latin does without
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian does not
        ("क्\u200dष", "क्\u200dष"),  # nor does Hindi
        ("👨\u200d👩", "👨\u200d👩"),
        ("a\n\u0301b", "a\n\u0301b"),  # nothing composes over a line end
        ("שָׁלוֹם", unicodedata.normalize("NFC", "שָׁלוֹם")),
    ],
)
def test_rules(text, expected):
    assert normalize_text(text, "nfc") == expected
    assert normalize_text(text, "none") == text


@settings(max_examples=300)
@given(
    st.text()
    | st.text("ae\u0301\u0323\n\u1100\u1161\u11a8가カ\u3099ﬁé\u212b\U0001d15f\u0bc6\u0bbe")
)
def test_equals_unicodedata(text):
    plain = re.sub("[\u00ad\ufeff\u200b-\u200d]", "", text)
    for form, name in (("nfc", "NFC"), ("nfkc", "NFKC")):
        expected = [unicodedata.normalize(name, line) for line in plain.split("\n")]
        assert normalize_text(plain, form).split("\n") == expected


@settings(max_examples=200)
@given(st.text(ODD), st.sampled_from(["nfc", "nfkc"]))
def test_a_normal_text_stays_and_lines_are_alone(text, form):
    once = normalize_text(text, form)
    assert normalize_text(once, form) == once
    assert once.split("\n") == [normalize_text(line, form) for line in text.split("\n")]


def test_the_saved_layer_does_the_same_to_new_text(tmp_path):
    path = tmp_path / "a.txt"
    text = "Cafe\u0301 ﬁne\u200bday co\u00adoperate café"
    path.write_text(text, encoding="utf-8")
    for form in ("nfc", "nfkc", "none"):
        for standardize in ("lower-and-strip-punctuation", "none"):
            words(path, normalize=form, standardize=standardize)
            ids = np.load(tmp_path / "run/corpus/token_ids.npy").tolist()
            layer = load_vectorizer(tmp_path / "run/corpus/vectorizer.keras")
            assert layer([text]).to_list() == [ids]
            assert layer([text, "", text]).to_list() == [ids, [], ids]


def test_the_manifest_names_the_form_and_the_version_of_unicode(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a b")
    words(path)
    manifest = json.loads(Path(tmp_path / "run/corpus/manifest.json").read_text())
    assert manifest["config"]["normalize"] == "nfc"
    assert manifest["unicode"] == unicodedata.unidata_version


def test_a_corpus_of_an_older_version_is_read_and_grown_as_it_was_made(tmp_path):
    from w2vtrain.corpus.update import prepared_settings, update

    path = tmp_path / "a.txt"
    path.write_text("cafe\u0301 a", encoding="utf-8")
    words(path, normalize="none")
    manifest = tmp_path / "run/corpus/manifest.json"
    record = json.loads(manifest.read_text())
    del record["config"]["normalize"]  # the version before did not have it
    manifest.write_text(json.dumps(record))
    assert prepared_settings(tmp_path / "run")["normalize"] == "none"
    (tmp_path / "b.txt").write_text("cafe\u0301 b", encoding="utf-8")
    update([tmp_path / "b.txt"], tmp_path / "run")
    vocabulary = Vocabulary.load(tmp_path / "run/corpus/vocabulary.tsv")
    assert dict(zip(vocabulary.tokens, vocabulary.counts, strict=True))["cafe\u0301"] == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("今天天气很好\n我们去公园散步\n" * 5, True),  # sentences of 6 and 7 letters
        ("今天 天气 很好\n我们 去 公园 散步\n" * 5, False),  # the same, split into words
        ("วันนี้อากาศดีมาก\n" * 5, True),
        ("Сегодня хорошая погода\n" * 5 + "今天天气很好\n", False),  # a sixth of the letters
    ],
)
def test_text_without_spaces_is_pointed_out(tmp_path, caplog, text, said):
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    words(path)
    assert ("in stretches of a script without spaces" in caplog.text) == said
    assert ("--split icu" in caplog.text) == said
    caplog.clear()
    words(path, split="character")
    assert not caplog.text


def test_text_without_spaces_and_no_word_left(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("今天天气很好\n我们去公园散步\n", encoding="utf-8")
    with pytest.raises(W2VError, match="100% of the letters are in stretches") as raised:
        prepare([path], tmp_path / "run", PrepareConfig(min_count=5))
    assert "--split icu" in raised.value.hint


def test_the_share_by_hand():
    # 6 letters twice of 6 * 2 + 3 * 4 + 2 * 1 = 26; a short word of Han counts as split.
    counts = np.array([2, 4, 1])
    assert unspaced_share(["今天天气很好", "abc", "天气"], counts) == 12 / 26
