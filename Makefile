# `make run` and `make test` need Python 3.11 or later and nothing else; the first call sets up .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test check benchmark lock clean

run: $(READY)
	$(BIN)/papercoder run tight_to_loose --backbone recorded --execute --set execution.full=true

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

benchmark: $(READY)
	$(BIN)/python -m experiments.benchmarks.critical_path
	$(BIN)/python -m experiments.benchmarks.experiment
	$(BIN)/python -m experiments.benchmarks.compiling
	$(BIN)/python -m experiments.benchmarks.footprint
	$(BIN)/python -m experiments.benchmarks.sandbox

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "PaperCoder needs Python 3.11 or later; name one with make PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --extra dev --no-header --no-annotate --no-emit-index-url \
		--no-emit-find-links --quiet pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
