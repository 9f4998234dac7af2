# `make demo` and `make test` do all the set-up themselves: they need Python 3.11 or newer, make and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FUZZ_SECONDS ?= 300
READY := $(VENV)/.ready

.PHONY: demo test gate lint format bench fuzz clean setup
.DEFAULT_GOAL := demo

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "SensorSwarm needs Python 3.11 or newer: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(READY)
	$(BIN)/sensorswarm run demo

test: $(READY)
	$(BIN)/python -m pytest -n 3 --dist loadfile

# Exact counts of a short real run: books, leaks, alerts. No limit on any latency: a shared machine has none to keep. That
# nothing can be said (3), because somebody else took the cores meanwhile, is worth one more try.
gate: $(READY)
	@runs=$$(mktemp -d); trap 'rm -rf "$$runs"' EXIT; \
	run() { $(BIN)/sensorswarm run gate --run-dir "$$runs/$$1"; }; \
	run 1 || { test $$? -eq 3 && run 2; }

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	@for file in benchmarks/[a-z]*.py; do name=$$(basename $$file .py); \
		[ $$name = soak ] && continue; \
		echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

# Coverage-guided, over all targets in turn; what it finds, and what it learned, lies in runs/fuzz.
fuzz: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,fuzz]'
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis runs
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
