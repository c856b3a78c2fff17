# Each target does its own set-up; a second call is quick, because the environment is made again only when
# pyproject.toml changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup demo test lint reproduce bench clean

setup: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "assay needs Python 3.11 or newer; found $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

demo: setup  ## Train the digits study and open its results: a table, and a page with curves.
	$(BIN)/assay run digits
	$(BIN)/assay report assay-runs/digits

test: lint  ## Everything that CI checks.
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

reproduce: setup  ## Train the origin studies on the real data and write docs/reproductions.md; measure theory.
	$(BIN)/python docs/reproduce.py
	$(BIN)/python docs/compare_with_theory.py

bench: setup  ## Measure assay against Keras and write benchmarks/results.md.
	$(BIN)/python benchmarks/against_keras.py

clean:
	rm -rf $(VENV) assay-runs .mypy_cache .pytest_cache .ruff_cache
