# Touchline: `make run` starts the dashboard, `make test` runs the checks but for those that have a target of their own. All make what they need
# in .venv.

PORT ?= 8501
PYTHON ?= python3
BIN := .venv/bin
PARALLEL := --numprocesses 2 --dist loadfile

.PHONY: run run-cloud-demo test test-engine test-dashboard test-cloud test-airflow fuzz bench bench-upload bench-engine bench-engine-scale bench-cloud format
.DEFAULT_GOAL := run

run: .venv/.installed
	@$(BIN)/python -m pipelines demo --if-unused || true # where it fails the dashboard starts all the same, and says why
	@echo "Touchline: http://localhost:$(PORT)"
	@exec $(BIN)/streamlit run app/main.py --server.port $(PORT) --server.address 127.0.0.1 --server.headless true \
		--browser.gatherUsageStats false

run-cloud-demo: .venv/.installed-dev
	$(BIN)/python -m tests.cloud.demo --port $(PORT)

test: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest $(PARALLEL) --ignore tests/sql --ignore tests/pages --ignore tests/browser

# Every number against plain Python, the reference paths and the laws that hold for all models.
test-engine: .venv/.installed-dev
	$(BIN)/pytest $(PARALLEL) tests/sql

# Every page as Streamlit draws it, and what people do with them in a real browser.
test-dashboard: .venv/.installed-dev
	@$(BIN)/python tests/browser/chromium.py
	$(BIN)/pytest $(PARALLEL) tests/pages tests/browser

# What users of a lake in the cloud rely on: a real Trino, the jobs on a real Spark, the DAG on a real Airflow.
test-cloud: .venv/.installed-dev .cache/airflow/.installed
	@$(BIN)/python -m tests.cloud.trino_server
	$(BIN)/pytest $(PARALLEL) -m "trino or cloud or airflow"

test-airflow: .venv/.installed-dev .cache/airflow/.installed
	$(BIN)/pytest tests/airflow -m airflow

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

bench-cloud: .venv/.installed-dev
	$(BIN)/python -m tests.bench.cloud

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

# Airflow wants versions of its own of what both need: it has an environment of its own.
.cache/airflow/.installed: requirements-airflow.txt
	$(PYTHON) -m venv .cache/airflow
	.cache/airflow/bin/pip install --quiet --disable-pip-version-check --requirement requirements-airflow.txt
	@touch $@
