# Everything a newcomer needs: `make demo`, `make test`. Nothing but python3, make and git is assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test check bench data pictures letters outputs clean

install: $(STAMP)

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

# A minute from text to vectors: the bundled corpus, some questions to it, and the files to look at.
demo: install
	$(BIN)/w2v run configs/demo.toml
	@echo; echo '$$ w2v neighbors runs/demo doctor rain sailor -k 5'
	@$(BIN)/w2v neighbors runs/demo doctor rain sailor -k 5
	@echo; echo '$$ w2v analogy runs/demo man woman king        (man is to woman as king is to ...)'
	@$(BIN)/w2v analogy runs/demo man woman king
	@echo; echo '$$ w2v projector runs/demo                     opens the vectors in the browser'

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check
	$(BIN)/python -m pytest -n 2 --dist loadfile

# the bundled corpus and its planted truth, the same bytes every time (the files are committed)
data:
	$(PYTHON) data/make_corpus.py

# Ours and gensim side by side, recorded in benchmarks/RESULTS.md; CORPUS, SIMILARITY and ANALOGIES
# are paths to your own.
bench: install
	$(BIN)/python benchmarks/against_gensim.py $(CORPUS) --record \
		$(if $(SIMILARITY),--similarity $(SIMILARITY)) $(if $(ANALOGIES),--analogies $(ANALOGIES))

# The pictures in docs/, made by the commands themselves from the bundled corpus.
PLOT := $(BIN)/w2v plot
PICTURES := docs/pictures
pictures: install
	$(BIN)/w2v run configs/demo.toml
	$(PLOT) map runs/demo --top 250 --title "The bundled corpus" -o $(PICTURES)/map.png
	$(PLOT) map runs/demo --neighbors-of king doctor rain -k 10 --method pca \
		--title "Neighbours" -o $(PICTURES)/neighbors.png
	$(BIN)/w2v train runs/demo --config configs/demo.toml --snapshots --force
	$(PLOT) map runs/demo --checkpoints --neighbors-of king rain doctor -k 8 \
		-o $(PICTURES)/training-map.png
	$(PLOT) history runs/demo -o $(PICTURES)/history.png
	$(PLOT) frequency runs/demo -o $(PICTURES)/frequency.png
	$(PLOT) similarity runs/demo king queen prince princess doctor teacher rain snow horse \
		-o $(PICTURES)/similarity.png
	$(PLOT) analogy runs/demo king:queen man:woman father:mother uncle:aunt boy:girl \
		--title "Gender" -o $(PICTURES)/analogy.png
	$(BIN)/w2v run configs/full_softmax.toml
	$(PLOT) map runs/full_softmax --top 150 --title "Ten numbers a word, full softmax" \
		-o $(PICTURES)/full-softmax-map.png
	$(PLOT) history runs/full_softmax -o $(PICTURES)/full-softmax-history.png
	$(BIN)/w2v run configs/tutorial.toml
	$(PLOT) history runs/tutorial -o $(PICTURES)/tutorial-history.png

# The same for the letters, from your own table of headlines: make letters HEADLINES=headlines.csv
letters: install
	mkdir -p runs
	sed 's|headlines.csv|$(abspath $(HEADLINES))|' configs/letters.toml > runs/letters.toml
	$(BIN)/w2v run runs/letters.toml
	$(BIN)/w2v groups runs/letters data/letters.tsv
	$(PLOT) map runs/letters --checkpoints --highlight a e i o u \
		--words a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9 \
		-o $(PICTURES)/letters.png

# The examples in the README, with what the commands print now.
outputs: install
	$(BIN)/w2v run configs/demo.toml
	$(BIN)/python docs/outputs.py README.md

clean:
	rm -rf $(VENV) runs
