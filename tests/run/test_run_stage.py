"""A stage's folder is whole or not there; what is wrong in one is named."""

import errno
import json
import os
import stat

import pytest
from forked import die, forked

from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.files import replace_folder
from w2vtrain.run.lock import file_lock, lock_of
from w2vtrain.run.stage import MANIFEST, atomic_stage, read_manifest, reading, reads


def make(folder, content=b"one"):
    with atomic_stage(folder, {"stage": "test"}) as temporary:
        (temporary / "a.bin").write_bytes(content)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "run" / "corpus"
    make(folder)
    return folder


def test_a_stage_comes_whole_with_its_manifest(folder):
    manifest = read_manifest(folder, "w2v prepare", verify=True)
    assert manifest["stage"] == "test"
    assert manifest["files"]["a.bin"] == {
        "bytes": 3,
        "sha256": "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed",  # of "one"
    }
    assert [path.name for path in folder.parent.iterdir()] == ["corpus"]


def test_a_stage_that_fails_leaves_what_stood_there(folder):
    with pytest.raises(RuntimeError), atomic_stage(folder, {}) as temporary:  # noqa: PT012
        (temporary / "a.bin").write_bytes(b"two")
        raise RuntimeError
    assert (folder / "a.bin").read_bytes() == b"one"
    assert [path.name for path in folder.parent.iterdir()] == ["corpus"]


