"""Phrases: those of gensim, whatever the frames of the text, and applied wherever text comes in."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gensim.models.phrases import Phrases as GensimPhrases

import w2vtrain.corpus.phrase_finding
from w2vtrain.classify.settings import ClassifyConfig
from w2vtrain.classify.tokens import Words, load_tokens
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.corpus import Corpus
from w2vtrain.corpus.counting import TokenCounter
from w2vtrain.corpus.encoding import TokenSpool
from w2vtrain.corpus.phrase_finding import TextJoiner, scores
from w2vtrain.corpus.phrases import PairKeys, Phrase, Phrases
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.update import update
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.vectors.embeddings import Embeddings
from w2vtrain.vectors.sentences import TextEncoder

SHARED = Path(os.environ.get("W2V_SHARED", Path(__file__).parents[2] / "../shared")).resolve()
CORPUS = Path(__file__).parents[2] / "data/corpus.txt"


def joined_by_gensim(units, config):
    """Return the units with gensim's phrases joined, and the phrases with their scores."""
    scoring = {"npmi": "npmi", "word2vec": "default"}[config.phrase_score]
    model = GensimPhrases(
        units,
        min_count=config.phrase_min_count,
        threshold=config.threshold,
        scoring=scoring,
        connector_words=frozenset(config.connectors),
    )
    return [model[unit] for unit in units], model.export_phrases()


def joined_by_us(units, config, folder, cut_at=()):
    """Return the units with our phrases joined, and the phrases with their scores.

    Args:
        units: lists of words.
        config: the settings.
        folder: for temporary files.
        cut_at: places of the text where a frame ends, inside a unit or at its end.
    """
    counter = TokenCounter()
    spelled = [[counter.add_word(word) for word in unit] for unit in units]
    ids = np.array([i for unit in spelled for i in unit], np.int32)
    ends = np.cumsum([len(unit) for unit in units])
    counter.counts = np.bincount(ids, minlength=len(counter.counts))
    spool = TokenSpool(folder)
    start = 0
    for cut in [*sorted(cut_at), len(ids)]:
        inside = ends[(ends > start) & (ends <= cut)]
        open_end = cut not in ends
        lengths = np.diff([start, *inside, *([cut] if open_end else [])])
        spool.append(ids[start:cut], np.array(lengths, np.int64), not open_end)
        start = cut
    joiner = TextJoiner(counter, config, None, folder)
    result = joiner.run(spool)
    names = counter.spellings(set(range(len(counter.counts))))
    found, open_unit = [], False
    for frame in result.frames():
        words = [names[i] for i in frame.ids.tolist()]
        for unit in np.split(np.array(words, object), np.cumsum(frame.lengths)[:-1]):
            if open_unit:
                found[-1] += unit.tolist()
            else:
                found.append(unit.tolist())
            open_unit = False
        open_unit = not frame.ends
    occurrences = np.bincount(np.concatenate([f.ids for f in result.frames()]))
    np.testing.assert_array_equal(counter.counts[: len(occurrences)], occurrences)
    result.close()
    phrases = [phrase for part in joiner.phrases.passes for phrase in part]
    return found, {phrase.spelling: phrase.score for phrase in phrases}


def random_units(seed):
    generator = np.random.default_rng(seed)
    words = np.array(["of", "the", *(f"w{i}" for i in range(7))])
    sizes = generator.integers(1, 40, 40)
    return [words[generator.integers(0, len(words), size)].tolist() for size in sizes]


@pytest.mark.parametrize("connectors", [None, "of,the"])
@pytest.mark.parametrize(("score", "threshold"), [("npmi", -0.1), ("word2vec", 0.07)])
@pytest.mark.parametrize("seed", range(8))
def test_random_texts_in_random_frames(tmp_path, monkeypatch, seed, score, threshold, connectors):
    """Few words make chains of pairs, whose words only a greedy choice shares out rightly."""
    monkeypatch.setattr(w2vtrain.corpus.phrase_finding, "_KEYS_AT_ONCE", 100)  # several files
    config = PrepareConfig(
        phrases=True,
        phrase_score=score,
        phrase_threshold=threshold,
        phrase_min_count=3,
        connector_words=connectors,
    )
    units = random_units(seed)
    tokens = sum(map(len, units))
    cuts = np.random.default_rng(seed).choice(tokens, 25, replace=False)
    expected, scores = joined_by_gensim(units, config)
    found, found_scores = joined_by_us(units, config, tmp_path, cuts[cuts > 0])
    assert found == expected
    assert found_scores == pytest.approx(scores)
    assert len(scores) > 5
    assert not list(tmp_path.iterdir())


