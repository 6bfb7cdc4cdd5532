"""The report says what the run knows, in both forms, and asks for nothing."""

import json
import re
import shutil

import numpy as np
import pytest

from w2vtrain.errors import W2VError
from w2vtrain.show.report.document import (
    Code,
    Paragraph,
    Section,
    Table,
    cell_text,
    to_html,
    to_markdown,
)

SECTIONS = [
    Section("One & two", [Paragraph("a < b | *c*"), Code("w2v x <y>", "sh")]),
    Section("Numbers", [Table(("word", "n"), [("a|b", 1234), ("<i>", None)])]),
]


def test_markdown_escapes_what_it_would_take_for_its_own():
    text = to_markdown("T_1", SECTIONS)
    assert text.startswith(
        "# T\\_1\n\n## One & two\n\na \\< b \\| \\*c\\*\n\n```sh\nw2v x <y>\n```\n"
    )
    assert "| word | n |\n| --- | --: |\n| a\\|b | 1,234 |\n| \\<i\\> | – |\n" in text


def test_html_escapes_and_links_its_sections():
    page = to_html("T <1>", SECTIONS)
    assert "<title>T &lt;1&gt;</title>" in page
    assert '<a href="#one-two">One &amp; two</a>' in page
    assert '<section id="one-two">' in page
    assert '<td class="number">1,234</td>' in page
    assert "<td>&lt;i&gt;</td>" in page
    assert "w2v x &lt;y&gt;" in page


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, "–"), (True, "yes"), (12345, "12,345"), (0.123456, "0.1235"), ("a", "a")],
)
def test_cells(cell, text):
    assert cell_text(cell) == text


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two topics, prepared and trained."""
    import w2vtrain

    folder = tmp_path_factory.mktemp("report")
    random = np.random.default_rng(0)
    topics = [[f"{topic}{i}" for i in range(20)] for topic in ("sea", "town")]
    lines = [" ".join(random.choice(topics[n % 2], 8)) for n in range(400)]
    (folder / "text.txt").write_text("\n".join([*lines, "hapax <once>"]) + "\n")
    w2vtrain.prepare([folder / "text.txt"], folder / "run", w2vtrain.PrepareConfig(min_count=2))
    w2vtrain.train(folder / "run", w2vtrain.TrainConfig(embedding_dim=8, epochs=3))
    (folder / "pairs.tsv").write_text("sea1\tsea2\t9\nsea1\ttown1\t1\ntown3\ttown4\t8\n")
    return folder / "run"


@pytest.fixture(scope="module")
def report(run):
    from w2vtrain.show.report.report import ReportSettings, write_report

    pairs = run.parent / "pairs.tsv"
    folder = write_report(run, ReportSettings(similarity=(pairs,), words=("sea1",), top=30))
    return folder, (folder / "README.md").read_text(), (folder / "index.html").read_text()


def test_both_forms_tell_corpus_settings_hashes_and_what_is_missing(run, report):
    folder, card, page = report
    manifest = json.loads((run / "model/manifest.json").read_bytes())
    for text in (card, page):
        assert manifest["files"]["vectors.npy"]["sha256"] in text
        assert manifest["w2vtrain"] in text
        assert "text.txt" in text
        assert "seen fewer than 2 times (min-count)" in text
        assert "hapax (1)" in text
        assert "Not measured" in text  # stability
    assert "| embedding-dim | 8 |" in card
    assert "| words of text | 3,202 |" in card  # 400 lines of 8, and a line of 2
    for name in re.findall(r"\]\(([^)]+\.png)\)", card):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")


def test_sample_neighbors_are_those_of_the_vectors(run, report):
    from w2vtrain.vectors.embeddings import Embeddings

    near = Embeddings.load(run).most_similar("sea1", k=5)
    line = ", ".join(f"{token} {cosine:.2f}" for token, cosine in near)
    assert line in report[1]
    assert line in report[2]


def test_the_evaluation_has_its_interval(run, report):
    from w2vtrain.analysis.evaluation.evaluate import evaluate
    from w2vtrain.analysis.evaluation.test_sets import SimilaritySet
    from w2vtrain.vectors.embeddings import Embeddings

    pairs = SimilaritySet.read(run.parent / "pairs.tsv")
    found = evaluate([("", Embeddings.load(run))], [pairs], [])
    (result,) = found.vectors[0].similarity
    assert f"| pairs.tsv | 3 | 3 | {result.spearman.value:.3f}" in report[1]


def test_the_page_asks_for_nothing(report):
    page = report[2]
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert "default-src 'none'" in page
    assert "http" not in re.sub(r"data:image/png;base64,[^\"]*", "", page).replace("http-equiv", "")


def test_the_command_reports_stability_where_it_was_run(run, capsys):
    from w2vtrain.cli import main

    shutil.copytree(run / "model", run / "stability/seed-2/model")
    with pytest.raises(SystemExit) as exit:
        main(["report", str(run), "--top", "20", "--json"])
    out = capsys.readouterr().out
    assert exit.value.code in (0, None)
    assert json.loads(out) == {
        "folder": str(run / "report"),
        "files": [str(run / "report/index.html"), str(run / "report/README.md")],
    }
    card = (run / "report/README.md").read_text()
    assert "2 trainings that differ in the seed alone" in card
    assert re.search(r"\| 1\.0000 \| yes \|", card)  # the same vectors: every neighbor comes back
    assert "Not evaluated: no test sets were given" in card


def test_a_run_that_is_not_trained_or_a_word_that_is_unknown_is_refused(run, tmp_path):
    from w2vtrain.show.report.report import ReportSettings, write_report

    with pytest.raises(W2VError, match="holds no"):
        write_report(tmp_path)
    with pytest.raises(W2VError, match="'kraken' is not in the vocabulary"):
        write_report(run, ReportSettings(words=("kraken",)))
    assert (run / "report/index.html").is_file()  # the one that was there
