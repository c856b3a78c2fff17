# Each target does its own set-up; a second call is quick, because the environment is made again only when
# pyproject.toml changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := benchmarks/.venv

.PHONY: setup demo test lint docs hooks validate reproduce bench calibrate known-faults corpus intervals splits clean

setup: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "assay needs Python 3.11 or newer; found $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@echo "Installing assay and what it needs into $(VENV); this takes a minute or so."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

demo: setup  ## Train the digits study and open its results: a table, and a page with curves.
	$(BIN)/assay run digits
	$(BIN)/assay report assay-runs/digits

test: lint  ## Everything that CI checks.
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

lint: setup docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: setup  ## The documentation as a site in site/, with the Python reference; a link that leads nowhere is an error.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

hooks: setup  ## Check formatting before every commit.
	$(BIN)/pre-commit install

validate: setup  ## The many more cases that `make test` leaves out; those with scripts of their own are below.
	$(BIN)/python -m pytest -m validation --numprocesses auto --maxprocesses 4 --dist worksteal

reproduce: setup  ## Train the origin studies on the real data and write docs/reproductions.md; measure theory.
	$(BIN)/python validation/reproduce.py
	$(BIN)/python validation/compare_with_theory.py

bench: $(PEERS)/.ready  ## Measure the engine against its peers, all of it or ONLY="B1 B5"; needs a quiet machine.
	$(PEERS)/bin/python benchmarks/referee.py $(if $(ONLY),--only $(ONLY))
	$(if $(ONLY),,$(PEERS)/bin/python benchmarks/step.py)
	$(if $(ONLY),,$(PEERS)/bin/python benchmarks/compiler.py)
	$(if $(ONLY),,$(PEERS)/bin/python benchmarks/kinds.py)
	$(if $(ONLY),,$(PEERS)/bin/python benchmarks/against_keras.py)
	$(if $(ONLY),,$(PEERS)/bin/python benchmarks/probes.py)
	$(if $(ONLY),,$(PEERS)/bin/python benchmarks/scale.py)

calibrate: setup  ## Train 2,352 networks, fit the forecast, and write docs/calibration.md; about an hour.
	$(BIN)/python validation/calibrate.py

known-faults: setup  ## Judge programs with known faults, train their cures, and write validation/known_faults.md.
	$(BIN)/python validation/known_faults.py

corpus: setup  ## Train and judge the programs of the corpus, and write validation/corpus.md; some hours.
	$(BIN)/python validation/corpus train
	$(BIN)/python validation/corpus judge
	$(BIN)/python validation/corpus judge --others
	$(BIN)/python validation/corpus page

intervals: setup  ## Measure how far intervals and comparisons can be trusted, and write validation/intervals.md.
	$(BIN)/python validation/intervals.py

splits: setup  ## Measure how far intervals over several splits of a table can be trusted, and write validation/splits.md.
	$(BIN)/python validation/splits.py

$(PEERS)/.ready: pyproject.toml benchmarks/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --editable . -r benchmarks/requirements.txt
	@touch $(PEERS)/.ready

clean:
	rm -rf $(VENV) $(PEERS) assay-runs build dist site .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
