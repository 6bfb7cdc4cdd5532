"""Two processes on one run, and what a stopped one leaves: only commands and the public API.

What happens at one moment of a command is tested by a hook on renaming or on its output, so that
nothing depends on how long something takes.
"""

import contextlib
import io
import os
import queue
import shutil
import signal
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import exit_code
from forked import die, forked
from reliability.corpora import write_text

import w2vtrain
from w2vtrain.cli import main

QUICK = w2vtrain.TrainConfig(embedding_dim=8, epochs=1, window_size=2, subsample_threshold=0.0)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A run with a corpus and a model."""
    place = tmp_path_factory.mktemp("at-once")
    text = write_text(place / "text.txt", lines=50)
    w2vtrain.prepare([text], place / "run", w2vtrain.PrepareConfig(min_count=1))
    w2vtrain.train(place / "run", QUICK)
    return place / "run"


@pytest.fixture
def run(finished, tmp_path) -> Path:
    shutil.copy(finished.parent / "text.txt", tmp_path)
    return Path(shutil.copytree(finished, tmp_path / "run"))


def in_thread(function: Callable[[], object], seconds: float | None = None) -> queue.Queue:
    """Call `function` in a thread; return a queue that gets its value or its error.

    Args:
        seconds: how long to wait for it; None to wait for its end.
    """
    outcome: queue.Queue = queue.Queue()

    def work() -> None:
        try:
            outcome.put(function())
        except Exception as error:
            outcome.put(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(seconds)
    return outcome


def hook_renames(before: Callable[[Path, Path], None], patch: Callable = setattr) -> None:
    """Have `before(source, target)` called before each renaming of a folder."""
    rename = Path.rename

    def hooked(self: Path, target: Path) -> Path:
        before(self, Path(target))
        return rename(self, target)

    patch(Path, "rename", hooked)


def hidden(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob(".*"))


class HookedText(io.StringIO):
    """A stream that calls a function once, when a text is written to it."""

    def __init__(self, text: str, function: Callable[[], None]) -> None:
        super().__init__()
        self._text, self._function = text, function

    def write(self, text: str) -> int:
        if self._text in text:
            self._text, function = "\0", self._function
            function()
        return super().write(text)


def test_a_reader_does_not_disturb_a_writer_that_is_finishing(run, monkeypatch):
    """It comes between the two renames that replace the model, and waits for the second."""
    came, answer = threading.Event(), []

    def between(source: Path, target: Path) -> None:
        if target == run / "model" and not came.is_set():
            came.set()
            answer.append(in_thread(lambda: w2vtrain.Embeddings.load(run), seconds=1))

    hook_renames(between, monkeypatch.setattr)
    w2vtrain.train(run, QUICK.replaced(embedding_dim=6))
    assert w2vtrain.Embeddings.load(run).dim == 6
    assert getattr(answer[0].get(timeout=60), "dim", None) == 6
    assert hidden(run) == []


def test_a_model_that_is_set_aside_is_put_back_for_a_reader(run, capsys):
    """So it is when its writer was killed between the two renames."""
    (run / "model").rename(run / ".model.old")
    assert exit_code("neighbors", run, "a0", "-k", "1", "--tsv") == 0
    assert capsys.readouterr().out.startswith("a0\t")
    assert hidden(run) == []


def test_stability_holds_the_corpus_that_it_trains_on(run, monkeypatch):
    refused: list[object] = []
    other = write_text(run.parent / "other.txt", lines=20, seed=9)
    before = (run / "corpus" / "token_ids.npy").read_bytes()

    def prepare_meanwhile() -> None:
        config = w2vtrain.PrepareConfig(min_count=1)
        work = in_thread(lambda: w2vtrain.prepare([other], run, config, force=True))
        refused.append(work.get())

    monkeypatch.setattr(sys, "stderr", HookedText("Training with seed", prepare_meanwhile))
    assert exit_code("stability", run, "--seeds", "1", "-k", "3") == 0
    assert isinstance(refused[0], w2vtrain.W2VError), refused[0]
    assert f"{run} is in use by process {os.getpid()}" in refused[0].message
    assert (run / "corpus" / "token_ids.npy").read_bytes() == before
    assert hidden(run) == []


def write_config(run: Path) -> Path:
    config = run.parent / "config.toml"
    config.write_text(
        f"inputs = ['{run.parent / 'text.txt'}']\nrun = '{run}'\n"
        "[prepare]\nmin-count = 1\n[train]\nembedding-dim = 8\nepochs = 1\n"
        "[export]\nformat = 'npy'\n"
    )
    return config


def test_run_holds_the_run_from_the_first_stage_to_the_last(tmp_path, monkeypatch):
    write_text(tmp_path / "text.txt", lines=20)
    other = write_text(tmp_path / "other.txt", lines=20, seed=9)
    config, run, refused = write_config(tmp_path / "run"), tmp_path / "run", []

    def prepare_meanwhile() -> None:
        settings = w2vtrain.PrepareConfig(min_count=1)
        work = in_thread(lambda: w2vtrain.prepare([other], run, settings, force=True))
        refused.append(work.get())

    monkeypatch.setattr(sys, "stdout", HookedText("Vocabulary", prepare_meanwhile))
    assert exit_code("run", config) == 0
    assert isinstance(refused[0], w2vtrain.W2VError), refused[0]
    assert "is in use by process" in refused[0].message
    assert hidden(run) == []


def test_two_exports_to_one_folder(run, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    w2vtrain.export(run, w2vtrain.ExportConfig(format="npy"), folder)
    second: list[object] = []

    def meanwhile(source: Path, target: Path) -> None:
        if target == folder and not second:
            second.append("running")
            config = w2vtrain.ExportConfig(format="npy", top=5)
            second.append(in_thread(lambda: w2vtrain.export(run, config, folder)).get())

    hook_renames(meanwhile, monkeypatch.setattr)
    written = w2vtrain.export(run, w2vtrain.ExportConfig(format="npy", top=7), folder)
    assert isinstance(second[1], w2vtrain.W2VError), second[1]
    assert "is in use by process" in second[1].message
    assert len(w2vtrain.Embeddings.load(folder)) == written.rows == 7
    assert hidden(tmp_path) == []


def _run_and_get(number: int, config: Path, model: Path) -> None:
    """Do `w2v run`; a signal comes when the model is written and about to be renamed."""

    def signalled(source: Path, target: Path) -> None:
        if target == model:
            os.kill(os.getpid(), number)

    hook_renames(signalled)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(["run", str(config)])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_while_the_model_is_saved_ends_the_run_after_it(tmp_path, number, code):
    write_text(tmp_path / "text.txt", lines=20)
    run = tmp_path / "run"
    assert forked(_run_and_get, number, write_config(run), run / "model") == code
    assert sorted(path.name for path in run.iterdir()) == ["corpus", "logs", "model"]
    assert w2vtrain.Embeddings.load(run).dim == 8


def _die_renaming(target_name: str, arguments: list[str]) -> None:
    def killed(source: Path, target: Path) -> None:
        if target.name == target_name:
            die()

    hook_renames(killed)
    main(arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("projector", ["projector", "RUN", "--no-serve", "--no-layout", "--clusters", "0"]),
        ("npy", ["export", "RUN", "--format", "npy"]),
    ],
)
def test_the_next_command_clears_away_what_a_killed_one_left(run, name, arguments):
    arguments = [str(run) if argument == "RUN" else argument for argument in arguments]
    assert forked(_die_renaming, name, arguments) == -signal.SIGKILL
    assert hidden(run) != []
    w2vtrain.export(run, w2vtrain.ExportConfig(format="word2vec-text"))
    assert hidden(run) == []


@contextlib.contextmanager
def masked(umask: int):
    before = os.umask(umask)
    try:
        yield
    finally:
        os.umask(before)


def test_the_umask_rules_over_all_that_is_made(tmp_path):
    text = write_text(tmp_path / "text.txt", lines=20)
    place = tmp_path / "place"
    with masked(0o077):
        w2vtrain.prepare([text], place / "run", w2vtrain.PrepareConfig(min_count=1))
        w2vtrain.train(place / "run", QUICK)
        w2vtrain.export(place / "run", w2vtrain.ExportConfig(format="projector"))
        options = ["--no-serve", "--no-layout", "--clusters", "0"]
        assert exit_code("projector", place / "run", *options) == 0
        assert exit_code("convert", place / "run", place / "vectors.txt") == 0
        assert exit_code("convert", place / "run", place / "folder", "--to", "npy") == 0
    made = [place, *place.rglob("*")]
    wrong = {
        str(path.relative_to(tmp_path)): oct(stat.S_IMODE(path.stat().st_mode))
        for path in made
        if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)
    }
    assert len(made) > 30
    assert wrong == {}


ESCAPE = "\x1b]0;owned\x07\x9b31m"


@pytest.fixture
def hostile(tmp_path) -> Path:
    """A vector file with a token that renames the terminal's window and makes it write red."""
    path = tmp_path / "vectors.txt"
    lines = [f"3 2\n{ESCAPE} 1 0\n", "plain 1 0.1\n", "other 0 1\n"]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["neighbors", "FILE", "plain"],
        ["neighbors", "FILE", ESCAPE + "x"],
        ["similarity", "FILE", ESCAPE, "plain"],
        ["odd-one-out", "FILE", ESCAPE, "plain", "other"],
    ],
)
def test_people_see_control_characters_of_tokens_escaped(hostile, capsys, arguments):
    exit_code(*[hostile if argument == "FILE" else argument for argument in arguments])
    out, err = capsys.readouterr()
    assert r"\x1b]0;owned\x07\x9b31m" in out + err
    assert not {"\x1b", "\x07", "\x9b"} & set(out + err)


def test_programs_get_tokens_as_they_are(hostile, capsys):
    exit_code("neighbors", hostile, "other", "--tsv")
    assert f"other\t{ESCAPE}\t" in capsys.readouterr().out
    exit_code("neighbors", hostile, "other", "--json")
    out = capsys.readouterr().out
    assert r"\u001b]0;owned\u0007\u009b31m" in out


def test_the_same_text_prepared_again_is_the_same_corpus(tmp_path):
    """A time or an address in its files would make the model look like one of another text."""
    text, run = write_text(tmp_path / "text.txt", lines=20), tmp_path / "run"
    words = ["prepare", str(text), "-o", str(run), "--min-count", "1", "--force"]
    assert forked(main, words) == 0
    w2vtrain.train(run, QUICK)
    before = {path.name: path.read_bytes() for path in (run / "corpus").glob("[!m]*")}
    assert forked(main, words) == 0
    assert {path.name: path.read_bytes() for path in (run / "corpus").glob("[!m]*")} == before
    assert w2vtrain.train(run, QUICK).unchanged
