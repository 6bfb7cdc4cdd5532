"""One process at a time: a second is told who holds the run; a dead one holds nothing."""

import os
import time
from pathlib import Path

import pytest
from forked import CONTEXT, die, forked

from w2vtrain.errors import W2VError
from w2vtrain.run.lock import LOCK, run_lock


def _hold(run: Path, ready, release) -> None:
    with run_lock(run):
        ready.set()
        release.wait(60)


def _hold_and_die(run: Path) -> None:
    with run_lock(run):
        (run / ".model-ab12cd_9").mkdir()
        die()


def test_second_process_is_told_who_holds_the_run(tmp_path):
    ready, release = CONTEXT.Event(), CONTEXT.Event()
    process = CONTEXT.Process(target=_hold, args=(tmp_path, ready, release))
    process.start()
    assert ready.wait(60)
    with (
        pytest.raises(
            W2VError, match=rf"in use by process {process.pid} on .*, `.*`, since \d{{4}}-"
        ),
        run_lock(tmp_path),
    ):
        pass
    release.set()
    process.join()
    with run_lock(tmp_path):
        pass


def test_lock_of_a_killed_process_holds_nothing_and_its_leftovers_go(tmp_path):
    run = tmp_path / "run"
    assert forked(_hold_and_die, run) == -9
    assert (run / LOCK).exists()
    assert (run / ".model-ab12cd_9").exists()
    (run / ".my-notes").mkdir()  # the user's own
    (run / ".model.old").mkdir()  # set aside by replace_folder: not to be swept
    with run_lock(run):
        assert sorted(path.name for path in run.iterdir()) == [LOCK, ".model.old", ".my-notes"]


def test_run_directory_that_stays_empty_goes_again(tmp_path):
    with run_lock(tmp_path / "new" / "run"):
        assert (tmp_path / "new" / "run" / LOCK).exists()
    assert not (tmp_path / "new").exists()


def _enter_often(run: Path, log: Path) -> None:
    for _ in range(200):
        try:
            with run_lock(run), log.open("a") as file:
                file.write(f"in {os.getpid()}\n")
                file.flush()
                time.sleep(0.0005)
                file.write(f"out {os.getpid()}\n")
        except W2VError:
            time.sleep(0.0002)


def test_never_two_at_once(tmp_path):
    log = tmp_path / "log"
    (tmp_path / "run" / "corpus").mkdir(parents=True)
    processes = [
        CONTEXT.Process(target=_enter_often, args=(tmp_path / "run", log)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    lines = log.read_text().splitlines()
    for entered, left in zip(lines[::2], lines[1::2], strict=True):
        assert entered.split()[0] == "in"
        assert left == f"out {entered.split()[1]}"
    assert len({line.split()[1] for line in lines}) == 3


def test_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(W2VError, match=r"Cannot write .*file/run"),
        run_lock(tmp_path / "file" / "run"),
    ):
        pass
