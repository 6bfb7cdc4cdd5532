"""The locale of the process changes neither tokens nor ids.

TensorFlow lower-cases with ICU, which goes by the name in `LC_ALL`, even where the system does not
have that locale.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from w2vtrain.cli import main

# Letters that lower differently in Turkish and Azerbaijani (I, İ) and, with an accent above them,
# in Lithuanian (I, J, Į, Ì, Í, Ĩ).
TEXT = "INDIA india Istanbul istanbul\nJ\u0301 \u00cc\u00cd\u0128 \u012e\u0301 \u0130ZM\u0130R\n"
VOCABULARY = (
    "\t0\n[UNK]\t0\nindia\t2\nistanbul\t2\ni\u0307zmi\u0307r\t1\nj\u0301\t1\n"
    "\u00ec\u00ed\u0129\t1\n\u012f\u0301\t1\n"
)
STANDARDIZE = ("lower-and-strip-punctuation", "lower")

IN_A_FRESH_PROCESS = """
import json, sys
from pathlib import Path
from w2vtrain.cli import main
from w2vtrain.corpus.vectorizer import load_vectorizer
text, folder, saved, *choices = sys.argv[1:]
for choice in choices:
    try:
        main(["prepare", text, "-o", f"{folder}/{choice}", "--min-count", "1",
              "--standardize", choice, "--json"])
    except SystemExit as ended:
        assert not ended.code, ended.code
print(json.dumps(load_vectorizer(Path(saved))([Path(text).read_text("utf-8")]).to_list()))
"""


@pytest.mark.slow  # two processes of seconds each; test_environment.py runs one in Turkish
@pytest.mark.parametrize("locale", ["tr_TR.UTF-8", "lt_LT.UTF-8"])
def test_tokens_and_ids_are_those_of_any_other_locale(tmp_path, locale):
    text, here, there = tmp_path / "a.txt", tmp_path / "here", tmp_path / "there"
    text.write_text(TEXT, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["prepare", str(text), "-o", str(here), "--min-count", "1"])
    assert not ended.value.code
    done = subprocess.run(
        [
            *(sys.executable, "-c", IN_A_FRESH_PROCESS, text, there),
            *(here / "corpus/vectorizer.keras", *STANDARDIZE),
        ],
        env={**os.environ, "LC_ALL": locale, "LANG": locale},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    for run in (here, *(there / choice for choice in STANDARDIZE)):
        assert (run / "corpus/vocabulary.tsv").read_text(encoding="utf-8") == VOCABULARY
    ids = np.load(here / "corpus/token_ids.npy").tolist()
    assert ids == [2, 2, 3, 3, 5, 6, 7, 4]
    assert json.loads(done.stdout.splitlines()[-1]) == [ids]
