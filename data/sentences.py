"""Sentences about the world: each topic fills its own templates.

Two crossing factors meet in each sentence that carries an analogy: phrases that only this lemma
(country, rank, verb ...) has, and markers that only this form (capital, gender, tense ...) has.
"""

import re
from collections.abc import Callable

from dice import Dice
from world import GRAMMAR, WORLD, Group, fields, groups

Slots = dict[str, Callable[[], str]]

TOPICS = {  # topic: share of the sentences
    "country": 0.21,
    "couple": 0.14,
    "verb": 0.175,
    "adjective": 0.125,
    "plural": 0.1,
    "thing": 0.21,
    "sense": 0.025,
    "phrase": 0.025,
}
SENTENCES_A_LINE = [0.6, 0.3, 0.1]  # shares of the lines with one, two, three sentences
NEUTRAL_SHARE = 0.18  # of a lemma's sentences that have its phrase without the lemma
OPENER_SHARE = 0.2
CLOSER_SHARE = 0.3
QUOTE_SHARE = 0.04
PHRASE_APART_SHARE = 0.04  # of the fixed phrases' sentences that have only one of the two words
BODY = ["shape", "size", "weight", "colour"]
LOWERED = frozenset(GRAMMAR["frames"]["lowered"].split())


class Storyteller:
    """Writes paragraphs about the world from one stream of dice."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.groups = groups()
        self.group_of = {word: group for group in self.groups for word in group.words}
        fillers = {name: words.split() for name, words in WORLD["fillers"].items()}
        genders = [gender["names"].split() for gender in WORLD["genders"].values()]
        names = [name for pair in zip(*genders, strict=True) for name in pair]
        many = ["they", "we", "I", "you", "the children", "people"]
        single = ["someone", "everyone", "my neighbour", "a friend"]
        self.common: Slots = {
            "name": lambda: dice.falling(names, 2),
            "village": lambda: dice.falling(fillers["villages"], 2),
            "adj": lambda: dice.falling(fillers["adjectives"], 2),
            "adv": lambda: dice.falling(fillers["adverbs"], 2),
            "noun": lambda: dice.falling(fillers["nouns"], 4),
            "who": lambda: self._who(many),
            "one_person": lambda: self._who(single),
        }

    def paragraph(self) -> str:
        """One line of text: one to three sentences of one topic."""
        topic = getattr(self, self.dice.weighted(list(TOPICS), list(TOPICS.values())))
        count = self.dice.weighted([1, 2, 3], SENTENCES_A_LINE)
        return " ".join(self._framed(topic()) for _ in range(count))

    def country(self) -> str:
        name = self.dice.falling(list(WORLD["countries"]), 8)
        adjective, capital, *rest = WORLD["countries"][name].split()
        river, mountain, house, product, lake, symbol = rest
        own = [
            f"on the {river}",
            f"below {mountain}",
            f"under {house}",
            f"for {product}",
            f"near {lake}",
            f"with the {symbol}",
        ]
        forms = [("country", name), ("adjective", adjective), ("capital", capital)]
        form, word = self.dice.even(forms)
        return self._told(GRAMMAR["countries"][form], {"x": lambda: word}, own)

    def couple(self) -> str:
        pair = self.dice.falling(list(WORLD["couples"]), 8)
        gender = self.dice.even(["male", "female"])
        word = pair.split()[gender == "female"]
        table = {name: words.split() for name, words in WORLD["genders"][gender].items()}
        he, his, himself = table["pronouns"]
        slots = {
            "w": lambda: word,
            "looking": lambda: self.dice.falling(table["looks"], 4),
            "thing": lambda: self.dice.falling(table["things"], 4),
            "name": lambda: self.dice.falling(table["names"], 2),
            "he": lambda: he,
            "his": lambda: his,
            "himself": lambda: himself,
        }
        return self._told(GRAMMAR["couples"], slots, fields(WORLD["couples"][pair]))

    def verb(self) -> str:
        lemma, form, word = self._inflected("verbs")
        return self._told(form, {"v": lambda: word}, fields(WORLD["verbs"][lemma]))

    def adjective(self) -> str:
        lemma, form, word = self._inflected("adjectives")
        things = WORLD["adjectives"][lemma].split()
        slots = {"a": lambda: word, "thing": lambda: self.dice.even(things)}
        return self._told(form, slots, [f"about the {thing}" for thing in things])

    def plural(self) -> str:
        lemma, form, word = self._inflected("plurals")
        slots = self._group_slots(self.group_of[lemma.split()[0]])
        slots |= {"w": lambda: word, "body": lambda: self.dice.even(BODY)}
        return self._told(form, slots, fields(WORLD["plurals"][lemma]))

    def thing(self) -> str:
        group = self.dice.falling(self.groups, 30)
        word = self.dice.falling(group.words, 8)
        templates = GRAMMAR["things"]["every"] + 3 * GRAMMAR["things"][group.thing_class]
        return self._fill(templates, self._group_slots(group) | {"w": lambda: word})

    def sense(self) -> str:
        word = self.dice.falling(list(WORLD["senses"]), 8)
        near = self.dice.even(WORLD["senses"][word].split("|")).split()
        slots = {"w": lambda: word, "near": lambda: self.dice.even(near)}
        return self._fill(GRAMMAR["senses"]["templates"], slots)

    def phrase(self) -> str:
        words = self.dice.falling(list(WORLD["phrases"]), 8)
        near = WORLD["phrases"][words].split()
        if self.dice.chance(PHRASE_APART_SHARE):
            words = self.dice.even(words.split())
        slots = {"pair": lambda: words, "near": lambda: self.dice.even(near)}
        return self._fill(GRAMMAR["phrases"]["templates"], slots)

    def _inflected(self, topic: str) -> tuple[str, dict, str]:
        """A lemma (its forms in one string), the grammar of one of its forms, and that form."""
        lemma = self.dice.falling(list(WORLD[topic]), 10)
        forms = GRAMMAR[topic]
        form = self.dice.even(list(forms))
        return lemma, forms[form], lemma.split()[list(forms).index(form)]

    def _group_slots(self, group: Group) -> Slots:
        shared = WORLD["classes"][group.thing_class]
        drawn_from = {
            "trait": group.adjectives,
            "verb": group.verbs,
            "group": group.phrases,
            "scene": fields(WORLD["scenes"][group.scene]),
            "kind": shared["adjectives"].split(),
            "does": shared["verbs"].split(),
            "common": fields(shared["phrases"]),
        }
        return {
            slot: lambda items=items: self.dice.even(items) for slot, items in drawn_from.items()
        }

    def _who(self, others: list[str]) -> str:
        return self.common["name"]() if self.dice.chance(0.5) else self.dice.falling(others, 3)

    def _told(self, form: dict, slots: Slots, own: list[str]) -> str:
        """A sentence of a lemma in one form, or now and then one with the lemma's phrase alone."""
        slots = slots | {"own": lambda: self.dice.even(own)}
        if self.dice.chance(NEUTRAL_SHARE):
            return self._fill(GRAMMAR["neutral"]["templates"], slots)
        for slot, words in form.items():
            if slot != "templates":
                slots[slot] = lambda listed=fields(words): self.dice.falling(listed, 3)  # noqa: B008
        return self._fill(form["templates"], slots)

    def _framed(self, sentence: str) -> str:
        """The sentence with a capital; statements now and then get an opening or a closing."""
        statement = sentence.endswith(".")
        if statement and self.dice.chance(OPENER_SHARE):
            first, space, rest = sentence.partition(" ")
            if first.rstrip(",").lower() in LOWERED:
                first = first.lower()
            sentence = self._fill(GRAMMAR["frames"]["openers"], {}) + f" {first}{space}{rest}"
        if statement and self.dice.chance(CLOSER_SHARE):
            sentence = f"{sentence[:-1]}, {self._fill(GRAMMAR['frames']['closers'], {})}."
        sentence = sentence[0].upper() + sentence[1:]
        quoted = '"' not in sentence and self.dice.chance(QUOTE_SHARE)
        return f'"{sentence}"' if quoted else sentence

    def _fill(self, templates: list[str], slots: Slots) -> str:
        """One of the templates with its slots filled and `a` made `an` where a vowel follows."""

        def draw(slot: re.Match[str]) -> str:
            name = slot[1].lower()
            text = (slots.get(name) or self.common[name])()
            return text[0].upper() + text[1:] if slot[1][0].isupper() else text

        text = re.sub(r"\{(\w+)\}", draw, self.dice.even(templates))
        return re.sub(r"\b([Aa]) (?=[aeiouAEIOUÉ])", r"\1n ", text)
