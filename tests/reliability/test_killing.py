"""A few kills at random moments of the pipeline; `benchmarks/soak.py` does hundreds."""

import numpy as np
import pytest
from reliability.corpora import write_text
from reliability.killing import kill_often, whole_stages


def test_killed_pipelines_lose_nothing_and_end_with_the_same_bytes(tmp_path):
    tally = kill_often(write_text(tmp_path / "text.txt", lines=100), tmp_path, trials=6, seed=3)
    assert tally.failures == []
    assert tally.trials == 6
    assert tally.finished >= 1


def test_the_check_itself_sees_a_damaged_stage(tmp_path):
    from run_fixture import write_run

    run = write_run(tmp_path / "run", ["a", "b"], np.eye(2))
    failures: list[str] = []
    assert whole_stages(run, failures) == ["model"]
    assert failures == []
    path = run / "model" / "vectors.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    assert whole_stages(run, failures) == []
    assert len(failures) == 1
    assert "vectors.npy is damaged" in failures[0]


@pytest.mark.slow
def test_many_kills(tmp_path):
    tally = kill_often(write_text(tmp_path / "text.txt", lines=100), tmp_path, trials=50, seed=7)
    assert tally.failures == []
