"""Each test starts a fresh process: TensorFlow's threads are fixed once it has started."""

import subprocess
import sys
import textwrap


def run(code: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done


def test_starts_without_a_word_with_the_threads_asked_for_and_warns_when_they_cannot_change():
    done = run("""
        import logging, os
        from w2vtrain.tensorflow_runtime import configure
        tf = configure(3)
        print(tf.config.threading.get_inter_op_parallelism_threads())
        print(tf.config.threading.get_intra_op_parallelism_threads())
        print(int(tf.reduce_sum(tf.range(5))))
        configure(3)
        configure()
        os.write(2, b"still open\\n")
        logging.basicConfig(format="%(levelname)s %(message)s")
        configure(2)
    """)
    assert done.stdout.split() == ["3", "1", "10"]
    said, warned = done.stderr.splitlines()
    assert said == "still open"
    assert warned.startswith("WARNING TensorFlow has started already")
    assert "asked: 2" in warned


def test_errors_during_the_start_reach_stderr():
    done = run("""
        import os
        from w2vtrain.tensorflow_runtime import _quiet_stderr
        try:
            with _quiet_stderr():
                os.write(2, b"why it failed")
                raise ImportError("gone")
        except ImportError:
            pass
    """)
    assert done.stderr == "why it failed"


def test_keras_starts_without_the_packages_that_no_command_uses():
    done = run("""
        import sys
        from w2vtrain.tensorflow_runtime import configure, leave_out_extras
        leave_out_extras()
        configure()
        extras = {"IPython", "PIL", "huggingface_hub", "matplotlib", "pandas", "sklearn"}
        print(*extras & set(sys.modules))
        import pandas, sklearn  # and they can be imported as ever
        import keras
        try:
            keras.wrappers.SKLearnClassifier(keras.Sequential())
        except ImportError as error:
            print(type(error).__name__)
    """)
    assert done.stdout == "\nImportError\n"
