"""`--split icu`: words of all scripts, by hand, in `prepare` and in the saved layer."""

import gzip
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from w2vtrain.analysis.why_not import why_not
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.corpus.word_boundaries import icu_version, words_of_units
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest

ICU = PrepareConfig(split="icu", min_count=1)
SHARED = Path(os.environ.get("W2V_SHARED", Path(__file__).parents[2] / "../shared")).resolve()
NOVEL = SHARED / "data/corpora/unicode/ja_segmented.txt.gz"

# Written for this test, and split into words by hand, as a reader of the language would.
CHINESE = [
    "今天 天气 很 好 ， 我们 去 公园 散步 。",
    "他 在 图书馆 看 书 ， 她 在 家里 做饭 。",
    "火车站 离 学校 不 远 。",
    "我 的 朋友 喜欢 喝 咖啡 。",
    "医生 建议 病人 多 喝 水 。",
    "老师 给 学生 讲 了 一个 故事 。",
    "这 家 饭店 的 菜 非常 好吃 。",
    "明天 早上 八点 开会 。",
    "孩子 们 在 花园 里 玩耍 。",
    "他们 昨天 买 了 三 本 新 书 。",
]
THAI = [
    "ฉัน ชอบ กิน ข้าว ผัด มาก",
    "แมว ดำ นอน อยู่ บน โต๊ะ",
    "วันนี้ อากาศ ดี เรา ไป โรงเรียน",
    "พ่อ ของ ฉัน ทำงาน ใน โรงพยาบาล",
    "เด็ก เล่น น้ำ ใน แม่น้ำ",
    "ครู สอน ภาษา ไทย ทุก วัน",
    "เขา ซื้อ หนังสือ สาม เล่ม",
    "หมา วิ่ง เร็ว กว่า แมว",
    "ร้าน อาหาร นี้ อร่อย มาก",
    "พรุ่งนี้ ฝน จะ ตก",
]
EXACT = [
    ("今天天气很好我们去公园散步。", "今天 天气 很好 我们 去 公园 散步"),
    ("老师给学生讲了一个故事。", "老师 给 学生 讲 了 一个 故事"),
    ("孩子们在花园里玩耍。", "孩子 们 在 花园 里 玩耍"),
    ("แมวดำนอนอยู่บนโต๊ะ", "แมว ดำ นอน อยู่ บน โต๊ะ"),
    ("ร้านอาหารนี้อร่อยมาก", "ร้าน อาหาร นี้ อร่อย มาก"),
    ("吾輩は猫である。", "吾輩 は 猫 で ある"),
]


def split(text, **settings):
    unique, index, lengths = words_of_units(text, ICU.replaced(**settings))
    words = [unique[i] for i in index]
    ends = np.cumsum(lengths)
    return [words[a:b] for a, b in itertools.pairwise([0, *ends.tolist()])]


@pytest.mark.parametrize(("text", "expected"), EXACT)
def test_text_without_spaces(text, expected):
    assert split(text) == [expected.split()]


def cuts(words):
    """Places between the words of a sentence, in characters."""
    return set(itertools.accumulate(map(len, words[:-1])))


@pytest.mark.parametrize(("text", "least"), [(CHINESE, 0.85), (THAI, 0.95)])
def test_words_against_those_by_hand(text, least):
    hits = found = wanted = 0
    for sentence in text:
        by_hand = [word for word in sentence.split() if word not in "，。"]
        (by_icu,) = split(sentence.replace(" ", ""))
        assert "".join(by_icu) == "".join(by_hand)
        hits += len(cuts(by_icu) & cuts(by_hand))
        found, wanted = found + len(cuts(by_icu)), wanted + len(cuts(by_hand))
    assert 2 * hits / (found + wanted) >= least  # 0.90 and 0.97 with ICU 78


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "I don’t pay $1,000.50 or 3.14 – U.S. well-known!",
            "i don't pay 1,000.50 or 3.14 u.s well known",
        ),
        ('snake_case _so_ ... -- "x"', "snake_case so x"),
        ("ΣΊΣΥΦΟΣ Ärger ﬁne", "σίσυφος ärger ﬁne"),
        ("می\u200cخواهم हिन्दी עִבְרִית", "می\u200cخواهم हिन्दी עִבְרִית"),
        ("co\u00adop \u202ex\u202c", "coop x"),
    ],
)
def test_words_of_other_scripts(text, expected):
    assert split(text) == [expected.split()]


