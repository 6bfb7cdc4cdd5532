"""`w2v train` and `w2v run` through `main()`: exit codes, output, and what is left behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from commands import exit_code

TEXT = "the cat sat on the mat\nthe dog sat on the rug\n" * 60
QUICK = ["--embedding-dim", "4", "--epochs", "2", "--window-size", "2"]


@pytest.fixture
def config(tmp_path) -> Path:
    (tmp_path / "text.txt").write_text(TEXT)
    path = tmp_path / "a.toml"
    path.write_text(
        f'inputs = ["{tmp_path}/text.txt"]\nrun = "{tmp_path}/run"\n'
        "[train]\nembedding-dim = 4\nepochs = 2\nwindow-size = 2\n"
    )
    return path


def test_run_does_the_three_stages_and_flags_override(config, tmp_path, capsys):
    assert exit_code("run", str(config), "--embedding-dim", "6", "--json") == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert result["prepare"]["words_read"] == 720
    assert result["train"]["embedding_dim"] == 6
    assert result["export"]["rows"] == result["prepare"]["vocabulary"] == 7
    assert all(Path(name).is_file() for name in result["export"]["files"])
    assert "Error" not in err
    assert exit_code("run", str(config), "--embedding-dim", "6") == 0
    assert "up to date" in capsys.readouterr().err


def test_train_says_what_it_did(config, tmp_path, capsys):
    exit_code("prepare", f"{tmp_path}/text.txt", "-o", f"{tmp_path}/run")
    capsys.readouterr()
    assert exit_code("train", f"{tmp_path}/run", *QUICK) == 0
    out, _ = capsys.readouterr()
    for text in ("2 epochs", "words/s", "7 words x 4 numbers", "first epoch"):
        assert text in out


def test_the_rule_for_epochs_is_printed(config, tmp_path, capsys):
    exit_code("prepare", f"{tmp_path}/text.txt", "-o", f"{tmp_path}/run")
    exit_code("train", f"{tmp_path}/run", "--embedding-dim", "2")
    assert "50 epochs (for 720 words; --epochs sets it)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "{tmp}/none"], 1, "holds no corpus/ stage"),
        (["run", "{tmp}/none.toml"], 1, "No such file"),
        (["run", "{tmp}/a.toml", "--window-size", "0"], 1, "out of range"),
        (["run", "{tmp}/a.toml", "--learning-rate", "-1"], 1, "out of range"),
        (["run", "{tmp}/a.toml", "--min-count", "1000"], 1, "occurs 240 times"),
        (["run", "{tmp}/a.toml", "--noise", "uniform"], 2, "log-uniform"),
        (["run", "{tmp}/a.toml", "--epochs", "many"], 2, "epochs"),
        (["trian"], 2, "trian"),
    ],
)
def test_bad_input_ends_in_an_error_and_leaves_nothing(
    config, tmp_path, capsys, arguments, code, message
):
    before = sorted(tmp_path.rglob("*"))
    assert exit_code(*(a.format(tmp=tmp_path) for a in arguments)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err
    if code == 1:
        assert "Error: " in err
        assert "Hint: " in err
    assert sorted(tmp_path.rglob("*")) == before


def test_the_module_is_the_command_and_stays_light():
    code = (
        "import sys, contextlib\n"
        "from w2vtrain.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'scipy', 'pyarrow', 'matplotlib'}\n"
        "print('heavy:', *(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "neighbors" in done.stdout
    assert done.stdout.endswith("heavy:\n"), done.stdout + done.stderr
    done = subprocess.run(
        [sys.executable, "-m", "w2vtrain", "--version"], capture_output=True, text=True
    )
    assert done.stdout.startswith("w2v ")
