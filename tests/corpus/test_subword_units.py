"""`--split subwords`: units learned on a text, its ids, the saved layer, and files that misfit."""

import itertools
import json

import numpy as np
import pytest

from w2vtrain.analysis.why_not import why_not
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.encoding import UnitTable
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.subword_units import SubwordUnits
from w2vtrain.corpus.update import update
from w2vtrain.corpus.vectorizer import load_vectorizer
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.stage import read_manifest, write_manifest

LINES = [
    "The lowest tower slowly lowers; lower towers grow slower.",
    "",
    "A new tower, the newest of the new towers: newer, slower, lower!",
    "He grew, she grows, they are growing: the growers of the town.",
]
TEXT = "\n".join(LINES * 20)
CONFIG = PrepareConfig(split="subwords", vocabulary_size=40, min_count=1)


@pytest.fixture(scope="module", params=["bpe", "unigram"])
def run(tmp_path_factory, request):
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "a.txt").write_text(TEXT)
    prepare([folder / "a.txt"], folder / "run", CONFIG.replaced(subword_model=request.param))
    return folder / "run"


def units_of(run):
    tokens = Vocabulary.load(run / "corpus/vocabulary.tsv").tokens
    ids, ends = (np.load(run / f"corpus/{name}.npy") for name in ("token_ids", "boundaries"))
    return [[tokens[i] for i in ids[a:b]] for a, b in itertools.pairwise(ends)]


def plain(line):
    return " ".join("".join(c for c in line.lower() if c.isalnum() or c == " ").split())


def test_units_spell_the_text(run):
    found = units_of(run)
    spelled = ["".join(units).replace("▁", " ").strip() for units in found]
    assert spelled == [plain(line) for line in LINES * 20 if line]
    assert max(map(len, found)) > max(len(line.split()) for line in LINES)  # some words are cut


def test_counts_are_those_of_the_ids(run):
    vocabulary = Vocabulary.load(run / "corpus/vocabulary.tsv")
    counts = np.bincount(np.load(run / "corpus/token_ids.npy"), minlength=len(vocabulary))
    assert vocabulary.counts.tolist() == counts.tolist()
    rows = list(zip((-counts[2:]).tolist(), vocabulary.tokens[2:], strict=True))
    assert rows == sorted(rows)
    assert 20 <= len(rows) <= 40  # units that no word is cut into are left out
    summary = read_manifest(run / "corpus", "w2v prepare")["summary"]
    assert (summary["words_read"], summary["tokens"]) == (counts.sum(), counts.sum())


def test_the_saved_layer_gives_the_ids_of_prepare(run):
    tokens = Vocabulary.load(run / "corpus/vocabulary.tsv").tokens
    layer = load_vectorizer(run / "corpus/vectorizer.keras")
    found = layer([*LINES, "towering\nnew 漢"]).to_list()
    lines = [[tokens[i] for i in ids] for ids in found]
    assert [line for line in lines[:4] if line] == units_of(run)[:3]
    assert "".join(lines[4][:-1]).replace("▁", " ").strip().startswith("towering new")
    assert lines[4][-1] == "[UNK]"


def test_units_seen_too_rarely_are_left_out(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT + "\nxylophone")
    prepare([tmp_path / "a.txt"], tmp_path / "run", CONFIG.replaced(min_count=5))
    left_out = Vocabulary.load(tmp_path / "run/corpus/left_out.tsv")
    assert "x" in left_out.tokens or "▁x" in left_out.tokens
    trace = why_not(tmp_path / "run", "Box")
    assert (trace.kept, trace.lost_in) == (True, None)
    assert "'Box' is cut into" in trace.conclusion
    assert "a lower --min-count keeps more units" in trace.advice


def test_the_same_text_gives_the_same_bytes(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    for name in ("one", "two"):
        prepare([tmp_path / "a.txt"], tmp_path / name, CONFIG)
    for name in ("subword_units.json", "vocabulary.tsv", "token_ids.npy"):
        one, two = (tmp_path / run / "corpus" / name for run in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_an_update_keeps_the_units(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "b.txt").write_text("The slowest growers\nnew town")
    prepare([tmp_path / "a.txt"], tmp_path / "run", CONFIG)
    before = (tmp_path / "run/corpus/subword_units.json").read_bytes()
    tokens = Vocabulary.load(tmp_path / "run/corpus/vocabulary.tsv").tokens
    update([tmp_path / "b.txt"], tmp_path / "run")
    assert (tmp_path / "run/corpus/subword_units.json").read_bytes() == before
    grown = Vocabulary.load(tmp_path / "run/corpus/vocabulary.tsv").tokens
    assert grown[: len(tokens)] == tokens
    spelled = ["".join(u).replace("▁", " ").strip() for u in units_of(tmp_path / "run")[-2:]]
    assert spelled == ["the slowest growers", "new town"]


def test_units_that_do_not_fit_the_vocabulary(tmp_path):
    for name, text in (("a", TEXT), ("b", "ab ba " * 20)):
        (tmp_path / f"{name}.txt").write_text(text)
        config = CONFIG.replaced(vocabulary_size=40 if name == "a" else 6)
        prepare([tmp_path / f"{name}.txt"], tmp_path / name, config)
    corpus = tmp_path / "a/corpus"
    units = (tmp_path / "b/corpus/subword_units.json").read_text()
    for content, message in ((units, "does not fit the vocabulary"), ("{}", "Cannot read")):
        (corpus / "subword_units.json").write_text(content)
        manifest = json.loads((corpus / "manifest.json").read_text())
        write_manifest(corpus, {k: v for k, v in manifest.items() if k != "files"})
        with pytest.raises(W2VError, match=message):
            why_not(tmp_path / "a", "tower")


def test_too_few_units_for_the_letters(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    with pytest.raises(W2VError, match="--vocabulary-size 20 is too small") as error:
        prepare([tmp_path / "a.txt"], tmp_path / "run", CONFIG.replaced(vocabulary_size=20))
    assert "Give 30 or more" in error.value.hint


def test_a_table_by_hand():
    # word 0 is what is no word; word 1 becomes 7 8, word 2 becomes 9
    table = UnitTable(np.array([1, 2, 1]), np.array([1, 7, 8, 9]))
    ids, lengths = table.spread(np.array([2, 3, 1, 2]), np.array([1, 0, 3]))
    assert ids.tolist() == [7, 8, 9, 1, 7, 8]
    assert lengths.tolist() == [2, 0, 4]
    ids, lengths = table.spread(np.array([], np.int32), np.array([0, 0]))
    assert (ids.tolist(), lengths.tolist()) == ([], [0, 0])


def test_units_load_in_tokenizers(run):
    from tokenizers import Tokenizer

    path = run / "corpus/subword_units.json"
    ours = SubwordUnits.load(path, ()).cut(["lower", "town"])
    assert Tokenizer.from_file(str(path)).encode("lower town").tokens == ours[0] + ours[1]
