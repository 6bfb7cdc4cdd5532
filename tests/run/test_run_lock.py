"""One process at a time: a second is told who holds the run; a dead one holds nothing."""

import json
import os
import threading
import time
from pathlib import Path

import pytest
from forked import CONTEXT, die, forked

from w2vtrain.errors import W2VError
from w2vtrain.run import lock
from w2vtrain.run.lock import LOCK, file_lock, run_lock
from w2vtrain.run.stage import workspace


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


def test_the_record_of_a_killed_holder_leaves_no_trace_in_that_of_the_next(tmp_path):
    (tmp_path / LOCK).write_text(" " + json.dumps({"command": "w2v train " + "x" * 5000}))
    with (
        run_lock(tmp_path),
        pytest.raises(W2VError, match=rf"in use by process {os.getpid()} on "),
        file_lock(tmp_path / LOCK, tmp_path),
    ):
        pass


def test_lock_of_a_killed_process_holds_nothing_and_its_leftovers_go(tmp_path):
    run = tmp_path / "run"
    assert forked(_hold_and_die, run) == -9
    assert (run / LOCK).exists()
    assert (run / ".model-ab12cd_9").exists()
    for kept in (".my-notes", ".cache-12345678", ".emacs.old"):  # the user's own
        (run / kept).mkdir()
    (run / "model").mkdir()
    for left in (".model.old", ".projector-0123abcd", ".scratch-abcdefgh", "logs/x"):
        (run / left).mkdir(parents=True)
    (run / ".corpus.lock").touch()
    (run / "logs/x/.projector_config.pbtxt-0a1b2c3d").touch()
    child = run / "stability" / "seed-2"
    (child / ".model-00000000").mkdir(parents=True)
    (child / LOCK).touch()
    with run_lock(run):
        left = [str(path.relative_to(run)) for path in run.rglob(".*")]
    assert sorted(left) == [".cache-12345678", ".emacs.old", LOCK, ".my-notes"]
    assert not (run / LOCK).exists()
    assert (run / "model").exists()


def test_what_another_process_is_writing_is_not_cleared_away(tmp_path):
    with workspace(tmp_path / "projector") as at_work, run_lock(tmp_path):
        assert at_work.is_dir()


def test_what_was_set_aside_is_put_back(tmp_path):
    (tmp_path / ".model.old").mkdir()
    (tmp_path / ".model.old" / "vectors.npy").touch()
    with run_lock(tmp_path):
        assert (tmp_path / "model" / "vectors.npy").exists()


def test_a_thread_that_holds_a_run_may_lock_it_again(tmp_path):
    with run_lock(tmp_path / "run"):
        with run_lock(tmp_path / "run"):
            pass
        with pytest.raises(W2VError), file_lock(tmp_path / "run" / LOCK, tmp_path):
            pass
        refused = []
        thread = threading.Thread(target=_try_to_lock, args=(tmp_path / "run", refused))
        thread.start()
        thread.join()
        assert len(refused) == 1
    with run_lock(tmp_path / "run"):
        pass


def _try_to_lock(run: Path, refused: list) -> None:
    try:
        with run_lock(run):
            pass
    except W2VError as error:
        refused.append(error)


def test_a_lock_file_that_was_removed_after_it_was_opened_locks_nothing(tmp_path, monkeypatch):
    """Its holder removes it and ends; another process makes a new one and locks that."""
    path, real, others = tmp_path / LOCK, lock.lock_descriptor, []

    def late(handle: int, blocking: bool) -> bool:
        if not others:
            path.unlink()
            others.append(os.open(path, os.O_RDWR | os.O_CREAT))
            assert real(others[0], blocking=False)
        return real(handle, blocking=blocking)

    monkeypatch.setattr(lock, "lock_descriptor", late)
    with pytest.raises(W2VError, match="in use by another process"), run_lock(tmp_path):
        pass
    os.close(others[0])


def test_a_folder_that_its_last_holder_has_just_removed_is_made_again(tmp_path, monkeypatch):
    run, real, calls = tmp_path / "run", os.open, []

    def late(path, *arguments):
        if path == run / LOCK and not calls:
            calls.append(path)
            run.rmdir()
        return real(path, *arguments)

    monkeypatch.setattr(os, "open", late)
    with run_lock(run):
        assert (run / LOCK).exists()


def _end_before_a_forked_child(run: Path) -> None:
    with run_lock(run):
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
    try:
        with run_lock(run):
            pass
    finally:
        os.kill(child, 9)


def test_a_forked_child_does_not_keep_the_lock(tmp_path):
    assert forked(_end_before_a_forked_child, tmp_path) == 0


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
