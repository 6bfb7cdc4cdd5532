"""What to offer for a word that the vocabulary does not have."""

from collections.abc import Mapping


def offered(word: str, vocabulary: Mapping[str, int]) -> str:
    """Returns a hint that names the spellings in the vocabulary nearest to `word`.

    Other capitals come first, then what differs by the fewest letters.
    """
    from rapidfuzz import fuzz, process

    forms = [form for form in (word.lower(), word.title(), word.upper()) if form in vocabulary]
    near = process.extract(word, vocabulary.keys(), scorer=fuzz.ratio, limit=3, score_cutoff=60)
    offers = list(dict.fromkeys([*forms, *(token for token, *_ in near)]))[:3]
    if not offers:
        return "No token of the vocabulary is spelt like it."
    return f"Did you mean {' or '.join(map(repr, offers))}?"