def test_units_case_and_what_is_kept():
    assert split("A b.\n\n。\nC") == [["a", "b"], [], [], ["c"]]
    assert split("") == [[]]
    assert split("A don’t", standardize="none") == [["A", "don’t"]]
    text = "ok😀 👨\u200d👩\u200d👧 ❤️ © #my_tag @me a@b.de &#39; # x"
    assert split(text) == [["ok", "my_tag", "me", "a", "b.de", "39", "x"]]
    kept = ["ok", "😀", "👨\u200d👩\u200d👧", "❤", "#my_tag", "@me", "a", "b.de", "39", "x"]
    assert split(text, keep_emoji=True, keep_tags=True) == [kept]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("icu")
    lines = [text for text, _ in EXACT] + ["Don’t pay 3.14 for cafe\u0301s #x."]
    (folder / "a.txt").write_text("\n".join(lines * 3), encoding="utf-8")
    prepare([folder / "a.txt"], folder / "run", ICU)
    return folder / "run"


def units_of(run):
    tokens = Vocabulary.load(run / "corpus/vocabulary.tsv").tokens
    ids, ends = (np.load(run / f"corpus/{name}.npy") for name in ("token_ids", "boundaries"))
    return [[tokens[i] for i in ids[a:b]] for a, b in itertools.pairwise(ends)]


def test_prepare_and_the_version_of_icu(run):
    expected = [words.split() for _, words in EXACT]
    assert units_of(run) == [*expected, ["don't", "pay", "3.14", "for", "cafés", "x"]] * 3
    assert read_manifest(run / "corpus", "w2v prepare")["icu"] == icu_version()


def test_a_fresh_process_gives_the_same_ids(run):
    texts = [text for text, _ in EXACT] + ["DON'T 3.14\ncafés new", ""]
    code = (
        "import json, sys\n"
        "from w2vtrain.corpus.vectorizer import load_vectorizer\n"
        "layer = load_vectorizer(sys.argv[1])\n"
        "print(json.dumps(layer(json.loads(sys.argv[2])).to_list()))"
    )
    command = [sys.executable, "-c", code, str(run / "corpus/vectorizer.keras"), json.dumps(texts)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    told = subprocess.run(command, capture_output=True, check=True, env=environment).stdout
    found = json.loads(told)
    tokens = Vocabulary.load(run / "corpus/vocabulary.tsv").tokens
    expected = [words.split() for _, words in EXACT]
    assert [[tokens[i] for i in ids] for ids in found[:-2]] == expected
    assert [tokens[i] for i in found[-2]] == ["don't", "3.14", "cafés", "[UNK]"]
    assert found[-1] == []


def test_a_corpus_of_another_icu_is_made_anew_and_not_updated(run, tmp_path, monkeypatch):
    from w2vtrain.corpus.update import update

    assert prepare([run.parent / "a.txt"], run, ICU).unchanged
    (tmp_path / "b.txt").write_text("新", encoding="utf-8")
    monkeypatch.setattr("w2vtrain.corpus.prepare.icu_version", lambda: "1.0")
    with pytest.raises(W2VError, match=r"was split by ICU .*, and this is ICU 1\.0"):
        update([tmp_path / "b.txt"], run)
    monkeypatch.undo()
    assert not update([tmp_path / "b.txt"], run).unchanged


def test_why_not_follows_the_splitting(run):
    assert why_not(run, "公园").kept
    trace = why_not(run, "去公园")
    assert (trace.lost_in, trace.conclusion) == ("splitting", "'去公园' becomes 2 words: 去, 公园.")


@pytest.mark.slow
@pytest.mark.skipif(not NOVEL.exists(), reason="needs the shared corpora")
def test_a_japanese_novel_without_its_spaces():
    hits = found = wanted = 0
    for line in gzip.decompress(NOVEL.read_bytes()).decode().splitlines():
        by_analyzer = [word for word in line.split() if any(map(str.isalnum, word))]
        (by_icu,) = split("".join(by_analyzer), standardize="none")
        if "".join(by_icu) == "".join(by_analyzer):  # else punctuation inside a token of either
            hits += len(cuts(by_icu) & cuts(by_analyzer))
            found, wanted = found + len(cuts(by_icu)), wanted + len(cuts(by_analyzer))
    assert wanted > 100_000
    assert 2 * hits / (found + wanted) >= 0.85


def test_without_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "icu4py.breakers", None)
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(W2VError, match="--split icu needs the package icu4py") as error:
        prepare([tmp_path / "a.txt"], tmp_path / "run", ICU)
    assert error.value.hint == "Install it: pip install 'w2vtrain[icu]'"
    assert not RunDirectory(tmp_path / "run").corpus.exists()
