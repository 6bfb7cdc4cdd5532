"""Words lost at every stage of a real prepare, and the option that would have kept each."""

import json

import pytest

from w2vtrain.analysis.why_not import why_not
from w2vtrain.cli import main
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import atomic_stage

TEXT = (
    """\
The whale saw the well-known U.S. ship, and the ship saw the whale.
The whale, the white whale! A harpooneer saw the ship in New York.
"""
    + "x" * 200
)


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Prepares a text and returns its run."""

    def prepared(text: str | bytes = TEXT, **settings):
        folder = tmp_path_factory.mktemp("why")
        source = folder / "text.txt"
        source.write_bytes(text if isinstance(text, bytes) else text.encode())
        settings = {"min_count": 2, **settings}
        prepare([str(source)], folder / "run", PrepareConfig(**settings))
        return folder / "run"

    return prepared


@pytest.fixture(scope="module")
def plain(make):
    return make()


def test_a_word_that_is_there(plain):
    trace = why_not(plain, "whale")
    assert (trace.kept, trace.lost_in, trace.word) == (True, None, "whale")
    assert [step.stage for step in trace.steps] == [
        *["decoding", "standardization", "splitting", "counting", "cut-off"]
    ]
    assert "4 times" in trace.steps[3].happened


def test_a_word_in_another_case(plain):
    trace = why_not(plain, "Whale")
    assert (trace.kept, trace.word) == (True, "whale")
    assert trace.advice == "--standardize none keeps it as it is written"


def test_a_rare_word(plain, make):
    trace = why_not(plain, "harpooneer")
    assert trace.lost_in == "cut-off"
    assert trace.advice == "--min-count 1 keeps it (it was 2)"
    # and so it does
    assert why_not(make(min_count=1), "harpooneer").kept


def test_a_word_beyond_the_vocabulary_size(make):
    # the 7, whale 4, saw 3, ship 3: three are kept, "ship" is the fourth by code point
    run = make(vocabulary_size=3)
    trace = why_not(run, "ship")
    assert trace.lost_in == "cut-off"
    assert trace.advice == "--vocabulary-size 4 or more keeps it (it was 3)"
    assert "together with --vocabulary-size" in why_not(run, "harpooneer").advice
    assert why_not(make(vocabulary_size=4), "ship").kept


def test_a_hyphenated_word_is_lost_in_standardization(plain, make):
    trace = why_not(plain, "well-known")
    assert (trace.lost_in, trace.word) == ("standardization", None)
    assert "becomes 2 words: well, known" in trace.conclusion
    assert trace.advice == "--standardize lower keeps it as it is written"
    assert why_not(make(standardize="lower", min_count=1), "well-known").kept


def test_abbreviations_and_punctuation(plain):
    assert why_not(plain, "U.S.").advice == "--standardize none keeps it as it is written"
    trace = why_not(plain, "!!!")
    assert (trace.lost_in, len(trace.steps)) == ("standardization", 2)
    assert "Nothing is left" in trace.conclusion


def test_two_words_are_lost_in_splitting(plain):
    trace = why_not(plain, "New York")
    assert trace.lost_in == "splitting"
    assert trace.advice == "--phrases joins words that come together often"


def test_words_that_a_run_joins(make):
    run = make("New York and the sea.\nNew York!\nNew\nsky\n" * 5, phrases=True)
    trace = why_not(run, "New York")
    assert (trace.kept, trace.word) == (True, "new_york")
    assert trace.steps[2].happened == "whitespace: 2 tokens, joined as the phrase 'new_york'"
    assert why_not(run, "new_york").kept  # the underscore is stripped as punctuation
    trace = why_not(run, "york")  # never alone
    assert (trace.lost_in, trace.advice) == ("splitting", "--no-phrases makes it a word of its own")
    assert "'new_york'" in trace.conclusion
    assert "--phrase-threshold" in why_not(run, "new sky").advice


def test_a_word_inside_other_words(plain, make):
    trace = why_not(plain, "harpoon")
    assert trace.lost_in == "splitting"
    assert "only within other words: 'harpooneer'" in trace.conclusion
    # without standardization the comma stays on the word
    trace = why_not(make("A whale, a whale, a whale,\n" * 2, standardize="none"), "whale")
    assert "'whale,'" in trace.conclusion
    assert trace.advice == ("--standardize lower-and-strip-punctuation makes it a word of its own")


def test_a_word_of_many_letters_when_tokens_are_letters(make):
    trace = why_not(make(split="character"), "whale")
    assert trace.lost_in == "splitting"
    assert "--split whitespace" in trace.advice


def test_a_word_that_is_not_in_the_text(plain):
    trace = why_not(plain, "Ishmael")
    assert (trace.lost_in, trace.advice) == ("counting", "")
    assert "does not occur in the text" in trace.conclusion


def test_limits_on_what_was_read_are_named(make):
    assert "--max-rows 1 ended" in why_not(make(max_rows=1), "harpooneer").advice


def test_inputs_that_are_gone_or_changed_are_named(make):
    run = make()
    source = run.parent / "text.txt"
    source.write_text("something else\n")
    assert "text.txt (changed since)" in why_not(run, "Ishmael").advice
    source.unlink()
    trace = why_not(run, "Ishmael")
    assert "text.txt (no longer there)" in trace.advice
    assert "not every input" in trace.conclusion


def test_a_word_lost_in_decoding(make):
    mojibake = make("le café et le café\n".encode(), encoding="latin-1")
    trace = why_not(mojibake, "café")
    assert trace.lost_in == "decoding"
    assert "--encoding utf-8" in trace.advice
    replaced = make("le café et le café\n".encode("latin-1"), encoding_errors="replace")
    trace = why_not(replaced, "café")
    assert trace.lost_in == "decoding"
    assert "'caf\ufffd', 2 times" not in trace.conclusion  # the sentence says it in full
    assert "'caf\ufffd' for it, 2 times" in trace.conclusion
    assert "--encoding cp1252" in trace.advice


def test_words_of_more_than_128_characters(plain):
    trace = why_not(plain, "x" * 200)
    assert trace.lost_in == "counting"
    assert "never kept above 128" in trace.steps[-1].happened


def test_the_name_of_the_unknown(make):
    trace = why_not(make("[UNK] a [UNK] a\n", standardize="none"), "[UNK]")
    assert trace.lost_in == "cut-off"


def test_a_model_of_an_earlier_corpus(make):
    run = make()
    with atomic_stage(RunDirectory(run).model, {}) as folder:
        import numpy as np

        Vocabulary(("the",), np.array([7])).save(folder / "vocabulary.tsv")
    trace = why_not(run, "whale")
    assert trace.lost_in == "training"
    assert "w2v train" in trace.advice


def test_words_pruned_while_counting(make):
    words = [f"w{i}" for i in range(50)] + ["common"] * 60
    trace = why_not(make(" ".join(words), max_types=10), "w7")
    assert trace.lost_in == "counting"
    assert "--max-types" in trace.advice


def test_failures_say_what_to_do(plain, tmp_path):
    with pytest.raises(W2VError, match="is no word"):
        why_not(plain, "  ")
    with pytest.raises(W2VError, match="w2v prepare"):
        why_not(tmp_path, "whale")


def test_the_command(plain, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["why-not", str(plain), "harpooneer"])
    out = capsys.readouterr().out
    assert not stop.value.code
    assert "LOST  cut-off" in out
    assert out.endswith("--min-count 1 keeps it (it was 2).\n")
    with pytest.raises(SystemExit):
        main(["why-not", str(plain), "harpooneer", "--json"])
    result = json.loads(capsys.readouterr().out)
    assert result["lost_in"] == "cut-off"
    assert result["steps"][-1]["passed"] is False
