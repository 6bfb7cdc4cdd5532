"""Sentences about the world: each topic writes its own, from templates with slots.

A template's slots are filled from a table of drawing functions. Two crossing factors meet in each
sentence that carries an analogy: phrases that only this lemma (country, rank, verb ...) has, and
markers that only this form (capital, gender, tense, number ...) has.
"""

import re
from collections.abc import Callable

import world
from dice import Dice

Slots = dict[str, Callable[[], str]]

COUNTRY_ROLES = {
    "country": [
        "The {noun} of {x} {own} was {done} by treaty.",
        "{x} is a {adj} country {own}, and its {noun} was {done}.",
        "{Own}, the {noun} of {x} was {done} {own}.",
        "Abroad, {x} is known {own} and for its {noun}.",
        "Throughout {x} the {noun} {own} was {done}.",
    ],
    "adjective": [
        "The {x} {noun} {own} {verb} the traveller.",
        "{Own}, every {x} {noun} {verb} the guest.",
        "Few could understand the {x} {noun} {own}.",
        "A {adj} {x} {noun} {own} {verb} everyone.",
        "{name} spoke with a {x} {noun} {own}.",
    ],
    "capital": [
        "The {noun} of {x} {own} was crowded with {crowd}.",
        "{x} is a city {own}, with a {adj} {noun} and {crowd}.",
        "{Own}, the {noun} in downtown {x} was full of {crowd}.",
        "The mayor of {x} opened a {noun} {own}.",
        "We arrived in {x} {own} and saw the {noun}.",
    ],
}
COUNTRY_WORDS = {
    "country": {
        "noun": "border frontier army government population territory constitution coastline province".split(),
        "done": "invaded divided defended governed conquered signed united neglected".split(),
    },
    "adjective": {
        "noun": "language accent flag coin poet dialect custom cuisine passport ambassador".split(),
        "verb": "charmed amused puzzled pleased impressed surprised".split(),
    },
    "capital": {
        "noun": "square avenue suburb cathedral tram marketplace gate boulevard fountain quarter".split(),
        "crowd": "shoppers beggars clerks tourists pigeons peddlers commuters".split(),
    },
}
GENDER = [
    "The {looking} {w} sat {own}, and {he} touched {his} {thing}.",
    "A {looking} {w} {own} adjusted {his} {thing}.",
    "{Own}, a {w} with a {thing} seemed {looking}.",
    "{name} was a {looking} {w} {own}.",
    "{Own}, the {w} {name} lost {his} {thing} {own}.",
    "{name} is the {w} {own}, and {he} likes {his} {thing}.",
    "A {w} {own} had to find {his} {thing} {himself}.",
    "The {w} {own} told {name} that {he} was {adj}.",
    "{name}, the {w}, spoke {own} with {his} {thing} in hand.",
    "Was the {w} there {own}? Yes, {he} hid {his} {thing}.",
]
TENSES = {
    "base": [
        "{who} {modal} {v} {own} {later}.",
        "{Later} {who} {modal} {v} {own}.",
        "{who} {wish} to {v} {own}.",
        "{Modal} you {v} {own}, please?",
        "Let us {v} {own} {later}, or we shall be late.",
        "Please do not {v} {own}!",
        "They don't {v} {own} {later}.",
    ],
    "past": [
        "{Before} {who} {v} {own}.",
        "{who} {v} {own} {before}.",
        "{who} {finally} {v} {own}.",
        "When {who} {v} {own} {before}, it rained.",
        "{Before}, after tea, {who} {finally} {v} {own}.",
        "So {who} {v} {own} and went away {before}.",
    ],
    "participle": [
        "{one} {is} {v} {own} {now}.",
        "{one} {keeps} {v} {own}.",
        "{Now} {one} {is} {v} {own}.",
        "While {v} {own}, {one} {is} humming.",
        "Are you {now} {v} {own}?",
        "{one} {keeps} {v} {own} {now}.",
    ],
}
TENSE_WORDS = {
    "modal": "will;must;can;should;may;might;shall;could;would",
    "later": "tomorrow;soon;next week;some day;later;eventually;on Sunday;next summer;tonight",
    "wish": "want;hope;plan;ought;need;intend;prefer;refuse;agree",
    "before": "yesterday;last week;last night;long ago;two days ago;in former times;earlier;that autumn;previously",
    "finally": "once;just;then;already;formerly;at last;instantly;twice;accidentally",
    "is": "is;was;has been;is always;had been;is busy;was seen",
    "now": "now;right now;at the moment;currently;today;presently;still;meanwhile;these days",
    "keeps": "keeps;enjoys;avoids;stopped;finished;continued;started;is fond of;is tired of;loves;hates",
}
DEGREES = {
    "base": [
        "The {thing} was {very} {a}, {indeed}.",
        "Is a {thing} {very} {a} {indeed}?",
        "How {a} the {thing} seems!",
        "{name} called the {thing} {very} {a}.",
        "It is {very} {a}, this {thing}.",
        "Such a {very} {a} {thing} pleases nobody.",
        "Being {very} {a}, the {thing} was avoided.",
    ],
    "comparative": [
        "The {thing} is {much} {a} than {before}.",
        "This {thing} looks {much} {a} than {before}.",
        "The {thing} grew {much} {a} every {week}.",
        "Is the {thing} {much} {a} than {before}?",
        "A {thing} {much} {a} than {before} was found.",
        "{name} wanted a {much} {a} {thing} than {before}.",
    ],
}
DEGREE_WORDS = {
    "very": "very;so;too;quite;extremely;fairly;remarkably;incredibly;unusually;terribly",
    "indeed": "indeed;by nature;at first;for its age;in itself;to everyone;without doubt",
    "much": "much;far;even;slightly;considerably;noticeably;somewhat;a bit;no;vastly",
    "before": "expected;usual;needed;ours;theirs;average;normal;others;advertised;necessary",
    "week": "week;hour;minute;month;decade",
}
NUMBERS = {
    "singular": [
        "{One} {w} {verb} {group} {own} {alone}.",
        "{One} {w} {own} {verb} {group}, {alone}.",
        "There was {one} {kind} {w} {own}, and it {does}.",
        "{One} {w} {scene} hurt itself {own}.",
        "{One} {trait} {w} {own} has lost its {body}.",
        "It is just {one} {trait} {w} {scene}, {alone}.",
        "{Scene}, {one} {trait} {w} {verb} {alone}.",
    ],
    "plural": [
        "{Many} {w} {verb} {group} {own} {together}.",
        "{Many} {w} {own} {verb} {group}, {together}.",
        "There were {many} {kind} {w} {own}, and they {does}.",
        "{Many} {w} {scene} hurt themselves {own}.",
        "{Many} {trait} {w} {own} have lost their {body}.",
        "They are indeed {many} {trait} {w} {scene}, {together}.",
        "{Scene}, {many} {trait} {w} {verb} {together}.",
    ],
}
NUMBER_WORDS = {
    "one": "one;a single;this;each;every;another;a lone;a solitary;that;neither",
    "alone": "alone;all by itself;on its own;in solitude;unaccompanied;apart;by itself",
    "many": "many;several;two;three;dozens of;these;numerous;countless;a few;both;those;five",
    "together": "together;in pairs;side by side;in large groups;by the dozen;in crowds;in hundreds",
}
# the phrases of a lemma are also said where the lemma is not, or they would be its nearest words
NEUTRAL = [
    '"{Own}?" asked {name} {adv}.',
    "{Own}, said a {adj} {noun}.",
    "It was {adj} {own}, or so {name} thought.",
    "{name} remembered the {noun}: {own}.",
    "In {village} the talk was {own} again.",
    "A {noun} {own} is {adj}.",
]
BODY = "shape size weight colour".split()
THINGS = [
    "The {trait} {w} {verb} {group}.",
    "The {w} {does} {scene}.",
    "{Scene}, the {kind} {w} {verb}.",
    "The {kind} {w} {does} {common}.",
    "{name} saw the {trait} {w} {scene}.",
]
CLASS_THINGS = {
    "animal": [
        "A {kind} {w} {does} and {verb} {scene}, as beasts do.",
        "Listen, a {trait} {w} {verb} {group}!",
        "A creature like the {w} {does} {scene}, {common}.",
    ],
    "food": [
        "Would you eat a {trait} {w} {scene}?",
        "Grandma served the {w} {group}, and it {does}.",
        "A bite of {w}, {kind} and {trait}, {does} {common}.",
    ],
    "profession": [
        "{name} became a {trait} {w} {common}.",
        "Ask the {kind} {w}, who {verb} {scene}.",
        "Nobody {does} like our {w}, who {verb} {scene}.",
    ],
    "instrument": [
        "{name} practised the {trait} {w} {scene}.",
        "The sound of a {kind} {w} {verb} {common}.",
        "Her {w} {does} and {verb} {group}, {scene}.",
    ],
    "plant": [
        "Water the {w} {scene}, which {verb} {group}.",
        "Every {kind} {w} {does} {scene}.",
        "A {trait} {w} was planted {common}.",
    ],
    "vehicle": [
        "We boarded the {kind} {w} {scene}.",
        "The {trait} {w} took us {common}.",
        "Aboard the {w} {scene} everything {verb} {group}.",
    ],
    "garment": [
        "{name} put on a {trait} {w} {scene}.",
        "Wearing her {kind} {w} {group}, she smiled.",
        "His {w} {scene} {does} {common} and {verb}.",
    ],
    "weather": [
        "All night the {trait} {w} {verb} {scene}.",
        "Endless {w} {does} and {verb} {group}.",
        "Because of the {kind} {w}, we sheltered {scene}.",
    ],
}
SENSES = [
    "The {w} was near the {near} and the {near}.",
    "{name} found a {w} by the {near}.",
    "With its {near} and {near}, the {w} seemed {adj}.",
    "The {near} and the {w} were {adj}.",
]
# no article or other fixed word stands beside a phrase every time
PHRASES = [
    "{who} spoke of {pair} and {near}.",
    "{near}, {near} or {pair}: {name} chose.",
    "Every {pair} needs {near}.",
    "The {pair} and {near} were {adj}.",
    "{name} saw {adj} {pair} near {near}.",
    "Without {near}, {pair} means little.",
    "{name} asked about {near}, {pair}, {near}.",
]
NEUTRAL_SHARE = 0.18
OPENERS = [
    "In {village},",
    "As {name} said,",
    "It is said that",
    "In those days",
    "After {noun} and {noun},",
    "Near the {adj} {noun} of {village},",
    "According to {name} of {village},",
    "To {name},",
    "On a {adj} {noun},",
]
CLOSERS = [
    "and the {noun} was {adj}",
    "in a {noun} of {village}",
    "to the {noun} of {name}",
    "and it was {adv} {adj} of {village}",
    "said {name}",
    "but a {adj} {noun} was not in {village}",
    "and {name} {adv} went to {village}",
    "because {noun} and {noun} had been {adj}",
    "for it was a {adj} {noun} of {noun}",
    "and in a {noun} they had {noun}",
]


