# Everything a newcomer needs: `make demo`, `make test`. Nothing but python3, make and git is assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo check test coverage slow nightly package docs doc-links bench plots data pictures letters
.PHONY: outputs notebooks clean

install: $(STAMP)

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

# A minute from text to vectors: the bundled corpus, some questions to it, and what to do next.
demo: install
	$(BIN)/w2v demo

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile

test: check
	$(PYTEST) $(FLAGS)

# The same tests, and which lines of the package they reach.
coverage:
	$(MAKE) test FLAGS="--cov --cov-report=term"

# Tests that need minutes, a browser or ../shared; they skip and say why where something is missing.
slow: install
	$(PYTEST) -m slow --durations=10 -rs

# Everything that takes long: the slow tests, those that need longer still, and 20 minutes of pairs
# of commands on one run, some of them killed.
nightly: install
	$(PYTEST) -m "slow or nightly" --durations=10 -rs
	$(BIN)/python benchmarks/soak.py --minutes 20

# The documentation site, in docs/site: open docs/site/index.html. A warning is an error.
docs: install
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/site

# Do the links to other hosts still lead somewhere? Needs the network.
doc-links: docs
	$(BIN)/python -m sphinx -q -b linkcheck docs docs/site/linkcheck

# The wheel and the source archive, in dist/.
package: install
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*

# the bundled corpus and its planted truth, the same bytes every time (the files are committed)
data:
	$(PYTHON) data/make_corpus.py

# Ours and gensim side by side: half an hour on two quiet cores. The raw lines go into
# benchmarks/results/gensim.jsonl, the tables into benchmarks/RESULTS.md and README.md. CORPUS,
# SIMILARITY and ANALOGIES are paths to your own; an interrupted benchmark goes on.
TEXTS := ../shared/data
CORPUS ?= $(TEXTS)/corpora/wiki_en.txt.gz
SIMILARITY ?= $(addprefix $(TEXTS)/similarity/,EN-WS-353-ALL.txt EN-SIMLEX-999.txt EN-MEN-TR-3k.txt)
ANALOGIES ?= $(TEXTS)/analogy/questions-words.txt
bench: install
	$(BIN)/python benchmarks/against_gensim.py $(CORPUS) --record \
		$(if $(SIMILARITY),--similarity $(SIMILARITY)) $(if $(ANALOGIES),--analogies $(ANALOGIES))

# The pictures of docs/results.md, drawn from what the benchmarks have recorded.
plots: install
	$(BIN)/python benchmarks/plots.py

# The pictures in docs/, made by the commands themselves from the bundled corpus.
PLOT := $(BIN)/w2v plot
PICTURES := docs/pictures
pictures: install
	$(BIN)/w2v run configs/demo.toml
	$(PLOT) map runs/demo --top 250 --title "The bundled corpus" -o $(PICTURES)/map.png
	$(PLOT) map runs/demo --top 250 --title "The bundled corpus" -o $(PICTURES)/map-dark.png --theme dark
	$(PLOT) map runs/demo --neighbors-of king doctor rain -k 10 --method pca \
		--title "Neighbors" -o $(PICTURES)/neighbors.png
	$(BIN)/w2v train runs/demo --config configs/demo.toml --snapshots --force
	$(PLOT) map runs/demo --checkpoints --neighbors-of king rain doctor -k 8 \
		-o $(PICTURES)/training-map.png
	$(PLOT) history runs/demo -o $(PICTURES)/history.png
	$(PLOT) frequency runs/demo -o $(PICTURES)/frequency.png
	$(PLOT) similarity runs/demo king queen prince princess doctor teacher rain snow horse \
		-o $(PICTURES)/similarity.png
	$(PLOT) analogy runs/demo king:queen man:woman father:mother uncle:aunt boy:girl \
		--title "Gender" -o $(PICTURES)/analogy.png
	$(BIN)/w2v bias runs/demo data/bias.toml --plot $(PICTURES)/bias.png
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

# The examples in the README and the tour, with what the commands print now.
outputs: install
	$(BIN)/w2v run configs/demo.toml
	$(BIN)/python docs/outputs.py README.md docs/tour.md docs/bias.md

# Run the teaching notebooks and keep what they print and draw; reviews.ipynb reads the reviews from
# ../shared or from REVIEWS.
REVIEWS ?= $(TEXTS)/corpora/imdb_train.csv.gz
notebooks: install
	$(BIN)/python docs/outputs.py docs/notebooks/*.ipynb --beside $(REVIEWS)

clean:
	rm -rf $(VENV) runs dist docs/site
