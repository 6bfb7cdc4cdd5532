# Everything a newcomer needs: `make demo`, `make test`. Nothing but python3, make and git is assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test check bench data clean

install: $(STAMP)

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check
	$(BIN)/python -m pytest

# the bundled corpus and its planted truth, the same bytes every time (the files are committed)
data:
	$(PYTHON) data/make_corpus.py

clean:
	rm -rf $(VENV) runs