def prepared_units(run):
    tokens = Vocabulary.load(run.corpus_vocabulary).tokens
    ids, ends = np.load(run.token_ids), np.load(run.boundaries)
    return [[tokens[i] for i in part.tolist()] for part in np.split(ids, ends[1:-1])]


def check_like_gensim(inputs, folder, **settings):
    """Prepare inputs with and without phrases, and compare with gensim on the same tokens."""
    plain, joined = RunDirectory(folder / "plain"), RunDirectory(folder / "joined")
    config = PrepareConfig(min_count=1, phrases=True, **settings)
    prepare(inputs, plain.root, PrepareConfig(min_count=1), force=True)
    summary = prepare(inputs, joined.root, config, force=True)
    expected, scores = joined_by_gensim(prepared_units(plain), config)
    assert prepared_units(joined) == expected
    ((phrases),) = Phrases.load(joined.phrases).passes
    assert {p.spelling: p.score for p in phrases} == pytest.approx(scores, rel=1e-5)
    assert summary.phrases == len(scores)
    counted = Vocabulary.load(joined.corpus_vocabulary)
    read = sum(map(len, expected)) + summary.too_long_words
    assert sum(counted.counts) == summary.words_read == read
    return phrases


SETTINGS = [
    {"phrase_score": "npmi", "connector_words": "english"},
    {"phrase_score": "word2vec", "phrase_min_count": 20},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_corpus_as_gensim_joins_it(tmp_path, settings):
    phrases = check_like_gensim([CORPUS], tmp_path, **settings)
    assert len(phrases) > 300
    assert any(len(phrase.words) > 2 for phrase in phrases) == ("connector_words" in settings)


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared corpora")
@pytest.mark.parametrize("settings", [*SETTINGS, {}])
@pytest.mark.parametrize("inputs", ["novels", "wiki_en.txt.gz"])
def test_large_texts_as_gensim_joins_them(tmp_path, inputs, settings):
    assert len(check_like_gensim([SHARED / "data/corpora" / inputs], tmp_path, **settings)) > 100


def test_scores_by_hand():
    # a 4 times, b 5, together 3; 20 words, 12 different words and pairs
    numbers = [np.array([n]) for n in (3, 4, 5)]
    (npmi,) = scores("npmi", *numbers, 20, 12, 2)
    assert npmi == pytest.approx(np.log((3 / 20) / (4 / 20 * 5 / 20)) / -np.log(3 / 20))
    (word2vec,) = scores("word2vec", *numbers, 20, 12, 2)
    assert word2vec == pytest.approx((3 - 2) / (4 * 5) * 12)


TEXT = "We saw New York City!\nNew York City is big\nNew York is old.\n" * 6 + "new\nyork\n" * 2


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phrases")
    (folder / "text.txt").write_text(TEXT)
    config = PrepareConfig(min_count=1, phrases=True, phrase_passes=2)
    prepare([folder / "text.txt"], folder / "run", config)
    return RunDirectory(folder / "run")


def test_two_passes_and_boundaries(run):
    """By hand: N = 88; new, york 20 times, together 18: ln(18 88 / 20 20) / ln(88 / 18) = 0.867.

    (saw, new) and (york, city) score 0.55 and 0.74, but their words are taken when it is their
    turn. In the second pass N = 52; (new_york, city): ln(12 52 / 18 12) / ln(52 / 12) = 0.723, and
    (we_saw, new_york): ln(6 52 / 6 18) / ln(52 / 6) = 0.491.
    """
    lines = [["we_saw", "new_york_city"], ["new_york_city", "is_big"], ["new_york", "is_old"]]
    assert prepared_units(run) == lines * 6 + [["new"], ["york"]] * 2
    first, second = Phrases.load(run.phrases).passes
    assert first[0] == Phrase(("new", "york"), 18, 0.867218)
    assert {p.spelling for p in first} == {
        *("new_york", "we_saw", "saw_new", "york_city", "is_big", "is_old")
    }
    assert second[0] == Phrase(("new_york", "city"), 12, 0.723484)
    left = Vocabulary.load(run.corpus / "left_out.tsv")
    assert len(left) == 0  # saw, city and so on are nowhere alone


RELOAD = """
import keras, sys
from w2vtrain.tensorflow_runtime import configure
tf = configure()
import w2vtrain.corpus.standardization
model = keras.models.load_model(sys.argv[1], safe_mode=True)
layer = model.get_layer("vectorizer")
words = layer.get_vocabulary()
texts = sys.argv[2:]
found = [[words[i] for i in ids] for ids in layer(texts).to_list()]
assert found == [[words[i] for i in ids] for ids in model(tf.constant(texts)).to_list()]
batches = tf.data.Dataset.from_tensor_slices(texts).batch(2).map(layer)
assert found == [[words[i] for i in ids] for batch in batches for ids in batch.to_list()]
assert found == [[words[i] for i in layer(tf.constant(text)).numpy()] for text in texts]
print(repr([[str(word) for word in text] for text in found]))
"""


def test_the_saved_layer_in_a_fresh_process(run):
    texts = ["In New   York CITY", "", "city of New York, new"]
    command = [sys.executable, "-c", RELOAD, str(run.vectorizer), *texts]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = ast.literal_eval(printed.splitlines()[-1])
    assert found == [["[UNK]", "new_york_city"], [], ["[UNK]", "[UNK]", "new_york", "new"]]


def test_new_text_is_joined_everywhere(run, tmp_path):
    grown = RunDirectory(tmp_path / "grown")
    shutil.copytree(run.root, grown.root)
    (tmp_path / "new.txt").write_text("Old York is New York City, New York City, old new york\n")
    update([tmp_path / "new.txt"], grown.root)
    new = ["old", "york", "is", "new_york_city", "new_york_city", "old", "new_york"]
    assert prepared_units(grown)[-1] == new
    assert grown.phrases.read_bytes() == run.phrases.read_bytes()
    with pytest.raises(W2VError, match="prepared with --phrases True, not False"):
        update([tmp_path / "new.txt"], grown.root, PrepareConfig(min_count=1))

    corpus = Corpus.open(run)
    assert corpus.id_of("new york city") == corpus.id_of("new_york_city")
    encoder = TextEncoder(
        corpus.vocabulary.tokens, np.eye(len(corpus.vocabulary)), None, "mean", run.root
    )
    (vector,) = encoder.encode(["New York City"])
    assert np.flatnonzero(vector).tolist() == [corpus.id_of("new_york_city")]

    embeddings = Embeddings(corpus.vocabulary.tokens[1:], np.eye(len(corpus.vocabulary) - 1))
    embeddings.run = run.root
    vectorize, _ = embeddings.to_keras()
    assert vectorize(["New York City"]).numpy().tolist() == [[corpus.id_of("new_york_city")]]

    words = Words(corpus.vocabulary, PrepareConfig(), None, Phrases.load(run.phrases))
    words.save(tmp_path)
    again = load_tokens(tmp_path, words.vocabulary, ClassifyConfig())
    ids = [words.vocabulary.tokens.index(word) + 2 for word in ("new_york_city", "new_york")]
    texts = ["New York City, what New\nYork", "", "York"]
    assert [ids.tolist() for ids in again.encode(texts)] == [
        [ids[0], 1, ids[1]], [], [words.vocabulary.tokens.index("york") + 2],
    ]  # fmt: skip


def test_bad_settings():
    for settings, message in [
        ({"phrase_passes": 2}, "--phrase-passes is given, but no phrases"),
        ({"phrases": True, "phrase_threshold": 2.0}, "--phrase-threshold is 2.0"),
        ({"phrases": True, "phrase_min_count": 0}, "--phrase-min-count is 0"),
        ({"phrases": True, "phrase_score": "pmi"}, "--phrase-score is 'pmi'"),
    ]:
        with pytest.raises(W2VError, match=message):
            PrepareConfig(**settings)


def test_a_list_that_is_no_list_of_phrases(tmp_path):
    for content in (b"", b"new_york\t3\n", b"\xff", b"phrase\tcount\tscore\tpass\twords\na\n"):
        (tmp_path / "phrases.tsv").write_bytes(content)
        with pytest.raises(W2VError, match="no list of phrases"):
            Phrases.load(tmp_path / "phrases.tsv")


def test_too_many_sequences_of_connector_words():
    keys = PairKeys(2**31, [1, 2])
    keys.key([3, 4])
    with pytest.raises(W2VError, match="sequences of connector words"):
        keys.key([3, 1, 2, 4])
