"""What reads text after `prepare` splits it as the run's text was split."""

import json

import numpy as np
import pytest
from run_fixture import write_run

from w2vtrain import Embeddings
from w2vtrain.analysis.change.slices import load_slices
from w2vtrain.analysis.neighborhoods import diff
from w2vtrain.classify.prediction import Classifier
from w2vtrain.classify.settings import ClassifyConfig
from w2vtrain.classify.training import train_classifier
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.prepare import prepare
from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.errors import W2VError

TEXT = "今天天气很好，我们去公园散步。\n孩子们在花园里玩耍。\n老师给学生讲了一个故事。\n"
CONFIGS = {
    "icu": PrepareConfig(split="icu", min_count=1, standardize="none"),
    "subwords": PrepareConfig(split="subwords", min_count=1, vocabulary_size=90),
    "whitespace": PrepareConfig(min_count=1),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run a splitting, with random vectors, and one more of subwords on another text."""
    folder = tmp_path_factory.mktemp("runs")
    made = {}
    for name, config in {**CONFIGS, "other": CONFIGS["subwords"]}.items():
        text = TEXT * 20 if name != "other" else "".join(reversed(TEXT)) * 20
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
        prepare([folder / f"{name}.txt"], folder / name, config)
        tokens = Vocabulary.load(folder / name / "corpus/vocabulary.tsv").tokens[2:]
        vectors = np.random.default_rng(1).normal(size=(len(tokens), 4))
        made[name] = write_run(folder / name, list(tokens), vectors)
    return made


@pytest.mark.parametrize("name", CONFIGS)
def test_embed_and_keras_layers(runs, name):
    embeddings = Embeddings.load(runs[name])
    text = TEXT.splitlines()[0]
    vectorize, embed = embeddings.to_keras()
    ids = [i for i in np.array(vectorize([text]))[0].tolist() if i]
    tokens = [("", "[UNK]", *embeddings.tokens)[i] for i in ids]
    expected = {
        "icu": ["今天", "天气", "很好", "我们", "去", "公园", "散步"],
        "whitespace": ["今天天气很好", "我们去公园散步"],
    }
    assert "".join(tokens).replace("▁", "") == "今天天气很好我们去公园散步"
    assert tokens == expected.get(name, tokens)
    assert len(embed(np.array([ids]))[0]) == len(tokens)
    mean = np.mean([embeddings[token] for token in tokens], axis=0)
    np.testing.assert_allclose(embeddings.embed([text], "mean")[0], mean, rtol=1e-5)


@pytest.mark.parametrize("name", ["icu", "subwords"])
def test_classifiers_that_reuse_vectors(runs, name, tmp_path):
    texts = [(f"今天{word}很好", "a") for word in ("天气", "公园", "故事")] * 8
    texts += [(f"孩子们在{word}", "b") for word in ("花园", "散步", "学生")] * 8
    lines = [json.dumps({"text": f"{text}{n}", "label": c}) for n, (text, c) in enumerate(texts)]
    (tmp_path / "texts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    config = ClassifyConfig(embedding=str(runs[name]), epochs=1, validation_share=0.2)
    train_classifier(tmp_path / "texts.jsonl", tmp_path / "run", config)
    classifier = Classifier.load(tmp_path / "run")
    tokens = ("", "[UNK]", *classifier.tokens.vocabulary.tokens)
    (ids,) = classifier.tokens.encode(["今天天气很好"])
    found = [tokens[i] for i in ids.tolist()]
    assert found == (["今天", "天气", "很好"] if name == "icu" else found)
    assert "".join(found).replace("▁", "") == "今天天气很好"
    assert classifier.predict(["今天天气很好"])[0].known == len(found)


def test_runs_that_were_split_differently_are_not_compared(runs, tmp_path):
    for other, message in (("whitespace", "--split icu"), ("subwords", "--split subwords")):
        a, b = (Embeddings.load(runs[name]) for name in ("icu", other))
        with pytest.raises(W2VError, match=f"were split differently: .*{message}"):
            diff(a, b)
    a, b = (Embeddings.load(runs[name]) for name in ("subwords", "other"))
    with pytest.raises(W2VError, match="subword units are learned on each text") as raised:
        diff(a, b)
    with pytest.raises(W2VError, match="split differently"):
        load_slices([runs["subwords"], runs["other"]], tmp_path)
    with pytest.raises(W2VError, match="differing settings: s"):
        load_slices([runs["icu"], runs["whitespace"]], tmp_path)
    assert "were split differently" in raised.value.message
    assert diff(a, a, min_count=1).moved == pytest.approx(0, abs=1e-6)
