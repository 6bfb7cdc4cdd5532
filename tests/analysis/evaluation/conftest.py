"""Vectors and test sets small enough to check by hand, and the shared data where it is there."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = os.environ.get("W2V_SHARED") or Path(__file__).parents[3] / ".." / "shared"
    data = Path(folder) / "data"
    if not data.is_dir():
        pytest.skip(f"the shared data is not at {data}")
    return data
