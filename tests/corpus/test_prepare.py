import errno
import itertools
import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.encoding import TokenSpool
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import read_manifest

ONE = PrepareConfig(min_count=1)

# What trips tokenizers: apostrophes, hyphens, many scripts, invisible and combining characters,
# every kind of white space, and words that look like Keras' own.
ODD = (
    """Don’t don't 'tis rock'n'roll dogs' ''quoted'' well-known e‑mail snake_case U.S. 3.14
Привет, МИР! ΣΊΣΥΦΟΣ İstanbul straße ẞ Ǆ 日本語、テキスト 한국어 हिन्दी עִבְרִית می\u200cخواهم
e\u0301 é ﬁ ① ½ 😀👨\u200d👩\u200d👧 ❤️ a\u2028b c\u2029d e\u0085f g\u00a0h i\u3000j k\u200bl
co\u00adoperate [UNK] [UNK] twice twice \\t back\\slash "quotes" \x0b\x0c\x1c\x1d tab\tend

x y
"""
    + "é" * 200
)


def load(run):
    files = RunDirectory(run)
    vocabulary = Vocabulary.load(files.corpus_vocabulary)
    ids, ends = np.load(files.token_ids), np.load(files.boundaries)
    units = [ids[a:b].tolist() for a, b in itertools.pairwise(ends)]
    return vocabulary, units


def texts_of(run):
    vocabulary, units = load(run)
    return [" ".join(vocabulary.tokens[token] for token in unit) for unit in units]


