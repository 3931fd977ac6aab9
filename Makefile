# make demo   sets up, then lets the bundled model look for a planted fault under a ceiling of 2,048 tokens
# make test   sets up, then runs every check
# make results   measures quality anew and writes benchmarks/results and the README's tables; MODELS="--model ..." asks models

PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
RUNS := $(VENV)/.runs
READY := $(VENV)/.ready

.PHONY: demo test lint results clean

demo: $(RUNS)
	$(BIN)/toolpager demo

test: lint
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# what a user of the agent needs
$(RUNS): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) "$(TORCH)"
	$(INSTALL) --editable ".[local,openai,mcp,plot]"
	touch $(RUNS)

# and what the checks need: the frameworks, servers and libraries that are tried for real
$(READY): $(RUNS)
	$(INSTALL) --editable ".[dev]"
	touch $(READY)

results: $(READY)
	$(INSTALL) --editable ".[bench]"
	$(BIN)/python -m benchmarks.peers
	$(BIN)/toolpager bench quality --keep $(MODELS)

clean:
	rm -rf $(VENV) .toolpager .hypothesis .benchmarks .mypy_cache .ruff_cache .pytest_cache
