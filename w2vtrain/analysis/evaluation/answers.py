"""Answering thousands of analogy questions at once, in blocks, with bounded memory."""

import numpy as np

_COLUMNS = 4096  # candidates at once
_QUESTIONS = 64  # questions at once
_EPSILON = 1e-6  # gensim's, against division by zero


def answer(unit: np.ndarray, group: np.ndarray, asked: np.ndarray, method: str) -> np.ndarray:
    """Returns the best answer to each question `a : b = c : ?`.

    3CosAdd takes the word that maximises `cos(w, b) - cos(w, a) + cos(w, c)`; 3CosMul the one that
    maximises `cos(w, b) * cos(w, c) / cos(w, a)` with cosines shifted to [0, 1].

    Source: Levy and Goldberg, Linguistic Regularities in Sparse and Explicit Word Representations
    (CoNLL 2014), equations 3 and 4, with gensim's constant of 1e-6.

    Args:
        unit: float32 array, shape `(tokens, dim)`: rows of length 1.
        group: int64 array, shape `(candidates,)`: the first rows of `unit` are the candidates; rows
            of one group are one word, and a word asked with is no answer.
        asked: int64 array, shape `(questions, 3)`: rows of a, b and c.
        method: `3cosadd` or `3cosmul`.
    Returns:
        int64 array, shape `(questions,)`: rows of the answers.
    """
    words, places = np.unique(asked, return_inverse=True)
    places = places.reshape(asked.shape)
    queries = np.ascontiguousarray(unit[words])  # (words, dim)
    best = np.full(len(asked), -np.inf, dtype=np.float32)
    answers = np.zeros(len(asked), dtype=np.int64)
    banned_question, banned_row = _banned(asked, group)
    for low in range(0, len(group), _COLUMNS):
        high = min(low + _COLUMNS, len(group))
        cosines = queries @ unit[low:high].T  # (words, columns)
        if method == "3cosmul":
            cosines = (1 + cosines) / 2
        here = (banned_row >= low) & (banned_row < high)
        question, row = banned_question[here], banned_row[here] - low
        for start in range(0, len(asked), _QUESTIONS):
            part = slice(start, min(start + _QUESTIONS, len(asked)))
            scores = _combined(cosines, places[part], method)  # (questions, columns)
            first, last = np.searchsorted(question, [part.start, part.stop])
            scores[question[first:last] - start, row[first:last]] = -np.inf
            top = scores.argmax(axis=1)
            value = scores[np.arange(len(top)), top]
            better = value > best[part]
            best[part][better] = value[better]
            answers[part][better] = top[better] + low
    return answers


def _combined(cosines: np.ndarray, places: np.ndarray, method: str) -> np.ndarray:
    a, b, c = places.T
    scores = cosines[b]
    if method == "3cosmul":
        scores *= cosines[c]
        scores /= cosines[a] + np.float32(_EPSILON)
    else:
        scores += cosines[c]
        scores -= cosines[a]
    return scores


def _banned(asked: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the (question, row) pairs that are no answers, by question: the words asked with."""
    members: dict[int, list[int]] = {}
    wanted = set(group[asked].ravel().tolist())
    for row in np.flatnonzero(np.isin(group, list(wanted))).tolist():
        members.setdefault(int(group[row]), []).append(row)
    pairs = [
        (question, row)
        for question, words in enumerate(group[asked].tolist())
        for word in words
        for row in members[word]
    ]
    questions, rows = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return questions, rows
