# `make demo` and `make test` do all the set-up they need: python3.11 and make are enough.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=
# Two more than cores: many tests wait, for daemons, servers and rates.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 + (os.cpu_count() or 1))')

.DEFAULT_GOAL := help
.PHONY: help demo ui test soak check format lock schema docs callers screenshots benchmark quality retrieval train \
  hostile fuzz chaos race growth audit clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(VENV)/installed: requirements.lock pyproject.toml
	@echo "Making the environment in $(VENV) (once, about a minute)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements.lock
	@# what an earlier lock had, and this one has not, goes
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(VENV)/installed ## Run the main job on the demo site, from frontier to delivery
	@$(BIN)/webdata demo

ui: $(VENV)/installed ## Open the Dagster UI on http://127.0.0.1:3000 (webserver and daemon, loopback only)
	@$(BIN)/webdata ui

test: $(VENV)/installed ## Run the tests, over all cores
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

soak: $(VENV)/installed ## Run the tests that take minutes: the whole demo, killed at random moments, and others
	@$(BIN)/python -m pytest -m soak $(PYTEST_ARGS)

check: $(VENV)/installed ## Lint, format check, types, import layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q webdata_assets_tests/test_layers.py

format: $(VENV)/installed ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## Resolve pyproject.toml into requirements.lock: hashes, no URLs
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --extra browser --extra scrapy --extra oracles \
	  --extra benchmark --extra train --extra openai --extra static --extra postgres --extra splitter --extra mlflow \
	  --extra bigquery --extra dlt --extra duckdb --extra snowflake --extra celery --extra dask --extra kubernetes \
	  --extra fuzz --extra supply \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml \
	  --output-file requirements.lock

schema: $(VENV)/installed ## Write the JSON Schemas, and the docs that are made from code: sources, sinks, tasks, checks, commands, settings
	@$(BIN)/python -m webdata_assets.sources.json_schema
	@$(BIN)/python -m webdata_assets.sources.reference
	@$(BIN)/python -m webdata_assets.sinks.json_schema
	@$(BIN)/python -m webdata_assets.sinks.reference
	@$(BIN)/python -m webdata_assets.tasks.json_schema
	@$(BIN)/python -m webdata_assets.tasks.reference
	@$(BIN)/python -m webdata_assets.schemas.feature_catalogue
	@$(BIN)/python -m webdata_assets.automation.reference
	@$(BIN)/python -m webdata_assets.checks.reference
	@$(BIN)/python -m webdata_assets.cli.reference
	@$(BIN)/python -m webdata_assets.cli.settings_reference

docs: $(VENV)/installed ## Build the documentation, strict, into .webdata/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

callers: $(VENV)/installed ## Make environments of their own for Airflow, Prefect and datasets, for `make soak`
	@for name in airflow prefect huggingface; do \
	  $(BIN)/uv venv --quiet --allow-existing --python $(PYTHON) .webdata/callers/$$name; \
	  $(BIN)/uv pip install --quiet --python .webdata/callers/$$name/bin/python \
	    --requirement docs/examples/requirements-$$name.txt; \
	done

screenshots: $(VENV)/installed ## Take the pictures of docs/ anew (needs Chromium)
	@WEBDATA_SCREENSHOTS=docs/images $(BIN)/python -m pytest -q webdata_assets_tests/ui

benchmark: $(VENV)/installed ## Time the loading of definitions, and the crawl engine beside Scrapy and crawlee
	@$(BIN)/python -m webdata_assets_tests.benchmarks.load_definitions
	@$(BIN)/python -m webdata_assets_tests.benchmarks.crawl

quality: $(VENV)/installed ## Measure extraction, cleaning and deduplication beside their peers on the pages in DATA
	@for name in extract_quality extract_speed products dates metadata dedup clean; do \
	  echo "== $$name"; $(BIN)/python -m webdata_assets_tests.benchmarks.$$name $(if $(DATA),--data $(DATA)); \
	done

retrieval: $(VENV)/installed ## Measure encoders, search, index and model beside their peers on the data in DATA
	@for name in embed retrieval reembed retrain index; do \
	  echo "== $$name"; $(BIN)/python -m webdata_assets_tests.benchmarks.$$name $(if $(DATA),--data $(DATA)); \
	done

train: $(VENV)/installed ## Learn the weights of the main content anew from the pages in DATA
	@$(BIN)/python -m webdata_assets.stages.extract.main_content.training --data $(or $(DATA),$(error say which folder: make train DATA=…))

hostile: $(VENV)/installed ## Attack every part, and write docs/hostile-input.md with the figures that came out
	@mkdir -p .webdata
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m hostile \
	  --junitxml=.webdata/hostile.xml webdata_assets_tests/hostile $(PYTEST_ARGS)
	@$(BIN)/python -m webdata_assets_tests.hostile.table .webdata/hostile.xml

fuzz: $(VENV)/installed ## Fuzz parsers and the API for an hour in all, or SECONDS each; DATA seeds the corpora
	@$(BIN)/python -m webdata_assets_tests.fuzz $(if $(SECONDS),--seconds $(SECONDS)) $(if $(DATA),--data $(DATA))

chaos: $(VENV)/installed ## Kill parts of the whole demo at random, KILLS times (200), from SEED; same content hash at the end
	@KILL_SOAK_KILLS=$(KILLS) KILL_SOAK_SEED=$(SEED) $(BIN)/python -m pytest -m soak webdata_assets_tests/faults/chaos $(PYTEST_ARGS)

race: $(VENV)/installed ## Race what a user would pick instead, from raw HTML to the index, over the pages in DATA
	@$(BIN)/python -m webdata_assets_tests.benchmarks.whole $(if $(DATA),--data $(DATA))

growth: $(VENV)/installed ## Fit how time, memory, files and event rows grow, from 1,000 to PAGES pages (100,000)
	@$(BIN)/python -m webdata_assets_tests.benchmarks.growth $(if $(PAGES),--pages $(PAGES))

audit: $(VENV)/installed ## Check what is installed against the lock, licences and known vulnerabilities; write the SBOM
	@$(BIN)/python -m webdata_assets_tests.supply

clean: ## Remove what the demo and the UI wrote
	rm -rf .webdata
