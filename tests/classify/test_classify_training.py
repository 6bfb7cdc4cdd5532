import csv
import json
import zipfile

import numpy as np
import pytest
from commands import w2v
from run_fixture import write_run

from w2vtrain.classify.tokens import Subwords, Words
from w2vtrain.config import PrepareConfig
from w2vtrain.vectors.embeddings import Embeddings

FILLER = ["the", "film", "was", "a", "story", "with", "actors", "and", "music"]


GOOD, BAD = ["lovely", "brilliant", "charming", "superb"], ["dull", "dreadful", "clumsy", "awful"]
FILLER = ["the", "film", "was", "a", "story", "with", "actors", "and", "music"]


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    """300 made reviews: one word of each tells the class."""
    generator = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("reviews") / "reviews.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for number in range(300):
            words = generator.choice(FILLER, size=generator.integers(3, 12)).tolist()
            words.insert(2, str(generator.choice(BAD if number % 2 else GOOD)))
            writer.writerow([" ".join(words) + "<br />.", "bad" if number % 2 else "good"])
    return path


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    """A GloVe file in which good and bad words lie apart; `awful` and `superb` are missing."""
    generator = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("glove") / "glove.txt"
    rows = [(w, 2.0) for w in GOOD[:3]] + [(w, -2.0) for w in BAD[:3]] + [(w, 0) for w in FILLER]
    lines = [
        " ".join([word, *(f"{x:.4f}" for x in generator.normal(place, 0.3, 6))])
        for word, place in [*rows, ("gorgeous", 2.0)]
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


FAST = ["--learning-rate", 0.03, "--epochs", 12, "--vocabulary-size", 60]


@pytest.mark.parametrize(
    ("options", "vocabulary", "dim"),
    [
        ([], 60, 16),
        (["--embedding", "one-hot"], 60, 16),
        (["--tokens", "words", "--embedding-dim", 8], 17, 8),
        (["--encoder", "lstm", "--units", 6, "--epochs", 6, "--max-tokens", 8], 17, 16),
        pytest.param(
            ["--encoder", "lstm", "--embedding", "one-hot", "--units", 6, "--epochs", 6],
            17,
            48,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_each_encoder_learns_predicts_and_leaves_vectors(
    reviews, tmp_path, capsys, options, vocabulary, dim
):
    place = tmp_path / "run"
    arguments = ["classify", "train", reviews, "-o", place, *FAST, *options, "--json"]
    code, out, err = w2v(capsys, *arguments)
    assert code == 0, err
    summary = json.loads(out)
    assert summary["test_accuracy"] > 0.9
    assert summary["test_low"] < summary["test_accuracy"] <= summary["test_high"] <= 1
    if summary["test_accuracy"] == 1:  # Wilson: n / (n + 1.96 ** 2) of n = 30 texts
        assert summary["test_low"] == pytest.approx(30 / (30 + 1.959964**2), rel=1e-6)
    assert summary["tags"] == 300
    assert (summary["cut"] > 0) == ("--max-tokens" in options)
    embeddings = Embeddings.load(place)
    assert (len(embeddings), embeddings.dim) == (summary["vocabulary"], dim)
    assert summary["vocabulary"] <= vocabulary
    history = list(csv.DictReader((place / "model/history.csv").open()))
    losses = [float(row["val_loss"]) for row in history]
    assert summary["best_epoch"] == 1 + int(np.argmin(losses))
    assert summary["validation_loss"] == pytest.approx(min(losses), rel=1e-4)
    assert list((place / "logs").rglob("events*"))
    with zipfile.ZipFile(place / "model/classifier.keras") as archive:
        assert b"w2vtrain" not in archive.read("config.json")  # any Keras opens it
    code, out, err = w2v(
        capsys, "classify", "predict", place, "a dull<br />film", "the lovely story", "--json"
    )
    assert code == 0, err
    found = json.loads(out)["predictions"]
    assert [p["label"] for p in found] == ["bad", "good"]
    assert sum(found[0]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    code, _, err = w2v(capsys, "export", place, "--format", "projector")
    assert code == 0, err
    code, _, err = w2v(capsys, "neighbors", place, embeddings.tokens[0])
    assert code == 0, err


@pytest.mark.parametrize("fine_tune", [False, True])
def test_reused_vectors_reach_words_the_training_texts_lack(
    reviews, vectors, tmp_path, capsys, fine_tune
):
    place = tmp_path / "run"
    more = ["--fine-tune"] if fine_tune else []
    code, out, err = w2v(
        capsys, "classify", "train", reviews, "-o", place, "--embedding", vectors,
        "--learning-rate", 0.03, "--epochs", 12, *more,
    )  # fmt: skip
    assert code == 0, err
    assert "found for 15 of 17 words" in out
    kept = Embeddings.load(place)
    assert kept.dim == 6
    given = Embeddings.load(vectors)
    assert np.array_equal(kept["lovely"], given["lovely"]) is not fine_tune
    np.testing.assert_array_equal(kept["gorgeous"], given["gorgeous"])  # never in the texts
    code, out, _ = w2v(capsys, "classify", "predict", place, "gorgeous gorgeous film", "--json")
    prediction = json.loads(out)["predictions"][0]
    assert prediction["label"] == "good"
    assert (prediction["known"], prediction["tokens"]) == (3, 3)
    if fine_tune:
        return
    code, out, err = w2v(
        capsys, "classify", "train", reviews, "-o", tmp_path / "again", "--embedding", place,
        "--epochs", 1,
    )  # fmt: skip
    assert code == 0, err  # a run's vectors are reused as a file's are
    assert "x 6 numbers, from" in out


def test_the_same_seed_gives_the_same_classifier(reviews, tmp_path, capsys):
    arguments = ["--epochs", 2, "--vocabulary-size", 60]
    for name in "ab":
        w2v(capsys, "classify", "train", reviews, "-o", tmp_path / name, *arguments)
    one, other = (np.load(tmp_path / name / "model/vectors.npy") for name in "ab")
    np.testing.assert_array_equal(one, other)


def test_bad_input_ends_in_an_error_and_a_hint(reviews, vectors, tmp_path, capsys):
    for arguments, message in (
        ([reviews, "--embedding", vectors, "--embedding-dim", 50], "have 6 numbers"),
        ([reviews, "--embedding", tmp_path / "none.txt"], "none.txt"),
        ([reviews, "--train-size", 9999], "the training part holds"),
        ([reviews, "--label-column", "sentiment"], "no column 'sentiment'"),
        ([tmp_path], "holds no folder"),
    ):
        code, out, err = w2v(capsys, "classify", "train", *arguments, "-o", tmp_path / "r")
        assert (code, out) == (1, ""), err
        assert message in err
        assert "Hint:" in err
    assert not (tmp_path / "r" / "model").exists()
    code, _, err = w2v(capsys, "classify", "predict", tmp_path / "r", "text")
    assert code == 1
    assert "w2v classify train" in err


def test_a_column_that_is_there_twice_is_refused(reviews, tmp_path, capsys):
    path = tmp_path / "twice.csv"
    lines = reviews.read_text().splitlines()
    path.write_text("\n".join(["text,label,label", *(f"{line},x" for line in lines[1:])]) + "\n")
    code, out, err = w2v(capsys, "classify", "train", path, "-o", tmp_path / "r", "--epochs", 1)
    assert (code, out) == (1, "")
    assert "2 columns named 'label'" in err
    assert "Hint:" in err


def test_a_run_of_word_vectors_is_not_replaced(reviews, tmp_path, capsys):
    write_run(tmp_path / "run", ["a", "b"], np.ones((2, 3)))
    code, _, err = w2v(capsys, "classify", "train", reviews, "-o", tmp_path / "run")
    assert code == 1
    assert "holds word vectors" in err
    assert len(Embeddings.load(tmp_path / "run")) == 2


def test_vectors_of_other_words_are_refused(reviews, tmp_path, capsys):
    path = tmp_path / "glove.txt"
    path.write_text("LOVELY 1 2\nDULL 3 4\n")
    code, _, err = w2v(
        capsys, "classify", "train", reviews, "-o", tmp_path / "r", "--embedding", path
    )
    assert code == 1
    assert "None of the 17 words" in err
    assert "--standardize none" in err


def test_subwords_have_the_ids_of_their_rows_and_spell_any_word():
    texts = ["walking and talking", "walked and talked", "walking walks"] * 5
    subwords = Subwords.learn(texts, 40)
    tokens = ["", "[UNK]", *subwords.vocabulary.tokens]
    rows = subwords.encode(["walking talks", "walkinged"])
    spelled = ["".join(tokens[i].removeprefix("##") for i in row) for row in rows]
    assert spelled == ["walkingtalks", "walkinged"]
    counts = subwords.vocabulary.counts
    assert (np.diff(counts) <= 0).all()
    np.testing.assert_array_equal(
        counts, np.bincount(np.concatenate(subwords.encode(texts)), minlength=len(tokens))[2:]
    )


def test_words_follow_the_rules_of_prepare():
    texts = ["The cat; the dog's tail", "the CAT's\ncat"]
    words = Words.learn(texts, None, PrepareConfig(), min_count=1)
    assert words.vocabulary.tokens[:2] == ("the", "cat")
    assert set(words.vocabulary.tokens) == {"the", "cat", "dog's", "tail", "cat's"}
    rows = words.encode(["", "the unseen cat", "dog\u2019s"])
    assert [len(row) for row in rows] == [0, 3, 1]
    assert rows[1].tolist() == [2, 1, 3]
