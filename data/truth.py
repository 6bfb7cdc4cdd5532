"""The planted truth: similarity pairs and analogy questions, read off the world's tables."""

from itertools import combinations, permutations

from dice import Dice
from world import WORLD, Group, groups

# how alike two words are: what their groups share | how many pairs of this kind
LEVELS = {
    9.0: 60,  # one group (both are farm cattle)
    7.0: 20,  # one class and one scene (cattle and poultry, both on the farm)
    5.0: 50,  # one class (cattle and birds of prey)
    3.0: 40,  # one scene, two classes (cattle and farmers)
    0.0: 70,  # nothing
}
MOST_PAIRS_A_WORD = 6


def similarity(one: Group, other: Group) -> float:
    """The planted likeness (0 to 9) of two words from what their groups share."""
    if one is other:
        return 9.0
    same_class = one.thing_class == other.thing_class
    same_scene = one.scene == other.scene
    if same_class:
        return 7.0 if same_scene else 5.0
    return 3.0 if same_scene else 0.0


def similarity_pairs(seed: int) -> list[tuple[str, str, float]]:
    """Pairs of each level of likeness, drawn by seeded dice from all that the world has."""
    of = {word: group for group in groups() for word in group.words}
    pairs: list[tuple[str, str, float]] = []
    used: dict[str, int] = {}
    wanted = dict(LEVELS)
    for one, other in Dice(seed).shuffled(list(combinations(of, 2))):
        level = similarity(of[one], of[other])
        if wanted[level] and max(used.get(one, 0), used.get(other, 0)) < MOST_PAIRS_A_WORD:
            wanted[level] -= 1
            used[one], used[other] = used.get(one, 0) + 1, used.get(other, 0) + 1
            pairs.append((one, other, level))
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))


def analogy_sections() -> dict[str, list[tuple[str, str]]]:
    """Section name -> all word pairs of the relation."""
    countries = [(name, *row.split()[:2]) for name, row in WORLD["countries"].items()]
    verbs = [forms.split() for forms in WORLD["verbs"]]
    return {
        "capital-country": [(capital, name) for name, _, capital in countries],
        "country-adjective": [(name, adjective) for name, adjective, _ in countries],
        "family-and-rank": [_pair(pair) for pair in WORLD["couples"]],
        "gram-past-tense": [(base, past) for base, past, _ in verbs],
        "gram-present-participle": [(base, participle) for base, _, participle in verbs],
        "gram-plural": [_pair(pair) for pair in WORLD["plurals"]],
        "gram-comparative": [_pair(pair) for pair in WORLD["adjectives"]],
    }


def analogy_lines() -> list[str]:
    """The questions in the layout of Google's questions-words.txt: every ordered two pairs."""
    lines = []
    for section, pairs in analogy_sections().items():
        lines.append(f": {section}")
        lines.extend(" ".join(one + other) for one, other in permutations(pairs, 2))
    return lines


def _pair(text: str) -> tuple[str, str]:
    one, other = text.split()
    return one, other
