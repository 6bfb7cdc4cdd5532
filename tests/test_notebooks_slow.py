"""The teaching notebooks run from their first cell to their last, in an empty folder."""

import os
from pathlib import Path

import pytest
from test_readme import page_maker

ROOT = Path(__file__).parents[1]
REVIEWS = Path(os.environ.get("W2V_SHARED", ROOT / "../shared")) / "data/corpora/imdb_train.csv.gz"
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path, monkeypatch):
    pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    if path.stem == "reviews":
        if not REVIEWS.exists():
            pytest.skip(f"no reviews in {REVIEWS}")
        (tmp_path / REVIEWS.name).symlink_to(REVIEWS.resolve())
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = page_maker().run_notebook(path, tmp_path)
    printed = [cell.outputs for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    assert len(printed) >= 5


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_as_it_ran_and_small(path):
    import json

    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert path.stat().st_size < 200_000
