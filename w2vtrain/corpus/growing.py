"""New text added to a corpus: old words keep their ids, new ones follow, old text stays."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.encoding import NpyWriter
from w2vtrain.corpus.vocabulary import FIRST_WORD_ID, OOV_ID, OOV_TOKEN, Vocabulary
from w2vtrain.run.directory import RunDirectory

LEFT_OUT = "left_out.tsv"
_AT_ONCE = 2**22


@dataclass(frozen=True)
class GrownVocabulary:
    """Old and new words together.

    Args:
        vocabulary: padding and `[UNK]`, the old words with their ids, then the new ones by falling
            count in the new text. A count is that of the word's occurrences in the token ids: those
            of a new word in the old text were left out then, and stay so.
        left_out: words under the cut-off, by falling count.
        table: int32 array from the ids of the new text's own vocabulary to these.
    """

    vocabulary: Vocabulary
    left_out: Vocabulary
    table: np.ndarray


def grown_vocabulary(
    old: Vocabulary, old_left_out: Vocabulary, new: Vocabulary, config: PrepareConfig
) -> GrownVocabulary:
    """Returns the vocabulary of both texts.

    A new word is taken in when it occurs `min_count` times in the old and the new text together,
    as long as there is room under `vocabulary_size`.

    Args:
        old, old_left_out: of the corpus so far.
        new: every word of the new text; its ids are those of its token ids.
        config: `min_count` and `vocabulary_size` are used.
    """
    ids = {token: i for i, token in enumerate(old.tokens)}
    left_out = dict(zip(old_left_out.tokens, old_left_out.counts.tolist(), strict=True))
    tokens, counts = list(old.tokens), old.counts.tolist()
    most = config.vocabulary_size
    table = np.full(len(new), OOV_ID, np.int32)
    table[0] = 0
    for new_id in range(FIRST_WORD_ID, len(new)):
        token, count = new.tokens[new_id], int(new.counts[new_id])
        place = ids.get(token)
        if place is not None:
            counts[place] += count
            table[new_id] = place
        elif (
            count + left_out.get(token, 0) >= config.min_count
            and token != OOV_TOKEN
            and (most is None or len(tokens) - FIRST_WORD_ID < most)
        ):
            left_out.pop(token, None)  # its old places stay left out, and counted as such
            table[new_id] = len(tokens)
            tokens.append(token)
            counts.append(count)
        else:
            left_out[token] = left_out.get(token, 0) + count
            counts[OOV_ID] += count
    counts[OOV_ID] += int(new.counts[OOV_ID])
    order = sorted(left_out, key=lambda token: (-left_out[token], token))
    rest = np.array([left_out[token] for token in order], np.int64)
    return GrownVocabulary(
        Vocabulary(tuple(tokens), np.array(counts, np.int64)), Vocabulary(tuple(order), rest), table
    )


def append_text(
    old: RunDirectory, new: RunDirectory, table: np.ndarray, keep_oov: bool, folder: Path
) -> tuple[int, int]:
    """Writes the token ids and boundaries of both texts into `folder`.

    Args:
        old, new: hold the two texts; `new` under its own ids.
        table: from those ids to the common ones.
        keep_oov: keep id 1 instead of dropping it.
    Returns:
        the number of tokens and of units.
    """
    first, second = (np.load(run.token_ids, mmap_mode="r") for run in (old, new))
    ends = np.load(new.boundaries)
    kept_before = np.zeros(len(ends), np.int64)  # kept tokens of the new text before each end
    with NpyWriter(folder / old.token_ids.name, np.int32) as tokens:
        for start in range(0, len(first), _AT_ONCE):
            tokens.write(first[start : start + _AT_ONCE])
        for start in range(0, len(second), _AT_ONCE):
            part = table[second[start : start + _AT_ONCE]]
            kept = np.ones(len(part), bool) if keep_oov else part != OOV_ID
            low, high = np.searchsorted(ends, [start, start + len(part)], "right")
            running = np.concatenate([[0], np.cumsum(kept)])
            kept_before[low:high] = tokens.size - len(first) + running[ends[low:high] - start]
            tokens.write(part[kept])
    units = kept_before[1:][np.diff(kept_before) > 0]
    boundaries = np.concatenate([np.load(old.boundaries), len(first) + units])
    np.save(folder / old.boundaries.name, boundaries)
    return tokens.size, len(boundaries) - 1
