"""Where was a word lost: in decoding, standardization, splitting, counting or at the cut-off?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from w2vtrain.analysis.provenance import model_is_stale, model_manifest
from w2vtrain.analysis.results import Result
from w2vtrain.analysis.word_evidence import (
    CountedWords,
    RawMatch,
    Tokenizers,
    WordCount,
    search_inputs,
)
from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.phrases import phrases_of
from w2vtrain.corpus.vocabulary import OOV_TOKEN, Vocabulary
from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import MANIFEST, read_corpus_manifest, reads

Stage = Literal["decoding", "standardization", "splitting", "counting", "cut-off", "training"]
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class Step(Result):
    """What one stage did with the word, and whether the word was still there after it."""

    stage: Stage
    happened: str
    passed: bool


@dataclass(frozen=True)
class Trace(Result):
    """The way of a word through the stages of prepare.

    Args:
        token: as it was asked for.
        word: what it is counted as; None where it becomes no word or several.
        kept: whether it is in the vocabulary, as `word`.
        lost_in: the stage where it was lost; None where it was kept.
        steps: the stages that it reached.
        conclusion: what happened, in one sentence.
        advice: which option keeps it; may be empty.
    """

    token: str
    word: str | None
    kept: bool
    lost_in: Stage | None
    steps: tuple[Step, ...]
    conclusion: str
    advice: str


@reads("corpus", "model")
def why_not(run: str | Path, token: str) -> Trace:
    """Find out where a word was lost on its way into a run's vocabulary, and what would keep it.

    The inputs are read again only for a word that was never counted.

    Args:
        run: a run directory with a prepared corpus.
        token: the word as the text has it.
    Raises:
        W2VError: the run holds no corpus, or the word is blank.
    """
    if not token.strip():
        raise W2VError(f"{token!r} is no word.", "Give a word as the text has it.")
    directory = RunDirectory(Path(run))
    manifest = read_corpus_manifest(directory)
    config = PrepareConfig.from_manifest(manifest["config"], f"{directory.corpus / MANIFEST}")
    return _Tracer(directory, manifest, config, token).trace()


class _Tracer:
    """The steps so far; each method adds one and says whether the word goes on."""

    def __init__(
        self, run: RunDirectory, manifest: dict[str, Any], config: PrepareConfig, token: str
    ) -> None:
        self._run = run
        self._manifest = manifest
        self._config = config
        self._token = token
        self._counts = CountedWords(run, config, manifest["summary"])
        self._tokenizers = Tokenizers(config, self._counts.subword_units(run), phrases_of(run.root))
        self._steps: list[Step] = []

    def trace(self) -> Trace:
        config = self._config
        split = self._tokenizers.tokens(self._token)
        pieces = self._tokenizers.joined(split)
        if config.split == "subwords" and pieces:
            return self._cut(pieces)
        if len(pieces) != 1:
            return self._broken(pieces)
        (word,) = pieces
        found = self._counts.find(word)
        if found.outcome == "not met":
            return self._not_met(word)
        self._decoded()
        self._standardized(split)
        joined = f"{len(split)} tokens, joined as the phrase {word!r}"
        after = joined if len(split) > 1 else "one token"
        self._step("splitting", f"{config.split}: {after}", True)
        return self._kept(found) if found.outcome == "kept" else self._cut_off(found)

    def _step(self, stage: Stage, happened: str, passed: bool) -> None:
        self._steps.append(Step(stage, happened, passed))

    def _decoded(self) -> None:
        replaced = self._counts.summary["replaced"]
        after = f"{replaced:,} places replaced" if replaced else "every byte decoded"
        self._step("decoding", f"{self._config.encoding}: {after}", True)

    def _standardized(self, pieces: list[str], passed: bool = True) -> None:
        same = pieces == [self._token]
        result = "unchanged" if same else " ".join(map(repr, pieces)) or "nothing is left"
        self._step("standardization", f"{self._config.standardize}: {result}", passed)

    def _end(self, word: str | None, lost_in: Stage | None, conclusion: str, advice: str) -> Trace:
        return Trace(
            token=self._token,
            word=word,
            kept=lost_in is None,
            lost_in=lost_in,
            steps=tuple(self._steps),
            conclusion=conclusion,
            advice=advice,
        )

    def _kept(self, found: WordCount) -> Trace:
        word = found.word
        self._step("counting", f"{word!r}: {found.count:,} times", True)
        self._step("cut-off", f"kept: rank {found.rank:,} of the vocabulary", True)
        if not self._in_model(word):
            self._step("training", "the model was trained without it", False)
            conclusion = f"{word!r} is in the corpus, but the vectors are of an earlier one."
            return self._end(word, "training", conclusion, f"Run `w2v train {self._run.root}`.")
        if word == self._token:
            return self._end(word, None, f"{word!r} is in the vocabulary.", "")
        conclusion = f"{self._token!r} is in the vocabulary as {word!r}: ask for that."
        return self._end(word, None, conclusion, self._as_written())

    def _in_model(self, word: str) -> bool:
        """Return whether a trained model knows the word, and note one of an earlier corpus."""
        if model_manifest(self._run) is None:
            return True
        known = word in Vocabulary.load(self._run.vocabulary).tokens
        if known and model_is_stale(self._run):
            self._step("training", "in the vectors, which are of an earlier corpus", True)
        return known

    def _cut_off(self, found: WordCount) -> Trace:
        word = found.word
        if found.outcome == "too long":
            self._step("counting", f"{len(word):,} characters: never kept above 128", False)
            conclusion = f"{word[:20]!r}… is too long for a word."
            return self._end(word, "counting", conclusion, "--split character takes single letters")
        self._step("counting", f"{word!r}: {found.count:,} times", True)
        if found.outcome == "name of the unknown":
            self._step("cut-off", f"{OOV_TOKEN} is the name of what is left out", False)
            return self._end(word, "cut-off", f"{OOV_TOKEN} names the left-out words.", "")
        config = self._config
        too_rare = found.count < config.min_count
        limit = f"under --min-count {config.min_count}"
        if not too_rare:
            limit = f"rank {found.rank:,}, beyond --vocabulary-size {config.vocabulary_size}"
        self._step("cut-off", f"left out: {limit}", False)
        times = "once" if found.count == 1 else f"{found.count:,} times"
        conclusion = f"{word!r} occurs {times} in the text and was left out by the cut-off."
        return self._end(word, "cut-off", conclusion, self._counts.option_to_keep(found))

    def _cut(self, pieces: list[str]) -> Trace:
        """The word becomes subword units."""
        found = [self._counts.find(piece) for piece in pieces]
        self._decoded()
        facts = ", ".join(f"{unit.word!r} {unit.outcome} ({unit.count:,})" for unit in found)
        kept = [unit.word for unit in found if unit.outcome == "kept"]
        self._step("splitting", f"subwords: {facts}", bool(kept))
        conclusion = f"{self._token!r} is cut into {len(pieces)} units: {' '.join(pieces)}."
        if len(kept) == len(found):
            return self._end(None, None, conclusion, "")
        some = f"its vector is that of {' '.join(kept)}" if kept else "it has no vector"
        advice = f"{some}; a lower --min-count keeps more units"
        return self._end(None, None if kept else "cut-off", conclusion, advice)

    def _broken(self, pieces: list[str]) -> Trace:
        """The word becomes none or several."""
        config = self._config
        as_it_is = {"standardize": "none", "keep_emoji": False, "keep_tags": False}
        alone = self._tokenizers.tokens(self._token, self._tokenizers.config.replaced(**as_it_is))
        cause: Stage = "splitting" if pieces and len(alone) != 1 else "standardization"
        self._decoded()
        self._standardized(pieces, cause == "splitting")
        if not pieces:
            conclusion = f"Nothing is left of {self._token!r} when it is standardized."
            return self._end(None, cause, conclusion, self._as_written())
        parts = [self._counts.find(piece) for piece in pieces]
        facts = ", ".join(f"{part.word!r} {part.outcome} ({part.count:,})" for part in parts)
        happened = f"{config.split}: {len(pieces)} tokens: {facts}"
        self._step("splitting", happened, cause != "splitting")
        conclusion = f"{self._token!r} becomes {len(pieces)} words: {', '.join(pieces)}."
        advice = self._as_written()
        if not advice and len(self._token.split()) > 1:
            advice = "--phrases joins words that come together often"
            if config.phrases:
                advice = "A lower --phrase-threshold or --phrase-min-count may join them"
        return self._end(None, cause, conclusion, advice)

    def _as_written(self) -> str:
        """Return the options under which the word stays one, or an empty text."""
        found: dict[str, str] = {}
        for option, config in self._tokenizers.other_choices():
            tokens = self._tokenizers.tokens(self._token, config)
            if len(tokens) == 1:
                found.setdefault(tokens[0], option)
        if self._token in found:
            return f"{found[self._token]} keeps it as it is written"
        return "; ".join(f"{option} keeps {word!r}" for word, option in found.items())

    def _not_met(self, word: str) -> Trace:
        """No such word was counted: look into the inputs for what the text holds instead."""
        texts = list(dict.fromkeys([self._token, *self._garbled()]))
        raw, *garbled = search_inputs(texts, self._manifest["inputs"], self._config)
        if raw.any_case == 0:
            for text, found in zip(texts[1:], garbled, strict=True):
                if found.times:
                    return self._misread(word, text, found)
            return self._absent(word, raw)
        self._decoded()
        self._standardized([word])
        self._step("splitting", f"{self._config.split}: no token of its own", False)
        return self._inside(word, raw)

    def _garbled(self) -> list[str]:
        """Return what the word looks like when its bytes were read in a wrong encoding."""
        result = []
        if not self._token.isascii():
            for real in ("utf-8", "cp1252", "latin-1"):
                try:
                    bytes_of_it = self._token.encode(real)
                except UnicodeEncodeError:
                    continue
                text = bytes_of_it.decode(self._config.encoding, "replace")
                if text.strip(_REPLACEMENT) and text != self._token:
                    result.append(text)
        return result

    def _misread(self, word: str, text: str, found: RawMatch) -> Trace:
        self._step(
            "decoding", f"{self._config.encoding}: read as {text!r} ({found.times:,})", False
        )
        conclusion = f"The text has {text!r} for it, {found.times:,} times: the encoding is wrong."
        real = "utf-8" if _REPLACEMENT not in text else "cp1252"
        return self._end(word, "decoding", conclusion, f"--encoding {real} reads it, if that is so")

    def _absent(self, word: str, raw: RawMatch) -> Trace:
        self._decoded()
        self._step("counting", f"{word!r}: never", False)
        conclusion = f"{self._token!r} does not occur in the text that was read."
        advice = self._limits()
        if raw.unread:
            conclusion = f"{word!r} was not met, and not every input can be searched again."
            advice = f"Not searched: {', '.join(raw.unread)}. {advice}".strip()
        return self._end(word, "counting", conclusion, advice)

    def _limits(self) -> str:
        """Return the options that kept a part of the inputs from being read."""
        config = self._config
        limits = []
        if config.max_rows is not None:
            limits.append(f"--max-rows {config.max_rows} ended the reading early")
        if config.text_column is not None:
            limits.append(f"only the column {config.text_column!r} was read")
        return "; ".join(limits)

    def _inside(self, word: str, raw: RawMatch) -> Trace:
        """The text holds it, but only within other tokens, or it was pruned while counting."""
        summary = self._counts.summary
        times = f"{raw.any_case:,} times" if raw.any_case > 1 else "once"
        if summary["pruned_types"] and not self._counts.containing(word):
            self._step("counting", "pruned for want of memory", False)
            conclusion = f"{word!r} was dropped while counting: too many different words."
            return self._end(word, "counting", conclusion, "a larger --max-types keeps it")
        inside = ", ".join(map(repr, self._counts.containing(word)))
        conclusion = f"{self._token!r} occurs {times} in the text, but only within other words"
        conclusion += f": {inside}." if inside else f": {raw.example!r}."
        option = self._freeing(word, raw.example)
        advice = f"{option} makes it a word of its own" if option else ""
        return self._end(word, "splitting", conclusion, advice)

    def _freeing(self, word: str, example: str) -> str:
        """Return the option under which the word is a token of its own in the example."""
        for option, config in self._tokenizers.other_choices():
            own = self._tokenizers.tokens(self._token, config)
            if len(own) == 1 and own[0] in self._tokenizers.tokens(example, config):
                return option
        return ""