def test_a_corpus_by_hand(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfThe cat saw the dog.\r\n\r\nThe dog ran!\r\n")
    summary = prepare([tmp_path / "a.txt"], tmp_path / "run", PrepareConfig(min_count=2))
    vocabulary, units = load(tmp_path / "run")
    # the 3, dog 2; cat, saw and ran once each are left out: 3 of 8 words.
    assert vocabulary.tokens == ("", "[UNK]", "the", "dog")
    assert vocabulary.counts.tolist() == [0, 3, 3, 2]
    assert units == [[2, 2, 3], [2, 3]]
    assert (summary.words_read, summary.words_kept, summary.coverage) == (8, 5, 5 / 8)
    assert (summary.left_out_types, summary.left_out_words, summary.lines) == (3, 3, 3)
    left_out = Vocabulary.load(tmp_path / "run/corpus/left_out.tsv")
    assert left_out.tokens == ("cat", "ran", "saw")
    facts = read_manifest(tmp_path / "run/corpus", "w2v prepare", verify=True)["inputs"]
    assert (facts[0]["words"], facts[0]["lines"], facts[0]["bytes"]) == (8, 3, 3 + 22 + 2 + 14)


def test_keep_oov(tmp_path):
    (tmp_path / "a.txt").write_text("a b a c")
    prepare([tmp_path / "a.txt"], tmp_path / "run", PrepareConfig(min_count=2, keep_oov=True))
    assert load(tmp_path / "run")[1] == [[2, 1, 2, 1]]


def test_boundaries(tmp_path):
    (tmp_path / "a.txt").write_text("a b\nc\n\nd\n")
    (tmp_path / "b.txt").write_text("e\n")
    expected = {
        "line": ["a b", "c", "d", "e"],
        "paragraph": ["a b c", "d", "e"],
        "file": ["a b c d", "e"],
    }
    for boundary, texts in expected.items():
        run = tmp_path / boundary
        prepare([tmp_path], run, PrepareConfig(min_count=1, boundary=boundary))
        assert texts_of(run) == texts
        for path in sorted(run.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def test_a_line_of_a_million_words_is_one_unit(tmp_path):
    rng = np.random.default_rng(0)
    words = rng.integers(0, 5000, 1_000_000)
    (tmp_path / "a.txt").write_text(" ".join(f"word{word}" for word in words.tolist()))
    summary = prepare([tmp_path / "a.txt"], tmp_path / "run", ONE)
    vocabulary, units = load(tmp_path / "run")
    assert (summary.units, summary.words_read) == (1, 1_000_000)
    assert [int(vocabulary.tokens[token][4:]) for token in units[0]] == words.tolist()


def test_words_are_counted_for_each_input(tmp_path):
    for n in range(50):
        (tmp_path / f"{n:02}.txt").write_text("word " * n + "\n\nlast\n")
    prepare([tmp_path], tmp_path / "run", PrepareConfig(min_count=1, boundary="file"))
    facts = read_manifest(tmp_path / "run/corpus", "w2v prepare")["inputs"]
    assert [known["words"] for known in facts] == [n + 1 for n in range(50)]


RELOAD = """
import json, sys
from pathlib import Path
from w2vtrain.corpus.vectorizer import load_vectorizer
from w2vtrain.tensorflow_runtime import configure
tf = configure()
import keras
text = sys.stdin.buffer.read().decode()
found = {}
for run in sys.argv[1:]:
    vectorizer = load_vectorizer(Path(run, "corpus/vectorizer.keras"))
    found[run] = [unit for unit in vectorizer(text.split("\\n")).to_list() if unit]
    model = keras.models.load_model(Path(run, "corpus/vectorizer.keras"))
    assert [unit for unit in model(tf.constant(text.split("\\n"))).to_list() if unit] == found[run]
print(json.dumps(found))
"""


def test_saved_vectorizer_gives_the_same_ids_in_a_fresh_process(tmp_path):
    (tmp_path / "odd.txt").write_bytes(ODD.encode())
    prepared = {}
    for standardize in ("lower-and-strip-punctuation", "lower", "none"):
        for split in ("whitespace", "character"):
            for min_count in (1, 2):
                run = tmp_path / f"{standardize}-{split}-{min_count}"
                config = PrepareConfig(
                    standardize=standardize, split=split, min_count=min_count, keep_oov=True
                )
                prepare([tmp_path / "odd.txt"], run, config)
                prepared[str(run)] = load(run)[1]
    done = subprocess.run(
        [sys.executable, "-c", RELOAD, *prepared], input=ODD.encode(), capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == prepared
    assert any(1 in unit for units in prepared.values() for unit in units)
    assert {len(units) for units in prepared.values()} == {6}


def test_unchanged_inputs_and_settings_do_nothing(tmp_path):
    text, run = tmp_path / "a.txt", tmp_path / "run"
    text.write_text("a a b")
    first = prepare([text], run, ONE)
    made = (run / "corpus/manifest.json").stat().st_ino
    again = prepare([text], run, ONE)
    assert again.unchanged
    assert (again.words_read, again.vocabulary) == (first.words_read, first.vocabulary)
    assert (run / "corpus/manifest.json").stat().st_ino == made
    assert not prepare([text], run, ONE, force=True).unchanged
    assert not prepare([text], run, PrepareConfig(min_count=2)).unchanged
    assert not prepare([text], run, ONE).unchanged
    text.write_text("a a c")
    assert not prepare([text], run, ONE).unchanged
    (run / "corpus/token_ids.npy").write_bytes(b"damaged")
    assert not prepare([text], run, ONE).unchanged
    assert texts_of(run) == ["a a c"]


def test_a_pipe_is_read_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for _ in range(2):
        writer = threading.Thread(target=pipe.write_text, args=("a b a",))
        writer.start()
        summary = prepare([pipe], tmp_path / "run", ONE)
        writer.join()
        assert (summary.words_read, summary.unchanged) == (3, False)


def test_same_input_same_bytes(tmp_path):
    (tmp_path / "a.txt").write_text("b a c a\nd b\n" * 100)
    for run in ("one", "two"):
        prepare([tmp_path / "a.txt"], tmp_path / run, ONE)
    for name in ("token_ids.npy", "boundaries.npy", "vocabulary.tsv"):
        one, two = (tmp_path / run / "corpus" / name for run in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "No words in"),
        (b" \n...\n", "No words in"),
        (b"a b b", r"--min-count is 5, and the most frequent word, 'b', occurs 2 times"),
        (b"a\0b", "looks binary"),
        (b"x" * 200, "Every word is longer than 128 characters"),
    ],
)
def test_bad_input_leaves_nothing_behind(tmp_path, content, message):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(W2VError, match=message):
        prepare([tmp_path / "a.txt"], tmp_path / "runs/new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("failure", ["interrupt", "full disk"])
def test_what_was_there_stays_when_it_fails(tmp_path, monkeypatch, failure):
    (tmp_path / "a.txt").write_text("a b a")
    prepare([tmp_path / "a.txt"], tmp_path / "run", ONE)
    before = sorted(path for path in tmp_path.rglob("*"))

    def fail(*args):
        if failure == "interrupt":
            raise KeyboardInterrupt
        raise OSError(errno.ENOSPC, "No space left on device")

    if failure == "interrupt":
        with pytest.raises(KeyboardInterrupt):
            prepare([tmp_path / "a.txt"], tmp_path / "run", progress=fail)
    else:
        monkeypatch.setattr(TokenSpool, "append", fail)
        with pytest.raises(W2VError, match=r"Cannot write .*corpus: No space left"):
            prepare([tmp_path / "a.txt"], tmp_path / "run")
    assert sorted(path for path in tmp_path.rglob("*")) == before
    assert texts_of(tmp_path / "run") == ["a b a"]


def test_progress_ends_with_all_bytes_and_words(tmp_path):
    (tmp_path / "a.txt").write_text("a b c\n" * 1000)
    seen = []
    prepare([tmp_path / "a.txt"], tmp_path / "run", ONE, progress=seen.append)
    assert (seen[-1].bytes_read, seen[-1].bytes_total, seen[-1].words) == (6000, 6000, 3000)
