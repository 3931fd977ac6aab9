# make demo   sets up, then lets the bundled model look for a planted fault under a ceiling of 2,048 tokens
# make test   sets up, then runs every check

PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint clean

demo: $(READY)
	$(BIN)/toolpager demo

test: lint
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(TORCH)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[local,openai,mcp,plot,dev]"
	touch $(READY)

clean:
	rm -rf $(VENV) .toolpager .hypothesis .benchmarks .mypy_cache .ruff_cache .pytest_cache
