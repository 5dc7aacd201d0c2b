# Touchline: `make run` starts the dashboard, `make test` runs every check. Both make what they need in .venv.

PORT ?= 8501
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test test-cloud fuzz bench bench-upload bench-engine bench-engine-scale format
.DEFAULT_GOAL := run

run: .venv/.installed
	@$(BIN)/python -m pipelines demo --if-unused || true # where it fails the dashboard starts all the same, and says why
	@echo "Touchline: http://localhost:$(PORT)"
	@exec $(BIN)/streamlit run app/main.py --server.port $(PORT) --server.address 127.0.0.1 --server.headless true \
		--browser.gatherUsageStats false

test: .venv/.installed-dev
	@$(BIN)/python tests/browser/chromium.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --numprocesses 2 --dist loadfile

test-cloud: .venv/.installed-dev
	@$(BIN)/python -m tests.cloud.trino_server
	$(BIN)/pytest -m trino

fuzz: .venv/.installed-dev
	$(BIN)/python -m tests.fuzz

bench: .venv/.installed-dev
	@$(BIN)/python tests/browser/chromium.py
	$(BIN)/python -m tests.bench

bench-upload: .venv/.installed-dev
	$(BIN)/python -m tests.bench.uploads

bench-engine: .venv/.installed-dev
	$(BIN)/python -m tests.bench.engine

bench-engine-scale: .venv/.installed-dev
	$(BIN)/python -m tests.bench.engine --scale

format: .venv/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Touchline needs Python 3.11 or newer: install it, or name it with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is missing: install the package python3-venv." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt requirements-glue.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@
