"""`--split icu` against a segmented text, and the speed of `prepare` by its ways to split.

    python benchmarks/splitting.py ja_segmented.txt.gz wiki_en.txt.gz

The first text has spaces between its words, by a program or by hand; they are taken out, and ICU's
word boundaries are compared with theirs. The second is prepared with each splitting in turn.
"""

import argparse
import gzip
import itertools
import tempfile
from collections import Counter
from pathlib import Path

from w2vtrain import PrepareConfig, prepare
from w2vtrain.corpus.word_boundaries import icu_version

SPLITS = ("whitespace", "icu", "subwords")


def cuts(pieces: list[str]) -> set[int]:
    """Return the places between pieces, in characters."""
    return set(itertools.accumulate(map(len, pieces[:-1])))


def compare(path: Path) -> None:
    """Print how ICU's boundaries agree with the spaces of a text, and where they do not."""
    from icu4py.breakers import WordBreaker

    counts = {"all boundaries": Counter(), "between letters": Counter()}
    extra, missing = Counter(), Counter()
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        words = line.split()
        text = "".join(words)
        if not text:
            continue
        theirs, ours = cuts(words), cuts(list(WordBreaker(text, "root")))
        letters = {i for i in range(1, len(text)) if text[i - 1].isalnum() and text[i].isalnum()}
        for name, places in (("all boundaries", theirs | ours), ("between letters", letters)):
            a, b = theirs & places, ours & places
            counts[name].update(hits=len(a & b), theirs=len(a), ours=len(b))
        extra.update(text[i - 2 : i] + "|" + text[i : i + 2] for i in ours - theirs)
        missing.update(text[i - 2 : i] + "|" + text[i : i + 2] for i in theirs - ours)
    print(f"ICU {icu_version()}, {path.name}")
    for name, found in counts.items():
        precision, recall = (found["hits"] / found[side] for side in ("ours", "theirs"))
        f1 = 2 * found["hits"] / (found["ours"] + found["theirs"])
        print(f"{name}: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}")
    for name, found in (("only ICU cuts", extra), ("only the text cuts", missing)):
        print(f"{name} ({found.total():,}):", " ".join(p for p, _ in found.most_common(20)))


def measure(path: Path, repeats: int) -> None:
    """Print how many words a second each splitting reads, after everything has been started."""
    with tempfile.TemporaryDirectory() as folder:
        for split in [SPLITS[0], *SPLITS * repeats]:  # the first call starts TensorFlow
            found = prepare([path], folder, PrepareConfig(split=split), force=True)
            rate = found.words_read / found.seconds / 1e6
            what = "units" if split == "subwords" else "words"
            print(f"{split}: {found.words_read:,} {what} in {found.seconds:.2f} s, {rate:.2f} M/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("segmented", type=Path)
    parser.add_argument("text", type=Path)
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args()
    compare(given.segmented)
    measure(given.text, given.repeats)