def test_a_first_stage_that_fails_leaves_no_run(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic_stage(tmp_path / "a/b/corpus", {}):
        raise KeyboardInterrupt
    assert not (tmp_path / "a").exists()


def test_a_new_stage_replaces_the_old(folder):
    make(folder, b"two")
    assert (folder / "a.bin").read_bytes() == b"two"


def _die_between_renames(new, folder):
    rename = type(folder).rename

    def die_at_the_second(self, target):
        if self == new:
            die()
        return rename(self, target)

    type(folder).rename = die_at_the_second
    replace_folder(new, folder)


@pytest.fixture
def killed_between_renames(folder):
    """A folder whose writer was killed when the old one was aside and the new not yet there."""
    new = folder.parent / "new"
    new.mkdir()
    assert forked(_die_between_renames, new, folder) == -9
    assert not folder.exists()
    return folder


def test_a_kill_between_the_two_renames_loses_nothing(killed_between_renames):
    folder = killed_between_renames
    assert read_manifest(folder, "w2v prepare")["stage"] == "test"
    assert (folder / "a.bin").read_bytes() == b"one"
    assert sorted(path.name for path in folder.parent.iterdir()) == ["corpus", "new"]


def test_a_folder_set_aside_is_put_back_before_the_next_is_written(killed_between_renames):
    folder = killed_between_renames
    with pytest.raises(RuntimeError), atomic_stage(folder, {}):
        raise RuntimeError
    assert (folder / "a.bin").read_bytes() == b"one"


def test_a_reader_leaves_alone_what_a_writer_has_set_aside(killed_between_renames, monkeypatch):
    folder = killed_between_renames
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with (
        file_lock(lock_of(folder), folder),
        pytest.raises(W2VError, match=r"set aside as .*corpus\.old") as caught,
    ):
        read_manifest(folder, "w2v prepare")
    assert "in use by" in caught.value.hint
    assert not folder.exists()


def test_a_failed_rename_puts_the_old_folder_back(folder, tmp_path):
    with pytest.raises(FileNotFoundError):
        replace_folder(tmp_path / "absent", folder)
    assert (folder / "a.bin").read_bytes() == b"one"
    assert [path.name for path in folder.parent.iterdir()] == ["corpus"]


def test_a_manifest_is_read_again_when_the_folder_is_replaced_meanwhile(folder, monkeypatch):
    """Otherwise the size of the new file would be compared with that in the old manifest."""
    read_bytes, calls = type(folder).read_bytes, []

    def replaced_meanwhile(self):
        content = read_bytes(self)
        if not calls:
            calls.append(self)
            make(folder, b"longer")
        return content

    monkeypatch.setattr(type(folder), "read_bytes", replaced_meanwhile)
    assert read_manifest(folder, "w2v prepare", verify=True)["files"]["a.bin"]["bytes"] == 6


def test_reading_notices_that_the_folder_was_replaced(folder):
    with reading(folder):
        assert (folder / "a.bin").read_bytes() == b"one"
    replaced = r"corpus was replaced while it was read"
    with pytest.raises(W2VError, match=replaced), reading(folder.parent / "model", folder):
        make(folder, b"two")
    with pytest.raises(W2VError, match=replaced), reading(folder):
        _replace_and_miss(folder)
    with pytest.raises(FileNotFoundError), reading(folder):
        (folder / "never there").read_bytes()


def test_a_function_that_reads_a_run(folder):
    @reads("corpus")
    def content(run, replaced=False):
        if replaced:
            make(folder, b"two")
        return (run / "corpus" / "a.bin").read_bytes()

    assert content(folder.parent) == content(run=folder.parent) == b"one"
    with pytest.raises(W2VError, match="replaced while it was read"):
        content(folder.parent, replaced=True)


def _replace_and_miss(folder):
    make(folder, b"two")
    (folder / "no longer there").read_bytes()


def test_two_writers_of_a_folder(folder):
    with atomic_stage(folder, {}) as temporary:
        (temporary / "a.bin").write_bytes(b"two")
        with pytest.raises(W2VError, match=r"corpus is in use by process"):
            make(folder, b"three")
    assert (folder / "a.bin").read_bytes() == b"two"


@pytest.mark.parametrize("umask", [0o077, 0o022, 0o002])
def test_permissions_follow_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        make(tmp_path / "run" / "corpus")
    finally:
        os.umask(before)
    for path in (tmp_path / "run").rglob("*"):
        everything = 0o777 if path.is_dir() else 0o666
        assert stat.S_IMODE(path.stat().st_mode) == everything & ~umask


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_full_disk_is_an_error_with_a_hint(folder, code):
    with pytest.raises(W2VError, match="Cannot write") as caught, atomic_stage(folder, {}):
        raise OSError(code, os.strerror(code))
    assert caught.value.hint
    assert (folder / "a.bin").read_bytes() == b"one"


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(W2VError, match="Cannot write"):
        make(tmp_path / "run" / "corpus")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "a.bin").unlink(), "is missing"),
        (lambda f: (f / "a.bin").write_bytes(b"longer"), "6 bytes, not 3"),
        (lambda f: (f / "a.bin").write_bytes(b"two"), "SHA-256"),
        (lambda f: (f / MANIFEST).write_text("{"), "cannot be read"),
        (lambda f: (f / MANIFEST).write_text("[]"), "cannot be read"),
        (lambda f: (f / MANIFEST).unlink(), "holds no corpus/ stage"),
    ],
)
def test_damage_is_named(folder, damage, message):
    damage(folder)
    with pytest.raises(W2VError, match=message) as caught:
        read_manifest(folder, "w2v prepare", verify=True)
    assert "w2v prepare" in caught.value.hint


def test_damage_at_the_end_of_a_large_file_is_named(folder):
    make(folder, bytes(300_000))
    (folder / "a.bin").write_bytes(bytes(299_999) + b"\1")
    read_manifest(folder, "w2v prepare")
    with pytest.raises(W2VError, match=r"a\.bin is damaged: its SHA-256"):
        read_manifest(folder, "w2v prepare", verify=True)


def test_a_run_of_another_format_is_refused(folder):
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest.update(format=999, w2vtrain="9.9")
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(W2VError, match="run format 999") as caught:
        read_manifest(folder, "w2v prepare")
    assert "w2vtrain 9.9" in caught.value.hint


def test_all_names_lie_in_the_run(tmp_path):
    run = RunDirectory(tmp_path)
    paths = [getattr(run, name) for name in vars(RunDirectory) if not name.startswith("_")]
    assert len(set(paths)) == len(paths) == 20
    assert all(tmp_path in path.parents for path in paths)
    assert run.vectors == tmp_path / "model" / "vectors.npy"
