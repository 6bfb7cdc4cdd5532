import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2vtrain.classify.labeled_texts import read_labeled, shorten, split_texts
from w2vtrain.classify.settings import ClassifyConfig
from w2vtrain.classify.training import Batches, padded
from w2vtrain.errors import W2VError

TEXTS = st.lists(st.sampled_from(["a b", "A  b", "c", "d\ne", "d e", "f", "g", "h"]), min_size=30)


@given(TEXTS, st.integers(0, 5))
def test_identical_texts_are_never_in_two_parts(texts, seed):
    texts = [*texts, "u", "v", "w", "x", "y", "z"]
    labels = np.array([len(text) % 2 for text in texts])
    first = {" ".join(t.split()).casefold(): i for i, t in reversed(list(enumerate(texts)))}
    if min(np.bincount(labels[sorted(first.values())], minlength=2)) < 3:
        return
    split = split_texts(texts, labels, ["x", "y"], 0.2, 0.2, seed)
    parts = [split.train, split.validation, split.test]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(texts)))
    keys = [{" ".join(texts[i].split()).casefold() for i in part} for part in parts]
    assert not keys[0] & keys[1] | keys[0] & keys[2] | keys[1] & keys[2]
    assert split.repeated == len(texts) - len(first)
    assert all(len(part) for part in parts)


def test_the_split_keeps_shares_and_follows_its_seed():
    texts = [f"text {i}" for i in range(1000)]
    labels = (np.arange(1000) % 4 == 0).astype(int)
    one, again, other = (split_texts(texts, labels, "xy", 0.1, 0.2, seed) for seed in (1, 1, 2))
    assert (len(one.train), len(one.validation), len(one.test)) == (700, 100, 200)
    assert labels[one.test].mean() == 0.25
    np.testing.assert_array_equal(one.test, again.test)
    assert not np.array_equal(one.test, other.test)


def test_shorter_trainings_are_nested_and_hold_each_class():
    labels = (np.arange(1000) % 4 == 0).astype(int)
    train = np.arange(0, 1000, 2)
    small, large = (shorten(train, labels, "xy", size, 1) for size in (20, 200))
    assert set(small) < set(large) < set(train)
    assert labels[small].sum() == 10  # even places: half of them are multiples of 4
    with pytest.raises(W2VError, match="holds 500 texts"):
        shorten(train, labels, "xy", 501, 1)


def test_too_few_texts_of_a_class():
    with pytest.raises(W2VError, match="Class 'y' has 2 different texts"):
        split_texts(["a", "b", "c", "d", "e", "e"], np.array([0, 0, 0, 1, 1, 1]), "xy", 0.1, 0.1, 1)


def test_texts_that_differ_in_case_only_are_one_text():
    """`STRASSE` and `Straße` are alike when folded, but not when lower-cased."""
    texts = ["Straße", "STRASSE", "a", "A", "b", "c", "d", "e", "f"]
    for seed in range(20):
        split = split_texts(texts, np.array([0, 0, 0, 0, 0, 1, 1, 1, 0]), "xy", 0.3, 0.3, seed)
        assert split.repeated == 2
        part_of = {i: n for n, part in enumerate((split.train, split.validation, split.test))
                   for i in part.tolist()}  # fmt: skip
        assert part_of[0] == part_of[1]
        assert part_of[2] == part_of[3]


def test_padding_by_hand():
    rows = [np.array(row, np.int32) for row in ([5, 6, 7], [], [8])]
    assert padded(rows).tolist() == [[5, 6, 7], [0, 0, 0], [8, 0, 0]]
    assert padded(rows[1:2]).tolist() == [[0]]  # an LSTM needs a step


def test_an_epoch_holds_every_text_once_in_a_new_order():
    generator = np.random.default_rng(0)
    rows = [np.ones(n, np.int32) for n in generator.integers(0, 30, 101)]
    batches = Batches(rows, np.zeros(101, np.int32), np.arange(101), 4, seed=1)
    epochs = [list(batches.members()) for _ in range(2)]
    for epoch in epochs:
        assert sorted(np.concatenate(epoch).tolist()) == list(range(101))
        assert len(epoch) == len(batches) == 26
    assert [b.tolist() for b in epochs[0]] != [b.tolist() for b in epochs[1]]


