"""What all tests need: interrupts that arrive, TensorFlow, and no test that fails for being slow.

A shell starts its background jobs with SIGINT ignored, and programs started from there inherit it.
"""

import signal

import pytest
from hypothesis import settings

signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("w2v", deadline=None)
settings.load_profile("w2v")


@pytest.fixture(autouse=True)
def _tensorboard_keeps_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """`w2v projector` keeps TensorFlow from TensorBoard for the rest of its process: here tests."""
    monkeypatch.setattr("w2vtrain.show.projector.server.spare_tensorflow", lambda: None)
