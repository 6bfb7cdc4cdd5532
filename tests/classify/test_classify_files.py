"""`w2v classify predict --input`: files in, the same files with predictions out."""

import json

import pandas as pd
import pytest
from commands import w2v

from w2vtrain.cli import main


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """A classifier that knows two words; its texts are in the column `review`."""
    folder = tmp_path_factory.mktemp("classifier")
    rows = [(f"{word} film {n}", label) for n in range(40)
            for word, label in (("lovely", "good"), ("dull", "bad"))]  # fmt: skip
    pd.DataFrame(rows, columns=["review", "label"]).to_csv(folder / "t.csv", index=False)
    arguments = ["classify", "train", folder / "t.csv", "-o", folder / "run", "--text-column"]
    arguments += ["review", "--learning-rate", 0.05, "--epochs", 10, "--tokens", "words"]
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert not ended.value.code
    return folder / "run"


CELLS = {
    "id": [1, 2, 3],
    "review": ["a lovely\tfilm, in two\nlines", None, 'a "dull" film'],
    "note": ["é", None, 'with "quotes"'],
}
ADDED = ["predicted_class", "predicted_probability", "known_tokens", "read_tokens"]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_a_table_comes_back_with_its_cells_and_the_predictions(
    classifier, tmp_path, capsys, ending
):
    frame = pd.DataFrame(CELLS)
    path, output = tmp_path / f"in{ending}", tmp_path / f"out{ending}"
    write = {
        ".csv": lambda: frame.to_csv(path, index=False),
        ".tsv": lambda: frame.to_csv(path, index=False, sep="\t"),
        ".jsonl": lambda: frame.to_json(path, orient="records", lines=True, force_ascii=False),
        ".parquet": lambda: frame.to_parquet(path),
    }
    write[ending]()
    code, out, err = w2v(
        capsys, "classify", "predict", classifier, "-i", path, "-o", output, "--json"
    )
    assert code == 0, err
    assert json.loads(out) == {
        "output": str(output), "rows": 3, "empty": 1, "classes": {"bad": 1, "good": 1},
    }  # fmt: skip
    read = {
        ".csv": lambda: pd.read_csv(output),
        ".tsv": lambda: pd.read_csv(output, sep="\t"),
        ".jsonl": lambda: pd.read_json(output, lines=True),
        ".parquet": lambda: pd.read_parquet(output),
    }
    found = read[ending]()
    assert list(found) == [*CELLS, *ADDED]
    pd.testing.assert_frame_equal(found[list(CELLS)], frame, check_dtype=False)
    assert found["predicted_class"].tolist()[::2] == ["good", "bad"]
    assert found[ADDED].iloc[1].isna().all()
    assert found["known_tokens"].tolist()[::2] == [2, 2]  # `a`, `in`, `two`, `lines` are unknown
    assert found["read_tokens"].tolist()[::2] == [6, 3]
    assert (found["predicted_probability"].dropna() > 0.5).all()


def test_the_lines_of_a_text_file_become_a_table(classifier, tmp_path, capsys):
    path = tmp_path / "in.txt"
    path.write_text("lovely\n\ndull, dull\n", encoding="utf-8")
    code, out, err = w2v(
        capsys, "classify", "predict", classifier, "-i", path, "-o", tmp_path / "o.csv"
    )
    assert code == 0, err
    assert "3 rows" in out
    lines = (tmp_path / "o.csv").read_text("utf-8").splitlines()
    assert lines[0] == ",".join(["text", *ADDED])
    assert lines[1].startswith("lovely,good,")
    assert lines[2] == ",,,,"
    assert lines[3].startswith('"dull, dull",bad,')
    code, out, err = w2v(capsys, "classify", "predict", classifier, "-i", path, "--json")
    assert code == 0, err
    assert [p["text"] for p in json.loads(out)["predictions"]] == ["lovely", "", "dull, dull"]


def test_an_array_of_json_becomes_lines(classifier, tmp_path, capsys):
    path = tmp_path / "in.json"
    path.write_text('[\n {"review": "lovely", "id": 7},\n {"review": "dull", "id": 8}\n]\n')
    arguments = ["classify", "predict", classifier, "-i", path, "-o"]
    code, _, err = w2v(capsys, *arguments, tmp_path / "o.jsonl")
    assert code == 0, err
    found = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [(row["id"], row["predicted_class"]) for row in found] == [(7, "good"), (8, "bad")]
    code, _, err = w2v(capsys, *arguments, tmp_path / "o.csv")
    assert code == 1
    assert "does not end in .jsonl" in err


def test_bad_files_end_in_an_error_and_nothing_is_written(classifier, tmp_path, capsys):
    table = tmp_path / "in.csv"
    table.write_text("review,known_tokens\nlovely,3\n")
    text = tmp_path / "in.txt"
    text.write_text("lovely\n")
    for given, output, more, message in (
        (table, "out.csv", [], "has a column 'known_tokens' already"),
        (table, "in.csv", [], "is the input itself"),
        (table, "out.tsv", [], "does not end in .csv"),
        (table, "out.csv", ["--text-column", "reveiw"], "Did you mean 'review'"),
        (text, "out.txt", [], "is no table"),
        (text, "out.csv", ["--text-column", "review"], "--text-column does not apply"),
        (tmp_path / "none.csv", "out.csv", [], "none.csv"),
        (tmp_path / "in.zip", "out.csv", [], "is an archive"),
    ):
        arguments = ["classify", "predict", classifier, "-i", given, "-o", tmp_path / output, *more]
        code, out, err = w2v(capsys, *arguments)
        assert (code, out) == (1, ""), (given, err)
        assert message in err
        assert "Hint:" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "in.txt"]
    assert w2v(capsys, "classify", "predict", classifier, "x", "-o", tmp_path / "o.csv")[0] == 2
    assert w2v(capsys, "classify", "predict", classifier, "x", "-i", table)[0] == 2