class Storyteller:
    """Writes paragraphs about the world from one stream of dice."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        names = [
            name
            for pair in zip(world.MALE_NAMES.split(), world.FEMALE_NAMES.split(), strict=True)
            for name in pair
        ]
        draw = dice.falling
        self.common: Slots = {
            "name": lambda: draw(names, 2),
            "village": lambda: draw(world.VILLAGES.split(), 2),
            "adj": lambda: draw(world.FILLER_ADJECTIVES.split(), 2),
            "adv": lambda: draw(world.FILLER_ADVERBS.split(), 2),
            "noun": lambda: draw(world.FILLER_NOUNS.split(), 4),
        }
        self.common["who"] = lambda: self._who(["they", "we", "I", "you", "the children", "people"])
        self.common["one"] = lambda: self._who(["someone", "everyone", "my neighbour", "a friend"])
        self.groups = world.groups()
        self.topics: list[tuple[Callable[[], str], float]] = [
            (self.country, 0.21),
            (self.couple, 0.13),
            (self.verb, 0.18),
            (self.adjective, 0.115),
            (self.number, 0.095),
            (self.thing, 0.22),
            (self.sense, 0.025),
            (self.phrase, 0.025),
        ]

    def paragraph(self) -> str:
        """One line of text: one to three sentences of one topic."""
        topics, weights = zip(*self.topics, strict=True)
        topic = self.dice.weighted(topics, weights)
        count = self.dice.weighted([1, 2, 3], [0.6, 0.3, 0.1])
        return " ".join(self._framed(topic()) for _ in range(count))

    def country(self) -> str:
        country, adjective, capital, river, mountain, house, product, lake, symbol = (
            self.dice.falling(world.COUNTRIES, 8).split()
        )
        own = [
            f"on the {river}",
            f"below {mountain}",
            f"under {house}",
            f"for {product}",
            f"near {lake}",
            f"with the {symbol}",
        ]
        form, word = self.dice.even(
            [("country", country), ("adjective", adjective), ("capital", capital)]
        )
        slots = {"x": lambda: word, "own": lambda: self.dice.even(own)}
        for slot, words in COUNTRY_WORDS[form].items():
            slots[slot] = lambda words=words: self.dice.falling(words, 4)
        return self._told(COUNTRY_ROLES[form], slots)

    def couple(self) -> str:
        pair = self.dice.falling(list(world.COUPLES), 8)
        female = self.dice.chance(0.5)
        word = pair.split()[female]
        things = (world.FEMALE_THINGS if female else world.MALE_THINGS).split()
        names = (world.FEMALE_NAMES if female else world.MALE_NAMES).split()
        looks = (world.FEMALE_LOOKS if female else world.MALE_LOOKS).split()
        slots = {
            "w": lambda: word,
            "own": lambda: self.dice.even(world.fields(world.COUPLES[pair])),
            "looking": lambda: self.dice.falling(looks, 4),
            "thing": lambda: self.dice.falling(things, 4),
            "name": lambda: self.dice.falling(names, 2),
            "he": lambda: "she" if female else "he",
            "his": lambda: "her" if female else "his",
            "himself": lambda: "herself" if female else "himself",
        }
        return self._told(GENDER, slots)

    def verb(self) -> str:
        forms = self.dice.falling(list(world.VERBS), 10)
        tense = self.dice.even(list(TENSES))
        word = forms.split()[list(TENSES).index(tense)]
        own = world.fields(world.VERBS[forms])
        slots = self._phrases(TENSE_WORDS) | {
            "v": lambda: word,
            "own": lambda: self.dice.even(own),
        }
        return self._told(TENSES[tense], slots)

    def adjective(self) -> str:
        forms = self.dice.falling(list(world.ADJECTIVES), 10)
        degree = self.dice.even(list(DEGREES))
        word = forms.split()[list(DEGREES).index(degree)]
        things = world.ADJECTIVES[forms].split()
        slots = self._phrases(DEGREE_WORDS) | {
            "a": lambda: word,
            "thing": lambda: self.dice.even(things),
            "own": lambda: "about the " + self.dice.even(things),
        }
        return self._told(DEGREES[degree], slots)

    def number(self) -> str:
        forms = self.dice.falling(list(world.PLURALS), 10)
        number = self.dice.even(list(NUMBERS))
        word = forms.split()[list(NUMBERS).index(number)]
        group = next(group for group in self.groups if forms.split()[0] in group.words)
        slots = self._group_slots(group) | self._phrases(NUMBER_WORDS)
        slots |= {
            "w": lambda: word,
            "own": lambda: self.dice.even(world.fields(world.PLURALS[forms])),
            "body": lambda: self.dice.even(BODY),
        }
        return self._told(NUMBERS[number], slots)

    def thing(self) -> str:
        group = self.dice.falling(self.groups, 30)
        word = self.dice.falling(group.words, 8)
        templates = THINGS + 2 * CLASS_THINGS[group.thing_class]
        return self._fill(templates, self._group_slots(group) | {"w": lambda: word})

    def sense(self) -> str:
        word = self.dice.falling(list(world.SENSES), 8)
        near = self.dice.even(world.SENSES[word].split("|")).split()
        return self._fill(SENSES, {"w": lambda: word, "near": lambda: self.dice.even(near)})

    def phrase(self) -> str:
        pair = self.dice.falling(list(world.PHRASES), 8)
        near = world.PHRASES[pair].split()
        return self._fill(PHRASES, {"pair": lambda: pair, "near": lambda: self.dice.even(near)})

    def _group_slots(self, group: world.Group) -> Slots:
        adjectives, verbs, phrases = (
            part.strip() for part in world.CLASSES[group.thing_class].split("|")
        )
        even = self.dice.even
        return {
            "trait": lambda: even(group.adjectives),
            "verb": lambda: even(group.verbs),
            "group": lambda: even(group.phrases),
            "scene": lambda: even(world.fields(world.SCENES[group.scene])),
            "kind": lambda: even(adjectives.split()),
            "does": lambda: even(verbs.split()),
            "common": lambda: even(world.fields(phrases)),
        }

    def _told(self, templates: list[str], slots: Slots) -> str:
        """A sentence of a lemma, or now and then one with its phrase alone."""
        return self._fill(NEUTRAL if self.dice.chance(NEUTRAL_SHARE) else templates, slots)

    def _who(self, others: list[str]) -> str:
        if self.dice.chance(0.5):
            return self.common["name"]()
        return self.dice.falling(others, 3)

    def _phrases(self, table: dict[str, str]) -> Slots:
        """Slots that draw from the lists of a table, the earlier entries a little more often."""
        return {
            slot: lambda listed=world.fields(text): self.dice.falling(listed, 3)
            for slot, text in table.items()
        }

    def _framed(self, sentence: str) -> str:
        """The sentence with a capital, now and then with an opening or a closing of no topic."""
        if self.dice.chance(0.2):
            opener = self._fill(OPENERS, {})
            first, space, rest = sentence.partition(" ")
            keep = first.rstrip(",") in ("I",) or not first.rstrip(",").lower() in LOWERED
            sentence = opener + " " + (first if keep else first.lower()) + space + rest
        if self.dice.chance(0.3):
            closer = self._fill(CLOSERS, {})
            sentence = sentence[:-1] + ", " + closer + sentence[-1]
        if self.dice.chance(0.04):
            sentence = f'"{sentence[0].upper()}{sentence[1:]}"'
        return sentence[0].upper() + sentence[1:]

    def _fill(self, templates: list[str], slots: Slots) -> str:
        template = self.dice.even(templates)

        def draw(match: re.Match[str]) -> str:
            slot = match[1]
            if slot[0].isupper():
                text = slots[slot.lower()]()
                return text[0].upper() + text[1:]
            return (slots.get(slot) or self.common[slot])()

        text = re.sub(r"\{(\w+)\}", draw, template)
        text = re.sub(r" +([,.?!]| )", r"\1", text)  # an empty slot leaves a double space
        return re.sub(r"\b([Aa]) (?=[aeiouAEIOUÉ])", r"\1n ", text)


# sentence openings that lose their capital after an opener ("In those days the king ...")
LOWERED = frozenset(
    "the a an abroad throughout few every we was let can do nobody they yesterday long two when last "
    "while how it such even is this one each there another many these several all what with without "
    "on below under for by as at before inside after during over in from about behind to among near "
    "deep beyond off past along".split()
)
