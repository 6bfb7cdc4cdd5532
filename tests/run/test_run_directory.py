"""A stage's folder is whole or not there; what is wrong in one is named."""

import errno
import json
import os

import pytest

from w2vtrain.errors import W2VError
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import MANIFEST, atomic_stage, read_manifest, replace_folder


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


def test_a_kill_between_the_two_renames_loses_nothing(folder, monkeypatch):
    new = folder.parent / "new"
    new.mkdir()
    rename = type(folder).rename

    def killed(self, target):
        if self == new:
            raise SystemExit
        return rename(self, target)

    monkeypatch.setattr(type(folder), "rename", killed)
    with pytest.raises(SystemExit):
        replace_folder(new, folder)
    monkeypatch.undo()
    assert not folder.exists()
    assert read_manifest(folder, "w2v prepare")["stage"] == "test"
    assert (folder / "a.bin").read_bytes() == b"one"


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


def test_a_run_of_another_format_is_refused(folder):
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest.update(format=999, w2vtrain="9.9")
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(W2VError, match="run format 999") as caught:
        read_manifest(folder, "w2v prepare")
    assert "w2vtrain 9.9" in caught.value.hint


def test_all_names_lie_in_the_run(tmp_path):
    run = RunDirectory(tmp_path)
    names = [getattr(run, n) for n, v in vars(RunDirectory).items() if isinstance(v, property)]
    assert all(tmp_path in path.parents for path in names)
