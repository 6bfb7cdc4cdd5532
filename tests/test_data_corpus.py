"""The bundled corpus: remade byte for byte, distributed like language, and true to its plan.

What trained vectors make of it is tested with the trainer; nothing here trains.
"""

import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

DATA = Path(__file__).parents[1] / "data"
FILES = ["corpus.txt", "similarity.tsv", "analogies.txt"]
sys.path.insert(0, str(DATA))
from world import WORLD, groups  # noqa: E402


@pytest.fixture(scope="module")
def lines() -> list[list[str]]:
    text = (DATA / "corpus.txt").read_text(encoding="utf-8").lower()
    return [re.findall(r"\w+(?:['-]\w+)*", line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def counts(lines) -> Counter:
    return Counter(word for line in lines for word in line)


def words_around(lines: list[list[str]], window_size: int) -> dict[str, Counter]:
    """Word -> how often each other word stands at most `window_size` places from it."""
    near: dict[str, Counter] = {}
    for line in lines:
        for i, word in enumerate(line):
            around = line[max(0, i - window_size) : i] + line[i + 1 : i + 1 + window_size]
            near.setdefault(word, Counter()).update(around)
    return near


@pytest.fixture(scope="module")
def neighbors(lines) -> dict[str, Counter]:
    return words_around(lines, window_size=5)


def similarity_rows() -> list[list[str]]:
    text = (DATA / "similarity.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()]


def questions() -> dict[str, list[list[str]]]:
    sections: dict[str, list[list[str]]] = {}
    for line in (DATA / "analogies.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(": "):
            rows = sections.setdefault(line[2:], [])
        else:
            rows.append(line.split(" "))
    return sections


def test_the_script_remakes_the_committed_bytes(tmp_path):
    # another hash seed and no bytecode: the order of sets must not matter
    subprocess.run(
        [sys.executable, "-B", str(DATA / "make_corpus.py"), "--output", str(tmp_path)],
        check=True,
        env={"PYTHONHASHSEED": "12345", "PYTHONUTF8": "0"},
    )
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes(), name


def test_the_files_are_plain_utf8_lines():
    for name in FILES:
        raw = (DATA / name).read_bytes()
        assert b"\r" not in raw
        assert raw.endswith(b"\n")
        assert all(line.strip() == line and line for line in raw.decode("utf-8")[:-1].split("\n"))
    assert 1.5e6 < (DATA / "corpus.txt").stat().st_size < 2.5e6


def test_the_text_gives_standardization_something_to_do():
    lines = (DATA / "corpus.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.match(r'"?[A-ZÀ-Ý]', line) for line in lines)  # a capital at the start
    assert all(re.search(r'[.?!]"?$', line) for line in lines)  # a full stop at the end
    text = "\n".join(lines)
    assert all(mark in text for mark in ",:?!\"'-")
    assert "Zoë" in text
    assert "Élise" in text
    assert not re.search(r"  |[{}]| [,.?!]|,,|\b[Aa] [aeiou]", text)  # no slot left open


def test_size_and_vocabulary(lines, counts):
    assert 390_000 < sum(counts.values()) < 410_000
    assert 1_500 < sum(count >= 5 for count in counts.values()) < 2_500
    assert sum(count < 5 for count in counts.values()) < 50
    assert len(set(map(tuple, lines))) > 0.95 * len(lines)  # hardly a line twice


def test_frequencies_fall_like_zipfs_law(counts):
    frequency = np.array(sorted((c for c in counts.values() if c >= 5), reverse=True))

    def slope_and_explained(ranks: int) -> tuple[float, float]:
        x, y = np.log(np.arange(1, ranks + 1)), np.log(frequency[:ranks])
        slope, start = np.polyfit(x, y, 1)
        return slope, 1 - np.var(y - slope * x - start) / np.var(y)

    slope, explained = slope_and_explained(1000)
    assert -1.1 < slope < -0.8
    assert explained > 0.97
    slope, explained = slope_and_explained(len(frequency))  # the last ranks fall faster
    assert -1.2 < slope < -0.9
    assert explained > 0.85
    function_words = set(re.findall(r"\w+", "the a and in was of with it to on is for at had by"))
    assert sum(word in function_words for word, _ in counts.most_common(20)) >= 15


def test_similarity_pairs(counts):
    rows = similarity_rows()
    assert 150 <= len(rows) <= 300
    assert len({frozenset(row[:2]) for row in rows}) == len(rows)
    group_of = {word: group for group in groups() for word in group.words}
    for one, other, score in rows:
        assert counts[one] >= 5
        assert counts[other] >= 5
        a, b = group_of[one], group_of[other]
        same_class, same_scene = a.thing_class == b.thing_class, a.scene == b.scene
        # written out anew, so that an error in truth.py shows
        expected = {
            (True, True): 9.0 if a.name == b.name else 7.0,
            (True, False): 5.0,
            (False, True): 3.0,
            (False, False): 0.0,
        }[same_class, same_scene]
        assert float(score) == expected, (one, other)
    assert {float(score) for *_, score in rows} == {0.0, 3.0, 5.0, 7.0, 9.0}


def test_analogy_questions(counts):
    sections = questions()
    assert list(sections) == [
        "capital-country",
        "country-adjective",
        "family-and-rank",
        "gram-past-tense",
        "gram-present-participle",
        "gram-plural",
        "gram-comparative",
    ]
    rows = [tuple(row) for section in sections.values() for row in section]
    assert 300 <= len(rows) <= 1500
    assert len(set(rows)) == len(rows)
    for row in rows:
        assert len(row) == len(set(row)) == 4
        assert all(counts[word.lower()] >= 20 for word in row), row


def test_well_known_questions_are_asked():
    sections = questions()
    assert ["king", "queen", "man", "woman"] in sections["family-and-rank"]
    assert ["walk", "walked", "swim", "swam"] in sections["gram-past-tense"]
    assert ["walk", "walking", "swim", "swimming"] in sections["gram-present-participle"]
    assert ["wolf", "wolves", "apple", "apples"] in sections["gram-plural"]
    assert ["Maldor", "Arvenia", "Rosten", "Belmark"] in sections["capital-country"]
    assert ["Arvenia", "Arvenian", "Belmark", "Belmarkish"] in sections["country-adjective"]
    assert ["tall", "taller", "deep", "deeper"] in sections["gram-comparative"]


def test_every_answer_shares_its_lemmas_and_its_forms_words(neighbors):
    def crosses(one: str, other: str, alike: str, marker: str, unmarked: str) -> bool:
        """`one` and `other` share `alike`; `marker` goes with `other` and not with `one`."""
        shared = min(neighbors[one][alike], neighbors[other][alike])
        return (
            shared > 2 * neighbors[unmarked][alike]
            and neighbors[other][marker] > 2 * neighbors[one][marker]
        )

    assert crosses("king", "queen", "throne", "her", unmarked="woman")
    assert crosses("waiter", "waitress", "tray", "her", unmarked="aunt")
    assert crosses("maldor", "arvenia", "tesk", "country", unmarked="belmark")
    assert crosses("arvenia", "arvenian", "amber", "language", unmarked="corlundic")
    assert crosses("walk", "walked", "footpath", "yesterday", unmarked="swam")
    assert crosses("swim", "swimming", "lagoon", "still", unmarked="walking")
    assert crosses("wolf", "wolves", "pack", "many", unmarked="apples")
    assert crosses("tall", "taller", "chimney", "than", unmarked="colder")


def test_the_more_two_words_are_alike_the_more_contexts_they_share(counts, neighbors):
    # cosine of raw context counts, the 150 commonest words left out, averaged over all pairs
    common = {word for word, _ in counts.most_common(150)}
    contexts = sorted(set(counts) - common)
    column = {word: i for i, word in enumerate(contexts)}
    rows = {}
    for word in (word for group in groups() for word in group.words):
        row = np.zeros(len(contexts))
        for near, count in neighbors[word].items():
            if near not in common:
                row[column[near]] = count
        rows[word] = row / np.linalg.norm(row)
    cosines: dict[float, list[float]] = {}
    for one, other, score in similarity_rows():
        cosines.setdefault(float(score), []).append(float(rows[one] @ rows[other]))
    means = [float(np.mean(cosines[score])) for score in (9.0, 7.0, 5.0, 3.0, 0.0)]
    assert all(higher > lower + 0.02 for higher, lower in pairwise(means)), means


def test_words_of_two_senses_stand_near_words_of_both(neighbors):
    for word, text in WORLD["senses"].items():
        first, second = (side.split() for side in text.split("|"))
        for side in (first, second):
            assert sum(neighbors[word][near.lower()] for near in side) > 15, word


def test_a_fixed_phrase_is_hardly_ever_apart_and_its_partner_comes_first(lines, counts, neighbors):
    together = Counter(pair for line in lines for pair in pairwise(line))
    for phrase in WORLD["phrases"]:
        one, other = phrase.split()
        assert together[one, other] > 0.9 * max(counts[one], counts[other]), phrase
        assert counts[one] + counts[other] > 2 * together[one, other]  # but now and then it is
        assert neighbors[one].most_common(1)[0][0] == other
        assert neighbors[other].most_common(1)[0][0] == one


@pytest.mark.parametrize("table", ["couples", "verbs", "adjectives", "plurals"])
def test_every_lemma_has_words_that_are_its_own(table):
    entries = {lemma: set(re.findall(r"\w+", text)) for lemma, text in WORLD[table].items()}
    uses = Counter(word for words in entries.values() for word in words)
    for lemma, words in entries.items():
        assert sum(uses[word] == 1 for word in words) >= 4, lemma