def table(tmp_path, text: str, name: str = "t.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_table_keeps_cells_as_they_are_and_strips_tags(tmp_path):
    path = table(tmp_path, 'text,label\n"one<br /><br />two, 3 < 4 > 2",1\nNA,0\n,0\n" ",1\n')
    data = read_labeled(path, ClassifyConfig())
    assert data.texts == ["one  two, 3 < 4 > 2", "NA"]
    assert data.classes == ("0", "1")
    assert data.labels.tolist() == [1, 0]
    assert (data.empty, data.tags) == (2, 2)
    assert "<br />" in read_labeled(path, ClassifyConfig(strip_html=False)).texts[0]


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.zip", "t.parquet", "t.jsonl", "t.tsv"])
def test_every_form_of_table_reads_alike(tmp_path, name):
    import pandas as pd

    frame = pd.DataFrame({"text": ["a b", "c, d", "é"], "label": ["x", "y", "x"]})
    path = tmp_path / name
    if name.endswith("parquet"):
        frame.to_parquet(path)
    elif name.endswith("jsonl"):
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, index=False, sep="\t" if name.endswith("tsv") else ",")
    data = read_labeled(path, ClassifyConfig())
    assert data.texts == ["a b", "c, d", "é"]
    assert data.labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize("name", ["t.parquet", "t.jsonl"])
def test_labels_may_be_numbers(tmp_path, name):
    import pandas as pd

    frame = pd.DataFrame({"text": ["a", "b", "c"], "label": [1, 0, 1]})
    path = tmp_path / name
    if name.endswith("parquet"):
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    data = read_labeled(path, ClassifyConfig())
    assert data.classes == ("0", "1")
    assert data.labels.tolist() == [1, 0, 1]


def test_a_folder_a_class(tmp_path):
    for name, texts in {"pos": ["good", "fine"], "neg": ["bad"]}.items():
        (tmp_path / name / "deep").mkdir(parents=True)
        for i, text in enumerate(texts):
            (tmp_path / name / "deep" / f"{i}.txt").write_text(text)
    data = read_labeled(tmp_path, ClassifyConfig())
    assert data.classes == ("neg", "pos")
    assert sorted(zip(data.texts, data.labels.tolist(), strict=True)) == [
        ("bad", 0), ("fine", 1), ("good", 1),
    ]  # fmt: skip
    (tmp_path / "empty").mkdir()
    with pytest.raises(W2VError, match=r"class folder .*empty holds no \.txt"):
        read_labeled(tmp_path, ClassifyConfig())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\na,x\nb,x\n", "one class only: 'x'"),
        ("text,label\na,x\nb,\nc,y\n", r"t\.csv, line 3: this text has no label in column 'label'"),
        ("review,label\na,x\n", "no column 'text'"),
        ("text,lable\na,x\n", "no column 'label'"),
        ("text,label\n", "holds no text"),
        ('text,label\n"a,x\n', "t.csv, line 2"),
        ("", "is empty"),
        ("text,label\na,x\n,y\n", "Class 'y' of .* holds no text"),
    ],
)
def test_bad_tables(tmp_path, content, message):
    with pytest.raises(W2VError, match=message):
        read_labeled(table(tmp_path, content), ClassifyConfig())


def test_other_bad_sources(tmp_path):
    with pytest.raises(W2VError, match="No such file"):
        read_labeled(tmp_path / "missing.csv", ClassifyConfig())
    with pytest.raises(W2VError, match="not a table"):
        read_labeled(table(tmp_path, "x", "t.docx"), ClassifyConfig())
    with pytest.raises(W2VError, match="holds no folder"):
        read_labeled(tmp_path, ClassifyConfig())
    with pytest.raises(W2VError, match="cannot be read as Parquet"):
        read_labeled(table(tmp_path, "x", "t.parquet"), ClassifyConfig())


@pytest.mark.parametrize(
    "settings",
    [
        {"fine_tune": True},
        {"embedding": "one-hot", "embedding_dim": 5},
        {"validation_share": 0.5, "test_share": 0.6},
        {"encoder": "transformer"},
        {"dropout": 1.0},
    ],
)
def test_settings_that_make_no_sense(settings):
    with pytest.raises(W2VError):
        ClassifyConfig(**settings)
