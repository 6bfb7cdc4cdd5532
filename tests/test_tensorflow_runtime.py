"""TensorFlow's start, in fresh processes: its threads are fixed once it has started."""

import os
import subprocess
import sys
import textwrap

import pytest

from w2vtrain.tensorflow_runtime import start_process


def run(code: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def started() -> subprocess.CompletedProcess[str]:
    """One start, since each takes seconds; what it prints is in the order of the tests below."""
    return run("""
        import logging, os, sys
        from w2vtrain.tensorflow_runtime import configure, leave_out_extras
        leave_out_extras()
        tf = configure(3)
        print(tf.config.threading.get_inter_op_parallelism_threads())
        print(tf.config.threading.get_intra_op_parallelism_threads())
        print(int(tf.reduce_sum(tf.range(5))))
        extras = {"IPython", "PIL", "huggingface_hub", "matplotlib", "pandas", "sklearn"}
        print("imported:", *extras & set(sys.modules))
        configure(3)
        configure()
        os.write(2, b"still open\\n")
        logging.basicConfig(format="%(levelname)s %(message)s")
        configure(2)
        import pandas, sklearn
        import keras
        try:
            keras.wrappers.SKLearnClassifier(keras.Sequential())
        except ImportError as error:
            print(type(error).__name__)
    """)


def test_starts_without_a_word_and_with_the_threads_asked_for(started):
    assert started.stdout.split()[:3] == ["3", "1", "10"]
    assert started.stderr.startswith("still open\n")


def test_warns_when_threads_cannot_change_any_more(started):
    warned = started.stderr.splitlines()[1]
    assert warned.startswith("WARNING TensorFlow has started already")
    assert "asked: 2" in warned


def test_processes_share_the_threads_out():
    """What is too late to change goes without a warning where the threads are those asked for."""
    done = run("""
        import logging
        from w2vtrain.tensorflow_runtime import configure
        logging.basicConfig(format="%(message)s")
        tf = configure(6, processes=4)
        print(tf.config.threading.get_inter_op_parallelism_threads())
        configure(1, processes=2)
        configure(8, processes=2)
    """)
    assert done.stdout.split() == ["1"]
    assert done.stderr.splitlines() == [
        "TensorFlow has started already: its threads stay as they are (asked: 8)."
    ]


def test_keras_starts_without_the_packages_that_no_command_uses(started):
    """They can be imported as ever; Keras goes on without them."""
    assert started.stdout.splitlines()[3:] == ["imported:", "ImportError"]


def test_errors_during_the_start_reach_stderr():
    done = run("""
        import os
        from w2vtrain.tensorflow_runtime import quiet_stderr
        try:
            with quiet_stderr():
                os.write(2, b"why it failed")
                raise ImportError("gone")
        except ImportError:
            pass
    """)
    assert done.stderr == "why it failed"


def test_a_process_of_ours_finds_what_this_one_finds(tmp_path, monkeypatch):
    (tmp_path / "reader_of_lines.py").write_text(
        "import os, sys\nprint(sys.stdin.read() + os.environ['OF_THE_PARENT'] + os.environ['OWN'])"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("OF_THE_PARENT", "b")
    process = start_process("reader_of_lines", {"OWN": "c"})
    assert process.communicate(b"a")[0] == b"abc\n"
    assert "OWN" not in os.environ
